#!/usr/bin/python3
"""Each installed function stands in the synopsis of one manual page, as it is declared, and is described there; and
mandoc, where it is installed, has nothing to say about any page.  manual.py [ROOT]"""

import pathlib
import re
import shutil
import subprocess

import tree

DECLARED = re.compile(r"\bFC_(?:API|EXPORT)\b([^;{]*?)\b(fc_\w+)\s*\(([^;]*)\)\s*(?:FC_\w+[^;]*)?;", re.DOTALL)
ATTRIBUTE = re.compile(r"\bFC_[A-Z]+\b")
WORD = r'"([^"]*)"|(\S+)'


def squeezed(text):
    """The same however it is spaced and broken into lines."""
    return re.sub(r"\s*([*(),])\s*", r"\1", " ".join(text.split()))


def declared(root):
    """{function: "type name(parameters)"} of the installed headers."""
    found = {}
    for path in tree.sources(root, ".h", folders=("include",)):
        text = re.sub(r"/\*.*?\*/", " ", tree.read(root, path), flags=re.DOTALL)
        text = re.sub(r"^\s*#.*$", " ", text, flags=re.MULTILINE)
        for result, name, parameters in DECLARED.findall(text):
            found[name] = squeezed(f"{ATTRIBUTE.sub('', result)} {name}({parameters})")
    return found


def words(line):
    return [quoted or plain for quoted, plain in re.findall(WORD, line)]


def section(text, title):
    match = re.search(rf"^\.Sh {title}$(.*?)(?=^\.Sh |\Z)", text, re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def synopsis(text):
    """{function: "type name(parameters)"} of a page."""
    found, result, name, parameters = {}, "", None, []
    for line in section(text, "SYNOPSIS").splitlines():
        macro, *rest = words(line) or [""]
        if macro == ".Ft":
            result = rest[0]
        elif macro == ".Fn":
            found[rest[0]] = squeezed(f"{result} {rest[0]}({', '.join(rest[1:])})")
        elif macro == ".Fo":
            name, parameters = rest[0], []
        elif macro == ".Fa":
            parameters += rest
        elif macro == ".Fc":
            found[name] = squeezed(f"{result} {name}({', '.join(parameters)})")
    return found


def page_problems(path, text, functions):
    """What is wrong with one page, which has these functions in its synopsis."""
    named = set(re.findall(r"^\.Nm (fc_\w+)", section(text, "NAME"), re.MULTILINE))
    if functions and named != set(functions):
        yield f"{path}: NAME and SYNOPSIS differ in {', '.join(sorted(named ^ set(functions)))}"
    after = text.partition("\n.Sh DESCRIPTION\n")[2]
    described = set(re.findall(r"^\.(?:It )?Fn (fc_\w+)", after, re.MULTILINE))
    for name in sorted(set(functions) - described):
        yield f"{path}: {name} is not described"


def lint(root, pages):
    if not pages or not shutil.which("mandoc"):
        return []
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], cwd=root, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()


def check(root):
    root = pathlib.Path(root)
    functions, where, problems = declared(root), {}, []
    pages = sorted(str(path.relative_to(root)) for path in (root / "man").glob("*.[1-8]"))
    for page in pages:
        text = tree.read(root, page)
        here = synopsis(text)
        problems += page_problems(page, text, here)
        for name, prototype in here.items():
            where.setdefault(name, []).append(page)
            if prototype != functions.get(name, prototype):
                problems.append(f"{page}: {prototype} is declared as {functions[name]}")
    problems += [f"{name} is in no page of man/" for name in sorted(set(functions) - set(where))]
    problems += [f"{name} is in {pages[0]}, but no header declares it" for name, pages in sorted(where.items())
                 if name not in functions]
    problems += [f"{name} is in {' and '.join(pages)}" for name, pages in sorted(where.items()) if len(pages) > 1]
    return problems + lint(root, pages)


if __name__ == "__main__":
    tree.run(check)
