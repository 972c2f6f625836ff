#!/usr/bin/python3
"""How bright a picture is, and a box around its brightest spot."""

import numpy

from framecast_worker import run

CELLS = 8  # to a side, in which the brightest is looked for


def predict(image):
    rows, columns = min(CELLS, image.shape[0]), min(CELLS, image.shape[1])
    tall, wide = image.shape[0] // rows, image.shape[1] // columns
    cells = image[:rows * tall, :columns * wide].reshape(rows, tall, columns, wide).mean(axis=(1, 3))
    row, column = numpy.unravel_index(cells.argmax(), cells.shape)
    box = [column / columns, row / rows, 1 / columns, 1 / rows]
    return {"objects": [{"label": "brightest", "score": cells.max() / 255, "box": box}],
            "data": {"brightness": round(float(image.mean()) / 255, 4)}}


run(predict, format="gray8", width=320, name="brightness")
