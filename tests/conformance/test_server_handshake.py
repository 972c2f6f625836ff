"""What our server makes of opening handshakes (RFC 6455 sections 4.1, 4.2, 9.1, 11.3)."""

import pytest
from conftest import DELIVERIES

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of the key above: section 1.3
GOOD = {"Host": "example.com", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13"}


def request(changes=None, first="GET /chat HTTP/1.1", also=()):
    headers = {**GOOD, **(changes or {})}
    lines = [first] + [f"{name}: {value}" for name, value in headers.items() if value is not None] + list(also)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


# name, requirements, request, status
ROWS = [
    ("as in the RFC", "4.2.2-101", request(), 101),
    ("names and values in any case", "4.2.1-case", request({"Upgrade": "WebSocket", "Connection": "UPGRADE"}), 101),
    ("tokens in lists", "4.2.1-case", request({"Upgrade": "foo, websocket", "Connection": "keep-alive, Upgrade"}), 101),
    ("an origin", "4.1-origin", request({"Origin": "http://example.com"}), 101),
    ("headers that mean nothing to us", "4.2.1-unknown", request({"X-Other": "1", "Cookie": "a=b"}), 101),
    ("a query", "3-uri", request(first="GET /chat?a=b HTTP/1.1"), 101),
    ("another method", "4.1-get", request(first="POST /chat HTTP/1.1"), 405),
    ("HTTP/1.0", "4.1-http11", request(first="GET /chat HTTP/1.0"), 400),
    ("no Host", "4.1-host", request({"Host": None}), 400),
    ("two Hosts", "4.1-host", request(also=["Host: other"]), 400),
    ("no Upgrade", "4.1-upgrade", request({"Upgrade": None}), 426),
    ("another Upgrade", "4.1-upgrade", request({"Upgrade": "h2c"}), 426),
    ("no Connection", "4.1-connection", request({"Connection": None}), 400),
    ("another Connection", "4.1-connection", request({"Connection": "keep-alive"}), 400),
    ("no key", "4.1-key", request({"Sec-WebSocket-Key": None}), 400),
    ("a key of 15 bytes", "4.1-key", request({"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA"}), 400),
    ("a key of 17 bytes", "4.1-key", request({"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAAA="}), 400),
    ("a key that is no base64", "4.1-key", request({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j!Q=="}), 400),
    ("two keys", "11.3.1-once", request(also=["Sec-WebSocket-Key: " + KEY]), 400),
    ("no version", "4.1-version", request({"Sec-WebSocket-Version": None}), 400),
    ("two versions", "11.3.5-once", request(also=["Sec-WebSocket-Version: 13"]), 400),
    *[(f"version {version}", "4.2.2-version 4.4-versions", request({"Sec-WebSocket-Version": version}), 426)
      for version in ("0", "8", "12", "14", "013", "13, 14", "255")],
    ("extensions not in order", "9.1-abnf", request({"Sec-WebSocket-Extensions": "a;;b"}), 400),
    ("an empty extension header", "9.1-abnf", request({"Sec-WebSocket-Extensions": ""}), 400),
    ("an extension that nobody knows", "9.1-ignore", request({"Sec-WebSocket-Extensions": "x-foo; bar=1"}), 101),
    ("a header that is none", "4.1-valid", request(also=["no colon"]), 400),
    ("a path that is none", "3-uri", request(first="GET chat HTTP/1.1"), 400),
    ("a fragment in the path", "3-fragment", request(first="GET /chat#x HTTP/1.1"), 400),
]


@pytest.mark.parametrize("delivery", DELIVERIES[:2])
@pytest.mark.parametrize("data, status", [pytest.param(*row[2:], id=row[0]) for row in ROWS])
def test_handshake(server, delivery, data, status):
    link = server.connect()
    link.send(data, delivery)
    head = link.read_head()
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    lower = head.lower()
    if status == 101:
        assert b"\r\nupgrade: websocket\r\n" in lower
        assert b"\r\nconnection: upgrade\r\n" in lower
        assert lower.count(b"sec-websocket-accept") == 1
        assert b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n" in head
        assert b"sec-websocket-extensions" not in lower
        assert b"sec-websocket-protocol" not in lower
    else:
        assert b"sec-websocket-accept" not in lower
        if status == 426:
            assert b"\r\nsec-websocket-version: 13\r\n" in lower
    link.close()


# 4.2.2, 11.3.4: the server chooses one of what is offered, or none
@pytest.mark.parametrize("offers, chosen", [
    (["chat"], b"chat"), (["superchat"], b"superchat"), (["superchat, chat"], b"chat"),
    (["other, superchat"], b"superchat"), (["superchat", "chat"], b"chat"), (["other"], None), (["Chat"], None),
    (["chat2"], None)])
def test_subprotocols(server, offers, chosen):
    link = server.connect()
    link.send(request(also=[f"Sec-WebSocket-Protocol: {offer}" for offer in offers]), "in one piece")
    lines = link.read_head().lower().split(b"\r\n")
    answers = [line for line in lines if line.startswith(b"sec-websocket-protocol:")]
    assert answers == ([b"sec-websocket-protocol: " + chosen] if chosen else [])
    link.close()


def test_nothing_is_accepted_twice(server):
    """The bytes after a handshake are frames, not another request."""
    link = server.connect()
    link.send(request() + request(), "in one piece")
    assert link.read_head().startswith(b"HTTP/1.1 101 ")
    assert link.read_frame().opcode == 8
    link.close()
