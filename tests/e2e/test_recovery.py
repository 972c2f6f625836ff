"""A source goes and comes back: viewers stay, see why, and see pictures again soon."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

import harness
import raw

FAKES = harness.ROOT / "tests/fakes"
FAKE_CAMERA = pathlib.Path(harness.PROGRAM).resolve().parent / "tests/fakes/fake_camera.so"
BACK_WITHIN_S = 3


def status(server, name="cam"):
    return harness.fetch_json(server, f"/streams/{name}")


def free_port():
    with harness.busy_port() as port:
        return port


class Viewers:
    """One of MJPEG and one of framecast.v1, which fail the test when they are disconnected."""

    def __init__(self, server):
        self.server = server
        self._stack = contextlib.ExitStack()
        self.mjpeg = self._stack.enter_context(raw.Watching(server))
        self.live = self._stack.enter_context(raw.Live(server))
        self.live.ask("subscribe", "cam")

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self._stack.__exit__(*why)

    def wait_for_state(self, state, timeout=20):
        """Over /live, where a change is told without asking."""
        deadline = time.monotonic() + harness.seconds(timeout)
        while (told := self.live.next_message("stream"))["state"] != state:
            assert time.monotonic() < deadline, f"the state is {told}"
        self.live.forget()
        return told

    def wait_for_pictures(self, timeout=BACK_WITHIN_S):
        """Until both get more pictures than notices could be, which come once a second."""
        self.mjpeg.wait_for_more(5, timeout)
        for _ in range(5):
            self.live.next_picture()


def see_it_go_and_come_back(server, stop, start, why):
    """start returns when the source is back, and that is when the clock starts."""
    with Viewers(server) as viewers:
        viewers.wait_for_state("up")
        viewers.wait_for_pictures(10)
        size = harness.size_of(viewers.mjpeg.parts[-1].body)
        for _ in range(2):
            stop()
            told = viewers.wait_for_state("down")
            assert why in told["error"].lower()
            assert status(server)["source"]["state"] == "down"
            assert why in status(server)["source"]["error"].lower()
            # A picture says so, in the size that viewers have laid out, and comes again and again.
            viewers.mjpeg.wait_for_more(2)
            assert harness.size_of(viewers.mjpeg.parts[-1].body) == size
            assert harness.size_of(viewers.live.next_picture().jpeg) == size
            start()
            began = time.monotonic()
            viewers.wait_for_state("up")
            viewers.live.next_picture()  # told in this order: up, then its first picture
            took = time.monotonic() - began
            viewers.wait_for_pictures()
            print(f"back after {took:.2f} s")
            assert took < harness.seconds(BACK_WITHIN_S), f"{took:.1f} s after the source's return"
            assert harness.size_of(viewers.mjpeg.parts[-1].body) == size
        seqs = [part.seq for part in viewers.mjpeg.parts]
        assert seqs == sorted(set(seqs)), "the numbers do not go on"
    assert status(server)["source"]["restarts"] >= 2


# ---- a network camera ----

class Rtsp:
    """The fake RTSP server on one port, started and stopped."""

    def __init__(self, port):
        self.port, self.process = port, None

    def start(self):
        self.process = subprocess.Popen([sys.executable, FAKES / "rtsp_server.py", str(self.port), harness.VIDEO],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def stop(self):
        self.process.terminate()
        self.process.communicate()


@pytest.mark.skipif(not harness.VIDEO.exists() or not shutil.which("ffmpeg"), reason="no ffmpeg, or no video")
def test_rtsp_camera(server):
    camera = Rtsp(free_port())
    camera.start()
    try:
        one = server(f"rtsp://127.0.0.1:{camera.port}/live")
        see_it_go_and_come_back(one, camera.stop, camera.start, "127.0.0.1")
    finally:
        camera.stop()


class Framecast:
    """Another framecast on one port, which is killed and started."""

    def __init__(self, port):
        self.port, self.server = port, None

    def start(self):
        self.server = harness.Server("test", "--width", "320", listen=f"127.0.0.1:{self.port}")
        harness.wait_until(lambda: harness.fetch_json(self.server, "/readyz").get("status") == "ready",
                           what="a picture")

    def kill(self):
        self.server.kill()


def test_mjpeg_over_http_from_another_framecast(server):
    upstream = Framecast(free_port())
    upstream.start()
    try:
        one = server(f"http://127.0.0.1:{upstream.port}/streams/cam.mjpg")
        see_it_go_and_come_back(one, upstream.kill, upstream.start, "127.0.0.1")
    finally:
        upstream.kill()


def test_pictures_of_another_framecast_pass_without_being_encoded_again(server):
    upstream = server("test", "--width", "320")
    one = server(f"{upstream.url}streams/cam.mjpg")
    with harness.MjpegReader(upstream) as theirs, harness.MjpegReader(one) as ours:
        harness.wait_until(lambda: status(one)["source"]["state"] == "up", what="the stream")
        sent = {theirs.read_part().body for _ in range(30)}
        got = {ours.read_part().body for _ in range(30)}
    assert len(sent & got) > 10


# ---- a camera on this machine ----

@pytest.fixture
def camera(tmp_path):
    """Environment of a server that has the fake camera, and how to unplug and plug it."""
    if not FAKE_CAMERA.exists():
        pytest.skip(f"there is no {FAKE_CAMERA}")
    if harness.SANITIZER == "thread":
        pytest.skip("ThreadSanitizer does not start where another library has its own mmap()")
    folder = tmp_path / "jpegs"
    folder.mkdir()
    for number in range(10):
        (folder / f"p-{number}.jpg").write_bytes(harness.make_jpeg(number, 320, 240))
    plug = tmp_path / "plug"
    plug.touch()
    env = {"LD_PRELOAD": ":".join(filter(None, [os.environ.get("LD_PRELOAD"), str(FAKE_CAMERA)])),
           "FAKE_CAMERA_JPEGS": str(folder), "FAKE_CAMERA_PLUG": str(plug),
           "FAKE_CAMERA_SILENT": str(tmp_path / "silent"),
           "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}
    return env, plug


def test_camera_is_unplugged_and_plugged(server, camera):
    env, plug = camera
    one = server("/dev/video0", env=env)
    see_it_go_and_come_back(one, plug.unlink, plug.touch, "/dev/video0")


def test_pictures_of_a_camera_pass_byte_for_byte(server, camera):
    env, _ = camera
    one = server("/dev/video0", env=env)
    wanted = {path.read_bytes() for path in pathlib.Path(env["FAKE_CAMERA_JPEGS"]).iterdir()}
    with raw.WebSocket(one, "/streams/cam/frames") as viewer:
        harness.wait_until(lambda: viewer.receive() in wanted, what="a picture of the camera")
        assert {viewer.receive() for _ in range(20)} <= wanted
    assert status(one)["encoded"] <= 1, "only the first notice"


def test_camera_that_is_plugged_in_later(server, camera):
    env, plug = camera
    plug.unlink()
    one = server("/dev/video0", env=env)
    with Viewers(one) as viewers:
        assert "/dev/video0" in viewers.wait_for_state("down")["error"]
        viewers.mjpeg.wait_for_more(2)
        plug.touch()
        viewers.wait_for_state("up", BACK_WITHIN_S)
        viewers.wait_for_pictures()
        assert harness.size_of(viewers.mjpeg.parts[-1].body) == (320, 240)


# ---- files ----

@pytest.mark.skipif(not harness.VIDEO.exists(), reason="the video is not installed")
def test_file_that_appears_later(server, tmp_path):
    clip = tmp_path / "late.avi"
    one = server(clip)
    with Viewers(one) as viewers:
        assert "late.avi" in viewers.wait_for_state("down")["error"]
        viewers.mjpeg.wait_for_more(1)
        # Back-off has grown to its longest.
        harness.wait_until(lambda: len(viewers.mjpeg.times) >= 4, what="notices")
        clip.symlink_to(harness.VIDEO)
        viewers.wait_for_state("up", BACK_WITHIN_S)
        viewers.wait_for_pictures()
        assert harness.size_of(viewers.mjpeg.parts[-1].body) == (768, 576)


@pytest.mark.skipif(not harness.VIDEO.exists(), reason="the video is not installed")
def test_file_played_once_ends_and_its_last_picture_stays(server, tmp_path):
    clip = tmp_path / "short.avi"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", harness.VIDEO, "-frames:v", "8", "-c", "copy", clip],
                   check=True)
    one = server(clip, "--once")
    harness.wait_until(lambda: status(one)["source"]["state"] == "ended", what="its end")
    assert harness.fetch_json(one, "/healthz")["status"] == "ok"
    with harness.MjpegReader(one) as viewer:
        assert harness.size_of(viewer.read_part().body) == (768, 576)


# ---- standard input ----

class Piped:
    """A server that reads pictures from a pipe."""

    def __init__(self, server):
        read_end, self.fd = os.pipe()
        self.server = server("-", stdin=read_end)
        os.close(read_end)

    def write(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view):]

    def end(self):
        os.close(self.fd)


def test_pictures_on_standard_input_pass_byte_for_byte(server):
    piped = Piped(server)
    with raw.WebSocket(piped.server, "/streams/cam/frames") as viewer:
        for number in range(10):
            jpeg = harness.make_jpeg(number, 320, 240)
            for at in range(0, len(jpeg), 1000):
                piped.write(jpeg[at:at + 1000])
            assert viewer.receive() == jpeg
    piped.end()
    told = status(piped.server)
    assert (told["source"]["pictures"], told["source"]["corrupt"]) == (10, 0)


def test_garbage_between_pictures_is_passed_over(server):
    piped = Piped(server)
    garbage = [b"", b"\0" * 5000, b"\xff" * 100, b"\xff\xd8" * 50, b"HTTP/1.1 200 OK\r\n\r\n",
               harness.make_jpeg(99)[:3000], b"\xff\xd8\xff\xe0\0\0", os.urandom(200).replace(b"\xff", b"")]
    with raw.WebSocket(piped.server, "/streams/cam/frames") as viewer:
        piped.write(harness.make_jpeg(1000, 320, 240))
        viewer.receive()
        for number, piece in enumerate(garbage):
            first, second = (harness.make_jpeg(2 * number + i, 320, 240) for i in (0, 1))
            # Of a picture that is cut short nobody knows before the next, which may go with it.
            piped.write(piece + first)
            piped.write(second)
            while (got := viewer.receive()) != second:
                assert got == first
    assert status(piped.server)["source"]["corrupt"] >= 1
    piped.end()
    harness.wait_until(lambda: status(piped.server)["source"]["state"] == "ended", what="its end")
    assert "standard input" in status(piped.server)["source"]["error"]


def test_end_of_standard_input_keeps_the_viewers(server):
    piped = Piped(server)
    with Viewers(piped.server) as viewers:
        piped.write(harness.make_jpeg(1, 320, 240))
        viewers.wait_for_state("up")
        piped.end()
        viewers.wait_for_state("ended")
        parts = harness.wait_until(lambda: viewers.mjpeg.parts, what="the picture")
        assert harness.read_seq(parts[-1].body) == 1
    with harness.MjpegReader(piped.server) as late:
        assert harness.read_seq(late.read_part().body) == 1
