"""Every row of frames.py, in both roles, however its bytes arrive."""

import pytest
from frames import ROWS
from judge import BYTE_BY_BYTE_MAX, judge, wire


@pytest.mark.parametrize("frames, expected", [pytest.param(*row[2:], id=row[0]) for row in ROWS])
def test_frames(end, delivery, frames, expected):
    data = wire(frames, end.masks)
    if delivery == "byte by byte" and len(data) > BYTE_BY_BYTE_MAX:
        link = end.open(data[:BYTE_BY_BYTE_MAX], delivery)
        link.send(data[BYTE_BY_BYTE_MAX:], "in one piece")
    else:
        link = end.open(data, delivery)
    judge(end, link, expected)


def cuts_of(data):
    return range(1, min(len(data), 40))


@pytest.mark.parametrize("frames, expected", [
    pytest.param(*row[2:], id=row[0]) for row in ROWS
    if row[0] in ("a ping between fragments", "a message of 126 bytes", "a close with a reason",
                  "a character cut by fragments", "two fragments")])
def test_every_cut_in_two(server, frames, expected):
    data = wire(frames, server.masks)
    for cut in cuts_of(data):
        link = server.open(data[:cut])
        link.send(data[cut:], "in one piece")
        judge(server, link, expected)


def test_server_sends_in_parts(server):
    link = server.open(wire([(1, b"parts"), (9, b"p"), (8, b"\x03\xe8")], True))
    frames = [link.read_frame() for _ in range(5)]
    data = [f for f in frames if f.opcode < 8]
    assert [(f.opcode, f.fin, f.payload) for f in data] == [(1, 0, b"in "), (0, 0, b"three "), (0, 1, b"parts")]
    assert [f.opcode for f in frames if f.opcode >= 8] == [10, 8]


def test_our_close_waits_for_the_answer(end):
    """7.1.1, 7.1.2: our close frame, then the other's, then the end."""
    link = end.open(wire([(1, b"close")], end.masks))
    frame = link.read_frame()
    assert (frame.opcode, frame.payload[:2]) == (8, b"\x0f\xa1")
    assert frame.payload[2:].decode() == "as you wish"
    link.send(wire([(1, b"not echoed any more"), (8, frame.payload[:2])], end.masks), "in one piece")
    assert link.at_end()


def test_the_stream_ends_without_a_close(end):
    """7.1.5: nothing is sent, and our client calls it 1006."""
    link = end.open(wire([(1, b"a")], end.masks))
    assert link.read_frame().payload == b"a"
    link.socket.shutdown(1)
    assert link.at_end()
    if not end.masks:
        assert "closed 1006" in end.output(link)


def test_client_keys_are_fresh_and_unpredictable(client):
    """5.3: a new key for each frame; over two connections none is seen twice."""
    keys = []
    for _ in range(2):
        link = client.open(wire([(1, b"%d" % i) for i in range(200)], False))
        keys += [link.read_frame().key for _ in range(200)]
        link.close()
    assert len(set(keys)) == len(keys)
    counts = [sum(key[i // 8] >> i % 8 & 1 for key in keys) for i in range(32)]
    assert all(120 < count < 280 for count in counts), counts
