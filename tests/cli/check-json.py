#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold docs/json.md against lines that nib printed with --json.

Usage: check-json.py MANUAL < LINES

Every object has the keys that are documented for its type, with values of that
kind, and no others; every key that is documented was seen.
"""
import json
import re
import sys

ROW = re.compile(r"\| `([^`]+)` \| ([a-z ]+?)(, optional)? \|")


def kinds(value):
    """The words that may describe a value in the manual."""
    if value is None:
        return {"text or null"}
    if isinstance(value, bool):
        return {"flag"}
    if isinstance(value, int):
        return {"number"}
    if isinstance(value, str):
        return {"text", "text or null"}
    if isinstance(value, dict):
        return {"object"}
    return {"list", "list of text"} if all(isinstance(v, str) for v in value) else {"list"}


def read_manual(path):
    """{type: {key: (kind, optional)}}"""
    types, current = {}, None
    with open(path, encoding="utf-8") as manual:
        for line in manual:
            if heading := re.match(r"### `([a-z]+)`", line):
                current = types.setdefault(heading[1], {})
            elif row := ROW.match(line):
                current[row[1]] = (row[2], bool(row[3]))
    return types


def flatten(value, prefix, names):
    """Keys with their values; below a list as "x[].y", below a mapping of names as "x.NAME.y"."""
    for key, inner in value.items():
        name = prefix + key
        yield name, inner
        if isinstance(inner, list):
            for element in inner:
                if isinstance(element, dict):
                    yield from flatten(element, name + "[].", names)
        elif isinstance(inner, dict) and any(n.startswith(name + ".NAME.") for n in names):
            for element in inner.values():
                yield from flatten(element, name + ".NAME.", names)


def main():
    types = read_manual(sys.argv[1])
    seen = {(name, key): False for name, keys in types.items() for key in keys}
    wrong = set()

    for line in sys.stdin:
        thing = json.loads(line)
        name = thing.pop("type", None)
        keys = types.get(name)
        if keys is None:
            sys.exit(f"type {name!r} is not documented: {line}")
        found = list(flatten(thing, "", keys))
        for key, value in found:
            if key not in keys:
                wrong.add(f"{name}: {key} is not documented")
            elif keys[key][0] not in kinds(value):
                wrong.add(f"{name}: {key} is not {keys[key][0]}, but {value!r}")
            seen[name, key] = True
        for key, (_, optional) in keys.items():
            if not optional and "NAME" not in key and "[]" not in key and key not in thing:
                wrong.add(f"{name}: {key} is documented, but missing in {line}")

    wrong |= {f"{name}: {key} is documented, but was never seen"
              for (name, key), was in seen.items() if not was}
    if wrong:
        sys.exit("\n".join(sorted(wrong)))


main()
