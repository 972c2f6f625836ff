"""Send what a row says, and hold what comes back against it."""

import peer
from peer import CLOSE, PING, PONG, TEXT

BYTE_BY_BYTE_MAX = 3000  # more would only take time: the places that matter are at the beginning


def wire(frames, masks):
    """The bytes of a row's frames, as a tester in that role sends them."""
    data = b""
    for opcode, payload, *how in frames:
        how = dict(how[0]) if how else {}
        wrong = how.pop("wrong_mask", False)
        data += peer.frame(opcode, payload, masked=masks != wrong, **how)
    return data


def read_message(link, end, is_compressed_allowed=False):
    """The next message, or control frame but for pings of its own, as (kind, what)."""
    kind, parts = None, []
    while True:
        frame = link.read_frame()
        assert frame.masked != end.masks, "masked the wrong way"
        assert frame.rsv in ((0, 4) if is_compressed_allowed else (0,)), "a reserved bit is set"
        if frame.opcode == PING:
            continue
        if frame.opcode == PONG:
            return "pong", frame.payload
        if frame.opcode == CLOSE:
            assert len(frame.payload) != 1
            return "close", int.from_bytes(frame.payload[:2], "big") if frame.payload else None
        assert (frame.opcode == 0) == (kind is not None), "fragments in disorder"
        if kind is None:
            kind, compressed = ("text" if frame.opcode == TEXT else "binary"), frame.rsv == 4
        else:
            assert frame.rsv == 0
        parts.append(frame.payload)
        if frame.fin:
            whole = b"".join(parts)
            return kind, peer.inflate(whole) if compressed else whole


FAILURES = (1002, 1007, 1008, 1009)


def read_until_close(link, end, **options):
    seen = []
    while not seen or seen[-1][0] != "close":
        seen.append(read_message(link, end, **options))
    return seen


def without_pongs(messages):
    return [message for message in messages if message[0] != "pong"]


def pongs(messages):
    return [message for message in messages if message[0] == "pong"]


def judge(end, link, expected, **options):
    """Everything comes, and in its order; but a pong may come before or after a message (5.5.3), and
    what fails a connection may take back answers that have not left."""
    seen = read_until_close(link, end, **options)
    code = expected[-1][1]
    assert seen[-1] == ("close", code)
    if code in FAILURES:
        assert without_pongs(seen[:-1]) == without_pongs(expected)[:len(without_pongs(seen)) - 1]
    else:
        assert without_pongs(seen) == without_pongs(expected)
        assert pongs(seen) == pongs(expected)
    if code in FAILURES:
        link.send(peer.frame(CLOSE, peer.close_payload(code), masked=end.masks), "in one piece")
    if end.masks:  # it is the server that ends the stream (RFC 6455, 7.1.1)
        assert link.at_end(), "something follows the close frame"
    link.close()
