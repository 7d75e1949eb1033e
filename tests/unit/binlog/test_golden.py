"""The golden binlogs: each must decode to the text beside it, and damage to it must be noticed."""

import os
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
SOURCE = os.environ.get("BINSTREAM_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../../.."))
GOLDEN = os.path.join(SOURCE, "tests/golden/binlog")


def run(name, path):
    command = [TOOL, "--model", os.path.join(GOLDEN, name + ".model")]
    if name.startswith("mariadb"):
        command.append("--mariadb")
    return subprocess.run(command + [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def events(data):
    at = 4
    while at < len(data):
        size = int.from_bytes(data[at + 9:at + 13], "little")
        yield at, size
        at += size


def check(name):
    path = os.path.join(GOLDEN, name + ".binlog")
    done = run(name, path)
    with open(os.path.join(GOLDEN, name + ".expected"), "rb") as file:
        assert done.returncode == 0 and done.stdout == file.read(), (name, done.stderr.decode())
    with open(path, "rb") as file:
        data = file.read()
    with tempfile.TemporaryDirectory() as folder:
        broken = os.path.join(folder, name + ".binlog")
        for at, size in events(data):
            flipped = bytearray(data)
            flipped[at + size // 2 if size > 30 else at + 4] ^= 0x10
            cut = data[:at + size - 1]
            missing = data[:at] + data[at + size:]
            for what, damaged in ("flipped bit", flipped), ("cut short", cut), ("left out", missing):
                if what == "left out" and at + size == len(data):
                    continue  # nothing follows that could tell
                with open(broken, "wb") as out:
                    out.write(damaged)
                done = run(name, broken)
                assert done.returncode == 1, "%s: event at %d %s: not noticed" % (name, at, what)
                assert b"protocol:" in done.stderr, done.stderr
    print("ok", name)


names = sorted(f[:-9] for f in os.listdir(GOLDEN) if f.endswith(".expected"))
assert names, "no golden binlogs"
for one in names:
    check(one)
