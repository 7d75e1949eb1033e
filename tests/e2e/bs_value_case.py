"""A case of the property tests: a table, and the lives of its rows. It can be written, and made smaller.

A row's life is a list of steps, each one value per column: the first is inserted, the others are updates;
at last it may be deleted. A case is a value: making it smaller gives another one.
"""

from bs_shrink import Spent, shrink_list, shrink_value
from bs_value_docs import Edit
from bs_values import quote

BATCH_ROWS, BATCH_BYTES = 200, 1 << 20


class Row:
    __slots__ = ('id', 'steps', 'deleted')

    def __init__(self, id, steps, deleted=False):
        self.id, self.steps, self.deleted = id, tuple(steps), deleted


class Case:
    """`columns`: (name, Kind) each. `keyed`: else rows are found by their old image alone, or `by_value`: by
    the values themselves, which are the key; of those that are equal to SQL one remains. `compressed`: each
    second batch goes through the log compressed. `old_temporal`: made with mysql56_temporal_format=OFF.
    `in_part`: of a JSON document that changes in part, the log has these changes, but for some batches."""

    def __init__(self, name, columns, rows, keyed=True, compressed=True, old_temporal=False, by_value=False,
                 in_part=True):
        self.name, self.columns, self.rows = name, tuple(columns), tuple(rows)
        self.keyed, self.by_value = keyed, by_value
        self.compressed, self.old_temporal, self.in_part = compressed, old_temporal, in_part

    def but(self, **changes):
        return Case(**{**self.__dict__, **changes})

    # ---- SQL -----------------------------------------------------------------------------------------------

    @property
    def table(self):
        return self.name if self.keyed else self.name + (' as key' if self.by_value else ' keyless')

    def sql_name(self, db):
        return quote(db) + '.' + quote(self.table)

    def create_sql(self, db):
        lines = ['%s %s' % (quote(name), kind.sql) for name, kind in self.columns]
        if self.by_value:
            lines = [line.replace(' NULL', '') + ' NOT NULL' for line in lines]
        key = 'PRIMARY KEY (id)' if self.keyed else 'KEY (id)'
        if self.by_value:
            key += ', PRIMARY KEY (%s)' % ', '.join(quote(name) for name, _ in self.columns)
        lines = ', '.join(['id INT NOT NULL', *lines, key])
        return 'CREATE TABLE %s (%s) ENGINE=InnoDB' % (self.sql_name(db), lines)

    @property
    def stages(self):
        """INSERT, each UPDATE, DELETE: how many."""
        return self.updates + any(row.deleted for row in self.rows)

    @property
    def updates(self):
        return max([len(row.steps) for row in self.rows] + [1])

    def statements(self, db, stage):
        """(SQL, ids) of one stage. Several rows in a statement where that is possible."""
        if stage >= self.updates:
            yield from self._deletes(db)
            return
        rows = [row for row in self.rows if stage < len(row.steps)]
        has_edits = any(isinstance(value, Edit) for row in rows for value in row.steps[stage])
        if stage > 0 and (has_edits or not self.keyed):
            yield from ((self._update(db, alike, stage), [row.id for row in alike])
                        for alike in self._alike(rows, stage))
            return
        names = [quote(name) for name, _ in self.columns]
        sets = ', '.join('%s=VALUES(%s)' % (name, name) for name in names)
        tail = ' ON DUPLICATE KEY UPDATE ' + sets if stage else ''
        for ids, tuples in _batches((row.id, self._tuple(row, stage)) for row in rows):
            head = 'INSERT %sINTO %s VALUES ' % (self.ignore, self.sql_name(db))
            yield head + ', '.join(tuples) + tail, ids

    def _tuple(self, row, stage):
        values = [kind.literal(value) for (_, kind), value in zip(self.columns, row.steps[stage])]
        return '(%s)' % ', '.join([str(row.id), *values])

    def _alike(self, rows, stage):
        """Rows that share a step, and so a statement."""
        alike = []
        for row in rows:
            if alike and row.steps[stage] is not alike[0].steps[stage]:
                yield alike
                alike = []
            alike.append(row)
        if alike:
            yield alike

    def _update(self, db, rows, stage):
        """Some of the columns stay as they are: one column alone is in every fourth one."""
        row = rows[0]
        changed = list(zip(self.columns, row.steps[stage]))
        if row.id % 4 == 0 and len(changed) > 1:
            changed = [changed[(row.id // 4) % len(changed)]]
        sets = ['%s=%s' % (quote(name), kind.literal(value, quote(name))) for (name, kind), value in changed]
        where = 'id=%d' % row.id if len(rows) == 1 else 'id IN (%s)' % ','.join(str(row.id) for row in rows)
        return 'UPDATE %s%s SET %s WHERE %s' % (self.ignore, self.sql_name(db), ', '.join(sets), where)

    @property
    def ignore(self):
        return 'IGNORE ' if self.by_value else ''

    def _deletes(self, db):
        ids = [row.id for row in self.rows if row.deleted]
        for start in range(0, len(ids), BATCH_ROWS):
            part = ids[start:start + BATCH_ROWS]
            yield 'DELETE FROM %s WHERE id IN (%s)' % (self.sql_name(db), ','.join(map(str, part))), part

    def script(self, db):
        """All of it, for people."""
        lines = [self.create_sql(db)]
        values = (value for row in self.rows for step in row.steps for value in step)
        if self.in_part and any(isinstance(value, Edit) for value in values):
            lines.append("SET SESSION binlog_row_value_options='PARTIAL_JSON'")
        lines += [sql for stage in range(self.stages) for sql, _ in self.statements(db, stage)]
        return '\n'.join((line if len(line) < 4000 else line[:4000] + '...') + ';' for line in lines)

    # ---- smaller -------------------------------------------------------------------------------------------

    def column_only(self, places):
        rows = [Row(row.id, [tuple(step[place] for place in places) for step in row.steps], row.deleted)
                for row in self.rows]
        return self.but(columns=[self.columns[place] for place in places], rows=rows)


def _batches(items):
    ids, texts, length = [], [], 0
    for id, text in items:
        if ids and (len(ids) >= BATCH_ROWS or length + len(text) > BATCH_BYTES):
            yield ids, texts
            ids, texts, length = [], [], 0
        ids.append(id)
        texts.append(text)
        length += len(text)
    if ids:
        yield ids, texts


class Shrinker:
    """Makes `case` small while `fails(case)` holds; what is found is in `.case`."""

    def __init__(self, case, fails, budget):
        self.case, self.fails, self.budget = case, fails, budget

    def run(self):
        try:
            self.columns()
            self.rows()
            self.flags()
            self.steps()
            self.values()
        except Spent:
            pass
        return self.case

    def take(self, case):
        self.case = case

    def try_one(self, case):
        self.budget.take()
        if self.fails(case):
            self.case = case
            return True
        return False

    def columns(self):
        whole = self.case
        shrink_list(list(range(len(whole.columns))), lambda places: self.fails(whole.column_only(places)),
                    self.budget,
                    lambda places: self.take(whole.column_only(places)))

    def rows(self):
        whole = self.case
        shrink_list(list(whole.rows), lambda rows: self.fails(whole.but(rows=tuple(rows))), self.budget,
                    lambda rows: self.take(whole.but(rows=tuple(rows))))

    def flags(self):
        for change in ({'compressed': False}, {'keyed': True, 'by_value': False}, {'in_part': False}):
            if any(getattr(self.case, name) != value for name, value in change.items()):
                self.try_one(self.case.but(**change))

    def steps(self):
        for place in range(len(self.case.rows)):
            if self.case.rows[place].deleted:
                self.try_one(self.with_row(place, self.case.rows[place].steps, False))
            row = self.case.rows[place]
            shrink_list(list(row.steps), lambda steps: self.fails(self.with_row(place, steps, row.deleted)),
                        self.budget,
                        lambda steps: self.take(self.with_row(place, steps, row.deleted)))

    def values(self):
        """First NULL in place of each value, then simpler ones."""
        for place, row in enumerate(self.case.rows):
            for stage in range(len(row.steps)):
                for column, (_, kind) in enumerate(self.case.columns):
                    self.one_value(kind, place, stage, column)

    def one_value(self, kind, place, stage, column):
        value = self.case.rows[place].steps[stage][column]
        may_be_null = not self.case.by_value
        if value is None or (may_be_null and self.try_one(self.with_value(place, stage, column, None))):
            return
        shrink_value(value, kind.simpler,
                     lambda less: self.fails(self.with_value(place, stage, column, less)), self.budget,
                     lambda less: self.take(self.with_value(place, stage, column, less)))

    def with_row(self, place, steps, deleted):
        rows = list(self.case.rows)
        rows[place] = Row(rows[place].id, steps, deleted)
        return self.case.but(rows=tuple(rows))

    def with_value(self, place, stage, column, value):
        row = self.case.rows[place]
        step = row.steps[stage]
        steps = list(row.steps)
        steps[stage] = step[:column] + (value,) + step[column + 1:]
        return self.with_row(place, steps, row.deleted)
