"""framecast watch: against an independent server, and our own."""

import asyncio
import base64
import json
import re
import threading
import time

import harness
from fake_live import FakeLive, picture, prediction
from watching import Watching, assert_complains, watch

STATS = re.compile(r"fps (?P<fps>[\d.]+)  MB/s (?P<rate>[\d.]+)  "
                   r"lag p50 (?P<p50>[\d.]+ ms|-) p99 (?P<p99>[\d.]+ ms|-)  "
                   r"drops (?P<drops>\d+)  predictions/s (?P<predictions>[\d.]+)$", re.MULTILINE)


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


async def say_one(server, connection):
    await server.accept_subscriptions(connection)
    await connection.send(prediction(1))
    await connection.wait_closed()


def test_over_tls_from_a_server_that_is_believed(tmp_path):
    tls = harness.make_certificate(tmp_path)
    other, _ = harness.make_certificate(tmp_path, "other")
    with FakeLive(lambda connection: say_one(server, connection), tls=tls) as server:
        done = watch(server.url, "--ca", tls[0], "--count", 1)
        assert json.loads(done.stdout)["seq"] == 1, done.stderr
        assert server.paths == ["/live", "/streams"]
        done = watch(server.url.replace("wss:", "https:"), "--insecure", "--count", 1)
        assert json.loads(done.stdout)["seq"] == 1, done.stderr
        for doubt in [], ["--ca", other]:
            assert_complains(watch(server.url, "--count", 1, *doubt), 1, "not trusted")
        assert_complains(watch(server.url, "--ca", tmp_path / "none.pem"), 1, "none.pem")
    assert len(server.paths) == 4


def test_name_and_password_of_the_address_are_told_to_the_server():
    with FakeLive(lambda connection: say_one(server, connection)) as server:
        url = server.url.replace("ws://", "ws://me:so%3Asecret@")
        done = watch(url, "--count", 1)
    assert done.returncode == 0, done.stderr
    assert server.paths == ["/live", "/streams"]
    assert {head["Authorization"] for head in server.heads} == {
        "Basic " + base64.b64encode(b"me:so:secret").decode()}


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
