"""The tester's side of a connection, in either role: bare sockets and frames, no WebSocket library.

A connection under test is either our server (the tester is the client) or our client (the tester is
the server). Both echo, so that most cases read the same in both roles.
"""

import base64
import hashlib
import os
import pathlib
import socket
import struct
import subprocess
import zlib

import harness

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROGRAMS = pathlib.Path(harness.PROGRAM).parent / "tests/conformance"
LIMIT = 10  # seconds, for whatever is waited for

MESSAGE_MAX = 100_000  # of both programs, unless a case says otherwise


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, key=b"\x37\xfa\x21\x3d", length=None, size=None):
    """The bytes of one frame. length: how many bytes its length takes (0, 2, 8); size: what it says."""
    size = len(payload) if size is None else size
    if length is None:
        length = 8 if size > 0xffff else 2 if size > 125 else 0
    mask = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if length == 0:
        head += bytes([mask | size])
    else:
        head += bytes([mask | (127 if length == 8 else 126)]) + size.to_bytes(length, "big")
    if masked:
        payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload)) if len(payload) < 4096 else \
            (int.from_bytes(payload, "big") ^ int.from_bytes((key * (len(payload) // 4 + 1))[:len(payload)], "big")
             ).to_bytes(len(payload), "big")
        head += key
    return head + payload


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key + MAGIC).digest())


def deflate(payload, bits=15, machine=None, final=False):
    """One message's compressed payload (RFC 7692, 7.2.1)."""
    machine = machine or zlib.compressobj(wbits=-bits)
    if final:  # a block that says it is the last (7.2.3.5)
        return machine.compress(payload) + machine.flush(zlib.Z_FINISH) + b"\0"
    data = machine.compress(payload) + machine.flush(zlib.Z_SYNC_FLUSH)
    assert data.endswith(b"\0\0\xff\xff")
    return data[:-4]


def inflate(payload, machine=None):
    return (machine or zlib.decompressobj(wbits=-15)).decompress(payload + b"\0\0\xff\xff")


class Frame:
    def __init__(self, fin, rsv, opcode, masked, key, payload):
        self.fin, self.rsv, self.opcode = fin, rsv, opcode
        self.masked, self.key, self.payload = masked, key, payload


class Link:
    """A connected socket with what was read ahead. Every wait is bounded."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(harness.seconds(LIMIT))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def send(self, data, delivery):
        try:
            if delivery == "byte by byte":
                for i in range(len(data)):
                    self.socket.sendall(data[i:i + 1])
            else:
                self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has closed already, as it should: what it says is read below

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self._fill()
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def read_head(self):
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self._fill()
        return self.take(end + 4)

    def read_frame(self):
        first, second = self.take(2)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        key = self.take(4) if second & 128 else None
        payload = self.take(size)
        if key:
            payload = frame(TEXT, payload, key=key)[-size:] if size else b""
        return Frame(first >> 7, first >> 4 & 7, first & 15, bool(second & 128), key, payload)

    def at_end(self):
        """Nothing but the end of the stream follows."""
        try:
            while True:
                self._fill()
        except (EOFError, ConnectionResetError):
            return not self.buffer

    def close(self):
        self.socket.close()


# ---- our server; the tester is a client ----

class ServerUnderTest:
    masks = True  # what the tester sends

    def __init__(self, compression="off", message_max=MESSAGE_MAX):
        self.process = subprocess.Popen(
            [PROGRAMS / "conformance_server", str(message_max), compression], stdout=subprocess.PIPE, text=True)
        host, port = self.process.stdout.readline().strip().rsplit(":", 1)
        self.address = host, int(port)

    def connect(self):
        return Link(socket.create_connection(self.address))

    def open(self, then=b"", delivery="in one piece", headers=()):
        """An open connection, to which `then` was sent. The headers of the answer are .headers."""
        link = self.connect()
        lines = [b"GET / HTTP/1.1", b"Host: x", b"Upgrade: websocket", b"Connection: Upgrade",
                 b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13", *headers]
        request = b"\r\n".join(lines) + b"\r\n\r\n"
        if delivery == "coalesced":
            link.send(request + then, delivery)
        else:
            link.send(request, delivery)
        head = link.read_head()
        assert head.startswith(b"HTTP/1.1 101 "), head
        link.headers = head.lower()
        if delivery != "coalesced":
            link.send(then, delivery)
        return link

    def stop(self):
        self.process.terminate()
        assert self.process.wait(harness.seconds(LIMIT)) == 0


# ---- our client; the tester is a server ----

class ClientUnderTest:
    masks = False

    def __init__(self, compression="off", message_max=MESSAGE_MAX, subprotocols=()):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(harness.seconds(LIMIT))
        self.arguments = [str(message_max), compression, *subprotocols]
        self.processes = []

    def start(self):
        """A client that has sent its request; the request is .request, its key .key."""
        url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/path?query"
        process = subprocess.Popen([PROGRAMS / "conformance_client", url, *self.arguments],
                                   stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        link = Link(self.listener.accept()[0])
        link.process = process
        link.request = link.read_head()
        link.key = next(line.split(b":", 1)[1].strip() for line in link.request.split(b"\r\n")
                        if line.lower().startswith(b"sec-websocket-key:"))
        return link

    def open(self, then=b"", delivery="in one piece", headers=()):
        link = self.start()
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade",
                 b"Sec-WebSocket-Accept: " + accept_of(link.key), *headers]
        answer = b"\r\n".join(lines) + b"\r\n\r\n"
        if delivery == "coalesced":
            link.send(answer + then, delivery)
        else:
            link.send(answer, delivery)
            link.send(then, delivery)
        return link

    @staticmethod
    def output(link):
        """What the client printed, once it has ended."""
        link.close()
        out, _ = link.process.communicate(timeout=harness.seconds(LIMIT))
        assert link.process.returncode == 0
        return out

    def stop(self):
        self.listener.close()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
