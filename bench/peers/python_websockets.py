#!/usr/bin/python3
"""python_websockets.py PORT MODE [SIZE]: the work of bench/server with websockets on uvloop."""

import asyncio
import sys

import uvloop
import websockets

MESSAGE_MAX_BYTES = 64 * 1024 * 1024


class Broadcast:
    """Each client has a task of its own, so each goes at its own pace."""

    def __init__(self, size):
        self.record = b"x" * size
        self.left = {}  # by client: messages it has yet to be sent, and the event that wakes its task

    async def feed(self, client, event):
        while True:
            await event.wait()
            event.clear()
            while self.left[client][0] > 0:
                self.left[client][0] -= 1
                await client.send(self.record)

    async def serve(self, client):
        event = asyncio.Event()
        self.left[client] = [0, event]
        task = asyncio.create_task(self.feed(client, event))
        try:
            async for text in client:
                if isinstance(text, str) and text.startswith("go "):
                    self.go(int(text[3:]))
        finally:
            task.cancel()
            del self.left[client]

    def go(self, count):
        for entry in self.left.values():
            entry[0] += count
            entry[1].set()


async def sink(client):
    async for _ in client:
        pass


async def echo(client):
    async for message in client:
        await client.send(message)


async def main(port, mode, size=1000):
    handler = {"sink": sink, "echo": echo, "broadcast": Broadcast(int(size)).serve}[mode]
    async with websockets.serve(handler, "127.0.0.1", int(port), compression=None,
                                ping_interval=None, max_size=MESSAGE_MAX_BYTES, backlog=4096):
        print(f"ws://127.0.0.1:{port}/", flush=True)
        await asyncio.Future()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(*sys.argv[1:]))
