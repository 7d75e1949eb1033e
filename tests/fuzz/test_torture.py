#!/usr/bin/python3
"""Cuts and flips binlog files in every place and decodes what is left; torture.c tells which cases there are.

    test_torture.py [--full [--done LIST]] [--seconds N] [--seed S] [--keep FILE] [FILE...]

Without files: the golden binlogs, and the corpus of recorded ones where it is there (BINSTREAM_CORPUS, or
../shared/corpus beside the source tree). Without --full it is a sample of the cases; the seed is printed. LIST keeps
which files --full is done with, so that it can go on."""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile

import bs_fuzz_build as fuzz_build

GOLDEN = os.path.join(fuzz_build.SOURCE, "tests/golden/binlog")
CORPUS = os.environ.get("BINSTREAM_CORPUS") or os.path.join(fuzz_build.SOURCE, "../shared/corpus")
MAGIC = b"\xfebin"
BYTES_MAX = 512 * 1024  # torture.c looks at no more


def head_of(path):
    if not path.endswith(".zst"):
        with open(path, "rb") as handle:
            return handle.read(BYTES_MAX)
    with subprocess.Popen(["zstd", "-dcq", "--long=27", path], stdout=subprocess.PIPE) as process:
        data = process.stdout.read(BYTES_MAX)
        process.stdout.close()  # it need not go on
    return data


def candidates():
    for name in sorted(os.listdir(GOLDEN)):
        if name.endswith(".binlog"):
            yield os.path.join(GOLDEN, name)
    for kind in ("binlogs", "servers"):
        for folder, folders, names in os.walk(os.path.join(CORPUS, kind)):
            folders.sort()
            for name in sorted(names):
                if kind == "binlogs" or re.fullmatch(r"binlog\.\d+(\.zst)?", name):
                    yield os.path.join(folder, name)


def unpack(paths, folder):
    """Heads of those that are binlogs, under names that tell where they are from; each content once."""
    seen = set()
    for path in paths:
        data = head_of(path)
        if not data.startswith(MAGIC) or data in seen:
            continue
        seen.add(data)
        out = os.path.join(folder, os.path.relpath(path, fuzz_build.SOURCE).replace("../", "").replace("/", "+"))
        with open(out, "wb") as handle:
            handle.write(data)
        yield out


def full(command, files, done_path):
    """Each file for itself. Counts its cases."""
    done = set()
    if done_path and os.path.exists(done_path):
        with open(done_path) as handle:
            done = set(handle.read().split())
    for path in files:
        name = os.path.basename(path)
        if name in done:
            continue
        print(name, end=": ", flush=True)
        code = subprocess.run(command + ["--full", path]).returncode
        if code:
            return code
        if done_path:
            with open(done_path, "a") as handle:
                handle.write(name + "\n")
    return 0


def main():
    parser = argparse.ArgumentParser(description="Decodes damaged binlogs: an error or a decode, nothing else.")
    parser.add_argument("--full", action="store_true", help="all cases of all files: hours")
    parser.add_argument("--seconds", type=float, default=60, metavar="N", help="CPU time of a sample (default 60)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", metavar="FILE", default=os.path.join(fuzz_build.BUILD, "torture-case"),
                        help="where the bytes of a case that breaks it go (default build/fuzz/torture-case)")
    parser.add_argument("--done", metavar="LIST", help="with --full: a file that keeps which ones are done")
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_args()
    why = fuzz_build.why_not()
    if why:
        fuzz_build.skip("torture", why)
    program = os.path.join(fuzz_build.build("torture"), "torture")
    with tempfile.TemporaryDirectory() as folder:
        files = list(unpack(options.files or candidates(), folder))
        assert files, "no binlogs"
        print("%d files, seed %d" % (len(files), options.seed), flush=True)
        command = [program, "--seed", str(options.seed), "--seconds", str(options.seconds), "--keep", options.keep]
        code = full(command, files, options.done) if options.full else subprocess.run(command + files).returncode
    if code:
        print("torture ended with %d; run it again with --seed %d, or the case alone: torture --case N FILE" % (
            code, options.seed))
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
