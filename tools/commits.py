#!/usr/bin/python3
"""The first line of each commit since origin is "area: imperative summary".  commits.py [ROOT]"""

import re
import subprocess

import tree

LONGEST = 72
FORM = re.compile(r"[a-z0-9][\w./+-]*(, [a-z0-9][\w./+-]*)*: \S")
# "added", "adds" and "adding" tell a story; "add" is a step of a recipe.
NOT_IMPERATIVE = re.compile(r"(?!(?:need|feed|embed|speed|bring|seed|shed|string|ring)$)\w{2,}(ed|ing)$")


def problem_with(subject):
    if len(subject) > LONGEST:
        return f"{len(subject)} characters; the limit is {LONGEST}"
    if not FORM.match(subject):
        return 'the form is "area: imperative summary"'
    if subject.endswith("."):
        return "no full stop at the end"
    summary = subject.split(": ", 1)[1]
    if NOT_IMPERATIVE.match(summary.split()[0]):
        return f'"{summary.split()[0]}" is not imperative'
    return None


def git(root, *arguments):
    result = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else None


def check(root):
    if git(root, "rev-parse", "HEAD") is None:
        return []  # a tarball has no history
    bases = ("origin/HEAD", "origin/main", "origin/master")
    base = next((name for name in bases if git(root, "rev-parse", "-q", "--verify", name)), None)
    commits = [f"{base}..HEAD"] if base else ["-50", "HEAD"]
    log = git(root, "log", "--no-merges", "--format=%h %s", *commits) or ""
    problems = []
    for line in log.splitlines():
        commit, _, subject = line.partition(" ")
        if problem := problem_with(subject):
            problems.append(f"{commit} {subject}: {problem}")
    return problems


if __name__ == "__main__":
    tree.run(check)
