"""Pictures that programs push to /publish/NAME, whole and broken ones."""

import contextlib
import io
import json
import random
import struct

import pytest
from PIL import Image

import harness
import raw

LIMIT = 32 * 1024 * 1024


@pytest.fixture
def site(server):
    return server("published", "other=test")


def publish(server, query="", **options):
    return raw.WebSocket(server, f"/publish/cam{query}", **options)


def send(publisher, jpeg):
    publisher.send(raw.BINARY, jpeg)


def source_of(server):
    return harness.fetch_json(server, "/streams/cam")["source"]


def frames(server):
    """A viewer of /frames that has seen the notice which stands there before the first picture."""
    viewer = raw.WebSocket(server, "/streams/cam/frames")
    viewer.receive()
    return viewer


def progressive(seq):
    out = io.BytesIO()
    Image.open(io.BytesIO(harness.make_jpeg(seq))).save(out, "JPEG", progressive=True)
    return out.getvalue()


# ---- whole pictures ----

def test_pictures_pass_byte_for_byte(server):
    one = server("published")
    pictures = [harness.make_jpeg(seq, 320 + 16 * seq, 240) for seq in range(5)] + [progressive(5)]
    with publish(one) as publisher, frames(one) as by_websocket, \
            harness.MjpegReader(one) as by_multipart:
        notice = by_multipart.read_part()
        seqs = []
        for jpeg in pictures:
            send(publisher, jpeg)
            assert by_websocket.receive() == jpeg
            part = by_multipart.read_part()
            assert part.body == jpeg
            seqs.append(part.seq)
        assert seqs == list(range(notice.seq + 1, notice.seq + 1 + len(pictures)))
    told = harness.fetch_json(one, "/streams/cam")
    assert told["passed"] >= len(pictures)
    assert told["source"]["corrupt"] == 0


def test_a_picture_that_comes_in_many_frames_is_one(server):
    one = server("published")
    jpeg = harness.make_jpeg(1)
    with publish(one) as publisher, frames(one) as viewer:
        pieces = [jpeg[at:at + 100] for at in range(0, len(jpeg), 100)]
        for number, piece in enumerate(pieces):
            publisher.send(raw.BINARY if number == 0 else raw.CONTINUATION, piece,
                           fin=number == len(pieces) - 1)
            if number == 3:
                publisher.send(raw.PING, b"between")
        assert viewer.receive() == jpeg


def test_bytes_after_the_picture_are_not_passed_on(server):
    """Cameras pad; viewers should get the picture."""
    one = server("published")
    jpeg = harness.make_jpeg(1)
    with publish(one) as publisher, frames(one) as viewer:
        send(publisher, jpeg + b"\0" * 1000)
        assert viewer.receive() == jpeg


def test_the_largest_picture_passes(server):
    """A valid JPEG of exactly the limit: comments fill it."""
    one = server("published")
    jpeg = harness.make_jpeg(1)
    missing = LIMIT - len(jpeg)
    comment = b"\xff\xfe" + struct.pack(">H", 60_002) + bytes(60_000)
    count = missing // len(comment) - 1
    rest = missing - count * len(comment)
    halves = b"".join(b"\xff\xfe" + struct.pack(">H", half - 2) + bytes(half - 4)
                      for half in (rest // 2, rest - rest // 2))
    large = jpeg[:2] + comment * count + halves + jpeg[2:]
    assert len(large) == LIMIT
    with publish(one, timeout=30) as publisher, frames(one) as viewer:
        viewer.socket.settimeout(harness.seconds(30))
        send(publisher, large)
        assert viewer.receive() == large
    assert source_of(one)["corrupt"] == 0


def test_acknowledgements_grow(site):
    with publish(site, "?ack=1") as publisher:
        seqs = []
        for number in range(10):
            send(publisher, harness.make_jpeg(number))
            told = json.loads(publisher.receive())
            assert told["type"] == "ack"
            seqs.append(told["seq"])
    assert seqs == list(range(seqs[0], seqs[0] + 10))


def test_every_picture_that_is_published_is_predicted_on_or_counted(server):
    one = server("published", "--predict", "test")
    with publish(one, "?ack=1") as publisher, raw.WebSocket(one, "/ws") as predictions:
        for number in range(5):
            send(publisher, harness.make_jpeg(number, 320, 240))
            seq = json.loads(publisher.receive())["seq"]
            assert json.loads(predictions.receive())["seq"] == seq


# ---- who may ----

def test_a_second_publisher_is_refused_and_the_first_goes_on(site):
    with publish(site, "?ack=1") as first, publish(site) as second:
        with pytest.raises(raw.Closed) as closed:
            second.receive()
        assert closed.value.code == 1008
        assert "publish" in closed.value.reason
        send(first, harness.make_jpeg(1))
        assert json.loads(first.receive())["type"] == "ack"

    def goes_on():
        """The place is free once the server has seen the first publisher go."""
        try:
            with publish(site, "?ack=1") as third:
                send(third, harness.make_jpeg(2))
                return json.loads(third.receive())["type"] == "ack"
        except (raw.Closed, ConnectionError):
            return False

    harness.wait_until(goes_on, what="a publisher after the first")


def test_a_stream_with_a_source_of_its_own_takes_no_publisher(site):
    with raw.WebSocket(site, "/publish/other") as publisher:
        with pytest.raises(raw.Closed) as closed:
            publisher.receive()
    assert closed.value.code == 1008
    assert "published" in closed.value.reason


def test_text_is_1003(site):
    with publish(site) as publisher:
        publisher.send_text("a picture")
        assert publisher.read_close() == 1003


# ---- broken pictures ----

def with_size(jpeg, width, height):
    """The same with another size in its header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4:]


WHOLE = harness.make_jpeg(7)
NOISE = random.Random(1).randbytes(20_000)
BROKEN = {
    "empty": b"",
    "one byte": b"\xff",
    "only its ends": b"\xff\xd8\xff\xd9",
    "cut short": WHOLE[:len(WHOLE) // 2],
    "without its end": WHOLE[:-2],
    "cut in its header": WHOLE[:20],
    "random": NOISE,
    "random after a beginning": b"\xff\xd8\xff" + NOISE,
    "another format": b"\x89PNG\r\n\x1a\n" + NOISE,
    "65535 x 65535": with_size(WHOLE, 65535, 65535),
    "no pixels": with_size(WHOLE, 0, 0),
    "16384 x 16384": with_size(WHOLE, 16384, 16384),
    "endless markers": b"\xff\xd8" + b"\xff" * 100_000,
    "a segment of no length": b"\xff\xd8\xff\xe0\0\0" + WHOLE[4:],
}


def test_broken_pictures_are_told_and_counted_and_harm_nobody(site):
    with publish(site, "?ack=1") as publisher, frames(site) as viewer, \
            raw.Watching(site, "/streams/other.mjpg") as other:
        for number, (name, broken) in enumerate(BROKEN.items(), 1):
            send(publisher, broken)
            told = json.loads(publisher.receive())
            assert told["type"] == "error" and told["code"] == "bad_picture", name
            assert len(told["message"]) > 10, name
            assert source_of(site)["corrupt"] == number, name
            jpeg = harness.make_jpeg(number)
            send(publisher, jpeg)
            assert json.loads(publisher.receive())["type"] == "ack"
            assert viewer.receive() == jpeg, name
        other.wait_for_more()
        assert source_of(site)["state"] == "up"
    seqs = [part.seq for part in other.parts]
    if not harness.SANITIZER:
        assert len(seqs) >= (seqs[-1] - seqs[0]) * 0.9, "another stream lost pictures"


def test_pictures_that_only_an_encoder_finds_broken_do_not_end_the_others(site):
    """The outside is in order and the inside is noise: whoever wants another size needs pixels."""
    at = WHOLE.index(b"\xff\xda")
    noise = bytes(byte for byte in NOISE if byte != 0xff)
    inside = WHOLE[:at + 14] + noise + b"\xff\xd9"
    with publish(site) as publisher, \
            harness.MjpegReader(site, "/streams/cam.mjpg?width=160") as viewer:
        viewer.read_part()
        for number in range(5):
            send(publisher, inside)
            send(publisher, with_size(WHOLE, 8000, 8000))
        whole = harness.make_jpeg(9, 640, 480)
        send(publisher, whole)

        def has_come():
            return harness.size_of(viewer.read_part().body) == (160, 120)

        harness.wait_until(has_come, what="the whole picture, scaled")


def test_a_message_over_32_mib_is_1009(site):
    with publish(site, timeout=30) as publisher, frames(site) as viewer, \
            raw.Watching(site, "/streams/other.mjpg") as other:
        publisher.send(raw.BINARY, b"\xff\xd8\xff", claimed=LIMIT + 1)
        assert publisher.read_close() == 1009
        viewer.receive()  # the notice that the publisher is gone
        with publish(site, timeout=30) as again:
            again.send(raw.BINARY, bytes(LIMIT // 2), fin=False)
            again.send(raw.CONTINUATION, bytes(LIMIT // 2), fin=False)
            again.send(raw.CONTINUATION, b"\0", fin=True)
            assert again.read_close() == 1009
        other.wait_for_more()


def test_a_publisher_that_does_not_read_its_acknowledgements_is_bounded(site):
    """It is closed, and its memory given back, instead of growing."""
    with publish(site, "?ack=1", receive_buffer=4096) as publisher:
        before = harness.resident_memory(site.pid)
        with contextlib.suppress(OSError):  # it may be gone before all is sent
            for _ in range(200):
                publisher.socket.sendall(raw.frame(raw.BINARY, b"") * 10_000)
        assert harness.resident_memory(site.pid) - before < 64_000_000
        with contextlib.suppress(OSError, EOFError):
            assert publisher.read_close() == 1013
    harness.wait_until(lambda: source_of(site)["state"] == "down", what="its leaving")


# ---- coming and going ----

def test_a_publisher_vanishes_and_another_comes(server):
    one = server("published")
    with raw.Live(one) as live, frames(one) as viewer, raw.Watching(one) as watching:
        live.ask("subscribe", "cam")
        for round_ in range(5):
            publisher = publish(one)
            jpeg = harness.make_jpeg(round_, 320, 240)
            began = len(watching.times)
            send(publisher, jpeg)
            while viewer.receive() != jpeg:
                pass
            while live.next_picture().jpeg != jpeg:
                pass
            harness.wait_until(lambda: any(part.body == jpeg for part in list(watching.parts)), 3,
                               "the picture at an MJPEG viewer")
            if round_ % 2:  # in the middle of a picture
                publisher.socket.sendall(raw.frame(raw.BINARY, jpeg)[:5000])
            publisher.vanish()
            harness.wait_until(lambda: source_of(one)["state"] == "down", what="its leaving")
            assert "publisher" in source_of(one)["error"]
            notice = viewer.receive()
            assert notice != jpeg and harness.size_of(notice) == (320, 240)
            assert len(watching.times) > began
    assert source_of(one)["pictures"] == 5


def test_without_a_publisher_a_picture_says_so(server):
    one = server("published")
    with harness.MjpegReader(one) as viewer:
        assert harness.size_of(viewer.read_part().body) > (0, 0)
    assert source_of(one) == {"kind": "published", "state": "connecting", "error": "waiting for a publisher",
                              "pictures": 0, "corrupt": 0, "restarts": 0}
