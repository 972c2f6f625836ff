#!/usr/bin/python3
"""How bright a picture is, and a box around its brightest spot."""

import numpy

from framecast_worker import run

CELLS = 8  # to a side, in which the brightest is looked for


def predict(image):
    height, width = image.shape[0] // CELLS * CELLS, image.shape[1] // CELLS * CELLS
    cells = image[:height, :width].reshape(CELLS, height // CELLS, CELLS, width // CELLS).mean(axis=(1, 3))
    row, column = numpy.unravel_index(cells.argmax(), cells.shape)
    box = [column / CELLS, row / CELLS, 1 / CELLS, 1 / CELLS]
    return {"objects": [{"label": "brightest", "score": cells.max() / 255, "box": box}],
            "data": {"brightness": round(float(image.mean()) / 255, 4)}}


run(predict, format="gray8", width=320, name="brightness")
