"""framecast watch: against an independent server, a broken one, and our own."""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import harness
from fake_live import FakeLive, picture, prediction

STATS = re.compile(r"fps (?P<fps>[\d.]+)  MB/s (?P<rate>[\d.]+)  "
                   r"lag p50 (?P<p50>[\d.]+ ms|-) p99 (?P<p99>[\d.]+ ms|-)  "
                   r"drops (?P<drops>\d+)  predictions/s (?P<predictions>[\d.]+)$", re.MULTILINE)


def watch(url, *options, **more):
    return harness.run("watch", url, *options, **more)


def assert_complains(done, status, *words):
    assert done.returncode == status, done.stderr
    lines = done.stderr.strip().splitlines()
    assert lines and lines[-1].startswith("framecast: ")
    for word in words:
        assert word in done.stderr


class Watching:
    """A watch that goes on until it is told to stop."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([harness.PROGRAM, "watch", *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def interrupt(self, sign=signal.SIGINT):
        self.process.send_signal(sign)
        out, err = self.process.communicate(timeout=harness.seconds(5))
        assert not harness.SANITIZER_REPORT.search(err), err
        return self.process.returncode, out, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


# ---- framecast.v1, against an independent server ----

def test_predictions_are_printed_one_a_line():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        for seq in range(10):
            await connection.send(prediction(seq))
        await connection.wait_closed()

    with FakeLive(talk, streams=("door", "yard")) as server:
        done = watch(server.url, "--count", 3)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["seq"] for line in done.stdout.splitlines()] == [0, 1, 2]
    assert server.said == [{"type": "subscribe", "stream": "door", "pictures": False,
                            "predictions": True, "window": 2}]


def test_predictions_arrive_when_they_are_made_not_when_the_buffer_is_full():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(prediction(1))
        await connection.wait_closed()

    with FakeLive(talk) as server, Watching(server.url) as watching:
        assert json.loads(watching.process.stdout.readline())["seq"] == 1
        assert watching.interrupt()[0] == 0


def test_a_prediction_of_several_lines_is_one_line():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(json.dumps(json.loads(prediction(1)), indent=1))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--count", 1)
    assert len(done.stdout.splitlines()) == 1
    assert json.loads(done.stdout)["seq"] == 1


def test_settings_are_asked_for():
    async def talk(connection):
        await server.accept_subscriptions(connection, 2)
        await connection.send(picture(1, stream_id=2))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--stream", "a", "--stream", "b", "--stats", "--count", 1,
                     "--fps", "7.5", "--width", 320, "--quality", 60, "--window", 5,
                     "--no-predictions")
    assert done.returncode == 0, done.stderr
    assert server.said_of("subscribe") == [
        {"type": "subscribe", "stream": name, "pictures": True, "predictions": False,
         "codec": "jpeg", "fps": 7.5, "width": 320, "quality": 60, "window": 5}
        for name in ("a", "b")]
    assert "/streams" not in server.paths  # the names are known


async def send_pictures(server, connection, window, jpegs):
    """Keeps the promise of section 4: at most `window` pictures are not acknowledged."""
    waiting = 0
    for seq, jpeg in jpegs:
        while waiting == window:
            message = await asyncio.wait_for(server.hear(connection), harness.seconds(5))
            assert message["type"] == "ack"
            waiting -= 1
        await connection.send(picture(seq, jpeg))
        waiting += 1


def test_pictures_are_saved_and_acknowledged(tmp_path):
    jpegs = {seq: harness.make_jpeg(seq, width=320, height=240) for seq in range(98, 118)}

    async def talk(connection):
        await server.accept_subscriptions(connection)
        await send_pictures(server, connection, 3, jpegs.items())
        await connection.wait_closed()

    folder = tmp_path / "new"
    with FakeLive(talk) as server:
        done = watch(server.url, "--save", folder, "--window", 3, "--count", 15, "--no-predictions")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    names = sorted(file.name for file in folder.iterdir())  # nothing unfinished is left either
    assert names == [f"cam-{seq:08}.jpg" for seq in range(98, 113)]
    for seq in range(98, 113):
        assert (folder / f"cam-{seq:08}.jpg").read_bytes() == jpegs[seq]
    acks = server.said_of("ack")
    assert acks[0] == {"type": "ack", "stream": "cam", "seq": 98}
    assert [ack["seq"] for ack in acks] == list(range(98, 98 + len(acks)))


def test_a_longer_header_of_a_later_version_is_skipped(tmp_path):
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(json.dumps({"type": "novelty", "stream": "cam"}))
        await connection.send(picture(2 ** 40, b"the picture", header=b"something new"))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--save", tmp_path, "--count", 1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cam-1099511627776.jpg").read_bytes() == b"the picture"


def test_a_picture_of_many_megabytes_arrives_whole(tmp_path):
    big = bytes(range(256)) * 4 * 1024 * 20

    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(picture(1, big))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--save", tmp_path, "--count", 1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cam-00000001.jpg").read_bytes() == big


def test_stats_line_has_the_values_that_were_sent():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        began = time.monotonic()
        for seq in range(1000):
            await connection.send(picture(seq, bytes(50_000), captured_at=time.time() - 0.2,
                                          left_out=2))
            await connection.send(prediction(seq))
            await asyncio.sleep(max(0, began + seq * 0.02 - time.monotonic()))

    with FakeLive(talk) as server:
        done = watch(server.url, "--stats", "--count", 120, timeout=20)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) in range(119, 122)  # predictions
    lines = list(STATS.finditer(done.stderr))
    assert len(lines) >= 2, done.stderr
    whole = lines[0]
    assert 30 < float(whole["fps"]) < 70
    assert 1.4 < float(whole["rate"]) < 3.6
    assert 195 < float(whole["p50"].split()[0]) < 320
    assert float(whole["p50"].split()[0]) <= float(whole["p99"].split()[0])
    assert int(whole["drops"]) in range(2 * 28, 2 * 72)
    assert 30 < float(whole["predictions"]) < 70


def test_stats_go_to_standard_output_without_predictions():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(picture(1))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--stats", "--no-predictions", "--count", 1)
    assert STATS.search(done.stdout) and done.stderr == ""


def test_over_a_unix_socket(unix_path):
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(prediction(5))
        await connection.wait_closed()

    with FakeLive(talk, unix=unix_path) as server:
        done = watch(server.url, "--count", 1)
    assert json.loads(done.stdout)["seq"] == 5, done.stderr


def test_pings_are_answered():
    answered = threading.Event()

    async def talk(connection):
        await server.accept_subscriptions(connection)
        await asyncio.wait_for(await connection.ping(b"are you there"), harness.seconds(5))
        answered.set()
        await connection.send(prediction(1))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        assert watch(server.url, "--count", 1).returncode == 0
    assert answered.is_set()


# ---- plain WebSocket ----

def test_text_of_an_explicit_path_is_printed():
    async def talk(connection):
        assert connection.path == "/streams/cam/predictions?x=1"
        for number in range(5):
            await connection.send(f"line {number}\x1b[31m\n")
        await connection.wait_closed()

    with FakeLive(talk, subprotocol=None) as server:
        done = watch(server.url + "/streams/cam/predictions?x=1", "--count", 2)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "line 0 [31m \nline 1 [31m \n"


def test_binary_of_an_explicit_path_is_saved(tmp_path):
    async def talk(connection):
        assert connection.path == "/streams/yard/frames"
        for number in range(5):
            await connection.send(b"picture %d" % number)
        await connection.wait_closed()

    with FakeLive(talk, subprotocol=None) as server:
        done = watch(server.url + "/streams/yard/frames", "--count", 2, "--save", tmp_path)
    assert done.returncode == 0, done.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "yard-00000001.jpg": b"picture 0", "yard-00000002.jpg": b"picture 1"}


# ---- endings ----

@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=lambda sign: sign.name)
def test_interrupted_by_a_signal_it_says_goodbye(sign):
    codes = []

    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(prediction(1))
        await connection.wait_closed()
        codes.append(connection.close_code)

    with FakeLive(talk) as server, Watching(server.url) as watching:
        watching.process.stdout.readline()
        assert watching.interrupt(sign)[0] == 0
    assert codes == [1000]


def test_a_flood_can_be_interrupted():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        message = picture(1, bytes(1000))
        while True:
            await connection.send(message)

    with FakeLive(talk) as server, Watching(server.url, "--stats") as watching:
        watching.process.stderr.readline()
        assert watching.interrupt()[0] == 0


@pytest.mark.parametrize("code, status", [(1001, 0), (1000, 0), (1013, 1), (1011, 1), (4000, 1)])
def test_closed_by_the_server(code, status):
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.close(code, "the reason")

    with FakeLive(talk) as server:
        assert_complains(watch(server.url), status, str(code), "the reason")


@pytest.mark.parametrize("code", [4000, "no_such_stream"])
def test_unknown_stream_is_not_tried_again(code):
    async def talk(connection):
        message = await server.hear(connection)
        await connection.send(json.dumps({"type": "error", "code": code, "stream": message["stream"],
                                          "message": "there is no such stream"}))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--stream", "nowhere", "--reconnect")
    assert_complains(done, 1, "there is no such stream", "nowhere")


def test_other_errors_are_told_and_survived():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send('{"type":"error","code":"slow","message":"too\\nmuch"}')
        await connection.send(prediction(1))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        done = watch(server.url, "--count", 1)
    assert done.returncode == 0
    assert "too?much" in done.stderr


def test_connection_lost():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        connection.transport.abort()

    with FakeLive(talk) as server:
        assert_complains(watch(server.url), 1, "lost")


def test_reconnect_subscribes_again_and_counts_on(tmp_path):
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(picture(len(server.said_of("subscribe"))))
        await server.hear(connection)
        connection.transport.abort()

    with FakeLive(talk) as server:
        done = watch(server.url, "--reconnect", "--save", tmp_path, "--count", 3, timeout=20)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == 3
    assert done.stderr.count("trying again") == 2
    assert len(server.said_of("subscribe")) == 3


def test_reconnect_waits_for_a_server_that_is_not_there_yet():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(prediction(1))
        await connection.wait_closed()

    server = FakeLive(talk)
    with harness.busy_port() as port:
        server.port = port
    with Watching(f"ws://127.0.0.1:{port}", "--reconnect", "--count", 1) as watching:
        assert "refused" in watching.process.stderr.readline()
        assert "trying again" in watching.process.stderr.readline()
        with server:
            assert watching.process.wait(harness.seconds(10)) == 0


def test_back_off_can_be_interrupted():
    with Watching("ws://127.0.0.1:1", "--reconnect") as watching:
        watching.process.stderr.readline()
        began = time.monotonic()
        assert watching.interrupt()[0] == 0
        assert time.monotonic() - began < harness.seconds(1)


def test_unreachable_port_is_one_sentence():
    done = watch("ws://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "127.0.0.1:1" in done.stderr and "refused" in done.stderr


def test_missing_socket_is_one_sentence(unix_path):
    assert_complains(watch(f"unix:{unix_path}"), 1, unix_path)


@pytest.mark.parametrize("arguments, culprit", [
    ([], "address"),
    (["ws://a", "ws://b"], "one address"),
    (["127.0.0.1:8765"], "ws://"),
    (["ws://127.0.0.1:99999"], "port"),
    (["wss://127.0.0.1"], "TLS"),
    (["ws://127.0.0.1/a b"], "percent-encoded"),
    (["ws://a", "--count", "0"], "--count"),
    (["ws://a", "--stream", "../etc"], "--stream"),
    (["ws://a", "--no-predictions"], "--save"),
    (["ws://a", "--listen", "x"], "--listen"),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "")
def test_wrong_command_line(arguments, culprit):
    done = harness.run("watch", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert culprit in done.stderr


def test_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert_complains(watch("ws://127.0.0.1:1", "--save", tmp_path / "file"), 1, "--save", "file")
    assert_complains(watch("ws://127.0.0.1:1", "--save", tmp_path / "a/b"), 1, "--save", "a/b")


def test_directory_that_vanishes(tmp_path):
    folder = tmp_path / "gone"

    async def talk(connection):
        await server.accept_subscriptions(connection)
        folder.rmdir()
        await connection.send(picture(1))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        assert_complains(watch(server.url, "--save", folder), 1, "cam-00000001.jpg")


# ---- servers that break the rules ----

@pytest.mark.parametrize("message, culprit", [
    (picture(1)[:31], "cut off"),
    (picture(1, version=2), "version"),
    (picture(1, stream_id=9), "not described"),
    (picture(1, codec=2), "JPEG"),
    (b"", "cut off"),
    ("no json", "JSON"),
    ("[1]", "JSON"),
    ('{"type":7}', "JSON"),
], ids=lambda value: repr(value)[:20])
def test_message_that_makes_no_sense(message, culprit):
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(message)
        await connection.wait_closed()

    with FakeLive(talk) as server:
        assert_complains(watch(server.url, "--stats"), 1, culprit)


def test_description_cannot_name_a_file(tmp_path):
    async def talk(connection):
        await server.hear(connection)
        await connection.send('{"type":"stream","id":1,"name":"../evil"}')
        await connection.send(picture(1))
        await connection.wait_closed()

    folder = tmp_path / "in"
    with FakeLive(talk) as server:
        assert_complains(watch(server.url, "--save", folder, "--stream", "cam"), 1, "not described")
    assert [file.name for file in tmp_path.iterdir()] == ["in"]
    assert list(folder.iterdir()) == []


def test_message_over_the_limit():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        with contextlib.suppress(ConnectionError):
            connection.transport.write(b"\x82\x7f" + (64 * 1024 * 1024 + 1).to_bytes(8, "big"))
        await connection.wait_closed()

    with FakeLive(talk) as server:
        assert_complains(watch(server.url), 1, "1009")


@pytest.mark.parametrize("streams, culprit", [
    ((200, "[]"), "no streams"), ((200, "nonsense"), "no streams"),
    ((200, '[{"name":"a/b"}]'), "no streams"), ((500, "{}"), "Internal Server Error"),
    ((200, " " * (1024 * 1024 + 1)), "1 MiB"),
], ids=["none", "not json", "bad name", "status", "huge"])
def test_list_of_streams_that_makes_no_sense(streams, culprit):
    async def talk(connection):
        await connection.wait_closed()

    with FakeLive(talk, answers={"/streams": streams}) as server:
        assert_complains(watch(server.url), 1, culprit)


def test_refused_handshake():
    async def talk(connection):
        await connection.wait_closed()

    with FakeLive(talk, answers={"/nothing": (404, "{}"), "/busy": (503, "{}")}) as server:
        assert_complains(watch(server.url + "/nothing", "--reconnect"), 1, "404", "/streams")
        assert_complains(watch(server.url + "/busy"), 1, "503")


def test_server_without_the_subprotocol():
    async def talk(connection):
        await connection.wait_closed()

    with FakeLive(talk, subprotocol=None) as server:
        assert_complains(watch(server.url), 1, "/live")


@contextlib.contextmanager
def raw_server(answer):
    """Each connection: read a head, then `answer(connection, head)` writes what it likes."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def run():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        head = b""
                        while b"\r\n\r\n" not in head:
                            head += connection.recv(4096)
                        answer(connection, head.decode())

        threading.Thread(target=run, daemon=True).start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/ws"
        listener.shutdown(socket.SHUT_RDWR)


def upgrade(head, key=None):
    key = key or re.search(r"Sec-WebSocket-Key: (\S+)", head)[1]
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n\r\n").encode()


def test_first_messages_in_the_packet_of_the_handshake():
    texts = [f"early {number}" for number in range(300)]
    frames = b"".join(bytes([0x81, len(text)]) + text.encode() for text in texts)

    def answer(connection, head):
        connection.sendall(upgrade(head) + frames)
        connection.recv(4096)

    with raw_server(answer) as url:
        done = watch(url, "--count", 300)
    assert done.stdout.splitlines() == texts, done.stderr


def test_handshake_and_message_byte_by_byte():
    def answer(connection, head):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in upgrade(head) + b"\x81\x03one":
            connection.sendall(bytes([byte]))
            time.sleep(0.001)
        connection.recv(4096)

    with raw_server(answer) as url:
        assert watch(url, "--count", 1).stdout == "one\n"


@pytest.mark.parametrize("answer, culprit", [
    (lambda connection, head: connection.sendall(upgrade(head, "wrong")), "no WebSocket"),
    (lambda connection, head: connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), "HTTP"),
    (lambda connection, head: connection.sendall(b"x" * 40000), "HTTP"),
    (lambda connection, head: None, "without an answer"),
    (lambda connection, head: connection.sendall(upgrade(head) + b"\x83\x00"), "1002"),
    (lambda connection, head: connection.sendall(upgrade(head) + b"\x81\x02\xff\xff"), "1007"),
    (lambda connection, head: connection.sendall(upgrade(head) + b"\x81\x05half"), "lost"),
], ids=["accept", "ssh", "endless", "silence", "opcode", "utf-8", "half"])
def test_server_that_is_none(answer, culprit):
    with raw_server(answer) as url:
        assert_complains(watch(url), 1, culprit)


def test_server_that_never_answers_is_given_up():
    with raw_server(lambda connection, head: connection.recv(1)) as url:
        began = time.monotonic()
        assert_complains(watch(url, timeout=15), 1, "too long")
    assert 4 < time.monotonic() - began < harness.seconds(8)


# ---- our own server ----

def test_predictions_of_our_server(server):
    one = server("test", "--fps", "15", "--predict", "motion")
    done = watch(one.url, "--count", 5, timeout=20)
    assert done.returncode == 0, done.stderr
    predictions = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(predictions) == 5
    assert {one["stream"] for one in predictions} == {"cam"}
    seqs = [one["seq"] for one in predictions]
    assert seqs == sorted(set(seqs))


def test_predictions_over_the_smallest_address(server):
    one = server("test", "--fps", "15", "--predict", "motion")
    done = watch(one.ws_url + "ws", "--count", 3, timeout=20)
    assert done.returncode == 0, done.stderr
    assert all(json.loads(line)["type"] == "prediction" for line in done.stdout.splitlines())


def test_pictures_of_our_server_are_saved(server, tmp_path):
    one = server("a=test", "b=test", "--fps", "20")
    done = watch(one.ws_url, "--stream", "a", "--stream", "b", "--save", tmp_path, "--count", 20,
                 "--width", 320, timeout=20)
    assert done.returncode == 0, done.stderr
    files = sorted(tmp_path.iterdir())
    assert len(files) == 20
    assert {file.name[0] for file in files} == {"a", "b"}
    for file in files:
        assert re.fullmatch(r"[ab]-\d{8}\.jpg", file.name)
        assert harness.size_of(file.read_bytes())[0] == 320


def test_frames_of_our_server_are_saved(server, tmp_path):
    one = server("test", "--fps", "20")
    done = watch(one.ws_url + "streams/cam/frames", "--save", tmp_path, "--count", 5)
    assert done.returncode == 0, done.stderr
    for file in tmp_path.iterdir():
        assert harness.size_of(file.read_bytes()) > (0, 0)
    assert len(list(tmp_path.iterdir())) == 5


def test_stats_of_our_server_are_sane(server):
    one = server("test", "--fps", "20", "--predict", "motion")
    done = watch(one.ws_url, "--stats", "--no-predictions", "--count", 60, timeout=20)
    lines = list(STATS.finditer(done.stdout))
    assert len(lines) >= 2, done.stdout
    for line in lines[1:-1]:
        assert 10 < float(line["fps"]) < 30
        assert 0 < float(line["p50"].split()[0]) < 500 * harness.SLOW


def test_unknown_stream_of_our_server(server):
    one = server("test")
    assert_complains(watch(one.ws_url, "--stream", "nowhere"), 1, "nowhere")
    assert_complains(watch(one.ws_url + "streams/nowhere/frames"), 1)


def test_our_server_stops():
    with harness.Server("test", "--fps", "20") as one, \
            Watching(one.ws_url, "--stats") as watching:
        watching.process.stderr.readline()
        assert one.stop() == 0
        _, err = watching.process.communicate(timeout=harness.seconds(5))
        assert watching.process.returncode == 0, err
        assert "1001" in err


def test_our_server_is_killed():
    one = harness.Server("test", "--fps", "20")
    with Watching(one.ws_url, "--stats") as watching:
        watching.process.stderr.readline()
        one.kill()
        _, err = watching.process.communicate(timeout=harness.seconds(5))
        assert watching.process.returncode == 1, err
        assert "lost" in err


def test_our_server_over_a_unix_socket(server, unix_path):
    server("test", "--fps", "15", "--predict", "motion", listen=f"unix:{unix_path}")
    done = watch(f"unix:{unix_path}", "--count", 2, timeout=20)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
