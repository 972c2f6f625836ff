#!/usr/bin/python3
"""Publish drawn pictures: publish.py URL [COUNT]"""

import asyncio
import io
import json
import sys

import websockets
from PIL import Image, ImageDraw

URL = sys.argv[1]  # ws://127.0.0.1:8765/publish/drawn?ack=1
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 10**9
GROUND = Image.linear_gradient("L").resize((640, 360)).convert("RGB")


def picture(number):
    image = GROUND.copy()
    x = number * 8 % 560
    ImageDraw.Draw(image).rectangle((x, 140, x + 80, 220), fill="orange")
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG")
    return jpeg.getvalue()


async def main():
    async with websockets.connect(URL) as server:
        for number in range(COUNT):
            await server.send(picture(number))
            answer = json.loads(await server.recv())
            if answer["type"] != "ack":
                sys.exit(answer["message"])
            if number % 25 == 0:
                print(f"the server has picture {answer['seq']}", flush=True)
            await asyncio.sleep(1 / 25)


asyncio.run(main())
