"""Predictions in the forms of COCO and Pascal VOC, over every transport."""

import asyncio
import json
import urllib.error
import urllib.request

import pytest
import websockets

import harness

WIDTH, HEIGHT = 1280, 720  # of the source `test`
LINES = {"Accept": "application/x-ndjson"}


def expected_box(seq):
    """What the predictor `test` sees, in pixels: left, top, width, height."""
    return (seq % 100) * 0.8 / 100 * WIDTH, 0.4 * HEIGHT, 0.2 * WIDTH, 0.2 * HEIGHT


def check_coco(document):
    (image,), (found,), (category,) = document["images"], document["annotations"], document["categories"]
    seq = image["id"]
    assert (image["width"], image["height"], image["file_name"]) == (WIDTH, HEIGHT, f"cam-{seq}.jpg")
    assert found["image_id"] == seq and found["category_id"] == category["id"] and category["name"] == "test"
    assert found["bbox"] == pytest.approx(expected_box(seq), abs=0.02)
    assert found["area"] == pytest.approx(found["bbox"][2] * found["bbox"][3], abs=2)
    assert found["track_id"] == seq // 100 + 1
    return seq


def check_voc(document):
    annotation = document["annotation"]
    (found,), seq = annotation["object"], annotation["source"]["seq"]
    assert annotation["filename"] == f"cam-{seq}.jpg"
    left, top, width, height = expected_box(seq)
    box = found["bndbox"]
    assert [box["xmin"] - 1, box["ymin"] - 1] == pytest.approx([left, top], abs=1)
    assert [box["xmax"], box["ymax"]] == pytest.approx([left + width, top + height], abs=1)
    assert found["truncated"] == 0
    return seq


CHECKS = {"coco": check_coco, "voc": check_voc}


@pytest.fixture
def one(server):
    return server("test", "--predict", "test")


@pytest.mark.parametrize("form", CHECKS)
def test_events_and_lines(one, form):
    connection, head = harness.open_stream(one, f"/streams/cam/predictions?format={form}")
    with connection:
        assert head["content-type"] == "text/event-stream"
        lines = harness.read_lines(connection, 13)
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    ids = [int(line[4:]) for line in lines if line.startswith("id: ")]
    assert len(data) >= 5
    assert [CHECKS[form](document) for document in data] == ids[:len(data)]

    connection, head = harness.open_stream(one, f"/streams/cam/predictions?format={form}", LINES)
    with connection:
        assert head["content-type"] == "application/x-ndjson"
        seqs = [CHECKS[form](json.loads(line)) for line in harness.read_lines(connection, 5)]
    assert seqs == list(range(seqs[0], seqs[0] + 5)), "none is left out"


@pytest.mark.parametrize("address", ["ws", "streams/cam/predictions"])
@pytest.mark.parametrize("form", CHECKS)
def test_websocket(one, form, address):
    async def client():
        async with websockets.connect(f"{one.ws_url}{address}?format={form}") as websocket:
            return [json.loads(await websocket.recv()) for _ in range(5)]

    for document in asyncio.run(asyncio.wait_for(client(), harness.seconds(20))):
        CHECKS[form](document)


def test_viewers_of_several_forms_get_each_their_own(one):
    def read(query):
        file, _ = harness.open_stream(one, f"/streams/cam/predictions{query}", LINES)
        return file

    files = {"": read(""), "?format=json": read("?format=json"), "?format=coco": read("?format=coco"),
             "?format=voc": read("?format=voc")}
    try:
        for _ in range(3):
            for query, file in files.items():
                document = json.loads(harness.read_lines(file, 1)[0])
                kind = query.partition("=")[2]
                if kind in CHECKS:
                    CHECKS[kind](document)
                else:
                    assert document["type"] == "prediction"
        files.pop("?format=coco").close()  # who leaves takes the form away, and only that
        for _ in range(10):
            check_voc(json.loads(harness.read_lines(files["?format=voc"], 1)[0]))
            assert json.loads(harness.read_lines(files[""], 1)[0])["type"] == "prediction"
    finally:
        for file in files.values():
            file.close()


@pytest.mark.parametrize("value", ["xml", "COCO", "", "coco,voc"])
def test_an_unknown_form_is_refused_with_a_hint(one, value):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{one.url}streams/cam/predictions?format={value}", timeout=harness.seconds(10))
    assert refused.value.code == 400
    body = json.loads(refused.value.read())
    assert "json, coco or voc" in body["error"] and body["hint"]

    async def client():
        async with websockets.connect(f"{one.ws_url}ws?format={value}"):
            pass

    with pytest.raises(websockets.InvalidStatusCode) as failed:
        asyncio.run(asyncio.wait_for(client(), harness.seconds(20)))
    assert failed.value.status_code == 400
