#!/usr/bin/python3
"""Print what is seen: predictions.py [URL]"""

import asyncio
import json
import sys

import websockets

URL = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8765/ws"


async def main():
    async with websockets.connect(URL) as server:
        async for text in server:
            seen = json.loads(text)
            things = ", ".join(f"{o['label']} at {o['box'][0]:.2f} {o['box'][1]:.2f}" for o in seen["objects"])
            print(f"picture {seen['seq']}: {things or 'nothing'}", flush=True)


asyncio.run(main())
