"""Writers against parallel apply: transactions that depend on each other by more than the primary key of one row.

    add_tables(connection, schema)        # database `fault`, and the schema's tables stay writable
    Writers(connect, schema, operations=FaultOperations(schema), ...)

Each method of FaultOperations is named after the dependency that lanes must see; the ones of bs_operations go on beside
them. SchemaOperations changes tables meanwhile, in sessions of its own.
"""

import itertools

import bs_operations
import bs_schema

HOT_ROWS, HAND_ROWS, MOVING_ROWS, BULK_ROWS = 4, 40, 50, 6000

# Equal under one collation and different under another, in one charset and in another; PAD SPACE makes 'a' of 'a '.
WORDS = ['a', 'A', 'ä', 'Ä', 'á', 'a ', 'ae', 'Æ', 'ß', 'ss', 'SS', 's', 'ñ', 'N', 'n', 'é', 'E', 'e\u0301', 'Straße', 'STRASSE', 'ø', 'o',
         'Ω', 'ω', 'И', 'и', '日本', '日本 ', 'ﬁ', 'fi', 'İ', 'i', 'I', 'ı', '😀', '😁', '']
LATIN_WORDS = [word for word in WORDS if all(ord(letter) < 256 for letter in word)]


def _collations(facts):
    """(table, charset, collation, the words that the charset has)"""
    yield 'words_general', 'utf8mb4', 'utf8mb4_general_ci', WORDS
    yield 'words_unicode', 'utf8mb4', 'utf8mb4_unicode_ci', WORDS
    yield 'words_latin', 'latin1', 'latin1_swedish_ci', LATIN_WORDS
    yield 'words_german', 'latin1', 'latin1_german2_ci', LATIN_WORDS
    if facts.mariadb:
        yield 'words_newest', 'utf8mb4', 'uca1400_as_ci' if facts.version >= (10, 10) else 'utf8mb4_unicode_520_ci', WORDS
        yield 'words_nopad', 'utf8mb4', 'utf8mb4_unicode_nopad_ci', WORDS
    elif facts.version >= (8,):
        yield 'words_newest', 'utf8mb4', 'utf8mb4_0900_ai_ci', WORDS


def _tables(facts):
    yield 'CREATE TABLE hot (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, t VARCHAR(40)) ENGINE=InnoDB'
    yield """CREATE TABLE hands (id INT NOT NULL PRIMARY KEY, held INT, name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
               a INT, b INT, UNIQUE KEY (held), UNIQUE KEY (name), UNIQUE KEY (a, b)) ENGINE=InnoDB"""
    yield 'CREATE TABLE moving (id INT NOT NULL PRIMARY KEY, t VARCHAR(20), n INT) ENGINE=InnoDB'
    yield 'CREATE TABLE doubles (a INT, t VARCHAR(10), n INT) ENGINE=InnoDB'
    yield 'CREATE TABLE doubles_indexed (a INT, t TEXT, KEY (a)) ENGINE=InnoDB'
    yield 'CREATE TABLE pairs (a INT NOT NULL, b VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, c DATE NOT NULL, n INT, PRIMARY KEY (a, b, c)) ENGINE=InnoDB'
    yield 'CREATE TABLE bulk (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, t VARCHAR(60), UNIQUE KEY (n, id)) ENGINE=InnoDB'
    yield 'CREATE TABLE digits (d INT NOT NULL PRIMARY KEY) ENGINE=InnoDB'
    for name, charset, collation, _ in _collations(facts):
        yield 'CREATE TABLE %s (w VARCHAR(30) CHARACTER SET %s COLLATE %s NOT NULL, n INT, PRIMARY KEY (w)) ENGINE=InnoDB' % (name, charset, collation)
    yield """CREATE TABLE parents (code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL PRIMARY KEY, alias INT NOT NULL, n INT,
               UNIQUE KEY (alias)) ENGINE=InnoDB"""
    yield """CREATE TABLE children (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, n INT,
               CONSTRAINT child_parent FOREIGN KEY (code) REFERENCES parents (code) ON DELETE SET NULL ON UPDATE CASCADE) ENGINE=InnoDB"""
    yield """CREATE TABLE grandchildren (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, child INT NOT NULL, n INT,
               CONSTRAINT grandchild FOREIGN KEY (child) REFERENCES children (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB"""
    yield """CREATE TABLE keyless_children (alias INT NOT NULL, n INT,
               CONSTRAINT keyless_parent FOREIGN KEY (alias) REFERENCES parents (alias) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB"""
    yield """CREATE TABLE tree (id INT NOT NULL PRIMARY KEY, up INT, n INT, CONSTRAINT tree_up FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE) ENGINE=InnoDB"""
    yield """CREATE TABLE chain (id INT NOT NULL PRIMARY KEY, before_me INT, n INT,
               CONSTRAINT chain_before FOREIGN KEY (before_me) REFERENCES chain (id) ON DELETE SET NULL) ENGINE=InnoDB"""
    yield """CREATE TABLE strict_children (id INT NOT NULL PRIMARY KEY, code VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
               CONSTRAINT strict_parent FOREIGN KEY (code) REFERENCES parents (code)) ENGINE=InnoDB"""


def _rows():
    yield 'INSERT INTO digits VALUES ' + _values('%d' % i for i in range(10))
    yield 'INSERT INTO hot VALUES ' + _values("%d, 0, ''" % i for i in range(HOT_ROWS))
    yield 'INSERT INTO hands VALUES ' + _values("%d, %d, 'n%d', %d, %d" % (i, i, i, i // 7, i % 7) for i in range(HAND_ROWS))
    yield 'INSERT INTO moving VALUES ' + _values("%d, 'm%d', 0" % (i, i) for i in range(MOVING_ROWS))
    yield 'INSERT INTO doubles VALUES ' + _values("%d, 'x', %d" % (i % 3, i % 2) for i in range(200))
    yield 'INSERT INTO doubles_indexed VALUES ' + _values("%d, 'x'" % (i % 5) for i in range(200))
    yield "INSERT INTO bulk SELECT a.d * 1000 + b.d * 100 + c.d * 10 + d.d, 1, 'bulk' FROM digits a, digits b, digits c, digits d WHERE a.d < %d" % (BULK_ROWS // 1000)
    yield 'INSERT INTO parents VALUES ' + _values("'p%d', %d, 0" % (i, i) for i in range(30))
    yield 'INSERT INTO children VALUES ' + _values("%d, 'p%d', 0" % (i + 1, i % 30) for i in range(90))
    yield 'INSERT INTO grandchildren VALUES ' + _values("%d, %d, 0" % (i + 1, i % 90 + 1) for i in range(180))
    yield 'INSERT INTO keyless_children VALUES ' + _values("%d, %d" % (i % 30, i % 2) for i in range(90))
    yield 'INSERT INTO tree VALUES ' + _values('%d, %s, 0' % (i, i // 2 or 'NULL') for i in range(1, 100))
    yield 'INSERT INTO chain VALUES ' + _values('%d, %s, 0' % (i, i - 1 or 'NULL') for i in range(1, 60))


def _values(rows):
    return ', '.join('(%s)' % row for row in rows)


def add_tables(connection, schema):
    statements = ['CREATE DATABASE fault DEFAULT CHARACTER SET utf8mb4', 'USE fault']
    bs_schema.run(connection, [*statements, *_tables(schema.facts), *_rows()])


class FaultOperations(bs_operations.Operations):
    """`share`: how much of what is written is of this file, the rest is what bs_operations does on every kind of table."""

    def __init__(self, schema, share=0.6):
        super().__init__(schema)
        own = [(6, self.hot_row), (4, self.value_changes_hands), (3, self.values_go_round), (3, self.value_is_freed_and_taken),
               (4, self.key_moves), (2, self.keys_go_round), (5, self.duplicates), (3, self.duplicates_change), (6, self.equal_words),
               (2, self.composite), (5, self.family_grows), (3, self.parent_is_renamed), (2, self.parent_goes), (2, self.parent_is_strict),
               (3, self.tree_changes), (2, self.chain_changes), (0.12, self.thousands_of_rows), (1, self.rolled_back_in_part)]
        theirs = list(zip(self._weights, self._methods))
        scale = share / (1 - share) * sum(weight for weight, _ in theirs) / sum(weight for weight, _ in own)
        weighted = [*theirs, *((weight * scale, method) for weight, method in own)]
        self._weights, self._methods = [weight for weight, _ in weighted], [method for _, method in weighted]
        self.words = [('fault.' + name, words) for name, _, _, words in _collations(schema.facts)]

    def hot_row(self, rng):
        return ["UPDATE fault.hot SET n = n + 1, t = '%d' WHERE id = %d" % (rng.randint(0, 10 ** 6), rng.randrange(HOT_ROWS))]

    # ---- unique keys -----------------------------------------------------------------------------------------------

    def value_changes_hands(self, rng):
        """Within one transaction, through a value that nobody else has."""
        column = rng.choice(('held', 'name', 'b'))
        one, two = rng.sample(range(HAND_ROWS), 2)
        aside = {'held': -rng.randint(1, 10 ** 8), 'name': "'aside %d'" % rng.randint(0, 10 ** 8), 'b': rng.randint(100, 10 ** 8)}[column]
        read = ['SELECT %s, a INTO @%s, @a%s FROM fault.hands WHERE id = %d' % (column, name, name, row) for name, row in (('one', one), ('two', two))]
        also = ', a = @a%s' if column == 'b' else ''
        return read + ['UPDATE fault.hands SET %s = %s WHERE id = %d' % (column, aside, one),
                       'UPDATE fault.hands SET %s = @one%s WHERE id = %d' % (column, also % 'one' if also else '', two),
                       'UPDATE fault.hands SET %s = @two%s WHERE id = %d' % (column, also % 'two' if also else '', one)]

    def values_go_round(self, rng):
        """Three rows in one transaction, or in three: then each transaction takes what the one before has freed."""
        rows = rng.sample(range(HAND_ROWS), 3)
        read = ['SELECT held INTO @h%d FROM fault.hands WHERE id = %d' % item for item in enumerate(rows)]
        steps = ['UPDATE fault.hands SET held = NULL WHERE id = %d' % rows[0]]
        steps += ['UPDATE fault.hands SET held = @h%d WHERE id = %d' % (i, rows[i + 1]) for i in (1, 0)]
        steps = [steps[0], 'UPDATE fault.hands SET held = NULL WHERE id = %d' % rows[2], *steps[2:],
                 'UPDATE fault.hands SET held = @h1 WHERE id = %d' % rows[2], 'UPDATE fault.hands SET held = @h2 WHERE id = %d' % rows[0]]
        if rng.random() < 0.5:
            return read + steps
        return ['COMMIT', *read, *itertools.chain.from_iterable((step, 'COMMIT') for step in steps)]

    def value_is_freed_and_taken(self, rng):
        """By a transaction each: the row goes, and another row comes with its values."""
        one = rng.randrange(HAND_ROWS)
        spare = rng.randint(HAND_ROWS, HAND_ROWS * 2)
        return ['COMMIT', 'SELECT held, name, a, b INTO @held, @name, @a, @b FROM fault.hands WHERE id = %d' % one,
                'DELETE FROM fault.hands WHERE id = %d' % one, 'COMMIT',
                'DELETE FROM fault.hands WHERE id = %d' % spare, 'INSERT INTO fault.hands VALUES (%d, @held, UPPER(@name), @a, @b)' % spare, 'COMMIT',
                'UPDATE fault.hands SET id = %d WHERE id = %d' % (one, spare)]

    def key_moves(self, rng):
        """To a place that may have been left a moment ago; back and forth between two ranges."""
        row = rng.randrange(MOVING_ROWS)
        return [rng.choice(('UPDATE fault.moving SET id = id + %d, n = n + 1 WHERE id = %d' % (MOVING_ROWS, row),
                            'UPDATE fault.moving SET id = id - %d WHERE id = %d' % (MOVING_ROWS, row + MOVING_ROWS),
                            'UPDATE fault.moving SET id = id + 1 WHERE id >= %d ORDER BY id DESC LIMIT 3' % row,
                            'UPDATE fault.moving SET id = id - 1 WHERE id > %d ORDER BY id LIMIT 5' % row,
                            "INSERT INTO fault.moving VALUES (%d, 'new', 0)" % row, 'DELETE FROM fault.moving WHERE id = %d' % row))]

    def keys_go_round(self, rng):
        one, two = rng.sample(range(MOVING_ROWS), 2)
        return ['UPDATE fault.moving SET id = -1 - %d WHERE id = %d' % (one, one), 'UPDATE fault.moving SET id = %d WHERE id = %d' % (one, two),
                'UPDATE fault.moving SET id = %d WHERE id = -1 - %d' % (two, one)]

    def equal_words(self, rng):
        """A key is freed under one spelling and taken under another that the collation says is the same."""
        table, words = rng.choice(self.words)
        word, other = rng.choice(words), rng.choice(words)
        return [rng.choice(("DELETE FROM %s WHERE w = '%s'" % (table, word), "INSERT INTO %s VALUES ('%s', %d)" % (table, word, rng.randint(0, 9)),
                            "INSERT INTO %s VALUES ('%s', 1)" % (table, word), "UPDATE %s SET w = '%s' WHERE w = '%s'" % (table, other, word),
                            "REPLACE INTO %s VALUES ('%s', %d)" % (table, word, rng.randint(0, 9)), "UPDATE %s SET n = n + 1 WHERE w = '%s'" % (table, word)))]

    def composite(self, rng):
        key = "%d, '%s', '2024-01-%02d'" % (rng.randint(0, 3), rng.choice(WORDS[:12]), rng.randint(1, 2))
        return [rng.choice(('REPLACE INTO fault.pairs VALUES (%s, %d)' % (key, rng.randint(0, 9)), 'DELETE FROM fault.pairs WHERE (a, b, c) = (%s)' % key,
                            'UPDATE fault.pairs SET b = LOWER(b), a = %d WHERE (a, b, c) = (%s)' % (rng.randint(0, 3), key)))]

    # ---- no key ----------------------------------------------------------------------------------------------------

    def duplicates(self, rng):
        a = rng.randint(0, 2)
        return [rng.choice(("INSERT INTO fault.doubles VALUES %s" % ', '.join(["(%d, 'x', %d)" % (a, rng.randint(0, 1))] * rng.randint(1, 4)),
                            'DELETE FROM fault.doubles WHERE a = %d LIMIT %d' % (a, rng.randint(1, 3)),
                            "INSERT INTO fault.doubles_indexed VALUES (%d, 'x'), (%d, 'x')" % (a, a),
                            'DELETE FROM fault.doubles_indexed WHERE a = %d LIMIT 2' % a))]

    def duplicates_change(self, rng):
        return [rng.choice(('UPDATE fault.doubles SET n = n + 1 WHERE a = %d LIMIT %d', 'UPDATE fault.doubles SET n = 0, t = NULL WHERE a = %d LIMIT %d',
                            'UPDATE fault.doubles_indexed SET a = (a + 1) %% 5 WHERE a = %d LIMIT %d')) % (rng.randint(0, 4), rng.randint(1, 4))]

    # ---- foreign keys ----------------------------------------------------------------------------------------------

    def _code(self, rng):
        return "'%s%d'" % (rng.choice('pPq'), rng.randrange(30))

    def family_grows(self, rng):
        """Parent, child and grandchild, in a transaction each or in one."""
        code, n = self._code(rng), rng.randrange(60)
        steps = ['INSERT IGNORE INTO fault.parents VALUES (%s, %d, 0)' % (code, n), 'INSERT INTO fault.children (code, n) VALUES (%s, %d)' % (code, n),
                 'INSERT INTO fault.grandchildren (child, n) VALUES (LAST_INSERT_ID(), 1)', 'INSERT INTO fault.keyless_children VALUES (%d, 1), (%d, 1)' % (n, n)]
        return steps if rng.random() < 0.5 else ['COMMIT', *itertools.chain.from_iterable((step, 'COMMIT') for step in steps)]

    def parent_is_renamed(self, rng):
        code, other = self._code(rng), self._code(rng)
        return [rng.choice(('UPDATE fault.parents SET code = %s WHERE code = %s' % (other, code), 'UPDATE fault.parents SET code = UPPER(code) WHERE code = %s' % code,
                            'UPDATE fault.parents SET alias = %d WHERE code = %s' % (rng.randrange(60), code),
                            'UPDATE fault.children SET id = id + 1000000 WHERE id = %d' % rng.randint(1, 300),
                            'UPDATE fault.parents SET n = n + 1 WHERE code = %s' % code))]

    def parent_goes(self, rng):
        return [rng.choice(('DELETE FROM fault.parents WHERE code = %s' % self._code(rng), 'DELETE FROM fault.children WHERE id = %d' % rng.randint(1, 300),
                            'DELETE FROM fault.parents WHERE alias = %d' % rng.randrange(60), 'DELETE FROM fault.keyless_children WHERE alias = %d LIMIT 1' % rng.randrange(60)))]

    def parent_is_strict(self, rng):
        """Without an action: the child must be gone before its parent."""
        code, n = self._code(rng), rng.randrange(20)
        return [rng.choice(('INSERT INTO fault.strict_children VALUES (%d, %s)' % (n, code), 'DELETE FROM fault.strict_children WHERE id = %d' % n,
                            'UPDATE fault.strict_children SET code = %s WHERE id = %d' % (code, n)))]

    def tree_changes(self, rng):
        row, up = rng.randint(2, 120), rng.randint(1, 120)
        return [rng.choice(('DELETE FROM fault.tree WHERE id = %d' % max(row, 8), 'INSERT INTO fault.tree VALUES (%d, %d, 0)' % (row, min(up, row)),
                            'UPDATE fault.tree SET up = %d WHERE id = %d' % (min(up, row - 1), row), 'UPDATE fault.tree SET n = n + 1 WHERE id < %d' % min(row, 20)))]

    def chain_changes(self, rng):
        row = rng.randint(1, 80)
        return [rng.choice(('DELETE FROM fault.chain WHERE id = %d' % row, 'INSERT INTO fault.chain VALUES (%d, %d, 0)' % (row, rng.randint(1, 80)),
                            'UPDATE fault.chain SET before_me = %d WHERE id = %d' % (rng.randint(1, 80), row)))]

    # ---- size and rollbacks ----------------------------------------------------------------------------------------

    def thousands_of_rows(self, rng):
        start = rng.randrange(BULK_ROWS)
        return [rng.choice(('UPDATE fault.bulk SET n = n + 1 WHERE id >= %d' % start, 'DELETE FROM fault.bulk WHERE id BETWEEN %d AND %d' % (start, start + 2500),
                            "INSERT IGNORE INTO fault.bulk SELECT %d + a.d * 1000 + b.d * 100 + c.d * 10 + d.d, 2, 'again' FROM fault.digits a, fault.digits b, "
                            "fault.digits c, fault.digits d WHERE a.d < 3" % (start // 2)))]

    def rolled_back_in_part(self, rng):
        return [*self.hot_row(rng), 'SAVEPOINT s', *self.duplicates(rng), *self.key_moves(rng), 'ROLLBACK TO SAVEPOINT s', *self.duplicates(rng)]


class SchemaOperations:
    """Now and then a table is made, changed or dropped, beside rows of it. A statement whose answer was lost is never sent
    again: names are used once."""

    def __init__(self, round_number):
        self.serial = itertools.count()
        self.number = round_number

    def choose(self, rng):
        return rng.choice((self.whole_life, self.add_column_to_busy_table, self.stays, self.leave))

    def _name(self):
        return 'lab.made_%d_%d' % (self.number, next(self.serial))

    def whole_life(self, rng):
        name = self._name()
        return ['CREATE TABLE %s (id INT NOT NULL PRIMARY KEY, t VARCHAR(20)) ENGINE=InnoDB' % name, "INSERT INTO %s VALUES (1, 'x'), (2, 'y')" % name,
                'ALTER TABLE %s ADD COLUMN more INT NOT NULL DEFAULT 7' % name, "INSERT INTO %s (id, t) VALUES (%d, 'z')" % (name, rng.randint(3, 99)),
                'DROP TABLE %s' % name]

    def stays(self, rng):
        name = self._name()
        return ['CREATE TABLE %s (a INT, t VARCHAR(20)) ENGINE=InnoDB' % name, "INSERT INTO %s VALUES (1, 'x'), (1, 'x'), (NULL, NULL)" % name,
                'ALTER TABLE %s ADD COLUMN b DATETIME(3) FIRST' % name, 'DELETE FROM %s LIMIT 1' % name]

    def add_column_to_busy_table(self, rng):
        """Columns come at the end, and go again; the writers name their columns or find what they expect in front."""
        table, column = 'fault.hot', 'c%d_%d' % (self.number, next(self.serial))
        return ['SET SESSION lock_wait_timeout=3', 'ALTER TABLE %s ADD COLUMN %s INT' % (table, column), 'UPDATE %s SET %s = %d WHERE id = 1' % (table, column, rng.randint(0, 99)),
                'ALTER TABLE %s DROP COLUMN %s' % (table, column)]

    def leave(self, rng):
        return ['DROP TABLE IF EXISTS lab.made_%d_%d' % (self.number, rng.randrange(20)), 'DROP TABLE IF EXISTS lab.made_%d_%d' % (self.number - 1, rng.randrange(20))]
