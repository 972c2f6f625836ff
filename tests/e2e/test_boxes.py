"""boxes=1 draws what the predictors saw into the pictures, where they saw it."""

import asyncio
import io
import urllib.error
import urllib.request

import pytest
import websockets
from PIL import Image

import harness
import raw

GRAY = 128
BOX_WIDTH, BOX_Y, BOX_HEIGHT = 0.2, 0.4, 0.2  # what the predictor `test` says


def box_of(seq):
    """x, y, width, height as fractions, of the predictor `test` for that picture."""
    return (seq % 100) * (1 - BOX_WIDTH) / 100, BOX_Y, BOX_WIDTH, BOX_HEIGHT


def flat_jpeg(width=640, height=360):
    out = io.BytesIO()
    Image.new("L", (width, height), GRAY).save(out, "JPEG", quality=90)
    return out.getvalue()


def drawn_box(jpeg):
    """Where the frame is that was drawn on a flat picture, in pixels: left, top, right, bottom; None for nothing."""
    image = Image.open(io.BytesIO(jpeg)).convert("L")
    width, height = image.size
    pixels = image.load()
    # A line that goes through the middle of the box meets its sides only: the caption is above.
    row = int(height * (BOX_Y + BOX_HEIGHT / 2))
    across = [x for x in range(width) if abs(pixels[x, row] - GRAY) > 40]
    if not across:
        return None
    column = across[-1] - 8 if across[-1] - across[0] > 16 else across[0]
    down = [y for y in range(row, height) if abs(pixels[column, y] - GRAY) > 40]
    up = [y for y in range(row, -1, -1) if abs(pixels[column, y] - GRAY) > 40]
    return across[0], up[0], across[-1] + 1, down[-1] + 1


def check_box(jpeg, seq):
    width, height = harness.size_of(jpeg)
    x, y, w, h = box_of(seq)
    left, top, right, bottom = drawn_box(jpeg)
    slack = 2 + width / 200  # the dark line around, and JPEG's own
    assert abs(left - x * width) <= slack and abs(right - (x + w) * width) <= slack, (seq, left, right)
    assert abs(top - y * height) <= 2 * slack and abs(bottom - (y + h) * height) <= slack, (seq, top, bottom)


def snapshot(server, query):
    with urllib.request.urlopen(f"{server.url}streams/cam.jpg{query}", timeout=harness.seconds(10)) as answer:
        return answer.read(), answer.headers


def test_a_lonely_picture_is_shown_at_once_and_again_with_its_own_boxes(server):
    one = server("published", "--predict", "test")
    with raw.WebSocket(one, "/publish/cam") as publisher, \
            harness.MjpegReader(one, "/streams/cam.mjpg?boxes=1") as viewer, \
            harness.MjpegReader(one, "/streams/cam.mjpg") as plain:
        notice, _ = viewer.read_part(), plain.read_part()
        assert "x-boxes-seq" not in notice.headers
        jpeg = flat_jpeg()
        publisher.send(raw.BINARY, jpeg)
        part = viewer.read_part()
        while "x-boxes-seq" not in part.headers:  # unless the prediction was faster
            assert part.body == jpeg
            part = viewer.read_part()
        assert part.seq == notice.seq + 1 == int(part.headers["x-boxes-seq"])
        check_box(part.body, part.seq)
        assert plain.read_part().body == jpeg, "the shared picture stays as it was"

        body, headers = snapshot(one, "?boxes=1&width=320")
        assert int(headers["X-Frame-Seq"]) == int(headers["X-Boxes-Seq"]) == part.seq
        assert harness.size_of(body) == (320, 180)
        check_box(body, part.seq)
        body, headers = snapshot(one, "?boxes=0")
        assert body == jpeg and "X-Boxes-Seq" not in headers


def test_a_moving_picture_carries_the_newest_boxes_there_are(server):
    one = server("published", "--predict", "test")
    with raw.WebSocket(one, "/publish/cam?ack=1") as publisher, \
            harness.MjpegReader(one, "/streams/cam.mjpg?boxes=1&width=480") as viewer:
        viewer.read_part()
        drawn = 0
        for number in range(30):
            publisher.send(raw.BINARY, flat_jpeg())
            publisher.receive()
            part = viewer.read_part()
            if "x-boxes-seq" in part.headers:
                seq = int(part.headers["x-boxes-seq"])
                assert seq <= part.seq
                check_box(part.body, seq)
                drawn += 1
        assert drawn >= 20


def test_equal_requests_share_one_encoding(server):
    one = server("test", "--predict", "test", "--fps", "10")
    path = "/streams/cam.mjpg?boxes=1&width=320"
    with harness.MjpegReader(one, path) as a, harness.MjpegReader(one, path) as b:
        seen = {}
        for _ in range(12):
            part = a.read_part()
            seen[part.seq, part.headers.get("x-boxes-seq")] = part.body
        others = [b.read_part() for _ in range(12)]
        same = [part for part in others if seen.get((part.seq, part.headers.get("x-boxes-seq"))) == part.body]
        assert len(same) >= 8
        stream = harness.fetch_json(one, "/streams/cam")
        assert stream["viewers"] == 2
        assert stream["encoded"] <= stream["pictures"] + 2, "one encoding for each picture, but for the first"


def test_frames_over_websocket_take_it_too(server):
    one = server("published", "--predict", "test")

    async def client():
        async with websockets.connect(one.ws_url + "streams/cam/frames?boxes=1") as viewer:
            await viewer.recv()
            loop = asyncio.get_running_loop()
            publisher = raw.WebSocket(one, "/publish/cam")
            await loop.run_in_executor(None, publisher.send, raw.BINARY, flat_jpeg())
            body = await viewer.recv()
            while drawn_box(body) is None:
                body = await viewer.recv()
            seq = harness.fetch_json(one, "/streams/cam")["seq"]  # there is a notice when the publisher goes
            publisher.close()
            return body, seq

    check_box(*asyncio.run(asyncio.wait_for(client(), harness.seconds(20))))


@pytest.mark.parametrize("value", ["2", "yes", "", "1.0", "true", "-1"])
@pytest.mark.parametrize("address", ["streams/cam.mjpg", "streams/cam.jpg"])
def test_anything_else_is_refused(server, address, value):
    one = server("test", "--predict", "test")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{one.url}{address}?boxes={value}", timeout=harness.seconds(10))
    assert refused.value.code == 400
    assert b"boxes must be 0 or 1" in refused.value.read()


def test_without_a_predictor_it_is_the_plain_picture(server):
    one = server("test")
    harness.wait_until(lambda: harness.fetch_json(one, "/readyz").get("status") == "ready", what="a picture")
    body, headers = snapshot(one, "?boxes=1")
    assert "X-Boxes-Seq" not in headers
    assert harness.size_of(body) == (1280, 720)
