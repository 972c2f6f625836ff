#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small RTSP server: rtsp_server.py PORT FILE plays FILE in a loop as H.264.

ffmpeg encodes and packs to RTP on a local UDP port; every client that plays gets those packets over
its own RTSP connection (interleaved TCP, RFC 2326 section 10.12). One media stream, no RTCP.
"""

import asyncio
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

SESSION = "Session: 1\r\n"


class Packets(asyncio.DatagramProtocol):
    """What ffmpeg sends goes to every client that plays."""

    def __init__(self):
        self.players = set()

    def datagram_received(self, data, addr):
        for writer in list(self.players):
            if writer.transport.get_write_buffer_size() < 4_000_000:
                writer.write(b"$\0" + len(data).to_bytes(2, "big") + data)


def answer(method, url, sdp):
    if method == "OPTIONS":
        return "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""
    if method == "DESCRIBE":
        head = f"Content-Type: application/sdp\r\nContent-Base: {url}/\r\n"
        return f"{head}Content-Length: {len(sdp)}\r\n", sdp
    if method == "SETUP":
        return SESSION + "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""
    return SESSION, ""


async def serve(reader, writer, packets, sdp):
    try:
        while True:
            start = await reader.readexactly(1)
            if start == b"$":  # RTCP from the player
                head = await reader.readexactly(3)
                await reader.readexactly(int.from_bytes(head[1:], "big"))
                continue
            text = (start + await reader.readuntil(b"\r\n\r\n")).decode()
            method, url = text.split(" ", 2)[:2]
            sequence = re.search(r"(?i)cseq: *(\d+)", text).group(1)
            head, body = answer(method, url, sdp)
            writer.write(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{head}\r\n{body}".encode())
            if method == "PLAY":
                packets.players.add(writer)
            if method == "TEARDOWN":
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        packets.players.discard(writer)
        writer.close()


def describe(path):
    """ffmpeg's description of the stream, as a server would give it."""
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    lines = [re.sub(r"^m=video \d+", "m=video 0", line) for line in lines]
    start = next(i for i, line in enumerate(lines) if line.startswith("v="))
    return "\r\n".join(lines[start:] + ["a=control:track1", ""])


async def main(port, file):
    loop = asyncio.get_running_loop()
    transport, packets = await loop.create_datagram_endpoint(
        Packets, local_addr=("127.0.0.1", 0))
    rtp_port = transport.get_extra_info("sockname")[1]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    with tempfile.TemporaryDirectory() as folder:
        sdp = Path(folder) / "sdp"
        encoder = subprocess.Popen([
            "ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", file, "-an",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10",
            "-b:v", "500k", "-bf", "0", "-flags", "+global_header", "-sdp_file", str(sdp), "-f", "rtp",
            f"rtp://127.0.0.1:{rtp_port}?pkt_size=1200"])
        try:
            while not (sdp.exists() and "sprop" in sdp.read_text() or encoder.poll() is not None):
                await asyncio.sleep(0.05)
            description = describe(sdp)
            server = await asyncio.start_server(
                lambda r, w: serve(r, w, packets, description), "127.0.0.1", port)
            print("ready", flush=True)
            async with server:
                await server.serve_forever()
        finally:
            encoder.kill()
            encoder.wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
