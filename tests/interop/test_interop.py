"""Our two ends against those of others, with and without compression.

The others are Python's websockets, Node's ws, libwebsockets and Chromium. Ours are the programs of
tests/conformance: an echo server, and a client that echoes what it hears or, for servers that echo
themselves, examples/echo-client.
"""

import asyncio
import pathlib
import shutil
import subprocess
import sys

import harness
import pytest
import websockets
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))

from peer import PROGRAMS, ServerUnderTest  # noqa: E402

BUILD = pathlib.Path(harness.PROGRAM).parent
LWS = BUILD / "tests/interop/lws_echo"
NODE = shutil.which("node", path="/usr/bin") or shutil.which("node")
WS = pathlib.Path("/usr/share/nodejs/ws")
LIMIT = 30

needs_ws = pytest.mark.skipif(not NODE or not WS.exists(), reason="needs Node and its ws (Debian: node-ws)")
needs_lws = pytest.mark.skipif(not LWS.exists(), reason="needs libwebsockets (Debian: libwebsockets-dev)")
MESSAGE_MAX = 2_000_000
MESSAGES = [message for size in (0, 1, 125, 126, 1000, 65535, 65536, 1_000_000)
            for message in ("é" * (size // 2), bytes(i % 251 for i in range(size)))]


@pytest.fixture(params=["off", "on", "takeover"])
def compression(request):
    return request.param


@pytest.fixture
def server(compression):
    under_test = ServerUnderTest(compression, MESSAGE_MAX)
    yield under_test
    under_test.stop()


def switch(compression):
    return "off" if compression == "off" else "on"


# ---- our server ----

async def talk(port, deflates):
    async with websockets.connect(f"ws://127.0.0.1:{port}/", subprotocols=["superchat"], max_size=None,
                                  compression="deflate" if deflates else None) as ws:
        assert ws.subprotocol == "superchat"
        assert bool(ws.extensions) == deflates
        for message in MESSAGES * 2:
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send(["frag", "ments ", "é"])
        assert await ws.recv() == "fragments é"
        await ws.send("parts")
        assert await ws.recv() == "in three parts"
        await (await ws.ping(b"payload"))
        await ws.close(4321, "tschüß")
        assert ws.close_code == 4321
    async with websockets.connect(f"ws://127.0.0.1:{port}/") as ws:
        await ws.send("close")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await ws.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you wish")


def test_websockets_against_our_server(server, compression):
    asyncio.run(asyncio.wait_for(talk(server.address[1], compression != "off"), harness.seconds(LIMIT)))


def test_websockets_against_a_server_that_compresses_nothing():
    """A client that offers compression to a server without."""
    plain = ServerUnderTest("off", MESSAGE_MAX)

    async def offer():
        async with websockets.connect(f"ws://127.0.0.1:{plain.address[1]}/") as ws:
            assert not ws.extensions
            await ws.send("Hello")
            assert await ws.recv() == "Hello"
    asyncio.run(asyncio.wait_for(offer(), harness.seconds(LIMIT)))
    plain.stop()


@needs_ws
def test_ws_against_our_server(server, compression):
    done = subprocess.run([NODE, HERE / "ws_echo.mjs", "connect", str(server.address[1]), switch(compression)],
                          capture_output=True, text=True, timeout=harness.seconds(LIMIT))
    assert done.returncode == 0, done.stderr


@needs_lws
def test_libwebsockets_against_our_server(server, compression):
    done = subprocess.run([LWS, "connect", str(server.address[1]), switch(compression)],
                          capture_output=True, text=True, timeout=harness.seconds(LIMIT))
    assert done.returncode == 0, done.stderr


# ---- our client ----

def our_client(port, compression, *subprotocols):
    return subprocess.Popen([PROGRAMS / "conformance_client", f"ws://127.0.0.1:{port}/", str(MESSAGE_MAX), compression,
                             *subprotocols], stdout=subprocess.PIPE, text=True)


def test_our_client_against_websockets(compression):
    """The server sends, our client echoes."""
    client = None

    async def handler(ws):
        for message in MESSAGES:
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send(["frag", "ments ", "é"])
        assert await ws.recv() == "fragments é"
        await (await ws.ping(b"payload"))
        await ws.close(4321, "tschüß")

    async def serve():
        nonlocal client
        done = asyncio.get_running_loop().create_future()

        async def handle(ws):
            try:
                await handler(ws)
                done.set_result(ws.subprotocol)
            except BaseException as failure:
                done.set_exception(failure)
        async with websockets.serve(handle, "127.0.0.1", 0, max_size=None, subprotocols=["chat"],
                                    compression=None if compression == "off" else "deflate") as listening:
            client = our_client(listening.sockets[0].getsockname()[1], compression, "other", "chat")
            assert await done == "chat"
    asyncio.run(asyncio.wait_for(serve(), harness.seconds(LIMIT)))
    out, _ = client.communicate(timeout=harness.seconds(LIMIT))
    lines = out.splitlines()
    assert lines[0] == f"open chat {'plain' if compression == 'off' else 'deflated'}"
    assert lines[-1] == "closed 4321 tschüß"
    assert len([line for line in lines if line.startswith("message ")]) == len(MESSAGES) + 1


@pytest.fixture
def other(request, compression):
    """Another echo server: its port."""
    command, fixture_compression = request.param, switch(compression)
    process = subprocess.Popen([*command, "serve", fixture_compression], stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.kill()
    process.communicate()


OTHERS = [pytest.param([NODE, str(HERE / "ws_echo.mjs")], id="ws", marks=needs_ws),
          pytest.param([str(LWS)], id="libwebsockets", marks=needs_lws)]


@pytest.mark.parametrize("other", OTHERS, indirect=True)
@pytest.mark.parametrize("text", ["Hello", "é" * 5000, "x"], ids=["short", "long", "tiny"])
def test_our_client_against_echo_servers(other, compression, text):
    done = subprocess.run([BUILD / "tests/interop/echo_check", f"ws://127.0.0.1:{other}/", compression, text],
                          capture_output=True, text=True, timeout=harness.seconds(LIMIT))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{'plain' if compression == 'off' else 'deflated'}" in done.stdout


# ---- Chromium ----

PAGE = """
const done = arguments[arguments.length - 1];
const ws = new WebSocket(arguments[0], ["superchat"]);
ws.binaryType = "arraybuffer";
const sizes = [0, 1, 125, 126, 1000, 65535, 65536, 1000000];
const messages = sizes.flatMap((n) => ["\u00e9".repeat(n / 2), new Uint8Array(n).fill(7)]).concat(["parts"]);
let at = 0;
ws.onopen = () => ws.send(messages[0]);
ws.onmessage = ({ data }) => {
    const sent = messages[at] === "parts" ? "in three parts" : messages[at];
    const isSame = typeof sent === "string" ? data === sent
        : data.byteLength === sent.length && new Uint8Array(data).every((byte) => byte === 7);
    if (!isSame) { done("not the same: " + at); return; }
    at += 1;
    if (at < messages.length) { ws.send(messages[at]); } else { ws.close(4321, "done"); }
};
ws.onerror = () => done("error");
ws.onclose = ({ code, wasClean }) => done([ws.protocol, ws.extensions, at, code, wasClean].join(" "));
"""


def test_chromium_against_our_server(server, compression):
    chromium = shutil.which("chromium")
    if not chromium or not shutil.which("chromedriver"):
        pytest.skip("needs Chromium and ChromeDriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync"):
        options.add_argument(argument)
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        browser.set_script_timeout(harness.seconds(LIMIT))
        browser.get(f"http://127.0.0.1:{server.address[1]}/")  # so that the page comes from this machine
        said = browser.execute_async_script(PAGE, f"ws://127.0.0.1:{server.address[1]}/")
    finally:
        browser.quit()
    extension = {"off": "", "on": "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                 "takeover": "permessage-deflate; server_no_context_takeover"}[compression]
    assert said == f"superchat {extension} 17 4321 true"
