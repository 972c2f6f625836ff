"""A slow viewer sees fewer pictures, never old ones, and never slows anyone else."""

import asyncio
import json
import pathlib
import socket
import struct
import subprocess
import threading
import time

import harness
import pytest

VIEWERS = pathlib.Path(harness.PROGRAM).resolve().parent / "bench/viewers"
HEADER = struct.Struct(">BBHBBHQQIHH")

SECONDS = 36
IDLE_S = 6


class WindowViewer(threading.Thread):
    """A /live viewer with window 1 that reads at a limited rate and notes how old pictures are."""

    def __init__(self, port, bytes_per_second, duration):
        super().__init__(daemon=True)
        self.port, self.rate, self.duration = port, bytes_per_second, duration
        self.ages, self.left_out = [], 0

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port)) as sock:
            self.handshake(sock)
            self.buffer, self.began, self.taken = b"", time.monotonic(), 0
            self.send(sock, {"type": "subscribe", "stream": "cam", "window": 1, "predictions": False})
            while time.monotonic() - self.began < self.duration:
                opcode, payload = self.read_frame(sock)
                if opcode == 2:
                    self.take(sock, payload)

    def take(self, sock, payload):
        header = HEADER.unpack_from(payload)
        self.ages.append(time.time() - header[7] / 1e6)
        self.left_out += header[10]
        self.send(sock, {"type": "ack", "stream": "cam", "seq": header[6]})

    @staticmethod
    def handshake(sock):
        sock.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                     b"Sec-WebSocket-Protocol: framecast.v1\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        assert head.startswith(b"HTTP/1.1 101"), head

    @staticmethod
    def send(sock, message):
        text = json.dumps(message).encode()
        assert len(text) < 126
        sock.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)

    def read(self, sock, size):
        """Read exactly that many bytes, no faster than the rate."""
        while len(self.buffer) < size:
            late = self.taken / self.rate - (time.monotonic() - self.began)
            if late > 0:
                time.sleep(late)  # this is the slow reader itself, not a wait for something
            data = sock.recv(8192)
            assert data, "the server hung up"
            self.taken += len(data)
            self.buffer += data
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def read_frame(self, sock):
        first, second = self.read(sock, 2)
        size = second & 127
        if size == 126:
            size, = struct.unpack(">H", self.read(sock, 2))
        elif size == 127:
            size, = struct.unpack(">Q", self.read(sock, 8))
        return first & 15, self.read(sock, size)


@pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer is too slow to count pictures a second")
def test_slow_viewers_see_fewer_pictures_never_old_ones_and_slow_nobody(server):
    one = server("test", "--quality", 95, "--idle-viewer", IDLE_S)  # 55 kB a picture, 1.7 MB a second
    harness.wait_until(lambda: harness.fetch_json(one, "/readyz").get("status") == "ready", what="a picture")
    window = WindowViewer(one.port, 500_000, SECONDS - 3)
    window.start()
    load = subprocess.Popen([VIEWERS, str(one.port), "/streams/cam.mjpg", str(SECONDS), "87", "10", "3", "500"],
                            stdout=subprocess.PIPE, text=True)
    memory = []
    while load.poll() is None:
        memory.append(harness.resident_memory(one.pid))
        time.sleep(0.5)  # the interval of a measurement
    kinds = {row["kind"]: row for row in map(json.loads, load.stdout.read().splitlines())}
    window.join(timeout=10)
    print(json.dumps(kinds, indent=1), window.left_out, max(window.ages[10:]))

    assert kinds["fast"]["viewers"] == 87
    assert kinds["fast"]["fps_min"] >= 29, "a slow viewer slowed another"
    assert kinds["fast"]["closed"] == 0
    assert kinds["slow"]["closed"] == 0
    assert kinds["slow"]["fps_min"] < 15, "the slow ones were not slow: the test proves nothing"
    assert kinds["slow"]["fps_min"] >= 1
    assert kinds["slow"]["late_age_ms"]["max"] <= 500
    assert kinds["stalled"]["closed"] == 3, "who reads nothing is closed after the idle time"
    assert window.left_out > 0
    assert max(window.ages[10:]) <= 0.4
    early, late = memory[len(memory) // 3], memory[-1]
    assert late <= early * 1.05 + 1_000_000, f"memory grows: {early} to {late}"
