"""docs/reference says what --help says: one page per command, made by `binstream help --reference`.

With --write the pages are written anew."""

import os
import re
import subprocess
import sys

BINSTREAM = os.environ["BINSTREAM"]
ROOT = os.environ.get("BINSTREAM_SOURCE_DIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
FOLDER = os.path.join(ROOT, "docs", "reference")


def ask(*args):
    return subprocess.run([BINSTREAM, "help", "--reference", *args], check=True, capture_output=True, text=True).stdout


def uri_options_are_told():
    """A URI's options are known to its parser alone, which lists them where it does not know one."""
    argv = [BINSTREAM, "status", "--target", "mysql://u@h/?no-such-option=1"]
    said = subprocess.run(argv, capture_output=True, text=True).stderr
    known = re.findall(r"[a-z-]+", re.search(r"known are ([a-z, -]+)", said).group(1).replace(" and ", ", "))
    assert len(known) >= 10 and "ssl-mode" in known, said
    with open(os.path.join(FOLDER, "README.md")) as handle:
        page = handle.read()
    for name in known:
        assert re.search(r"^\| .*`%s`" % name, page, re.M), "docs/reference/README.md does not tell of %s" % name


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
    left = set(os.listdir(FOLDER)) - set(pages) - {"README.md", "events-format.md"}
    assert not left, "docs/reference has pages of commands that do not exist: %s" % left
    uri_options_are_told()
    print("%d pages are up to date" % len(pages))


main()
