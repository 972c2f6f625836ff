#!/usr/bin/python3
"""What the shared library exports is what the headers declare and framecast.map lists.

symbols.py [ROOT [LIBRARY]]    without LIBRARY, only the map is held against the headers
"""

import pathlib
import re
import subprocess
import sys

import tree

DECLARED = re.compile(r"\bFC_API\b[^;{]*?\b(fc_\w+)\s*\(", re.DOTALL)
MAP = "framecast.map"


def declared(root):
    """The functions that the installed headers mark FC_API."""
    names = set()
    for path in tree.sources(root, ".h", folders=("include",)):
        text = re.sub(r"/\*.*?\*/", " ", tree.read(root, path), flags=re.DOTALL)
        text = re.sub(r"^\s*#.*$", " ", text, flags=re.MULTILINE)
        names |= set(DECLARED.findall(text))
    return names


def mapped(root):
    return set(re.findall(r"^\s*(fc_\w+);", (pathlib.Path(root) / MAP).read_text(), re.MULTILINE))


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    symbols = (line.split()[-1].split("@")[0] for line in lines if " A " not in line)
    return set(symbols)


def difference(what, these, other, those):
    return ([f"{name}: {what} has it, {other} does not" for name in sorted(these - those)] +
            [f"{name}: {other} has it, {what} does not" for name in sorted(those - these)])


def check(root, library=None):
    problems = difference(MAP, mapped(root), "include/", declared(root))
    if library:
        problems += difference(MAP, mapped(root), library, exported(library))
    return problems


if __name__ == "__main__":
    if len(sys.argv) > 2:
        problems = check(sys.argv[1], sys.argv[2])
        print("\n".join(problems))
        sys.exit(bool(problems))
    tree.run(check)
