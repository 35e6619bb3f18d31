#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw the tables of docs/benchmarks.md.

Usage: bench-plot.py DOCUMENT SVG
"""
import html
import math
import re
import sys

WIDTH, LEFT, RIGHT = 860, 330, 90
BAR, ROW, TOP = 13, 46, 74
PANEL = 210

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .soft { fill: #59636e }
  .page { fill: #ffffff }
  .grid { stroke: #d1d9e0; fill: none }
  .nib { fill: #0969da; stroke: #0969da }
  .other { fill: #9a6700; stroke: #9a6700 }
  .line { fill: none; stroke-width: 2 }
  text.nib, text.other { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
    .page { fill: #0d1117 }
    .grid { stroke: #3d444d }
    .nib { fill: #4493f8; stroke: #4493f8 }
    .other { fill: #d29922; stroke: #d29922 }
    .line { fill: none }
  }
"""


def tables(path):
    """The rows of each table below a heading of its own, without the header."""
    found, name = {}, None
    with open(path, encoding="utf-8") as document:
        for line in document:
            if line.startswith("### "):
                name = line[4:].strip()
            elif name and line.startswith("| "):
                found.setdefault(name, []).append([cell.strip() for cell in line.strip("| \n").split(" | ")])
    return {name: rows[2:] for name, rows in found.items()}


def seconds(cell):
    """The number of "1.2 s"; None for anything else."""
    match = re.fullmatch(r"([\d.]+) s", cell)
    return float(match[1]) if match else None


def text(x, y, content, kind="", anchor="start"):
    """A line of text."""
    content = html.escape(content.replace("`", ""), quote=False)
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{content}</text>'


def scale(values, start, end):
    """A logarithmic scale over whole decades: the function, and the decades."""
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    return (lambda v: start + (math.log10(v) - low) / (high - low) * (end - start),
            [10.0 ** e for e in range(low, high + 1)])


def bars(rows):
    """A pair of bars for each row that has both times."""
    pairs = [(row[0], seconds(row[1]), row[2], seconds(row[3])) for row in rows]
    pairs = [pair for pair in pairs if pair[1] and pair[3]]
    at, decades = scale([v for p in pairs for v in (p[1], p[3])], LEFT, WIDTH - RIGHT)
    bottom = TOP + len(pairs) * ROW
    out = [text(20, 28, "Seconds, nib beside what it replaces", "title"),
           text(20, 48, "logarithmic; shorter is better", "soft")]
    for decade in decades:
        out.append(f'<path class="grid" d="M{at(decade):.1f} {TOP - 8}V{bottom}"/>')
        out.append(text(at(decade), TOP - 14, f"{decade:g} s", "soft", "middle"))
    for number, (what, own, other_what, other) in enumerate(pairs):
        y = TOP + number * ROW
        for offset, kind, label, value in ((0, "nib", what, own), (BAR + 4, "other", other_what, other)):
            out.append(text(LEFT - 10, y + offset + 11, label, kind, "end"))
            out.append(f'<rect class="{kind}" x="{LEFT}" y="{y + offset}" height="{BAR}" '
                       f'width="{max(at(value) - LEFT, 1):.1f}"/>')
            out.append(text(max(at(value), LEFT) + 6, y + offset + 11, f"{value:g} s", "soft"))
    return out, bottom


def panel(left, top, title, series):
    """Lines of seconds over numbers, both logarithmic; series: (class, name, [(x, seconds)])."""
    right, bottom = left + 330, top + PANEL - 70
    points = [point for _, _, line in series for point in line]
    y_at, y_decades = scale([p[1] for p in points], bottom, top + 30)
    numbers = sorted({p[0] for p in points})
    span = math.log(numbers[-1] / numbers[0]) or 1

    def x_at(x):
        return left + 30 + math.log(x / numbers[0]) / span * (right - left - 60)

    out = [text(left, top, title, "title")]
    for decade in y_decades:
        out.append(f'<path class="grid" d="M{left} {y_at(decade):.1f}H{right}"/>')
        out.append(text(left - 6, y_at(decade) + 4, f"{decade:g} s", "soft", "end"))
    for number in numbers:
        out.append(text(x_at(number), bottom + 18, f"{number:g}", "soft", "middle"))
    for kind, _, line in series:
        path = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in line)
        out.append(f'<polyline class="{kind} line" points="{path}"/>')
        out.extend(f'<circle class="{kind}" cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3"/>' for x, y in line)
    for number, (kind, name, _) in enumerate(series):
        out.append(text(left + 70 * number, bottom + 38, name, kind))
    return out


def is_quick(path):
    """Are the numbers of a run that measures nothing?"""
    with open(path, encoding="utf-8") as document:
        return "**Output of `scripts/bench --quick`" in document.read()


def draw(found, quick):
    """The whole picture."""
    out, bottom = bars(found["Ratios"])
    if quick:
        out.append(text(WIDTH - 20, 28, "scripts/bench --quick: no measurement", "title", "end"))
    if "Nodes" in found:
        nodes = [(int(row[0]), seconds(row[1])) for row in found["Nodes"]]
        sizes = [(int(row[0].split()[0]), seconds(row[1]), seconds(row[2])) for row in found["Base sizes"]]
        out += panel(70, bottom + 40, "Seconds for so many nodes, one by one", [("nib", "nib", nodes)])
        out += panel(490, bottom + 40, "Seconds for a node, base in GiB",
                     [("nib", "nib", [(x, y) for x, y, _ in sizes]),
                      ("other", "copy", [(x, y) for x, _, y in sizes])])
        bottom += PANEL
    height = bottom + 20
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-label="Seconds, nib beside what it replaces">\n'
            "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
            f"<style>{STYLE}</style>\n"
            f'<rect class="page" width="{WIDTH}" height="{height}"/>\n' + "\n".join(out) + "\n</svg>\n")


def main():
    picture = draw(tables(sys.argv[1]), is_quick(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as svg:
        svg.write(picture)


main()
