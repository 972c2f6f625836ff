#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the files of the page into a C source: embed.py FILE... OUTPUT."""
import hashlib
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def literal(data):
    """The bytes as lines of a C array."""
    rows = (data[i:i + 20] for i in range(0, len(data), 20))
    return "\n".join("    " + ",".join(str(b) for b in row) + "," for row in rows)


def main(argv):
    *inputs, output = argv[1:]
    arrays, rows = [], []
    for index, path in enumerate(inputs):
        name = os.path.basename(path)
        kind = TYPES.get(os.path.splitext(name)[1])
        if not kind:  # this script itself is among the inputs
            continue
        with open(path, "rb") as file:
            data = file.read()
        tag = hashlib.sha256(data).hexdigest()[:16]
        address = "/" if name == "index.html" else "/" + name
        arrays.append(f"static const uint8_t file_{index}[] = {{\n{literal(data)}\n}};\n")
        rows.append(f'    {{ "{address}", "{kind}", "\\"{tag}\\"", '
                    f"{{ file_{index}, {len(data)} }} }},")
    with open(output, "w", encoding="ascii") as file:
        file.write('/* Made by tools/embed.py. */\n#include "serve/page.h"\n\n')
        file.write("\n".join(arrays))
        file.write("\nconst struct page_file page_files[] = {\n" + "\n".join(rows))
        file.write("\n    { NULL, NULL, NULL, { NULL, 0 } },\n};\n")


if __name__ == "__main__":
    main(sys.argv)
