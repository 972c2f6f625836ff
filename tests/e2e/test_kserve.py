"""A model on an inference server, which fake_inference.py plays: binary tensors over HTTP."""

import json
import time

import harness
import pytest
from fake_inference import BOXES, SCORES, Answer, inference


def predictors(server):
    return {one["name"]: one for one in harness.fetch_json(server, "/streams/cam")["predictors"]}


def predictor(server):
    [one] = predictors(server).values()
    return one


def seen_at_least(server, count):
    harness.wait_until(lambda: predictor(server)["seen"] >= count, 10, f"{count} predictions")


def one_prediction(server):
    answer, _ = harness.open_stream(server, "/streams/cam/predictions", {"Accept": "application/x-ndjson"})
    with answer:
        return json.loads(answer.readline())


def lines(server, *words):
    return [line for line in server.stderr.splitlines() if all(word in line for word in words)]


def the_line(server, *words):
    """The only line with these words, which may still be on its way."""
    harness.wait_until(lambda: lines(server, *words), 10, f"a line with {words}")
    [line] = lines(server, *words)
    return line


def test_boxes_come_back_from_the_server(server):
    with inference() as model:
        one = server("test", "--predict", model.spec())
        seen_at_least(one, 5)
        prediction = one_prediction(one)
        assert prediction["predictor"] == "kserve"
        assert len(prediction["objects"]) == 1
        assert prediction["objects"][0]["label"] == "face"
        assert prediction["objects"][0]["box"] == [0.25, 0.25, 0.25, 0.5]
        assert model.problems == []
        assert "decoder=ultraface" in the_line(one, "model is known stream=cam")


def test_time_outs_cost_their_pictures_only(server):
    with inference() as model:
        one = server("test", "--predict", model.spec() + "?timeout=200")
        seen_at_least(one, 3)
        model.stalls = 2
        harness.wait_until(lambda: predictor(one)["failed"] >= 2, 10, "two time-outs")
        seen_at_least(one, predictor(one)["seen"] + 5)
        assert predictor(one)["state"] == "running"
        assert "gave no answer within 200 ms" in the_line(one, "pictures fail")
        assert not lines(one, "is down")


def test_viewers_lose_nothing_to_a_server_that_never_answers(server):
    """And its time-out holds up nobody who wants to end the program."""
    with inference() as model:
        one = server("test", "--fps", "15", "--width", "320", "--predict", model.spec() + "?timeout=60000")
        seen_at_least(one, 3)
        model.stalls = 1000
        with harness.MjpegReader(one) as viewer:
            seqs = [part.seq for part in viewer.read_parts(31)]
        assert seqs[-1] - seqs[0] <= 33, "every picture; a busy machine may take one or two"
        assert predictor(one)["state"] == "running"
        began = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - began < harness.seconds(3)
        assert not lines(one, "does not return")
        assert not lines(one, "pictures fail"), "the end of the program is not the server's fault"


def test_a_server_may_come_late_and_go_and_come_back(server):
    with inference(is_there=False) as model:
        one = server("test", "--predict", model.spec())
        harness.wait_until(lambda: predictor(one)["state"] == "down", 10, "that it is down")
        assert "cannot be reached: Couldn't connect to server; start it" in the_line(one, "predictor is down")
        model.come()
        seen_at_least(one, 5)
        the_line(one, "predictor is running")
        assert not lines(one, "pictures fail")

        model.go()
        harness.wait_until(lambda: predictor(one)["failed"] >= 5, 10, "failures")
        the_line(one, "pictures fail")
        assert predictor(one)["state"] == "running"
        model.come()
        seen_at_least(one, predictor(one)["seen"] + 5)
        assert len(lines(one, "predictor is down")) == 1

        model.go()
        model.model("face").is_known = False  # it comes back before its model does
        model.come()
        harness.wait_until(lambda: predictor(one)["state"] == "down", 10, "that it is down")
        asked = model.model("face").asked
        harness.wait_until(lambda: model.model("face").asked >= asked + 2, 20, "a try of each thread")
        model.model("face").is_known = True
        seen_at_least(one, predictor(one)["seen"] + 5)
        assert predictor(one)["state"] == "running"
        counts = {words: len(lines(one, words)) for words in
                  ("predictor is down", "predictor is running", "pictures fail", "model is known")}
        assert counts == {"predictor is down": 2, "predictor is running": 2, "pictures fail": 1, "model is known": 1}


def test_a_model_may_be_replaced_by_another(server):
    """Its server refuses pictures of the size before, and calls that a bad request."""
    with inference() as model:
        one = server("test", "--predict", model.spec())
        seen_at_least(one, 3)
        model.model("face").size = (160, 120)
        harness.wait_until(lambda: predictor(one)["failed"] > 0, 10, "a refusal")
        seen_at_least(one, predictor(one)["seen"] + 5)
        assert "says 400: unexpected shape for input 'input'" in the_line(one, "pictures fail")
        the_line(one, "model is known", "size=320x240")
        the_line(one, "model is known", "size=160x120")
        assert not lines(one, "is down")


def of_document(document):
    return lambda answer: answer.__dict__.update(document=document, tail=b"", json_size=None)


def of_output(which, **changes):
    return lambda answer: answer.output(which, **changes)


def of_answer(**changes):
    return lambda answer: answer.__dict__.update(changes)


def endless(answer):
    """More rows than can be counted, and no numbers: reading them would run past the answer before."""
    answer.output("scores", shape=[1, 1 << 40, 2], size=0)
    answer.output("boxes", shape=[1, 1 << 40, 4], size=0)


# What is done to an answer, and what the log says of it.
FAULTS = {
    "shape": (of_output("scores", shape=[1, 1, 4]), "decoder=ultraface cannot read what the model gave for this "
              "picture: scores f32[1,1,4], boxes f32[1,2,4]"),
    "datatype": (of_output("scores", datatype="INT32"), "output 'scores' has another datatype than the model had"),
    "endless": (endless, "output 'scores' has no shape that could be"),
    "size": (of_output("boxes", size=36), "output 'boxes' is f32[1,2,4] and has 36 bytes"),
    "short": (of_answer(tail=SCORES.tobytes() + BOXES.tobytes()[:-4]), "it ends within output 'boxes'"),
    "name": (of_output("boxes", name="faces"), "the model had no output 'faces'"),
    "missing": (lambda answer: answer.document["outputs"].pop(), "output 'boxes' is missing"),
    "textual": (of_output("scores", parameters={}, data=[0.1, 0.9, 0.9, 0.1]), "'scores' has no binary_data_size"),
    "header-less": (of_answer(json_size=None), "are no JSON"),
    "header-short": (of_answer(json_size=7), "its first 7 bytes of"),
    "header-huge": (of_answer(json_size="9" * 40), "are no JSON"),
    "error": (of_document({"error": "no GPU left"}), "the inference server's answer: no GPU left"),
    "html": (of_document(b"<html>"), "its first 6 bytes of 6 are no JSON"),
    "announced": (of_answer(claims=1 << 40), "its answer is over the limit of 64 MiB"),
    "too-much": (of_answer(tail=bytes(65 << 20), claims=0), "its answer is over the limit of 64 MiB"),
    "cut": (of_answer(claims=1000), "Transferred a partial file"),
    "status": (of_answer(status=500, document={"error": "out of memory"}, tail=b""), "says 500: out of memory"),
    "unloaded": (of_answer(status=404, document={"error": "not ready"}, tail=b""),
                 "does not know the model 'unloaded' (404: not ready)"),
    "silence": (of_answer(is_raw=True, tail=b""), "Server returned nothing"),
}
AT_ONCE = 7  # of 8 that a stream may have
GROUPS = [list(FAULTS)[i:i + AT_ONCE] for i in range(0, len(FAULTS), AT_ONCE)]


def with_each(inference, names):
    """A predictor for each model, of the same name."""
    return [word for name in names for word in ("--predict", f"[name={name},fps=10]{inference.spec(name)}")]


def wait_for_each(server, names, key, more):
    before = predictors(server)
    harness.wait_until(lambda: all(predictors(server)[name][key] >= before[name][key] + more for name in names),
                       20, f"{more} {key} of each")


@pytest.mark.parametrize("names", GROUPS, ids=["-".join(names) for names in GROUPS])
def test_wrong_answers_are_told_of_and_got_over(server, names):
    with inference() as model:
        one = server("test", *with_each(model, names))
        wait_for_each(one, names, "seen", 2)
        for name in names:
            model.model(name).spoil = FAULTS[name][0]
        wait_for_each(one, names, "failed", 2)
        for name in names:
            model.model(name).spoil = None
        wait_for_each(one, names, "seen", 2)
        for name in names:
            assert FAULTS[name][1] in the_line(one, "pictures fail", f"name={name} "), name
            the_line(one, "model is known", f'/{name}"')
            assert predictors(one)[name]["state"] == "running"
        assert not lines(one, "is down")


def of_metadata(**answer):
    return lambda handler: handler.send(Answer(**{"tail": b"", "json_size": None, **answer}))


# What is answered when a model is asked for, and what the log says of it.
BAD_STARTS = {
    "unknown": (of_metadata(status=404, document={"error": "no such"}),
                "does not know the model 'unknown' (404: no such): load it there, or name another"),
    "broken": (of_metadata(status=500, document={"error": "out of memory"}), "says 500: out of memory"),
    "loading": (of_metadata(document={"error": "still loading"}), "cannot be read: still loading"),
    "html": (of_metadata(document=b"<html>"), "metadata of the model cannot be read"),
    "grpc": (of_metadata(document=None, is_raw=True, tail=b"\0\0\x06\4\0\0\0\0\0\0\x05\0\0@\0"),
             "does not answer in HTTP; is that the port for gRPC?"),
}


def test_what_is_wrong_at_the_start_is_told_once_and_waited_for(server):
    with inference() as model:
        for name, (describe, _) in BAD_STARTS.items():
            model.model(name).describe = describe
        one = server("test", *with_each(model, BAD_STARTS))
        # A check by the program, then two tries of each thread, or four of one.
        harness.wait_until(lambda: all(model.model(name).asked >= 5 for name in BAD_STARTS), 20, "several tries")
        for name, (_, why) in BAD_STARTS.items():
            assert predictors(one)[name]["state"] == "down"
            assert why in the_line(one, "predictor is down", f"name={name} ")
            model.model(name).describe = None
        wait_for_each(one, BAD_STARTS, "seen", 2)
        for name in BAD_STARTS:
            the_line(one, "model is known", f'/{name}"')
            the_line(one, "predictor is running", f"name={name}")


def test_a_model_that_does_not_fit_is_refused_with_its_shapes():
    with inference(score_columns=3) as model:
        done = harness.run("test", "--predict", model.spec() + "?decoder=ultraface", "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "scores f32[?,2,3], boxes f32[?,2,4]" in done.stderr
