"""A plot of ratios to the limit: a row of dots for each case, a colour and a shape for each server."""

import html

# Okabe and Ito's colours, which everybody can tell apart; shapes say the same to who cannot.
STYLES = {
    "framecast": ("#d55e00", "circle"), "libwebsockets": ("#0072b2", "square"), "Boost.Beast": ("#009e73", "triangle"),
    "Bun": ("#cc79a7", "diamond"), "Deno": ("#56b4e9", "square"), "ws": ("#000000", "diamond"),
    "websockets": ("#999999", "triangle"),
}
LEFT, RIGHT, TOP, ROW, BOTTOM, WIDTH = 250, 30, 70, 24, 46, 900
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
LEAST, MOST = 0.01, 3


def place(ratio):
    import math
    span = math.log(MOST / LEAST)
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(min(max(ratio, LEAST), MOST) / LEAST) / span


def mark(x, y, style, size=6):
    colour, shape = style
    common = f'fill="{colour}" stroke="#fff" stroke-width="0.8"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {common}/>'
    points = {"square": [(-1, -1), (1, -1), (1, 1), (-1, 1)], "triangle": [(0, -1.2), (1.1, 1), (-1.1, 1)],
              "diamond": [(0, -1.3), (1.1, 0), (0, 1.3), (-1.1, 0)]}[shape]
    text = " ".join(f"{x + a * size * 0.8:.1f},{y + b * size * 0.8:.1f}" for a, b in points)
    return f'<polygon points="{text}" {common}/>'


def legend(servers):
    parts, x = [], LEFT
    for name in servers:
        parts.append(mark(x, 44, STYLES[name]))
        parts.append(f'<text x="{x + 10}" y="48">{html.escape(name)}</text>')
        x += 26 + 7 * len(name)
    return parts


def draw(rows, servers):
    rows = [row for row in rows if any(entry["ratio"] for entry in row["servers"].values())]
    servers = [name for name in servers if name in STYLES]
    height = TOP + ROW * len(rows) + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
             'font-family="sans-serif" font-size="12">', f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
             f'<text x="{LEFT}" y="22" font-size="14">Work per second of server processor time, as a part of what plain '
             'sockets do</text>']
    parts += legend(servers)
    bottom = TOP + ROW * len(rows)
    for tick in TICKS:
        x = place(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="{"#888" if tick == 1 else "#ddd"}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{bottom + 36}" text-anchor="middle">'
                 'logarithmic; 1 is the limit, further right is better</text>')
    for index, row in enumerate(rows):
        y = TOP + ROW * index + ROW / 2
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{html.escape(row["case"])}</text>')
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#f0f0f0"/>')
        for name in reversed(servers):
            entry = row["servers"].get(name)
            if entry and entry["ratio"]:
                parts.append(mark(place(entry["ratio"]), y, STYLES[name], 7 if name == "framecast" else 5.5))
    return "\n".join([*parts, "</svg>"]) + "\n"
