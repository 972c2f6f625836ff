"""framecast.v1: several streams over one connection, settings and flow control for each."""

import json
import time

import pytest

import harness
import raw
from raw import Live


@pytest.fixture(scope="module")
def site():
    """Two streams of different sizes, one of them with a predictor's results each way."""
    with harness.Server("cam=test", "door=test", "--width", "320", "--predict", "test") as one:
        harness.wait_until(lambda: all(stream["source"]["state"] == "up"
                                       for stream in harness.fetch_json(one, "/streams")),
                           what="both streams")
        yield one


def counters(server, name="cam"):
    return harness.fetch_json(server, f"/streams/{name}")


# ---- subscribing ----

def test_the_stream_is_described_before_its_first_picture(site):
    with Live(site) as live:
        live.ask("subscribe", "cam")
        first = live.next()
        assert isinstance(first, dict) and first["type"] == "stream"
        assert first["stream"] == "cam"
        assert first["codec"] == "jpeg"
        assert (first["width"], first["height"]) == (320, 180)
        assert first["state"] == "up" and first["error"] is None
        assert first["predictor"] == "test"
        assert live.next_picture().id == first["id"]


def test_the_header_of_a_picture(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False)
        pictures = [live.next_picture() for _ in range(10)]
    for picture in pictures:
        assert (picture.version, picture.kind, picture.codec, picture.header_size) == (1, 1, 1, 32)
        assert picture.flags & 1, "every JPEG is a key frame"
        assert (picture.width, picture.height) == harness.size_of(picture.jpeg) == (320, 180)
        assert abs(time.time() - picture.captured_us / 1e6) < harness.seconds(5)
    seqs = [picture.seq for picture in pictures]
    assert seqs == sorted(set(seqs))


def test_several_streams_over_one_connection(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", width=160)
        live.ask("subscribe", "door")
        ids = {}
        for _ in range(2):
            told = live.next_message("stream")
            ids[told["id"]] = told["stream"]
        assert sorted(ids.values()) == ["cam", "door"]
        seen = {"cam": [], "door": []}
        while min(map(len, seen.values())) < 5:
            picture = live.next_picture()
            seen[ids[picture.id]].append(picture)
        assert {picture.width for picture in seen["cam"]} == {160}
        assert {picture.width for picture in seen["door"]} == {320}
        told = {live.next_message("prediction")["stream"] for _ in range(20)}
        assert told == {"cam", "door"}


def test_predictions_belong_to_pictures_by_seq(site):
    with Live(site) as live:
        live.ask("subscribe", "cam")
        pictures, predictions = {}, {}
        while len(pictures.keys() & predictions.keys()) < 10:
            message = live.next()
            if isinstance(message, raw.Picture):
                pictures[message.seq] = message
            elif message["type"] == "prediction":
                predictions[message["seq"]] = message
    for seq in pictures.keys() & predictions.keys():
        prediction, picture = predictions[seq], pictures[seq]
        assert prediction["data"] == {"seq": seq}, "the predictor looked at another picture"
        assert round(prediction["captured_at"] * 1e6) == picture.captured_us
        assert (prediction["width"], prediction["height"]) == (320, 180)


def test_pictures_or_predictions_alone(site):
    with Live(site) as pictures, Live(site) as predictions:
        pictures.ask("subscribe", "cam", predictions=False)
        predictions.ask("subscribe", "cam", pictures=False)
        kinds = [pictures.next() for _ in range(20)][1:]
        assert all(isinstance(message, raw.Picture) for message in kinds)
        kinds = [predictions.next() for _ in range(20)][1:]
        assert all(message["type"] == "prediction" for message in kinds)


def test_unsubscribe_ends_one_stream_and_not_the_other(site):
    with Live(site) as live:
        live.ask("subscribe", "cam")
        live.ask("subscribe", "door")
        ids = {told["stream"]: told["id"] for told in (live.next_message("stream"), live.next_message("stream"))}
        live.next_picture()
        live.ask("unsubscribe", "cam")
        # The answer to what is asked after it tells that the server has heard both.
        live.ask("update", "cam")
        while (message := live.next_message("error")) and message["code"] != "not_subscribed":
            pass
        live.forget()
        later = [live.next() for _ in range(20)]
        assert not [m for m in later if isinstance(m, raw.Picture) and m.id == ids["cam"]]
        assert not [m for m in later if isinstance(m, dict) and m.get("stream") == "cam"]
        live.ask("subscribe", "cam")
        assert live.next_message("stream")["id"] == ids["cam"], "the id of a stream does not change"
        while live.next_picture().id != ids["cam"]:
            pass


# ---- settings ----

def wait_for_picture(live, is_wanted, timeout=10):
    deadline = time.monotonic() + harness.seconds(timeout)
    while not is_wanted(picture := live.next_picture()):
        assert time.monotonic() < deadline, "no such picture came"
    return picture


def test_update_changes_what_it_names_and_null_takes_it_back(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False, width=160, quality=90)
        large = wait_for_picture(live, lambda picture: picture.width == 160)
        live.ask("update", "cam", quality=5)
        small = wait_for_picture(live, lambda picture: len(picture.jpeg) < len(large.jpeg) * 0.7)
        assert small.width == 160, "an update of one setting changed another"
        live.ask("update", "cam", width=None)
        assert len(wait_for_picture(live, lambda picture: picture.width == 320).jpeg)
        live.ask("update", "cam", quality=None, width=100)
        wait_for_picture(live, lambda picture: picture.width == 100)


@pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer is too slow to count pictures a second")
def test_update_changes_the_rate(site):
    def rate(live, count):
        live.next_picture()
        began = time.monotonic()
        for _ in range(count):
            live.next_picture()
        return count / (time.monotonic() - began)

    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False, fps=5)
        live.next_picture()
        assert 4 < rate(live, 6) < 6
        live.ask("update", "cam", fps=None)
        live.next_picture()
        assert rate(live, 30) > 25
        live.ask("update", "cam", fps=10)
        wait_until_update_is_done(live)
        assert 8 < rate(live, 10) < 12


def wait_until_update_is_done(live):
    """The server answers in order, so what it says to nonsense comes after what it did before."""
    live.ask("nonsense")
    live.next_message("error")
    live.forget()


def test_no_picture_is_older_than_the_one_before_whatever_is_changed(site):
    """A rendition that others watch slowly holds a picture that is older than those seen so far."""
    with Live(site) as slow, Live(site) as live:
        slow.ask("subscribe", "cam", predictions=False, fps=1)
        slow.next_picture()
        live.ask("subscribe", "cam", predictions=False)
        seqs = [live.next_picture().seq for _ in range(15)]
        for settings in ({"fps": 1}, {"fps": None}, {"width": 160}, {"fps": 1, "width": None}):
            live.ask("update", "cam", **settings)
            seqs += [live.next_picture().seq for _ in range(2 if settings.get("fps") else 12)]
    assert seqs == sorted(seqs)


def test_pause_and_resume(site):
    with Live(site) as live:
        live.ask("subscribe", "cam")
        live.next_picture()
        live.ask("pause", "cam")
        wait_until_update_is_done(live)
        before = counters(site)["pictures"]
        harness.wait_until(lambda: counters(site)["pictures"] > before + 10, what="pictures")
        live.ask("nonsense")
        assert live.next()["type"] == "error", "something came while it was paused"
        live.ask("resume", "cam")
        picture = live.next_picture()
        assert picture.seq > before
        assert live.next_message("prediction")["seq"] > before
        assert time.time() - picture.captured_us / 1e6 < harness.seconds(1), "resumed with an old picture"


# ---- flow control ----

@pytest.mark.parametrize("window", [1, 2, 5])
def test_never_more_than_a_window_is_unacknowledged(site, window):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False, window=window)
        pictures = [live.next_picture() for _ in range(window)]
        for _ in range(3):
            before = counters(site)["pictures"]
            harness.wait_until(lambda: counters(site)["pictures"] > before + 5, what="pictures")
            live.ask("nonsense")
            assert isinstance(live.next(), dict), "a picture came beyond the window"
            live.ask("ack", "cam", seq=pictures.pop(0).seq)
            pictures.append(live.next_picture())
            assert time.time() - pictures[-1].captured_us / 1e6 < harness.seconds(1), "an old picture"
        live.ask("ack", "cam", seq=pictures[-1].seq)  # one for all
        for _ in range(window):
            live.next_picture()


def test_a_window_can_be_given_up(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False, window=1)
        live.next_picture()
        live.ask("update", "cam", window=0)
        for _ in range(5):
            live.next_picture()


def test_an_acknowledgement_of_what_was_never_sent_does_no_harm(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False, window=1)
        live.ask("ack", "cam", seq=0)
        live.ask("ack", "cam", seq=2**62)
        for _ in range(3):
            live.ask("ack", "cam", seq=live.next_picture().seq)


def test_left_out_and_received_add_up(server):
    """Published one by one, so that it is known what there was; one loop, so that what one viewer
    got has been offered to the other."""
    one = server("published", "--threads", "1")
    with Live(one, path="/publish/cam", subprotocol=None) as publisher, \
            harness.MjpegReader(one) as fast, Live(one) as slow:
        slow.ask("subscribe", "cam", window=1)
        slow.next_message("stream")
        first = slow.next_picture()  # the notice that nobody publishes yet
        sizes = [7, 1, 12, 3, 0, 5]
        got = []
        seq = 0
        for left_out in sizes:
            for _ in range(left_out + 1):
                seq += 1
                publisher.send(raw.BINARY, harness.make_jpeg(seq, 320, 240))
                while harness.size_of(body := fast.read_part().body) != (320, 240) or \
                        harness.read_seq(body) != seq:
                    pass
            slow.ask("ack", "cam", seq=got[-1].seq if got else first.seq)
            got.append(slow.next_picture())
        assert [picture.left_out for picture in got] == sizes
        assert [harness.read_seq(picture.jpeg) for picture in got] == \
            [sum(sizes[:i + 1]) + i + 1 for i in range(len(sizes))]
        assert sum(picture.left_out + 1 for picture in got) == got[-1].seq - first.seq


def test_a_picture_given_again_after_a_restart_of_the_source_says_so(server):
    one = server("published")
    with Live(one) as live:
        live.ask("subscribe", "cam")
        for number in (1, 2):
            with Live(one, path="/publish/cam", subprotocol=None) as publisher:
                publisher.send(raw.BINARY, harness.make_jpeg(number, 320, 240))
                picture = wait_for_picture(live, lambda p: p.width == 320 and harness.read_seq(p.jpeg) == number)
                assert bool(picture.flags & 2) == (number == 2)
            harness.wait_until(lambda: counters(one)["source"]["state"] == "down", what="its leaving")


# ---- mistakes ----

MISTAKES = [
    ("{", "bad_json"), ("", "bad_json"), ("[]", "bad_json"), ("17", "bad_json"), ("null", "bad_json"),
    ('{"type":"subscribe","type":"ack"}', "bad_json"), ("{}" * 2, "bad_json"),
    ("[" * 4000, "bad_json"),
    ('{"stream":"cam"}', "unknown_type"), ('{"type":"dance","stream":"cam"}', "unknown_type"),
    ('{"type":7,"stream":"cam"}', "unknown_type"),
    ('{"type":"subscribe"}', "bad_member"), ('{"type":"subscribe","stream":null}', "bad_member"),
    ('{"type":"subscribe","stream":"' + "n" * 65 + '"}', "bad_member"),
    ('{"type":"subscribe","stream":"nobody"}', "no_such_stream"),
    ('{"type":"subscribe","stream":"../../etc/passwd"}', "no_such_stream"),
    ('{"type":"update","stream":"door","fps":5}', "not_subscribed"),
    ('{"type":"ack","stream":"door","seq":1}', "not_subscribed"),
    ('{"type":"ack","stream":"cam"}', "bad_member"),
    ('{"type":"ack","stream":"cam","seq":-1}', "bad_member"),
    ('{"type":"ack","stream":"cam","seq":1.5}', "bad_member"),
    ('{"type":"ack","stream":"cam","seq":"1"}', "bad_member"),
    ('{"type":"update","stream":"cam","fps":0}', "bad_member"),
    ('{"type":"update","stream":"cam","fps":"5"}', "bad_member"),
    ('{"type":"update","stream":"cam","fps":1e999}', "bad_"),
    ('{"type":"update","stream":"cam","width":-320}', "bad_member"),
    ('{"type":"update","stream":"cam","width":[]}', "bad_member"),
    ('{"type":"update","stream":"cam","quality":1000}', "bad_member"),
    ('{"type":"update","stream":"cam","window":65}', "bad_member"),
    ('{"type":"update","stream":"cam","window":1.0}', "bad_member"),
    ('{"type":"update","stream":"cam","window":-1}', "bad_member"),
    ('{"type":"update","stream":"cam","pictures":1}', "bad_member"),
    ('{"type":"update","stream":"cam","predictions":"yes"}', "bad_member"),
    ('{"type":"update","stream":"cam","codec":"av1"}', "bad_member"),
]


def test_a_mistake_is_answered_and_nothing_ends(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False)
        for text, code in MISTAKES:
            live.send_text(text)
            told = live.next_message("error")
            assert told["code"].startswith(code), f"{text[:60]}: {told}"
            assert len(told["message"]) > 10
            live.forget()
        assert live.next_picture().width == 320


def test_a_wrong_update_changes_nothing(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", predictions=False)
        live.next_picture()
        live.ask("update", "cam", width=160, quality=1000)
        live.next_message("error")
        live.forget()
        assert {live.next_picture().width for _ in range(5)} == {320}


def test_members_that_nobody_knows_are_ignored(site):
    with Live(site) as live:
        live.ask("subscribe", "cam", colour="red", later={"a": [1, None]})
        assert live.next_message("stream")["stream"] == "cam"


def test_a_binary_message_is_1003(site):
    with Live(site) as live:
        live.send(raw.BINARY, b"\0\1\2")
        assert live.read_close() == 1003


def test_without_the_subprotocol_is_1008(site):
    for offered in (None, "framecast.v2", "FRAMECAST.V1"):
        with Live(site, subprotocol=offered) as live:
            assert "sec-websocket-protocol" not in live.headers
            assert live.read_close() == 1008


def test_the_subprotocol_is_chosen_among_others(site):
    with Live(site, subprotocol="framecast.v2, framecast.v1") as live:
        assert live.headers["sec-websocket-protocol"] == "framecast.v1"


def test_a_message_over_the_limit_is_1009(site):
    with Live(site) as live:
        live.send_text(json.dumps({"type": "nonsense", "more": "x" * 4000}))
        live.next_message("error")
        live.send_text(json.dumps({"type": "subscribe", "stream": "cam", "more": "x" * 100_000}))
        assert live.read_close() == 1009


def test_requests_that_come_in_one_piece_with_the_handshake(site):
    """A client that knows the server need not wait for its answer."""
    text = json.dumps({"type": "subscribe", "stream": "cam"}).encode()
    with Live(site, then=raw.frame(raw.TEXT, text)) as live:
        assert live.next_message("stream")["stream"] == "cam"
        live.next_picture()


def test_more_renditions_than_there_may_be_is_told(server):
    one = server("test", "--width", "320")
    viewers = [Live(one) for _ in range(17)]
    try:
        told = []
        for number, viewer in enumerate(viewers):
            viewer.ask("subscribe", "cam", width=64 + 8 * number)
            viewer.next_message("stream")
            message = viewer.next()
            told.append(message["code"] if isinstance(message, dict) else "picture")
        assert told == ["picture"] * 16 + ["too_many_renditions"]
        # Who is refused may ask for what others have.
        viewers[-1].ask("update", "cam", width=64)
        assert viewers[-1].next_picture().width == 64
    finally:
        for viewer in viewers:
            viewer.close()
