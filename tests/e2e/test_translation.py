#!/usr/bin/python3
"""What becomes of each kind of object in each direction, as docs/matrix.md says: every case is checked, moved, followed and judged.

--matrix prints the table for docs/matrix.md; --lint compares the two."""

import argparse
import json
import os
import sys

import bs_harness
import bs_translation_cases as translation
from bs_harness import say

MATRIX = os.path.join(bs_harness.ROOT, 'docs', 'matrix.md')


def make(server, case, direction):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute('CREATE DATABASE %s CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci' % case.database)
        cursor.execute('USE ' + case.database)
        for statement in case.of(direction):
            cursor.execute(statement)


def check(pair, case):
    process = pair.run('check', '--json', '--databases', case.database, expect=(0, 3))
    return {item['name']: item for item in json.loads(process.out)['results']}


def assert_told(case, outcome, checks):
    """check says what will become of it, before anything is copied."""
    failed = [name + ': ' + item['found'] for name, item in checks.items() if item['verdict'] == 'fail']
    if outcome.word == 'refused' and 'when the row comes' not in outcome.cell:
        assert failed and outcome.says.lower() in ' '.join(failed).lower(), '%s is not refused: %s' % (case.name, failed)
        return
    assert not failed, '%s: %s' % (case.name, failed)
    where = {'translated': 'translated', 'left out': 'left-out'}.get(outcome.word)
    if where and outcome.says:
        assert outcome.says in checks[where]['found'], '%s: %s says: %s' % (case.name, where, checks[where]['found'])
    if outcome.word == 'left out':
        assert checks['left-out']['verdict'] == 'warning', case.name
    if outcome.word == 'exact':
        assert checks['left-out']['verdict'] == 'pass', '%s: %s' % (case.name, checks['left-out'])


def change(pair, cases):
    with pair.source.connect() as connection, connection.cursor() as cursor:
        for case in cases:
            cursor.execute('USE ' + case.database)
            for statement in case.changes:
                cursor.execute(statement)


def assert_expected(pair, cases):
    for case in cases:
        for query, wanted in case.expect:
            found = str(pair.target.query(query.replace('FROM t', 'FROM %s.t' % case.database))[0][0])
            assert found == wanted, '%s: %s is %r, wanted %r' % (case.name, query, found, wanted)


def refuse_row(pair, late, direction):
    """What only a row can tell stops the copy, and names the row's table."""
    for case in late:
        process = pair.run('snapshot', '--databases', case.database, '--task', case.name, expect=(1,))
        assert case.outcomes[direction].says in process.err and case.database in process.err, process.tail()
        pair.run('reset', '--task', case.name, source=False)
        say('%s: refused when the row came' % case.name)


def move(pair, cases):
    names = ','.join(case.database for case in cases)
    pair.snapshot('--databases', names + ',lab')
    follow = pair.follow_start('--until-cutover')
    change(pair, cases)
    pair.wait_applied(follow)
    pair.cutover(follow=follow)
    assert_expected(pair, cases)


def judge(pair, cases):
    """Without the databases that were refused."""
    for database, in pair.source.query('SHOW DATABASES'):
        if database.startswith('c_') and database not in [case.database for case in cases]:
            pair.source.query('DROP DATABASE ' + database)
    pair.judge()


def test(options):
    direction = options.direction
    source, target = translation.PAIRS[direction]
    cases = [case for case in translation.CASES if case.of(direction)]
    with bs_harness.Pair(source, target, gtid=options.gtid == 'on', schema=False, source_options=['--event-scheduler=OFF']) as pair:
        pair.source.query('CREATE DATABASE lab CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci')
        pair.source.query('CREATE TABLE lab.sentinel (n INT PRIMARY KEY, at DOUBLE) ENGINE=InnoDB')
        carried, late, wrong = [], [], []
        for case in cases:
            outcome = case.outcomes[direction]
            make(pair.source, case, direction)
            try:
                assert_told(case, outcome, check(pair, case))
            except AssertionError as error:
                wrong.append(str(error))
            say('%s: %s' % (case.name, outcome.word))
            if outcome.carried:
                carried.append(case)
            elif 'when the row comes' in outcome.cell:
                late.append(case)
        assert not wrong, '\n'.join(wrong)
        refuse_row(pair, late, direction)
        move(pair, carried)
        pair.source.query('SET GLOBAL read_only=0')
        judge(pair, carried)


def matrix():
    lines = ['| kind | test | %s |' % ' | '.join(translation.TITLES[d] for d in translation.DIRECTIONS), '|---' * (2 + len(translation.DIRECTIONS)) + '|']
    for case in translation.CASES:
        cells = []
        for direction in translation.DIRECTIONS:
            outcome = case.outcomes[direction]
            cells.append(outcome.word + (': ' + outcome.cell if outcome.cell and outcome.word != '—' else ''))
        lines.append('| %s | `%s` | %s |' % (case.kind, case.name, ' | '.join(cells)))
    return '\n'.join(lines) + '\n'


def lint():
    with open(MATRIX) as handle:
        if matrix() not in handle.read():
            sys.exit('docs/matrix.md does not say what tests/e2e/bs_translation_cases.py does: put the output of '
                     'test_translation.py --matrix into it')
    print('docs/matrix.md is what the tests show')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--direction', choices=translation.DIRECTIONS, default='my-ma')
    parser.add_argument('--gtid', choices=('on', 'off'), default='on')
    parser.add_argument('--matrix', action='store_true')
    parser.add_argument('--lint', action='store_true')
    options = parser.parse_args()
    if options.matrix:
        print(matrix(), end='')
    elif options.lint:
        lint()
    else:
        bs_harness.main('translation %s' % options.direction, lambda: test(options))
