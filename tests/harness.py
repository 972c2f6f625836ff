"""What the end-to-end tests share: the program as a child process, and independent readers.

Nothing here sleeps for a guessed time: a test waits for a condition, with a deadline that
FRAMECAST_SLOW (a factor) stretches where a sanitizer makes everything slower.
"""

import contextlib
import dataclasses
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from PIL import Image, ImageDraw

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("FRAMECAST_BIN", str(ROOT / "build/framecast"))
SLOW = float(os.environ.get("FRAMECAST_SLOW", "1"))
SANITIZER = os.environ.get("FRAMECAST_SANITIZE", "")  # "address", "thread" or ""

VIDEO = pathlib.Path(os.environ.get("FRAMECAST_VTEST", "/usr/share/doc/opencv-doc/examples/data/vtest.avi"))

ADDRESS_LINE = re.compile(r"(https?)://(\[[0-9a-f:]+\]|[0-9.]+|localhost):(\d+)/")
SANITIZER_REPORT = re.compile(
    r"(ERROR|WARNING): \w*Sanitizer|: runtime error: |SUMMARY: \w*Sanitizer")


def seconds(number):
    """A deadline, stretched where the program runs slower."""
    return number * SLOW


def wait_until(condition, timeout=10.0, what="the condition", interval=0.02):
    """Call condition until it gives something true; return that, or fail after the time-out."""
    deadline = time.monotonic() + seconds(timeout)
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds(timeout):g} s")
        time.sleep(interval)


# ---- the program ----

def run(*arguments, timeout=10.0, **options):
    """Run the program to its end: a CompletedProcess with text in stdout and stderr."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          stdin=options.pop("stdin", subprocess.DEVNULL), timeout=seconds(timeout), **options)
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr
    return done


class Server:
    """A running framecast.

        with Server("test", "--fps", 30) as server:
            urllib.request.urlopen(server.url + "streams")

    It listens on a free port of 127.0.0.1 unless the arguments say where. Leaving the block stops
    it and fails the test if it did not end with status 0 or a sanitizer had something to say.
    """

    def __init__(self, *arguments, listen="127.0.0.1:0", env=None, stdin=subprocess.DEVNULL,
                 preexec=None, start_timeout=10.0, cwd=None):
        command = [PROGRAM, *map(str, arguments)]
        if listen is not None:
            command += ["--listen", listen]
        self.command = command
        self.status = None
        self.scheme = self.host = self.port = None
        self._out, self._err = [], []
        self._ready = threading.Event()
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, cwd=cwd,
                                        stderr=subprocess.PIPE, preexec_fn=preexec,
                                        env={**os.environ, **(env or {})})
        self._readers = [threading.Thread(target=self._read_stdout, daemon=True),
                         threading.Thread(target=self._read_stderr, daemon=True)]
        for reader in self._readers:
            reader.start()
        if listen is not None and listen.startswith("unix:"):
            self._wait_for_socket(listen.removeprefix("unix:"), start_timeout)
        else:
            self._wait_for_address(start_timeout)

    # -- starting --

    def _read_stdout(self):
        for raw in self.process.stdout:
            line = raw.decode(errors="replace")
            self._out.append(line)
            if self.port is None and (match := ADDRESS_LINE.search(line)):
                self.scheme, self.host, self.port = match[1], match[2], int(match[3])
                self._ready.set()
        self._ready.set()  # its end: nothing more to wait for

    def _read_stderr(self):
        for raw in self.process.stderr:
            self._err.append(raw.decode(errors="replace"))

    def _wait_for_address(self, timeout):
        self._ready.wait(seconds(timeout))
        if self.port is None:
            self._give_up("printed no address")

    def _wait_for_socket(self, path, timeout):
        def accepts():
            if self.process.poll() is not None:
                self._give_up("ended")
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
                return True
            return False
        try:
            wait_until(accepts, timeout, "a listening unix socket")
        except AssertionError:
            self._give_up("did not listen")

    def _give_up(self, what):
        self.kill()
        raise AssertionError(f"{' '.join(self.command)} {what}; status {self.status}\n"
                             f"stdout:\n{self.stdout}\nstderr:\n{self.stderr}")

    # -- using --

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"{self.scheme}://{self.host}:{self.port}/"

    @property
    def ws_url(self):
        return f"{'wss' if self.scheme == 'https' else 'ws'}://{self.host}:{self.port}/"

    @property
    def stdout(self):
        return "".join(self._out)

    @property
    def stderr(self):
        return "".join(self._err)

    def is_running(self):
        return self.process.poll() is None

    # -- ending --

    def stop(self, timeout=10.0, sign=signal.SIGTERM):
        """Ask it to end; the exit status. Fails on a hang or a sanitizer's report."""
        if self.status is None:
            if self.is_running():
                self.process.send_signal(sign)
            try:
                self.process.wait(seconds(timeout))
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"still running {seconds(timeout):g} s after {sign.name}\n"
                                     f"stderr:\n{self.stderr}") from None
            self._collect()
        assert not SANITIZER_REPORT.search(self.stderr), self.stderr
        return self.status

    def kill(self):
        """End it at once, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._collect()

    def _collect(self):
        self.status = self.process.returncode
        for reader in self._readers:
            # A grandchild may hold the pipe open; do not wait for it forever.
            reader.join(5)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        was_killed = self.status is not None
        if kind is not None:
            self.kill()
            print(f"--- stderr of {' '.join(self.command)}\n{self.stderr}")
            return
        status = self.stop()
        assert was_killed or status == 0, f"ended with status {status}\n{self.stderr}"


def resident_memory(pid):
    """Bytes of physical memory that a process holds."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024


# ---- places ----

@contextlib.contextmanager
def unix_path():
    """A free path for a unix socket, short enough for sun_path wherever the tests' folder is."""
    folder = tempfile.mkdtemp(prefix="fc-", dir="/tmp")
    try:
        yield os.path.join(folder, "s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def busy_port():
    """A TCP port of 127.0.0.1 that somebody listens on already."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


# ---- pictures ----

_MARK = 8  # pixels to a side of one bit's square
_BITS = 32


def make_certificate(folder, name="first"):
    """A certificate for this machine that signs itself, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def make_jpeg(seq=0, width=640, height=480, quality=85, text=None):
    """A JPEG that carries seq in black and white squares, so that read_seq() finds it again."""
    image = Image.new("RGB", (width, height), ((seq * 37) % 200, (seq * 61) % 200, (seq * 89) % 200))
    draw = ImageDraw.Draw(image)
    for bit in range(_BITS):
        colour = "white" if seq >> bit & 1 else "black"
        draw.rectangle((bit * _MARK, 0, bit * _MARK + _MARK - 1, _MARK * 2 - 1), fill=colour)
    draw.text((8, _MARK * 3), text or f"picture {seq}", fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def read_seq(jpeg):
    """The number that make_jpeg() put into the picture, at any size it was scaled to by halves."""
    image = Image.open(io.BytesIO(jpeg)).convert("L")
    return sum(1 << bit for bit in range(_BITS)
               if image.getpixel((bit * _MARK + _MARK // 2, _MARK)) > 127)


def size_of(jpeg):
    """(width, height); fails unless the whole picture decodes."""
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image.size


# ---- MJPEG over HTTP, by hand ----

@dataclasses.dataclass
class Part:
    """One part of a multipart/x-mixed-replace answer."""
    headers: dict
    body: bytes
    received_at: float  # time.time() when its last byte was read

    @property
    def seq(self):
        return int(self.headers["x-frame-seq"])

    @property
    def timestamp(self):
        return float(self.headers["x-timestamp"])

    @property
    def age(self):
        """Seconds from capture to receipt, on this machine's clock."""
        return self.received_at - self.timestamp


class TornPart(Exception):
    """The stream ended in the middle of a part, or without the boundary that closes it."""


class MjpegReader:
    """A viewer on a raw socket, as slow as one likes.

        with MjpegReader(server, "/streams/cam.mjpg", bytes_per_second=500_000) as viewer:
            part = viewer.read_part()

    It relies on Content-Length alone, and checks that what stands between the parts is the boundary
    that the head announced. close() without reading on is how a viewer vanishes.
    """

    def __init__(self, server, path="/streams/cam.mjpg", headers=None, bytes_per_second=None,
                 receive_buffer=None, timeout=10.0):
        self.rate = bytes_per_second
        self.bytes_read = 0
        self._began = None
        self._buffer = bytearray()
        self._delimiter = None
        self._has_begun = False
        self.socket = socket.socket()
        self.socket.settimeout(seconds(timeout))
        if receive_buffer:  # before connecting, so that the window never grows past it
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.socket.connect(("127.0.0.1", server.port))
            lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"]
            lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
            self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
            self._read_head()
        except BaseException:
            self.socket.close()
            raise

    def _read_head(self):
        head = self._read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        self.status = int(head[0].split(" ")[1])
        self.headers = parse_headers(head[1:])
        self.is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        self._body = bytearray() if self.is_chunked else self._buffer
        kind = self.headers.get("content-type", "")
        if match := re.search(r'boundary="?([^";]+)"?', kind):
            # Some servers write the dashes into the parameter; RFC 2046 adds two more.
            self._delimiter = b"--" + match[1].encode()

    def _receive(self):
        size = 65536
        if self.rate:
            self._began = self._began or time.monotonic()
            ahead = self.bytes_read / self.rate - (time.monotonic() - self._began)
            if ahead > 0:
                time.sleep(ahead)
            size = max(1024, int(self.rate / 20))
        data = self.socket.recv(size)
        if not data:
            raise EOFError("the server ended the stream")
        self.bytes_read += len(data)
        self._buffer += data

    def _fill(self):
        """Some more bytes of the body, whichever transfer coding carries it."""
        if not self.is_chunked:
            self._receive()
            return
        size = int(self._read_until(b"\r\n").split(b";")[0], 16)
        if size == 0:
            raise EOFError("the server ended the stream")
        while len(self._buffer) < size + 2:
            self._receive()
        self._body += self._buffer[:size]
        assert self._buffer[size:size + 2] == b"\r\n", "a chunk without its end"
        del self._buffer[:size + 2]

    def _read_until(self, mark):
        """From the connection itself: the answer's head and the lines of chunks."""
        while (end := self._buffer.find(mark)) < 0:
            self._receive()
        found = bytes(self._buffer[:end])
        del self._buffer[:end + len(mark)]
        return found

    def _take(self, size):
        while len(self._body) < size:
            self._fill()
        taken = bytes(self._body[:size])
        del self._body[:size]
        return taken

    def _take_line(self):
        while (end := self._body.find(b"\r\n")) < 0:
            self._fill()
        return self._take(end + 2)[:-2]

    def read_part(self):
        """The next part. EOFError: the stream ended as it should; TornPart: it broke off."""
        assert self._delimiter, f"not a multipart answer: {self.status} {self.headers}"
        try:
            return self._read_part()
        except EOFError:
            rest = bytes(self._body).strip()
            if self._has_begun or rest not in (b"", self._delimiter + b"--"):
                raise TornPart(f"the stream broke off; the last bytes are {rest[-40:]!r}") from None
            raise

    def _read_part(self):
        self._has_begun = False
        line = self._take_line()
        while line == b"":
            line = self._take_line()
        if line == self._delimiter + b"--":
            raise EOFError("the closing boundary")
        assert line == self._delimiter, f"{line[:80]!r} where {self._delimiter!r} belongs"
        lines = []
        while line := self._take_line():
            self._has_begun = True  # a stream may end after a boundary, which came with the part before
            lines.append(line.decode("latin-1"))
        headers = parse_headers(lines)
        body = self._take(int(headers["content-length"]))
        return Part(headers, body, time.time())

    def has_delimiter_after_part(self, timeout=2.0):
        """True when the boundary that ends the part just read comes with it, not with the next."""
        wanted = b"\r\n" + self._delimiter
        self.socket.settimeout(seconds(timeout))
        with contextlib.suppress(TimeoutError):
            while len(self._body) < len(wanted):
                self._fill()
        return self._body[:len(wanted)] == wanted

    def read_parts(self, count):
        return [self.read_part() for _ in range(count)]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def parse_headers(lines):
    """Header lines as a dict with lower-case names."""
    headers = {}
    for line in filter(None, lines):
        name, colon, value = line.partition(":")
        assert colon and name == name.strip(), f"not a header line: {line!r}"
        headers[name.lower()] = value.strip()
    return headers


# ---- HTTP over any socket ----

@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


def http_over(connection, request):
    """Send the bytes of a request with "Connection: close", read the whole answer."""
    connection.sendall(request)
    data = bytearray()
    while chunk := connection.recv(65536):
        data += chunk
    head, blank, body = bytes(data).partition(b"\r\n\r\n")
    assert blank, f"no HTTP answer: {bytes(data[:200])!r}"
    lines = head.decode("latin-1").split("\r\n")
    return Answer(int(lines[0].split(" ")[1]), parse_headers(lines[1:]), body)


def get_over_unix(path, target="/", timeout=10.0):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds(timeout))
        connection.connect(path)
        return http_over(connection, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"
                                     "Connection: close\r\n\r\n".encode())


def fetch_json(server, path, timeout=10.0):
    """The JSON at an address, whatever the status."""
    try:
        with urllib.request.urlopen(server.url + path.lstrip("/"), timeout=seconds(timeout)) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def open_stream(server, path, headers=None, timeout=10.0):
    """Begin an endless answer: a socket file after the head, and the head's fields in lower case."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=seconds(timeout))
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"] + [f"{k}: {v}" for k, v in (headers or {}).items()]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    file = connection.makefile("rb")
    connection.close()  # the file keeps it open
    status = file.readline().decode()
    assert " 200 " in status, status
    head = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(":")
        head[name.lower()] = value.strip()
    return file, head


def read_lines(file, count):
    """The next lines that are not empty."""
    lines = []
    while len(lines) < count:
        line = file.readline()
        assert line, "the stream ended"
        if text := line.decode().strip():
            lines.append(text)
    return lines
