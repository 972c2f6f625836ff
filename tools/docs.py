#!/usr/bin/python3
"""Each function that an installed header declares has a doc comment.  docs.py [ROOT]"""

import re

import tree

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
# A declaration at the left margin that ends in a parameter list: a function.
FUNCTION = re.compile(r"^(?!typedef\b|#|_Static_assert\b)[A-Za-z_][^;{}#]*?\b(\w+)\s*\([^;{}]*\)\s*"
                      r"(?:\w+(?:\([^;{}]*\))?\s*)*(?:;|\{)", re.MULTILINE)


def blank(match):
    """The same number of characters without any words, so that positions stay right."""
    return re.sub(r"[^\n]", " ", match[0])


def check(root):
    problems = []
    for path in tree.sources(root, ".h", folders=("include",)):
        text = tree.read(root, path)
        code = COMMENT.sub(blank, text)
        code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code, flags=re.MULTILINE)
        code = re.sub(r"^FC_(BEGIN|END)\s*?$", blank, code, flags=re.MULTILINE)
        for match in FUNCTION.finditer(code):
            before = text[:match.start()].rstrip()
            opening = before.rfind("/*")
            is_documented = before.endswith("*/") and before.startswith("/**", opening)
            if not is_documented:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{line}: {name_of(match[0])} has no /** comment */ above it")
    return problems


def name_of(declaration):
    """The declared name: the first word before a parenthesis that is no attribute."""
    names = [name for name in re.findall(r"(\w+)\s*\(", declaration) if not name.isupper()
             and name != "__attribute__" and not name.startswith("FC_")]
    return names[0] if names else declaration.split("(")[0].strip()


if __name__ == "__main__":
    tree.run(check)
