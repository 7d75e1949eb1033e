"""Runs the demo as a user does: it must say "equal" and end with 0; stopped half way, as by Ctrl-C, it must end too. Either
way it leaves no folder and no process behind."""

import os
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def processes_with(text):
    """Ids of the processes that have this text in their command line."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open('/proc/%s/cmdline' % entry, 'rb') as handle:
                    if text.encode() in handle.read():
                        found.append(int(entry))
            except OSError:
                continue
    return found


def run(folder, stop_at=None):
    """The demo's exit code and output; with `stop_at` it gets SIGINT as soon as it prints that text."""
    child = subprocess.Popen([sys.executable, '-u', os.path.join(HERE, 'demo.py'), '--seconds', '3'], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, env=dict(os.environ, TMPDIR=folder), start_new_session=True)
    lines = []
    for line in child.stdout:
        lines.append(line)
        print(line, end='', flush=True)
        if stop_at and stop_at in line:
            child.send_signal(signal.SIGINT)
            stop_at = None
    return child.wait(), ''.join(lines)


def assert_nothing_left(folder):
    assert os.listdir(folder) == [], 'left behind: %s' % os.listdir(folder)
    assert processes_with(folder) == [], 'still running: %s' % processes_with(folder)


def main():
    with tempfile.TemporaryDirectory(prefix='bs-demo-test-') as folder:
        for stop_at in ('2. A shop', '$ binstream snapshot'):
            code, _ = run(folder, stop_at)
            assert code == 130, 'stopped at %r the demo ended with %d' % (stop_at, code)
            assert_nothing_left(folder)
        code, text = run(folder)
        assert code == 0 and '\nresult     equal\n' in text, 'the demo ended with %d' % code
        assert_nothing_left(folder)
    print('PASS: demo')


if __name__ == '__main__':
    main()
