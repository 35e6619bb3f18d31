#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables from what scripts/bench measured, and whether the bounds are kept.

Usage: bench-report.py TIMES [--write DOCUMENT]...

Prints Markdown.  With --write, what stands in DOCUMENT between "<!-- bench: NAME -->" and
"<!-- bench: end -->" is replaced by the part of that name.  The exit status is 1 if a bound is
missed.
"""
import re
import statistics
import sys

COPY = "`cp --sparse=always BASE OUT && sync OUT`"
MIB = 1 << 20
GIB = 1 << 30

# What, its measurement, what it is held against, that measurement, and what must be: at most so
# many times as long, at least so many times faster, at most so many seconds, or nothing.
ROWS = [
    ("raw node, base in the cache", "raw", COPY, "copy", ("at most", 1.15)),
    ("raw node on xfs with reflinks", "reflink", "`cp --reflink=always BASE OUT && sync OUT`",
     "cp-reflink", ("seconds", 0.25)),
    ("first decode of a multi-block `.xz`, by `nib check`", "decode", "`xz -dc -T0 >/dev/null`",
     "unxz", ("at most", 1.10)),
    ("`.img.xz` node from a multi-block `.xz`", "node-xz", "`xz -T0 -6` of the raw node", "xz",
     ("at least", 15)),
    ("`.img.zst` node, second node on", "node-zst", "`zstd -T0 -3` of the raw node", "zstd",
     ("at least", 5)),
    ("{many} raw nodes, `-j 2`", "many", "{many} such copies with `sync`", "many-copies",
     ("at most", 1.15)),
    ("one node", "raw", "`virt-customize`, emulated, without its copy", "virt",
     ("at least", 20)),
    ("one node", "raw", "loop mount and shell, root (`cp`, mount, edit, `sync`)", "loop", None),
]

# A disk that is slow makes copies slow: then this is enough for .img.zst.
ZST_OF_COPIES = 1.2

# Most memory of one process, in MiB.
MEMORY = [
    ("raw node", "raw", 64),
    ("{many} raw nodes, `-j 2`", "many", 64),
    ("first decode of the `.xz`", "decode", 256),
    ("`.img.xz` node", "node-xz", 256),
    ("`.img.zst` node", "node-zst", None),
]

# The time per node differs by so much at most.
CONSTANT = 1.20


class Results:
    """What was measured: times and memory by name, and facts."""

    def __init__(self, path):
        self.times, self.memory, self.facts = {}, {}, {}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                kind, name, *values = line.rstrip("\n").split("\t")
                if kind == "fact":
                    self.facts.setdefault(name, []).append(values[0])
                else:
                    self.times.setdefault(name, []).append(float(values[0]))
                    self.memory.setdefault(name, []).append(int(values[1]) * 1024)
        self.missed = []

    def time(self, name):
        """Median in seconds; None where it could not be measured."""
        return statistics.median(self.times[name]) if name in self.times else None

    def number(self, name):
        """Median of a fact."""
        return statistics.median(int(v) for v in self.facts[name]) if name in self.facts else None

    def text(self, name):
        """The first value of a fact."""
        return self.facts[name][0]

    def check(self, what, kept):
        """The word for the table; what is missed is noted."""
        if not kept:
            self.missed.append(what)
        return "kept" if kept else "**missed**"


def seconds(value):
    """As many digits as mean something."""
    return f"{value:.0f} s" if value >= 100 else f"{value:.3g} s" if value >= 1 else f"{value:.3f} s"


def size(value):
    """A number of bytes for people."""
    for unit, factor in (("PiB", 1 << 50), ("TiB", 1 << 40), ("GiB", GIB), ("MiB", MIB), ("KiB", 1024)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}" if value < 1000 * factor else f"{value / factor:.0f} {unit}"
    return f"{value:.0f} bytes"


def duration(value):
    """Seconds for people: long ones in minutes or hours."""
    if value < 300:
        return seconds(value)
    return f"{value / 60:.0f} min" if value < 3 * 3600 else f"{value / 3600:.1f} h"


def table(header, rows):
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def circumstances(results):
    """Where it was measured, and on what."""
    facts = results.text
    text = (f"{facts('nib')}; {facts('processors')} processors ({facts('cpu')}), "
            f"{size(int(facts('memory_kib')) * 1024)} of memory, {facts('filesystem')}. Base image: "
            f"{size(results.number('base_apparent'))}, of it {size(results.number('base_allocated'))} "
            f"allocated, {size(results.number('base_xz'))} as `.xz`. Medians of {facts('runs')}; of "
            f"`xz -T0 -6` {len(results.times.get('xz', []))}, of `virt-customize` 1.\n")
    if facts("quick") == "true":
        text = ("**Output of `scripts/bench --quick`: one run with the tiny image, to see that the bench "
                "works. These numbers are no measurement.**\n\n" + text)
    return text


def judge(results, row, own, other):
    """The ratio, what must be, and whether it is."""
    what, name, _, _, bound = row
    kind, limit = bound or ("", 0)
    ratio, must, kept = f"{own / other:.2f} ×", f"at most {limit:.2f} ×", own / other <= limit
    if kind == "at least":
        ratio, must, kept = f"{other / own:.1f} × faster", f"at least {limit} × faster", other / own >= limit
    elif kind == "seconds":
        must, kept = f"at most {limit} s", own <= limit
    elif not bound:
        return [ratio, "-", "-"]
    if name == "node-zst":
        copies = own / (results.time("cp-zst") + results.time("copy"))
        ratio += f"; {copies:.2f} × of copies"
        must += f", or at most {ZST_OF_COPIES:.2f} × of copying the raw base and the `.zst`"
        kept = kept or copies <= ZST_OF_COPIES
    return [ratio, must, results.check(f"{what}: {seconds(own)}, {ratio}, must be {must}", kept)]


def speed(results):
    """The table of ratios."""
    rows = []
    for row in ROWS:
        what, name, other, other_name, _ = row = [
            v.format(many=results.text("many")) if isinstance(v, str) else v for v in row]
        times = results.time(name), results.time(other_name)
        if None in times:
            rows.append([what, seconds(times[0]) if times[0] else "-", other, "not available here", "-",
                         "-", "-"])
        else:
            rows.append([what, seconds(times[0]), other, seconds(times[1]),
                         *judge(results, row, *times)])
    return table(["what", "nib", "beside it", "takes", "ratio", "must be", "bound"], rows)


def memory(results):
    """The table of memory."""
    rows = []
    for what, name, limit in MEMORY:
        what = what.format(many=results.text("many"))
        most = max(results.memory[name])
        rows.append([what, size(most), f"at most {limit} MiB" if limit else "-",
                     results.check(f"memory: {what} (at most {limit} MiB; is {size(most)})",
                                   most <= limit * MIB) if limit else "-"])
    return table(["largest process", "uses", "must be", "bound"], rows)


def by_number(results, prefix):
    """The numbers that follow a prefix in the names of measurements."""
    return sorted(int(m[1]) for m in (re.fullmatch(prefix + r"-(\d+)", n) for n in results.times) if m)


def nodes(results):
    """The table of 1 to 1000 nodes."""
    counts = by_number(results, "nodes")
    each = {n: results.time(f"nodes-{n}") / n for n in counts}
    rows = []
    for count in counts:
        ratio = each[count] / each[counts[-1]]
        rows.append([str(count), seconds(results.time(f"nodes-{count}")), f"{each[count] * 1000:.1f} ms",
                     f"{ratio:.2f} ×", f"{1 / CONSTANT:.2f} to {CONSTANT:.2f} ×",
                     results.check(f"time per node, {count} nodes ({ratio:.2f} × of {counts[-1]} nodes)",
                                   1 / CONSTANT <= ratio <= CONSTANT),
                     size(max(results.memory[f"nodes-{count}"]))])
    return table(["nodes", "time", "per node", f"of that with {counts[-1]}", "must be", "bound",
                  "largest process"], rows)


def sizes(results):
    """The table of base sizes."""
    rows = []
    for gib in by_number(results, "size"):
        own, other = results.time(f"size-{gib}"), results.time(f"size-{gib}-copy")
        rows.append([f"{gib} GiB", seconds(own), seconds(other), f"{own / other:.2f} ×",
                     size(max(results.memory[f"size-{gib}"]))])
    return table(["base", "nib", "copy and `sync`", "ratio", "largest process"], rows)


def arithmetic(results):
    """What a fleet takes, from what was measured."""
    value = {
        "F": results.time("decode"),
        "B": results.number("base_xz"),
        "D": results.number("node_raw"),
    }
    ways = [("raw, `-j 2`", results.time("many") / int(results.text("many")), value["D"], value["D"]),
            ("raw, reflinks", results.time("reflink"), results.number("node_reflink"), value["D"]),
            ("`--compress xz`", results.time("node-xz"), results.number("node_xz"), None),
            ("`--compress zst`", results.time("node-zst"), results.number("node_zst"), None)]
    ways = [way for way in ways if way[1] is not None]
    text = f"F = {seconds(value['F'])}, B = {size(value['B'])}, D = {size(value['D'])}; each output:\n\n"
    text += table(["output", "t, per node", "S, stored per node", "U, moved per node"],
                  [[name, seconds(t), size(s), size(u or s)] for name, t, s, u in ways]) + "\n"
    rows = []
    for count, machines in ((10, 1), (1000, 1), (1000, 10), (100000, 100)):
        for name, t, s, u in ways:
            share = -(-count // machines)
            rows.append([f"{count:,}".replace(",", " "), str(machines), name, duration(value["F"] + share * t),
                         size(machines * value["D"] + count * s),
                         size(machines * value["B"] + count * (u or s))])
    return text + table(["N", "M", "output", "seconds", "bytes stored", "bytes moved"], rows)


def compose(results):
    """The parts, by name."""
    tables = [circumstances(results), "### Ratios\n", speed(results), "### Memory\n", memory(results)]
    if by_number(results, "nodes"):
        tables += ["### Nodes\n", nodes(results), "### Base sizes\n", sizes(results)]
    note = circumstances(results).split("\n\n")[0] if results.text("quick") == "true" else ""
    return {"tables": "\n".join(tables),
            "arithmetic": (note + "\n\n" if note else "") + arithmetic(results)}


def write(path, parts):
    """Replace what stands between the marks of a document."""
    with open(path, encoding="utf-8") as document:
        text = document.read()
    mark = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- bench: end -->\n)", re.DOTALL)
    text, count = mark.subn(lambda m: f"{m[1]}\n{parts[m[2]]}\n{m[3]}", text)
    if not count:
        raise SystemExit(f"{path}: no '<!-- bench: NAME -->'")
    with open(path, "w", encoding="utf-8") as document:
        document.write(text)


def main():
    results = Results(sys.argv[1])
    parts = compose(results)
    print(parts["tables"])
    for path in sys.argv[3::2]:
        write(path, parts)
    for what in results.missed:
        print(f"bench: missed: {what}", file=sys.stderr)
    return 1 if results.missed else 0


sys.exit(main())
