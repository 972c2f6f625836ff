"""UltraFace in ONNX Runtime on a real clip, against the same model run by other means.

The reference is made without anything of ours: ffmpeg cuts the pictures and scales them, Python
calls the runtime's own entry point through ctypes, and the boxes are picked by numpy.
"""

import ctypes
import json
import os
import shutil
import subprocess
import time
import urllib.request

import harness
import numpy
import pytest

MODELS = harness.ROOT / "build/models"
MODEL = MODELS / "fr_detect.onnx"
CLIP = MODELS / "movie-hello.mp4"
LIBRARY = next(iter(sorted(MODELS.glob("libonnxruntime.so*"))), None)

needs_models = pytest.mark.skipif(
    not (MODEL.exists() and CLIP.exists() and LIBRARY),
    reason="ONNX Runtime, UltraFace or the clip is missing; tools/models.sh build/models fetches them")
unsanitized = pytest.mark.skipif(harness.SANITIZER == "thread",
                                 reason="ONNX Runtime is not built for ThreadSanitizer")
ENVIRONMENT = {"FRAMECAST_ONNXRUNTIME": str(LIBRARY)}


class Runtime:
    """The few calls that a session takes, by their places in the table of onnxruntime_c_api.h."""

    def __init__(self, library, model):
        self.lib = ctypes.CDLL(str(library))
        self.lib.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p * 2)
        get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(self.lib.OrtGetApiBase().contents[0])
        self.table = ctypes.cast(get_api(14), ctypes.POINTER(ctypes.c_void_p * 131)).contents
        environment, options, self.session = (ctypes.c_void_p() for _ in range(3))
        self.call(3, ctypes.c_int(3), b"reference", ctypes.byref(environment))
        self.call(10, ctypes.byref(options))
        self.call(24, options, ctypes.c_int(1))
        self.call(7, environment, str(model).encode(), options, ctypes.byref(self.session))

    def call(self, place, *arguments):
        function = ctypes.CFUNCTYPE(ctypes.c_void_p)(self.table[place])
        function.argtypes = None
        assert not function(*arguments), f"function {place} of the runtime failed"

    def run(self, image):
        info, value = ctypes.c_void_p(), ctypes.c_void_p()
        self.call(69, ctypes.c_int(0), ctypes.c_int(0), ctypes.byref(info))
        shape = (ctypes.c_int64 * 4)(*image.shape)
        self.call(49, info, image.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(image.nbytes), shape,
                  ctypes.c_size_t(4), ctypes.c_int(1), ctypes.byref(value))
        outputs = (ctypes.c_void_p * 2)()
        self.call(9, self.session, None, (ctypes.c_char_p * 1)(b"input"), (ctypes.c_void_p * 1)(value),
                  ctypes.c_size_t(1), (ctypes.c_char_p * 2)(b"scores", b"boxes"), ctypes.c_size_t(2), outputs)
        return [self.floats(outputs[0], 4420 * 2).reshape(-1, 2), self.floats(outputs[1], 4420 * 4).reshape(-1, 4)]

    def floats(self, value, count):
        data = ctypes.c_void_p()
        self.call(51, ctypes.c_void_p(value), ctypes.byref(data))
        return numpy.ctypeslib.as_array(ctypes.cast(data, ctypes.POINTER(ctypes.c_float)), (count,)).copy()


def reference():
    """For each picture of the clip the corners of its best face, or None: 320x240, RGB, (x - 127) / 128."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", CLIP, "-vsync", "passthrough", "-vf", "scale=320:240:flags=bilinear",
                          "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    frames = numpy.frombuffer(raw, numpy.uint8).reshape(-1, 240, 320, 3)
    runtime = Runtime(LIBRARY, MODEL)
    faces = []
    for frame in frames:
        image = numpy.ascontiguousarray(((frame.astype(numpy.float32) - 127) / 128).transpose(2, 0, 1)[None])
        scores, boxes = runtime.run(image)
        best = scores[:, 1].argmax()
        faces.append(boxes[best] if scores[best, 1] >= 0.7 else None)
    return faces


def predictions(server):
    request = urllib.request.Request(server.url + "streams/cam/predictions",
                                     headers={"Accept": "application/x-ndjson"})
    with urllib.request.urlopen(request, timeout=harness.seconds(30)) as answer:
        for line in answer:
            yield json.loads(line)


@needs_models
@unsanitized
def test_the_face_is_found_where_the_reference_has_it():
    faces = reference()
    showing = [i for i, face in enumerate(faces) if face is not None]
    assert len(showing) > len(faces) / 2

    ours = {}
    with harness.Server(CLIP, "--fast", "--predict", f"[all]{MODEL}", env=ENVIRONMENT) as one:
        for count, prediction in enumerate(predictions(one)):
            ours.setdefault((prediction["seq"] - 1) % len(faces), prediction["objects"])
            if count > 3 * len(faces) or len(ours) == len(faces):
                break
        assert "decoder=ultraface layout=nchw size=320x240" in one.stderr

    assert len(ours) == len(faces), "[all] with --fast shows it every picture"
    found = [i for i in showing if ours[i]]
    assert len(found) >= 0.95 * len(showing), f"{len(found)} of {len(showing)}"
    errors = []
    for i in found:
        x, y, width, height = ours[i][0]["box"]
        left, top, right, bottom = numpy.clip(faces[i], 0, 1)
        sides = numpy.array([(x - left) / (right - left), (x + width - right) / (right - left),
                             (y - top) / (bottom - top), (y + height - bottom) / (bottom - top)])
        errors.append(abs(sides).max())
    print(f"found {len(found)} of {len(showing)}; error median {numpy.median(errors):.3f} max {max(errors):.3f}")
    assert max(errors) < 0.10, f"{max(errors):.3f} of a side"


@needs_models
@unsanitized
def test_the_face_keeps_its_track_from_picture_to_picture():
    """The model knows of no tracks: another predictor has the same faces, without."""
    seen = []
    with harness.Server(CLIP, "--predict", f"[name=followed,tracks]{MODEL}", "--predict",
                        f"[name=plain,fps=5]{MODEL}", env=ENVIRONMENT) as one:
        for prediction in predictions(one):
            seen.append(prediction)
            if prediction["captured_at"] - seen[0]["captured_at"] >= 1.5:
                break
    followed = [prediction for prediction in seen if prediction["predictor"] == "followed"]
    assert followed[-1]["captured_at"] - followed[0]["captured_at"] >= 1
    assert len(followed) >= 8
    faces = [face for prediction in followed for face in prediction["objects"]]
    assert len(faces) >= len(followed)
    assert len({face.get("track") for face in faces}) == 1 and faces[0]["track"] > 0, faces
    plain = [face for prediction in seen if prediction["predictor"] == "plain" for face in prediction["objects"]]
    assert plain and not any("track" in face for face in plain), plain


def status(server):
    with urllib.request.urlopen(server.url + "streams/cam", timeout=harness.seconds(5)) as answer:
        return json.load(answer)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost_of_a_picture(*arguments):
    """Processor time for each picture of the clip, in seconds, and the share that was looked at."""
    with harness.Server(CLIP, *arguments, env=ENVIRONMENT) as one:
        harness.wait_until(lambda: status(one)["pictures"] >= 60, 20, "two seconds of the clip")
        before, began = status(one), processor_seconds(one.pid)
        harness.wait_until(lambda: status(one)["pictures"] >= before["pictures"] + 150, 20, "five more", 0.1)
        after, ended = status(one), processor_seconds(one.pid)
    pictures = after["pictures"] - before["pictures"]
    seen = (after["predictor"]["seen"] - before["predictor"]["seen"]) / pictures if arguments else 0
    return (ended - began) / pictures, seen


@needs_models
@pytest.mark.skipif(harness.SANITIZER != "", reason="a sanitizer's own cost says nothing")
def test_at_30_pictures_a_second_it_costs_little_beyond_the_model():
    runtime = Runtime(LIBRARY, MODEL)
    image = numpy.zeros((1, 3, 240, 320), numpy.float32)
    runtime.run(image)
    began = time.process_time()
    for _ in range(100):
        runtime.run(image)
    model = (time.process_time() - began) / 100

    without, _ = cost_of_a_picture()
    with_it, seen = cost_of_a_picture("--predict", MODEL)
    assert seen > 0.9, f"{seen:.0%} of the pictures were looked at"
    beyond = (with_it - without - model * seen) * 30
    print(f"model {model * 1000:.2f} ms; beyond it {beyond:.1%} of a core at 30 pictures a second")
    assert beyond < 0.20, f"{beyond:.1%} of a core"


def refusal(spec, **environment):
    done = harness.run("test", "--predict", spec, "--listen", "127.0.0.1:0",
                       env={**os.environ, **environment})
    assert done.returncode == 2, done.stderr
    return done.stderr


@needs_models
@unsanitized
def test_a_model_that_does_not_fit_is_refused_with_its_shapes():
    said = refusal(f"{MODEL}?decoder=yolo", **ENVIRONMENT)
    assert "scores f32[1,4420,2]" in said and "boxes f32[1,4420,4]" in said
    assert "size= is not the model's" in refusal(f"{MODEL}?size=640x480", **ENVIRONMENT)


@needs_models
@unsanitized
@pytest.mark.parametrize("content", [b"not a model", b"\0", b"\n" * 4096, b"cut"], ids=["text", "zero", "blank", "cut"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    file = tmp_path / "no.onnx"
    file.write_bytes(MODEL.read_bytes()[:100_000] if content == b"cut" else content)
    said = refusal(file, **ENVIRONMENT)
    assert "no.onnx" in said and said.count("\n") == 2


@pytest.mark.parametrize("make, sentence", [
    (lambda file: None, "no.onnx' cannot be read: No such file or directory"),
    (lambda file: file.mkdir(), "no.onnx' cannot be read: Is a directory"),
    (lambda file: file.write_bytes(b""), "no.onnx' is empty"),
    (lambda file: file.symlink_to(file), "no.onnx' cannot be read: Too many levels of symbolic links"),
], ids=["missing", "folder", "empty", "loop"])
def test_a_path_without_a_model_is_refused_before_a_library_is_looked_for(tmp_path, make, sentence):
    file = tmp_path / "no.onnx"
    make(file)
    said = refusal(f"{file}?library=libm.so.6")
    assert sentence in said and said.count("\n") == 1


def test_a_model_that_may_not_be_read_is_refused(tmp_path):
    file = tmp_path / "no.onnx"
    file.write_bytes(b"model")
    file.chmod(0)
    somebody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        done = harness.run("test", "--predict", file, cwd="/", **somebody)
    except PermissionError:
        pytest.skip("others may not run the program where it lies")
    assert done.returncode == 2
    assert done.stderr.endswith("no.onnx' cannot be read: Permission denied\n")


@needs_models
@unsanitized
@pytest.mark.parametrize("make, sentence", [
    (lambda file: None, "labels.txt' cannot be read: No such file or directory"),
    (lambda file: file.mkdir(), "labels.txt' cannot be read: Is a directory"),
    (lambda file: file.write_bytes(b""), "labels.txt' cannot be read: it is empty"),
    (lambda file: file.write_bytes(b"thing\n" * 65537), "labels.txt' cannot be read: it has more than 65536 lines"),
], ids=["missing", "folder", "empty", "long"])
def test_labels_that_cannot_be_had_are_refused(tmp_path, make, sentence):
    file = tmp_path / "labels.txt"
    make(file)
    assert sentence in refusal(f"{MODEL}?labels={file}", **ENVIRONMENT)


@needs_models
@unsanitized
@pytest.mark.parametrize("content, label", [
    (b"ground\r\nvisage\r\n", "visage"),
    ("\ufeffground\nGesicht \U0001f642\n".encode(), "Gesicht \U0001f642"),
    (b"ground\n", "class 1"),
    (b"ground\n" + b"x" * 1000, "x" * 63),
], ids=["windows", "unicode", "short", "wide"])
def test_labels_name_what_is_found(tmp_path, content, label):
    (tmp_path / "labels.txt").write_bytes(content)
    with harness.Server(CLIP, "--predict", f"{MODEL}?labels={tmp_path}/labels.txt", env=ENVIRONMENT) as one:
        found = next(prediction["objects"] for prediction in predictions(one) if prediction["objects"])
    assert found[0]["label"] == label


@needs_models
@unsanitized
def test_each_predictor_says_once_what_its_model_is():
    """However many threads it has; of every stream."""
    with harness.Server("a=test", "b=test", "--predict", MODEL, env=ENVIRONMENT) as one:
        for name in "ab":
            harness.wait_until(lambda: harness.fetch_json(one, f"/streams/{name}")["predictor"]["seen"] >= 10, 20,
                               "ten pictures")
        one.stop()
        for name in "ab":
            assert one.stderr.count(f"model is loaded stream={name} model=") == 1
        assert one.stderr.count("onnx runtime is loaded") == 1


def test_a_library_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"model")
    assert "cannot be opened" in refusal(tmp_path / "a.onnx", FRAMECAST_ONNXRUNTIME=str(tmp_path / "no.so"))
    said = refusal(f"{tmp_path}/a.onnx?library=libm.so.6")
    assert "is not ONNX Runtime: it has no OrtGetApiBase" in said


def fake_runtime(folder, table):
    """A library of version 1.10.0 whose table of functions is that C expression."""
    (folder / "fake.c").write_text(f"""
        static const char *no(const void *status) {{ (void)status; return "the disk is full\\nreally"; }}
        static void release(void *status) {{ (void)status; }}
        static void *fail(void) {{ return (void *)1; }}
        static void *functions[131] = {{ [2] = (void *)no, [4] = (void *)fail, [93] = (void *)release }};
        static const void *get(unsigned version) {{ (void)version; (void)functions; return {table}; }}
        static const char *version(void) {{ return "1.10.0"; }}
        static const struct {{ const void *(*get)(unsigned); const char *(*version)(void); }} base = {{ get, version }};
        const void *OrtGetApiBase(void);
        const void *OrtGetApiBase(void) {{ return &base; }}""")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "fake.so", folder / "fake.c"], check=True)
    (folder / "a.onnx").write_bytes(b"model")
    return f"{folder}/a.onnx?library={folder}/fake.so"


def test_a_library_that_is_too_old_is_refused(tmp_path):
    said = refusal(fake_runtime(tmp_path, "0"))
    assert "is ONNX Runtime 1.10.0: 1.14 or later is needed" in said


def test_what_the_library_complains_of_is_said(tmp_path):
    assert "the disk is full really" in refusal(fake_runtime(tmp_path, "functions"))


def test_without_a_library_it_is_said_where_it_was_looked_for(tmp_path):
    """A copy of the program, so that nothing lies beside it."""
    program = tmp_path / "framecast"
    shutil.copy(harness.PROGRAM, program)
    (tmp_path / "a.onnx").write_bytes(b"model")
    environment = {name: value for name, value in os.environ.items() if name != "FRAMECAST_ONNXRUNTIME"}
    done = subprocess.run([program, "test", "--predict", "a.onnx", "--listen", "127.0.0.1:0"], cwd=tmp_path,
                          env=environment, capture_output=True, text=True, timeout=harness.seconds(10))
    if "cannot be opened" in done.stderr or "Load model" in done.stderr:
        pytest.skip("this system has an ONNX Runtime")
    assert done.returncode == 2
    for place in ("system's paths", "models/ beside the program", "./node_modules",
                  "npm install --ignore-scripts onnxruntime-node@1.17.0", "library=FILE", "FRAMECAST_ONNXRUNTIME"):
        assert place in done.stderr
