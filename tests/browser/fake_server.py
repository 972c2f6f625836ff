#!/usr/bin/python3
"""A stand-in for framecast while working on the page: web/ over HTTP and enough of framecast.v1 on one port.

    fake_server.py [--listen ADDR:PORT] [--predict NAME] [NAME=]test...

takes the same words as the real program and prints its address. What it adds, to see how the page behaves:

    --fps N               pictures a second (default 15)
    --latency MS          what the predictor takes for a picture (default 20)
    --predict-fps N       at most so many predictions a second; others are left out
    --down NAME           this stream's source is down
    --data                predictions carry values beside the boxes
    --also NAME           a second predictor, 30 ms after the first, that gives a text
    --source-width PX     how wide the source is said to be (the pictures are 640 wide)

Every picture has its sequence number in it twice: as text, and as a row of black and white squares along the
upper edge (lowest bit first) that a test can read back from a canvas. The moving blocks are what the
"predictor" finds, so a box that belongs to another picture is visibly beside its block.
"""

import argparse
import asyncio
import http
import io
import json
import math
import signal
import struct
import time
from pathlib import Path

import websockets
from PIL import Image, ImageDraw, ImageFont

WEB = Path(__file__).resolve().parents[2] / "web"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
SEQ_BITS = 24
PEOPLE = ["person", "person", "bicycle", "car"]


class Stream:
    """One stream: makes a picture, then its prediction, and tells the viewers."""

    def __init__(self, name, number, options):
        self.name = name
        self.id = number + 1
        self.options = options
        self.width, self.height = (640, 360)
        self.number = number
        self.seq = 0
        self.viewers = set()
        self.down = name in options.down
        self.background = background(self.width, self.height, number)
        self.predicted_at = 0.0

    def state(self):
        return "down" if self.down else "up"

    def error(self):
        return "rtsp://10.0.0.7/door: connection refused; trying again in 8 s" if self.down else None

    def info(self):
        predictors = [self.predictor(name) for name in (self.options.predict, self.options.also) if name]
        return {"name": self.name, "source": {"kind": "test", "state": self.state(), "error": self.error()},
                "width": self.options.source_width, "height": self.options.source_width * 9 // 16, "codec": "jpeg",
                "fps": self.options.fps,
                "viewers": len(self.viewers), "predictor": predictors[0] if predictors else None,
                "predictors": predictors}

    def predictor(self, name):
        """The second one tells less, and is not well."""
        one = {"name": name, "state": "running", "seen": self.seq, "skipped": 2, "failed": 0, "restarts": 0,
               "latency_ms": {"p50": self.options.latency + 0.4, "p99": 41.2}, "convert_ms": {"p50": 0.31, "p99": 1.2},
               "wait_ms": {"p50": 0.02, "p99": 0.4}, "run_ms": {"p50": 7.5, "p99": 12.6}}
        return one if name == self.options.predict else {"name": name, "state": "down", "restarts": 3}

    def message(self):
        return {"type": "stream", "stream": self.name, "id": self.id, "codec": "jpeg", "width": self.width,
                "height": self.height, "state": self.state(), "error": self.error(),
                "predictor": self.options.predict}

    def objects(self, seq):
        found = []
        for track in range(3 + self.number % 2):
            phase = seq * (0.011 + 0.004 * track) + track * 1.7 + self.number
            x = 0.42 + 0.4 * math.sin(phase)
            y = 0.30 + 0.12 * track + 0.06 * math.cos(phase * 1.3)
            found.append({"label": PEOPLE[track], "score": round(0.78 + 0.2 * abs(math.sin(phase)), 2),
                          "box": [round(x, 4), round(y, 4), 0.09, 0.22], "track": 10 * self.number + track + 1})
        return found

    def picture(self, seq):
        image = self.background.copy()
        draw = ImageDraw.Draw(image)
        for item in self.objects(seq):
            x, y, width, height = item["box"]
            left, top = x * self.width, y * self.height
            right, bottom = left + width * self.width, top + height * self.height
            middle = (left + right) / 2
            draw.ellipse([middle - 12, top + 2, middle + 12, top + 26], fill=(196, 160, 136))
            draw.rounded_rectangle([left + 8, top + 24, right - 8, bottom - 2], 10, fill=(70 + 30 * item["track"] % 90, 84, 96))
        draw.text((12, self.height - 30), f"{self.name}  {seq}", fill=(235, 235, 235), font=FONT)
        square = self.width // SEQ_BITS
        for bit in range(SEQ_BITS):
            fill = (255, 255, 255) if seq >> bit & 1 else (0, 0, 0)
            draw.rectangle([bit * square, 0, (bit + 1) * square - 1, 11], fill=fill)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=80)
        return out.getvalue()

    async def run(self):
        while True:
            started = time.monotonic()
            wanted = [viewer for viewer in self.viewers if viewer.wants(self.name)]
            if not self.down:
                self.seq += 1
                captured_at = time.time()
                if wanted:
                    body = self.picture(self.seq)
                    header = struct.pack(">BBHBBHQQIHH", 1, 1, self.id, 1, 1, 32, self.seq, int(captured_at * 1e6),
                                         self.width, self.height, 0)
                    for viewer in wanted:
                        viewer.offer(self.name, self.seq, header, body)
                    self.predict(self.seq, captured_at)
            await asyncio.sleep(max(0.001, 1 / self.options.fps - (time.monotonic() - started)))

    def predict(self, seq, captured_at):
        now = time.monotonic()
        limit = self.options.predict_fps
        if not self.options.predict or (limit and now - self.predicted_at < 0.95 / limit):
            return
        self.predicted_at = now
        later = asyncio.get_running_loop().call_later
        objects = self.objects(seq)
        data = {"people": sum(o["label"] == "person" for o in objects), "light": 0.8123456} if self.options.data else None
        later(self.options.latency / 1000, self.deliver, self.options.predict, seq, captured_at, objects, data)
        if self.options.also:
            sign = [{"label": "sign", "box": [0.02, 0.2, 0.05, 0.1]}]
            later(self.options.latency / 1000 + 0.03, self.deliver, self.options.also, seq, captured_at, sign, "a calm street")

    def deliver(self, predictor, seq, captured_at, objects, data):
        text = json.dumps({"type": "prediction", "stream": self.name, "seq": seq, "captured_at": captured_at,
                           "predictor": predictor, "latency_ms": self.options.latency + 0.4,
                           "width": self.width, "height": self.height, "objects": objects, "data": data})
        for viewer in list(self.viewers):
            if viewer.wants(self.name):
                viewer.queue.put_nowait(text)


class Viewer:
    """One connection to /live: what it watches, what it has not acknowledged, what it is to be sent."""

    def __init__(self):
        self.queue = asyncio.Queue()
        self.watches = {}

    def wants(self, name):
        return name in self.watches and not self.watches[name]["paused"]

    def offer(self, name, seq, header, body):
        watch = self.watches[name]
        if len(watch["owed"]) >= watch["window"]:
            watch["left_out"] += 1
            return
        watch["owed"].add(seq)
        self.queue.put_nowait(header[:30] + struct.pack(">H", min(watch["left_out"], 65535)) + body)
        watch["left_out"] = 0

    def receive(self, message, streams):
        kind, name = message["type"], message["stream"]
        if name not in streams:
            self.queue.put_nowait(json.dumps({"type": "error", "code": 4000, "stream": name, "message": "no such stream"}))
        elif kind == "subscribe":
            self.watches[name] = {"paused": False, "owed": set(), "window": message.get("window", 1000), "left_out": 0}
            streams[name].viewers.add(self)
            self.queue.put_nowait(json.dumps(streams[name].message()))
        elif kind in ("pause", "resume"):
            self.watches[name]["paused"] = kind == "pause"
        elif kind == "ack":
            self.watches[name]["owed"].discard(message["seq"])
        elif kind == "unsubscribe":
            self.watches.pop(name, None)


class Server:
    def __init__(self, options):
        names = [source.split("=")[0] for source in options.source]
        self.streams = {name: Stream(name, i, options) for i, name in enumerate(names)}
        self.log = []  # every message that viewers sent; GET /log

    def answer(self, path):
        path = path.split("?")[0]
        if path == "/streams":
            body = [{"now": time.time(), **stream.info()} for stream in self.streams.values()]
            return http.HTTPStatus.OK, "application/json", json.dumps(body).encode()
        if path == "/log":
            return http.HTTPStatus.OK, "application/json", json.dumps(self.log[-2000:]).encode()
        file = WEB / ("index.html" if path == "/" else path[1:])
        if file.parent == WEB and file.suffix in TYPES and file.is_file():
            return http.HTTPStatus.OK, TYPES[file.suffix], file.read_bytes()
        return http.HTTPStatus.NOT_FOUND, "application/json", b'{"error": "no such address"}'

    async def request(self, path, _headers):
        if path == "/live":
            return None
        status, content_type, body = self.answer(path)
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), "Cache-Control": "no-cache",
                   "Content-Security-Policy": POLICY, "Connection": "close"}
        return status, list(headers.items()), body

    async def live(self, socket, _path=None):
        viewer = Viewer()
        sender = asyncio.create_task(self.send(socket, viewer))
        try:
            async for text in socket:
                message = json.loads(text)
                if message["type"] != "ack":
                    self.log.append(message)
                viewer.receive(message, self.streams)
        except websockets.ConnectionClosed:
            pass
        finally:
            sender.cancel()
            for stream in self.streams.values():
                stream.viewers.discard(viewer)

    @staticmethod
    async def send(socket, viewer):
        try:
            while True:
                await socket.send(await viewer.queue.get())
        except websockets.ConnectionClosed:
            pass

    async def run(self, host, port):
        stop = asyncio.get_running_loop().create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, lambda: stop.done() or stop.set_result(None))
        tasks = [asyncio.create_task(stream.run()) for stream in self.streams.values()]
        async with websockets.serve(self.live, host, port, process_request=self.request, compression=None,
                                    subprotocols=["framecast.v1"]) as server:
            print(f"framecast: http://{host}:{server.sockets[0].getsockname()[1]}/", flush=True)
            await stop
        for task in tasks:
            task.cancel()


def background(width, height, number):
    """A dim street, a little different for each stream."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    tint = [(0, 6, 14), (10, 4, 0), (0, 8, 2), (8, 0, 10), (4, 4, 4), (0, 2, 12)][number % 6]
    for y in range(height):
        level = 34 + int(60 * abs(y / height - 0.35))
        draw.line([(0, y), (width, y)], fill=tuple(level + t * 2 for t in tint))
    for x in range(-2, 12):
        draw.line([(x * width // 9, height), (width // 2 + (x - 5) * 18, int(height * 0.35))], fill=(84, 88, 92), width=2)
    for x in range(0, width, 64):
        top = int(height * 0.35) - 20 - (x * 37 + number * 91) % 80
        draw.rectangle([x, top, x + 52, int(height * 0.35)], fill=tuple(26 + t for t in tint))
    return image


def font():
    try:
        return ImageFont.truetype("DejaVuSansMono.ttf", 18)
    except OSError:
        return ImageFont.load_default()


FONT = font()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", "-l", default="127.0.0.1:8765")
    parser.add_argument("--predict", "-p", default=None)
    parser.add_argument("--fps", type=float, default=15)
    parser.add_argument("--latency", type=float, default=20)
    parser.add_argument("--predict-fps", type=float, default=0)
    parser.add_argument("--down", action="append", default=[])
    parser.add_argument("--data", action="store_true")
    parser.add_argument("--also", default=None)
    parser.add_argument("--source-width", type=int, default=640)
    parser.add_argument("source", nargs="*", default=["cam=test"])
    options = parser.parse_args()
    host, port = options.listen.rsplit(":", 1)
    asyncio.run(Server(options).run(host, int(port)))


if __name__ == "__main__":
    main()
