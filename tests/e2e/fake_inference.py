"""An inference server for the tests: KServe v2 over HTTP, and everything that can go wrong with it."""

import contextlib
import dataclasses
import functools
import http.server
import json
import socket
import threading

import harness
import numpy

BOXES = numpy.array([[0.25, 0.25, 0.5, 0.75], [0.1, 0.1, 0.2, 0.2]], numpy.float32)
SCORES = numpy.array([[0.1, 0.9], [0.9, 0.1]], numpy.float32)


@dataclasses.dataclass
class Model:
    """What the server has under one name, and what goes wrong with it."""
    size: tuple = (320, 240)
    score_columns: int = 2
    is_known: bool = True
    describe: object = None  # instead of the metadata: called with the handler
    spoil: object = None     # called with the Answer to each picture, before it is sent
    asked: int = 0           # for its metadata
    requests: int = 0


@dataclasses.dataclass
class Answer:
    document: object  # JSON, or bytes
    tail: bytes
    status: int = 200
    json_size: object = "true"
    claims: object = None  # Content-Length instead of the true one; 0: chunked
    is_raw: bool = False   # the tail alone, without HTTP

    def output(self, which, **changes):
        [output] = [one for one in self.document["outputs"] if one["name"] == which]
        if "size" in changes:
            output["parameters"]["binary_data_size"] = changes.pop("size")
        output.update(changes)


class Inference:
    """On a port that stays its own while it is away. Any model is known that was not said not to be."""

    def __init__(self, is_there=True, **options):
        # Bound and never listening: others may listen here (if they say SO_REUSEADDR), nobody else.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.address = self._holder.getsockname()
        self.models = {"face": Model(**options)}
        self.problems = []
        self.stalls = 0
        self.released = threading.Event()
        self.connections = set()
        self._server = None
        if is_there:
            self.come()

    def spec(self, model="face"):
        return f"kserve://127.0.0.1:{self.address[1]}/{model}"

    def model(self, name):
        return self.models.setdefault(name, Model(size=(32, 24)))

    def come(self):
        self._server = http.server.ThreadingHTTPServer(self.address, functools.partial(Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def go(self):
        """In the middle of whatever it does."""
        if self._server:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.released.set()
        self.go()
        self._holder.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, inference, *arguments):
        self.inference = inference
        super().__init__(*arguments)

    def setup(self):
        super().setup()
        self.inference.connections.add(self.connection)

    def finish(self):
        self.inference.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self):
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *_):
        pass

    def send(self, answer):
        if answer.is_raw:
            self.wfile.write(answer.tail)
            self.close_connection = True
            return
        head = answer.document
        head = head if isinstance(head, bytes) else json.dumps(head).encode()
        body = head + answer.tail
        self.send_response(answer.status)
        if answer.json_size is not None:
            size = len(head) if answer.json_size == "true" else answer.json_size
            self.send_header("Inference-Header-Content-Length", str(size))
        if answer.claims == 0:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(answer.claims or len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or answer.claims is not None

    def error(self, status, text):
        self.send(Answer({"error": text}, b"", status, json_size=None))

    def do_GET(self):
        model = self.inference.model(self.path.removeprefix("/v2/models/"))
        model.asked += 1
        if model.describe:
            model.describe(self)
        elif not model.is_known:
            self.error(404, "unknown model")
        else:
            width, height = model.size
            self.send(Answer({"name": "face", "platform": "fake", "inputs": [
                {"name": "input", "datatype": "FP32", "shape": [-1, 3, height, width]}], "outputs": [
                {"name": "scores", "datatype": "FP32", "shape": [-1, 2, model.score_columns]},
                {"name": "boxes", "datatype": "FP32", "shape": [-1, 2, 4]}]}, b"", json_size=None))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        model = self.inference.model(self.path.removeprefix("/v2/models/").removesuffix("/infer"))
        model.requests += 1
        if self.inference.stalls > 0:
            self.inference.stalls -= 1
            self.inference.released.wait(harness.seconds(60))
            self.close_connection = True
        elif not model.is_known:
            self.error(404, "unknown model")
        else:
            self.infer(model, body)

    def infer(self, model, body):
        length = int(self.headers["Inference-Header-Content-Length"])
        asked = json.loads(body[:length])
        width, height = model.size
        if asked["inputs"][0]["shape"] != [1, 3, height, width]:
            self.error(400, "unexpected shape for input 'input'")
            return
        image = numpy.frombuffer(body[length:], numpy.float32).reshape(asked["inputs"][0]["shape"])
        if abs(image).max() > 1.01 or image.std() < 0.05:
            self.inference.problems.append(f"{image.shape} {abs(image).max()} {image.std()}")
        tensors = {"scores": SCORES, "boxes": BOXES}
        names = [output["name"] for output in asked["outputs"]]
        answer = Answer({"model_name": "face", "outputs": [
            {"name": name, "datatype": "FP32", "shape": [1, *tensors[name].shape],
             "parameters": {"binary_data_size": tensors[name].nbytes}} for name in names]},
            b"".join(tensors[name].tobytes() for name in names))
        if spoil := model.spoil:
            spoil(answer)
        self.send(answer)


@contextlib.contextmanager
def inference(**options):
    with contextlib.closing(Inference(**options)) as server:
        yield server
