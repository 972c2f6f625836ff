#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every form of SOURCE on real media, through source_probe.

Run by meson, which says where things are: SOURCE_PROBE, FAKE_CAMERA, RTSP_SERVER. Exits 77 without
ffmpeg or the media (Debian's opencv-doc).
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

PROBE = os.environ.get("SOURCE_PROBE", "build/server/source/source_probe")
FAKE_CAMERA = os.environ.get("FAKE_CAMERA", "build/tests/fakes/fake_camera.so")
RTSP_SERVER = os.environ.get("RTSP_SERVER", "tests/fakes/rtsp_server.py")
VIDEO = os.environ.get("FRAMECAST_VTEST", "/usr/share/doc/opencv-doc/examples/data/vtest.avi")
PICTURE = re.compile(
    r"(picture|notice) seq=(\d+) size=(\d+x\d+) format=(\w+) range=(\w+) bytes=(\d+) "
    r"interval_ms=([\d.]+) sum=(\w+)( discontinuity)?")


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, args)], check=True)


class Seen:
    """What source_probe printed, read while it runs."""

    def __init__(self, text=""):
        self.lines = text.splitlines()
        self.times = []

    @property
    def pictures(self):
        found = [PICTURE.match(line) for line in self.lines]
        return [m.groups() for m in found if m and m[1] == "picture"]

    @property
    def notices(self):
        return [line for line in self.lines if line.startswith("notice")]

    @property
    def states(self):
        return [line[len("state "):] for line in self.lines if line.startswith("state ")]

    @property
    def counts(self):
        return {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", self.lines[-1])}


def probe(*args, stdin=subprocess.DEVNULL, data=None):
    """Run to the end."""
    kind = {"input": data} if data is not None else {"stdin": stdin}
    done = subprocess.run([PROBE, *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, **kind)
    text = done.stdout.decode(errors="replace")
    assert "Sanitizer" not in text and "runtime error" not in text, text
    return Seen(text)


@contextlib.contextmanager
def running(*args, env=None):
    """Run in the background; gives what is seen so far."""
    process = subprocess.Popen([PROBE, *map(str, args)], stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               env={**os.environ, **(env or {})})
    seen = Seen()

    def collect():
        for line in process.stdout:
            seen.times.append(time.monotonic())
            seen.lines.append(line.rstrip("\n"))

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield seen
    finally:
        process.kill()
        process.wait()
        thread.join()
    text = "\n".join(seen.lines)
    assert "Sanitizer" not in text and "runtime error" not in text, text


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.01)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="session")
def jpegs(tmp_path_factory):
    """Twelve pictures of the video, named so that only natural order is right."""
    folder = tmp_path_factory.mktemp("jpegs")
    ffmpeg("-i", VIDEO, "-frames:v", 12, "-huffman", "default", folder / "img-%d.jpg")
    return folder


@contextlib.contextmanager
def rtsp_server(port):
    server = subprocess.Popen([sys.executable, RTSP_SERVER, str(port), VIDEO],
                              stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout.readline() == "ready\n"
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def test_file_is_played_in_its_own_time():
    seen = probe(VIDEO, 20)
    assert {p[2] for p in seen.pictures} == {"768x576"}
    intervals = [float(p[6]) for p in seen.pictures[1:]]
    assert 95 < sum(intervals) / len(intervals) < 105


def test_file_is_looped(tmp_path):
    ffmpeg("-i", VIDEO, "-frames:v", 10, "-c:v", "libx264", tmp_path / "short.mp4")
    seen = probe("-f", tmp_path / "short.mp4", 35)
    marked = [int(p[1]) for p in seen.pictures if p[8]]
    assert marked[:3] == [11, 21, 31]
    assert seen.pictures[0][7] == seen.pictures[10][7] == seen.pictures[20][7]


def test_file_that_cannot_seek_is_looped(tmp_path):
    ffmpeg("-i", VIDEO, "-frames:v", 5, "-c:v", "mjpeg", "-f", "mjpeg", tmp_path / "raw.mjpeg")
    seen = probe("-f", tmp_path / "raw.mjpeg", 12)
    assert [int(p[1]) for p in seen.pictures if p[8]][:2] == [6, 11]


def test_file_once_ends_with_every_picture():
    seen = probe("-t", 55, "-o", "-f", VIDEO, 100000)
    assert len(seen.pictures) == 795
    assert seen.states[-1].startswith("ended")


def test_file_with_mjpeg_is_passed_through(tmp_path):
    ffmpeg("-i", VIDEO, "-frames:v", 5, "-c:v", "mjpeg", tmp_path / "clip.avi")
    seen = probe("-o", "-f", tmp_path / "clip.avi", 5)
    assert {p[3] for p in seen.pictures} == {"jpeg"}
    assert len(seen.pictures) == 5


def test_file_that_is_missing_says_so():
    seen = probe("-t", 1, "missing.mp4", 1)
    assert seen.states[-1] == "down why='cannot open 'missing.mp4': No such file or directory'"
    assert seen.notices


@pytest.mark.parametrize("cut", [0, 1, 100, 10000, 100000])
def test_file_that_is_cut_short_is_survived(tmp_path, cut):
    data = Path(VIDEO).read_bytes()[:cut]
    (tmp_path / "cut.avi").write_bytes(data)
    seen = probe("-o", "-f", "-t", 3, tmp_path / "cut.avi", 100000)
    assert seen.states[-1].startswith(("down", "ended"))


def test_file_that_changes_its_size_goes_on(tmp_path):
    ffmpeg("-i", VIDEO, "-frames:v", 5, "-c:v", "libx264", "-f", "mpegts", tmp_path / "a.ts")
    ffmpeg("-i", VIDEO, "-frames:v", 5, "-vf", "scale=321:241", "-pix_fmt", "yuv444p", "-c:v",
           "libx264", "-f", "mpegts", tmp_path / "b.ts")
    both = (tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes()
    (tmp_path / "both.ts").write_bytes(both)
    seen = probe("-o", "-f", tmp_path / "both.ts", 100000)
    assert {(p[2], p[3]) for p in seen.pictures} == {("768x576", "yuv420"), ("321x241", "yuv444")}


def test_folder_passes_jpegs_in_natural_order(jpegs):
    seen = probe("-f", f"{jpegs}/", 12)
    sizes = [(jpegs / f"img-{i}.jpg").stat().st_size for i in range(1, 13)]
    assert [int(p[5]) for p in seen.pictures[:12]] == sizes
    assert {p[3] for p in seen.pictures} == {"jpeg"}


def test_folder_skips_and_counts_what_cannot_be_read(tmp_path, jpegs):
    ffmpeg("-i", VIDEO, "-frames:v", 1, tmp_path / "1.png")
    (tmp_path / "2.jpg").write_bytes((jpegs / "img-1.jpg").read_bytes()[:5000])
    (tmp_path / "3.png").write_bytes(b"nothing")
    shutil.copy(jpegs / "img-2.jpg", tmp_path / "4.jpg")
    (tmp_path / "5.txt").write_text("not looked at")
    seen = probe("-f", "-o", tmp_path, 100)
    assert [p[3] for p in seen.pictures] == ["yuv420", "jpeg"]
    assert seen.counts["corrupt"] == 2


def test_folder_that_is_empty_says_so(tmp_path):
    assert "there is no picture in" in probe("-t", 1, f"{tmp_path}/", 1).states[-1]
    assert "no file is named like" in probe("-t", 1, f"{tmp_path}/*.jpg", 1).states[-1]


@pytest.mark.parametrize("form", ["mjpeg", "mpjpeg"])
def test_stdin_takes_a_stream(form):
    with subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-i", VIDEO, "-frames:v", "20",
                           "-f", form, "-"], stdout=subprocess.PIPE) as writer:
        seen = probe("-", 1000, stdin=writer.stdout)
    assert len(seen.pictures) == 20
    assert seen.counts["corrupt"] == 0
    assert seen.states[-1].startswith("ended")


def test_stdin_loses_only_what_is_damaged(jpegs):
    data = [(jpegs / f"img-{i}.jpg").read_bytes() for i in range(1, 5)]
    seen = probe("-", 1000, data=b"garbage" + data[0] + data[1][:-900] + data[2] + data[3][:3000])
    assert [int(p[5]) for p in seen.pictures] == [len(data[0]), len(data[2])]
    assert seen.counts["corrupt"] == 2


def test_http_mjpeg_is_passed_through_and_comes_back():
    port = free_port()

    def server():
        return subprocess.Popen(["ffmpeg", "-v", "quiet", "-nostdin", "-re", "-stream_loop", "-1",
                                 "-i", VIDEO, "-f", "mpjpeg", "-listen", "1",
                                 f"http://127.0.0.1:{port}/"])

    first = server()
    with running("-t", 40, f"http://me:secret@127.0.0.1:{port}/?token=secret", 1000) as seen:
        wait_for(lambda: len(seen.pictures) >= 5)
        assert {p[3] for p in seen.pictures} == {"jpeg"}
        first.kill()
        first.wait()
        wait_for(lambda: seen.notices)
        count = len(seen.pictures)
        second = server()
        began = time.monotonic()
        wait_for(lambda: len(seen.pictures) > count)
        assert time.monotonic() - began < 4
        assert seen.pictures[count][8]
        second.kill()
        second.wait()
    assert "secret" not in "\n".join(seen.lines)


def test_rtsp_is_decoded_and_comes_back():
    port = free_port()
    with running("-t", 40, f"rtsp://me:secret@127.0.0.1:{port}/x", 1000) as seen:
        wait_for(lambda: seen.notices)
        with rtsp_server(port):
            wait_for(lambda: len(seen.pictures) >= 20)
        count = len(seen.pictures)
        wait_for(lambda: seen.states[-1].startswith("down"))
        with rtsp_server(port):
            began = time.monotonic()
            wait_for(lambda: len(seen.pictures) > count + 1)
            assert time.monotonic() - began < 3
    assert {p[3] for p in seen.pictures} == {"yuv420"}
    assert "secret" not in "\n".join(seen.lines)


def test_network_that_falls_silent_is_noticed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        seen = probe("-s", 500, "-t", 2, address, 1)
    assert f"down why='cannot open '{address}': no answer in time'" in seen.states
    assert seen.counts["stopped_ms"] < 1000


@pytest.fixture
def camera(jpegs, tmp_path):
    if os.environ.get("FRAMECAST_SANITIZE") == "thread":
        pytest.skip("ThreadSanitizer does not stand what the fake camera puts before open() and mmap()")
    (tmp_path / "plug").touch()
    preload = ":".join(filter(None, [os.environ.get("LD_PRELOAD"), FAKE_CAMERA]))
    return {"LD_PRELOAD": preload, "FAKE_CAMERA_JPEGS": str(jpegs),
            "FAKE_CAMERA_PLUG": str(tmp_path / "plug"),
            "FAKE_CAMERA_SILENT": str(tmp_path / "silent"),
            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}


def test_camera_is_passed_through_at_its_rate(camera, jpegs):
    with running("/dev/video0", 60, env=camera) as seen:
        wait_for(lambda: len(seen.pictures) >= 60)
    sizes = {(jpegs / f"img-{i}.jpg").stat().st_size for i in range(1, 13)}
    assert {int(p[5]) for p in seen.pictures} == sizes
    intervals = [float(p[6]) for p in seen.pictures[1:]]
    assert 32 < sum(intervals) / len(intervals) < 35


def test_camera_without_mjpeg_is_converted(camera):
    with running("/dev/video0", 10, env={**camera, "FAKE_CAMERA_JPEGS": ""}) as seen:
        wait_for(lambda: len(seen.pictures) >= 10)
    assert {(p[2], p[3]) for p in seen.pictures} == {("320x240", "yuv422")}


def test_camera_is_unplugged_and_plugged_in(camera):
    plug = Path(camera["FAKE_CAMERA_PLUG"])
    with running("-t", 40, "/dev/video0", 1000, env=camera) as seen:
        wait_for(lambda: len(seen.pictures) >= 10)
        plug.unlink()
        wait_for(lambda: len(seen.notices) >= 2)
        assert "No such device" in seen.states[-2]
        count = len(seen.pictures)
        plug.touch()
        began = time.monotonic()
        wait_for(lambda: len(seen.pictures) > count)
        assert time.monotonic() - began < 3
        assert seen.pictures[count][8]


def test_camera_that_falls_silent_is_opened_again(camera):
    silent = Path(camera["FAKE_CAMERA_SILENT"])
    with running("-s", 500, "-t", 40, "/dev/video0", 1000, env=camera) as seen:
        wait_for(lambda: len(seen.pictures) >= 10)
        silent.touch()
        wait_for(lambda: seen.states[-1].startswith("down why='nothing has come"))
        silent.unlink()
        count = len(seen.pictures)
        wait_for(lambda: len(seen.pictures) > count)


if __name__ == "__main__":
    if not shutil.which("ffmpeg") or not os.path.exists(VIDEO):
        print("without ffmpeg or", VIDEO)
        sys.exit(77)
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
