"""docs/reference says what --help says: one page per command, made by `binstream help --reference`.

With --write the pages are written anew."""

import os
import subprocess
import sys

BINSTREAM = os.environ["BINSTREAM"]
ROOT = os.environ.get("BINSTREAM_SOURCE_DIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
FOLDER = os.path.join(ROOT, "docs", "reference")


def ask(*args):
    return subprocess.run([BINSTREAM, "help", "--reference", *args], check=True, capture_output=True, text=True).stdout


def main():
    pages = {name + ".md": ask(name) for name in ask().split()}
    assert len(pages) >= 8, pages.keys()
    if "--write" in sys.argv:
        os.makedirs(FOLDER, exist_ok=True)
        for name, text in pages.items():
            with open(os.path.join(FOLDER, name), "w") as handle:
                handle.write(text)
        return
    for name, text in pages.items():
        with open(os.path.join(FOLDER, name)) as handle:
            assert handle.read() == text, "docs/reference/%s is not what --help says: run %s --write" % (name, sys.argv[0])
    left = set(os.listdir(FOLDER)) - set(pages) - {"README.md"}
    assert not left, "docs/reference has pages of commands that do not exist: %s" % left
    print("%d pages are up to date" % len(pages))


main()
