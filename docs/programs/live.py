#!/usr/bin/python3
"""A client of framecast.v1: live.py URL STREAM [COUNT]"""

import asyncio
import json
import struct
import sys
import time

import websockets

URL, STREAM = sys.argv[1], sys.argv[2]  # ws://127.0.0.1:8765/live cam
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 10**9

# version, kind, stream id, codec, flags, header size, seq, captured (us), width, height, left out
HEADER = struct.Struct(">BBHBBHQQIHH")


def decode(message):
    """A binary message as (fields, picture)."""
    names = ("version", "kind", "stream", "codec", "flags", "header_size", "seq", "captured_us",
             "width", "height", "left_out")
    fields = dict(zip(names, HEADER.unpack_from(message)))
    return fields, message[fields["header_size"]:]


async def main():
    async with websockets.connect(URL, subprotocols=["framecast.v1"], max_size=32 << 20) as server:
        await server.send(json.dumps({"type": "subscribe", "stream": STREAM, "width": 640, "window": 2}))
        count = 0
        async for message in server:
            if isinstance(message, str):
                text = json.loads(message)
                if text["type"] == "error":
                    sys.exit(text["message"])
                if text["type"] == "prediction":
                    print(f"prediction of {text['seq']}: {len(text['objects'])} objects", flush=True)
                continue
            fields, jpeg = decode(message)
            if fields["version"] != 1 or fields["kind"] != 1:
                continue  # of a later version
            await server.send(json.dumps({"type": "ack", "stream": STREAM, "seq": fields["seq"]}))
            age_ms = (time.time() - fields["captured_us"] / 1e6) * 1000
            print(f"picture {fields['seq']}: {fields['width']}x{fields['height']}, {len(jpeg)} bytes, "
                  f"{age_ms:.0f} ms old, {fields['left_out']} left out", flush=True)
            count += 1
            if count == COUNT:
                return


asyncio.run(main())
