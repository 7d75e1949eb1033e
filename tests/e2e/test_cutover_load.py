#!/usr/bin/python3
"""A cutover under load: writers commit 500 transactions a second and more until the source refuses them, and go on at the target
as soon as the hook says so. Every write that was acknowledged, on either side, must be on the target, once. Printed: the rate,
the freeze as the report has it, and the gap as the writers saw it."""
import argparse
import json
import os
import subprocess
import sys
import time

import bs_cutover
import bs_harness
from bs_harness import say

TABLE = 'CREATE TABLE shop.ledger (writer INT NOT NULL, n BIGINT NOT NULL, note VARCHAR(40), PRIMARY KEY (writer, n)) ENGINE=InnoDB'
REFUSED = (1290, 1836, 1792, 1223)


# ---- one writer: a process of its own, since threads of one Python share a core --------------------------------------------------

class Writer:
    def __init__(self, number, source_port, target_port, rate, switch):
        self.number, self.ports, self.rate, self.switch = number, (source_port, target_port), rate, switch
        self.n = 0
        self.result = {'writer': number, 'acknowledged': [], 'last_ack': None, 'refused': None, 'back': None,
                       'longest_gap': 0.0}

    def connect(self, port):
        import pymysql
        return pymysql.connect(host='127.0.0.1', port=port, user='app', password='app', autocommit=True)

    def write(self, cursor):
        self.n += 1
        cursor.execute('INSERT INTO shop.ledger VALUES (%d, %d, "a small transaction")' % (self.number, self.n))
        now = time.monotonic()
        if self.result['last_ack'] is not None:
            self.result['longest_gap'] = max(self.result['longest_gap'], now - self.result['last_ack'])
        self.result['last_ack'] = now

    def until_refused(self, cursor):
        import pymysql
        began, first = time.monotonic(), self.n
        while True:
            due = began + (self.n - first) / self.rate
            time.sleep(max(0, due - time.monotonic()))
            try:
                self.write(cursor)
            except pymysql.err.MySQLError as error:
                if error.args[0] not in REFUSED:
                    raise
                self.n -= 1  # refused: it was not written, and will be on the other side
                return

    def run(self):
        target = self.connect(self.ports[1])  # beforehand: logging in is not the freeze's
        with self.connect(self.ports[0]).cursor() as cursor:
            self.until_refused(cursor)
        self.result['refused'] = time.monotonic()
        self.result['on_source'] = self.n
        while not os.path.exists(self.switch):
            time.sleep(0.002)
        with target.cursor() as cursor:
            for _ in range(100):
                self.write(cursor)
                if self.result['back'] is None:
                    self.result['back'] = time.monotonic()
        self.result['acknowledged'] = self.n
        print(json.dumps(self.result), flush=True)


# ---- the test --------------------------------------------------------------------------------------------------------------

def written(pair):
    return pair.source.query('SELECT COUNT(*) FROM shop.ledger')[0][0]


def measure(pair, seconds):
    began, before = time.monotonic(), written(pair)
    time.sleep(seconds)  # a rate is a count over a time
    return (written(pair) - before) / (time.monotonic() - began)


def start_writers(pair, options, switch):
    argv = [sys.executable, os.path.abspath(__file__), '--writer']
    ports = [str(pair.source.port), str(pair.target.port)]
    rate = str(options.rate / options.writers)
    return [subprocess.Popen(argv + [str(number)] + ports + [rate, switch], stdout=subprocess.PIPE, text=True)
            for number in range(options.writers)]


def results_of(writers):
    results = []
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0, 'a writer failed'
        results.append(json.loads(out))
    return results


def compare(pair, results):
    """Each writer numbers what it writes: nothing acknowledged may be missing, nothing else may be there."""
    there = {writer: (count, least, most) for writer, count, least, most in
             pair.target.query('SELECT writer, COUNT(*), MIN(n), MAX(n) FROM shop.ledger GROUP BY writer')}
    for result in results:
        count, least, most = there.get(result['writer'], (0, 0, 0))
        assert (count, least, most) == (result['acknowledged'], 1, result['acknowledged']), (result, count, least, most)
    frozen = {row[0]: row[1] for row in pair.source.query('SELECT writer, MAX(n) FROM shop.ledger GROUP BY writer')}
    assert frozen == {result['writer']: result['on_source'] for result in results}, 'the source has other writes than were acknowledged'


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        bs_cutover.load(pair)
        pair.source.query(TABLE)
        pair.target.query("GRANT ALL ON shop.* TO app@'%'")
        switch = os.path.join(pair.dir, 'switch')
        writers = start_writers(pair, options, switch)
        try:
            pair.wait_until(lambda: written(pair) > 0, 'the first write')
            pair.snapshot()
            follow = pair.follow_start('--until-cutover', '--json', '--hook', "touch '%s'" % switch)
            pair.wait_applied(follow)
            rate = measure(pair, options.seconds)
            pair.cutover(follow=follow)
            results = results_of(writers)
        finally:
            for writer in writers:
                writer.kill()
        report = bs_cutover.report_of(follow)
        compare(pair, results)
        gap = max(result['back'] for result in results) - min(result['refused'] for result in results)
        say('%d writers, %.0f transactions a second; %d acknowledged, all of them on the target' % (
            options.writers, rate, sum(result['acknowledged'] for result in results)))
        say('the source was frozen for %d ms; the writers could not write for %.0f ms at the longest (from a last answer to the next), '
            '%.0f ms from the first refusal to the last writer that went on' % (
                report['freeze_ms'], 1000 * max(result['longest_gap'] for result in results), 1000 * gap))
        assert rate >= options.least, 'only %.0f transactions a second: this shows nothing' % rate


if __name__ == '__main__':
    if sys.argv[1:2] == ['--writer']:
        number, source_port, target_port, rate, switch = sys.argv[2:]
        Writer(int(number), int(source_port), int(target_port), float(rate), switch).run()
        sys.exit(0)
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--seconds', type=float, default=8, help='how long the load goes on before the cutover')
    parser.add_argument('--writers', type=int, default=6)
    parser.add_argument('--rate', type=float, default=1200, help='transactions a second that the writers try to reach')
    parser.add_argument('--least', type=float, default=500, help='a lower rate fails the test')
    options = parser.parse_args()
    bs_harness.main('cutover under load %s' % options.pair, lambda: test(options))
