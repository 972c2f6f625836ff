"""Worker processes: samples that work, and one that breaks every rule without harm to viewers."""

import contextlib
import json
import os
import pathlib
import re
import socket
import threading
import time

import harness
import pytest
import raw

PYTHON = "/usr/bin/python3"
HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = harness.ROOT / "predictors/workers"
BAD = f"{PYTHON} {HERE / 'bad_worker.py'}"
BUILD = pathlib.Path(harness.PROGRAM).parent


class Predictions:
    """What /streams/cam/predictions gives, collected by a thread."""

    def __init__(self, server):
        self.all = []
        self._connection, _ = harness.open_stream(server, "/streams/cam/predictions",
                                                  {"Accept": "application/x-ndjson"})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            while True:
                self.all += [json.loads(line) for line in harness.read_lines(self._connection, 1) if line]
        except (OSError, EOFError, ValueError, AssertionError):
            return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)  # so that the thread, which may wait in it, lets it go
        self._thread.join(5)
        self._connection.close()


def predictor_of(server):
    return harness.fetch_json(server, "/streams/cam")["predictor"]


def children_of(pid):
    """{pid: state letter} of the processes whose parent it is."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(after_name[1]) == pid:
            children[int(stat.parent.name)] = after_name[0]
    return children


# ---- the samples ----

def brightness(server, command):
    one = server("test", "--predict", f"exec:{command}")
    with Predictions(one) as predictions:
        harness.wait_until(lambda: len(predictions.all) >= 5, timeout=20, what="predictions")
        return predictions.all[:5], one


@pytest.mark.parametrize("command", [
    f"{PYTHON} {SAMPLES / 'brightness.py'}",
    f"node {SAMPLES / 'brightness.mjs'}",
    f"{BUILD / 'predictors/workers/worker-brightness'}",
], ids=["python", "node", "c"])
def test_samples_tell_the_brightness(server, command):
    seen, one = brightness(server, command)
    shades = {round(prediction["data"]["brightness"], 1) for prediction in seen}
    assert shades == {0.4}, "the test picture has a mean luma of about 111"
    assert all(prediction["predictor"] == "exec" for prediction in seen)
    assert "fail" not in one.stderr


def helper_worker(folder, text):
    """A worker of a few lines that uses the helper, and prints as Python does without settings."""
    path = folder / "worker.py"
    path.write_text(f"import sys\nsys.path.insert(0, {str(SAMPLES)!r})\n"
                    f"from framecast_worker import run\n{text}")
    return f"env -u PYTHONUNBUFFERED {PYTHON} {path}"


@pytest.mark.parametrize("form, shape", [
    ("rgb24", (180, 320, 3)), ("bgr24", (180, 320, 3)), ("gray8", (180, 320)), ("nv12", (270, 320))])
def test_helper_gives_arrays_of_every_format(server, tmp_path, form, shape):
    one = server("test", "--predict", "exec:" + helper_worker(tmp_path, f"""
def predict(image, about):
    print("seen", about["seq"])  # must not be taken for an answer
    assert not image.flags.writeable
    return {{"objects": [{{"label": 1, "score": image.mean() / 255, "box": [0, 0, 1, 1]}}],
            "data": [image.shape, about["source_width"], about["seq"]]}}
run(predict, format="{form}", width=320, labels=["a", "b"])
"""))
    with Predictions(one) as predictions:
        harness.wait_until(lambda: len(predictions.all) >= 3, timeout=20, what="predictions")
    for prediction in predictions.all[:3]:
        assert prediction["data"] == [list(shape), 1280, prediction["seq"]]
        assert prediction["objects"][0]["label"] == "b"
        assert 0.3 < prediction["objects"][0]["score"] < 0.6
    harness.wait_until(lambda: f'text="seen {predictions.all[2]["seq"]}"' in one.stderr, what="what it printed")


def test_standard_error_is_logged_with_the_stream_and_the_name(server, tmp_path):
    """Until it says what it is called, that is its command."""
    helper_worker(tmp_path, """
sys.stderr.write('loading "eyes"\\n')
def predict(image, about):
    print("seen", about["seq"], file=sys.stderr)
run(predict, format="gray8", width=64, name="sharp eyes")
""")
    command = f"{PYTHON} ./worker.py"
    one = server("door=test", "yard=test", "--predict", f"exec:{command}", cwd=tmp_path)

    def lines(stream, name, text):
        line = f'info worker: standard error stream={stream} name="{re.escape(name)}" text="{text}"'
        return re.findall(f"^{line}$", one.stderr, re.MULTILINE)

    for stream in ("door", "yard"):
        harness.wait_until(lambda: lines(stream, "sharp eyes", r"seen \d+"), timeout=20, what="what it wrote")
        assert len(lines(stream, command, "loading 'eyes'")) == 1, one.stderr


def test_helper_gives_jpegs_and_batches_and_reports_exceptions(server, tmp_path):
    one = server("test", "--predict", "exec:" + helper_worker(tmp_path, """
def predict(images, abouts):
    if abouts[0]["seq"] % 4 == 0:
        raise KeyError("every fourth")
    return [{"data": bytes(image[:2]).hex()} for image in images]
run(predict, format="jpeg", batch=4)
"""))
    with Predictions(one) as predictions:
        harness.wait_until(lambda: len(predictions.all) >= 10, timeout=20, what="predictions")
        told = harness.wait_until(lambda: (p := predictor_of(one))["failed"] >= 2 and p, what="failures")
    assert {prediction["data"] for prediction in predictions.all} == {"ffd8"}
    assert told["state"] == "running"
    assert "why=\"it says: KeyError: 'every fourth'\"" in one.stderr
    assert one.stderr.count("pictures fail") == 1


def test_a_batch_has_what_came_while_the_worker_was_busy(server, tmp_path):
    one = server("test", "--predict", "exec:" + helper_worker(tmp_path, """
import time
def predict(images, abouts):
    time.sleep(0.15)
    return [{"data": [len(images), about["seq"]]} for about in abouts]
run(predict, format="gray8", width=64, batch=4)
"""))
    with Predictions(one) as predictions:
        harness.wait_until(lambda: len(predictions.all) >= 24, timeout=20, what="predictions")
    seen = predictions.all
    assert all(prediction["data"][1] == prediction["seq"] for prediction in seen)
    assert max(prediction["data"][0] for prediction in seen) == 4
    seqs = [prediction["seq"] for prediction in seen]
    assert seqs == sorted(set(seqs))


def test_two_copies_look_at_pictures_at_the_same_time(server, tmp_path):
    one = server("test", "--predict", "exec,copies=2:" + helper_worker(tmp_path, """
import os, time
def predict(image):
    began = time.monotonic()
    time.sleep(0.1)
    return {"data": [os.getpid(), began, time.monotonic()]}
run(predict, format="gray8", width=64)
"""))
    with Predictions(one) as predictions:
        harness.wait_until(lambda: len({prediction["data"][0] for prediction in predictions.all}) == 2,
                           timeout=20, what="both copies")
        before = len(predictions.all)
        harness.wait_until(lambda: len(predictions.all) >= before + 12, timeout=20, what="predictions")
    looks = [prediction["data"] for prediction in predictions.all[before:]]
    together = [look for look in looks if any(
        look[0] != other[0] and look[1] < other[2] and other[1] < look[2] for other in looks)]
    assert len(together) >= 8, looks


# ---- misbehaviour ----

WHY = {
    "crash": r"it ended with status 139 \(signal 11|it was ended by signal 11",
    "hang": r"it did not answer in time",
    "rubbish": r"it wrote what is no result: .Loading model... done",
    "long_line": r"it wrote a line of more than 1048576 bytes",
    "close": r"it closed its standard output|it did not answer in time",
    "write": r"it ended with status 139 \(signal 11|it was ended by signal 11",
}


@pytest.mark.parametrize("how", WHY)
def test_misbehaviour_costs_viewers_nothing(server, how):
    one = server("test", "--fps", "10", "--width", "320", "--predict", f"exec,deadline=0.5:{BAD} {how}")
    with harness.MjpegReader(one) as viewer, Predictions(one) as predictions:
        seqs, deadline = [], time.monotonic() + harness.seconds(40)

        def lives():
            return len({prediction["data"]["pid"] for prediction in predictions.all})

        while lives() < 3 and time.monotonic() < deadline:
            seqs.append(viewer.read_part().seq)
        assert lives() >= 3, f"predictions do not resume\n{one.stderr}"
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a viewer lost a picture"
    assert len(seqs) > 15
    told = [line for line in one.stderr.splitlines() if line.startswith("warn predict: pictures fail")]
    assert len(told) == 1, one.stderr
    assert re.search(WHY[how], told[0]), told[0]
    assert one.stderr.count("predictor is down") == 0
    if how == "write":
        assert "refused: map write cut reopen unprotect" in one.stderr


ANSWERS = """read -r hello; echo '{"ready":true,"format":"gray8"}'
while read -r line; do seq=${line#*:}; echo '{"seq":'${seq%%,*}'}'; done
"""


@pytest.mark.parametrize("fault, why", [
    ("sleep 1000", "it did not answer in time"),
    ("./no-such-worker", "it ended with status 127: the command was not found"),
], ids=["silent", "missing"])
def test_a_worker_that_is_never_ready_is_told_once_and_tried_again(server, tmp_path, fault, why):
    """Three lives fail, and the fourth works."""
    lives, worker = tmp_path / "lives", tmp_path / "worker"
    worker.write_text(f"printf x >>{lives}\n[ $(wc -c <{lives}) -gt 3 ] || exec {fault}\n{ANSWERS}")
    one = server("test", "--fps", "10", "--width", "320", "--predict", f"exec,start=0.5:. {worker}")
    with harness.MjpegReader(one) as viewer, Predictions(one) as predictions:
        seqs, deadline = [], time.monotonic() + harness.seconds(40)
        while not predictions.all and time.monotonic() < deadline:
            seqs.append(viewer.read_part().seq)
        assert predictions.all, f"it is not tried again\n{one.stderr}"
    assert lives.stat().st_size >= 4
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a viewer lost a picture"
    assert len(seqs) > 30
    lines = [line for line in one.stderr.splitlines() if " predict: " in line]
    assert len(lines) == 2, one.stderr
    assert lines[0] == "warn predict: predictor is down stream=cam name=exec " \
        f'why="the worker is not ready: {why}"'
    assert lines[1] == "info predict: predictor is running stream=cam name=exec"


def test_a_wrong_spec_is_a_wrong_command_line():
    done = harness.run("test", "--predict", "exec,copies=99:x")
    assert done.returncode == 2
    assert "copies goes from 1 to 8" in done.stderr


def test_no_zombie_and_no_descriptor_is_left(server):
    """The unit test counts a thousand restarts; this one looks at the program from outside."""
    one = server("test", "--predict", f"exec:{BAD} crash")
    fds = pathlib.Path(f"/proc/{one.pid}/fd")

    def restarted(times):
        return harness.wait_until(lambda: predictor_of(one)["restarts"] >= times
                                  and predictor_of(one)["state"] == "running", timeout=30,
                                  what=f"{times} restarts")

    restarted(1)
    before = len(list(fds.iterdir()))
    restarted(4)
    harness.wait_until(lambda: len(list(fds.iterdir())) <= before + 1, what="as many descriptors as before")
    assert len(children_of(one.pid)) <= 1
    assert "Z" not in children_of(one.pid).values() or predictor_of(one)["state"] != "running"


def test_the_end_of_the_server_ends_its_workers(server):
    one = server("test", "--predict", f"exec,copies=2,deadline=100:{BAD} hang")
    harness.wait_until(lambda: predictor_of(one)["seen"] >= 2, timeout=20, what="results")
    harness.wait_until(lambda: len(children_of(one.pid)) == 2, what="both workers")
    workers = children_of(one.pid)
    assert len(workers) == 2
    began = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - began < harness.seconds(5)
    assert not [pid for pid in workers if os.path.exists(f"/proc/{pid}")]


def test_a_worker_that_outlives_its_input_is_asked_to_end(server, tmp_path):
    """It hears SIGTERM, has time to do something about it, and its last words are in the log."""
    (tmp_path / "worker").write_text(f"""trap 'sleep 0.2; echo "it was asked" >&2; exit 0' TERM
{ANSWERS}
while :; do sleep 0.1; done
""")
    one = server("test", "--width", "320", "--predict", "exec:. ./worker", cwd=tmp_path)
    harness.wait_until(lambda: predictor_of(one)["seen"] >= 2, timeout=20, what="results")
    assert "asked" not in one.stderr
    assert one.stop() == 0
    line = 'info worker: standard error stream=cam name=". ./worker" text="it was asked"'
    assert line in one.stderr.splitlines(), one.stderr


# ---- pairs ----

@pytest.mark.parametrize("how, batch", [("number", 1), ("numbers", 4)])
def test_pictures_and_predictions_pair_by_seq_under_load_restarts_and_skips(server, how, batch):
    """The number drawn into a picture is read by two workers, which are slow and crash, and by a viewer."""
    one = server("published", "--predict", f"exec,copies=2:{BAD} {how}")
    drawn = {}
    with Predictions(one) as predictions, raw.WebSocket(one, "/publish/cam") as publisher, \
            harness.MjpegReader(one) as viewer:
        notice = viewer.read_part()
        harness.wait_until(lambda: predictor_of(one)["state"] == "running", timeout=20, what="workers")
        number = 0
        deadline = time.monotonic() + harness.seconds(40)
        while time.monotonic() < deadline:
            number += 1
            publisher.send(raw.BINARY, harness.make_jpeg(number * 7919, 320, 64))
            part = viewer.read_part()
            drawn[part.seq] = harness.read_seq(part.body)
            assert drawn[part.seq] == number * 7919
            if len({p["data"]["pid"] for p in predictions.all}) >= 5 and number >= 200:
                break
        told = predictor_of(one)
    assert notice.seq not in drawn
    assert told["restarts"] >= 2 and told["skipped"] >= 10, told
    assert len(predictions.all) >= 75
    assert max(prediction["data"]["batch"] for prediction in predictions.all) == batch
    for prediction in predictions.all:
        assert prediction["data"]["number"] == drawn[prediction["seq"]]
    seqs = [prediction["seq"] for prediction in predictions.all]
    assert seqs == sorted(set(seqs)), "results leave in the order of the pictures"
