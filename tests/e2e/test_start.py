"""The command line: what a user types, and what the program says to it."""

import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest

import harness


def get_json(server, path):
    with urllib.request.urlopen(server.url + path, timeout=harness.seconds(5)) as answer:
        return json.load(answer)


def assert_one_sentence(text):
    """A failure is one sentence on standard error, not a trace or a page of usage."""
    lines = text.strip().splitlines()
    assert len(lines) == 1, f"not one line:\n{text}"
    assert 10 < len(lines[0]) < 400
    assert "0x" not in lines[0] and "assert" not in lines[0].lower()


# ---- help and version ----

def test_help_goes_to_standard_output():
    done = harness.run("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    for word in ("framecast", "--listen", "--predict", "--fps", "--quality", "--log", "watch"):
        assert word in done.stdout, word


def test_help_says_the_defaults():
    assert "127.0.0.1:8765" in harness.run("--help").stdout


def test_version():
    done = harness.run("--version")
    assert done.returncode == 0
    assert re.search(r"\b\d+\.\d+\.\d+\b", done.stdout)
    assert done.stderr == ""


# ---- wrong command lines ----

@pytest.mark.parametrize("arguments, culprit", [
    (["test", "--nonsense"], "--nonsense"),
    (["test", "-Z"], "-Z"),
    (["test", "--fps"], "--fps"),
    (["test", "--fps", "many"], "many"),
    (["test", "--fps", "-3"], "-3"),
    (["test", "--fps", "0"], "0"),
    (["test", "--quality", "0"], "0"),
    (["test", "--quality", "101"], "101"),
    (["test", "--quality", "80q"], "80q"),
    (["test", "--width", "wide"], "wide"),
    (["test", "--width", "-640"], "-640"),
    (["test", "--listen", "nowhere"], "nowhere"),
    (["test", "--listen", "127.0.0.1:99999"], "99999"),
    (["test", "--listen", "127.0.0.1:http"], "http"),
    (["test", "--listen", "unix:"], "unix:"),
    (["test", "--log", "loud"], "loud"),
    (["test", "--predict", "no-such-predictor"], "no-such-predictor"),
    (["bad name=test"], "bad name"),
    ([f"{'n' * 65}=test"], "64"),
    (["cam=test", "cam=test"], "cam"),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "")
def test_wrong_command_line_is_one_sentence_and_status_2(arguments, culprit):
    done = harness.run(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert_one_sentence(done.stderr)
    assert culprit in done.stderr


def test_no_source_is_a_wrong_command_line():
    done = harness.run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "source" in done.stderr.lower()


def test_misspelt_option_is_answered_with_the_right_one():
    done = harness.run("test", "--qualty", "80")
    assert done.returncode == 2
    assert "--quality" in done.stderr


# ---- listening ----

def test_port_0_picks_a_port_and_prints_it():
    with harness.Server("test") as server:
        assert server.port > 0
        assert [stream["name"] for stream in streams_of(server)] == ["cam"]


def streams_of(server):
    """INTERFACE: a JSON list; an object that holds the list would be a different interface."""
    streams = get_json(server, "streams")
    assert isinstance(streams, list)
    return streams


def test_two_listeners(server, unix_path):
    one = server("test", "--listen", f"unix:{unix_path}")
    assert urllib.request.urlopen(one.url, timeout=harness.seconds(5)).status == 200
    assert harness.get_over_unix(unix_path).status == 200


def test_ipv6_listener(server):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    one = server("test", listen="[::1]:0")
    assert one.host == "[::1]"
    assert urllib.request.urlopen(one.url, timeout=harness.seconds(5)).status == 200


def test_unix_listener(server, unix_path):
    server("test", listen=f"unix:{unix_path}")
    answer = harness.get_over_unix(unix_path, "/streams")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")


def test_unix_socket_left_by_a_killed_server_is_taken_over(unix_path):
    first = harness.Server("test", listen=f"unix:{unix_path}")
    first.kill()
    with harness.Server("test", listen=f"unix:{unix_path}"):
        assert harness.get_over_unix(unix_path).status == 200


def test_unix_socket_in_use_is_not_taken(server, unix_path):
    server("test", listen=f"unix:{unix_path}")
    done = harness.run("test", "--listen", f"unix:{unix_path}")
    assert done.returncode == 1
    assert unix_path in done.stderr
    assert harness.get_over_unix(unix_path).status == 200


def test_port_in_use_is_one_sentence_with_a_hint():
    with harness.busy_port() as port:
        done = harness.run("test", "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert_one_sentence(done.stderr.strip().splitlines()[-1])
    assert str(port) in done.stderr
    assert "in use" in done.stderr
    assert "--listen" in done.stderr


def test_address_of_another_machine_is_one_sentence():
    done = harness.run("test", "--listen", "192.0.2.1:8765")
    assert done.returncode == 1
    assert "192.0.2.1" in done.stderr


# ---- names ----

def test_several_unnamed_sources_are_numbered(server):
    one = server("test", "test", "door=test")
    assert [stream["name"] for stream in streams_of(one)] == ["cam", "cam2", "door"]


def test_serve_is_the_default_command(server):
    one = server("serve", "a-b_1=test")
    assert [stream["name"] for stream in streams_of(one)] == ["a-b_1"]


# ---- sources that cannot be opened ----

def test_unreadable_file_is_not_fatal(server, tmp_path):
    missing = tmp_path / "missing.mp4"
    one = server(f"cam={missing}", "other=test")

    def reason():
        return "missing.mp4" in json.dumps(get_json(one, "streams/cam"))

    harness.wait_until(reason, what="/streams/cam naming the file that is missing")
    said = json.dumps(get_json(one, "streams"))
    assert "No such file" in said or "no such file" in said
    assert one.is_running()
    # The other stream is not concerned.
    with harness.MjpegReader(one, "/streams/other.mjpg") as viewer:
        assert harness.size_of(viewer.read_part().body)


def test_stream_without_its_source_shows_a_picture_that_says_why(server, tmp_path):
    one = server(tmp_path / "missing.mp4")
    with harness.MjpegReader(one, "/streams/cam.mjpg") as viewer:
        part = viewer.read_part()
    assert part.headers["content-type"] == "image/jpeg"
    assert harness.size_of(part.body) > (0, 0)


def test_source_that_appears_later_is_opened(server, tmp_path):
    clip = tmp_path / "late.jpg"
    one = server(clip, "--fps", "10")
    clip.with_suffix(".tmp").write_bytes(harness.make_jpeg(seq=77, width=320, height=240))
    clip.with_suffix(".tmp").rename(clip)

    def newest_is_ours():
        try:
            with urllib.request.urlopen(one.url + "streams/cam.jpg", timeout=harness.seconds(5)) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            assert error.code == 503, error  # before the first picture, or notice, there is none
            return False
        return harness.size_of(body) == (320, 240) and harness.read_seq(body) == 77

    harness.wait_until(newest_is_ours, timeout=20, what="the picture of the file that appeared")


# ---- ending ----

@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT], ids=lambda sign: sign.name)
def test_signal_ends_it_with_status_0(sign):
    server = harness.Server("test")
    began = time.monotonic()
    assert server.stop(sign=sign) == 0
    assert time.monotonic() - began < harness.seconds(5)


def test_viewer_that_reads_nothing_does_not_hold_up_the_end():
    server = harness.Server("test", "--fps", "30")
    with harness.MjpegReader(server, receive_buffer=4096) as viewer:
        viewer.read_part()
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < harness.seconds(6)


def test_mjpeg_ends_cleanly_when_the_server_stops():
    server = harness.Server("test", "--fps", "30")
    with harness.MjpegReader(server) as viewer:
        viewer.read_parts(3)
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(EOFError):
            while True:
                harness.size_of(viewer.read_part().body)
    assert server.stop() == 0


def test_nothing_is_said_on_standard_error_without_a_reason():
    server = harness.Server("test", "--log", "error")
    assert server.stop() == 0
    assert server.stderr == ""
