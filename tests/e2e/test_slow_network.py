"""A viewer behind a slow link with a deep buffer: the queue on the way must not fill with old pictures.

The link is a pair of virtual Ethernet devices between two network namespaces that the test makes.
"""

import contextlib
import ctypes
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import harness
import pytest

SERVER, VIEWER = "10.77.13.1", "10.77.13.2"
LINK_BYTES_PER_S = 500_000
QUEUE_BYTES = 1_000_000  # two seconds of the past, if somebody filled it
SECONDS = 12
CLONE_NEWNET = 0x40000000


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def can_make_namespaces():
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("tc"):
        return False
    return subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0


@contextlib.contextmanager
def slow_link():
    """A namespace behind a slow link; gives its name."""
    name = f"fc{os.getpid()}"
    here, there = f"{name}a", f"{name}b"
    ip("netns", "add", name)
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        ip("addr", "add", f"{SERVER}/30", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", name, "addr", "add", f"{VIEWER}/30", "dev", there)
        ip("-n", name, "link", "set", there, "up")
        subprocess.run(["tc", "qdisc", "add", "dev", here, "root", "tbf", "rate", f"{LINK_BYTES_PER_S * 8}bit",
                        "burst", "16kb", "limit", str(QUEUE_BYTES)], check=True, capture_output=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True)


class Viewer(threading.Thread):
    """Reads MJPEG in another namespace as fast as it comes; notes each picture's age."""

    def __init__(self, namespace, port):
        super().__init__(daemon=True)
        self.namespace, self.port = namespace, port
        self.ages, self.bytes, self.error = [], 0, None

    def run(self):
        try:
            self.watch()
        except Exception as error:  # shown by the test
            self.error = error

    def watch(self):
        with open(f"/run/netns/{self.namespace}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        with socket.create_connection((SERVER, self.port), timeout=harness.seconds(10)) as sock:
            sock.sendall(b"GET /streams/cam.mjpg HTTP/1.1\r\nHost: x\r\n\r\n")
            file = sock.makefile("rb")
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                self.read_part(file)

    def read_part(self, file):
        size = captured = None
        while size is None or (line := file.readline()) not in (b"\r\n", b""):
            line = line if size is not None else file.readline()
            if match := re.match(rb"Content-Length: (\d+)", line):
                size = int(match[1])
            if match := re.match(rb"X-Timestamp: ([\d.]+)", line):
                captured = float(match[1])
        self.bytes += len(file.read(size))
        self.ages.append((time.monotonic(), time.time() - captured))


@pytest.mark.skipif(not can_make_namespaces(), reason="needs root and network namespaces")
@pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer is too slow to fill a link")
def test_a_deep_buffer_on_the_way_stays_empty(server):
    with slow_link() as namespace:
        one = server("test", "--quality", 95, listen=f"{SERVER}:0")
        viewer = Viewer(namespace, one.port)
        viewer.start()
        viewer.join(SECONDS + 20)
        assert viewer.error is None, viewer.error
    began = viewer.ages[0][0]
    settled = [age for at, age in viewer.ages if at > began + 3]
    rate = viewer.bytes / (viewer.ages[-1][0] - began)
    print(f"{len(settled)} pictures, oldest {max(settled):.3f} s, {rate / 1000:.0f} kB/s")
    assert max(settled) <= 0.6
    assert rate >= 0.8 * LINK_BYTES_PER_S, "freshness must not cost the link its throughput"
