"""A slow predictor lowers nobody's frame rate, and its results arrive as they are computed."""

import asyncio
import json
import statistics
import time

import harness
import pytest
import websockets


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, harness.seconds(60)))


def test_the_smallest_client_receives_predictions(server):
    """What people write: connect, receive, print."""
    one = server("test", "--predict", "test")

    async def client():
        async with websockets.connect(one.ws_url + "ws") as websocket:
            return [json.loads(await websocket.recv()) for _ in range(5)]

    for prediction in run(client()):
        assert prediction["type"] == "prediction"
        assert prediction["stream"] == "cam"
        assert prediction["predictor"] == "test"
        assert prediction["data"]["seq"] == prediction["seq"]
        assert (prediction["width"], prediction["height"]) == (1280, 720)
        for thing in prediction["objects"]:
            x, y, width, height = thing["box"]
            assert 0 <= x and 0 <= y and x + width <= 1.0001 and y + height <= 1.0001


@pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer is too slow to count pictures a second")
def test_a_predictor_that_sleeps_slows_no_viewer_and_its_results_do_not_clump(server):
    one = server("test", "--predict", "test:100")
    arrivals = []

    async def predictions(until):
        async with websockets.connect(one.ws_url + "ws") as websocket:
            while time.monotonic() < until:
                message = json.loads(await websocket.recv())
                arrivals.append((time.monotonic(), time.time(), message))

    with harness.MjpegReader(one) as viewer:
        viewer.read_part()
        began = time.monotonic()

        async def both():
            until = began + 6
            loop = asyncio.get_running_loop()
            pictures = loop.run_in_executor(None, lambda: count_until(viewer, until))
            await predictions(until)
            return await pictures

        pictures = run(both())
    assert pictures / 6 >= 29, f"{pictures / 6:.1f} pictures a second"

    arrivals[:] = arrivals[3:]
    assert len(arrivals) >= 45
    late = [wall - message["captured_at"] - message["latency_ms"] / 1000 for _, wall, message in arrivals]
    assert max(late) < 0.020, f"arrived {max(late) * 1000:.1f} ms after it was computed"
    gaps = [b[0] - a[0] for a, b in zip(arrivals, arrivals[1:])]
    assert min(gaps) > 0.060, "results came in clumps"
    assert 0.095 < statistics.median(gaps) < 0.140
    seqs = [message["seq"] for _, _, message in arrivals]
    assert seqs == sorted(set(seqs)), "results leave in the order of the pictures"


def count_until(viewer, until):
    count = 0
    while time.monotonic() < until:
        viewer.read_part()
        count += 1
    return count


def test_server_sent_events_and_json_lines(server):
    one = server("test", "--predict", "test")
    connection, head = harness.open_stream(one, "/streams/cam/predictions")
    with connection:
        assert "text/event-stream" in head["content-type"]
        lines = harness.read_lines(connection, 12)
    assert any(line.startswith("data: {") for line in lines)
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    ids = [int(line[4:]) for line in lines if line.startswith("id: ")]
    assert [prediction["seq"] for prediction in data] == ids[:len(data)]

    connection, head = harness.open_stream(one, "/streams/cam/predictions",
                                           {"Accept": "application/x-ndjson"})
    with connection:
        assert head["content-type"] == "application/x-ndjson"
        lines = harness.read_lines(connection, 5)
    assert all(json.loads(line)["type"] == "prediction" for line in lines)


def test_an_unknown_predictor_is_a_wrong_command_line():
    done = harness.run("test", "--predict", "nonsense:x")
    assert done.returncode == 2
    assert "nonsense:x" in done.stderr
    assert done.stderr.count("\n") <= 2


def test_a_file_played_fast_waits_for_its_predictor(server):
    """Every picture is looked at, faster than the clip's ten a second and as slowly as the predictor wants."""
    one = server("--once", "--fast", "--predict", "test:5", harness.VIDEO)

    def ended():
        stream = harness.fetch_json(one, "/streams/cam")
        done = stream["source"]["state"] == "ended" and stream["predictor"]["seen"] >= stream["pictures"]
        return stream if done else None

    stream = harness.wait_until(ended, timeout=60, what="the end of the clip")
    assert stream["pictures"] == 795
    assert stream["predictor"]["seen"] == 795
    assert stream["predictor"]["skipped"] == 0
