#!/usr/bin/python3
"""The shrinker of the property tests, with functions in place of servers that say what fails."""

import random
import unittest

from bs_shrink import Budget, Spent, shrink_list, shrink_value
from bs_value_case import Case, Row, Shrinker
from bs_value_docs import Document, Edit, Geometry, Opaque, POINT, Vector, wkb
from bs_value_gen import Date, Decimal, Integer, Real, Time
from bs_value_partial import Change, Changes, Partial, apply, partial_cases
from bs_value_tables import Group
from bs_value_text import Bytes, Text


def smallest(kind, value, fails):
    assert fails(value)
    return shrink_value(value, kind.simpler, fails, Budget(5000))


class Lists(unittest.TestCase):
    def test_what_is_not_needed_goes(self):
        found = shrink_list(list(range(1000)), lambda items: {17, 600, 999} <= set(items), Budget(1000))
        self.assertEqual(found, [17, 600, 999])

    def test_one_of_many_takes_few_questions(self):
        budget = Budget(100)
        self.assertEqual(shrink_list(list(range(1024)), lambda items: 700 in items, budget), [700])
        self.assertGreater(budget.probes, 70)

    def test_a_budget_ends_it_and_what_was_found_stands(self):
        kept = []
        with self.assertRaises(Spent):
            shrink_list(list(range(1000)), lambda items: {1, 500} <= set(items), Budget(8), kept.append)
        self.assertTrue(not kept or {1, 500} <= set(kept[-1]))


class Values(unittest.TestCase):
    def test_integers_come_to_the_edge(self):
        self.assertEqual(smallest(Integer('BIGINT', 64), 2 ** 62 + 12345, lambda value: value > 1000000),
                         1000001)
        self.assertEqual(smallest(Integer('BIGINT', 64), -2 ** 63, lambda value: value < -128), -129)
        self.assertEqual(smallest(Integer('INT', 32), -5, lambda value: True), 0)

    def test_reals_lose_their_digits(self):
        real = Real('DOUBLE', True)
        self.assertEqual(smallest(real, 123456.789, lambda value: value != int(value)), 123456.75)
        self.assertEqual(smallest(real, 5e-324, lambda value: value != 0), 1.0)

    def test_decimals(self):
        self.assertEqual(smallest(Decimal(65, 30), '-123456789012.000000001', lambda value: '.' in value),
                         '0.0')
        self.assertEqual(smallest(Decimal(65, 0), '9' * 40, lambda value: len(value.lstrip('-')) > 27), '1'
                         + '0' * 27)

    def test_dates_and_times(self):
        self.assertEqual(smallest(Date(), (9999, 12, 31), lambda value: value[1] == 12), (2000, 12, 1))
        self.assertEqual(smallest(Time(6), (-1, 838, 59, 58, 999999), lambda value: value[0] < 0
                                  and value[4] > 0), (-1, 0, 0, 0, 1))

    def test_bytes_and_text(self):
        self.assertEqual(smallest(Bytes('BLOB', 65535), bytes(range(256)) * 9, lambda value: b'\\' in value),
                         b'\\')
        text = b'plain \x95\x5c text \xb1' * 20
        self.assertEqual(smallest(Text('TEXT', 'sjis', 65535, True), text, lambda value: b'\x5c' in value),
                         b'\x95\x5c')
        found = smallest(Text('TEXT', 'utf8mb4', 65535, True), 'Stra\u00dfe \U0001F600'.encode() * 90,
                         lambda value: len(value) > 255)
        self.assertEqual(found, b'a' * 256)

    def test_documents(self):
        node = {'a': [1, 2.5, {'deep': [None, 'x' * 300, Opaque("CAST(1.10 AS DECIMAL(10,2))")]}],
                'b': 2 ** 40}

        def holds_opaque(item):
            if isinstance(item, dict):
                return any(map(holds_opaque, item.values()))
            return any(map(holds_opaque, item)) if isinstance(item, list) else isinstance(item, Opaque)

        found = smallest(Document(True), node, holds_opaque)
        self.assertIsInstance(found, Opaque)
        self.assertEqual(smallest(Document(), node['b'], lambda item: isinstance(item, int)
                                  and item > 65535), 65536)
        edit = smallest(Document(), Edit('JSON_SET', '$.a', [1, 'abc', 7]),
                        lambda item: item.call == 'JSON_SET')
        self.assertEqual(repr(edit), 'JSON_SET $.a []')

    def test_changes_to_parts_of_documents(self):
        value = Changes([Change('JSON_REMOVE', [(('a', 3), None), (('k 1', 0, 'b'), None)]),
                         Change('JSON_SET', [(('b',), {'deep': [1, 2]}), ((-1, 'c'), 'x' * 300)])])
        for key, wanted in (('k 1', "(JSON_REMOVE[('$.\"k 1\"', None)],)"),
                            (-1, "(JSON_SET[('$[last]', '')],)")):
            found = smallest(Partial(), value, lambda less: any(
                key in path for change in less.calls for path, _ in change.parts))
            self.assertEqual(repr(found), wanted)

    def test_what_changes_come_to(self):
        node = {'a': [1, {'b': 2}], '': 3}
        for change, wanted in (
                (Change('JSON_SET', [(('a', -1, 'b'), 9), (('a', 7), 8)]), {'a': [1, {'b': 9}, 8], '': 3}),
                (Change('JSON_SET', [(('x', 'y'), 1), (('a', 'x'), 1)]), {'a': [1, {'b': 9}, 8], '': 3}),
                (Change('JSON_REPLACE', [(('x',), 1), (('',), None)]), {'a': [1, {'b': 9}, 8], '': None}),
                (Change('JSON_REMOVE', [(('a', 0), None), (('a', 0), None)]), {'a': [8], '': None})):
            node = apply(node, change)
            self.assertEqual(node, wanted)

    def test_rows_that_share_their_statements_are_in_one(self):
        group = Group('g', {'a': Partial()}, partial=True)
        case = next(partial_cases(group, random.Random(3), 600))
        ids = [ids for _, ids in case.statements('d', 1)]
        self.assertEqual(sum(ids, []), list(range(1, len(case.rows) + 1)))
        self.assertGreater(max(map(len, ids)), 1)
        self.assertIn("SET SESSION binlog_row_value_options='PARTIAL_JSON';", case.script('d'))

    def test_shapes(self):
        points = (0, 2, [(float(x), 1.0) for x in range(30)])
        self.assertEqual(len(smallest(Geometry('LINESTRING'), points,
                                      lambda value: (17.0, 1.0) in value[2])[2]), 2)
        self.assertEqual(len(wkb(POINT, (1.0, 2.0))), 21)
        self.assertEqual(smallest(Vector(5, False, False), (7, 8, 0x7f000000, 9, 1),
                                  lambda value: value[2] > 9), (0, 0, 0x3f800000, 0, 0))


class Cases(unittest.TestCase):
    def case(self):
        rng = random.Random(1)
        columns = [('a', Integer('INT', 32)), ('b', Integer('BIGINT', 64)), ('c', Bytes('BLOB', 300))]
        rows = [Row(number, [tuple(kind.random(rng, 1) for _, kind in columns) for _ in range(3)],
                    number % 2 == 0) for number in range(1, 301)]
        rows[123] = Row(124, [rows[123].steps[0], (1, 77777777, b'x'), rows[123].steps[2]], True)
        return Case('t', columns, rows, keyed=False)

    @staticmethod
    def fails(case):
        names = [name for name, _ in case.columns]
        if 'b' not in names:
            return False
        place = names.index('b')
        return any(isinstance(step[place], int) and 77770000 < step[place] < 77780000 for row in case.rows
                   for step in row.steps)

    def test_one_column_one_row_one_value_remain(self):
        budget = Budget(400)
        found = Shrinker(self.case(), self.fails, budget).run()
        self.assertEqual([name for name, _ in found.columns], ['b'])
        self.assertTrue(found.keyed and not found.compressed)
        self.assertEqual([(row.id, row.steps, row.deleted) for row in found.rows],
                         [(124, ((77770001,),), False)])
        self.assertGreater(budget.probes, 200)
        self.assertEqual(found.script('d').split('\n')[1], 'INSERT INTO `d`.`t` VALUES (124, 77770001);')

    def test_a_deletion_that_matters_stays(self):
        found = Shrinker(self.case(), lambda case: not case.keyed and any(row.deleted for row in case.rows),
                         Budget(400)).run()
        self.assertEqual(len(found.rows), 1)
        self.assertIn('DELETE FROM `d`.`t keyless` WHERE id IN (', found.script('d'))
        self.assertIn('NULL', found.script('d').split('\n')[1])

    def test_when_the_budget_ends_the_best_so_far_is_given(self):
        found = Shrinker(self.case(), self.fails, Budget(6)).run()
        self.assertTrue(self.fails(found))
        self.assertLess(len(found.rows) * len(found.columns), 900)


if __name__ == '__main__':
    unittest.main()
