#!/usr/bin/python3
"""Each installed header compiles alone, as C17 and as C++17.  headers.py [ROOT]"""

import subprocess

import tree

FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", "include"]
COMPILERS = {
    "C17": ["cc", "-x", "c", "-std=c17"],
    "C++17": ["c++", "-x", "c++", "-std=c++17"],
}


def check(root):
    problems = []
    for path in tree.sources(root, ".h", folders=("include",)):
        name = path.relative_to("include")
        # Twice, so that a missing guard shows.
        program = f"#include <{name}>\n#include <{name}>\ntypedef int not_empty;\n"
        for language, command in COMPILERS.items():
            result = subprocess.run([*command, *FLAGS, "-"], cwd=root, input=program, text=True,
                                    capture_output=True)
            if result.returncode != 0:
                reason = next((line for line in result.stderr.splitlines() if "error" in line),
                              result.stderr.strip())
                problems.append(f"{path}: does not compile alone as {language}: {reason}")
    return problems


if __name__ == "__main__":
    tree.run(check)
