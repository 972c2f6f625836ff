"""permessage-deflate (RFC 7692): agreement, and messages in both directions."""

import zlib

import peer
import pytest
from conftest import ends
from judge import judge, read_message, wire
from peer import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_payload, deflate

BYE = (CLOSE, close_payload(1000))
TEXT_1000 = b"the quick brown fox jumps over the lazy dog. " * 22
ZEROS = bytes(90_000)
HELLO = deflate(b"Hello")
PMD = b"permessage-deflate"
SNCT, CNCT = b"; server_no_context_takeover", b"; client_no_context_takeover"

# name, requirements, frames, what comes back
ROWS = [
    ("one message", "7692-6.2 7692-7.2.2", [(TEXT, HELLO, {"rsv": 4}), BYE], [("text", b"Hello"), ("close", 1000)]),
    ("an empty message", "7692-7.2.3.6", [(TEXT, b"\0", {"rsv": 4}), BYE], [("text", b""), ("close", 1000)]),
    ("one that is not compressed", "7692-6-plain", [(TEXT, b"plain"), BYE], [("text", b"plain"), ("close", 1000)]),
    ("either by turns", "7692-6-plain", [(TEXT, HELLO, {"rsv": 4}), (TEXT, b"plain"), (BINARY, HELLO, {"rsv": 4}), BYE],
     [("text", b"Hello"), ("text", b"plain"), ("binary", b"Hello"), ("close", 1000)]),
    ("fragments", "7692-6.1-first", [(TEXT, HELLO[:3], {"rsv": 4, "fin": False}), (CONTINUATION, HELLO[3:]), BYE],
     [("text", b"Hello"), ("close", 1000)]),
    ("fragments of one byte, and a ping", "7692-6.1-first 7692-6.1-control",
     [(TEXT, HELLO[:1], {"rsv": 4, "fin": False}), (PING, b"p")] +
     [(CONTINUATION, HELLO[i:i + 1], {"fin": False}) for i in range(1, len(HELLO))] + [(CONTINUATION, b""), BYE],
     [("pong", b"p"), ("text", b"Hello"), ("close", 1000)]),
    ("a larger one", "7692-7.2.2", [(TEXT, deflate(TEXT_1000), {"rsv": 4}), BYE],
     [("text", TEXT_1000), ("close", 1000)]),
    ("a block without compression", "7692-7.2.3.3", [(TEXT, b"\x00\x05\x00\xfa\xffHello\x00", {"rsv": 4}), BYE],
     [("text", b"Hello"), ("close", 1000)]),
    ("a block that says it is the last", "7692-7.2.3.5", [(TEXT, deflate(b"Hello", final=True), {"rsv": 4}), BYE],
     [("text", b"Hello"), ("close", 1000)]),
    ("two blocks", "7692-7.2.3.4", [(TEXT, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", {"rsv": 4}), BYE],
     [("text", b"Hello"), ("close", 1000)]),
    ("a character cut by fragments", "7692-6.2",
     [(TEXT, deflate("é".encode())[:2], {"rsv": 4, "fin": False}), (CONTINUATION, deflate("é".encode())[2:]), BYE],
     [("text", "é".encode()), ("close", 1000)]),
    ("as much as the limit", "10.4-limits", [(BINARY, deflate(bytes(peer.MESSAGE_MAX)), {"rsv": 4}), BYE],
     [("binary", bytes(peer.MESSAGE_MAX)), ("close", 1000)]),
    ("more than the limit, once it is inflated", "10.4-limits",
     [(BINARY, deflate(bytes(peer.MESSAGE_MAX + 1)), {"rsv": 4})], [("close", 1009)]),
    ("a bomb", "10.4-limits", [(BINARY, deflate(bytes(30_000_000)), {"rsv": 4})], [("close", 1009)]),
    ("RSV1 on a continuation", "7692-6.1-first", [(TEXT, HELLO[:3], {"rsv": 4, "fin": False}),
                                                (CONTINUATION, HELLO[3:], {"rsv": 4})], [("close", 1002)]),
    ("RSV1 on a ping", "7692-6.1-control", [(PING, b"", {"rsv": 4})], [("close", 1002)]),
    ("RSV1 on a close", "7692-6.1-control", [(CLOSE, close_payload(1000), {"rsv": 4})], [("close", 1002)]),
    ("RSV2", "5.2-rsv", [(TEXT, HELLO, {"rsv": 6})], [("close", 1002)]),
    ("what is no deflate data", "7692-7.2.2", [(TEXT, b"\xff\xff", {"rsv": 4})], [("close", 1007)]),
    ("deflate data that ends too early", "7692-7.2.2", [(TEXT, HELLO[:3], {"rsv": 4})], [("close", 1007)]),
    ("a text that is no UTF-8", "8.1-utf8 7692-6.2", [(TEXT, deflate(b"\xff"), {"rsv": 4})], [("close", 1007)]),
]


def headers_for(end):
    """What the tester says so that permessage-deflate is agreed: an offer, or an answer."""
    return [b"Sec-WebSocket-Extensions: " + PMD + (b"" if end.masks else SNCT)]


@pytest.mark.parametrize("frames, expected", [pytest.param(*row[2:], id=row[0]) for row in ROWS])
def test_messages(deflating, delivery, frames, expected):
    link = deflating.open(wire(frames, deflating.masks), delivery, headers=headers_for(deflating))
    judge(deflating, link, expected, is_compressed_allowed=True)


def test_what_is_large_comes_back_compressed(deflating):
    """7.2.1: and each message by itself, which is valid whatever was agreed."""
    link = deflating.open(wire([(TEXT, TEXT_1000)] * 3, deflating.masks), headers=headers_for(deflating))
    frames = [link.read_frame() for _ in range(3)]
    for frame in frames:
        assert frame.rsv == 4 and len(frame.payload) < len(TEXT_1000) // 5
        assert peer.inflate(frame.payload) == TEXT_1000  # with a fresh machine each time
        assert not (frame.payload.endswith(b"\0\0\xff\xff"))
    link.close()


def test_context_is_taken_over(takeover):
    """7.1.1, 7.2.3.2: the other side refers to its earlier messages."""
    machine = zlib.compressobj(wbits=-15)
    payloads = [TEXT_1000, TEXT_1000, b"", TEXT_1000[:100], ZEROS, TEXT_1000]
    sizes, data = [], b""
    for payload in payloads:
        compressed = deflate(payload, machine=machine) if payload else b"\0"
        sizes.append(len(compressed))
        data += peer.frame(TEXT, compressed, rsv=4, masked=takeover.masks)
    assert sizes[1] < 20, "the second is a reference"
    headers = [b"Sec-WebSocket-Extensions: " + PMD]
    link = takeover.open(data, headers=headers)
    for payload in payloads:
        assert read_message(link, takeover, is_compressed_allowed=True) == ("text", payload)
    link.close()


def test_context_is_not_taken_over_where_that_was_agreed(deflating):
    machine = zlib.compressobj(wbits=-15)
    data = b"".join(peer.frame(TEXT, deflate(TEXT_1000, machine=machine), rsv=4, masked=deflating.masks)
                    for _ in range(2))
    link = deflating.open(data, headers=headers_for(deflating))
    judge(deflating, link, [("text", TEXT_1000), ("close", 1007)], is_compressed_allowed=True)


# ---- agreement: our server answers ----

OFFERS = [
    # offer, answer of a server that lets nobody take over, answer of one that does
    (PMD, PMD + SNCT + CNCT, PMD + SNCT),
    (PMD + b"; client_max_window_bits", PMD + SNCT + CNCT, PMD + SNCT),
    (PMD + b"; client_max_window_bits=10", PMD + SNCT + CNCT, PMD + SNCT),
    (PMD + CNCT, PMD + SNCT + CNCT, PMD + SNCT + CNCT),
    (PMD + SNCT, PMD + SNCT + CNCT, PMD + SNCT),
    *[(PMD + b"; server_max_window_bits=%d" % bits, PMD + SNCT + CNCT + b"; server_max_window_bits=%d" % bits,
       PMD + SNCT + b"; server_max_window_bits=%d" % bits) for bits in range(8, 16)],
    (PMD + b"; server_max_window_bits=9; x=1, " + PMD, PMD + SNCT + CNCT, PMD + SNCT),
    (b"x-webkit-deflate-frame, " + PMD, PMD + SNCT + CNCT, PMD + SNCT),
    *[(bad, None, None) for bad in (
        PMD + b"; server_max_window_bits", PMD + b"; server_max_window_bits=7", PMD + b"; server_max_window_bits=16",
        PMD + b"; server_max_window_bits=010", PMD + b"; client_max_window_bits=16", PMD + b"; unknown",
        PMD + b"; client_max_window_bits; client_max_window_bits", PMD + SNCT + b"=1", b"x-other")],
]


def answered(server, offer):
    link = server.open(headers=[b"Sec-WebSocket-Extensions: " + offer])
    values = [line.split(b":", 1)[1].strip() for line in link.headers.split(b"\r\n")
              if line.startswith(b"sec-websocket-extensions:")]
    link.close()
    assert len(values) <= 1
    return values[0] if values else None


@pytest.fixture(scope="module")
def deflating_server():
    yield from ends("server", compression="on")


@pytest.fixture(scope="module")
def takeover_server():
    yield from ends("server", compression="takeover")


@pytest.mark.parametrize("offer, answer, answer_of_takeover", OFFERS)
def test_offers(deflating_server, takeover_server, offer, answer, answer_of_takeover):
    assert answered(deflating_server, offer) == answer
    assert answered(takeover_server, offer) == answer_of_takeover


@pytest.mark.parametrize("bits", range(8, 16))
def test_a_small_window_is_respected(deflating_server, bits):
    """7.1.2.1: what the server sends can be inflated with that window."""
    link = deflating_server.open(peer.frame(TEXT, TEXT_1000 * 60), headers=[
        b"Sec-WebSocket-Extensions: " + PMD + b"; server_max_window_bits=%d" % bits])
    frame = link.read_frame()
    machine = zlib.decompressobj(wbits=-max(bits, 9))
    payload = machine.decompress(frame.payload + b"\0\0\xff\xff") if frame.rsv else frame.payload
    assert payload == TEXT_1000 * 60
    link.close()


def test_nothing_is_compressed_unasked(deflating_server):
    link = deflating_server.open(peer.frame(TEXT, TEXT_1000))
    assert link.read_frame().rsv == 0
    link.close()


# ---- agreement: our client judges ----

ANSWERS = [
    # answer, accepted by a client that wants no takeover, by one that lets the server take over
    (PMD + SNCT, True, True), (PMD + SNCT + CNCT, True, True), (PMD, False, True),
    (PMD + SNCT + b"; server_max_window_bits=8", True, True),
    (PMD + SNCT + b'; server_max_window_bits="12"', True, True),
    (PMD + SNCT + b"; client_max_window_bits=12", False, False), (PMD + SNCT + b"; unknown", False, False),
    (PMD + SNCT + SNCT, False, False), (PMD + SNCT + b"=1", False, False),
    (PMD + SNCT + b"; server_max_window_bits", False, False),
    (PMD + SNCT + b"; server_max_window_bits=16", False, False), (PMD + SNCT + b", " + PMD + SNCT, False, False),
    (b"x-other", False, False), (PMD + b";", False, False),
]


@pytest.mark.parametrize("mode", ["on", "takeover"])
@pytest.mark.parametrize("answer, by_on, by_takeover", ANSWERS)
def test_answers(mode, answer, by_on, by_takeover):
    is_accepted = by_on if mode == "on" else by_takeover
    for client in ends("client", compression=mode):
        link = client.open(b"\x81\x02hi" if is_accepted else b"", headers=[b"Sec-WebSocket-Extensions: " + answer])
        if is_accepted:
            assert link.read_frame().payload == b"hi"
        else:
            assert link.at_end()
        assert client.output(link).startswith("open - deflated" if is_accepted else "failed ")


@pytest.mark.parametrize("mode, offer", [("on", PMD + SNCT + CNCT), ("takeover", PMD + CNCT)])
def test_offer(mode, offer):
    for client in ends("client", compression=mode):
        link = client.start()
        assert b"\r\nSec-WebSocket-Extensions: " + offer + b"\r\n" in link.request
        link.close()


def test_a_server_may_decline():
    for client in ends("client", compression="on"):
        link = client.open(peer.frame(TEXT, TEXT_1000, masked=False))
        frame = link.read_frame()
        assert (frame.rsv, frame.payload) == (0, TEXT_1000)
        assert client.output(link).startswith("open - plain")
