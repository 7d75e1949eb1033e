"""The typed tables of the test schema, as descriptions that both the schema and the writers use.

Every table is a Table: its columns in order with their Kinds, the columns by which a writer finds a row, and further
lines of CREATE TABLE. Nothing here talks to a server.
"""

import bs_values as v
from bs_values import quote

ODD_DB = 'odd `db` ñ'


class Facts:
    """What a server is and what its dialect has."""

    def __init__(self, version_text):
        self.text = version_text
        self.mariadb = 'mariadb' in version_text.lower()
        self.version = tuple(int(part) for part in version_text.split('-')[0].split('.')[:3])
        mysql = not self.mariadb
        self.json = self.mariadb or self.version >= (5, 7, 8)
        self.generated = self.mariadb or self.version >= (5, 7, 6)
        self.opaque_json = mysql and self.json
        self.modern = self.mariadb or self.version >= (8, 0, 23)  # CHECK, invisible columns, default expressions
        self.srid_clause = mysql and self.version >= (8, 0, 3)
        self.long_keys = self.mariadb or self.version >= (5, 7, 7)
        self.super_read_only = mysql and self.version >= (5, 7, 8)
        self.late_timestamp = self.mariadb and self.version >= (11, 5)

    @classmethod
    def of(cls, connection):
        with connection.cursor() as cursor:
            cursor.execute('SELECT VERSION()')
            return cls(cursor.fetchone()[0])


class Table:
    """`key` lists the columns that identify a row for the writers; empty for keyless tables. `hidden` columns get no
    values (generated, auto-increment where wanted). `lines` are appended inside, `suffix` after the parentheses."""

    def __init__(self, db, name, columns, key=('id',), lines=(), suffix='', hidden=(), seed_rows=40, writers=True,
                 engine='InnoDB'):
        self.db, self.name, self.columns, self.key = db, name, columns, tuple(key)
        self.lines, self.suffix, self.hidden = list(lines), suffix, set(hidden)
        self.seed_rows, self.writers, self.engine = seed_rows, writers, engine
        self.visible = [column for column in columns if column not in self.hidden]

    @property
    def sql_name(self):
        return quote(self.db) + '.' + quote(self.name)

    def create_sql(self):
        lines = ['%s %s' % (quote(name), kind.sql) for name, kind in self.columns.items()]
        return 'CREATE TABLE %s (\n  %s\n) ENGINE=%s %s' % (self.sql_name, ',\n  '.join(lines + self.lines), self.engine, self.suffix)

    def row(self, rng):
        return '(' + ', '.join(self.columns[name].value(rng) for name in self.visible) + ')'

    def insert_sql(self, rows, verb='INSERT', tail=''):
        names = ', '.join(quote(name) for name in self.visible)
        return '%s INTO %s (%s) VALUES %s %s' % (verb, self.sql_name, names, ', '.join(rows), tail)

    def extreme_rows(self):
        """Rows that together hold every extreme of every column; an `id` counts."""
        count = max([len(kind.extremes) for kind in self.columns.values()] + [1])
        for i in range(count):
            values = []
            for name in self.visible:
                kind = self.columns[name]
                if name == 'id':
                    values.append(str(10 + i))
                else:
                    values.append(kind.extremes[i % len(kind.extremes)] if kind.extremes else '1')
            yield '(' + ', '.join(values) + ')'

    def null_row(self):
        values = ['5' if name == 'id' else ('NULL' if self.columns[name].nullable else self.columns[name].extremes[0])
                  for name in self.visible]
        return '(' + ', '.join(values) + ')'


def _id(low=1000, high=4000):
    return v.small_int('INT', low, high).not_null()


def _by_id(db, name, columns, **more):
    lines = ['PRIMARY KEY (`id`)'] + list(more.pop('lines', ()))
    return Table(db, name, {'id': _id(), **columns}, lines=lines, **more)


def number_tables():
    ints = {}
    for sql, bits in (('TINYINT', 8), ('SMALLINT', 16), ('MEDIUMINT', 24), ('INT', 32), ('BIGINT', 64)):
        ints['s%d' % bits] = v.integer(sql, bits)
        ints['u%d' % bits] = v.integer(sql, bits, unsigned=True)
    ints['bool'] = v.Kind('BOOLEAN', ['0', '1', '-128'], lambda rng: str(rng.randint(0, 1)))
    ints['zerofill'] = v.Kind('INT(8) ZEROFILL', ['0', '4294967295'], lambda rng: str(rng.randint(0, 10 ** 9)))
    yield _by_id('types', 'integers', ints)
    shapes = [(1, 0), (5, 0), (9, 9), (10, 5), (18, 9), (19, 1), (27, 13), (30, 30), (38, 10), (65, 0), (65, 30)]
    decimals = {'d%d_%d' % shape: v.decimal(*shape) for shape in shapes}
    decimals['unsigned'] = v.decimal(20, 4, ' UNSIGNED')
    decimals['zerofill'] = v.decimal(12, 3, ' ZEROFILL')
    yield _by_id('types', 'decimals', decimals)
    yield _by_id('types', 'floats', {'f': v.FLOAT, 'd': v.DOUBLE, 'fu': v.FLOAT_UNSIGNED, 'fd': v.FLOAT_DIGITS,
                                     'dd': v.DOUBLE_DIGITS, 'f2': v.FLOAT})
    yield _by_id('types', 'bits', {'b%d' % size: v.bit(size) for size in range(1, 65)}, seed_rows=10)


def temporal_tables(facts):
    columns = {'date': v.DATE, 'year': v.YEAR}
    for fsp in range(7):
        columns['time%d' % fsp] = v.time(fsp)
        columns['datetime%d' % fsp] = v.datetime(fsp)
        columns['timestamp%d' % fsp] = v.timestamp(fsp)
        if facts.late_timestamp:
            columns['timestamp%d' % fsp].extremes.append("'2106-02-07 06:28:15'")
    yield _by_id('types', 'temporals', columns, lines=['KEY (`datetime3`)', 'KEY (`time6`, `date`)'])
    yield _by_id('types', 'temporal defaults', {
        'created': v.Kind('TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
                          ["'2001-02-03 04:05:06'"], lambda rng: 'DEFAULT', nullable=False),
        'changed': v.Kind('DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)',
                          ["'0000-00-00 00:00:00'"], lambda rng: 'DEFAULT'),
        'zero': v.Kind("DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'", ["'0000-00-00 00:00:00'"],
                       lambda rng: 'DEFAULT', nullable=False),
        'zero_date': v.Kind("DATE NOT NULL DEFAULT '0000-00-00'", ["'0000-00-00'", "'2023-02-30'"],
                            lambda rng: "'2024-01-00'", nullable=False),
        'n': v.small_int()})


def string_tables(facts):
    yield _by_id('types', 'strings', {
        'char0': v.Kind('CHAR(0)', ["''"], lambda rng: "''"), 'char10': v.words('CHAR(10)'),
        'char255': v.text('utf8mb4', sql='CHAR(255)'), 'varchar0': v.Kind('VARCHAR(0)', ["''"], lambda rng: "''"),
        'varchar300': v.text('utf8', sql='VARCHAR(300)', longest=30), 'padded': v.words('VARCHAR(20)', 'a ', 0, 5),
        'tinytext': v.text('utf8mb4', sql='TINYTEXT', longest=4), 'text': v.text('utf8mb4', sql='TEXT', longest=200),
        'mediumtext': v.text('latin1', sql='MEDIUMTEXT', longest=300),
        'longtext': v.text('utf8', sql='LONGTEXT', longest=100),
    }, lines=['KEY `prefix index` (`text`(10), `char10`)'])
    yield _by_id('types', 'bytes', {
        'binary1': v.binary(1), 'binary16': v.binary(16), 'binary255': v.binary(255), 'varbinary1': v.varbinary(1),
        'varbinary300': v.varbinary(300), 'tinyblob': v.blob('TINYBLOB', 252), 'blob': v.blob('BLOB', 65000),
        'mediumblob': v.blob('MEDIUMBLOB', 70000), 'longblob': v.blob('LONGBLOB', 100000)}, seed_rows=10)
    beyond = ['a', 'ñandú', '日本', 'x y', "it's", 'back\\slash', 'Ω']
    many = ['m%03d' % i for i in range(300)]
    yield _by_id('types', 'enums and sets', {
        'e1': v.member('ENUM', ['only']), 'e7': v.member('ENUM', beyond), 'e300': v.member('ENUM', many, 'latin1'),
        'e_empty': v.member('ENUM', ['', 'x', 'y']), 'e_latin1': v.member('ENUM', ['ä', 'ö', 'é'], 'latin1'),
        'e_gbk': v.member('ENUM', ['中文', '誠', 'a'], 'gbk'), 'e_sjis': v.member('ENUM', ['表', 'ソ'], 'sjis'),
        'e_ucs2': v.member('ENUM', ['日', 'é'], 'ucs2'), 's7': v.member('SET', beyond[:3] + beyond[4:]),
        's8': v.member('SET', many[:8], 'latin1'), 's9': v.member('SET', many[:9]), 's17': v.member('SET', many[:17]),
        's33': v.member('SET', many[:33]), 's64': v.member('SET', many[:64]), 's_gbk': v.member('SET', ['中', '誠'], 'gbk')})
    yield _by_id('types', 'wide', {'c%03d' % i: v.small_int('SMALLINT') for i in range(300)}, seed_rows=5)


def charset_tables(facts, without):
    columns = {charset: v.text(charset) for charset in v.SAMPLES}
    if facts.json and not facts.mariadb and 'gb18030' not in without:
        columns['gb18030'] = v.Kind('VARCHAR(40) CHARACTER SET gb18030', [v.hexed('誠\u3400'.encode('gb18030'), 'gb18030')],
                                    lambda rng: v.hexed('中文'.encode('gb18030'), 'gb18030'))
    yield _by_id('texts', 'varchars', columns, suffix='DEFAULT CHARSET=latin1')
    yield _by_id('texts', 'texts', {charset: v.text(charset, sql='TEXT', longest=100) for charset in v.SAMPLES},
                 seed_rows=10)
    yield _by_id('texts', 'chars', {charset: v.text(charset, sql='CHAR(20)', longest=4) for charset in v.SAMPLES},
                 suffix='DEFAULT CHARSET=gbk')
    for charset in ('gbk', 'sjis', 'ucs2', 'utf16', 'latin1', 'utf8mb4'):
        yield Table('texts', 'keyed by ' + charset, {'k': v.text(charset, sql='VARCHAR(60)', longest=5).not_null(),
                                                     'n': v.small_int()}, key=('k',), lines=['PRIMARY KEY (`k`)'],
                    suffix='DEFAULT CHARSET=' + charset)


def flavour_tables(facts, without):
    if facts.json and 'json' not in without:
        opaque = facts.opaque_json and 'json-opaque' not in without
        yield _by_id('types', 'json', {'j': v.json_kind(opaque), 'k': v.json_kind(opaque)}, seed_rows=20)
    if 'geometry' not in without:
        shapes = {shape.lower(): v.geometry(shape) for shape in v.SHAPES}
        srids = (0,) if facts.srid_clause else (0, 4326, 7)
        yield _by_id('types', 'geometry', {'g': v.geometry('GEOMETRY', srids + ((4326,) if facts.srid_clause else ())),
                                           **shapes}, seed_rows=10)
        if facts.generated:
            clause = ' NOT NULL SRID 4326' if facts.srid_clause else ' NOT NULL'
            kind = v.geometry('POINT', (4326,), clause)
            kind.nullable = False
            yield _by_id('types', 'places', {'p': kind, 'n': v.small_int()}, lines=['SPATIAL KEY (`p`)'])
    if facts.generated and 'generated' not in without:
        yield _by_id('types', 'generated', {
            'a': v.small_int(), 'sum_virtual': v.Kind('INT GENERATED ALWAYS AS (`a` + `b`) VIRTUAL', [], None),
            'b': v.small_int(), 'text_stored': v.Kind("VARCHAR(60) GENERATED ALWAYS AS (CONCAT(`t`, '-', `id`)) STORED", [], None),
            't': v.words('VARCHAR(20)'), 'indexed': v.Kind('BIGINT GENERATED ALWAYS AS (`a` * 7) VIRTUAL', [], None),
            'last': v.small_int()}, hidden=('sum_virtual', 'text_stored', 'indexed'),
            lines=['KEY (`indexed`)', 'UNIQUE KEY (`text_stored`)'])
    if facts.modern and 'invisible' not in without:
        hidden = v.small_int('INT DEFAULT 7 INVISIBLE')
        yield _by_id('types', 'invisible', {'a': v.small_int(), 'secret': hidden, 'b': v.words(),
                                            'made': v.Kind('VARCHAR(40) DEFAULT (CONCAT(\'x\', 1 + 1))', ["'y'"],
                                                           lambda rng: 'DEFAULT')},
                     lines=['CONSTRAINT `positive ñ` CHECK (`a` >= 0)'])
    if facts.mariadb and 'compressed' not in without:
        yield from compressed_tables()
    if facts.mariadb and 'versioned' not in without:
        yield _by_id('types', 'versioned', {'a': v.small_int(), 't': v.text('utf8mb4'), 'd': v.datetime(3)}, suffix='WITH SYSTEM VERSIONING')
    special = {}
    if facts.mariadb:
        special['inet6'] = v.INET6
        if facts.version >= (10, 7):
            special['uuid'] = v.UUID
        if facts.version >= (10, 10):
            special['inet4'] = v.INET4
    if (facts.mariadb and facts.version >= (11, 7)) or (not facts.mariadb and facts.version >= (9,)):
        special['vector'] = v.vector(5)
    if special and 'special' not in without:
        yield _by_id('types', 'special', special)
        if 'uuid' in special:
            yield Table('keys', 'by uuid', {'u': v.UUID.not_null(), 'n': v.small_int()}, key=('u',),
                        lines=['PRIMARY KEY (`u`)'])


def compressed_tables():
    """COMPRESSED columns: values that are kept as they are, and values that shrink."""
    def squeezed(kind):
        return v.Kind(kind.sql, [*kind.extremes, "REPEAT('squeeze ', 30)"], kind.random)

    yield _by_id('types', 'compressed', {
        'varchar': squeezed(v.text('utf8mb4', sql='VARCHAR(400) COMPRESSED', longest=60)),
        'latin1': squeezed(v.text('latin1', sql='VARCHAR(300) COMPRESSED')),
        'varbinary': squeezed(v.varbinary(300, 'VARBINARY(300) COMPRESSED')),
        'tinytext': squeezed(v.text('latin1', sql='TINYTEXT COMPRESSED')),
        'text': squeezed(v.text('utf8', sql='TEXT COMPRESSED=zlib', longest=200)), 'blob': squeezed(v.blob('BLOB COMPRESSED', 60000)),
        'mediumtext': squeezed(v.text('utf8mb4', sql='MEDIUMTEXT COMPRESSED', longest=300)),
        'longblob': squeezed(v.blob('LONGBLOB COMPRESSED', 100000)),
        'short': v.Kind('VARCHAR(10) COMPRESSED', ["'aaaaaaaaaa'", "''"], lambda rng: "'bbbbbbbb'"), 'n': v.small_int()}, seed_rows=10)
    yield Table('keys', 'keyless compressed', {'t': v.Kind('TEXT COMPRESSED', ["REPEAT('a', 500)", "''"], lambda rng: "'a'"),
                                               'n': v.small_int('INT', 0, 4)}, key=(), seed_rows=30)


def key_tables(facts, without):
    def keyed(name, kinds, suffix='', key=None, **more):
        columns = {column: kind.not_null() for column, kind in kinds.items()}
        columns['n'] = v.small_int()
        columns['t'] = v.words()
        names = ', '.join(quote(column) for column in kinds)
        return Table('keys', name, columns, key=tuple(kinds), lines=[key or 'PRIMARY KEY (%s)' % names], suffix=suffix, **more)

    small_text = v.words('VARCHAR(40)', 'abAB äÄ', 0, 3)
    yield keyed('by bigint unsigned', {'k': v.integer('BIGINT', 64, unsigned=True)})
    yield keyed('by negative', {'k': v.integer('INT', 32)})
    yield keyed('by decimal', {'k': v.decimal(20, 5)})
    yield keyed('by datetime', {'k': v.datetime(6)})
    yield keyed('by time', {'k': v.time(3)})
    yield keyed('by bit', {'k': v.bit(20)})
    yield keyed('by double', {'k': v.DOUBLE}) if 'double-key' not in without else keyed('by year', {'k': v.YEAR})
    yield keyed('by enum and set', {'e': v.member('ENUM', ['z', 'ñ', 'a', '日']), 's': v.member('SET', ['b', 'a', 'é'])})
    yield keyed('by set of 64', {'k': v.member('SET', ['m%02d' % i for i in range(64)], 'latin1')})
    yield keyed('by binary16', {'k': v.binary(16)})
    yield keyed('by varbinary', {'k': v.Kind('VARBINARY(16)', [v.hexed(b''), v.hexed(b'\0'), v.hexed(b'\0\0'), v.hexed(b'a\0')],
                                             lambda rng: v.hexed(bytes(rng.choice(b'\0a\\\xff') for _ in range(rng.randint(0, 5)))))})
    yield keyed('by text ci', {'k': small_text}, 'DEFAULT CHARSET=utf8mb4')
    yield keyed('by text bin', {'k': small_text}, 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin')
    yield keyed('by text unicode', {'k': small_text}, 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci')
    yield keyed('by latin1', {'k': v.text('latin1', sql='CHAR(20)', longest=3)}, 'DEFAULT CHARSET=latin1')
    yield keyed('composite', {'a': v.small_int('INT', 0, 20), 'b': v.words('VARCHAR(20)', 'abAB', 0, 3), 'c': v.DATE})
    if 'prefix-key' not in without:
        yield keyed('by prefix', {'k': v.words('TEXT', 'abcdef', 3, 8)}, key='PRIMARY KEY (`k`(3))', seed_rows=10)
    yield keyed('not null unique', {'k': v.small_int('INT', 0, 3000)}, key='UNIQUE KEY (`k`)')
    yield keyed('partitioned', {'k': v.small_int('INT', 0, 3000)}, 'PARTITION BY RANGE (`k`) (PARTITION p0 VALUES LESS THAN (1000), '
                'PARTITION p1 VALUES LESS THAN (2000), PARTITION p2 VALUES LESS THAN MAXVALUE)')
    yield keyed('hashed', {'k': v.small_int('INT', 0, 3000), 'k2': v.small_int('INT', 0, 3)}, 'PARTITION BY HASH (`k`) PARTITIONS 4')
    yield Table('keys', 'nullable unique', {'k': v.small_int('INT', 0, 60), 't': v.words(), 'f': v.DOUBLE}, key=(), lines=['UNIQUE KEY (`k`)'])
    yield Table('keys', 'three uniques', {'id': _id(0, 500), 'u1': v.small_int('INT', 0, 500), 'u2': small_text,
                                          'n': v.small_int()}, lines=['PRIMARY KEY (`id`)', 'UNIQUE KEY (`u1`)', 'UNIQUE KEY (`u2`, `n`)'])
    yield Table('keys', 'auto', {'id': v.Kind('BIGINT NOT NULL AUTO_INCREMENT', ['0', '77777'], lambda rng: 'NULL', nullable=False),
                                 't': v.words(), 'n': v.small_int()}, lines=['PRIMARY KEY (`id`)'], suffix="AUTO_INCREMENT=5000000 COMMENT='it''s\\\\ñ \"c\"'")
    few = v.small_int('INT', 0, 4)
    yield Table('keys', 'keyless', {'a': few, 't': v.words('VARCHAR(10)', 'aA ', 0, 2), 'n': few}, key=(), seed_rows=200)
    yield Table('keys', 'keyless floats', {'f': v.Kind('FLOAT', ['0.1', '-0e0', '0', '1.4e-45', '3.402823466e38'], lambda rng: '0.3'),
                                           'd': v.Kind('DOUBLE', ['0.1', '-0e0', '0', '5e-300'], lambda rng: '0.3')}, key=(), seed_rows=60)
    yield Table('keys', 'keyless text', {'t': v.words('TEXT', 'aAä ', 0, 2), 'b': v.Kind('BLOB', ["'a'", "''"], lambda rng: "'b'"),
                                         'e': v.member('ENUM', ['x', 'ñ']), 'y': v.bit(9), 'd': v.Kind('DATETIME(3)', ["'0000-00-00'"], lambda rng: "'2024-01-01 00:00:00.5'")},
                key=(), seed_rows=60)
    if facts.json and 'json' not in without:
        yield Table('keys', 'keyless json', {'j': v.Kind('JSON', ["'{\"a\": 1.0}'", "'[1]'"], lambda rng: "'{\"a\": 2}'"), 'n': few}, key=(), seed_rows=20)


def odd_tables():
    yield Table(ODD_DB, 'ta`ble with space 表', {'co`l 1': _id(), 'ñame': v.words(), 'select': v.small_int(), '日本': v.words('TEXT'),
                                               "it's \"q\"": v.small_int(), 'back\\slash': v.small_int(), '%s': v.small_int(), 'a.b': v.small_int()},
                key=('co`l 1',), lines=['PRIMARY KEY (`co``l 1`)', 'KEY `i``dx ñ` (`select`, `ñame`(5))', 'UNIQUE KEY `日` (`co``l 1`, `%s`)'],
                suffix='DEFAULT CHARSET=utf8mb4')
    for name in ('Case', 'case', '%', 'semi;colon', "quote'd", 'dash-/.dot', 'n' * 64, 'tab\ttab', '#1', '--'):
        yield _by_id(ODD_DB, name, {'v': v.small_int(), 't': v.words()}, seed_rows=5)


def engine_tables(facts):
    """Engines without transactions, which become InnoDB on the target; with options that it does not take."""
    def table(name, engine, suffix='', key=('id',), lines=('PRIMARY KEY (`id`)', 'KEY (`n`)'), **more):
        columns = {'id': _id(0, 3000), 't': v.text('latin1', sql='VARCHAR(60)'), 'n': v.small_int(), 'd': v.datetime(0)}
        return Table('engines', name, columns, key=key, lines=lines, suffix=suffix, engine=engine, **more)

    yield table('a myisam', 'MyISAM', 'DELAY_KEY_WRITE=1 MAX_ROWS=100000')
    yield table('myisam keyless', 'MyISAM', key=(), lines=(), seed_rows=200)
    yield table('memory', 'MEMORY', lines=('PRIMARY KEY (`id`)', 'UNIQUE KEY `h` (`n`, `id`) USING HASH'))
    yield table('memory keyless', 'MEMORY', key=(), lines=(), seed_rows=20)
    if facts.mariadb:
        yield table('aria', 'Aria', 'PAGE_CHECKSUM=1')
        yield table('aria plain', 'Aria', 'TRANSACTIONAL=0 ROW_FORMAT=DYNAMIC', lines=('PRIMARY KEY (`id`)', 'FULLTEXT KEY (`t`)'))
    if facts.mariadb or facts.version < (8,):
        yield table('myisam parts', 'MyISAM', 'PARTITION BY HASH (`id`) PARTITIONS 3', lines=('PRIMARY KEY (`id`)',))


def all_tables(facts, without=()):
    tables = [*number_tables(), *temporal_tables(facts), *string_tables(facts), *charset_tables(facts, without),
              *flavour_tables(facts, without), *key_tables(facts, without), *odd_tables()]
    if 'engines' not in without:
        tables += engine_tables(facts)
    return [table for table in tables if table.name not in without]
