"""What a picture costs for one more viewer: no copy and no encoding, whatever its size.

Instructions are counted, not seconds, so that the same program gives the same number on any machine.
"""

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys

import harness
import pytest
import websockets

PICTURES = 60
RUNS = 2  # of which the cheaper counts: timers go off more often on a machine that is busy
FEW, MANY = 4, 20
SMALL, LARGE = 20_000, 1_000_000
PERSISTENT = re.compile(rb"X-Frame-Seq: (\d+)")

pytestmark = [
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind"),
    pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer's own instructions would be counted"),
]


def padded_jpeg(size):
    """A small JPEG that comment segments bring to that size."""
    jpeg = harness.make_jpeg(width=320, height=240, quality=50)
    while len(jpeg) < size:
        length = min(65533, size - len(jpeg) - 4) if size - len(jpeg) > 4 else 0
        jpeg = jpeg[:2] + b"\xff\xfe" + (length + 2).to_bytes(2, "big") + bytes(length) + jpeg[2:]
    return jpeg


async def watch(port, received):
    """A viewer that notes each picture's number once it has it whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2 ** 22)
    writer.write(b"GET /streams/cam.mjpg HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
        received.put_nowait(int(PERSISTENT.search(head)[1]))


async def deliver(server, jpeg, viewers):
    """Publish the pictures one by one, each after every viewer has the one before."""
    received = asyncio.Queue()
    async with websockets.connect(server.ws_url + "publish/cam?ack=1", max_size=None) as publisher:
        await publisher.send(jpeg)
        first = json.loads(await publisher.recv())["seq"]
        tasks = [asyncio.create_task(watch(server.port, received)) for _ in range(viewers)]
        for _ in range(viewers):
            assert await received.get() == first
        for _ in range(PICTURES):
            await publisher.send(jpeg)
            seq = json.loads(await publisher.recv())["seq"]
            for _ in range(viewers):
                assert await received.get() == seq
        for task in tasks:
            task.cancel()


def least_instructions(*arguments):
    return min(instructions(*arguments) for _ in range(RUNS))


def instructions(tmp_path, monkeypatch, jpeg, viewers):
    """What the whole program executes in user space while it delivers to so many viewers."""
    out = tmp_path / f"{len(jpeg)}-{viewers}"
    wrapper = tmp_path / "counted"
    wrapper.write_text(f"#!/bin/sh\nexec valgrind -q --tool=callgrind --callgrind-out-file={out} "
                       f'--log-file=/dev/null {harness.PROGRAM} "$@"\n')
    wrapper.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(harness, "PROGRAM", str(wrapper))
        with harness.Server("published", "--threads", 1, start_timeout=60) as server:
            asyncio.run(asyncio.wait_for(deliver(server, jpeg, viewers), harness.seconds(90)))
            server.stop(timeout=60)
    return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)[1])


@pytest.fixture(autouse=True)
def countable():
    """Some libraries use an instruction of newer processors, while they are loaded, that valgrind
    does not know: then nothing can be counted on such a machine."""
    run = subprocess.run(["valgrind", "-q", "--tool=none", harness.PROGRAM, "--version"],
                         capture_output=True, timeout=harness.seconds(60))
    if run.returncode == -signal.SIGILL:
        pytest.skip("valgrind does not know an instruction that this processor's libraries use")


@pytest.mark.timeout(400)
def test_a_viewer_costs_the_same_however_large_the_picture(tmp_path, monkeypatch):
    cost = {}
    for size in (SMALL, LARGE):
        jpeg = padded_jpeg(size)
        few, many = (least_instructions(tmp_path, monkeypatch, jpeg, viewers) for viewers in (FEW, MANY))
        cost[size] = (many - few) / ((MANY - FEW) * PICTURES)
    print(f"instructions for each picture and viewer: {cost[SMALL]:.0f} at {SMALL} bytes, "
          f"{cost[LARGE]:.0f} at {LARGE} bytes", file=sys.stderr)
    assert cost[SMALL] > 0
    assert cost[LARGE] < 20_000, "a copy of the picture alone would take more"
    assert cost[LARGE] < 3 * cost[SMALL] + 3000
