"""A model on an inference server, which a small one of our own plays: binary tensors over HTTP."""

import contextlib
import http.server
import json
import threading
import urllib.request

import harness
import numpy

BOXES = numpy.array([[0.25, 0.25, 0.5, 0.75], [0.1, 0.1, 0.2, 0.2]], numpy.float32)
SCORES = numpy.array([[0.1, 0.9], [0.9, 0.1]], numpy.float32)


class Inference(http.server.ThreadingHTTPServer):
    """Knows the model "face"; `stalls` and `failures` are how many requests go wrong from now on."""

    daemon_threads = True

    def __init__(self, score_columns=2):
        super().__init__(("127.0.0.1", 0), Handler)
        self.score_columns = score_columns
        self.stalls = self.failures = self.requests = 0
        self.released = threading.Event()
        self.problems = []

    @property
    def spec(self):
        return f"kserve://127.0.0.1:{self.server_address[1]}/face"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/v2/models/face":
            self.answer(404, b'{"error": "unknown model"}')
            return
        self.answer(200, json.dumps({"name": "face", "platform": "fake", "inputs": [
            {"name": "input", "datatype": "FP32", "shape": [-1, 3, 240, 320]}], "outputs": [
            {"name": "scores", "datatype": "FP32", "shape": [-1, 2, self.server.score_columns]},
            {"name": "boxes", "datatype": "FP32", "shape": [-1, 2, 4]}]}).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        server.requests += 1
        if server.stalls > 0:
            server.stalls -= 1
            server.released.wait(harness.seconds(30))
            return
        if server.failures > 0:
            server.failures -= 1
            self.answer(500, b'{"error": "out of memory"}')
            return
        length = int(self.headers["Inference-Header-Content-Length"])
        asked = json.loads(body[:length])
        image = numpy.frombuffer(body[length:], numpy.float32).reshape(asked["inputs"][0]["shape"])
        if image.shape != (1, 3, 240, 320) or abs(image).max() > 1.01 or image.std() < 0.05:
            server.problems.append(f"{image.shape} {abs(image).max()} {image.std()}")
        tensors = {"scores": SCORES, "boxes": BOXES}
        names = [output["name"] for output in asked["outputs"]]
        head = json.dumps({"model_name": "face", "outputs": [
            {"name": name, "datatype": "FP32", "shape": [1, *tensors[name].shape],
             "parameters": {"binary_data_size": tensors[name].nbytes}} for name in names]}).encode()
        self.answer(200, head + b"".join(tensors[name].tobytes() for name in names),
                    Inference_Header_Content_Length=str(len(head)))


@contextlib.contextmanager
def inference(**options):
    with Inference(**options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def predictor(server):
    with urllib.request.urlopen(server.url + "streams/cam", timeout=harness.seconds(5)) as answer:
        return json.load(answer)["predictor"]


def one_prediction(server):
    request = urllib.request.Request(server.url + "streams/cam/predictions",
                                     headers={"Accept": "application/x-ndjson"})
    with urllib.request.urlopen(request, timeout=harness.seconds(10)) as answer:
        return json.loads(next(iter(answer)))


def seen_at_least(server, count):
    harness.wait_until(lambda: predictor(server)["seen"] >= count, 10, f"{count} predictions")


def test_boxes_come_back_from_the_server(server):
    with inference() as model:
        one = server("test", "--predict", model.spec)
        seen_at_least(one, 5)
        prediction = one_prediction(one)
        assert prediction["predictor"] == "kserve"
        assert len(prediction["objects"]) == 1
        assert prediction["objects"][0]["label"] == "face"
        assert prediction["objects"][0]["box"] == [0.25, 0.25, 0.25, 0.5]
        assert model.problems == []
        one.stop()
        assert one.stderr.count("model is known stream=cam url=") == 1  # not once for each thread
        assert "decoder=ultraface" in one.stderr


def test_time_outs_cost_their_pictures_only(server):
    with inference() as model:
        one = server("test", "--predict", model.spec + "?timeout=200")
        seen_at_least(one, 3)
        model.stalls = 2
        harness.wait_until(lambda: predictor(one)["failed"] >= 2, 10, "two time-outs")
        seen_at_least(one, predictor(one)["seen"] + 5)
        assert predictor(one)["state"] == "running"
        assert one.stderr.count("pictures fail") == 1
        assert "Timeout" in one.stderr
        assert "predictor is down" not in one.stderr


def test_what_the_server_complains_of_is_logged(server):
    with inference() as model:
        one = server("test", "--predict", model.spec)
        seen_at_least(one, 3)
        model.failures = 3
        harness.wait_until(lambda: predictor(one)["failed"] >= 3, 10, "three failures")
        seen_at_least(one, predictor(one)["seen"] + 5)
        assert predictor(one)["state"] == "running"
        assert "says 500: out of memory" in one.stderr
        assert "predictor is down" not in one.stderr


def test_a_server_that_is_not_there_may_come_later(server):
    with inference() as model:
        spec = model.spec
    one = server("test", "--predict", spec)
    harness.wait_until(lambda: predictor(one)["state"] == "down", 10, "that it is down")
    assert "inference server" in one.stderr


def test_a_model_that_does_not_fit_is_refused_with_its_shapes():
    with inference(score_columns=3) as model:
        done = harness.run("test", "--predict", model.spec + "?decoder=ultraface", "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert "scores f32[?,2,3], boxes f32[?,2,4]" in done.stderr
