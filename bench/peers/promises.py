"""What the figures must be: each promise as a sentence, and those that a run breaks."""

OURS, LIMIT = "framecast", "raw"

# what the name of a case begins with, what of ours is looked at, its bound
LEAST_RATIO = [("upload 1 MB", 0.85), ("upload 64 kB", 0.85), ("broadcast 1 MB", 0.9), ("broadcast 100 kB", 0.9),
               ("broadcast 64 kB", 0.9)]
MOST_VALUE = [("upload 128 B", 0.04), ("19,000 idle", 600)]


def bound(table, case):
    return next((limit for begin, limit in table if case.startswith(begin)), None)


def ahead_of_ours(row):
    """The peers that need less than we do in most rounds, each with what we need as a part of what it needs."""
    return {name: entry["ours"] for name, entry in row["servers"].items()
            if name not in (OURS, LIMIT) and entry["ours"] is not None and entry["ours"] > 1}


def broken(rows):
    """A sentence for each promise that these rows break."""
    for row in rows:
        ours, case = row["servers"].get(OURS), row["case"]
        if ours is None:
            yield f"{case}: it was not measured"
            continue
        least, most = bound(LEAST_RATIO, case), bound(MOST_VALUE, case)
        if least is not None and ours["ratio"] is not None and ours["ratio"] < least:
            yield f"{case}: {ours['ratio']:.2f} of the limit, and {least} is promised"
        if most is not None and ours["value"] > most:
            yield f"{case}: {ours['value']:.3g} {row['unit']}, and at most {most} are promised"
        for name, more in ahead_of_ours(row).items():
            yield f"{case}: {more:.2f} of what {name} needs"
