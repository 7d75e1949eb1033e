#!/usr/bin/python3
"""Holds every C file of src/ and tests/ against the tree's .clang-format.

    check_format.py SOURCE_DIR

Versions of clang-format disagree over details, so only the one that the tree is formatted with is asked."""

import os
import re
import shutil
import subprocess
import sys

VERSION = 14


def skip(why):
    print("SKIPPED: format: " + why)
    sys.exit(77)


def find_tool():
    tools = [path for path in map(shutil.which, ("clang-format", "clang-format-%d" % VERSION)) if path]
    if not tools:
        skip("no clang-format here")
    for tool in tools:
        said = subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout
        if re.search(r"version %d\." % VERSION, said):
            return tool
    skip("clang-format is of another version than %d: %s" % (VERSION, said.strip()))


def files_of(source_dir):
    for top in ("src", "tests"):
        for folder, _, names in os.walk(os.path.join(source_dir, top)):
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith((".c", ".h")))


def main(source_dir):
    files = list(files_of(source_dir))
    assert files, "no C files in " + source_dir
    done = subprocess.run([find_tool(), "--dry-run", "-Werror", *files], capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: error:", done.stderr, re.MULTILINE)))
    for path in wrong:
        print("not formatted: " + os.path.relpath(path, source_dir))
    if done.returncode and not wrong:
        print(done.stderr)
    if done.returncode:
        print("mend it with: clang-format -i FILE")
        sys.exit(1)
    print("%d files are formatted" % len(files))


main(os.path.abspath(sys.argv[1]))
