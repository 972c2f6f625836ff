"""The tree passes its checks, and each check fails a tree that is wrong.  Run by ./dev test tree."""

import importlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

TOOLS = pathlib.Path(__file__).resolve().parent
ROOT = TOOLS.parent
sys.path.insert(0, str(TOOLS))

CHECKS = ("layers", "sizes", "docs", "headers", "manual")


def run_check(name, root):
    return importlib.import_module(name).check(pathlib.Path(root))


@pytest.fixture
def make_tree(tmp_path):
    def make(files):
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path
    return make


@pytest.mark.parametrize("check", CHECKS)
def test_this_tree_passes(check):
    assert run_check(check, ROOT) == []


# ---- layers ----

HEADERS = {"server/base/list.h": "", "server/hub/hub.h": "", "engine/ws/mask.h": "", "net/loop.h": "",
           "include/framecast/ws.h": "", "server/cli/options.h": ""}


@pytest.mark.parametrize("path, include, reason", [
    ("server/base/list.c", '"hub/hub.h"', "server/base does not know server/hub"),
    ("server/picture/picture.c", '"hub/hub.h"', "server/picture does not know server/hub"),
    ("server/serve/routes.c", '"cli/options.h"', "server/serve does not know server/cli"),
    ("engine/ws/mask.c", '"net/loop.h"', "engine does not know net"),
    ("net/loop.c", '"base/list.h"', "net does not know server/base"),
    ("examples/echo.c", '"net/loop.h"', "examples does not know net"),
    ("predictors/motion/motion.c", '"hub/hub.h"', "predictors does not know server/hub"),
    ("server/hub/hub.c", '"../base/list.h"', "no ../ in includes"),
    ("server/hub/hub.c", '"base/lost.h"', "no such header"),
    ("server/hub/hub.c", "<uv.h>", "only net may see it"),
    ("server/main.c", "<openssl/ssl.h>", "only net may see it"),
    ("server/hub/hub.c", "<libavcodec/avcodec.h>", "only server/encode, server/source"),
    ("server/hub/hub.c", "<turbojpeg.h>", "only server/encode"),
    ("server/base/list.c", "<jansson.h>", "may see it"),
    ("engine/ws/mask.c", "<pthread.h>", "no sockets, clock, threads"),
    ("include/framecast/ws.h", "<sys/socket.h>", "no sockets, clock, threads"),
    ("server/surprise/new.c", "<stdint.h>", "not in the table"),
])
def test_layers_fail(make_tree, path, include, reason):
    root = make_tree(HEADERS | {path: f"\n#include {include}\n"})
    problems = run_check("layers", root)
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}:")
    assert reason in problems[0]


@pytest.mark.parametrize("path, include", [
    ("server/hub/hub.c", '"base/list.h"'),
    ("server/main.c", '"cli/options.h"'),
    ("net/loop.c", '"engine/ws/mask.h"'),
    ("net/loop.c", "<uv.h>"),
    ("engine/ws/mask.c", '"mask.h"'),
    ("engine/ws/mask_test.c", "<time.h>"),
    ("server/serve/routes.c", "<framecast/ws.h>"),
    ("server/source/file.c", "<libavformat/avformat.h>"),
    ("tests/wire/run.c", '"engine/ws/mask.h"'),
])
def test_layers_pass(make_tree, path, include):
    assert run_check("layers", make_tree(HEADERS | {path: f"#include {include}\n"})) == []


# ---- sizes ----

def function(lines, parameters="void"):
    return f"int f({parameters})\n{{\n" + "    g();\n" * (lines - 3) + "}\n"


@pytest.mark.parametrize("path, text, reason", [
    ("engine/a.c", "\n" * 801, "engine/a.c: 801 lines"),
    ("engine/a.h", "\n" * 201, "engine/a.h: 201 lines"),
    ("engine/a.c", function(71), "engine/a.c:f: 71 lines"),
    ("engine/a.c", function(4, "int a, int (*b)(int, int), int c, int d, int e, int f"),
     "engine/a.c:f: 6 parameters"),
])
def test_sizes_fail(make_tree, path, text, reason):
    problems = run_check("sizes", make_tree({path: text}))
    assert len(problems) == 1
    assert reason in problems[0]


@pytest.mark.parametrize("path, text", [
    ("engine/a.c", "\n" * 800),
    ("engine/a.h", "\n" * 200),
    ("engine/a.c", function(70)),
    ("engine/a.c", function(4, "int a, int (*b)(int, int), int c, int d, int e")),
])
def test_sizes_pass(make_tree, path, text):
    assert run_check("sizes", make_tree({path: text})) == []


def test_sizes_exempt_by_name_with_a_reason(make_tree):
    root = make_tree({"engine/a.c": function(71),
                      "tools/size-exempt.txt": "engine/a.c:f  # a table in disguise\n"})
    assert run_check("sizes", root) == []


def test_sizes_refuse_an_exemption_without_a_reason(make_tree):
    root = make_tree({"engine/a.c": function(71), "tools/size-exempt.txt": "engine/a.c:f\n"})
    assert run_check("sizes", root) == ["tools/size-exempt.txt: engine/a.c:f: no reason is given"]


def test_sizes_count_the_soft_limits(make_tree, capsys):
    assert run_check("sizes", make_tree({"engine/a.c": function(41)})) == []
    assert "1 above the soft limits" in capsys.readouterr().out


# ---- docs ----

@pytest.mark.parametrize("text", [
    "int f(void);\n",
    "/* not a doc comment */\nint f(void);\n",
    "/** of g */\nint g(void);\n\nFC_API FC_NODISCARD int *f(const char *a,\n    int b);\n",
    "/** of the type */\nstruct s {\n    int a;\n};\nstruct s *f(struct s *s);\n",
    "/** of g */\nint g(void);\nstatic inline int f(void)\n{\n    return 1;\n}\n",
    "FC_API void f(const char *format, ...) FC_PRINTF(1, 2);\n",
])
def test_docs_fail(make_tree, text):
    problems = run_check("docs", make_tree({"include/framecast/a.h": text}))
    assert len(problems) == 1
    assert ": f has no /** comment */" in problems[0]


@pytest.mark.parametrize("text", [
    "/** One line. */\nint f(void);\n",
    "/**\n * Several.\n */\nFC_API FC_NODISCARD int f(int a,\n    int b);\n",
    "typedef void f(int);\n",
    "/* int f(void); */\n",
    "#define F(x) ((x) + 1)\n",
    "struct s {\n    int (*f)(void);\n};\n",
])
def test_docs_pass(make_tree, text):
    assert run_check("docs", make_tree({"include/framecast/a.h": text})) == []


# ---- manual ----

HEADER = "FC_API FC_NODISCARD int fc_f(struct a *a,\n                 void (*g)(int));\n"
PAGE = """.Dd November 26, 2026
.Dt FC_F 3
.Os
.Sh NAME
.Nm fc_f
.Nd do what is to be done
.Sh SYNOPSIS
.In framecast/f.h
.Ft int
.Fo fc_f
.Fa "struct a *a"
.Fa "void (*g)(int)"
.Fc
.Sh DESCRIPTION
.Fn fc_f
does it.
"""


def manual_problems(make_tree, header=HEADER, **pages):
    return run_check("manual", make_tree({"include/framecast/f.h": header,
                                          **{f"man/{name}.3": text for name, text in pages.items()}}))


def test_manual_passes(make_tree):
    assert manual_problems(make_tree, fc_f=PAGE) == []


@pytest.mark.parametrize("old, new, problem", [
    ('.Fa "struct a *a"', '.Fa "struct b *a"', "is declared as int fc_f(struct a*a,void(*g)(int))"),
    (".Ft int", ".Ft void", "void fc_f(struct a*a,void(*g)(int)) is declared as int"),
    (".Nm fc_f", ".Nm fc_g", "NAME and SYNOPSIS differ in fc_f, fc_g"),
    (".Fn fc_f\n", "It\n", "fc_f is not described"),
    (".Fc\n", ".Fc\n.Ft int\n.Fn fc_h void\n", "fc_h is in man/fc_f.3, but no header declares it"),
])
def test_manual_fails(make_tree, old, new, problem):
    assert any(problem in found for found in manual_problems(make_tree, fc_f=PAGE.replace(old, new, 1)))


def test_manual_fails_without_a_page_and_with_two(make_tree):
    assert manual_problems(make_tree) == ["fc_f is in no page of man/"]
    assert "fc_f is in man/fc_f.3 and man/fc_g.3" in manual_problems(make_tree, fc_f=PAGE, fc_g=PAGE)


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_manual_fails_where_mandoc_does(make_tree):
    problems = manual_problems(make_tree, fc_f=PAGE + ".No\n.Bl -tag -width Ds\n")
    assert problems and all("man/fc_f.3" in problem for problem in problems)


# ---- headers ----

@pytest.mark.parametrize("text, language", [
    ("#ifndef A\n#define A\nuint8_t f(void);\n#endif\n", "C17"),
    ("struct a {\n    int b;\n};\n", "C17"),
    ("#ifndef A\n#define A\nint class;\n#endif\n", "C++17"),
])
def test_headers_fail(make_tree, text, language):
    problems = run_check("headers", make_tree({"include/framecast/a.h": text}))
    assert any(f"does not compile alone as {language}:" in problem for problem in problems)


# ---- commits ----

@pytest.mark.parametrize("subject", [
    "net: " + "x" * 68,
    "no area here",
    "Net: add a loop",
    "net:add a loop",
    "net: added a loop",
    "net: adding a loop",
    "net: add a loop.",
])
def test_commits_fail(subject):
    assert importlib.import_module("commits").problem_with(subject)


@pytest.mark.parametrize("subject", [
    "net: " + "x" * 67,
    "net, hub: add a loop",
    "server/hub: need fewer locks",
    "dev: say what is missing, and why",
])
def test_commits_pass(subject):
    assert importlib.import_module("commits").problem_with(subject) is None


# ---- the count ----

@pytest.fixture
def count(tmp_path):
    def run(**files):
        for name, text in files.items():
            stem, _, suffix = name.rpartition("_")
            (tmp_path / f"{stem}.{suffix}").write_text(text)
        done = subprocess.run([sys.executable, TOOLS / "count-tests.py", tmp_path],
                              capture_output=True, text=True)
        return done.stdout.splitlines()[-1], done.returncode, done.stdout
    return run


def meson_run(name, stdout, result, status):
    return json.dumps({"name": name, "stdout": stdout, "result": result, "returncode": status}) + "\n"


def test_count_of_cmocka_cases(count):
    tap = "1..3\nok 1 - one\nok 2 - two\nnot ok 3 # SKIP three\n# ok - group\n"
    assert count(meson_status="meson 0", meson_json=meson_run("p:unit / a", tap, "OK", 0))[:2] == \
        ("2 passed, 0 failed, 1 skipped", 0)


def test_count_names_the_failed_case(count):
    tap = "1..2\nok 1 - one\nnot ok 2 - two\n# 0x1 != 0x2\n"
    line, status, output = count(meson_status="meson 1",
                                 meson_json=meson_run("p:unit / a", tap, "FAIL", 1))
    assert (line, status) == ("1 passed, 1 failed", 1)
    assert "unit: a: two" in output
    assert "meson.log" in output


@pytest.mark.parametrize("tap, result, status, line", [
    ("1..3\nok 1 - one\n", "ERROR", -11, "1 passed, 1 failed"),  # crashed in the second
    ("1..1\nok 1 - one\n", "FAIL", 99, "1 passed, 1 failed"),    # a sanitizer's verdict at the end
    ("", "TIMEOUT", -15, "0 passed, 1 failed"),
])
def test_count_of_a_program_that_ends_badly(count, tap, result, status, line):
    assert count(meson_status="meson 1", meson_json=meson_run("p:unit / a", tap, result, status))[:2] \
        == (line, 1)


def test_count_of_a_program_without_cases(count):
    assert count(meson_status="meson 0", meson_json=meson_run("p:wire / a", "", "OK", 0))[0] == \
        "1 passed, 0 failed"


def test_count_of_pytest_counts_a_case_once(count):
    xml = ('<testsuites><testsuite><testcase classname="a" name="x"/>'
           '<testcase classname="a" name="y"><failure/></testcase>'
           '<testcase classname="a" name="y"><error/></testcase>'
           '<testcase classname="a" name="z"><skipped/></testcase></testsuite></testsuites>')
    assert count(e2e_status="junit 1", e2e_xml=xml)[:2] == ("1 passed, 1 failed, 1 skipped", 1)


def test_count_of_node_counts_the_innermost(count):
    tap = ("TAP version 13\n# Subtest: outer\n    # Subtest: a\n    ok 1 - a\n      ---\n"
           "      duration_ms: 1\n      ...\n    not ok 2 - b\n    1..2\nnot ok 1 - outer\n"
           "# Subtest: c\nok 2 - c # SKIP why\n1..2\n")
    assert count(page_status="tap 1", page_tap=tap)[:2] == ("1 passed, 1 failed, 1 skipped", 1)


@pytest.mark.parametrize("files", [
    {"e2e_status": "junit 3"},                                    # no report
    {"e2e_status": "junit 0"},
    {"e2e_status": "junit 2", "e2e_xml": "<testsuites/>"},        # collection failed
    {"e2e_status": "junit 0", "e2e_xml": "<testsuites/>"},        # nothing ran
    {"e2e_status": "junit 0", "e2e_xml": "<testsuites>"},         # torn report
    {"meson_status": "meson 1"},
    {},
])
def test_count_never_takes_silence_for_success(count, files):
    assert count(**files)[:2] == ("0 passed, 1 failed", 1)


# ---- the script ----

def test_dev_is_posix_shell():
    subprocess.run(["sh", "-n", ROOT / "dev"], check=True)


def test_dev_refuses_an_unknown_verb_in_a_sentence():
    done = subprocess.run([ROOT / "dev", "dance"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r'dev: there is no verb "dance"; "\./dev help" lists what there is\n', done.stderr)


def test_dev_help_lists_every_verb():
    text = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
    for verb in ("run", "build", "test", "sanitize", "lint", "coverage", "install", "help"):
        assert re.search(rf"^  {verb}\b", text, re.MULTILINE), verb


def test_each_package_has_a_reason():
    for line in (TOOLS / "packages.txt").read_text().splitlines():
        assert not line or re.fullmatch(r"#.*|\[\w+\]|[a-z0-9.+-]+ +# \S.*", line), line


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="not a Debian system")
def test_dev_finds_what_is_missing(tmp_path):
    """With a list of its own: one package that is there, one that cannot be."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "dev", tmp_path / "dev")
    (tmp_path / "tools/packages.txt").write_text(
        "[build]\ndpkg  # is there\nno-such-package  # for the test\n")
    fakes = tmp_path / "bin"
    fakes.mkdir()
    script = (tmp_path / "dev").read_text().replace("PATH=/usr/bin:", f"PATH={fakes}:/usr/bin:")
    (tmp_path / "dev").write_text(script)
    for name, text in {"apt-get": f'echo "$@" >>{tmp_path}/asked\nexit 1', "id": "echo 0"}.items():
        (fakes / name).write_text(f"#!/bin/sh\n{text}\n")
        (fakes / name).chmod(0o755)
    done = subprocess.run([tmp_path / "dev", "build"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no-such-package" in done.stdout
    assert "for the test" in done.stdout
    assert "is there" not in done.stdout
    asked = (tmp_path / "asked").read_text()
    assert "update" in asked
    assert "--no-install-recommends" in asked
    assert "try: apt-get install no-such-package" in done.stderr


# ---- the promises of bench/peers ----

def row(case, ours, peer, ratio=1.0):
    servers = {"raw": {"value": ours * ratio, "ratio": 1.0, "ours": 1 / ratio},
               "framecast": {"value": ours, "ratio": ratio, "ours": 1.0},
               "Bun": {"value": peer, "ratio": 0.5, "ours": ours / peer}}
    return {"case": case, "unit": "CPU s/GB", "servers": servers}


def test_servers_are_compared_round_by_round(monkeypatch):
    """The machine is three times slower in the second round, which hits all who are measured then."""
    monkeypatch.syspath_prepend(str(ROOT / "bench/peers"))
    run = importlib.import_module("run")

    def results(*values):
        return [value and {"cpu_s_per_gb": value, "gb_per_s": 1 / value} for value in values]

    case = ("upload 1 MB", "sink", 1, "upload", [], "cpu_s_per_gb")
    measured = {"upload 1 MB": {"raw": results(0.1, 0.3, 0.1), "framecast": results(0.2, 0.6, 0.2),
                                "Bun": results(0.25, 0.75, None)}}
    servers = run.summarise(measured, [case])[0]["servers"]
    assert servers["framecast"]["value"] == 0.2 and servers["framecast"]["most"] == 0.6
    assert servers["framecast"]["ratio"] == pytest.approx(0.5)
    assert servers["framecast"]["wall_ratio"] == pytest.approx(0.5)
    assert servers["Bun"]["ours"] == pytest.approx(0.8)
    assert servers["Bun"]["ratio"] == pytest.approx(0.4)


@pytest.mark.parametrize("rows, words", [
    ([row("upload 1 MB", 0.1, 0.2)], []),
    ([row("upload 1 MB", 0.1, 0.2, ratio=0.84)], ["0.84 of the limit, and 0.85 is promised"]),
    ([row("broadcast 64 kB to 10", 0.1, 0.2, ratio=0.89)], ["0.9 is promised"]),
    ([row("upload 128 B", 0.041, 0.2, ratio=0.5)], ["at most 0.04"]),
    ([row("19,000 idle connections", 601, 5000)], ["at most 600"]),
    ([row("echo 100 B over 10", 0.2, 0.1, ratio=0.5)], ["2.00 of what Bun needs"]),
    ([{"case": "upload 1 MB", "unit": "CPU s/GB", "servers": {}}], ["was not measured"]),
])
def test_a_broken_promise_is_told(monkeypatch, rows, words):
    monkeypatch.syspath_prepend(str(ROOT / "bench/peers"))
    sentences = list(importlib.import_module("promises").broken(rows))
    assert len(sentences) == len(words)
    assert all(word in sentence for word, sentence in zip(words, sentences))
