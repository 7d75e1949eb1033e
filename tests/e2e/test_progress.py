#!/usr/bin/python3
"""What snapshot shows while it copies: on a terminal a line for each table in work and one for all of it, drawn in place, with
the log above; elsewhere the same lines now and then; and what `status` says of it meanwhile. A bound on the rate makes it last."""
import argparse
import contextlib
import os
import pty
import re
import subprocess

import bs_harness
from bs_harness import say


class Screen:
    """As much of a terminal as the display uses. Lines above the window are kept."""

    def __init__(self):
        self.lines, self.row, self.column = [''], 0, 0

    def feed(self, text):
        for part in re.findall(r'\033\[\d*[A-Z]|[\r\n]|[^\033\r\n]+', text):
            if part == '\r':
                self.column = 0
            elif part == '\n':
                self.row += 1
                self.lines += [''] * (self.row + 1 - len(self.lines))
            elif part == '\033[J':
                self.lines[self.row] = self.lines[self.row][:self.column]
                del self.lines[self.row + 1:]
            elif part.startswith('\033['):
                assert part.endswith('A'), 'an unknown control sequence: %r' % part
                self.row -= int(part[2:-1])
                assert self.row >= 0, 'the cursor went above the first line'
            else:
                line = self.lines[self.row]
                self.lines[self.row] = line[:self.column] + part + line[self.column + len(part):]
                self.column += len(part)


def on_a_terminal(pair):
    """What was drawn at each moment, and what is left at the end."""
    ours, theirs = pty.openpty()
    argv = [bs_harness.BINSTREAM, 'snapshot', '--source', pair.uri('source'), '--target', pair.uri('target'),
            '--databases', 'shown', '--threads', '2', '--max-rate', '6M', '--log-level', 'debug']
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    screen, drawn = Screen(), []
    with contextlib.suppress(OSError):  # how the end of a terminal is told
        while data := os.read(ours, 65536):
            screen.feed(data.decode())
            drawn.append('\n'.join(screen.lines))
    os.close(ours)
    out = process.stdout.read().decode()
    assert process.wait() == 0, '\n'.join(screen.lines)
    return drawn, screen.lines, out


def by_status(pair):
    """What `status` says of a copy that runs, as text and as JSON; and of one that was killed."""
    process = pair.start('snapshot', '--databases', 'shown', '--threads', '2', '--max-rate', '2M', '--chunk-bytes', '400K')
    table, whole = r'in work +shown\.(one|two): \d+ %, [\d,]+ rows, .*/s', r'progress +\d+ %, \d of 2 tables, [\d,]+ rows, .*/s, about .* left'

    def look():
        text = pair.run('status', source=False, expect=(0, 3)).out
        return text if len(re.findall(table, text)) == 2 and re.search(whole, text) else None
    pair.wait_until(look, 'status of a copy', interval=0.1)
    copy = pair.status()['copy']
    assert {t['name'] for t in copy['tables']} <= {'one', 'two'} and copy['tables_total'] == 2, copy
    assert copy['bytes_done'] > 0 and copy['bytes_per_s'] > 0 and copy['eta_s'] > 0, copy
    process.kill9()
    pair.wait_until(lambda: not pair.status()['running'], 'the end of its sessions')
    assert 'in work' not in pair.run('status', source=False).out
    say('by status: %d of about %d bytes, %.0f bytes/s' % (copy['bytes_done'], copy['bytes_estimate'], copy['bytes_per_s']))
    pair.run('reset', source=False)


def test(options):
    with bs_harness.Pair(options.pair, schema=False) as pair:
        pair.source.query('CREATE DATABASE shown')
        for table in ('one', 'two'):
            pair.source.query('CREATE TABLE shown.%s (id INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(8000), KEY (b(10)))' % table)
            for _ in range(11):
                pair.source.query("INSERT INTO shown.%s (b) SELECT REPEAT('x', 4000) FROM shown.%s UNION ALL SELECT 'x'" % (table, table))
            pair.source.query('ANALYZE TABLE shown.' + table)
        by_status(pair)
        drawn, left, out = on_a_terminal(pair)
        table = r'^  shown\.(one|two): \d+ %, [\d,]+ rows, [\d.]+ \w+, [\d.]+ \w+/s'
        whole = r'^copying: \d+ %, \d of 2 tables, [\d,]+ rows, [\d.]+ \w+, [\d.]+ \w+/s'
        assert any(len(re.findall(table, text, re.M)) == 2 and re.search(whole, text, re.M) for text in drawn), drawn[-3:]
        assert all(len(re.findall(whole, text, re.M)) <= 1 for text in drawn), 'a line was left behind'
        assert any('the keys of table shown.one are built' in line for line in left), left
        assert not any(re.search(whole, line) or re.search(table, line) for line in left), left
        assert 'The snapshot is complete' in out, out
        say('on a terminal: %d pictures' % len(drawn))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('progress ' + options.pair, lambda: test(options))
