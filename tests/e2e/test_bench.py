"""framecast bench: load on this machine, and what it says of it."""

import json
import pathlib
import re
import signal
import subprocess

import harness
import pytest

BUILD = pathlib.Path(harness.PROGRAM).parent
SERVER = BUILD / "bench/server"


@pytest.fixture
def plain(request):
    """bench/server in the mode that the test names: its process and address."""
    process = subprocess.Popen([SERVER, "0", *request.param], stdout=subprocess.PIPE, text=True)
    yield process.pid, process.stdout.readline().strip()
    process.terminate()
    assert process.wait(harness.seconds(10)) == 0


def bench(*arguments, status=0):
    done = harness.run("bench", *arguments, "--json", timeout=60)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("plain", [["echo"]], indirect=True)
def test_echo(plain):
    pid, url = plain
    seen = bench("echo", url, "-c", 8, "-d", 0.5, "-s", 100, "--pid", pid)
    assert (seen["mode"], seen["open"], seen["lost"], seen["is_scheduled"]) == ("echo", 8, 0, False)
    assert seen["messages"] > 100 and seen["bytes"] == seen["messages"] * 100
    assert 0 < seen["p50_us"] <= seen["p90_us"] <= seen["p99_us"] <= seen["p999_us"] <= seen["max_us"]
    assert seen["server_cpu_s"] > 0 and seen["server_resident_bytes"] > 1_000_000


@pytest.mark.parametrize("plain", [["echo"]], indirect=True)
def test_rate_is_kept(plain):
    seen = bench("echo", plain[1], "-c", 5, "-d", 1, "--rate", 500)
    assert seen["is_scheduled"]
    assert 400 <= seen["messages"] <= 505


def test_a_stall_is_charged_for_all_who_would_have_waited():
    """Stopped for half of the time, the server is charged for every message that was due."""
    process = subprocess.Popen([SERVER, "0", "echo"], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    load = subprocess.Popen([harness.PROGRAM, "bench", "echo", url, "-c", "4", "-d", "2", "--rate", "200", "--json"],
                            stdout=subprocess.PIPE, text=True)
    try:
        load.wait(0.7)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGSTOP)
    try:
        load.wait(0.7)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGCONT)
    out, _ = load.communicate(timeout=harness.seconds(20))
    process.terminate()
    process.wait(harness.seconds(10))
    seen = json.loads(out)
    # about 140 of 400 messages were due while it stood still, half of them waited for over 0.35 s
    assert seen["p90_us"] > 150_000, seen


@pytest.mark.parametrize("plain", [["sink"]], indirect=True)
def test_upload(plain):
    seen = bench("upload", plain[1], "-c", 2, "-d", 0.5, "-s", 65536)
    assert seen["messages"] > 10 and seen["bytes"] == seen["messages"] * 65536
    assert seen["p50_us"] is None
    assert 50 <= bench("upload", plain[1], "-c", 2, "-d", 1, "--rate", 100)["messages"] <= 101


@pytest.mark.parametrize("plain", [["broadcast", "1000"]], indirect=True)
def test_fanout(plain):
    seen = bench("fanout", plain[1], "-c", 50, "-d", 1.5, "--go", 20)
    assert seen["messages"] == 50 * 20 and seen["bytes"] == 50 * 20 * 1000
    assert seen["received_per_s_least"] == seen["received_per_s_most"]


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


@pytest.mark.parametrize("plain", [["broadcast", "1000"]], indirect=True)
def test_idle(plain):
    """What an idle connection costs: at most 600 bytes, and a little for the tables that grow in steps."""
    count = 3000
    before = resident(plain[0])
    seen = bench("idle", plain[1], "-c", count, "-d", 0.3, "--pid", plain[0])
    assert (seen["open"], seen["lost"], seen["messages"]) == (count, 0, 0)
    each = (seen["server_resident_bytes"] - before) / count
    assert each > 100
    if not harness.SANITIZER:
        assert each <= 650, f"{each:.0f} bytes"


def test_pictures_of_a_stream(server):
    one = server("test", "--fps", 20, "--width", 320)
    seen = bench("fanout", one.ws_url + "streams/cam/frames", "-c", 5, "-d", 2)
    assert seen["open"] == 5
    assert 15 <= seen["received_per_s_least"] <= seen["received_per_s_most"] <= 25


def test_tls_and_deflate(tmp_path):
    certificate, key = harness.make_certificate(tmp_path)
    process = subprocess.Popen([BUILD / "examples/tls-server", "0", certificate, key], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    try:
        assert bench("echo", url, "-c", 3, "-d", 0.3, "--ca", certificate)["messages"] > 10
        assert bench("echo", url, "-c", 3, "-d", 0.3, "--insecure", "--deflate")["messages"] > 10
        done = harness.run("bench", "echo", url, "-c", 1, "-d", 0.3)
        assert done.returncode == 1 and "not trusted" in done.stderr
    finally:
        process.terminate()
        process.wait(harness.seconds(10))


@pytest.mark.parametrize("plain", [["echo"]], indirect=True)
def test_text(plain):
    done = harness.run("bench", "echo", plain[1], "-d", 0.3)
    assert done.returncode == 0 and done.stderr == ""
    assert re.search(r"round trip +p50 \d+ us, p90 ", done.stdout)


@pytest.mark.parametrize("arguments, word", [
    ([], "mode"), (["echo"], "mode"), (["nonsense", "ws://h/"], "upload, fanout, echo or idle"),
    (["echo", "ws://h/", "--size", "4"], "--size"), (["echo", "ws://h/", "--connections", "0"], "--connections")])
def test_wrong_command_lines(arguments, word):
    done = harness.run("bench", *arguments)
    assert done.returncode == 2 and word in done.stderr


def test_nobody_is_there():
    done = harness.run("bench", "idle", "ws://127.0.0.1:9/", "-c", 3)
    assert done.returncode == 1 and "cannot connect" in done.stderr and done.stdout == ""
