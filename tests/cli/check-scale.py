#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold the files in docs/scale.md against nib and against themselves.

Usage: check-scale.py MANUAL NIB

Both blocks are YAML, every option of every nib in them is known to that command,
and each counts its shards the same everywhere.
"""
import re
import shlex
import subprocess
import sys

try:
    import yaml
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(77)


class Unique(yaml.SafeLoader):
    """Keys that are given twice are mistakes."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"line {node.start_mark.line}: a key twice: {keys}"
        return super().construct_mapping(node, deep)


def blocks(path):
    """The documents between fences."""
    with open(path, encoding="utf-8") as manual:
        return [yaml.load(text, Unique)
                for text in re.findall(r"^```yaml\n(.*?)^```$", manual.read(), re.DOTALL | re.MULTILINE)]


def texts(value):
    """All text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def command_lines(document):
    """Every call of nib, as its words."""
    lines = (line.strip() for text in texts(document) for line in text.splitlines())
    return [shlex.split(line) for line in lines if line.startswith("nib ")]


def known_options(nib, command):
    """Option names of the help; those that take something with True."""
    text = subprocess.run([nib, command, "--help"], check=True, capture_output=True, text=True).stdout
    known = {}
    for short, long, value in re.findall(r"^  (-\w)?,? +(--[a-z-]+)( [A-Z])?", text, re.MULTILINE):
        known[long] = bool(value)
        if short:
            known[short] = bool(value)
    return known


def check_command(words, nib):
    """The first word that is no option is the command; none behind it, for all nodes are built."""
    known = known_options(nib, "build")
    plain, words = [], iter(words[1:])
    for word in words:
        if not word.startswith("-"):
            plain.append(word)
            continue
        assert word in known, f"nib build does not know {word}"
        if known[word]:
            assert next(words, "-")[0] != "-", f"{word} without a value"
    assert plain == ["build"], plain


def check_matrix(workflow):
    job = workflow["jobs"]["build"]
    shards = job["strategy"]["matrix"]["shard"]
    assert shards == list(range(job["env"]["SHARDS"])), shards
    assert True in workflow or "on" in workflow  # YAML 1.1 reads "on" as true


def check_job(job):
    spec = job["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    assert env["SHARDS"] == str(spec["completions"]), env
    assert set(mounts) == set(volumes), (mounts, volumes)
    assert volumes["secrets"]["secret"]["defaultMode"] == 0o400
    assert env["XDG_CACHE_HOME"] == mounts["cache"]


def main():
    workflow, job = blocks(sys.argv[1])
    check_matrix(workflow)
    check_job(job)
    for document in (workflow, job):
        lines = command_lines(document)
        assert lines, "no call of nib"
        for words in lines:
            assert "--shard" in words, words
            check_command(words, sys.argv[2])


main()
