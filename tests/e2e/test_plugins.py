"""Predictors in shared objects: which are taken, what the server makes of them, and what the check says."""

import json
import pathlib
import re
import shutil
import subprocess
import time

import harness
import pytest

BUILD = pathlib.Path(harness.PROGRAM).resolve().parent
CHECK = BUILD / "tests/predictor/predictor_check"
NAUGHTY = BUILD / "server/predict/naughty.so"
MOTION = BUILD / "predictors/motion/motion.so"
PYTHON_WORKER = f"exec:/usr/bin/python3 {harness.ROOT}/predictors/workers/brightness.py"
GUIDE = harness.ROOT / "docs/how-to/plug-in.md"
CASES = ["start", "pictures", "formats", "sizes", "broken pictures", "times", "restarts", "side by side", "stop"]


def refused(name):
    return BUILD / f"server/predict/refused-{name}.so"


def check(spec, deadline_ms=5000):
    """What predictor_check says: its status, the cases that are well, and {case: sentence} of the others."""
    done = subprocess.run([CHECK, "--deadline", str(deadline_ms), str(spec)], capture_output=True, text=True,
                          timeout=harness.seconds(100), stdin=subprocess.DEVNULL)
    assert not harness.SANITIZER_REPORT.search(done.stderr), done.stderr
    good = re.findall(r"^ok   (.*)$", done.stdout, re.MULTILINE)
    bad = dict(re.findall(r"^FAIL (.*?): (.*)$", done.stdout, re.MULTILINE))
    assert len(good) + len(bad) == done.stdout.count("\n"), done.stdout
    return done.returncode, good, bad


# ---- the check ----

@pytest.mark.parametrize("spec", ["motion", MOTION, "test", "test:3", BUILD / "examples/brightness.so", NAUGHTY,
                                  f"exec:{BUILD}/predictors/workers/worker-brightness", PYTHON_WORKER,
                                  f"{NAUGHTY}?format=2&width=64", f"{NAUGHTY}?format=4", refused("later")], ids=str)
def test_those_that_keep_the_rules_pass(spec):
    assert check(spec) == (0, CASES, {})


@pytest.mark.parametrize("deed, case, sentence", [
    ("third", "pictures", r"picture 3 of 640x360 failed: Input/output error"),
    ("lost", "pictures", r"picture 5 of 640x360 ended it: .*"),
    ("one", "pictures", r".*returned 1, which is no negative errno"),
    ("nan", "pictures", r".*object 0: its score or its box is not a number"),
    ("label", "pictures", r".*object 0: its label has no end"),
    ("outside", "pictures", r".*object 0: its box is outside the picture.*"),
    ("many", "pictures", r".*it gave 257 objects, and there is room for 256"),
    ("json", "pictures", r".*data is not JSON: .*"),
    ("writes", "pictures", r"picture 1: it was written to"),
    ("small", "sizes", r"picture \d+ of 1x1 failed: 1x1 is 'too small' "),
    ("leaks", "restarts", r"20 restarts left \d descriptors"),
    ("nosuch", "start", r"the plug-in '.*/naughty\.so' cannot be opened: there is no 'nosuch'"),
])
def test_each_deed_is_found(deed, case, sentence):
    status, _, bad = check(f"{NAUGHTY}?do={deed}", int(harness.seconds(500)))
    assert status == 1
    assert re.fullmatch(sentence, bad[case]), bad


def test_one_that_is_late_is_found():
    status, good, bad = check(f"{NAUGHTY}?do=sleeps", 200)
    assert status == 1
    assert re.fullmatch(r"picture 1 took \d+ ms, and has 200 ms", bad["pictures"])
    assert "start" in good and "stop" in good


def test_one_that_hangs_ends_the_check():
    assert check(f"{NAUGHTY}?do=hangs", 100) == (1, ["start"], {
        "pictures": "a call has not returned within 1000 ms"})


@pytest.mark.parametrize("arguments", [[], ["--deadline"], ["--deadline", "0", "test"], ["--deadline", "x", "test"],
                                       ["test", "test"], ["nonsense:x"]])
def test_wrong_command_line_of_the_check(arguments):
    done = subprocess.run([CHECK, *arguments], capture_output=True, text=True, timeout=harness.seconds(10))
    assert done.returncode == 2
    assert "usage: predictor_check" in done.stderr


# ---- which are taken ----

@pytest.mark.parametrize("spec, sentence", [
    (refused("other-abi"), "was made for ABI 2, and this program has ABI 1"),
    (refused("smaller"), "bytes, and"),
    (refused("no-size"), "without a size"),
    (refused("no-look"), "has no look()"),
    (refused("nothing"), "returned NULL"),
    (refused("no-symbol"), "does not export fc_predictor_get()"),
    ("missing.so", "./missing.so' cannot be read: No such file"),
    (harness.ROOT / "README.md.so", "cannot be read"),
    ("motion?speed=1", "motion has no option 'speed': there are width, "),
    ("motion?width=31", "motion: width takes a number from 32 to 1024"),
    ("motion,nonsense=1", "there is no predictor 'motion,nonsense=1': try motion"),
    (f"{MOTION}?speed=1", "motion.so' cannot be opened: motion has no option 'speed': there are width, "),
    (f"{NAUGHTY}?do=nosuch", "naughty.so' cannot be opened: there is no 'nosuch'"),
    (f"[name=odd]{NAUGHTY}?format=5", "naughty.so' cannot be opened: it asks for a format other than"),
    (f"{BUILD}/examples/brightness.so?dark=yes", "brightness.so' cannot be opened: dark takes a number"),
], ids=str)
def test_what_does_not_fit_is_a_wrong_command_line(spec, sentence):
    done = harness.run("test", "--predict", spec)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_second_of_two_is_looked_at_as_well():
    done = harness.run("test", "--predict", "motion", "--predict", f"{NAUGHTY}?do=nosuch")
    assert done.returncode == 2
    assert "there is no 'nosuch'" in done.stderr
    assert done.stdout == ""


def test_one_that_can_be_opened_later_is_waited_for(server):
    one = server("test", "--predict", f"{NAUGHTY}?later=4")  # a trial, and one for each of three threads
    harness.wait_until(lambda: predictor_of(one)["state"] == "running", what="the camera")
    assert predictions(one, 1)[0]["predictor"] == "naughty"
    one.stop()
    assert one.stderr.count('predictor is down stream=cam name=naughty why="the camera is not there yet"') == 1


def test_path_without_a_slash_is_in_the_working_directory(server):
    one = server("test", "--predict", "naughty.so", cwd=NAUGHTY.parent)
    assert harness.fetch_json(one, "/streams/cam")["predictor"]["name"] == "naughty"


# ---- at work ----

def predictions(one, count):
    file, _ = harness.open_stream(one, "/streams/cam/predictions", {"Accept": "application/x-ndjson"})
    with file:
        return [json.loads(line) for line in harness.read_lines(file, count)]


def predictor_of(one):
    return harness.fetch_json(one, "/streams/cam")["predictor"]


def test_images_are_as_the_plug_in_asks_for(server):
    one = server("test", "--predict", f"{NAUGHTY}?format=2&width=64")
    for seen in predictions(one, 5):
        assert seen["data"] == [64, 36, 1280, 720, 1, "cam"]
        assert (seen["width"], seen["height"]) == (1280, 720)


def test_failed_pictures_are_counted_and_viewers_lose_none(server):
    one = server("test", "--predict", f"{NAUGHTY}?do=third")
    seqs = [seen["seq"] for seen in predictions(one, 30)]
    assert seqs == sorted(set(seqs))
    with harness.MjpegReader(one) as viewer:
        assert len(viewer.read_parts(20)) == 20
    now = harness.wait_until(lambda: (p := predictor_of(one))["failed"] >= 5 and p, what="failures")
    assert now["state"] == "running"
    assert now["seen"] > now["failed"]


def test_one_that_is_lost_is_opened_again(server):
    one = server("test", "--predict", f"{NAUGHTY}?do=lost")
    assert len(predictions(one, 6)) == 6  # each instance sees four


@pytest.mark.parametrize("deed, count", [("nan", 0), ("label", 1), ("outside", 0), ("json", 1)])
def test_viewers_get_only_what_is_promised(server, deed, count):
    one = server("test", "--predict", f"{NAUGHTY}?do={deed}")
    for seen in predictions(one, 5):
        assert len(seen["objects"]) == count
        assert all(len(thing["label"]) <= 63 for thing in seen["objects"])
        assert (seen["data"] is None) == (deed == "json")
    one.stop()
    assert one.stderr.count("objects are not as they should be") == (0 if deed == "json" else 1)


def test_log_has_what_it_says_in_one_line_and_not_too_much(server):
    one = server("test", "--predict", f"{NAUGHTY}?lines=1")
    predictions(one, 1)
    one.stop()
    assert 'warn predict: plug-in stream=cam name=naughty says="cam"\n' in one.stderr
    assert "info predict: plug-in stream=cam name=naughty says=\"good 'bye' \"\n" in one.stderr

    one = server("test", "--predict", f"{NAUGHTY}?lines=1000")
    predictions(one, 1)
    one.stop()
    instances = one.stderr.count("says") / 40
    assert 1 <= instances <= 3 and instances == int(instances)


def test_one_that_hangs_does_not_keep_the_server_from_ending(server):
    one = server("test", "--predict", f"{NAUGHTY}?do=hangs")
    harness.wait_until(lambda: predictor_of(one)["state"] == "running", what="the predictor")
    with harness.MjpegReader(one) as viewer:
        assert len(viewer.read_parts(20)) == 20
    harness.wait_until(lambda: predictor_of(one)["skipped"] > 0, what="a picture in hand")
    began = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - began < harness.seconds(6)
    assert "a predictor does not return" in one.stderr


# ---- making one ----

def commands_of_the_guide():
    return re.findall(r"^    \$ (cc .*)$", GUIDE.read_text(), re.MULTILINE)


def test_commands_of_the_guide_make_a_plug_in(tmp_path):
    for folder in ("include", "examples"):
        (tmp_path / folder).symlink_to(harness.ROOT / folder)
    commands = commands_of_the_guide()
    assert commands
    for command in commands:
        (tmp_path / "brightness.so").unlink(missing_ok=True)
        subprocess.run(["sh", "-c", command.replace("cc ", "cc -std=c17 -Wall -Wextra -Wpedantic -Werror ", 1)],
                       cwd=tmp_path, check=True, timeout=harness.seconds(60))
        assert check(tmp_path / "brightness.so") == (0, CASES, {})


CPP = """
#include <framecast/predictor.h>

static int look(void *, const fc_image *image, fc_result *result)
{
    if (fc_predictor_option("a=1&b=2", "b")[0] != '2') {
        return -1;
    }
    std::strcpy(result->objects[0].label, "seen");
    result->objects[0].width = result->objects[0].height = 1;
    result->object_count = image->width > 0;
    return 0;
}

const fc_predictor *fc_predictor_get()
{
    static const fc_predictor plugin = [] {
        fc_predictor made = {};
        made.size = sizeof(made);
        made.abi = FC_PREDICTOR_ABI;
        made.name = "cpp";
        made.format = FC_IMAGE_BGR24;
        made.look = look;
        return made;
    }();
    return &plugin;
}
"""


@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")
def test_plug_in_may_be_written_in_cpp(tmp_path):
    (tmp_path / "one.cpp").write_text("#include <cstring>\n" + CPP)
    subprocess.run(["c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC",
                    "-fvisibility=hidden", "-I", harness.ROOT / "include", "-o", "one.so", "one.cpp"],
                   cwd=tmp_path, check=True, timeout=harness.seconds(60))
    assert check(tmp_path / "one.so") == (0, CASES, {})
