"""framecast watch: how it ends, and servers that break the rules."""

import asyncio
import base64
import contextlib
import hashlib
import http
import json
import re
import signal
import socket
import threading
import time

import pytest

import harness
from fake_live import FakeLive, picture, prediction
from watching import Watching, assert_complains, watch


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


def test_list_of_streams_that_never_comes_can_be_interrupted():
    waits, ends = threading.Event(), threading.Event()

    class Never(FakeLive):
        async def _request(self, path, headers):
            if path == "/streams":
                waits.set()
                await asyncio.get_running_loop().run_in_executor(None, ends.wait)
            return await super()._request(path, headers)

    async def talk(connection):
        await connection.wait_closed()

    with Never(talk) as server, Watching(server.url) as watching:
        assert waits.wait(harness.seconds(5))
        began = time.monotonic()
        assert watching.interrupt()[0] == 0
        assert time.monotonic() - began < harness.seconds(3)
        ends.set()


def test_list_of_streams_is_asked_for_again():
    async def talk(connection):
        await server.accept_subscriptions(connection)
        await connection.send(prediction(1))
        await connection.wait_closed()

    class Late(FakeLive):
        async def _request(self, path, headers):
            answer = await super()._request(path, headers)
            is_first = self.paths.count("/streams") == 1
            return (http.HTTPStatus(503), [], b"") if path == "/streams" and is_first else answer

    with Late(talk) as server:
        done = watch(server.url, "--reconnect", "--count", 1)
    assert done.returncode == 0, done.stderr
    assert "Service Unavailable" in done.stderr
    assert server.paths == ["/live", "/streams"] * 2


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
    (lambda connection, head: None, "hung up"),
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
