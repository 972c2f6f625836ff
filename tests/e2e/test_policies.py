"""Several predictors on one stream, and what may be asked of each: how often, of what part, after whom."""

import json

import harness
import pytest


def predictions(server, count, name=None):
    """So many predictions, of that predictor or of any."""
    taken = []
    answer, _ = harness.open_stream(server, "/streams/cam/predictions", {"Accept": "application/x-ndjson"})
    while len(taken) < count:
        prediction = json.loads(answer.readline())
        if name in (None, prediction["predictor"]):
            taken.append(prediction)
    answer.close()
    return taken


def predictors(server):
    return {one["name"]: one for one in harness.fetch_json(server, "/streams/cam")["predictors"]}


def test_each_predictor_has_a_name_and_figures_of_its_own(server):
    one = server("test", "--predict", "[name=first]test", "--predict", "[name=second]test:20")
    seen = {prediction["predictor"] for prediction in predictions(one, 20)}
    assert seen == {"first", "second"}
    figures = predictors(one)
    assert list(figures) == ["first", "second"]
    for figure in figures.values():
        assert figure["state"] == "running" and figure["seen"] > 0 and figure["restarts"] == 0
        for part in ("latency_ms", "wait_ms", "convert_ms", "run_ms"):
            assert 0 <= figure[part]["p50"] <= figure[part]["p99"]
    assert figures["second"]["run_ms"]["p50"] >= 19
    assert figures["first"]["run_ms"]["p50"] < 19
    assert harness.fetch_json(one, "/streams/cam")["predictor"]["name"] == "first"


def test_streams_have_predictors_of_their_own(server):
    one = server("door=test", "yard=test", "--predict", "[stream=door,width=64]test", "--predict",
                 "[stream=yard,name=second]test", "--predict", "[name=both]test:5")
    names = {name: [each["name"] for each in harness.fetch_json(one, f"/streams/{name}")["predictors"]]
             for name in ("door", "yard")}
    assert names == {"door": ["test", "both"], "yard": ["second", "both"]}


@pytest.mark.parametrize("predict, sentence", [
    (["[stream=gate]test"], "there is no such stream"),
    (["[stream=door]test"] * 9, "stream 'door' is given more than 8 predictors"),
    (["[stream=yard,name=a]test", "[stream=door,after=a]test"], "there is no predictor 'a' before it"),
])
def test_a_predictor_for_no_stream_is_refused(predict, sentence):
    options = [word for each in predict for word in ("--predict", each)]
    done = harness.run("door=test", "yard=test", *options)
    assert done.returncode == 2, done
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer is too slow to count pictures a second")
def test_a_rate_is_kept(server):
    one = server("test", "--predict", "[fps=5]test")
    taken = predictions(one, 11)
    seconds = taken[-1]["captured_at"] - taken[0]["captured_at"]
    assert 1.8 < seconds < 2.2
    assert predictors(one)["test"]["skipped"] == 0, "what is over the rate is not offered, so it is not skipped"


def test_one_that_sees_all_gets_every_picture_although_it_is_slow_at_times(server):
    """60 ms a picture at 20 a second: the newest alone would leave one out in six; twelve wait at the end."""
    one = server("test", "--fps", "20", "--predict", "[all]test:60")
    seqs = [prediction["seq"] for prediction in predictions(one, 60)]
    assert seqs == list(range(seqs[0], seqs[0] + 60))


def test_boxes_of_a_region_are_of_the_whole_picture(server):
    one = server("test", "--predict", "[region=0.5/0.5/0.5/0.5,width=64]test")
    for prediction in predictions(one, 5):
        assert (prediction["width"], prediction["height"]) == (1280, 720)
        [thing] = prediction["objects"]
        x, y, width, height = thing["box"]
        assert abs(width - 0.1) < 0.001 and abs(height - 0.1) < 0.001
        assert x >= 0.5 and abs(y - 0.7) < 0.001


def test_one_may_look_at_what_another_has_found(server):
    one = server("test", "--predict", "test", "--predict", "[name=closer,after=test]test")
    for prediction in predictions(one, 5, "closer"):
        [thing] = prediction["objects"]
        x, y, width, height = thing["box"]
        assert abs(width - 0.04) < 0.003 and abs(height - 0.04) < 0.003, "a fifth of a fifth"
        [said] = prediction["data"]
        assert said["data"] == {"seq": prediction["seq"]}, "the same picture"
        outer = said["box"]
        assert outer[0] - 0.003 <= x and x + width <= outer[0] + outer[2] + 0.003
        assert abs(y - (0.4 + 0.4 * 0.2)) < 0.004


@pytest.mark.parametrize("predict, words", [
    (["[fps=x]test"], "fps=N"),
    (["[after=nobody]test"], "no predictor 'nobody' before it"),
    (["test"] * 9, "is given more than 8 predictors"),
    (["[speed=1]test"], "no such setting"),
    (["test", "[after=test,region=0/0/1/1,name=b]test"], "cannot be asked for together"),
    (["test", "test"], "two predictors are called 'test'"),
])
def test_what_cannot_be_is_told(predict, words):
    arguments = [word for one in predict for word in ("--predict", one)]
    result = harness.run("--listen", "127.0.0.1:0", "test", *arguments)
    assert result.returncode == 2
    *log, sentence = result.stderr.splitlines()
    assert words in sentence and sentence.startswith("framecast: ")
    assert all(line.startswith("info ") for line in log), "of a predictor before it that had begun"
