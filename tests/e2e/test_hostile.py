"""Clients that attack, cheat or vanish. Whoever behaves does not notice."""

import contextlib
import json
import os
import pathlib
import resource
import socket
import struct
import time

import pytest

import harness
import raw

needs_real_time = pytest.mark.skipif(harness.SANITIZER != "",
                                     reason="a sanitizer is too slow to count pictures a second")


@pytest.fixture(scope="module")
def site():
    with harness.Server("test", "--width", "320") as one:
        harness.wait_until(lambda: harness.fetch_json(one, "/readyz").get("status") == "ready", what="a picture")
        yield one


@pytest.fixture(autouse=True)
def others_are_served(request):
    """After each attack on the shared server, somebody else gets what they ask for, at once."""
    yield
    if "site" in request.fixturenames:
        one = request.getfixturevalue("site")
        assert one.is_running()
        with harness.MjpegReader(one) as viewer:
            assert harness.size_of(viewer.read_part().body) == (320, 180)


def statuses(data):
    """The status codes of answers with Content-Length that follow each other."""
    found = []
    while data:
        head, blank, rest = data.partition(b"\r\n\r\n")
        assert blank, f"not an answer: {data[:80]!r}"
        lines = head.decode("latin-1").split("\r\n")
        headers = harness.parse_headers(lines[1:])
        found.append(int(lines[0].split(" ")[1]))
        data = rest[int(headers["content-length"]):]
    return found


def descriptors(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def viewers(server):
    return harness.fetch_json(server, "/streams/cam")["viewers"]


# ---- request heads ----

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"

BAD_HEADS = {
    "not http": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n", 400),
    "no version": (b"GET /healthz\r\nHost: x\r\n\r\n", 400),
    "http 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "http 9": (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (GET + b"Host: y\r\n\r\n", 400),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: x\n\n\r\n\r\n", 400),
    "bare carriage return": (GET + b"A: b\rc\r\n\r\n", 400),
    "folded": (GET + b"A: b\r\n c\r\n\r\n", 400),
    "space before the colon": (GET + b"A : b\r\n\r\n", 400),
    "no colon": (GET + b"nonsense\r\n\r\n", 400),
    "a zero": (GET + b"A: \0\r\n\r\n", 400),
    "smuggled length": (GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "two lengths": (GET + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    "negative length": (GET + b"Content-Length: -1\r\n\r\n", 400),
    "huge length": (GET + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "coding that nobody has": (GET + b"Transfer-Encoding: zip\r\n\r\n", 501),
    "space in the target": (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "control in the target": (b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "long target": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "endless target": (b"GET /" + b"a" * 20_000, 414),
    "a header too long": (GET + b"A: " + b"b" * 20_000 + b"\r\n\r\n", 431),
    "too many headers": (GET + b"A: b\r\n" * 65 + b"\r\n", 431),
    "a flood of headers": (GET + b"A: b\r\n" * 10_000, 431),
    "endless newlines": (b"\r\n" * 20_000, 400),
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_bad_heads_are_refused_with_the_right_status(site, name):
    request, status = BAD_HEADS[name]
    with raw.connect(site) as connection:
        with contextlib.suppress(ConnectionError):  # it need not read what it refuses
            connection.sendall(request)
        answer = raw.read_all(connection)
    assert statuses(answer) == [status]
    assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"error", "hint"}


@pytest.mark.parametrize("name", ["too many headers", "smuggled length", "long target"])
def test_bad_heads_byte_by_byte(site, name):
    request, status = BAD_HEADS[name]
    with raw.connect(site) as connection:
        with contextlib.suppress(ConnectionError):
            for at in range(0, len(request), 7):
                connection.sendall(request[at:at + 7])
        assert statuses(raw.read_all(connection)) == [status]


def test_good_heads_byte_by_byte(site):
    request = GET + b"Connection: close\r\n\r\n"
    with raw.connect(site) as connection:
        for byte in request:
            connection.sendall(bytes([byte]))
        assert statuses(raw.read_all(connection)) == [200]


def test_pipelined_requests_are_answered_in_order_and_at_once(site):
    paths = ["/healthz", "/nothing", "/streams", "/streams/nobody", "/readyz", "/ws"] * 20
    wanted = [200, 404, 200, 404, 200, 426] * 20
    requests = b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths)
    began = time.monotonic()
    answer = raw.exchange(site, requests + GET + b"Connection: close\r\n\r\n")
    assert statuses(answer) == wanted + [200]
    assert time.monotonic() - began < harness.seconds(2), "each waited for something"


def test_requests_behind_a_stream_are_not_answered(site):
    """A stream has no end that another answer could follow."""
    with raw.connect(site) as connection:
        connection.sendall(b"GET /streams/cam.mjpg HTTP/1.1\r\nHost: x\r\n\r\n" + GET + b"\r\n")
        data = bytearray()
        while data.count(b"Content-Type: image/jpeg") < 5:
            data += connection.recv(65536)
        assert data.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("request_", [
    GET + b"Content-Length: 5\r\n\r\nhello",
    GET + b"Content-Length: 10000000\r\n\r\n" + bytes(1_000_000),
    GET + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    GET + b"Content-Length: 100\r\n\r\nGET /streams HTTP/1.1\r\nHost: x\r\n\r\n",
], ids=["short", "long", "chunked", "smuggled"])
def test_a_body_is_not_taken_for_a_request(site, request_):
    with raw.connect(site) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request_)
        assert statuses(raw.read_all(connection)) == [200]


def test_slow_heads_are_given_up_and_slow_nobody(site):
    """Fifty clients that send a byte now and then; each has ten seconds for its head."""
    slow = [raw.connect(site, timeout=30) for _ in range(50)]
    ended = []
    try:
        with raw.Watching(site) as viewer:
            for connection in slow:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            deadline = time.monotonic() + harness.seconds(15)
            while len(ended) < len(slow):
                assert time.monotonic() < deadline, f"{len(slow) - len(ended)} are still connected"
                viewer.wait_for_more(20)
                for connection in [one for one in slow if one not in ended]:
                    try:
                        connection.sendall(b"A")
                        connection.setblocking(False)
                        answer = connection.recv(4096)
                        assert answer.startswith(b"HTTP/1.1 408 "), answer
                        ended.append(connection)
                    except BlockingIOError:
                        connection.setblocking(True)
        if not harness.SANITIZER:
            assert viewer.fps >= 29
    finally:
        for connection in slow:
            connection.close()


# ---- WebSocket frames ----

def close_frame(code, reason=b""):
    return raw.frame(raw.CLOSE, struct.pack(">H", code) + reason)


BAD_FRAMES = {
    "not masked": (raw.frame(raw.TEXT, b"x", is_masked=False), 1002),
    "reserved bit 1": (raw.frame(raw.TEXT, b"x", reserved=4), 1002),
    "reserved bit 2": (raw.frame(raw.TEXT, b"x", reserved=2), 1002),
    "reserved bit 3": (raw.frame(raw.PING, b"x", reserved=1), 1002),
    **{f"opcode {code}": (raw.frame(code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "bad utf-8": (raw.frame(raw.TEXT, b"ab\xff"), 1007),
    "utf-8 surrogate": (raw.frame(raw.TEXT, b"\xed\xa0\x80"), 1007),
    "utf-8 overlong": (raw.frame(raw.TEXT, b"\xc0\xaf"), 1007),
    "utf-8 cut short": (raw.frame(raw.TEXT, b"\xe2\x82"), 1007),
    "utf-8 split badly": (raw.frame(raw.TEXT, b"\xe2", fin=False) + raw.frame(raw.CONTINUATION, b"x"), 1007),
    "ping of 126": (raw.frame(raw.PING, bytes(126)), 1002),
    "ping in pieces": (raw.frame(raw.PING, b"x", fin=False), 1002),
    "close of one byte": (raw.frame(raw.CLOSE, b"\x03"), 1002),
    "close with bad utf-8": (close_frame(1000, b"\xff"), 1007),
    **{f"close {code}": (close_frame(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000)},
    "length 2^63": (raw.frame(raw.BINARY, b"", claimed=2**63), 1002),
    "length 2^63 - 1": (raw.frame(raw.BINARY, b"", claimed=2**63 - 1), 1009),
    "length 2^64 - 1": (raw.frame(raw.BINARY, b"", claimed=2**64 - 1), 1002),
    "length longer than need be": (raw.frame(raw.BINARY, b"x", claimed=1), 1002),
    "a message that grows": (raw.frame(raw.TEXT, bytes(4000), fin=False)
                             + raw.frame(raw.CONTINUATION, bytes(4000), fin=False) * 20, 1009),
    "continuation of nothing": (raw.frame(raw.CONTINUATION, b"x"), 1002),
    "message in a message": (raw.frame(raw.TEXT, b"x", fin=False) + raw.frame(raw.TEXT, b"x"), 1002),
    "a flood of empty pieces": (raw.frame(raw.TEXT, b"x", fin=False)
                                + raw.frame(raw.CONTINUATION, b"", fin=False) * 20_000, (1008, 1009)),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_frames_close_with_the_right_code(site, name):
    data, code = BAD_FRAMES[name]
    with raw.WebSocket(site, "/live", subprotocol="framecast.v1") as client:
        with contextlib.suppress(ConnectionError):
            client.socket.sendall(data)
        assert client.read_close() in (code if isinstance(code, tuple) else (code,))
        assert client.socket.recv(1) == b"", "something follows the close frame"


@pytest.mark.parametrize("name", ["not masked", "bad utf-8", "close 999", "length 2^63 - 1", "opcode 3"])
def test_bad_frames_that_come_with_the_handshake(site, name):
    data, code = BAD_FRAMES[name]
    with raw.WebSocket(site, "/live", subprotocol="framecast.v1", then=data) as client:
        assert client.read_close() == code


def test_a_close_that_comes_with_the_handshake(site):
    with raw.WebSocket(site, "/ws", then=close_frame(1000, b"changed my mind")) as client:
        assert client.read_close() == 1000


def test_a_ping_that_comes_with_the_handshake(site):
    """The answer to the handshake comes before the answer to the ping."""
    with raw.WebSocket(site, "/ws", then=raw.frame(raw.PING, b"early")) as client:
        assert client.read_frame() == (1, raw.PONG, b"early")


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])
def test_good_close_codes_are_answered_with_the_same(site, code):
    with raw.WebSocket(site, "/ws") as client:
        client.send(raw.CLOSE, struct.pack(">H", code))
        with pytest.raises(raw.Closed) as closed:
            client.receive()
        assert closed.value.code == code
    with raw.WebSocket(site, "/ws") as client:
        client.send(raw.CLOSE)
        assert client.read_close() == 1005


def test_a_flood_of_pings_is_answered(site):
    count = 10_000
    with raw.WebSocket(site, "/streams/cam/frames") as client:
        def flood(_):
            for number in range(count):
                client.send(raw.PING, b"%d" % number)

        with raw.Background(flood):
            pongs, pictures = [], 0
            while not pongs or pongs[-1] != count - 1:
                _, opcode, payload = client.read_frame()
                if opcode == raw.PONG:
                    pongs.append(int(payload))
                pictures += opcode == raw.BINARY
        # All of them, or those that count: the last one (RFC 6455 section 5.5.3).
        assert pongs == sorted(set(pongs))


def test_a_flood_of_pings_from_one_that_reads_nothing_is_bounded(server):
    one = server("test", "--width", "320", "--threads", "1")
    with raw.WebSocket(one, "/ws", receive_buffer=4096) as client, raw.Watching(one) as viewer:
        viewer.wait_for_more()
        before = harness.resident_memory(one.pid)
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.socket.settimeout(harness.seconds(2))
        ping = raw.frame(raw.PING, bytes(125))
        with contextlib.suppress(OSError):  # closed, or not read any further
            for _ in range(300_000):  # one by one, so that none is answered with another
                client.socket.send(ping)
            for _ in range(30):
                client.socket.sendall(ping * 10_000)
        viewer.wait_for_more()
        grown = harness.resident_memory(one.pid) - before
    if not harness.SANITIZER:
        assert grown < 4_000_000, f"{grown / 1e6:.0f} MB for one client"


# ---- those who vanish ----

def vanish_at_once(server):
    raw.vanish(raw.connect(server))


def vanish_in_the_head(server):
    connection = raw.connect(server)
    connection.sendall(b"GET /streams/cam.mjpg HTTP/1.1\r\nHo")
    raw.vanish(connection)


def vanish_after_the_head(server):
    connection = raw.connect(server)
    connection.sendall(b"GET /streams/cam.mjpg?width=160 HTTP/1.1\r\nHost: x\r\n\r\n")
    raw.vanish(connection)


def vanish_before_a_snapshot(server):
    connection = raw.connect(server)
    connection.sendall(b"GET /streams/cam.jpg?width=200 HTTP/1.1\r\nHost: x\r\n\r\n")
    raw.vanish(connection)


def vanish_in_a_part(server):
    viewer = harness.MjpegReader(server)
    viewer.socket.recv(1000)
    raw.vanish(viewer.socket)


def vanish_after_the_upgrade(server):
    raw.WebSocket(server, "/streams/cam/frames").vanish()


def vanish_in_a_frame(server):
    client = raw.WebSocket(server, "/live", subprotocol="framecast.v1")
    client.socket.sendall(raw.frame(raw.TEXT, bytes(3000))[:100])
    client.vanish()


def vanish_in_a_picture(server):
    client = raw.Live(server, receive_buffer=4096)
    client.ask("subscribe", "cam", window=1)
    client.socket.recv(1000)
    client.vanish()


def vanish_from_predictions(server):
    file, _ = harness.open_stream(server, "/streams/cam/predictions")
    file.close()


def end_politely(server):
    with raw.WebSocket(server, "/streams/cam/frames") as client:
        client.send_close()
        assert client.read_close() == 1000


STAGES = [vanish_at_once, vanish_in_the_head, vanish_after_the_head, vanish_before_a_snapshot, vanish_in_a_part,
          vanish_after_the_upgrade, vanish_in_a_frame, vanish_in_a_picture, vanish_from_predictions, end_politely]


def test_vanishing_at_every_stage_leaves_nothing_behind(server):
    one = server("test", "--width", "320", "--predict", "test")
    rounds = 30 if not harness.SANITIZER else 5
    with raw.Watching(one) as viewer:
        viewer.wait_for_more()
        for stage in STAGES * 2:  # what is allocated once is not counted
            stage(one)
        harness.wait_until(lambda: viewers(one) == 1, what="their leaving")
        harness.wait_until(lambda: descriptors(one) == descriptors(one), what="rest")
        open_before, memory_before = descriptors(one), harness.resident_memory(one.pid)
        began = time.monotonic()
        for _ in range(rounds):
            for stage in STAGES:
                stage(one)
        seconds = time.monotonic() - began
        harness.wait_until(lambda: viewers(one) == 1, what="their leaving")
        harness.wait_until(lambda: descriptors(one) <= open_before, 20, "descriptors given back")
        viewer.wait_for_more()
    if not harness.SANITIZER:
        times = [at for at in viewer.times if began <= at <= began + seconds]
        assert len(times) / seconds >= 29, f"{len(times) / seconds:.1f} pictures a second"
        grown = harness.resident_memory(one.pid) - memory_before
        assert grown < 4_000_000, f"{grown / 1e6:.1f} MB stay"


# ---- descriptors ----

def test_out_of_descriptors_nobody_is_dropped_and_later_ones_are_served(server):
    limit = 64
    one = server("test", "--width", "320", preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    with raw.Watching(one) as viewer, raw.WebSocket(one, "/streams/cam/frames") as frames:
        viewer.wait_for_more()
        crowd = []
        try:
            for _ in range(limit * 2):
                crowd.append(raw.connect(one))
                crowd[-1].sendall(b"GET /streams/cam.mjpg HTTP/1.1\r\nHost: x\r\n\r\n")
            harness.wait_until(lambda: descriptors(one) == limit, what="that there are no more")
            viewer.wait_for_more(30)
            frames.receive()
            # Who came first is served, who came last waits in the kernel.
            assert crowd[0].recv(100).startswith(b"HTTP/1.1 200 ")
            crowd[-1].settimeout(0.5)
            with pytest.raises(TimeoutError):
                crowd[-1].recv(100)
            crowd[-1].settimeout(harness.seconds(10))
            for connection in crowd[:-1]:
                connection.close()
            assert crowd[-1].recv(100).startswith(b"HTTP/1.1 200 ")
        finally:
            for connection in crowd:
                connection.close()
        harness.wait_until(lambda: viewers(one) == 2, what="their leaving")
        viewer.wait_for_more()
        frames.receive()


def test_one_connection_too_many_is_told(server):
    one = server("test", "--width", "320", "--max-viewers", "5")
    held = [raw.WebSocket(one, "/streams/cam/frames") for _ in range(5)]
    try:
        with raw.connect(one) as connection:
            answer = raw.read_all(connection)
        assert statuses(answer) == [503]
        assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"error", "hint"}
        held.pop().close()

        def is_let_in():
            try:
                held.append(raw.WebSocket(one, "/streams/cam/frames"))
            except (raw.Refused, ConnectionError):
                return False
            return True

        harness.wait_until(is_let_in, what="a free place")
        for client in held:
            client.receive()
    finally:
        for client in held:
            client.close()


# ---- a slow reader of what is reliable ----

def test_who_reads_predictions_too_slowly_is_closed_with_1013(server, unix_path):
    """Over a Unix socket, where the kernel holds a known amount: after a mebibyte more, it is over."""
    names = [f"{'n' * 60}{number}" for number in range(4)]
    one = server(*[f"{name}=test" for name in names], "--width", "64", "--fps", "300", "--predict", "test",
                 "--idle-viewer", "1000", "--listen", f"unix:{unix_path}")
    with raw.Live(one, unix=unix_path) as slow, raw.Live(one) as fast, \
            raw.Watching(one, f"/streams/{names[0]}.mjpg") as viewer:
        for client in (slow, fast):
            for name in names:
                client.ask("subscribe", name, pictures=False)
        received = 0
        deadline = time.monotonic() + harness.seconds(25)
        while received < 2_000_000:
            received += len(fast.receive())
            assert time.monotonic() < deadline, f"only {received} bytes came: this proves nothing"
        assert slow.read_close() == 1013
        fast.receive()
        viewer.wait_for_more()
