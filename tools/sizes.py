#!/usr/bin/python3
"""Files, functions and parameter lists stay small.  sizes.py [ROOT]

Hard limits fail. Soft ones are counted in one line. Exemptions: tools/size-exempt.txt.
"""

import json
import pathlib
import subprocess

import tree

SOURCE_SOFT, SOURCE_HARD = 400, 800
HEADER_HARD = 200
FUNCTION_SOFT, FUNCTION_HARD = 40, 70
PARAMETERS_HARD = 5


def read_exemptions(root):
    """The names (FILE or FILE:FUNCTION), and the lines that give no reason."""
    names, problems = set(), []
    file = pathlib.Path(root) / "tools/size-exempt.txt"
    for line in file.read_text().splitlines() if file.exists() else []:
        name, _, reason = line.partition("#")
        if not name.strip():
            continue
        names.add(name.strip())
        if not reason.strip():
            problems.append(f"tools/size-exempt.txt: {name.strip()}: no reason is given")
    return names, problems


def functions(root, paths):
    """(path, name, lines, parameters) of each function, as ctags sees them."""
    if not paths:
        return
    tags = subprocess.run(
        ["ctags", "--output-format=json", "--languages=C", "--map-C=+.h", "--kinds-C=f",
         "--fields=+neS", "-f", "-", *map(str, paths)],
        cwd=root, check=True, capture_output=True, text=True).stdout
    for line in tags.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            yield tag["path"], tag["name"], tag["end"] - tag["line"] + 1, count_parameters(tag)


def count_parameters(tag):
    inner = tag.get("signature", "()").strip()[1:-1].strip()
    if inner in ("", "void"):
        return 0
    depth = commas = 0
    for character in inner:
        depth += (character == "(") - (character == ")")
        commas += character == "," and depth == 0
    return commas + 1


def measure(root):
    """(name, is over the hard limit, is over the soft limit, sentence) of everything measured."""
    paths = tree.sources(root, ".c", ".h")
    for path in paths:
        lines = tree.read(root, path).count("\n")
        soft, hard = (SOURCE_SOFT, SOURCE_HARD) if path.suffix == ".c" else (HEADER_HARD, HEADER_HARD)
        yield str(path), lines > hard, lines > soft, f"{lines} lines; the limit is {hard}"
    for path, name, lines, parameters in functions(root, paths):
        yield (f"{path}:{name}", lines > FUNCTION_HARD, lines > FUNCTION_SOFT,
               f"{lines} lines; the limit is {FUNCTION_HARD}")
        yield (f"{path}:{name}", parameters > PARAMETERS_HARD, False,
               f"{parameters} parameters; the limit is {PARAMETERS_HARD}")


def check(root):
    exempt, problems = read_exemptions(root)
    above_soft = 0
    for name, is_hard, is_soft, sentence in measure(root):
        if name in exempt:
            continue
        if is_hard:
            problems.append(f"{name}: {sentence}")
        above_soft += is_soft and not is_hard
    if above_soft:
        print(f"sizes: {above_soft} above the soft limits "
              f"({SOURCE_SOFT} lines of a file, {FUNCTION_SOFT} of a function)")
    return problems


if __name__ == "__main__":
    tree.run(check)
