#!/usr/bin/python3
"""Each folder includes only headers of the folders it is declared to know.  layers.py [ROOT]"""

import pathlib
import re

import tree

LIB = {"include", "engine", "net"}
SERVER = {"server/" + name for name in
          ("base", "source", "picture", "predict", "encode", "hub", "serve", "relay", "cli")}

# Words that every folder may use.
WORDS = {"include/framecast/attr.h", "include/framecast/bytes.h"}

# Who knows whom. A folder always knows itself; nobody knows what is not here.
KNOWS = {
    "include": set(),
    "engine": {"include"},
    "net": {"include", "engine"},
    "server/base": set(),
    "server/picture": {"server/base"},
    "server/source": {"server/base", "server/picture"},
    "server/encode": {"server/base", "server/picture"},
    "server/predict": {"include", "server/base", "server/picture", "server/encode", "predictors"},
    "server/hub": {"include", "server/base", "server/picture", "server/source", "server/encode",
                   "server/predict"},
    "server/relay": {"server/base", "server/picture", "server/source", "server/encode",
                     "server/predict", "server/hub"},
    "server/serve": LIB | SERVER - {"server/cli"},
    "server/cli": {"include", "net", "server/base"},
    "server": LIB | SERVER | {"predictors"},  # main.c: wiring
    "predictors": {"include", "server/base", "server/picture"},
    "examples": {"include"},
    "tests": LIB | SERVER | {"predictors"},
    "fuzz": LIB | SERVER | {"predictors"},
    "bench": LIB | SERVER | {"predictors"},
}

# A library's headers, and the only folders that may see them. Tests, fuzz and bench are not bound.
LIBRARIES = {
    r"(uv|uv/.*)\.h|openssl/.*": {"net"},
    r"zlib\.h": {"engine"},
    r"lib(av|sw)\w*/.*": {"server/source", "server/encode"},
    r"libyuv\.h|libyuv/.*": {"server/encode"},
    r"turbojpeg\.h|jpeglib\.h": {"server/encode"},
    r"curl/.*": {"server/predict", "server/cli"},
    r"jansson\.h": {"server/cli", "server/serve", "server/predict", "server/encode", "server/hub"},
    r"cyaml/.*": {"server/cli"},
    r"nats/.*|nats\.h": {"server/relay"},
}
FREE = {"tests", "fuzz", "bench"}

# The engine and the installed headers have no sockets, clock, threads or log.
NO_IO = re.compile(r"(sys/socket|sys/epoll|netinet/.*|arpa/.*|unistd|poll|pthread|threads|time|"
                   r"sys/time|syslog)\.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def folder_of(path):
    """The row of the table that a file of the tree belongs to."""
    parts = pathlib.PurePosixPath(path).parts
    return "/".join(parts[:2]) if parts[0] == "server" and len(parts) > 2 else parts[0]


def target_of(root, path, name):
    """The file of the tree that an include names, or None for a system header."""
    places = [path.parent / name, pathlib.Path(name), pathlib.Path("server") / name,
              pathlib.Path("include") / name]
    return next((place for place in places if (root / place).is_file()), None)


def problem_with(root, path, quote, name):
    folder = folder_of(path)
    if ".." in pathlib.PurePosixPath(name).parts:
        return "no ../ in includes; name the header from the root of the tree or of server/"
    target = target_of(root, path, name)
    if target is not None:
        known = folder_of(target)
        is_test = path.name.endswith("_test.c") and known in LIB
        if known == folder or known in KNOWS.get(folder, set()) or str(target) in WORDS or is_test:
            return None
        return f"{folder} does not know {known}"
    if quote == '"':
        return "there is no such header in the tree"
    if folder in FREE or path.name.endswith("_test.c"):
        return None
    for pattern, owners in LIBRARIES.items():
        if re.fullmatch(pattern, name) and folder not in owners:
            return f"only {', '.join(sorted(owners))} may see it"
    if folder in ("engine", "include") and NO_IO.fullmatch(name):
        return f"{folder} has no sockets, clock, threads or log"
    return None


def check(root):
    problems = []
    for path in tree.sources(root, ".c", ".h"):
        if folder_of(path) not in KNOWS:
            problems.append(f"{path}: {folder_of(path)} is not in the table of {__file__}")
            continue
        for match in INCLUDE.finditer(text := tree.read(root, path)):
            if problem := problem_with(root, path, *match.groups()):
                line = text.count("\n", 0, match.start(2)) + 1
                problems.append(f"{path}:{line}: {match[2]}: {problem}")
    return problems


if __name__ == "__main__":
    tree.run(check)
