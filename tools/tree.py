"""What the checks share: which files belong to the tree, and how a check ends."""

import pathlib
import sys

FOLDERS = ("include", "engine", "net", "server", "predictors", "examples", "tests", "fuzz", "bench")


def sources(root, *suffixes, folders=FOLDERS):
    """The files with these suffixes, sorted, as paths relative to root."""
    root = pathlib.Path(root)
    found = (path for folder in folders for path in (root / folder).rglob("*"))
    return sorted(p.relative_to(root) for p in found if p.suffix in suffixes and p.is_file())


def read(root, path):
    return (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="replace")


def run(check):
    """Run check(root) as a program: print its problems, end with 1 when there are any."""
    default = pathlib.Path(__file__).resolve().parent.parent
    problems = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
