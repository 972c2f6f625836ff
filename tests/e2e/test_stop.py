"""SIGTERM: everybody is told, in their own way, and the program ends in time."""

import contextlib
import signal
import threading
import time

import harness
import raw

STOP_WITHIN_S = 5


class Leaver(threading.Thread):
    """Reads until the server ends it, and keeps how it ended."""

    def __init__(self, read_to_the_end):
        super().__init__(daemon=True)
        self._read = read_to_the_end
        self.ended_with = "nothing: it still reads"

    def run(self):
        try:
            self.ended_with = self._read()
        except BaseException as failure:  # told to the test's thread
            self.ended_with = failure



def mjpeg_end(viewer):
    def read():
        try:
            while True:
                harness.size_of(viewer.read_part().body)  # every part is whole
        except EOFError:  # TornPart is another
            return "a part boundary"
    return read


def lines_end(file):
    def read():
        last = b"\n"
        while line := file.readline():
            last = line
        return "a line" if last.endswith(b"\n") else last
    return read


def open_everything(server, stack):
    """Fifty WebSockets and thirty others; (what reads it, what its end must be) of each."""
    found = []

    def websocket(path, count, **options):
        for _ in range(count):
            client = stack.enter_context(raw.WebSocket(server, path, **options))
            found.append((client.read_close, 1001))

    websocket("/streams/cam/frames", 15)
    websocket("/streams/cam/frames?width=160&fps=5", 5)
    websocket("/ws", 9)
    websocket("/streams/cam/predictions", 5)
    websocket("/publish/door", 1)
    for number in range(15):
        live = stack.enter_context(raw.Live(server))
        if number % 3:  # others are connected and have asked for nothing
            live.ask("subscribe", "cam", window=number % 3)
            live.ask("subscribe", "door")
            live.next_message("stream")
        found.append((live.read_close, 1001))
    for _ in range(15):
        viewer = stack.enter_context(harness.MjpegReader(server))
        viewer.read_part()
        found.append((mjpeg_end(viewer), "a part boundary"))
    for accept in ("text/event-stream", "application/x-ndjson"):
        for _ in range(5):
            file, _ = harness.open_stream(server, "/streams/cam/predictions", {"Accept": accept})
            stack.callback(file.close)
            harness.read_lines(file, 1)
            found.append((lines_end(file), "a line"))
    return found


def test_everybody_is_told_and_it_ends_in_time():
    server = harness.Server("cam=test", "door=published", "--width", "320", "--predict", "test")
    with contextlib.ExitStack() as stack:
        viewers = open_everything(server, stack)
        for _ in range(3):  # those who read nothing, and those who only connected
            stalled = stack.enter_context(harness.MjpegReader(server, receive_buffer=4096))
            stalled.read_part()
            stack.enter_context(raw.WebSocket(server, "/streams/cam/frames", receive_buffer=4096))
            stack.callback(raw.connect(server).close)
        leavers = [Leaver(read) for read, _ in viewers]
        for leaver in leavers:
            leaver.start()
        began = time.monotonic()
        assert server.stop() == 0
        took = time.monotonic() - began
        for leaver in leavers:
            leaver.join(harness.seconds(10))
        wrong = [(wanted, leaver.ended_with) for (_, wanted), leaver in zip(viewers, leavers)
                 if leaver.ended_with != wanted]
        assert not wrong, wrong
    assert took < harness.seconds(STOP_WITHIN_S), f"{took:.1f} s"


def test_nobody_is_let_in_while_it_stops():
    server = harness.Server("test", "--width", "320")
    with harness.MjpegReader(server, receive_buffer=4096) as stalled:
        stalled.read_part()
        server.process.send_signal(signal.SIGTERM)

        def is_closed():
            try:
                raw.connect(server).close()
            except ConnectionRefusedError:
                return True
            except ConnectionResetError:
                pass  # it came in the very moment
            return False

        harness.wait_until(is_closed, 3, "the listener's end")
    assert server.stop() == 0


def test_it_stops_while_its_source_hangs(tmp_path):
    """A server that accepts and says nothing, as a network camera that has crashed."""
    with harness.busy_port() as port:
        server = harness.Server(f"http://127.0.0.1:{port}/video", "gone=rtsp://127.0.0.1:1/", tmp_path / "none.avi", "-")
        with harness.MjpegReader(server, "/streams/gone.mjpg") as viewer:
            viewer.read_part()
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < harness.seconds(STOP_WITHIN_S)


def test_a_second_signal_changes_nothing():
    server = harness.Server("test", "--width", "320")
    with harness.MjpegReader(server, receive_buffer=4096) as stalled:
        stalled.read_part()
        for _ in range(5):
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGINT)
        assert server.stop() == 0


def test_it_stops_the_moment_it_has_begun():
    for _ in range(5):
        server = harness.Server("test", "--predict", "motion")
        assert server.stop() == 0
