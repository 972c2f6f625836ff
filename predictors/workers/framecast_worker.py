"""Turn a function into a framecast worker.

    from framecast_worker import run

    def predict(image):                       # a numpy array: height, width, 3
        return {"data": {"brightness": float(image.mean())}}

    run(predict, format="rgb24", width=320)

and then:

    framecast --predict 'exec:python3 worker.py' /dev/video0

predict may return None, a list of objects ({"label", "score", "box", "track"}), a result
({"objects": [...], "data": anything}), or any other JSON value, which becomes the data. With a
second parameter it also gets what the server says of the picture, a dict with "seq", "captured_at",
"source_width" and so on. What it raises is reported as that picture's error, and the next one comes.

The image is read-only and lives until predict returns: copy what you keep. Print as you like: it
goes to the server's log. Needs only the standard library; without numpy, an image is a memoryview.
The protocol: docs/reference/worker-protocol.md.
"""

import inspect
import json
import mmap
import os
import sys
import traceback

try:
    import numpy
except ImportError:
    numpy = None

VERSION = 1


def run(predict, format="rgb24", width=0, height=0, batch=1, name=None, labels=None):
    """Answer pictures with predict() until the server ends the input.

    format is rgb24, bgr24, gray8, nv12 or jpeg. A width or height of 0 is the picture's own, or
    follows from the other one. With batch=N predict gets a list of up to N images (and a list of
    dicts), and returns a list of as many results.
    """
    lines, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed from here on must not look like an answer,
    sys.stdout.reconfigure(line_buffering=True)  # nor wait for more
    hello = json.loads(lines.readline())
    if hello["version"] != VERSION:
        say(answers, {"error": f"this worker speaks version {VERSION} of the protocol"})
        return
    memory = memoryview(mmap.mmap(hello["shm_fd"], hello["shm_size"], prot=mmap.PROT_READ))
    say(answers, {"ready": True, "format": format, "width": width, "height": height, "batch": batch,
                  "name": name or os.path.basename(sys.argv[0]), "labels": labels or []})
    wants_about = len(inspect.signature(predict).parameters) > 1

    def look(images, abouts):
        return predict(images, abouts) if wants_about else predict(images)

    for line in lines:
        pictures = json.loads(line)
        if batch == 1:
            answer(answers, pictures["seq"], lambda: look(image_of(memory, format, pictures), pictures))
        else:
            answer_batch(answers, pictures["batch"], memory, format, look)


def image_of(memory, format, about):
    """The picture that a line is about, without a copy."""
    data = memory[about["offset"]:about["offset"] + about["size"]]
    if format == "jpeg" or numpy is None:
        return data
    height, width = about["height"], about["width"]
    shapes = {"rgb24": (height, width, 3), "bgr24": (height, width, 3),
              "gray8": (height, width), "nv12": (height * 3 // 2, width)}
    return numpy.frombuffer(data, numpy.uint8).reshape(shapes[format])


def answer(answers, seq, compute):
    try:
        text = encode({"seq": seq, **result_of(compute())})
    except Exception as error:  # of the user's: it costs this picture
        traceback.print_exc()
        text = encode({"seq": seq, "error": f"{type(error).__name__}: {error}"})
    write(answers, text)


def answer_batch(answers, pictures, memory, format, look):
    try:
        results = list(look([image_of(memory, format, one) for one in pictures], pictures))
        if len(results) != len(pictures):
            raise ValueError(f"{len(results)} results for {len(pictures)} pictures")
    except Exception as error:
        traceback.print_exc()
        text = f"{type(error).__name__}: {error}"
        for one in pictures:
            say(answers, {"seq": one["seq"], "error": text})
        return
    for one, result in zip(pictures, results):
        answer(answers, one["seq"], lambda: result)


def result_of(value):
    """What predict() returned, as the protocol has it."""
    if value is None:
        return {}
    if isinstance(value, (list, tuple)):
        return {"objects": value}
    if isinstance(value, dict) and value.keys() <= {"objects", "data"}:
        return value
    return {"data": value}


def encode(message):
    return json.dumps(message, default=plain, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def plain(value):
    """Numbers and arrays of numpy, for json."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def say(answers, message):
    write(answers, encode(message))


def write(answers, text):
    answers.write(text)
    answers.flush()
