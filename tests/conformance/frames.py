"""What may come after the opening handshake, and what must be made of it: a row for each case.

A row is a name, the requirements that it shows (requirements.py), the frames that are sent, and what
must come back. Frames are (opcode, payload, {how}); unless it says otherwise a frame is masked as the
tester's role wants it. What comes back is ("text", ...), ("binary", ...), ("pong", ...), and at last
("close", code), after which the connection ends.
"""

from peer import BINARY, CLOSE, CONTINUATION, MESSAGE_MAX, PING, PONG, TEXT, close_payload

BYE = (CLOSE, close_payload(1000))
BIG = bytes(range(256)) * 256  # 64 KiB

# Bytes that are no UTF-8, each the end of a text that is so up to there.
NOT_UTF8 = {
    "a continuation alone": b"\x80",
    "an overlong slash": b"\xc0\xaf",
    "an overlong null": b"\xe0\x80\x80",
    "a surrogate": b"\xed\xa0\x80",
    "beyond U+10FFFF": b"\xf4\x90\x80\x80",
    "a byte that is never used": b"\xff",
}

ROWS = [
    # -- data --
    ("an empty text", "5.6-text", [(TEXT, b""), BYE], [("text", b""), ("close", 1000)]),
    ("a text", "5.6-text 5.2-length-7", [(TEXT, b"Hello"), BYE], [("text", b"Hello"), ("close", 1000)]),
    ("a text beyond ASCII", "5.6-text 8.1-utf8", [(TEXT, "κόσμε 𐍈".encode()), BYE],
     [("text", "κόσμε 𐍈".encode()), ("close", 1000)]),
    ("any bytes", "5.6-binary", [(BINARY, bytes(range(256))), BYE],
     [("binary", bytes(range(256))), ("close", 1000)]),
    ("an empty binary message", "5.6-binary", [(BINARY, b""), BYE], [("binary", b""), ("close", 1000)]),
    *[(f"a message of {size} bytes", "5.2-length-16 5.2-length-64 5.2-minimal", [(BINARY, BIG[:size]), BYE],
       [("binary", BIG[:size]), ("close", 1000)]) for size in (125, 126, 127, 1000, 65535, 65536)],
    ("many messages", "5.4-order", [(TEXT, b"%d" % i) for i in range(50)] + [BYE],
     [("text", b"%d" % i) for i in range(50)] + [("close", 1000)]),
    ("another masking key for each frame", "5.3-unmask",
     [(TEXT, b"one", {"key": b"\0\0\0\0"}), (TEXT, b"two", {"key": b"\xff\xff\xff\xff"}), BYE],
     [("text", b"one"), ("text", b"two"), ("close", 1000)]),

    # -- lengths --
    ("125 in 16 bits", "5.2-minimal", [(TEXT, b"x" * 125, {"length": 2})], [("close", 1002)]),
    ("65535 in 64 bits", "5.2-minimal", [(BINARY, BIG[:65535], {"length": 8})], [("close", 1002)]),
    ("a length with the highest bit", "5.2-length-63", [(BINARY, b"", {"length": 8, "size": 1 << 63})],
     [("close", 1002)]),
    ("a message as large as the limit", "10.4-limits", [(BINARY, bytes(MESSAGE_MAX)), BYE],
     [("binary", bytes(MESSAGE_MAX)), ("close", 1000)]),
    ("a message over the limit", "10.4-limits 7.4.1-1009",
     [(BINARY, b"", {"length": 8, "size": MESSAGE_MAX + 1})], [("close", 1009)]),
    ("fragments that are over the limit together", "10.4-limits",
     [(BINARY, bytes(MESSAGE_MAX - 1), {"fin": False}), (CONTINUATION, b"ab", {"fin": True})], [("close", 1009)]),

    # -- what is reserved --
    *[(f"RSV{bit}", "5.2-rsv", [(TEXT, b"x", {"rsv": 8 >> bit})], [("close", 1002)]) for bit in (1, 2, 3)],
    *[(f"RSV{bit} on a ping", "5.2-rsv", [(PING, b"", {"rsv": 8 >> bit})], [("close", 1002)]) for bit in (1, 2, 3)],
    *[(f"opcode {opcode}", "5.2-opcode", [(opcode, b"")], [("close", 1002)])
      for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],

    # -- masking --
    ("a frame masked the wrong way", "5.1-masked 5.1-unmasked", [(TEXT, b"Hello", {"wrong_mask": True})],
     [("close", 1002)]),
    ("a control frame masked the wrong way", "5.1-masked 5.1-unmasked", [(PING, b"", {"wrong_mask": True})],
     [("close", 1002)]),

    # -- fragments --
    ("two fragments", "5.4-fragments", [(TEXT, b"Hel", {"fin": False}), (CONTINUATION, b"lo"), BYE],
     [("text", b"Hello"), ("close", 1000)]),
    ("many fragments, some of them empty", "5.4-fragments",
     [(BINARY, b"", {"fin": False})] + [(CONTINUATION, b"ab", {"fin": False}), (CONTINUATION, b"", {"fin": False})] * 20 +
     [(CONTINUATION, b""), BYE], [("binary", b"ab" * 20), ("close", 1000)]),
    ("a large message in fragments", "5.4-fragments",
     [(BINARY, BIG[:20000], {"fin": False}), (CONTINUATION, BIG[20000:50000], {"fin": False}),
      (CONTINUATION, BIG[50000:]), BYE], [("binary", BIG), ("close", 1000)]),
    ("a ping between fragments", "5.4-control-between 5.5.2-pong",
     [(TEXT, b"Hel", {"fin": False}), (PING, b"p"), (CONTINUATION, b"lo"), BYE],
     [("pong", b"p"), ("text", b"Hello"), ("close", 1000)]),
    ("a pong between fragments", "5.4-control-between 5.5.3-unsolicited",
     [(TEXT, b"Hel", {"fin": False}), (PONG, b"p"), (CONTINUATION, b"lo"), BYE],
     [("text", b"Hello"), ("close", 1000)]),
    ("a close between fragments", "5.4-control-between 5.5.1-answer",
     [(TEXT, b"Hel", {"fin": False}), BYE], [("close", 1000)]),
    ("a continuation of nothing", "5.4-continuation", [(CONTINUATION, b"x")], [("close", 1002)]),
    ("an unfinished continuation of nothing", "5.4-continuation", [(CONTINUATION, b"x", {"fin": False})],
     [("close", 1002)]),
    ("a continuation after a whole message", "5.4-continuation", [(TEXT, b"a"), (CONTINUATION, b"x")],
     [("text", b"a"), ("close", 1002)]),
    ("a message inside another", "5.4-interleaved", [(TEXT, b"a", {"fin": False}), (TEXT, b"b")], [("close", 1002)]),
    ("a first fragment inside a message", "5.4-interleaved",
     [(BINARY, b"a", {"fin": False}), (BINARY, b"b", {"fin": False})], [("close", 1002)]),

    # -- control frames --
    ("a ping", "5.5.2-pong 5.5.3-same", [(PING, b"ping"), BYE], [("pong", b"ping"), ("close", 1000)]),
    ("an empty ping", "5.5.2-pong", [(PING, b""), BYE], [("pong", b""), ("close", 1000)]),
    ("a ping of 125 bytes", "5.5-125 5.5.3-same", [(PING, bytes(range(125))), BYE],
     [("pong", bytes(range(125))), ("close", 1000)]),
    ("a ping of 126 bytes", "5.5-125", [(PING, bytes(126))], [("close", 1002)]),
    ("a pong of 126 bytes", "5.5-125", [(PONG, bytes(126))], [("close", 1002)]),
    ("a close of 126 bytes", "5.5-125", [(CLOSE, close_payload(1000, b"x" * 124))], [("close", 1002)]),
    ("a fragmented ping", "5.5-fragmented", [(PING, b"p", {"fin": False})], [("close", 1002)]),
    ("a fragmented close", "5.5-fragmented", [(CLOSE, b"", {"fin": False})], [("close", 1002)]),
    ("a pong that nobody asked for", "5.5.3-unsolicited", [(PONG, b"p"), (TEXT, b"a"), BYE],
     [("text", b"a"), ("close", 1000)]),

    # -- closing --
    ("an empty close", "5.5.1-answer 7.1.5-1005", [(CLOSE, b"")], [("close", None)]),
    ("a close with a reason", "5.5.1-answer 7.4.1-1000", [(CLOSE, close_payload(1000, "tschüß".encode()))],
     [("close", 1000)]),
    ("a close with the longest reason", "5.5.1-answer", [(CLOSE, close_payload(1001, b"x" * 123))],
     [("close", 1001)]),
    ("a close of one byte", "5.5.1-two-bytes", [(CLOSE, b"\x03")], [("close", 1002)]),
    ("a close whose reason is no UTF-8", "5.5.1-utf8", [(CLOSE, close_payload(1000, b"\xff"))], [("close", 1007)]),
    *[(f"close code {code}", "7.4.1-codes 7.4.2-ranges", [(CLOSE, close_payload(code))], [("close", code)])
      for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)],
    *[(f"close code {code}", "7.4.1-codes 7.4.2-ranges 7.4.1-never-sent", [(CLOSE, close_payload(code))],
       [("close", 1002)]) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)],
    ("data after a close", "5.5.1-no-more", [BYE, (TEXT, b"late")], [("close", 1000)]),
    ("rubbish after a close", "1.4-ignore", [BYE, (7, b"late", {"rsv": 7})], [("close", 1000)]),

    # -- UTF-8 --
    *[(f"a text with {name}", "8.1-utf8 7.4.1-1007", [(TEXT, b"ok " + bad)], [("close", 1007)])
      for name, bad in NOT_UTF8.items()],
    *[(f"an unfinished text with {name}", "8.1-utf8", [(TEXT, b"ok " + bad + b"...", {"fin": False})],
       [("close", 1007)]) for name, bad in NOT_UTF8.items()],
    ("a text that ends inside a character", "8.1-utf8", [(TEXT, "é".encode()[:1])], [("close", 1007)]),
    ("a character cut by fragments", "5.6-cut 8.1-utf8",
     [(TEXT, "é".encode()[:1], {"fin": False}), (CONTINUATION, "é".encode()[1:]), BYE],
     [("text", "é".encode()), ("close", 1000)]),
    ("a character cut by fragments and never ended", "8.1-utf8",
     [(TEXT, "é".encode()[:1], {"fin": False}), (CONTINUATION, b"")], [("close", 1007)]),
    ("bytes that are no text, as binary", "5.6-binary", [(BINARY, b"\xff\xfe"), BYE],
     [("binary", b"\xff\xfe"), ("close", 1000)]),
]
