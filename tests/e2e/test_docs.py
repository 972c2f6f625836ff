"""The pages say what is so: options, links, and every program in them, run against the server."""

import json
import re
import subprocess
import sys
import textwrap

import harness
import pytest

DOCS = harness.ROOT / "docs"
PROGRAMS = DOCS / "programs"
PAGES = sorted([*DOCS.rglob("*.md"), harness.ROOT / "README.md", harness.ROOT / "CONTRIBUTING.md",
                harness.ROOT / "server/README.md", harness.ROOT / "bench/README.md"])


def page(name):
    return (DOCS / name).read_text()


# ---- options ----

def options_of_help(command):
    """{'--listen': '-l', '--fps': None, …} as the program prints them."""
    text = harness.run(*command, "--help").stdout
    return {long: letter or None for letter, long in
            re.findall(r"^ {2}(?:(-\w), | {4})(--[a-z-]+)", text, re.MULTILINE)}


def section(text, title):
    """What stands under a heading of level two, to the next one."""
    match = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"there is no heading {title!r}"
    return match[1]


def options_of_table(text):
    """The options that begin the rows of tables."""
    rows = re.findall(r"^\| `(?:(-\w), )?(--[a-z-]+)[^`]*` \|", text, re.MULTILINE)
    return {long: letter or None for letter, long in rows}


@pytest.mark.parametrize("command", ["serve", "watch", "bench"])
def test_command_line_page_has_the_options_of_help(command):
    text = section(page("reference/command-line.md"), f"framecast {command}")
    assert options_of_table(text) == options_of_help([command])


@pytest.mark.parametrize("command", ["serve", "watch", "bench"])
def test_manual_has_the_options_of_help(command):
    text = (harness.ROOT / "man/framecast.1").read_text().partition(".Sh DESCRIPTION")[2]
    part = re.search(rf"^\.Cm {command}\n(.*?)(?=^\.Pp\n\.Cm |^\.Sh )", text, re.MULTILINE | re.DOTALL)[1]
    described = {f"--{name}" for name in re.findall(r"^\.It (?:Fl \w , )?Fl -([a-z-]+)", part, re.MULTILINE)}
    assert described == set(options_of_help([command]))


# ---- links and quotations ----

@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(harness.ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{target} is not there"


def test_every_page_can_be_reached_from_the_first():
    reached, waiting = set(), [harness.ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        if here in reached:
            continue
        reached.add(here)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", here.read_text()):
            if "://" not in target:
                waiting.append((here.parent / target).resolve())
    assert set(PAGES) <= reached


def quoted(language):
    """(page, text) of each fenced block of a language."""
    for path in PAGES:
        for block in re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL):
            yield path, block


def test_python_in_the_pages_is_a_program_that_is_tested():
    programs = {path.read_text() for path in PROGRAMS.glob("*.py")}
    blocks = list(quoted("python"))
    assert blocks
    for path, block in blocks:
        assert block in programs, f"{path} quotes a program that is not in docs/programs"


def test_c_in_the_readme_is_the_snippet_that_is_compiled():
    snippet = (DOCS / "snippets/engine.c").read_text()
    code = snippet.split("/* README begins */\n")[1].split("    /* README ends */")[0]
    blocks = [block for path, block in quoted("c") if path == harness.ROOT / "README.md"]
    assert blocks == [textwrap.dedent(code)]


def is_part_of(block, lines):
    """Whether the block's lines are consecutive ones of a file, further in by the same or not."""
    for first in range(len(lines) - len(block) + 1):
        part = lines[first:first + len(block)]
        if block in (part, textwrap.dedent("\n".join(part)).split("\n")):
            return True
    return False


def test_c_in_the_guide_is_part_of_what_is_compiled():
    files = [path.read_text().splitlines() for folder in ("docs/snippets", "examples")
             for path in sorted((harness.ROOT / folder).glob("*.c"))]
    blocks = [(path, block) for path, block in quoted("c") if path != harness.ROOT / "README.md"]
    assert blocks
    for path, block in blocks:
        lines = block.splitlines()
        assert any(is_part_of(lines, file) for file in files), f"{path} quotes C that is compiled nowhere:\n{block}"


def test_names_of_the_library_in_the_pages_are_declared():
    declared = set()
    for header in (harness.ROOT / "include/framecast").glob("*.h"):
        declared |= set(re.findall(r"\b(?:fc|FC)_\w+", header.read_text()))
    for path in PAGES:
        unknown = set(re.findall(r"\b(?:fc|FC)_\w*\w(?!\w*[*_])", path.read_text())) - declared
        assert not unknown, f"{path} names {unknown}"


def test_manual_refers_to_pages_that_are_there():
    pages = {path.stem for path in (harness.ROOT / "man").iterdir()}
    for path in (harness.ROOT / "man").iterdir():
        named = set(re.findall(r"\bXr (fc_\w+|(?:lib)?framecast) [13]", path.read_text()))
        assert named <= pages, f"{path} refers to {named - pages}"


def test_html_in_the_tutorial_is_the_file():
    assert (PROGRAMS / "mjpeg.html").read_text() in [block for _, block in quoted("html")]


# ---- programs ----

class Program:
    """One of docs/programs, running; stopped at the end of the block."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([sys.executable, PROGRAMS / name, *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def lines(self, count):
        return [self.process.stdout.readline() for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def test_predictions_are_printed(server):
    one = server("test", "--predict", "test")
    with Program("predictions.py", one.ws_url + "ws") as program:
        for line in program.lines(3):
            assert re.fullmatch(r"picture \d+: test at 0\.\d\d 0\.\d\d\n", line), line


def test_published_pictures_are_served(server):
    one = server("drawn=published")
    with Program("publish.py", one.ws_url + "publish/drawn?ack=1") as program:
        assert re.fullmatch(r"the server has picture \d+\n", program.lines(1)[0])
        with harness.MjpegReader(one, "/streams/drawn.mjpg") as viewer:
            sizes = [harness.size_of(part.body) for part in viewer.read_parts(3)]
        assert sizes[-1] == (640, 360)


def test_published_square_is_in_a_box(server):
    one = server("drawn=published", "--predict", "motion")
    with Program("publish.py", one.ws_url + "publish/drawn?ack=1"):
        file, _ = harness.open_stream(one, "/streams/drawn/predictions", {"Accept": "application/x-ndjson"})
        with file:
            harness.wait_until(lambda: json.loads(harness.read_lines(file, 1)[0])["objects"], 20,
                               "a box on the square", interval=0)


def test_publishing_a_stream_with_its_own_source_ends_the_program(server):
    one = server("cam=test")
    with Program("publish.py", one.ws_url + "publish/cam?ack=1", 2) as program:
        out, _ = program.process.communicate(timeout=harness.seconds(10))
        assert program.process.returncode != 0
        assert "1008" in out


def test_live_client_decodes_pictures_and_predictions(server):
    one = server("test", "--predict", "test")
    with Program("live.py", one.ws_url + "live", "cam", 20) as program:
        out, _ = program.process.communicate(timeout=harness.seconds(30))
        assert program.process.returncode == 0, out
    pictures = re.findall(r"^picture (\d+): 640x360, (\d+) bytes, -?\d+ ms old, \d+ left out$", out, re.MULTILINE)
    assert len(pictures) == 20
    numbers = [int(seq) for seq, _ in pictures]
    assert numbers == sorted(set(numbers))
    assert re.search(r"^prediction of \d+: 1 objects$", out, re.MULTILINE)


def test_live_client_says_what_the_server_says(server):
    one = server("test")
    with Program("live.py", one.ws_url + "live", "elsewhere") as program:
        out, _ = program.process.communicate(timeout=harness.seconds(10))
    assert "no stream of that name" in out


def test_address_in_the_page_with_an_img_tag_is_served(server):
    source = re.search(r'src="http://127\.0\.0\.1:8765(/[^"]+)"', (PROGRAMS / "mjpeg.html").read_text())[1]
    one = server("test")
    with harness.MjpegReader(one, source) as viewer:
        assert harness.size_of(viewer.read_part().body) == (640, 360)
