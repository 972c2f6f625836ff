"""Every example is short, includes only what is installed, and does what its first comment says."""

import asyncio
import json
import pathlib
import re
import resource
import signal
import ssl
import subprocess
import threading

import harness
import pytest
import websockets

SOURCES = sorted((harness.ROOT / "examples").glob("*.c"))
BUILD = pathlib.Path(harness.PROGRAM).resolve().parent / "examples"
LINES_MAX = 60
STANDARD = {"errno.h", "inttypes.h", "math.h", "signal.h", "stdbool.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
            "time.h"}


# ---- what they look like ----

def test_there_is_a_test_for_each():
    tested = re.findall(r'(?:Example|run_example|plugin)\(\s*"([a-z-]+)"', pathlib.Path(__file__).read_text())
    assert {path.stem for path in SOURCES} == set(tested)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_example_is_short(path):
    assert len(path.read_text().splitlines()) <= LINES_MAX


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_example_says_what_it_is(path):
    first = path.read_text().split("*/\n")[1]
    assert re.match(rf"/\* {path.stem}\b.*?: ", first), first


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_example_includes_only_what_is_installed(path):
    text = path.read_text()
    included = re.findall(r"^\s*#\s*include\s*(.*)$", text, re.MULTILINE)
    headers = {f"<framecast/{header.name}>" for header in (harness.ROOT / "include/framecast").glob("*.h")}
    assert set(included) <= headers | {f"<{name}>" for name in STANDARD}


# ---- running them ----

class Example:
    """A running example, with what it prints; ended, and judged, at the end of the block."""

    def __init__(self, name, *arguments):
        self.name = name
        self.lines = {"stdout": [], "stderr": []}
        self.process = subprocess.Popen([BUILD / name, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._readers = [threading.Thread(target=self._read, args=(stream,), daemon=True) for stream in self.lines]
        for reader in self._readers:
            reader.start()

    def _read(self, stream):
        for line in getattr(self.process, stream):
            self.lines[stream].append(line.rstrip("\n"))

    def line(self, pattern, stream="stdout", index=0):
        """The index-th line that matches, once it is there."""
        def find():
            found = [line for line in self.lines[stream] if re.search(pattern, line)]
            return found[index] if len(found) > index else None
        return harness.wait_until(find, 10, f"{pattern!r} from {self.name}")

    @property
    def url(self):
        return self.line(r"^wss?://127\.0\.0\.1:\d+/$")

    @property
    def port(self):
        return int(re.search(r":(\d+)/", self.url)[1])

    def stop(self, sign=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            self.process.wait(harness.seconds(10))
        finally:
            self.process.kill()
            self.process.wait()
            for reader in self._readers:
                reader.join()
            for stream in self.lines:
                getattr(self.process, stream).close()
        report = "\n".join(self.lines["stderr"])
        assert not harness.SANITIZER_REPORT.search(report), report
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        status = self.stop()
        assert kind or status == 0, (self.name, status, self.lines)


def run_example(name, *arguments):
    """Run one to its end: its status and what it printed."""
    done = subprocess.run([BUILD / name, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=harness.seconds(20))
    assert not harness.SANITIZER_REPORT.search(done.stderr), done.stderr
    return done


def plugin(name):
    """A predictor, as --predict takes it."""
    return BUILD / f"{name}.so"


def in_time(what):
    """Run a coroutine, and not for ever."""
    return asyncio.run(asyncio.wait_for(what, harness.seconds(30)))


# ---- echo ----

def test_echo_server_sends_back_what_it_receives():
    messages = ["", "Hello", "schön", b"", b"\0\xff" * 5, "x" * 70_000]

    async def talk(url):
        async with websockets.connect(url) as ws:
            for message in messages:
                await ws.send(message)
                assert await ws.recv() == message

    with Example("echo-server") as server:
        in_time(talk(server.url))
        in_time(talk(server.url + "anywhere?at=all"))


def test_echo_server_says_goodbye_when_told_to_stop():
    async def talk(server):
        async with websockets.connect(server.url) as ws:
            await ws.send("there")
            await ws.recv()
            server.process.send_signal(signal.SIGINT)
            await ws.wait_closed()
            return ws.close_code

    with Example("echo-server") as server:
        assert in_time(talk(server)) == 1001
        assert server.process.wait(harness.seconds(10)) == 0


def test_echo_server_says_why_it_cannot_start():
    with harness.busy_port() as port:
        done = run_example("echo-server", port)
    assert done.returncode != 0
    assert str(port) in done.stderr


def test_echo_client_prints_what_comes_back():
    with Example("echo-server") as server:
        done = run_example("echo-client", server.url, "Guten Morgen")
        assert (done.returncode, done.stdout, done.stderr) == (0, "Guten Morgen\n", "")
        assert run_example("echo-client", server.url).stdout == "Hello\n"


def test_echo_client_against_websockets():
    heard = []

    async def echo(ws):
        async for message in ws:
            heard.append(message)
            await ws.send(message.upper())
        heard.append((ws.close_code, ws.close_reason))

    async def serve():
        async with websockets.serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await asyncio.to_thread(run_example, "echo-client", f"ws://127.0.0.1:{port}/", "abc")

    assert in_time(serve()).stdout == "ABC\n"
    assert heard == ["abc", (1000, "that is all")]


def test_echo_client_says_why_it_failed(server):
    with harness.busy_port() as port:
        pass  # nobody listens there any more
    done = run_example("echo-client", f"ws://127.0.0.1:{port}/")
    assert done.returncode != 0
    assert "Connection refused" in done.stderr
    done = run_example("echo-client", "gopher://127.0.0.1/")
    assert done.returncode != 0
    assert "gopher" in done.stderr
    done = run_example("echo-client", server("test").ws_url + "no-such-place")
    assert done.returncode != 0
    assert "404" in done.stderr


# ---- many ----

def test_chat_tells_everybody_what_anybody_says():
    async def talk(url):
        names, room = [], []
        for _ in range(3):
            room.append(await websockets.connect(url))
            names.append("{}:{}".format(*room[-1].local_address))
            for ws in room:
                assert await ws.recv() == f"{names[-1]} joined"
        await room[1].send("good day")
        for ws in room:
            assert await ws.recv() == f"{names[1]} says: good day"
        await room[0].send(b"not a text")
        await room[2].send("x" * 1001)
        await room[2].wait_closed()
        assert room[2].close_code == 1009
        await room[0].send("still here")
        for ws in room[:2]:
            assert await ws.recv() == f"{names[0]} says: still here"
            await ws.close()

    with Example("chat") as server:
        in_time(talk(server.url))


VIEWERS = 50
NUMBERS = 5


async def view(url, compression):
    """What each of VIEWERS reads, once all are there: NUMBERS texts."""
    viewers = [await websockets.connect(url, compression=compression) for _ in range(VIEWERS)]
    assert all(bool(ws.extensions) == bool(compression) for ws in viewers)

    async def read(ws):
        while not (text := await ws.recv()).endswith(f" for {VIEWERS} viewers"):
            pass
        return [text] + [await ws.recv() for _ in range(NUMBERS - 1)]

    texts = await asyncio.gather(*map(read, viewers))
    await asyncio.gather(*(ws.close() for ws in viewers))
    return texts


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_counter_sends_numbers_to_everybody(compression):
    with Example("counter") as server:
        texts = in_time(view(server.url, compression))
    for mine in texts:
        numbers = [int(re.fullmatch(rf"(\d+) for {VIEWERS} viewers", text)[1]) for text in mine]
        assert numbers == sorted(set(numbers))  # some may be left out, none comes twice or late
    firsts = [int(mine[0].split()[0]) for mine in texts]
    assert max(firsts) - min(firsts) <= 2  # all of them saw the same


def test_counter_counts_for_thousands():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        with Example("counter") as server:
            done = harness.run("bench", "fanout", server.url, "-c", 2000, "-d", 2, "--json", timeout=60)
            seen = json.loads(done.stdout)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (seen["open"], seen["lost"]) == (2000, 0), done.stderr
    assert 10 / harness.SLOW * 0.7 <= seen["received_per_s_least"] <= seen["received_per_s_most"] <= 12


# ---- long work ----

def test_compute_answers_others_meanwhile():
    async def talk(url):
        async with websockets.connect(url) as one, websockets.connect(url) as other:
            await one.send("2000000")
            for i in range(20):
                for ws in (one, other):
                    await ws.send(bytes([i]))
                    assert await ws.recv() == bytes([i])  # before the primes are counted
            await other.send("100")
            assert await other.recv() == "25 below 100"
            assert await one.recv() == "148933 below 2000000"

    with Example("compute") as server:
        in_time(talk(server.url))


def test_compute_outlives_who_asked():
    async def leave(url):
        async with websockets.connect(url) as ws:
            await ws.send("300000")
        async with websockets.connect(url) as ws:
            await ws.send("10")
            assert await ws.recv() == "4 below 10"

    with Example("compute") as server:
        in_time(leave(server.url))


# ---- clients that stay ----

def test_image_receiver_counts_pictures(server):
    one = server("test", "--fps", 25)
    done = run_example("image-receiver", one.ws_url + "streams/cam/frames", 3)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\d+) pictures a second, (\d+\.\d\d) MB/s$", done.stdout, re.MULTILINE)
    assert len(rows) == 3
    assert 1 <= max(int(pictures) for pictures, _ in rows) <= 50
    assert max(float(rate) for _, rate in rows) > 0.05


def test_image_receiver_gives_up_where_it_makes_no_sense(server):
    done = run_example("image-receiver", server("test").ws_url + "no-such-place", 20)
    assert "404" in done.stderr
    assert done.stdout == ""


def test_subscriber_comes_back_after_its_server_was_restarted():
    async def tell(ws, _=None):
        await ws.send("news")
        await ws.wait_closed()

    async def serve_twice():
        async with websockets.serve(tell, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            example = Example("subscriber", f"ws://127.0.0.1:{port}/ws")
            await asyncio.to_thread(example.line, "^news$")
        await asyncio.to_thread(example.line, "^closed: 1001 ", "stderr")
        await asyncio.to_thread(example.line, r"Connection refused; trying again in \d+\.\d s$", "stderr")
        async with websockets.serve(tell, "127.0.0.1", port):
            await asyncio.to_thread(example.line, "^news$", "stdout", 1)
            await asyncio.to_thread(example.line, f"^connected to 127.0.0.1:{port}$", "stderr", 1)
            assert await asyncio.to_thread(example.stop, signal.SIGINT) == 0

    in_time(serve_twice())


def test_subscriber_gives_up_where_it_makes_no_sense(server):
    done = run_example("subscriber", server("test").ws_url + "no-such-place")
    assert re.search(r"the server answered 404", done.stderr)
    assert "trying again" not in done.stderr


# ---- TLS ----

def test_tls_client_believes_a_server_that_its_authority_has_signed(tmp_path):
    certificate, key = harness.make_certificate(tmp_path, "first")
    other, _ = harness.make_certificate(tmp_path, "other")
    with Example("tls-server", 0, certificate, key) as server:
        done = run_example("tls-client", server.url, certificate)
        assert (done.returncode, done.stdout) == (0, "TLSv1.3, CN=first\nHello\n"), done.stderr
        refused = run_example("tls-client", server.url, other)
        assert refused.returncode != 0
        assert "not trusted" in refused.stderr
        plain = run_example("echo-client", server.url.replace("wss:", "ws:"))
        assert plain.returncode != 0


def test_tls_server_speaks_with_websockets(tmp_path):
    certificate, key = harness.make_certificate(tmp_path, "first")

    async def talk(url):
        trust = ssl.create_default_context(cafile=certificate)
        async with websockets.connect(url, ssl=trust) as ws:
            for message in ("Hello", b"\0" * 100_000):
                await ws.send(message)
                assert await ws.recv() == message

    with Example("tls-server", 0, certificate, key) as server:
        in_time(talk(server.url))


def test_tls_server_reads_its_files_again_at_sighup(tmp_path):
    certificate, key = harness.make_certificate(tmp_path, "first")
    next_certificate, next_key = harness.make_certificate(tmp_path, "second")

    async def talk(server):
        trust = ssl.create_default_context(cafile=certificate)
        async with websockets.connect(server.url, ssl=trust) as before:
            next_key.rename(key)
            server.process.send_signal(signal.SIGHUP)  # between the two: they do not match
            refusal = await asyncio.to_thread(server.line, "^certificate: ", "stderr")
            assert "read again" not in refusal
            next_certificate.rename(certificate)
            server.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(server.line, "^certificate: read again$", "stderr")
            done = await asyncio.to_thread(run_example, "tls-client", server.url, certificate)
            assert done.stdout == "TLSv1.3, CN=second\nHello\n", done.stderr
            await before.send("still here")
            assert await before.recv() == "still here"

    with Example("tls-server", 0, certificate, key) as server:
        server.url  # it listens, so it catches the signal
        in_time(talk(server))


def test_tls_server_says_which_file_is_missing(tmp_path):
    done = run_example("tls-server", 0, tmp_path / "none.pem", tmp_path / "none.key")
    assert done.returncode != 0
    assert "none.pem" in done.stderr


# ---- predictors ----

@pytest.mark.parametrize("dark, labels", [(0, set()), (255, {"dark"})])
def test_brightness_is_measured_in_every_picture(server, dark, labels):
    one = server("--predict", f'{plugin("brightness")}?dark={dark}', "test")
    file, _ = harness.open_stream(one, "/streams/cam/predictions", {"Accept": "application/x-ndjson"})
    with file:
        for line in harness.read_lines(file, 5):
            seen = json.loads(line)
            assert seen["predictor"] == "brightness"
            assert 0 < seen["data"]["brightness"] < 255
            assert {thing["label"] for thing in seen["objects"]} == labels
