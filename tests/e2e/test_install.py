"""What is installed is enough to build the guide's first program with, shared and static."""

import asyncio
import os
import pathlib
import re
import shutil
import subprocess

import harness
import pytest
import websockets

BUILD = pathlib.Path(harness.PROGRAM).resolve().parent
FIRST = harness.ROOT / "examples/echo-server.c"
FLAGS = {"address": ["-fsanitize=address,undefined"], "thread": ["-fsanitize=thread"], "": []}[harness.SANITIZER]


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=harness.seconds(60), **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


class Place:
    """A prefix that was installed into."""

    def __init__(self, folder):
        self.root = folder / "root"
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.root)
        self.config = next(self.root.rglob("libframecast.pc"))
        self.libraries = self.config.parent.parent
        self.env = {**os.environ, "PKG_CONFIG_PATH": str(self.config.parent), "PKG_CONFIG_SYSROOT_DIR": str(self.root)}

    def flags(self, *asked):
        return run("pkg-config", *asked, "libframecast", env=self.env).split()

    def path(self, end):
        return [path for path in self.root.rglob(pathlib.Path(end).name) if str(path).endswith(end)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("install"))


def echoes(program, env=None):
    """Run an echo server, and let an independent client judge."""
    process = subprocess.Popen([program, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)

    async def talk(url):
        async with websockets.connect(url) as ws:
            await ws.send("Hello")
            return await ws.recv()

    try:
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/", url), process.stderr.read()
        assert asyncio.run(asyncio.wait_for(talk(url), harness.seconds(10))) == "Hello"
        process.terminate()
        assert process.wait(harness.seconds(10)) == 0
    finally:
        process.kill()
        process.communicate()


def test_first_program_with_the_shared_library(place, tmp_path):
    program = tmp_path / "first"
    run("cc", "-std=c17", "-Wall", "-Wextra", "-Werror", FIRST, "-o", program, *FLAGS, *place.flags("--cflags", "--libs"))
    assert "libframecast.so.0" in run("readelf", "-d", program)
    echoes(program, {**os.environ, "LD_LIBRARY_PATH": str(place.libraries)})


def test_first_program_with_the_static_library(place, tmp_path):
    program = tmp_path / "first"
    static = [f"-l:{place.path('/libframecast.a')[0].name}" if flag == "-lframecast" else flag
              for flag in place.flags("--cflags", "--libs", "--static")]
    run("cc", "-std=c17", FIRST, "-o", program, *FLAGS, *static)
    assert "libframecast" not in run("readelf", "-d", program)
    echoes(program)


def test_every_installed_header_is_one_of_the_tree_and_compiles(place, tmp_path):
    installed = {path.name: path for path in place.root.rglob("framecast/*.h")}
    assert set(installed) == {path.name for path in (harness.ROOT / "include/framecast").glob("*.h")}
    for name in installed:
        (tmp_path / "one.c").write_text(f"#include <framecast/{name}>\nint unused;\n")
        run("cc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", tmp_path / "one.c",
            *place.flags("--cflags"))


@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler")
def test_first_program_is_cpp_too(place, tmp_path):
    source = tmp_path / "first.cpp"
    source.write_text(FIRST.read_text().replace("{ .message = on_message }", "{ nullptr, on_message }"))
    run("c++", "-std=c++17", "-fsyntax-only", source, *place.flags("--cflags"))


def test_manual_pages_are_installed(place):
    pages = {path.name for path in (harness.ROOT / "man").glob("*.[13]")}
    assert pages == {path.name for path in place.root.rglob("man/man*/*")}
