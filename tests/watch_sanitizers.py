"""Runs a test script so that what a sanitizer says in any of its children fails it.

    watch_sanitizers.py SCRIPT [ARGUMENT...]

Scripts capture their children's output, kill some of them and never look at others; a report would go by
unseen. So the reports go to files here, whoever the child is, and are printed at the end. The exit code is the
script's own, unless there are reports."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile

VARIABLES = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")


_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    _libc.prctl(1, signal.SIGTERM, 0, 0, 0)


def options(folder):
    """The sanitizers add the process id to the path. Each runtime reads its own variable."""
    path = "log_path=" + os.path.join(folder, "report")
    return {name: ":".join(filter(None, (os.environ.get(name), path))) for name in VARIABLES}


def reports(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), errors="replace") as handle:
            yield name, handle.read()


def main():
    with tempfile.TemporaryDirectory(prefix="binstream-sanitizers-") as folder:
        environment = dict(os.environ, **options(folder))
        code = subprocess.run([sys.executable, *sys.argv[1:]], env=environment, preexec_fn=die_with_parent).returncode
        found = list(reports(folder))
    for name, text in found:
        print("---- %s\n%s" % (name, text), flush=True)
    sys.exit(1 if found else code if code >= 0 else 128 - code)


main()
