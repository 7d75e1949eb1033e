"""One run of binstream (or of the judge) as a child process: its output in files, its exit code, its peak memory and processor time."""

import ctypes
import os
import re
import signal
import subprocess
import threading
import time

_libc = ctypes.CDLL(None, use_errno=True)
_SANITIZER = re.compile('(Leak|Address|Thread|UndefinedBehavior)Sanitizer|runtime error:')


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL, 0, 0, 0)


class Process:
    """Start from the main thread: the kernel ends the child when the thread that started it ends.

    stdin, stdout: file descriptors in place of nothing and of the file."""

    def __init__(self, argv, log_base, env=None, quiet_env=(), stdin=subprocess.DEVNULL, stdout=None):
        self.argv = [str(item) for item in argv]
        self.out_path, self.err_path = log_base + '.out', log_base + '.err'
        environment = dict(os.environ, **(env or {}))
        for name in quiet_env:
            environment.pop(name, None)
        self.started = time.monotonic()
        self.ended = None
        self.code = None  # negative: the signal
        self.peak_kb = 0
        self.cpu_s = 0.0
        with open(self.out_path, 'wb') as out, open(self.err_path, 'wb') as err:
            self._popen = subprocess.Popen(self.argv, stdin=stdin, stdout=out if stdout is None else stdout, stderr=err,
                                           env=environment, preexec_fn=_die_with_parent)
        self.pid = self._popen.pid
        self._done = threading.Event()
        threading.Thread(target=self._reap, daemon=True).start()

    def _reap(self):
        _, status, usage = os.wait4(self.pid, 0)
        self.ended = time.monotonic()
        self.peak_kb = usage.ru_maxrss
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        self._popen.returncode = self.code
        self._done.set()

    @property
    def running(self):
        return not self._done.is_set()

    @property
    def seconds(self):
        return (self.ended or time.monotonic()) - self.started

    @property
    def out(self):
        return self._read(self.out_path)

    @property
    def err(self):
        return self._read(self.err_path)

    @staticmethod
    def _read(path):
        try:
            with open(path, errors='replace') as handle:
                return handle.read()
        except FileNotFoundError:
            return '(%s is gone)\n' % path

    def tail(self, lines=40):
        return '\n'.join((self.out + self.err).splitlines()[-lines:])

    def wait(self, timeout=300):
        """The exit code. A process that does not end in time is killed and fails the test."""
        if not self._done.wait(timeout):
            self.signal(signal.SIGKILL)
            self._done.wait(10)
            raise AssertionError('still running after %d s: %s\n%s' % (timeout, self.describe(), self.tail()))
        self.expect_no_report()
        return self.code

    def signal(self, number):
        if self.running:
            self._popen.send_signal(number)

    def kill9(self):
        self.signal(signal.SIGKILL)
        self._done.wait(10)

    def describe(self):
        return ' '.join(self.argv)

    def expect_no_report(self):
        """Fails when a sanitizer that is built into the program has found something."""
        if _SANITIZER.search(self.err):
            raise AssertionError('a sanitizer reports: %s\n%s' % (self.describe(), self.err))

    def expect(self, *codes):
        """Fails unless it ended with one of these codes."""
        if self.code not in codes:
            raise AssertionError('exit code %s, expected %s: %s\n%s' % (self.code, ' or '.join(map(str, codes)), self.describe(), self.tail()))
        return self
