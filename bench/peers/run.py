#!/usr/bin/python3
"""run.py [--quick] [--repeat N] [--only NAME,...] [--case WORD] [--check]: our server beside others, and the limit.

Every server does the same work under the same load (bench/load), in turn and several times, on
127.0.0.1. Prints a table of ratios to the limit (bench/raw: the same transfers without any protocol),
and writes docs/performance/peers.json and peers.svg. "./dev bench peers" installs what is needed first.
A server that cannot be had is left out, with a word.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys

import chart
import promises

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "bench/peers"
RELEASE = ROOT / "build-release/bench"
PEERS = ROOT / "build/peers"
OUT = ROOT / "docs/performance"
MODULES = PEERS / "node_modules"
RUN_LIMIT_S = 15
MANY_LIMIT_S = 60  # with thousands of connections: some servers take a millisecond for each

# name, command without PORT MODE SIZE, what must be there
SERVERS = [
    ("raw", [RELEASE / "raw"], RELEASE / "raw"),
    ("framecast", [RELEASE / "server"], RELEASE / "server"),
    ("libwebsockets", [PEERS / "lws"], PEERS / "lws"),
    ("Boost.Beast", [PEERS / "beast"], PEERS / "beast"),
    ("Bun", [MODULES / "@oven/bun-linux-x64/bin/bun", PEERS / "bun.mjs"], MODULES / "@oven/bun-linux-x64/bin/bun"),
    ("Deno", [MODULES / "@deno/linux-x64-glibc/deno", "run", "--allow-net", PEERS / "deno.mjs"],
     MODULES / "@deno/linux-x64-glibc/deno"),
    ("ws", ["node", PEERS / "ws.mjs"], MODULES / "ws"),
    ("websockets", ["/usr/bin/python3", HERE / "python_websockets.py"],
     pathlib.Path("/usr/lib/python3/dist-packages/uvloop")),
]

CPU_PER_GB, CPU_PER_MESSAGE, RSS = "cpu_s_per_gb", "cpu_us_per_message", "rss_bytes_each"
UNITS = {CPU_PER_GB: "CPU s/GB", CPU_PER_MESSAGE: "CPU us each", RSS: "bytes each"}
WALL = {CPU_PER_GB: "gb_per_s", CPU_PER_MESSAGE: "messages_per_s"}


def upload(size, metric):
    return (f"upload {name_of(size)}", "sink", size, "upload", [], metric)


def broadcast(size, clients, burst, metric=CPU_PER_GB):
    at_once = f", {burst} at once" if size < 1000 and burst > 1 else ""
    return (f"broadcast {name_of(size)} to {clients}{at_once}", "broadcast", size, "fanout",
            ["--connections", clients, "--burst", burst], metric)


def echo(size, connections):
    return (f"echo {size} B over {connections}", "echo", size, "echo", ["--connections", connections], CPU_PER_MESSAGE)


def name_of(size):
    if size % 1024 == 0:
        return f"{size // 1024} kB"
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size // 1000} kB" if size >= 1000 else f"{size} B"


# name, mode of the server, size, mode of the load, its arguments, what is compared
CASES = [
    upload(1_000_000, CPU_PER_GB), upload(65_536, CPU_PER_GB), upload(128, CPU_PER_MESSAGE),
    *[broadcast(size, clients, max(1, 40_000_000 // size // clients))
      for size in (1_000_000, 100_000, 65_536) for clients in (1, 10, 100)],
    *[echo(size, connections) for size in (100, 256) for connections in (10, 64)],
    broadcast(200, 1000, 1, CPU_PER_MESSAGE), broadcast(200, 1000, 20, CPU_PER_MESSAGE),
    ("19,000 idle connections", "broadcast", 200, "idle", ["--connections", 19_000], RSS),
]


def free_port():
    """One that is free now: not every server can pick its own and say which."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def start(command, mode, size):
    port = free_port()
    process = subprocess.Popen([*map(str, command), port, mode, str(size)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    line = process.stdout.readline()
    if f":{port}" not in line:
        process.kill()
        raise RuntimeError(f"printed no address but {line!r}")
    return process, port


def measure(server, case, seconds):
    name, command, _ = server
    _, mode, size, load, arguments, _ = case
    limit = MANY_LIMIT_S if load == "idle" else RUN_LIMIT_S
    process, port = start(command, mode, size)
    try:
        done = subprocess.run(
            [str(RELEASE / "load"), load, port, "--pid", str(process.pid), "--size", str(size), "--seconds",
             str(seconds), *map(str, arguments), *(["--raw", "1"] if name == "raw" else [])],
            capture_output=True, text=True, timeout=limit)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[:200])
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done after {limit} s") from None
    finally:
        process.kill()
        process.wait()


def measure_all(servers, cases, repeat, seconds):
    """{case: {server: [result or None, ...]}}, round after round, so that a busy moment hits all. Each
    round begins with another server, because what ran before a server is felt by it."""
    results = {case[0]: {server[0]: [] for server in servers} for case in cases}
    total = repeat * len(cases) * len(servers)
    done = 0
    for turn in range(repeat):
        first = turn % len(servers)
        for case in cases:
            for server in servers[first:] + servers[:first]:
                done += 1
                print(f"\r{done} of {total}: {case[0]}, {server[0]}".ljust(79), end="", file=sys.stderr, flush=True)
                result = None
                try:
                    result = measure(server, case, seconds)
                except (RuntimeError, OSError, ValueError) as failure:
                    print(f"\r{case[0]}, {server[0]}: {failure}".ljust(79), file=sys.stderr)
                results[case[0]][server[0]].append(result)
    print("\r".ljust(80) + "\r", end="", file=sys.stderr)
    return results


def figures(runs, metric):
    """The metric of each round, None where there is none."""
    return [run[metric] if run and (run.get(metric) or -1) >= 0 else None for run in runs]


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def paired(ones, others):
    """The median of the ratios of each round: machines drift more within minutes than within seconds."""
    return median(one / other for one, other in zip(ones, others) if one is not None and other)


def summarise(results, cases):
    """Rows of medians: the figure, its spread, the ratio of the limit to it (1 is the limit), and the
    ratio of framecast's to it."""
    rows = []
    for case in cases:
        metric = case[5]
        wall_metric = WALL.get(metric, "gb_per_s")
        runs = results[case[0]]
        limit, limit_wall = figures(runs["raw"], metric), figures(runs["raw"], wall_metric)
        ours = figures(runs.get("framecast", []), metric)
        row = {"case": case[0], "unit": UNITS[metric], "servers": {}}
        for server, its in runs.items():
            values, walls = figures(its, metric), figures(its, wall_metric)
            known = [value for value in values if value is not None]
            if not known:
                continue
            row["servers"][server] = {
                "value": median(values), "least": min(known), "most": max(known),
                "ratio": paired(limit, values) if metric != RSS else None,
                "ours": paired(ours, values),
                "wall": median(walls), "wall_unit": "GB/s" if metric == CPU_PER_GB else "messages/s",
                "wall_ratio": paired(walls, limit_wall) if metric != RSS else None,
            }
        rows.append(row)
    return rows


def cell(entry):
    if entry is None:
        return "-"
    value = f"{entry['value']:.3g}" if entry["value"] < 1000 else f"{entry['value']:,.0f}"
    return value if entry["ratio"] is None else f"{value} ({entry['ratio']:.2f})"


def table(rows, servers):
    names = [server[0] for server in servers]
    lines = ["| case | unit | " + " | ".join(names) + " |", "| --- | --- |" + " --- |" * len(names)]
    for row in rows:
        cells = [cell(row["servers"].get(name)) for name in names]
        lines.append(f"| {row['case']} | {row['unit']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def version_of(command):
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=20)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "unknown"


def versions():
    def npm(name):
        try:
            return json.loads((MODULES / name / "package.json").read_text())["version"]
        except OSError:
            return None
    found = {
        "libwebsockets": version_of(["pkg-config", "--modversion", "libwebsockets"]),
        "Boost.Beast": version_of(["dpkg-query", "-W", "-f", "${Version}", "libboost-dev"]),
        "Bun": npm("@oven/bun-linux-x64"), "Deno": npm("@deno/linux-x64-glibc"), "ws": npm("ws"),
        "Node": version_of(["node", "--version"]),
        "websockets": version_of(["dpkg-query", "-W", "-f", "${Version}", "python3-websockets"]),
    }
    return {name: version for name, version in found.items() if version}


def machine():
    model = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"processor": model[1] if model else platform.machine(), "processors": os.cpu_count(),
            "kernel": platform.release()}


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def available(only):
    servers = []
    for server in SERVERS:
        if only and server[0] not in only and server[0] != "raw":
            continue
        if pathlib.Path(server[2]).exists() and (pathlib.Path(str(server[1][0])).exists() or
                                                 shutil.which(str(server[1][0]))):
            servers.append(server)
        else:
            print(f"{server[0]} is left out: there is no {server[2]}", file=sys.stderr)
    return servers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--repeat", type=int, default=7, help="rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=0.5, help="measured in each run (default 0.5)")
    parser.add_argument("--only", help="servers, with commas between; the limit is always measured")
    parser.add_argument("--case", help="only cases with this word in their name")
    parser.add_argument("--check", action="store_true", help="fail when a promise is broken (promises.py)")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance/ as it is")
    return parser.parse_args()


def write(rows, servers, repeat, seconds):
    OUT.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "versions": versions(), "rounds": repeat, "seconds": seconds, "rows": rows}
    (OUT / "peers.json").write_text(json.dumps(report, indent=1) + "\n")
    (OUT / "peers.svg").write_text(chart.draw(rows, [server[0] for server in servers]))


def main():
    options = arguments()
    raise_descriptor_limit()
    servers = available(options.only.split(",") if options.only else None)
    cases = [case for case in CASES if not options.case or options.case in case[0]]
    repeat, seconds = (1, 0.3) if options.quick else (options.repeat, options.seconds)
    rows = summarise(measure_all(servers, cases, repeat, seconds), cases)
    print("Server processor time, and in brackets the limit's as a part of it, the median of the rounds: 1 is the\n"
          "limit, more is better.\n")
    print(table(rows, servers))
    if not (options.no_write or options.case or options.only):
        write(rows, servers, repeat, seconds)
    failures = list(promises.broken(rows)) if options.check else []
    for failure in failures:
        print(f"promise broken: {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
