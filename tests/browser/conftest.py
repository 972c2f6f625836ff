"""The server and the browser that the tests of the page use.

The server is build/framecast (or FRAMECAST_BIN). FRAMECAST_FAKE=1 takes fake_server.py instead, and so
do the tests marked stand_in, which need pictures or answers that the real one does not give.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

HERE = Path(__file__).resolve().parent
FAKE = os.environ.get("FRAMECAST_FAKE") == "1"
BINARY = Path(os.environ.get("FRAMECAST_BIN", HERE.parents[1] / "build" / "framecast"))
STAND_IN = [sys.executable, str(HERE / "fake_server.py")]
COMMAND = STAND_IN if FAKE else [str(BINARY)]
ARGUMENTS = ["a=test", "b=test", "c=test", "--predict", "motion"]
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
START_SECONDS = 15
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--window-size=1280,800"]


class Server:
    """A server process that can be stopped and started again on the same port."""

    def __init__(self, *arguments, command):
        self.command = command
        self.arguments = arguments or ARGUMENTS
        self.port = 0
        self.process = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def start(self):
        self.process = subprocess.Popen([*self.command, "--listen", f"127.0.0.1:{self.port}", *self.arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.port = self._read_port()

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _read_port(self):
        """Reads what the server prints until its address is there."""
        said = b""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if not select.select([self.process.stdout], [], [], 0.2)[0]:
                continue
            piece = os.read(self.process.stdout.fileno(), 4096)
            said += piece
            found = ADDRESS.search(said.decode(errors="replace"))
            if found:
                return int(found.group(1))
            if not piece:
                break
        self.stop(signal.SIGKILL)
        pytest.fail(f"the server did not print its address; it said: {said.decode(errors='replace')!r}")


def need_server():
    if not FAKE and not BINARY.is_file():
        pytest.skip(f"{BINARY} is not built (set FRAMECAST_BIN, or FRAMECAST_FAKE=1)")


@pytest.fixture
def start_server(request):
    """Starts servers with any arguments; they end with the test."""
    is_stand_in = request.node.get_closest_marker("stand_in") is not None
    if not is_stand_in:
        need_server()
    servers = []

    def start(*arguments):
        servers.append(Server(*arguments, command=STAND_IN if is_stand_in else COMMAND))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def server(start_server):
    """Three streams with a predictor."""
    return start_server()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    need_server()
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("chromium and chromedriver are not installed")
    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in [*CHROMIUM, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium):
    """The browser as if new: an empty page, the usual size, no messages."""
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.get("about:blank")
    chromium.get_log("browser")
    yield chromium
    chromium.get("about:blank")
