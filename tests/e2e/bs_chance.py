"""Tables, transactions and schema changes by chance: whatever a server takes, so that what nobody thought of comes up.

Nothing here keeps a model: before each statement the server is asked what there is, and what it refuses is forgotten. All of
a generator's choices come from its rng.
"""

import bs_values as v
from bs_values import quote

NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'order', 'x y', 'gr\u00f6\u00dfe', 'Q`q', 'key']
COLLATIONS = [('utf8mb4', None), ('utf8mb4', 'utf8mb4_bin'), ('utf8mb4', 'utf8mb4_unicode_ci'), ('utf8mb4', 'utf8mb4_general_ci'),
              ('latin1', None), ('latin1', 'latin1_bin'), ('latin1', 'latin1_general_cs'), ('utf8', None), ('gbk', None),
              ('sjis', None), ('ucs2', None), ('utf16', None), ('ascii', None), ('cp1251', None)]
ACTIONS = ['CASCADE', 'SET NULL', 'RESTRICT', 'NO ACTION']
LETTERS = 'aAbB\u00e4\u00c4\u00df _%'


def some(rng, items, low=1, high=None):
    items = list(items)
    return rng.sample(items, min(len(items), rng.randint(low, high or len(items))))


class Column:
    """As the catalogue has it."""

    def __init__(self, name, type_text, data_type, charset, collation, nullable, extra):
        self.name, self.type, self.data_type = name, type_text.lower(), data_type.lower()
        self.charset, self.collation, self.nullable, self.extra = charset, collation, nullable == 'YES', (extra or '').lower()

    @property
    def generated(self):
        return 'virtual' in self.extra or 'stored' in self.extra or 'persistent' in self.extra

    @property
    def is_text(self):
        return self.data_type in ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext')

    @property
    def is_integer(self):
        return self.data_type.endswith('int')

    @property
    def is_long(self):
        return self.data_type.endswith(('text', 'blob', 'json')) or self.data_type in ('point', 'geometry')

    def value(self, rng):
        if self.nullable and rng.random() < 0.15:
            return 'NULL'
        kind = self.data_type
        if self.is_integer:
            low = 0 if 'unsigned' in self.type else -9
            return str(rng.choice([rng.randint(low, 30), rng.randint(low, 120)]))
        if kind == 'decimal':
            return '%.3f' % rng.uniform(0 if 'unsigned' in self.type else -99, 99)
        if kind in ('float', 'double'):
            return rng.choice(['0', '-0e0', '1', repr(rng.uniform(-1e6, 1e6))])
        if kind == 'bit':
            return str(rng.randint(0, 7))
        if kind == 'year':
            return str(rng.randint(1990, 2020))
        if kind == 'date':
            return v.DATE.value(rng) if rng.random() < 0.3 else "'2024-02-%02d'" % rng.randint(1, 29)
        if kind in ('datetime', 'timestamp'):
            return "'2024-02-%02d 12:00:%02d.%06d'" % (rng.randint(1, 3), rng.randint(0, 3), rng.choice([0, 499999, 500000, 999999]))
        if kind == 'time':
            return "'%02d:00:00.%06d'" % (rng.randint(-3, 30), rng.choice([0, 1, 500000, 999999]))
        if kind in ('enum', 'set'):
            return str(rng.randint(0, 3))
        if kind == 'json':
            return rng.choice(["'{}'", "'[1, 2]'", "'{\"a\": %d, \"b\": [%d]}'" % (rng.randint(0, 9), rng.randint(0, 9)), "'\"x\"'", "'null'"])
        if kind in ('point', 'geometry'):
            return "ST_GeomFromText('POINT(%d %d)')" % (rng.randint(0, 9), rng.randint(0, 9))
        if kind == 'uuid':
            return v.UUID.value(rng)
        if kind in ('inet6', 'inet4'):
            return (v.INET6 if kind == 'inet6' else v.INET4).value(rng)
        if self.is_text:
            letters = LETTERS if self.charset not in ('ascii',) else 'aAbB _'
            return v.hexed(''.join(rng.choice(letters) for _ in range(rng.randint(0, 4))).encode(), 'utf8mb4')
        return v.hexed(bytes(rng.choice(b'\0 aA\xff') for _ in range(rng.randint(0, 4))))


class Chance:
    """Statements for one database, over one session of its own."""

    def __init__(self, connection, facts, db, rng, across):
        self.connection, self.facts, self.db, self.rng, self.across = connection, facts, db, rng, across
        self.cursor = connection.cursor()
        self.has_descending = facts.version >= ((10, 8) if facts.mariadb else (8,))  # older ones read it and forget it

    # ---- what there is ---------------------------------------------------------------------------------------------

    def ask(self, sql, *args):
        self.cursor.execute(sql, args)
        return self.cursor.fetchall()

    def tables(self):
        return [row[0] for row in self.ask("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_TYPE = 'BASE TABLE'", self.db)]

    def columns(self, table):
        return [Column(*row) for row in self.ask(
            'SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE, EXTRA FROM information_schema.COLUMNS '
            'WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION', self.db, table)]

    def keys(self, table):
        return sorted({row[0] for row in self.ask('SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s', self.db, table)})

    def foreign_keys(self, table):
        return [row[0] for row in self.ask("SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s "
                                           "AND CONSTRAINT_TYPE = 'FOREIGN KEY'", self.db, table)]

    def path(self, table):
        return quote(self.db) + '.' + quote(table)

    # ---- definitions -----------------------------------------------------------------------------------------------

    def charset(self, wide=True):
        """wide: servers lose the members of an ENUM that is converted to ucs2 or utf16. MariaDB keeps bytes in ascii that are none."""
        without = ([] if wide else ['ucs2', 'utf16']) + (['ascii'] if self.across and self.facts.mariadb else [])
        charset, collation = self.rng.choice([c for c in COLLATIONS if c[0] not in without])
        return ' CHARACTER SET ' + charset + (' COLLATE ' + collation if collation else '')

    def type(self):
        rng = self.rng
        types = ['INT', 'INT UNSIGNED', 'TINYINT', 'SMALLINT', 'MEDIUMINT', 'BIGINT', 'BIGINT UNSIGNED', 'DECIMAL(10,3)', 'DECIMAL(20,0)', 'FLOAT', 'DOUBLE', 'BIT(3)', 'YEAR', 'DATE',
                 'DATETIME', 'DATETIME(3)', 'DATETIME(6)', 'TIMESTAMP NULL', 'TIMESTAMP(6) NULL', 'TIME', 'TIME(2)', 'BINARY(4)', 'VARBINARY(9)', 'BLOB', 'MEDIUMBLOB', 'POINT']
        texts = ['CHAR(4)', 'CHAR(20)', 'VARCHAR(9)', 'VARCHAR(60)', 'TEXT', 'MEDIUMTEXT', "ENUM('a','b','c')", "SET('x','y','z')"]
        if self.facts.json:
            types.append('JSON')
        if self.facts.mariadb and self.facts.version >= (10, 10) and not self.across:  # a text on the other side, which CONVERT TO converts
            types += ['UUID', 'INET6', 'INET4']
        return rng.choice(types) if rng.random() < 0.55 else rng.choice(texts) + (self.charset() if rng.random() < 0.6 else '')

    def attributes(self, type_text):
        rng, text = self.rng, ''
        is_filled = type_text != 'POINT' and (type_text != 'JSON' or not self.across)  # across it gets a default: test_unsaid.py
        if 'NULL' not in type_text and is_filled and rng.random() < 0.4:
            text = ' NOT NULL'
            if type_text.startswith(('INT', 'BIGINT', 'TINYINT', 'DECIMAL', 'DOUBLE')) and rng.random() < 0.5:
                text += ' DEFAULT %d' % rng.randint(0, 9)
            elif type_text.startswith(('CHAR', 'VARCHAR')) and rng.random() < 0.5:
                text += " DEFAULT 'dA'"
        elif type_text == 'DATETIME(6)' and rng.random() < 0.5:
            text = ' DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)'
        if self.facts.modern and rng.random() < 0.07 and not (self.across and 'NOT NULL' in text):  # MariaDB wants a default
            text += ' INVISIBLE'
        return text + (" COMMENT 'it''s'" if rng.random() < 0.05 else '')

    def column(self, name):
        type_text = self.type()
        return quote(name) + ' ' + type_text + self.attributes(type_text)

    def part(self, column, unmarred=False):
        """Of a key. unmarred: MySQL 9.7 spoils rows of a table with a part of a column in its primary key, behind an instant ADD COLUMN FIRST."""
        long = column.is_long or (column.is_text and self.rng.random() < 0.2 and not unmarred)
        return quote(column.name) + ('(%d)' % self.rng.randint(2, 4) if long and not column.data_type.endswith(('json', 'point')) else '') + \
            (' DESC' if self.has_descending and self.rng.random() < 0.1 else '')

    def key(self, columns, kind=None):
        kind = kind or self.rng.choice(['KEY', 'UNIQUE KEY', 'UNIQUE KEY'])
        unmarred = kind == 'PRIMARY KEY' and not self.facts.mariadb and self.facts.modern
        # MySQL 5.6 gives a column that may be NULL, and is in a primary key, a default, which is not in the statement.
        is_old = kind == 'PRIMARY KEY' and not self.facts.mariadb and self.facts.version < (5, 7)
        usable = [c for c in columns if c.data_type not in ('json', 'point') and not (unmarred and c.is_long) and not (is_old and c.nullable)]
        if not usable:
            return None
        chosen = some(self.rng, usable, 1, 2)
        return '%s (%s)' % (kind, ', '.join(self.part(c, unmarred) for c in chosen))

    def fit_for_generated(self, columns):
        """Not those whose text leans on the session (time zone, PAD_CHAR_TO_FULL_LENGTH), is another one on the other flavour, or is shown wrongly
        by MySQL's catalogue, where a name is beyond ASCII."""
        return [c for c in columns if c.name.isascii() and c.data_type not in ('timestamp', 'char', 'uuid', 'inet4', 'inet6', 'bit', 'float', 'double')]

    def create(self, name):
        rng = self.rng
        lines, made = [], []
        numbered = rng.random() < 0.6
        if numbered:
            lines.append('id %s NOT NULL%s' % (rng.choice(['INT', 'INT', 'BIGINT UNSIGNED']), ' AUTO_INCREMENT' if rng.random() < 0.6 else ''))
        for column in some(rng, NAMES, 1, 7):
            type_text = self.type()
            attributes = self.attributes(type_text)
            lines.append(quote(column) + ' ' + type_text + attributes)
            made.append(Column(column, type_text.split(' CHARACTER')[0], type_text.split('(')[0].split(' ')[0], None, None, 'NO' if 'NOT NULL' in attributes else 'YES', ''))
        if self.facts.generated and self.fit_for_generated(made) and rng.random() < 0.35:
            base = rng.choice(self.fit_for_generated(made))
            expression = '(%s + 1)' % quote(base.name) if base.is_integer else "CONCAT(LEFT(HEX(%s), 40), 'x')" % quote(base.name)
            kind = 'BIGINT' if base.is_integer else 'VARCHAR(90) CHARACTER SET latin1'
            lines.append('gen %s AS (%s) %s' % (kind, expression, rng.choice(['VIRTUAL', 'STORED'])))
            if rng.random() < 0.5:
                lines.append(rng.choice(['KEY', 'UNIQUE KEY']) + ' (gen)')
        has_auto = numbered and 'AUTO_INCREMENT' in lines[0]
        primary = None
        if numbered and (has_auto or rng.random() < 0.7):
            extra = [c for c in made if not c.nullable and c.data_type in ('int', 'varchar', 'char', 'date', 'enum', 'binary', 'decimal')]
            primary = 'PRIMARY KEY (%s)' % ', '.join(['id'] + [self.part(c, True) for c in (some(rng, extra, 1, 1) if extra and rng.random() < 0.2 else [])])
        elif rng.random() < 0.6:
            primary = self.key(made, 'PRIMARY KEY')
        if primary:
            lines.append(primary)
        for _ in range(rng.choice([0, 0, 1, 1, 2])):
            key = self.key(made)
            if key:
                lines.append(key)
        charset = self.charset().replace(' CHARACTER', ' DEFAULT CHARACTER') if rng.random() < 0.7 else ''
        is_wide = 'ucs2' in charset or 'utf16' in charset  # check refuses kept expressions in these
        if self.facts.modern and not self.facts.mariadb and not is_wide and not self.across and rng.random() < 0.08:
            lines.append('UNIQUE KEY ((LOWER(%s)))' % quote(rng.choice(made).name))
        if rng.random() < 0.3:
            parents = [t for t in self.tables() if t != name and any(c.name == 'id' and c.type.startswith('int') for c in self.columns(t))]
            if parents:
                lines.append('parent INT, KEY (parent)')
                lines.append('FOREIGN KEY (parent) REFERENCES %s (id) ON DELETE %s ON UPDATE %s' % (
                    self.path(rng.choice(parents)), rng.choice(ACTIONS), rng.choice(ACTIONS)))
        tail = ' ENGINE=InnoDB' + charset
        if numbered and rng.random() < 0.25 and not any('FOREIGN' in line for line in lines):
            tail += self.partitions()
        return 'CREATE TABLE %s (%s)%s' % (self.path(name), ', '.join(lines), tail)

    def partitions(self):
        return self.rng.choice([' PARTITION BY HASH (id) PARTITIONS 3', ' PARTITION BY KEY (id) PARTITIONS 2',
                                ' PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (50), PARTITION pm VALUES LESS THAN MAXVALUE)',
                                ' PARTITION BY LIST (id) (PARTITION p0 VALUES IN (1, 2, 3, 4, 5, 6, 7, 8), PARTITION p1 VALUES IN (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20))'])

    # ---- rows ------------------------------------------------------------------------------------------------------

    def row(self, columns):
        return '(' + ', '.join('DEFAULT' if self.rng.random() < 0.05 else c.value(self.rng) for c in columns) + ')'

    def where(self, columns):
        rng = self.rng
        column = rng.choice(columns)
        dice = rng.random()
        if dice < 0.1:
            return '1'
        if dice < 0.2:
            return '%s IS NULL' % quote(column.name)
        if column.data_type in ('json', 'point'):
            return '%s IS NOT NULL' % quote(column.name)
        return '%s %s %s' % (quote(column.name), rng.choice(['=', '<', '>', '<=>']), column.value(rng))

    def setting(self, columns):
        rng, parts = self.rng, []
        for column in some(rng, columns, 1, 3):
            dice = rng.random()
            others = [c for c in columns if c.data_type == column.data_type]
            if dice < 0.15:
                value = quote(rng.choice(others).name)
            elif dice < 0.3 and column.is_integer:
                value = '%s + %d' % (quote(column.name), rng.choice([-1, 1, 2, 100]))
            elif dice < 0.4 and column.is_text:
                value = rng.choice(['UPPER(%s)', 'LOWER(%s)', "CONCAT(%s, ' ')", 'LEFT(%s, 2)']) % quote(column.name)
            elif dice < 0.5 and column.data_type == 'json':
                value = "JSON_SET(%s, '$.k%d', %d)" % (quote(column.name), rng.randint(0, 3), rng.randint(0, 99))
            else:
                value = column.value(rng)
            parts.append('%s = %s' % (quote(column.name), value))
        return ', '.join(parts)

    def change(self):
        """A statement that changes rows, or None."""
        rng = self.rng
        tables = self.tables()
        if not tables:
            return None
        table = rng.choice(tables)
        all_columns = self.columns(table)
        columns = [c for c in all_columns if not c.generated]
        if not columns:
            return None
        path, dice = self.path(table), rng.random()
        if dice < 0.45:
            listed = columns if rng.random() < 0.7 else some(rng, columns)
            verb = rng.choice(['INSERT INTO', 'INSERT INTO', 'INSERT IGNORE INTO', 'REPLACE INTO'])
            sql = '%s %s (%s) VALUES %s' % (verb, path, ', '.join(quote(c.name) for c in listed), ', '.join(self.row(listed) for _ in range(rng.choice([1, 1, 2, 5]))))
            return sql + (' ON DUPLICATE KEY UPDATE ' + self.setting(columns) if verb == 'INSERT INTO' and rng.random() < 0.2 else '')
        if dice < 0.75:
            return 'UPDATE %s%s SET %s WHERE %s%s' % (rng.choice(['', '', 'IGNORE ']), path, self.setting(columns), self.where(all_columns), rng.choice(['', ' LIMIT 1', ' LIMIT 3']))
        if dice < 0.93:
            return 'DELETE FROM %s WHERE %s LIMIT %d' % (path, self.where(all_columns), rng.randint(1, 4))
        other = rng.choice(tables)
        if dice < 0.96:
            there = [c for c in self.columns(other) if not c.generated]
            listed = some(rng, columns, 1, min(len(columns), len(there)))
            return 'INSERT IGNORE INTO %s (%s) SELECT %s FROM %s LIMIT 5' % (path, ', '.join(quote(c.name) for c in listed), ', '.join(
                quote(c.name) for c in there[:len(listed)]), self.path(other))
        return 'UPDATE %s AS one, %s AS two SET %s' % (path, self.path(other), ', '.join('one.%s = %s' % (quote(c.name), c.value(rng)) for c in some(rng, columns, 1, 2)))

    # ---- definitions that change -----------------------------------------------------------------------------------

    def free_name(self, taken):
        return self.rng.choice([n for n in NAMES + ['n%d' % i for i in range(20)] if n not in taken])

    def action(self, table, columns):
        """One of ALTER TABLE."""
        rng = self.rng
        names = [c.name for c in columns]
        column = rng.choice(columns)
        place = rng.choice(['', '', ' FIRST', ' AFTER ' + quote(column.name)])
        dice = rng.randrange(16)
        if dice < 3:
            return 'ADD COLUMN ' + self.column(self.free_name(names)) + place
        if dice < 5:
            return 'DROP COLUMN ' + quote(column.name)
        if dice == 5:
            return 'MODIFY COLUMN ' + self.column(column.name) + place
        if dice == 6:
            return 'MODIFY COLUMN %s %s%s%s' % (quote(column.name), column.type, ' NOT NULL' if not column.nullable else '', place)
        if dice == 7:
            return 'CHANGE COLUMN %s %s %s%s' % (quote(column.name), quote(self.free_name(names)), column.type, place)
        if dice < 10:
            key = self.key([c for c in columns if not c.generated])
            return 'ADD ' + key if key else None
        if dice == 10:
            keys = [key for key in self.keys(table) if key not in ('PRIMARY', 'parent')]  # without its key a foreign key is one no more
            return 'DROP KEY ' + quote(rng.choice(keys)) if keys else None
        if dice == 11:
            return 'DROP PRIMARY KEY'
        if dice == 12:
            key = self.key([c for c in columns if not c.generated], 'PRIMARY KEY')
            return 'ADD ' + key if key else None
        if dice == 13 and self.across and self.facts.mariadb:
            return "COMMENT 'no JSON in another charset'"  # there it is a text, and MySQL's is not
        if dice == 13:
            return rng.choice(['CONVERT TO', 'DEFAULT']) + self.charset(wide=False)
        if dice == 14:
            keys = self.foreign_keys(table)
            return 'DROP FOREIGN KEY ' + quote(rng.choice(keys)) if keys else "COMMENT '%d'" % rng.randint(0, 9)
        return rng.choice(['ENGINE=InnoDB', 'ROW_FORMAT=COMPACT', 'ROW_FORMAT=DYNAMIC', 'AUTO_INCREMENT=%d' % rng.randint(1, 300), 'ALTER COLUMN %s SET DEFAULT 7' % quote(column.name)])

    def alter(self):
        """A statement that changes the schema, or None."""
        rng = self.rng
        tables = self.tables()
        dice = rng.random()
        if len(tables) < 4 or dice < 0.08:
            return self.create('t%d' % rng.randint(0, 99))
        table = rng.choice(tables)
        path = self.path(table)
        if dice < 0.12:
            return 'DROP TABLE ' + path
        if dice < 0.16:
            return 'TRUNCATE TABLE ' + path
        if dice < 0.22:
            return 'RENAME TABLE %s TO %s' % (path, self.path('t%d' % rng.randint(0, 99)))
        if dice < 0.26:
            a, b = rng.choice(tables), rng.choice(tables)
            return 'RENAME TABLE %s TO %s, %s TO %s, %s TO %s' % (self.path(a), self.path('swap'), self.path(b), self.path(a), self.path('swap'), self.path(b))
        if dice < 0.29:
            return 'CREATE TABLE %s LIKE %s' % (self.path('t%d' % rng.randint(0, 99)), path)
        if dice < 0.34:
            return 'ALTER TABLE ' + path + rng.choice([self.partitions(), ' REMOVE PARTITIONING', ' ADD PARTITION PARTITIONS 1', ' COALESCE PARTITION 1', ' TRUNCATE PARTITION p0', ' DROP PARTITION p1',
                                                       ' REORGANIZE PARTITION p0, p1 INTO (PARTITION p0 VALUES LESS THAN (50))'])
        if dice < 0.37:
            return 'CREATE %sINDEX k%d ON %s' % (rng.choice(['', 'UNIQUE ']), rng.randint(0, 99), path) + (self.key(self.columns(table), '') or ' (id)')
        actions = [a for a in (self.action(table, self.columns(table)) for _ in range(rng.choice([1, 1, 2, 3]))) if a]
        return 'ALTER TABLE %s %s' % (path, ', '.join(actions)) if actions else None
