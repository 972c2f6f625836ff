"""A server of framecast.v1 on the websockets package: what `framecast watch` is proven against.

It shares no code with the program, and can misbehave on purpose.
"""

import asyncio
import contextlib
import http
import json
import ssl
import struct
import threading
import time

import websockets

import harness


def picture(seq, jpeg=b"\xff\xd8\xff\xd9", stream_id=1, captured_at=None, left_out=0, codec=1,
            header=b"", version=1, size=(640, 480)):
    """A binary message of framecast.v1; header: bytes of a later version that a client skips."""
    captured_at = time.time() if captured_at is None else captured_at
    return struct.pack(">BBHBBHQQIHH", version, 1, stream_id, codec, 1, 32 + len(header), seq,
                       int(captured_at * 1e6), *size, left_out) + header + jpeg


def prediction(seq, stream="cam"):
    return json.dumps({"type": "prediction", "stream": stream, "seq": seq, "captured_at": time.time(),
                       "predictor": "fake", "latency_ms": 1.5, "width": 640, "height": 480,
                       "objects": [], "data": None})


class FakeLive:
    """Runs `talk(connection)`, a coroutine, for each WebSocket. Use as a context manager.

    connection.path is the request's path; said, in order, what clients sent as text. tls: certificate and key.
    """

    def __init__(self, talk, streams=("cam",), unix=None, answers=None, subprotocol="framecast.v1", tls=None):
        self.talk, self.unix, self.subprotocol, self.tls = talk, unix, subprotocol, tls
        self.answers = {"/streams": (200, json.dumps([{"name": name} for name in streams])),
                        **(answers or {})}
        self.said, self.paths, self.heads, self.failures = [], [], [], []
        self.port = None

    # -- what a talk uses --

    async def hear(self, connection):
        message = json.loads(await connection.recv())
        self.said.append(message)
        return message

    async def accept_subscriptions(self, connection, count=1):
        """Answers each with a description; ids count from 1."""
        for number in range(1, count + 1):
            message = await self.hear(connection)
            assert message["type"] == "subscribe", message
            await connection.send(json.dumps({"type": "stream", "id": number,
                                              "name": message["stream"], "codec": "jpeg"}))

    def said_of(self, kind):
        return [message for message in self.said if message["type"] == kind]

    # -- life --

    async def _request(self, path, headers):
        self.paths.append(path)
        self.heads.append(headers)
        if path in self.answers:
            status, body = self.answers[path]
            return http.HTTPStatus(status), [("Content-Type", "application/json")], body.encode()
        return None

    async def _serve(self, connection, *_):
        try:
            await self.talk(connection)
        except websockets.ConnectionClosed:
            pass
        except BaseException as failure:  # given to the test at its end
            self.failures.append(failure)
            raise

    async def _main(self):
        options = {"process_request": self._request, "compression": None, "max_size": None, "max_queue": None,
                   "subprotocols": [self.subprotocol] if self.subprotocol else None}
        self._end = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self.unix:
            serving = websockets.unix_serve(self._serve, self.unix, **options)
        else:
            if self.tls:
                options["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                options["ssl"].load_cert_chain(*self.tls)
            serving = websockets.serve(self._serve, "127.0.0.1", self.port or 0, **options)
        async with serving as server:
            if not self.unix:
                self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._end.wait()

    @property
    def url(self):
        return f"unix:{self.unix}" if self.unix else f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}"

    def __enter__(self):
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(harness.seconds(5)), "the fake server did not start"
        return self

    def __exit__(self, kind, *_):
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(harness.seconds(10))
        if kind is None:
            assert not self.failures, self.failures
