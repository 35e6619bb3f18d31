#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold docs/cluster.schema.json against the parser.

The schema has to accept every file that nib accepts (tests/data/good, and those
of tests/data/bad that only give warnings), and to refuse mistakes of structure
(tests/data/bad/key-*, kind-* and value-*).
"""
import glob
import json
import os
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it, but every number is 1: only its type matters."""

    yaml_implicit_resolvers = {}


def resolve(tag, pattern, value):
    Core.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), None)
    Core.add_constructor(tag, lambda loader, node: value(node.value))


resolve("tag:yaml.org,2002:null", "~|null|Null|NULL|", lambda text: None)
resolve("tag:yaml.org,2002:bool", "true|True|TRUE|false|False|FALSE",
        lambda text: text.lower() == "true")
resolve("tag:yaml.org,2002:int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", lambda text: 1)
resolve("tag:yaml.org,2002:float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
        lambda text: 1.5)

data = os.path.join(sys.argv[1], "tests/data")
with open(os.path.join(sys.argv[1], "docs/cluster.schema.json"), encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
failed = 0


def check(path, valid):
    global failed
    with open(path, encoding="utf-8") as file:
        errors = list(validator.iter_errors(yaml.load(file, Core)))
    if (not errors) != valid:
        failed += 1
        print(f"{path}: {errors[0].message if errors else 'accepted, but should not be'}")


def only_warns(path):
    with open(path[:-4] + "expected", encoding="utf-8", errors="replace") as file:
        return ": error: " not in file.read()


good = glob.glob(f"{data}/good/*.yaml")
warned = [path for path in glob.glob(f"{data}/bad/*.yaml") if only_warns(path)]
wrong = [path for kind in ("key", "kind", "value") for path in glob.glob(f"{data}/bad/{kind}-*.yaml")]
assert len(good) >= 8 and len(warned) >= 8 and len(wrong) >= 18

for path in good + warned:
    check(path, True)
for path in wrong:
    check(path, False)

print(f"{len(good) + len(warned)} files accepted, {len(wrong)} refused, {failed} wrong")
sys.exit(failed != 0)
