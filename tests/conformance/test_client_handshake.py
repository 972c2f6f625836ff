"""What our client asks for, and what it makes of answers (RFC 6455 sections 4.1, 4.2.2, 11.3)."""

import base64

import pytest
from conftest import DELIVERIES, ends
from peer import accept_of


def headers_of(head):
    lines = head.decode().split("\r\n")
    return lines[0], [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]


def test_request(client):
    """4.1: everything that the request must have, once."""
    link = client.start()
    first, headers = headers_of(link.request)
    assert first == "GET /path?query HTTP/1.1"
    names = [name.lower() for name, _ in headers]
    values = dict(zip(names, (value for _, value in headers)))
    assert len(set(names)) == len(names)
    assert values["host"] == "127.0.0.1:%d" % client.listener.getsockname()[1]
    assert values["upgrade"].lower() == "websocket"
    assert "upgrade" in values["connection"].lower()
    assert values["sec-websocket-version"] == "13"
    assert len(base64.b64decode(values["sec-websocket-key"], validate=True)) == 16
    assert "sec-websocket-extensions" not in values and "sec-websocket-protocol" not in values
    link.close()


def test_each_key_is_new(client):
    keys = set()
    for _ in range(5):
        link = client.start()
        keys.add(link.key)
        link.close()
    assert len(keys) == 5


@pytest.fixture(scope="module")
def offering():
    yield from ends("client", subprotocols=["chat", "superchat"])


ACCEPT = "Sec-WebSocket-Accept: {accept}"
GOOD = ["Upgrade: websocket", "Connection: Upgrade", ACCEPT]

# name, requirements, status line, headers, is accepted
ROWS = [
    ("as in the RFC", "4.1-answer", "101 Switching Protocols", GOOD, True),
    ("no reason phrase", "4.1-answer", "101 ", GOOD, True),
    ("any case", "4.1-answer-case", "101 x", ["UPGRADE: WebSocket", "connection: UPGRADE", ACCEPT], True),
    ("tokens in a list", "4.1-answer-case", "101 x", ["Upgrade: websocket", "Connection: foo, upgrade", ACCEPT], True),
    ("space around the accept", "4.1-answer-accept", "101 x", GOOD[:2] + ["Sec-WebSocket-Accept:  {accept} \t"], True),
    ("headers that mean nothing to us", "4.1-answer", "101 x", GOOD + ["X-Other: 1"], True),
    ("no Upgrade", "4.1-answer-upgrade", "101 x", GOOD[1:], False),
    ("another Upgrade", "4.1-answer-upgrade", "101 x", ["Upgrade: h2c"] + GOOD[1:], False),
    ("no Connection", "4.1-answer-connection", "101 x", [GOOD[0], ACCEPT], False),
    ("another Connection", "4.1-answer-connection", "101 x", [GOOD[0], "Connection: close", ACCEPT], False),
    ("no accept", "4.1-answer-accept", "101 x", GOOD[:2], False),
    ("another accept", "4.1-answer-accept", "101 x", GOOD[:2] + ["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
     False),
    ("accept in the wrong case", "4.1-answer-accept", "101 x", GOOD[:2] + ["Sec-WebSocket-Accept: {swapped}"], False),
    ("accept twice", "11.3.3-once", "101 x", GOOD + [ACCEPT], False),
    ("an extension", "4.1-answer-extension", "101 x", GOOD + ["Sec-WebSocket-Extensions: permessage-deflate"], False),
    ("a subprotocol that was not offered", "4.1-answer-subprotocol", "101 x", GOOD + ["Sec-WebSocket-Protocol: other"],
     False),
    ("a subprotocol in the wrong case", "4.1-answer-subprotocol", "101 x", GOOD + ["Sec-WebSocket-Protocol: Chat"], False),
    ("two subprotocols", "4.1-answer-subprotocol", "101 x", GOOD + ["Sec-WebSocket-Protocol: chat, superchat"], False),
    ("a subprotocol that was offered", "4.1-answer-subprotocol", "101 x", GOOD + ["Sec-WebSocket-Protocol: superchat"],
     True),
    *[(f"status {status}", "4.1-answer-status", f"{status} x", GOOD, False)
      for status in (200, 301, 302, 307, 400, 401, 403, 404, 426, 429, 500, 503)],
    ("a redirect", "4.1-answer-status", "302 Found", ["Location: ws://127.0.0.1:1/"], False),
]


@pytest.mark.parametrize("delivery", DELIVERIES[:2])
@pytest.mark.parametrize("status, lines, is_accepted", [pytest.param(*row[2:], id=row[0]) for row in ROWS])
def test_answer(offering, delivery, status, lines, is_accepted):
    link = offering.start()
    accept = accept_of(link.key).decode()
    answer = [f"HTTP/1.1 {status}"] + [line.format(accept=accept, swapped=accept.swapcase()) for line in lines]
    link.send(("\r\n".join(answer) + "\r\n\r\n").encode(), delivery)
    if is_accepted:
        link.send(b"\x81\x02hi", "in one piece")
        assert link.read_frame().payload == b"hi"
        assert offering.output(link).startswith("open ")
    else:
        assert link.at_end(), "it must hang up without a word"
        assert offering.output(link).startswith("failed ")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 101", b"HTTP/2 101 x\r\n\r\n",
                                    b"HTTP/1.0 101 x\r\n\r\n", b"\0" * 100])
def test_what_is_no_answer(client, answer):
    link = client.start()
    link.send(answer, "in one piece")
    link.socket.shutdown(1)
    assert client.output(link).startswith("failed ")


def test_subprotocols_are_offered_in_order(offering):
    link = offering.start()
    assert b"\r\nSec-WebSocket-Protocol: chat, superchat\r\n" in link.request
    link.close()
