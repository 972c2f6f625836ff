#!/usr/bin/python3
"""Add up what the test programs reported, list the failures, and end with one line.

    count-tests.py [LABEL=]RESULTS...

RESULTS is a folder that ./dev filled. For every suite it holds NAME.status ("KIND STATUS", how to
read the report and how the command ended) and NAME.log, and the report itself: NAME.json (meson's
testlog.json), NAME.xml (JUnit, from pytest) or NAME.tap (from node).

A case counts once. A suite that ended badly without naming a failed case counts as one failure, so
that a crash can never look like success.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
WORST_LAST = [SKIPPED, PASSED, FAILED]

RESULT_LINE = re.compile(r"^(\s*)(not )?ok\b\s*(\d*)\s*-?\s*([^#]*?)\s*(?:#\s*(skip|todo)\b\s*(.*))?$", re.IGNORECASE)
PLAN_LINE = re.compile(r"^1\.\.(\d+)")


def parse_tap(text):
    """The cases of a TAP stream, as (name, result); the innermost ones where they are nested."""
    lines = []
    in_details = None
    planned = 0
    for line in text.splitlines():
        if in_details is not None:
            if line.strip() == "...":
                in_details = None
            continue
        if line.strip() == "---":
            in_details = True
            continue
        if plan := PLAN_LINE.match(line):
            planned += int(plan[1])
        if not (match := RESULT_LINE.match(line)):
            continue
        indent, negated, number, name, directive, rest = match.groups()
        if directive:  # cmocka writes a skipped case as "not ok 3 # SKIP name"
            result = SKIPPED if directive.lower() == "skip" else PASSED
        else:
            result = FAILED if negated else PASSED
        lines.append((len(indent), name or rest or number, result))

    cases = []
    deeper = 0
    for indent, name, result in lines:
        is_parent = deeper > indent
        if not is_parent:
            cases.append((name, result))
        deeper = indent
    outermost = sum(1 for indent, _, _ in lines if indent == 0)
    if planned > outermost:
        cases.append((f"the program stopped after {outermost} of {planned} cases", FAILED))
    return cases


def read_meson(path):
    """(suite, case, result) for each case of each program that meson ran."""
    for line in path.read_text(errors="replace").splitlines():
        run = json.loads(line)
        head, _, program = run["name"].rpartition(" / ")
        suite = head.split(":")[-1].split("+")[0] or "unit"
        outcome = run["result"]
        cases = parse_tap(run.get("stdout", ""))
        if outcome in ("SKIP",) and not cases:
            cases = [("", SKIPPED)]
        is_bad = outcome in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")
        # Where meson reads TAP itself it takes cmocka's "not ok # SKIP" for a failure; cmocka ended well.
        if is_bad and cases and run.get("returncode") == 0 and outcome in ("FAIL", "ERROR"):
            is_bad = False
        if is_bad and not any(result == FAILED for _, result in cases):
            cases.append((f"{outcome.lower()}, exit status {run.get('returncode')}", FAILED))
        if not cases:
            cases = [("", PASSED)]
        for name, result in cases:
            yield suite, f"{program}: {name}" if name else program, result


def read_junit(path, suite):
    worst = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        tags = {child.tag for child in case}
        if tags & {"failure", "error"}:
            result = FAILED
        elif "skipped" in tags:
            result = SKIPPED
        else:
            result = PASSED
        # pytest reports a case twice when its clean-up failed too.
        name = f"{case.get('classname')}::{case.get('name')}"
        worst[name] = max(worst.get(name, SKIPPED), result, key=WORST_LAST.index)
    for name, result in worst.items():
        yield suite, name, result


def read_results(folder):
    """All (suite, case, result, log) of one results folder."""
    for status_file in sorted(folder.glob("*.status"), key=lambda file: file.stat().st_mtime_ns):
        suite = status_file.stem
        kind, status = status_file.read_text().split()
        log = status_file.with_suffix(".log")
        cases = []
        problem = f"ended with status {status}"
        try:
            if kind == "meson":
                cases = list(read_meson(folder / f"{suite}.json"))
            elif kind == "junit":
                cases = list(read_junit(folder / f"{suite}.xml", suite))
            else:
                text = (folder / f"{suite}.tap").read_text(errors="replace")
                cases = [(suite, name, result) for name, result in parse_tap(text)]
        except (OSError, ValueError, xml.etree.ElementTree.ParseError) as error:
            problem = f"left no readable report ({error})"
            status = status if status != "0" else "1"
        has_failure = any(result == FAILED for _, _, result in cases)
        # meson's own status may be a cmocka skip that it misread; its programs were judged above.
        if status != "0" and not has_failure and not (kind == "meson" and cases):
            cases.append((suite, problem, FAILED))
        if not cases:
            cases.append((suite, "no test ran", FAILED))
        for case in cases:
            yield *case, log


def closing_line(counts):
    line = f"{counts[PASSED]} passed, {counts[FAILED]} failed"
    return line + (f", {counts[SKIPPED]} skipped" if counts[SKIPPED] else "")


def main(arguments):
    suites = {}
    failures = []
    for argument in arguments:
        label, _, folder = argument.rpartition("=")
        for suite, case, result, log in read_results(pathlib.Path(folder)):
            name = f"{label} {suite}".strip()
            counts = suites.setdefault(name, dict.fromkeys(WORST_LAST, 0))
            counts[result] += 1
            if result == FAILED:
                failures.append((name, case, log))

    print("\n== results")
    for name, counts in suites.items():
        print(f"  {name:<18} {closing_line(counts)}")
    if failures:
        print("\nfailed:")
        for name, case, log in failures:
            print(f"  {name}: {case}")
        print("\nwhat they said:")
        for log in dict.fromkeys(log for _, _, log in failures):
            print(f"  {log}")
    total = {result: sum(counts[result] for counts in suites.values()) for result in WORST_LAST}
    if not any(total.values()):
        total[FAILED] = 1
        print("\nno test ran at all")
    print()
    print(closing_line(total))
    return 1 if total[FAILED] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
