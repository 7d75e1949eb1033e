"""Runs of `binstream events` with a live server: to their end, or followed while they run.

Lines are compared as they are, but for IN_USE of a FORMAT_DESCRIPTION: the file that is written, or whose
server died, has it, and servers take it out of what they send.
"""

import re
import subprocess
import threading
import time

from bs_events import BINSTREAM


def run(*arguments, timeout=120):
    done = subprocess.run([BINSTREAM, "events"] + [str(a) for a in arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def good(*arguments, **more):
    code, out, err = run(*arguments, **more)
    assert code == 0 and not err, (arguments, code, err)
    return plain(out)


def bad(code, words, *arguments):
    """It fails with that code and tells each of these words; what it printed before."""
    got, out, err = run(*arguments)
    assert got == code, (arguments, got, err)
    for word in words:
        assert re.search(word, err), (arguments, word, err)
    assert "binstream reset" not in err and "copy it anew" not in err, err
    return plain(out)


def plain(out):
    """The lines without the first, and without IN_USE of formats."""
    assert not out or out.startswith('{"format":"binstream-events"'), out[:200]
    assert out.endswith("\n") or not out, "the last line is cut: " + out[-200:]
    return [line.replace(',"flags":["IN_USE"]', "") if '"event":"FORMAT_DESCRIPTION"' in line else line
            for line in out.split("\n")[1:-1]]


def same(got, want, what):
    if got == want:
        return
    at = next((i for i, (g, w) in enumerate(zip(got, want)) if g != w), min(len(got), len(want)))
    cut = lambda lines: [line[:300] for line in lines[at:at + 3]]
    raise AssertionError("%s: %d lines, not %d; from line %d:\ngot  %s\nwant %s" % (
        what, len(got), len(want), at, "\n     ".join(cut(got)), "\n     ".join(cut(want))))


def place(line):
    """(file, pos) of a line, read without the cost of all its rows."""
    match = re.search(r'"file":"([^"]+)","pos":(\d+)', line)
    return match.group(1), int(match.group(2))


class Follower:
    """A run with --follow, whose lines come in while it runs."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([BINSTREAM, "events", "--follow"] + [str(a) for a in arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.began = [], time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode())

    def wait_for(self, text, since=0, timeout=30):
        """Seconds until a line with the text is there, from line number `since` on."""
        began = time.monotonic()
        while not any(text in line for line in self.lines[since:]):
            assert self.process.poll() is None, (self.process.returncode, self.process.stderr.read())
            assert time.monotonic() - began < timeout, "no line with %s came" % text
            time.sleep(0.005)
        return time.monotonic() - began

    def end(self, signo=None, timeout=30):
        """(exit code, lines, standard error)"""
        if signo:
            self.process.send_signal(signo)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("it does not end")
        self._reader.join()
        return code, plain("".join(self.lines)), self.process.stderr.read().decode()
