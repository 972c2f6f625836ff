"""The harness itself: against made-up servers and a made-up program.  Run by ./dev test tree."""

import contextlib
import socket
import sys
import threading
import time
import types

import pytest

import harness

PICTURES = [harness.make_jpeg(seq) for seq in range(3)]


@contextlib.contextmanager
def answering(data, pace=0):
    """Something with a port that answers one request with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    for start in range(0, len(data), pace or len(data)):
                        connection.sendall(data[start:start + (pace or len(data))])
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield types.SimpleNamespace(port=listener.getsockname()[1])
        thread.join(5)


def part(seq):
    return (f"Content-Type: image/jpeg\r\nContent-Length: {len(PICTURES[seq])}\r\n"
            f"X-Timestamp: 1700000000.00000{seq}\r\nX-Frame-Seq: {seq}\r\n\r\n").encode() \
        + PICTURES[seq] + b"\r\n--mark"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=mark\r\n"
BODY = b"--mark\r\n" + b"\r\n".join(part(seq) for seq in range(3)) + b"--\r\n"
PLAIN = HEAD + b"\r\n" + BODY


def chunked(size):
    pieces = [BODY[at:at + size] for at in range(0, len(BODY), size)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


@pytest.mark.parametrize("data, pace", [(PLAIN, 0), (PLAIN, 7), (chunked(1000), 0), (chunked(3), 11)],
                         ids=["plain", "plain in bits", "chunked", "chunked in bits"])
def test_reader_reads_parts_and_the_end(data, pace):
    with answering(data, pace) as server, harness.MjpegReader(server) as viewer:
        parts = viewer.read_parts(3)
        assert [one.body for one in parts] == PICTURES
        assert [one.seq for one in parts] == [0, 1, 2]
        assert [harness.read_seq(one.body) for one in parts] == [0, 1, 2]
        assert parts[1].timestamp == 1700000000.000001
        with pytest.raises(EOFError):
            viewer.read_part()


@pytest.mark.parametrize("missing", [1000, len(part(2)) - 20, 4])
def test_reader_tells_a_torn_stream(missing):
    with answering(PLAIN[:-missing]) as server, harness.MjpegReader(server) as viewer:
        viewer.read_parts(2)
        with pytest.raises(harness.TornPart):
            viewer.read_part()
            viewer.read_part()


def test_reader_tells_when_the_boundary_waits_for_the_next_part():
    data = HEAD + b"\r\n--mark\r\n" + part(0).removesuffix(b"\r\n--mark")
    with answering(data + b"\r\n--mark") as server, harness.MjpegReader(server) as viewer:
        viewer.read_part()
        assert viewer.has_delimiter_after_part()
    with answering(data + b"\r\n") as server, harness.MjpegReader(server) as viewer:
        viewer.read_part()
        with pytest.raises(EOFError):
            viewer.has_delimiter_after_part()


def test_reader_can_be_slow():
    with answering(PLAIN) as server:
        began = time.monotonic()
        with harness.MjpegReader(server, bytes_per_second=len(PLAIN) * 2) as viewer:
            viewer.read_parts(3)
        assert 0.3 < time.monotonic() - began < harness.seconds(2)


@pytest.mark.parametrize("seq", [0, 1, 77, 2**32 - 1])
def test_seq_survives_the_picture(seq):
    assert harness.read_seq(harness.make_jpeg(seq, quality=30)) == seq


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a made-up program in framecast's place."""
    def install(text):
        file = tmp_path / "program"
        file.write_text(f"#!{sys.executable}\nimport signal, sys, time\n{text}")
        file.chmod(0o755)
        monkeypatch.setattr(harness, "PROGRAM", str(file))
    return install


POLITE = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("a word", file=sys.stderr, flush=True)
print("open http://127.0.0.1:4711/", flush=True)
time.sleep(60)
"""


def test_server_is_started_and_stopped(program):
    program(POLITE)
    with harness.Server("test") as server:
        assert server.url == "http://127.0.0.1:4711/"
        assert server.ws_url == "ws://127.0.0.1:4711/"
        assert server.command[-2:] == ["--listen", "127.0.0.1:0"]
        assert harness.resident_memory(server.pid) > 1_000_000
    assert server.status == 0
    assert server.stderr == "a word\n"


def test_server_that_ends_at_once_fails_with_its_words(program):
    program("sys.exit('no such thing')")
    with pytest.raises(AssertionError, match="no such thing"):
        harness.Server("test")


def test_server_that_ends_badly_fails_the_test(program):
    program(POLITE.replace("sys.exit(0)", "sys.exit(3)"))
    with pytest.raises(AssertionError, match="status 3"), harness.Server("test"):
        pass


@pytest.mark.parametrize("report", [
    "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
    "WARNING: ThreadSanitizer: data race (pid=1)",
    "a.c:1:2: runtime error: signed integer overflow",
])
def test_server_with_a_sanitizer_report_fails_the_test(program, report):
    program(POLITE.replace("a word", report))
    with pytest.raises(AssertionError, match="anitizer|runtime error"), harness.Server("test"):
        pass


def test_server_that_hangs_is_killed(program):
    program(POLITE.replace("sys.exit(0)", "None"))
    server = harness.Server("test")
    with pytest.raises(AssertionError, match="still running"):
        server.stop(timeout=0.3)
    assert not server.is_running()
