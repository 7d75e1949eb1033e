#!/usr/bin/python3
"""Properties of the decoder: whatever value is written on the source arrives equal, through the binlog.

Every column type gets its extremes and thousands of random values (bs_value_gen.py), as INSERT, as UPDATE
and as DELETE, in tables with a key and in tables where a row is found by its old image alone, with the log
compressed for a part. After each of these follow runs until it has caught up, and the judge compares all.
What differs is made small: the report ends with the statements that reproduce it.

    test_values.py --pair mysql-9.7 --seed 7 --values 3000 --types doubles,json
"""

import argparse
import json
import os
import random
import re
import sys
import time

import pymysql

import bs_harness
from bs_harness import say
from bs_process import Process
from bs_schema import prepare
from bs_shrink import Budget
from bs_tables import Facts
from bs_value_case import Shrinker
from bs_value_docs import Document, is_same_type, leaf_paths, text_literal
from bs_value_partial import Partial
from bs_value_tables import all_groups, cases_of

# The operations by which a part of a document changes, and rows in which they must be met.
CHANGES = {
    'replace': None, 'insert': None, 'remove': None,
    'compressed': lambda line: '"inner":' in line[:400],
    'not the first row': lambda line: not re.search('"n":1,', line[:400]),
    'whole beside part': lambda line: re.search(r'"after":.*"@\d":"', line),
    'large': lambda line: len(line) > 100000,
    'keyless': lambda line: 'keyless' in line[:400]}
SHOWN = 3  # so many failing tables are made small


class Failure(Exception):
    """What was wrong, and with which cases: (case, columns, ids) each."""

    def __init__(self, text, found=()):
        super().__init__(text)
        self.found = list(found)


class Trial:
    """Databases and tasks of their own: snapshot of the empty tables, then write, follow, compare."""

    def __init__(self, pair):
        self.pair = pair
        self.number = 0
        self.written = self.refused = 0
        self.why_refused = {}
        self.spoil = None  # for the test of this test: called with the database before each comparison
        self.source, self.target = pair.source.connect(), pair.target.connect()
        for session in (self.source, self.target):
            prepare(session)
        self.facts = [Facts.of(session) for session in (self.source, self.target)]
        self.is_compressed = self.is_in_part = None
        self.gaps = 0  # documents that were stored with unused bytes, of those that change in part

    # ---- one run -------------------------------------------------------------------------------------------

    def run(self, cases, quiet=True):
        """Fails with a Failure. Gives the number of values compared for each group."""
        self.number += 1
        db = 'v%d' % self.number
        self.pair.task = db
        counts = {}
        try:
            self.create(db, cases)
            self.must('snapshot', '--databases', db)
            for stage in range(max(case.stages for case in cases)):
                began = time.monotonic()
                self.describe_columns(stage % 2 == 1 and any(case.compressed for case in cases))
                for case in cases:
                    refused = self.write(db, case, stage)
                    if stage < len(case.rows[0].steps) and not case.by_value:
                        counts[case.name] = counts.get(case.name,
                                                       0) + (len(case.rows) - refused) * len(case.columns)
                wrote = time.monotonic()
                self.must('follow', '--until-caught-up')
                followed = time.monotonic()
                if self.spoil:
                    self.spoil(db)
                self.compare(db, cases)
                self.gaps += sum(self.gaps_in(db, case) for case in cases)
                if not quiet:
                    say('stage %d: written in %.1f s, followed in %.1f s, compared in %.1f s' % (
                        stage + 1, wrote - began, followed - wrote, time.monotonic() - followed))
        finally:
            for server in (self.source, self.target):
                self.sql(server, 'DROP DATABASE IF EXISTS ' + db)
        return counts

    @staticmethod
    def sql(session, statement):
        with session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def must(self, verb, *args):
        process = self.pair.run(verb, *args, expect=None)
        if process.code != 0:
            raise Failure('%s ended with %d: %s' % (verb, process.code, process.tail(8)))

    def create(self, db, cases):
        self.sql(self.source, 'CREATE DATABASE %s DEFAULT CHARACTER SET utf8mb4' % db)
        for case in cases:
            if case.old_temporal:
                self.sql(self.source, 'SET GLOBAL mysql56_temporal_format=OFF')
            self.sql(self.source, case.create_sql(db))
            if case.old_temporal:
                self.sql(self.source, 'SET GLOBAL mysql56_temporal_format=ON')

    # ---- writing -------------------------------------------------------------------------------------------

    def write(self, db, case, stage):
        """In transactions of a few statements. How many rows the server refused."""
        refused = 0
        self.log_in_part(case.in_part and stage > 0)
        self.sql(self.source, 'BEGIN')
        for number, (sql, ids) in enumerate(case.statements(db, stage)):
            if number % 8 == 7:
                self.sql(self.source, 'COMMIT')
                self.compress(case.compressed and number % 16 == 7)
                self.log_in_part(case.in_part and number % 40 != 7)
                self.sql(self.source, 'BEGIN')
            refused += self.execute(db, case, stage, sql, ids)
        self.sql(self.source, 'COMMIT')
        self.compress(case.compressed and stage % 2 == 0)
        self.log_in_part(False)
        return refused

    def execute(self, db, case, stage, sql, ids):
        try:
            self.sql(self.source, sql)
            self.written += len(ids)
            return 0
        except pymysql.err.MySQLError as error:
            if len(ids) == 1:
                self.refused += 1
                self.why_refused[case.name] = '%s in %s' % (error, sql[:200])
                return 1
        half = len(ids) // 2
        wanted = {row.id: row for row in case.rows}
        return sum(self.execute(db, case, stage, *statement) for part in (ids[:half], ids[half:])
                   for statement in case.but(rows=[wanted[id] for id in part]).statements(db, stage))

    def compress(self, on):
        """Between transactions only."""
        facts = self.facts[0]
        if on == self.is_compressed:
            return
        self.is_compressed = on
        if facts.mariadb:
            self.sql(self.source, 'SET GLOBAL log_bin_compress_min_len=10')
            self.sql(self.source, 'SET GLOBAL log_bin_compress=%d' % on)
        elif facts.version >= (8, 0, 20):
            self.sql(self.source, 'SET SESSION binlog_transaction_compression=%d' % on)

    def log_in_part(self, on):
        """Changes to JSON documents as such, and not the whole document. Between transactions only."""
        facts = self.facts[0]
        if on != self.is_in_part and facts.opaque_json and facts.version >= (8, 0, 3):
            self.is_in_part = on
            value = 'PARTIAL_JSON' if on else ''
            self.sql(self.source, "SET SESSION binlog_row_value_options='%s'" % value)

    def describe_columns(self, fully):
        """How much the table maps in the log say of the columns."""
        if self.facts[0].modern:
            self.sql(self.source, 'SET GLOBAL binlog_row_metadata=%s' % ('FULL' if fully else 'MINIMAL'))

    def gaps_in(self, db, case):
        gaps = ['SUM(IFNULL(JSON_STORAGE_FREE(`%s`), 0) > 0)' % name for name, kind in case.columns
                if isinstance(kind, Partial)]
        if not gaps:
            return 0
        ask = 'SELECT IFNULL(%s, 0) FROM %s' % (' + '.join(gaps), case.sql_name(db))
        return self.sql(self.source, ask)[0][0]

    def logged_changes(self):
        """What the log of the last run has of changes to parts of documents: how many of each kind."""
        log_base = os.path.join(self.pair.dir, 'events')
        process = Process([bs_harness.BINSTREAM, 'events', '--source', self.pair.uri('source'), '--tables',
                           'v%d.%%json%%' % self.number], log_base)
        process.wait()
        process.expect(0)
        counts = dict.fromkeys(CHANGES, 0)
        with open(process.out_path, encoding='utf-8') as lines:
            for line in lines:
                # In front of this quote is no backslash: it is in no string.
                ops = re.findall(r'{"op":"(\w+)","path":', line)
                kinds = set(ops) | {name for name, has in CHANGES.items() if ops and has and has(line)}
                for kind in kinds:
                    counts[kind] += 1
        return counts

    # ---- comparing -----------------------------------------------------------------------------------------

    def compare(self, db, cases):
        """By the judge. But SHOW CREATE TABLE tells old temporal formats from the target's new ones."""
        old = [case for case in cases if case.old_temporal]
        left_out = [arg for case in old for arg in ('--ignore-table', '%s.%s' % (db, case.table))]
        judged = self.pair.judge('--databases', db, *left_out, expect=(0, 4), quiet=True)
        suspects = old if judged.code == 0 else cases
        found = [item for item in (self.difference(db, case) for case in suspects) if item[2]]
        if judged.code != 0 or found:
            raise Failure('source and target differ: ' + judged.out[:6000], found)
        found = [item for item in map(lambda case: self.types_inside(db, case), cases) if item[2]]
        if found:
            raise Failure('scalars inside JSON are of other types: ' + self.said, found)

    def types_inside(self, db, case):
        """As `difference`: documents, equal as text, with scalars of another type on the target."""
        columns, ids = set(), set()
        kept = [name for name, kind in case.columns if isinstance(kind, Document)
                and all(facts.opaque_json for facts in self.facts)]
        for name in kept:
            rows = self.sql(self.source,
                            'SELECT id, CAST(`%s` AS CHAR) FROM %s WHERE JSON_STORAGE_SIZE(`%s`) < 4000' % (
                name, case.sql_name(db), name))
            for id, text in rows:
                paths = ', '.join('JSON_TYPE(JSON_EXTRACT(`%s`, %s))' % (name, text_literal(path))
                                  for path in leaf_paths(text))
                ask = 'SELECT %s FROM %s WHERE id=%d' % (paths, case.sql_name(db), id)
                pairs = list(zip(self.sql(self.source, ask)[0],
                                 self.sql(self.target, ask)[0])) if paths else []
                if not all(is_same_type(*pair) for pair in pairs):
                    columns.add(name)
                    ids.add(id)
                    self.said = '%s, source and target: %s' % (text,
                                                               [pair for pair in pairs
                                                                if not is_same_type(*pair)])
        return case, columns, ids

    def difference(self, db, case):
        """(case, names of columns, ids of rows) that differ."""
        columns, ids = set(), set()
        rows = [self.exact_rows(server, db, case) for server in (self.source, self.target)]
        for id in rows[0].keys() | rows[1].keys():
            a, b = (side.get(id) for side in rows)
            if a != b:
                ids.add(id)
                columns |= {name for place, (name, _) in enumerate(case.columns)
                            if a is None or b is None or a[place] != b[place]}
        return case, columns, ids

    def exact_rows(self, session, db, case):
        expressions = ', '.join(kind.exact('`%s`' % name) for name, kind in case.columns)
        rows = self.sql(session, 'SELECT id, %s FROM %s' % (expressions, case.sql_name(db)))
        return {row[0]: row[1:] for row in rows}


# ---- from a failure to the smallest case -------------------------------------------------------------------

class Search:
    def __init__(self, trial, seed, probes, seconds):
        self.trial, self.seed, self.probes = trial, seed, probes
        self.deadline = time.monotonic() + seconds

    def fails(self, case):
        return self.failure([case]) is not None

    def failure(self, cases):
        try:
            self.trial.run(cases)
        except Failure as failure:
            return failure
        return None

    def suspects(self, failure, cases):
        """Cases that fail alone, as narrow as what is known of them."""
        for case, columns, ids in failure.found:
            places = [place for place, (name, _) in enumerate(case.columns) if name in columns]
            narrow = case.column_only(places).but(rows=[row for row in case.rows if row.id in ids])
            for one in (narrow, case):
                if self.fails(one):
                    yield one
                    break
        if not failure.found:  # follow has stopped: the table that it names first
            named = sorted(cases, key=lambda case: -len(case.table) if '.%s' % case.table in str(failure)
                           else 0)
            yield from (case for case in named if time.monotonic() < self.deadline and self.fails(case))

    def report(self, failure, cases):
        say('FAILED with seed %d: %s' % (self.seed, failure))
        for case, columns, ids in failure.found:
            say('  %s: columns %s, %d rows, such as id %d' % (case.table, ', '.join(sorted(columns)),
                                                              len(ids), min(ids)))
        smallest = []
        for case in self.suspects(failure, cases):
            shrinker = Shrinker(case, self.fails, Budget(self.probes, self.deadline - time.monotonic()))
            case = shrinker.run()
            smallest.append(case)
            say('the smallest case, after %d probes (seed %d, log %s):\n%s\nfails with: %s' % (
                self.probes - shrinker.budget.probes, self.seed, 'compressed' if case.compressed
                else 'plain', case.script('d'),
                self.failure([case])))
            if len(smallest) == SHOWN:
                break
        if not smallest:
            say('no table of it fails alone')
        return smallest


# ---- the tests ---------------------------------------------------------------------------------------------

def chosen(trial, names):
    groups = list(all_groups(*trial.facts))
    unknown = set(names) - {group.name for group in groups}
    if unknown:
        there = ', '.join(group.name for group in groups)
        sys.exit('no such types for this pair: %s; there are: %s' % (', '.join(unknown), there))
    return [group for group in groups if (group.name in names if names else not group.partial)]


def test(options):
    with bs_harness.pair_of(options, schema=False) as pair:
        trial = Trial(pair)
        rng = random.Random(pair.seed)
        groups = chosen(trial, [name for name in options.types.split(',') if name])
        cases = [case for group in groups for case in cases_of(group, rng, options.values, not pair.across)]
        say('%d tables, %d rows' % (len(cases), sum(len(case.rows) for case in cases)))
        try:
            counts = trial.run(cases, quiet=False)
        except Failure as failure:
            Search(trial, pair.seed, options.probes, options.shrink_seconds).report(failure, cases)
            raise AssertionError('values differ') from None
        if any(group.partial for group in groups):
            assert_in_part(trial)
        assert_in_binary(pair)
        for group in groups:
            say('%-20s %2d columns, %6d values equal' % (group.name, len(group.columns), counts[group.name]))
        say('%d values equal, seed %d; %d rows written, %d refused by the source' % (
            sum(counts.values()), pair.seed, trial.written, trial.refused))
        for name, why in trial.why_refused.items():
            say('refused of %s: %s' % (name, why))
        assert trial.refused * 50 < trial.written, 'too much is refused by the source'


def assert_in_binary(pair):
    """MariaDB was given inserts as values in binary, too, and not only as statements; a bulk execution prepares one."""
    prepared = int(pair.target.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_prepare'")[0][1])
    say('%d statements prepared on the target' % prepared)
    assert prepared > 0 or not pair.target.name.startswith('mariadb'), prepared


def assert_in_part(trial):
    """The log had what it should of changes to parts of documents."""
    counts = trial.logged_changes()
    say('rows with changes to parts of documents: %s; %d times a document with gaps' % (counts, trial.gaps))
    missing = [name for name, count in counts.items() if not count]
    assert not missing and trial.gaps, 'not in the log: %s' % (missing or 'gaps')


# What is done to the target behind the back of follow, and the smallest statement that must come of it.
SPOILED = (
    ('integers', 'UPDATE %s.integers SET s32 = s32 + 1 WHERE s32 > 100',
     r"`s32` INT, PRIMARY[^;]*;\nINSERT INTO `d`.`integers` VALUES \(\d+, 101\);$"),
    ('sjis', "UPDATE %s.sjis SET `long` = CONCAT(`long`, 'x') WHERE HEX(`long`) REGEXP '^(..)*5C'",
     r"`long` VARCHAR\(\d+\) CHARACTER SET sjis, PRIMARY[^;]*;\n"
     r"INSERT INTO `d`.`sjis` VALUES \(\d+, _sjis 0x(..)?5c\);$"),
    ('dates', "DELETE FROM %s.`dates keyless` WHERE d = '2024-02-29'",
     r"INSERT INTO `d`.`dates keyless` VALUES \(\d+, '2024-02-29'\);$"))


def spoil(trial, statement):
    """A case that was made small may lack the table or the column."""
    try:
        trial.sql(trial.target, statement)
    except pymysql.err.MySQLError as error:
        if error.args[0] not in (pymysql.constants.ER.NO_SUCH_TABLE, pymysql.constants.ER.BAD_FIELD_ERROR):
            raise


def prove(options):
    """That a wrong value is found, and made small: the target gets some behind the back of follow."""
    with bs_harness.pair_of(options, schema=False) as pair:
        trial = Trial(pair)
        for name, statement, wanted in SPOILED:
            trial.spoil = lambda db: spoil(trial, statement % db)
            cases = cases_of(chosen(trial, [name])[0], random.Random(pair.seed), 600)
            try:
                trial.run(cases)
                raise AssertionError('not found: ' + statement)
            except Failure as failure:
                search = Search(trial, pair.seed, options.probes, options.shrink_seconds)
                smallest = [case.script('d') for case in search.report(failure, cases)]
            assert len(smallest) == 1 and re.search(wanted, smallest[0]), smallest


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--values', type=int, default=3000, help='about so many for each column')
    parser.add_argument('--types', default='', help='these only, separated by commas')
    parser.add_argument('--probes', type=int, default=200,
                        help='how often a failing case may be tried while it is made small')
    parser.add_argument('--prove', action='store_true', help='that wrong values are found and made small')
    parser.add_argument('--shrink-seconds', type=float, default=300)
    options = parser.parse_args()
    bs_harness.main('values %s' % options.pair, lambda: prove(options) if options.prove else test(options))
