"""Clients on bare sockets, for what a well-behaved library would not do or would hide.

They share no code with the program. Everything blocks, with the harness's deadlines.
"""

import base64
import collections
import contextlib
import json
import os
import socket
import struct
import threading
import time

import harness

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

Picture = collections.namedtuple(
    "Picture", "version kind id codec flags header_size seq captured_us width height left_out jpeg")
LIVE_HEADER = struct.Struct(">BBHBBHQQIHH")


def connect(server, unix=None, receive_buffer=None, timeout=10.0):
    """A connected socket; receive_buffer is set before, so that the window never grows past it."""
    connection = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    try:
        connection.settimeout(harness.seconds(timeout))
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(unix or ("127.0.0.1", server.port))
    except BaseException:
        connection.close()
        raise
    return connection


def vanish(connection):
    """Go without a word: the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def exchange(server, request):
    """Send bytes that end with a request that closes; all the answers, as they came."""
    with connect(server) as connection:
        connection.sendall(request)
        return read_all(connection)


def read_all(connection):
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            data += chunk
    return bytes(data)


def upgrade_request(path, subprotocol=None, headers=None):
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
             "Sec-WebSocket-Version: 13"]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(opcode, payload=b"", fin=True, reserved=0, is_masked=True, claimed=None):
    """The bytes of one frame. claimed: another length than the payload's, in 64 bits."""
    size = len(payload) if claimed is None else claimed
    head = bytes([fin << 7 | reserved << 4 | opcode])
    mask_bit = is_masked << 7
    if claimed is not None or size > 0xffff:
        head += struct.pack(">BQ", mask_bit | 127, size)
    elif size > 125:
        head += struct.pack(">BH", mask_bit | 126, size)
    else:
        head += bytes([mask_bit | size])
    # A key of zeros is a key, and leaves the payload readable in a debugger.
    return head + (bytes(4) if is_masked else b"") + payload


class Refused(Exception):
    """The answer was not 101."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300]!r}")
        self.status, self.body = status, body


class Closed(Exception):
    """The server sent a close frame; it has been answered."""

    def __init__(self, code, reason):
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


class WebSocket:
    """A WebSocket client that sends what it is told to, allowed or not."""

    def __init__(self, server, path, subprotocol=None, headers=None, unix=None,
                 receive_buffer=None, timeout=10.0, then=b""):
        """then: sent in one piece with the handshake."""
        self.socket = connect(server, unix, receive_buffer, timeout)
        self._buffer = bytearray()
        try:
            self.socket.sendall(upgrade_request(path, subprotocol, headers) + then)
            self._read_answer()
        except BaseException:
            self.socket.close()
            raise

    def _read_answer(self):
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._receive()
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[:end + 4]
        self.headers = harness.parse_headers(lines[1:])
        status = int(lines[0].split(" ")[1])
        if status != 101:
            while len(self._buffer) < int(self.headers.get("content-length", 0)):
                self._receive()
            raise Refused(status, bytes(self._buffer))

    def _receive(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise EOFError("the server hung up without a close frame")
        self._buffer += data

    def _take(self, size):
        while len(self._buffer) < size:
            self._receive()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    # -- in --

    def read_frame(self):
        first, second = self._take(2)
        assert first & 0x70 == 0, "the server set a reserved bit"
        assert second & 0x80 == 0, "the server masked a frame"
        size = second
        if size == 126:
            size, = struct.unpack(">H", self._take(2))
        elif size == 127:
            size, = struct.unpack(">Q", self._take(8))
        return first >> 7, first & 15, self._take(size)

    def receive(self):
        """The next message, as text or bytes. Pings are answered; Closed at the end."""
        while True:
            fin, opcode, payload = self.read_frame()
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                with contextlib.suppress(OSError):
                    self.send(CLOSE, payload[:2])
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())
            elif opcode != PONG:
                assert fin, "the server sent a fragment"
                return payload.decode() if opcode == TEXT else payload

    def read_close(self):
        """Read on until the server closes; the code. Every close gives a reason in words."""
        try:
            while True:
                self.receive()
        except Closed as closed:
            if closed.code not in (1000, 1005):
                assert len(closed.reason) > 5, f"{closed.code} without a reason"
            return closed.code

    # -- out --

    def send(self, opcode, payload=b"", **how):
        self.socket.sendall(frame(opcode, payload, **how))

    def send_text(self, text):
        self.send(TEXT, text.encode())

    def send_close(self, code=1000):
        self.send(CLOSE, struct.pack(">H", code))

    def vanish(self):
        vanish(self.socket)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Live(WebSocket):
    """A framecast.v1 client. What is not asked for now is kept for later."""

    def __init__(self, server, subprotocol="framecast.v1", path="/live", **options):
        super().__init__(server, path, subprotocol=subprotocol, **options)
        self._waiting = collections.deque()

    def ask(self, kind, stream=None, **members):
        if stream is not None:
            members["stream"] = stream
        self.send_text(json.dumps({"type": kind, **members}))

    def _next(self):
        message = self.receive()
        return json.loads(message) if isinstance(message, str) else parse_picture(message)

    def _wait_for(self, is_wanted):
        for message in self._waiting:
            if is_wanted(message):
                self._waiting.remove(message)
                return message
        while not is_wanted(message := self._next()):
            self._waiting.append(message)
        return message

    def next(self):
        """Whatever came first."""
        return self._waiting.popleft() if self._waiting else self._next()

    def next_picture(self):
        return self._wait_for(lambda message: isinstance(message, Picture))

    def next_message(self, kind):
        return self._wait_for(lambda message: isinstance(message, dict) and message["type"] == kind)

    def forget(self):
        """Drop what was kept."""
        self._waiting.clear()


def parse_picture(message):
    header = LIVE_HEADER.unpack_from(message)
    return Picture(*header, jpeg=message[header[5]:])


class Background(threading.Thread):
    """Runs work(self) until it returns; work looks at is_over. Use as a context manager.

    An exception in it fails the test at the end of the block.
    """

    def __init__(self, work):
        super().__init__(daemon=True)
        self._work, self._failure = work, None
        self.is_over = False

    def run(self):
        try:
            self._work(self)
        except BaseException as failure:  # told to the test's thread
            self._failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over = True
        self.join(harness.seconds(15))
        if kind is None:
            assert not self.is_alive(), "it does not end"
            if self._failure:
                raise self._failure


class Watching:
    """An MJPEG viewer in the background that notes when each picture came.

        with Watching(server) as viewer: ...
        assert viewer.fps >= 29
    """

    def __init__(self, server, path="/streams/cam.mjpg"):
        self.reader = harness.MjpegReader(server, path)
        self.times, self.parts = [], collections.deque(maxlen=2000)
        self._thread = Background(self._work)

    def _work(self, thread):
        try:
            while not thread.is_over:
                part = self.reader.read_part()
                self.times.append(time.monotonic())
                self.parts.append(part)
        except (OSError, EOFError, harness.TornPart):
            if not thread.is_over:
                raise

    def __enter__(self):
        self._thread.__enter__()
        return self

    def __exit__(self, *why):
        self._thread.is_over = True
        with contextlib.suppress(OSError):
            self.reader.socket.shutdown(socket.SHUT_RDWR)  # wakes it when no picture comes
        try:
            self._thread.__exit__(*why)
        finally:
            self.reader.close()

    @property
    def fps(self):
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])

    @property
    def longest_gap(self):
        return max(b - a for a, b in zip(self.times, self.times[1:]))

    def wait_for_more(self, count=3, timeout=10.0):
        """Until that many more pictures have come."""
        wanted = len(self.times) + count
        harness.wait_until(lambda: len(self.times) >= wanted or not self._thread.is_alive(), timeout,
                           f"{count} more pictures")
        assert self._thread.is_alive(), "the viewer lost its connection"
