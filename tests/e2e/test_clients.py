"""The small programs that people write, and those they have, work unchanged."""

import asyncio
import email.utils
import json
import re
import subprocess
import time

import pytest
import websockets

import harness
import raw

needs_real_time = pytest.mark.skipif(harness.SANITIZER != "",
                                     reason="a sanitizer is too slow to count pictures a second")


def run(coroutine, timeout=30):
    return asyncio.run(asyncio.wait_for(coroutine, harness.seconds(timeout)))


def curl(*arguments):
    """Status, headers and body that curl got."""
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", str(harness.seconds(10)), *arguments],
                          capture_output=True, timeout=harness.seconds(15))
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    return harness.Answer(int(lines[0].split(" ")[1]), harness.parse_headers(lines[1:]), body)


def counters(server, name="cam"):
    return harness.fetch_json(server, f"/streams/{name}")


def wait_until_ready(server):
    harness.wait_until(lambda: harness.fetch_json(server, "/readyz").get("status") == "ready",
                       what="a picture")


@pytest.fixture(scope="module")
def ready():
    """One server for all that only look."""
    with harness.Server("test", "door=test", "--width", "640") as one:
        wait_until_ready(one)
        yield one


# ---- WebSocket ----

def test_every_binary_message_of_frames_is_one_jpeg(ready):
    async def client():
        async with websockets.connect(ready.ws_url + "streams/cam/frames", max_size=None) as websocket:
            return [await websocket.recv() for _ in range(10)]

    messages = run(client())
    assert all(isinstance(message, bytes) for message in messages)
    assert {harness.size_of(message) for message in messages} == {(640, 360)}
    assert len(set(messages)) == 10, "a picture came twice"


def test_a_client_that_closes_gets_its_close_answered(ready):
    async def client():
        async with websockets.connect(ready.ws_url + "streams/cam/frames", max_size=None) as websocket:
            await websocket.recv()
            await websocket.close(1000, "enough")
            return websocket.close_code

    assert run(client()) == 1000


def test_compression_that_a_client_offers_does_no_harm(ready):
    """Python's and the browsers' clients offer permessage-deflate by themselves."""
    async def client():
        async with websockets.connect(ready.ws_url + "live", compression="deflate",
                                      subprotocols=["framecast.v1"]) as websocket:
            await websocket.send(json.dumps({"type": "subscribe", "stream": "cam"}))
            return json.loads(await websocket.recv())

    assert run(client())["type"] == "stream"


def test_unknown_stream_closes_a_websocket_with_4000(ready):
    for path in ("streams/nobody/frames", "streams/nobody/predictions", "publish/nobody"):
        async def client():
            async with websockets.connect(ready.ws_url + path) as websocket:
                await websocket.wait_closed()
                return websocket.close_code, websocket.close_reason

        code, reason = run(client())
        assert code == 4000, path
        assert "stream" in reason


# ---- players ----

@pytest.mark.parametrize("path", ["streams/cam.mjpg", "stream", "?action=stream"])
def test_ffmpeg_plays_it(ready, tmp_path, path):
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", ready.url + path,
                           "-frames:v", "10", tmp_path / "p-%d.png"],
                          capture_output=True, text=True, timeout=harness.seconds(30))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    pictures = sorted(tmp_path.iterdir())
    assert len(pictures) == 10
    assert len({picture.read_bytes() for picture in pictures}) > 5, "the pictures do not move"


@pytest.mark.parametrize("path", ["/streams/cam.mjpg", "/stream", "/?action=stream"])
def test_multipart_parts_are_as_a_reader_by_length_expects(ready, path):
    """OpenCV, Home Assistant and the like rely on Content-Length and the boundary alone."""
    before = time.time()
    with harness.MjpegReader(ready, path) as viewer:
        assert viewer.headers["content-type"].startswith("multipart/x-mixed-replace")
        assert "no-store" in viewer.headers["cache-control"]
        assert viewer.headers["x-accel-buffering"] == "no"
        parts = viewer.read_parts(8)
        assert viewer.has_delimiter_after_part()
    for part in parts:
        assert part.headers["content-type"] == "image/jpeg"
        assert re.fullmatch(r"\d{10}\.\d{6}", part.headers["x-timestamp"])
        assert before - 5 < part.timestamp <= part.received_at
        assert harness.size_of(part.body) == (640, 360)
    seqs = [part.seq for part in parts]
    assert seqs == sorted(set(seqs))


def test_the_boundary_that_ends_a_part_does_not_wait_for_the_next(server):
    """A reader by boundary would otherwise see every picture one frame late."""
    one = server("test", "--fps", "0.5", "--width", "320")
    wait_until_ready(one)
    with harness.MjpegReader(one) as viewer:
        viewer.read_part()
        assert viewer.has_delimiter_after_part(timeout=0.5 if not harness.SANITIZER else 2)


# ---- snapshots ----

@pytest.mark.parametrize("path", ["streams/cam.jpg", "snapshot", "?action=snapshot"])
def test_snapshot(ready, path):
    answer = curl(ready.url + path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert harness.size_of(answer.body) == (640, 360)
    assert re.fullmatch(r'"[^"]+"', answer.headers["etag"])
    modified = email.utils.parsedate_to_datetime(answer.headers["last-modified"]).timestamp()
    assert abs(modified - time.time()) < harness.seconds(10)
    assert int(answer.headers["x-frame-seq"]) > 0
    assert re.fullmatch(r"\d{10}\.\d{6}", answer.headers["x-timestamp"])
    assert abs(float(answer.headers["x-timestamp"]) - modified) < 1.001


def test_snapshot_that_is_known_already_is_304(server, tmp_path):
    (tmp_path / "a.jpg").write_bytes(harness.make_jpeg(1))
    one = server(tmp_path / "a.jpg", "--fps", "0.02")  # one picture for the length of the test
    wait_until_ready(one)
    url = one.url + "streams/cam.jpg"
    first = curl(url)
    assert first.status == 200
    for known in (first.headers["etag"], f'"other", {first.headers["etag"]}'):
        second = curl(url, "-H", f"If-None-Match: {known}")
        assert second.status == 304
        assert second.body == b""
        assert second.headers["etag"] == first.headers["etag"]
    assert curl(url, "-H", 'If-None-Match: "other"').status == 200


def test_head_of_a_snapshot(ready):
    answer = curl("--head", ready.url + "streams/cam.jpg")
    assert answer.status == 200
    assert int(answer.headers["content-length"]) > 1000
    assert answer.body == b""


def test_head_of_a_stream_ends(ready):
    answer = curl("--head", ready.url + "streams/cam.mjpg")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")


def test_snapshots_over_one_connection(ready):
    """curl reuses the connection: what an <img> that is reloaded does."""
    urls = [ready.url + "streams/cam.jpg"] * 5
    done = subprocess.run(["curl", "-sS", "-w", "%{num_connects} ", "--max-time", "30",
                           *[word for url in urls for word in ("-o", "/dev/null", url)]],
                          capture_output=True, text=True, timeout=harness.seconds(35))
    assert done.stdout.split() == ["1", "0", "0", "0", "0"]


# ---- events and lines ----

def test_event_source_reader(server):
    one = server("test", "--predict", "test", "--width", "320")
    file, head = harness.open_stream(one, "/streams/cam/predictions", {"Accept": "text/event-stream"})
    with file:
        assert head["content-type"] == "text/event-stream"
        assert "no-store" in head["cache-control"]
        events = []
        while len(events) < 5:
            fields = {}
            while line := file.readline().decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
            if "data" in fields:
                events.append(fields)
    for event in events:
        assert json.loads(event["data"])["seq"] == int(event["id"])


def test_json_lines_with_curl(server):
    one = server("test", "--predict", "test", "--width", "320")
    reader = subprocess.Popen(["curl", "-sSN", "-H", "Accept: application/x-ndjson",
                               one.url + "streams/cam/predictions"], stdout=subprocess.PIPE)
    try:
        seqs = [json.loads(reader.stdout.readline())["seq"] for _ in range(5)]
    finally:
        reader.kill()
        reader.communicate()
    assert seqs == sorted(set(seqs))


# ---- renditions ----

@needs_real_time
def test_eight_viewers_share_one_encoding(ready):
    readers = [harness.MjpegReader(ready, "/streams/cam.mjpg?width=320") for _ in range(8)]
    try:
        for reader in readers:
            assert harness.size_of(reader.read_part().body) == (320, 180)
        before = counters(ready)
        began = time.monotonic()
        received = 0
        while time.monotonic() - began < 3:
            received += sum(len(reader.read_part().body) > 0 for reader in readers)
        after = counters(ready)
    finally:
        for reader in readers:
            reader.close()
    seconds = after["now"] - before["now"]
    assert received / seconds / 8 > 25, "the viewers did not get the pictures: this proves nothing"
    assert (after["encoded"] - before["encoded"]) / seconds < 33


def test_equal_requests_get_equal_bytes(ready):
    with harness.MjpegReader(ready, "/streams/cam.mjpg?width=160&quality=50") as one, \
            harness.MjpegReader(ready, "/streams/cam.mjpg?quality=50&width=160") as two:
        ours = {part.seq: part.body for part in one.read_parts(20)}
        theirs = {part.seq: part.body for part in two.read_parts(20)}
    common = ours.keys() & theirs.keys()
    assert common
    assert all(ours[seq] == theirs[seq] for seq in common)


def test_nothing_is_encoded_without_a_viewer(server):
    one = server("test", "--width", "320")
    wait_until_ready(one)
    seen = counters(one)
    assert seen["encoded"] == 0
    harness.wait_until(lambda: counters(one)["pictures"] > seen["pictures"] + 10, what="pictures")
    assert counters(one)["encoded"] == 0
    with harness.MjpegReader(one) as viewer:
        viewer.read_parts(3)
    harness.wait_until(lambda: counters(one)["viewers"] == 0, what="the viewer's leaving")
    encoded, pictures = counters(one)["encoded"], counters(one)["pictures"]
    harness.wait_until(lambda: counters(one)["pictures"] > pictures + 15, what="pictures")
    assert counters(one)["encoded"] <= encoded + 1, "encoding goes on for nobody"


@needs_real_time
def test_fps_limits_the_rate(ready):
    with harness.MjpegReader(ready, "/streams/cam.mjpg?fps=5") as viewer:
        viewer.read_part()
        began = time.monotonic()
        parts = viewer.read_parts(10)
        rate = 10 / (time.monotonic() - began)
    assert 4 < rate < 6
    assert parts[-1].age < 0.5


def test_width_and_quality(ready):
    answer = {q: curl(f"{ready.url}streams/cam.jpg?width=200&quality={q}") for q in (5, 95)}
    assert {harness.size_of(one.body)[0] for one in answer.values()} == {200}
    assert len(answer[5].body) < len(answer[95].body) / 2
    # Nothing is made larger than it was captured.
    assert harness.size_of(curl(ready.url + "streams/cam.jpg?width=4000").body) == (640, 360)


# ---- refusals ----

def assert_error(answer, status):
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    told = json.loads(answer.body)
    assert set(told) == {"error", "hint"}
    assert len(told["error"]) > 10 and "\n" not in told["error"]
    return told


@pytest.mark.parametrize("query", [
    "fps=0", "fps=-1", "fps=nan", "fps=inf", "fps=many", "fps=", "fps=5x", "fps=1e9", "width=0", "width=15",
    "width=99999999", "width=wide", "quality=0", "quality=101", "quality=best", "width=%zz",
    "width=" + "1" * 60, "width=0x140", "quality=80%00", "fps=5&width=%zz"])
def test_a_query_that_makes_no_sense_is_400(ready, query):
    for path in ("streams/cam.jpg", "streams/cam.mjpg", "snapshot"):
        told = assert_error(curl(f"{ready.url}{path}?{query}"), 400)
        assert query.split("&")[-1].split("=")[0] in told["error"]
    with pytest.raises(raw.Refused) as refused:
        raw.WebSocket(ready, f"/streams/cam/frames?{query}")
    assert refused.value.status == 400


def test_what_a_query_adds_for_others_is_ignored(ready):
    assert curl(ready.url + "streams/cam.jpg?t=12345&cache=no").status == 200


@pytest.mark.parametrize("path", ["streams/nobody", "streams/nobody.jpg", "streams/nobody.mjpg",
                                  "streams/nobody/predictions", "streams/cam.jpg/x", "nothing", "streams/",
                                  "..%2f..%2fetc%2fpasswd", "streams/..%2f..%2fetc%2fpasswd", "%00", "%ff"])
def test_unknown_addresses_are_404(ready, path):
    assert_error(curl("--path-as-is", ready.url + path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_wrong_method_is_405_with_allow(ready, method):
    for path in ("", "streams", "streams/cam.mjpg", "streams/cam.jpg", "healthz"):
        answer = curl("-X", method, ready.url + path)
        assert_error(answer, 405)
        assert {"GET", "HEAD"} <= set(re.split(", *", answer.headers["allow"]))


@pytest.mark.parametrize("path", ["ws", "live", "streams/cam/frames"])
def test_addresses_of_websockets_say_so(ready, path):
    answer = curl(ready.url + path)
    assert_error(answer, 426)
    assert answer.headers["upgrade"] == "websocket"
    assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("path", ["/ws", "/live", "/streams/cam/frames", "/publish/cam"])
def test_a_page_from_elsewhere_may_not_connect(ready, path):
    for origin in ("http://evil.example", "null", "http://127.0.0.1", f"http://127.0.0.1:{ready.port}.evil.example"):
        headers = {"Host": f"127.0.0.1:{ready.port}", "Origin": origin}
        request = raw.upgrade_request(path).replace(b"Host: 127.0.0.1\r\n", b"")
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n" + lines.encode() + b"\r\n")
        with raw.connect(ready) as connection:
            connection.sendall(request)
            assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


def test_our_own_page_may_connect(ready):
    async def client():
        async with websockets.connect(ready.ws_url + "streams/cam/frames", max_size=None,
                                      origin=f"http://127.0.0.1:{ready.port}") as websocket:
            return await websocket.recv()

    assert harness.size_of(run(client())) == (640, 360)


def test_streams_list_is_what_scripts_expect(ready):
    listed = harness.fetch_json(ready, "/streams")
    assert [stream["name"] for stream in listed] == ["cam", "door"]
    for stream in listed:
        assert stream["source"]["state"] == "up" and stream["source"]["error"] is None
        assert (stream["width"], stream["height"], stream["codec"]) == (640, 360, "jpeg")
    assert harness.fetch_json(ready, "/streams/door")["name"] == "door"
