"""Kinds of objects and what becomes of each on the way: the rows of docs/matrix.md, and the cases of test_translation.py.

A case has statements for a source of each flavour that knows the kind (they run in a database of their own), and an
outcome for each direction:

    EXACT        the target's catalogue says the same, and every row is the same
    changed(x)   said in the target's words, or nearly the same thing; check names it under "translated"
    left_out(x)  the target has no equal and rows do not depend on it; check warns under "left-out"
    refused(x)   no equal: check fails, before anything is copied; x is part of what it says

`changes` run on the source while binstream follows."""

DIRECTIONS = ('my-my', 'ma-ma', 'my-ma', 'ma-my')
TITLES = {'my-my': 'MySQL to MySQL', 'ma-ma': 'MariaDB to MariaDB', 'my-ma': 'MySQL to MariaDB', 'ma-my': 'MariaDB to MySQL'}
PAIRS = {'my-my': ('mysql-9.7', 'mysql-9.7'), 'ma-ma': ('mariadb-11.8', 'mariadb-11.8'),
         'my-ma': ('mysql-9.7', 'mariadb-11.8'), 'ma-my': ('mariadb-11.8', 'mysql-9.7')}


class Outcome:
    def __init__(self, word, says='', cell=''):
        self.word, self.says, self.cell = word, says, cell or says

    @property
    def carried(self):
        return self.word != 'refused'


EXACT = Outcome('exact')
NONE = Outcome('—')  # the source's flavour has no such thing


def changed(says='', cell=''):
    return Outcome('translated', says, cell)


def left_out(says, cell=''):
    return Outcome('left out', says, cell)


def refused(says, cell=''):
    return Outcome('refused', says, cell)


class Case:
    def __init__(self, name, kind, both=None, mysql=None, mariadb=None, changes=(), expect=(), **outcomes):
        self.name, self.kind = name, kind
        self.statements = {'my': mysql or both, 'ma': mariadb or both}
        self.changes, self.expect = changes, expect
        self.outcomes = {d: outcomes.get(d.replace('-', '_'), EXACT if self.statements[d[:2]] else NONE) for d in DIRECTIONS}

    @property
    def database(self):
        return 'c_' + self.name.replace('-', '_')

    def of(self, direction):
        """Statements of the source's flavour, or None where this direction has nothing to show."""
        return None if self.outcomes[direction] is NONE else self.statements[direction[:2]]


def table(columns, *rows, options=''):
    """t with an id, and rows in it; values are SQL text."""
    statements = ['CREATE TABLE t (id INT NOT NULL PRIMARY KEY, %s) %s' % (columns, options or 'ENGINE=InnoDB')]
    for number, row in enumerate(rows, 1):
        statements.append('INSERT INTO t VALUES (%d, %s)' % (number, row))
    return statements


TOUCH = ('UPDATE t SET id = id + 100 ORDER BY id DESC', 'UPDATE t SET id = id - 100 ORDER BY id', 'INSERT INTO t (id) VALUES (50)',
         'DELETE FROM t WHERE id = 2')
MOVE = TOUCH[:2]

# Every pattern of zero words, which decides where the text has its gap and its dots.
INET6_PATTERNS = ['INSERT INTO t (id, b) VALUES ' + ', '.join(
    "(%d, '%s')" % (1000 * len(word) + mask, ':'.join('0' if mask >> i & 1 else word for i in range(8))) for mask in range(256))
    for word in ('1', 'ab', 'fff', 'ffff')]

JSON_TYPES = "SELECT CONCAT_WS(' ', %s) FROM t WHERE id = %%d" % ', '.join("JSON_TYPE(JSON_EXTRACT(a, '$[%d]'))" % i for i in range(7))

def literals(charset):
    """What MySQL prints with a charset in front of each literal, and MariaDB would read otherwise."""
    return ["CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(20), g VARCHAR(40) AS (CONCAT(a, %s'é\\\\n\\'😀')) STORED, h INT AS (a = %s'geändert') STORED, "
            "d VARCHAR(20) DEFAULT (CONCAT(%s'für\\\\', 'x')), CHECK (a REGEXP %s'^\\\\d+$' OR a IN ('offen', %s'geändert'))) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
            % (5 * (charset,)), "INSERT INTO t (id, a) VALUES (1, '12'), (2, 'geändert'), (3, 'offen')"]


LITERALS_ADDED = ("ALTER TABLE t ADD x VARCHAR(40) AS (CONCAT(a, 'ö\\\\')) STORED", "ALTER TABLE t ADD y VARCHAR(40) AS (CONCAT(a, /*!80000 _utf8mb4*/ 'ö\\\\')) STORED")
LITERAL_VALUES = [(id, text + "é\\n'😀|%d|für\\x|" % (text == 'geändert') + text + 'ö\\|' + text + 'ö\\')
                  for id, text in ((1, '12'), (2, 'geändert'), (3, 'offen'), (60, '12'), (61, 'geändert'))]


PACKAGE = ("SET sql_mode='ORACLE'", 'CREATE PACKAGE %s COMMENT \'of %s\' AS FUNCTION f RETURN INT; END',
           'CREATE PACKAGE BODY %s AS n INT := 1; FUNCTION f RETURN INT AS BEGIN n := n + 1; RETURN n; END; END', 'SET sql_mode=DEFAULT')


def package(name):
    return [statement.replace('%s', name) for statement in PACKAGE]


CASES = [
    # ---- columns
    Case('integers', 'integers, display widths, ZEROFILL', changes=TOUCH,
         both=table('a INT(5) ZEROFILL, b TINYINT(1), c BIGINT UNSIGNED, d SMALLINT(3)', '7, 1, 18446744073709551615, -5', 'NULL, 0, 0, 0')),
    Case('decimals', 'DECIMAL, FLOAT, DOUBLE', changes=TOUCH,
         both=table('a DECIMAL(65,30), b FLOAT, c DOUBLE, d FLOAT(7,3)', '-1.5, 1.1e-3, 1e308, 12.345', '0, 0, 0, 0')),
    Case('wide-scale', 'DECIMAL with more than 30 decimals', mariadb=table('a DECIMAL(38,38)', '0.5'),
         ma_my=refused('at most 30 digits')),
    Case('temporals', 'DATE, TIME, DATETIME, TIMESTAMP, YEAR, with fractions', changes=TOUCH,
         both=table("a DATE, b TIME(6), c DATETIME(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), d TIMESTAMP(2) NULL, e YEAR",
                    "'2024-02-29', '-838:59:59', '9999-12-31 23:59:59.999', '2037-01-01 10:00:00.12', 2155", "NULL, '00:00:00.000001', NULL, NULL, 0")),
    Case('strings', 'CHAR, VARCHAR, TEXT in several charsets', changes=TOUCH,
         both=table("a VARCHAR(20) CHARACTER SET latin1, b CHAR(5) CHARACTER SET utf8mb4, c TEXT CHARACTER SET cp1251, d VARCHAR(9) CHARACTER SET sjis",
                    "'häß', '😀', 'я', 'あ'", "'', '', '', ''")),
    Case('binaries', 'BINARY, VARBINARY, BLOB, BIT', changes=TOUCH,
         both=table("a BINARY(4) DEFAULT 'ab', b VARBINARY(9), c MEDIUMBLOB, d BIT(13) DEFAULT b'101'", "X'00FF', X'', X'0001', b'1'", "'a', 'b', 'c', b'0'")),
    Case('enums', 'ENUM and SET', changes=TOUCH,
         both=table("a ENUM('x','y','ä') CHARACTER SET utf8mb4, b SET('p','q','r')", "'ä', 'p,r'", "NULL, ''")),
    Case('enums-shown', 'members of ENUM and SET, and defaults, that the source shows as another text', both=table("a ENUM('x','😁') CHARACTER SET utf8mb4", "'😁'"),
         **{d: refused('other text than they are', 'beyond utf8mb3, or a character with two codes') for d in ('my_my', 'ma_ma', 'my_ma', 'ma_my')}),
    Case('json', 'JSON columns', changes=MOVE + ("INSERT INTO t VALUES (60, '[1, 2]')",),
         both=table('a JSON', '\'{"a": [1, 2.5, "x", null]}\'', 'NULL'),
         my_ma=changed('', 'LONGTEXT with CHECK (json_valid)'), ma_my=changed('keeps documents', 'JSON: keeps the document, not its spelling')),
    Case('json-twice', 'JSON text with a key twice, or that MySQL reads otherwise', mariadb=table('a JSON', '\'{"a": 1, "a": 2}\''),
         ma_my=Outcome('refused', 'has a key twice', 'when the row comes: JSON of MySQL keeps the last of them')),
    Case('json-types', 'types inside JSON documents that their text does not show',
         mysql=table('a JSON', "JSON_ARRAY(CAST('2024-02-29' AS DATE), CAST('-01:00:00' AS TIME), CAST('2024-02-29' AS DATETIME), "
                     "CAST(x'00ff' AS BINARY), CAST(1.5 AS DECIMAL(3,1)), CAST(7 AS DECIMAL(3)), CAST(7 AS UNSIGNED))"),
         changes=MOVE + ('INSERT INTO t SELECT 60, a FROM t WHERE id = 1',),
         my_my=changed('', 'the same text: what is a date, time or binary becomes a string, a decimal or unsigned number that reads '
                           'like another is that one'),
         my_ma=changed('', 'their text'),
         expect=[(JSON_TYPES % id, 'STRING STRING STRING STRING DOUBLE INTEGER INTEGER') for id in (1, 60)]),
    Case('uuid', 'UUID', mariadb=table("a UUID", "'123e4567-e89b-12d3-a456-426655440000'", 'NULL'), changes=MOVE,
         ma_my=changed('becomes text', 'CHAR(36)'), expect=[('SELECT a FROM t WHERE id = 1', '123e4567-e89b-12d3-a456-426655440000')]),
    Case('inet', 'INET4 and INET6', mariadb=table("a INET4, b INET6", "'10.0.0.1', '2001:db8::ff'", "NULL, '::'"), changes=MOVE + tuple(INET6_PATTERNS),
         ma_my=changed('becomes text', 'VARCHAR(15) and VARCHAR(39)'), expect=[('SELECT CONCAT(a, b) FROM t WHERE id = 1', '10.0.0.12001:db8::ff')]),
    Case('vector', 'VECTOR columns', mysql=table('a VECTOR(3)', "STRING_TO_VECTOR('[1,2,3]')"),
         mariadb=table('a VECTOR(3)', "VEC_FromText('[1,2,3]')"), changes=MOVE),
    Case('vector-keys', 'VECTOR keys', mariadb=table('a VECTOR(3) NOT NULL, VECTOR KEY v (a)', "VEC_FromText('[1,2,3]')"), changes=MOVE,
         ma_my=left_out('VECTOR index')),
    Case('vector-lengths', 'VECTOR of which the squares sum up to more than a FLOAT', mysql=table('a VECTOR(2)', "STRING_TO_VECTOR('[1e23,0]')"),
         my_ma=Outcome('refused', 'Incorrect vector value', 'when the row comes')),
    Case('first-timestamps', 'TIMESTAMP in the second 1970-01-01 00:00:00', mariadb=['SET time_zone="+00:00"'] + table('a TIMESTAMP(1) NULL', "'1970-01-01 00:00:00.1'") +
         ['SET time_zone=DEFAULT'], ma_my=Outcome('refused', 'Incorrect datetime value', 'when the row comes')),
    Case('late-timestamps', 'TIMESTAMP beyond 2038-01-19', mariadb=table('a TIMESTAMP NULL', "'2090-01-01 00:00:00'"),
         ma_my=Outcome('refused', 'Incorrect datetime value', 'when the row comes')),
    Case('geometry', 'geometry', changes=MOVE,
         both=table('a GEOMETRY, b POINT', "ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'), ST_GeomFromText('POINT(1 2)')", 'NULL, NULL')),
    Case('srid', 'SRID of a column', mysql=table('b POINT NOT NULL SRID 0', "ST_GeomFromText('POINT(1 2)')"),
         mariadb=table('b POINT REF_SYSTEM_ID=0 NOT NULL', "ST_GeomFromText('POINT(1 2)')"),
         my_ma=changed('REF_SYSTEM_ID', 'REF_SYSTEM_ID, which is not enforced')),
    Case('invisible-columns', 'invisible columns', changes=TOUCH, both=table("a INT INVISIBLE DEFAULT 3, b INT")[:1] + ['INSERT INTO t (id, b) VALUES (1, 1), (2, 2)']),
    Case('generated', 'generated columns of arithmetic, virtual and stored', changes=MOVE + ('INSERT INTO t (id, a) VALUES (60, 4)',),
         both=['CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL, s INT GENERATED ALWAYS AS (a * 2) STORED, '
               'KEY (v)) ENGINE=InnoDB', 'INSERT INTO t (id, a) VALUES (1, 1), (2, NULL)']),
    Case('generated-functions', 'generated columns of functions', changes=MOVE + ("INSERT INTO t (id, a) VALUES (60, 'x')",),
         both=["CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(9), s VARCHAR(30) AS (CONCAT(UPPER(a), '-', LENGTH(a))) STORED, v INT AS (LOCATE('b', a)) VIRTUAL, KEY (v)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
               "INSERT INTO t (id, a) VALUES (1, 'ab'), (2, NULL)"],
         **{d: changed('', 'computed anew by the target, where not all functions give the same') for d in ('my_ma', 'ma_my')}),
    Case('generated-not-null', 'generated columns that are NOT NULL', mysql=[
        'CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, s INT GENERATED ALWAYS AS (a * 2) STORED NOT NULL, v INT AS (a + 1) VIRTUAL NOT NULL, UNIQUE KEY (s))',
        'INSERT INTO t (id, a) VALUES (1, 1), (2, 2)'],
         changes=MOVE + ('ALTER TABLE t ADD w INT GENERATED ALWAYS AS (a + 3) VIRTUAL NOT NULL AFTER a', 'INSERT INTO t (id, a) VALUES (60, 4)', 'ALTER TABLE t RENAME COLUMN v TO x, DROP COLUMN s'),
         expect=[('SELECT x + w FROM t WHERE id = 60', '12')], my_ma=changed('becomes a CHECK', 'CHECK (column IS NOT NULL)')),
    Case('invisible-without-default', 'invisible columns that each INSERT must name', mysql=table('a INT NOT NULL INVISIBLE, b INT')[:1] + ['INSERT INTO t (id, a) VALUES (1, 1)'],
         my_ma=refused('INVISIBLE and NOT NULL without a default', 'NOT NULL without a default')),
    Case('gipk', 'generated invisible primary keys', mysql=['SET SESSION sql_generate_invisible_primary_key=ON', 'CREATE TABLE g (a INT)', 'INSERT INTO g VALUES (1), (2)',
                                                             'SET SESSION sql_generate_invisible_primary_key=OFF'],
         changes=('INSERT INTO g VALUES (3)', 'UPDATE g SET a = 9 WHERE a = 1'), my_ma=changed('', 'an invisible primary key of its own')),
    Case('defaults', 'expressions as defaults', changes=TOUCH, mysql=table("a VARCHAR(40) DEFAULT (CONCAT('x', 1 + 1)), b TEXT DEFAULT ('t'), c DATE DEFAULT (CURRENT_DATE)")[:1] +
         ['INSERT INTO t VALUES (1, 1, 1, NULL), (2, 2, 2, NULL)'],
         mariadb=table("a VARCHAR(40) DEFAULT CONCAT('x', 1 + 1), b TEXT DEFAULT 't', c DATE DEFAULT CURDATE()")[:1] + ['INSERT INTO t VALUES (1, 1, 1, NULL), (2, 2, 2, NULL)']),
    Case('literals', 'letters, quotes and backslashes in generated columns, CHECKs and expressions as defaults', both=literals(''), mysql=literals('_utf8mb4'),
         changes=MOVE + (*LITERALS_ADDED, "INSERT INTO t (id, a) VALUES (60, '12')", "INSERT INTO t (id, a) VALUES (61, 'geändert')"),
         expect=[("SELECT CONCAT_WS('|', g, h, d, x, y) FROM t WHERE id = %d" % id, value) for id, value in LITERAL_VALUES]),
    Case('compressed-columns', 'COMPRESSED columns', mariadb=table('a TEXT COMPRESSED, b VARCHAR(300) COMPRESSED', "REPEAT('a', 900), 'b'", "NULL, ''"), changes=TOUCH,
         ma_my=changed('COMPRESSED is left out', 'not compressed')),
    Case('checks', 'CHECK constraints', changes=TOUCH, both=table('a INT, CONSTRAINT c_named CHECK (a > 0), CHECK (id < 1000)', '1', '2')),
    Case('checks-not-enforced', 'CHECK ... NOT ENFORCED', changes=TOUCH, mysql=table('a INT, CHECK (a > 5) NOT ENFORCED', '1', '2'), my_ma=left_out('NOT ENFORCED')),
    # ---- keys
    Case('keys', 'plain, unique, prefix and descending keys', changes=MOVE,
         both=table('a VARCHAR(30), b INT, KEY (a(5)), UNIQUE KEY (b, a), KEY d (b DESC)', "'x', 1", "'y', 2")),
    Case('invisible-keys', 'invisible and IGNORED keys', changes=TOUCH, mysql=table('a INT, KEY k (a) INVISIBLE', '1', '2'), mariadb=table('a INT, KEY k (a) IGNORED', '1', '2')),
    Case('functional-keys', 'keys over expressions', changes=TOUCH, mysql=table('a VARCHAR(20), KEY f ((LOWER(a)))', "'A'", "'B'"), my_ma=left_out('over an expression')),
    Case('functional-unique', 'unique keys over expressions', mysql=table('a VARCHAR(20), UNIQUE KEY f ((LOWER(a)))', "'A'"), my_ma=refused('unique index over an expression')),
    Case('unique-hash', 'unique keys over values too long for a B-tree', changes=TOUCH, mariadb=table('a TEXT, UNIQUE KEY u (a)', "'x'", "'y'"), ma_my=refused('too long for a B-tree')),
    Case('fulltext', 'full-text keys', changes=TOUCH, both=table('a TEXT, FULLTEXT KEY f (a)', "'some words'", "'more'")),
    Case('fulltext-parser', 'full-text keys with a parser', changes=TOUCH, mysql=table('a TEXT, FULLTEXT KEY f (a) WITH PARSER ngram', "'some words'", "'more'"), my_ma=changed('parser', 'without its parser')),
    Case('spatial-keys', 'spatial keys', changes=MOVE, both=table('a POINT NOT NULL, SPATIAL KEY s (a)', "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(3 4)')")),
    Case('foreign-keys', 'foreign keys', both=[
        'CREATE TABLE p (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB', 'INSERT INTO p VALUES (1), (2), (3)',
        'CREATE TABLE t (id INT NOT NULL PRIMARY KEY, p INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL) ENGINE=InnoDB',
        'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)'], changes=('DELETE FROM p WHERE id = 1', 'UPDATE p SET id = 20 WHERE id = 2')),
    # ---- tables
    Case('partitions', 'partitions and subpartitions', changes=('UPDATE t SET id = id + 10 ORDER BY id DESC', 'INSERT INTO l VALUES (7)'), both=[
        'CREATE TABLE t (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB PARTITION BY RANGE (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 '
        '(PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)', 'INSERT INTO t VALUES (1), (11)',
        'CREATE TABLE l (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB PARTITION BY LIST (id) (PARTITION a VALUES IN (1, 2), PARTITION b VALUES IN (7))',
        'CREATE TABLE k (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB PARTITION BY KEY (id) PARTITIONS 3', 'INSERT INTO k VALUES (1), (2), (3)']),
    Case('default-partition', 'a DEFAULT partition', mariadb=['CREATE TABLE l (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB PARTITION BY LIST (id) '
                                                          '(PARTITION a VALUES IN (1), PARTITION b DEFAULT)'], ma_my=refused('DEFAULT partition')),
    Case('row-formats', 'row formats', both=table('a INT', '1', options='ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8')),
    Case('page-compression', 'page compression', mysql=table('a INT', '1', options="ENGINE=InnoDB COMPRESSION='zlib'"),
         mariadb=table('a INT', '1', options='ENGINE=InnoDB PAGE_COMPRESSED=1'), my_ma=changed('PAGE_COMPRESSED', 'PAGE_COMPRESSED'), ma_my=changed('PAGE_COMPRESSED is left out', 'not compressed')),
    Case('versioned', 'system-versioned tables', mariadb=['CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT) ENGINE=InnoDB WITH SYSTEM VERSIONING', 'INSERT INTO t VALUES (1, 1), (2, 2)',
         'UPDATE t SET a = 5', 'CREATE TABLE n (id INT NOT NULL, f TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, a INT, PRIMARY KEY (id), '
         'PERIOD FOR SYSTEM_TIME (f, e)) ENGINE=InnoDB WITH SYSTEM VERSIONING', 'INSERT INTO n (id, a) VALUES (1, 1), (2, 2)', 'UPDATE n SET a = a + 1'],
         changes=('UPDATE t SET a = 6 WHERE id = 1', 'DELETE FROM t WHERE id = 2', 'UPDATE n SET a = 8 WHERE id = 1', 'DELETE FROM n WHERE id = 2', 'INSERT INTO n (id, a) VALUES (3, 3)'),
         ma_my=left_out('SYSTEM VERSIONING', 'the history; current rows are exact')),
    Case('without-overlaps', 'application periods', mariadb=['CREATE TABLE t (id INT, f DATE, e DATE, PERIOD FOR p (f, e), PRIMARY KEY (id, p WITHOUT OVERLAPS)) ENGINE=InnoDB',
         "INSERT INTO t VALUES (1, '2020-01-01', '2020-02-01')"], ma_my=refused('WITHOUT OVERLAPS')),
    Case('sequences', 'sequences', mariadb=['CREATE SEQUENCE s START WITH 5 INCREMENT BY 5', 'SELECT NEXTVAL(s)'], changes=('SELECT NEXTVAL(s)',), ma_my=refused('sequence')),
    Case('myisam', 'tables of engines without transactions', both=table('a INT', '1', '2', options='ENGINE=MyISAM'), changes=TOUCH,
         **{d: changed('', 'InnoDB, or kept with --keep-engines') for d in ('my_my', 'ma_ma', 'my_ma', 'ma_my')}),
    # ---- charsets and collations
    Case('databases', 'databases: charset and collation', both=['ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german1_ci', 'CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a CHAR(3))', "INSERT INTO t VALUES (1, 'ä')"]),
    Case('collations', 'collations that both have', changes=MOVE,
         both=table('a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci, b VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_bin', "'a', 'b'")),
    Case('collations-0900', 'utf8mb4_0900_*', mysql=table('a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci, b VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin', "'a', 'b'"),
         changes=MOVE, my_ma=changed('', 'uca1400_nopad of the same strength, under either name')),
    Case('collations-uca1400', '*_uca1400_nopad_*', mariadb=table('a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_nopad_ai_ci', "'a'"), changes=MOVE,
         expect=[("SELECT 'a ' = a FROM t WHERE id = 1", '0')], ma_my=changed('utf8mb4_0900_ai_ci', 'utf8mb4_0900 where it has an equal')),
    Case('collations-uca1400-pad', '*_uca1400_ai_ci, which is MariaDB 11.8\'s default', changes=MOVE + ("INSERT INTO t VALUES (4, '😁 ')", "INSERT INTO c VALUES (4, 'A')", 'DELETE FROM c WHERE id = 1'),
         mariadb=table('a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci, UNIQUE KEY (a)', "'a '", "'ß'", "'😀'") + [
             'CREATE TABLE c (id INT NOT NULL PRIMARY KEY, a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci, FOREIGN KEY (a) REFERENCES t (a))',
             "INSERT INTO c VALUES (1, 'a'), (2, 'SS ')"],
         expect=[("SELECT 'a' = a FROM t WHERE id = 1", '1')], ma_my=changed('utf8mb4_unicode_520_ci', '*_unicode_520_ci: pads as well, an older version of Unicode')),
    Case('collations-uca1400-sensitive', 'other *_uca1400_*', mariadb=table('a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE uca1400_as_cs', "'a '"), changes=MOVE,
         ma_my=left_out('blanks at the end', 'PAD SPACE: utf8mb4_0900 of the same strength, with which blanks at the end count')),
    Case('collations-nopad', 'NO PAD collations without an equal', mariadb=table('a VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_swedish_nopad_ci', "'a'"), ma_my=refused('latin1_swedish_nopad_ci')),
    Case('gb18030', 'the charset gb18030', mysql=table('a VARCHAR(9) CHARACTER SET gb18030', "'a'"), my_ma=refused('gb18030')),
    # ---- programs
    Case('views', 'views', both=['CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(9))', "CREATE VIEW w AS SELECT id, UPPER(a) AS u FROM t WHERE a > 'b' WITH CHECK OPTION"]),
    Case('routines', 'procedures and functions', both=['CREATE PROCEDURE p(IN a INT, OUT b INT) SET b = a + 1', 'CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a * 2']),
    Case('triggers', 'triggers, at cutover', both=['CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT)', 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.id'],
         changes=('INSERT INTO t VALUES (1, 5)',)),
    Case('events', 'events, at cutover', both=["CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1"]),
    Case('foreign-functions', 'views with functions that one flavour has', mysql=['CREATE VIEW w AS SELECT UUID_TO_BIN(UUID()) AS u'],
         mariadb=["CREATE VIEW w AS SELECT JSON_EXISTS('[1]', '$') AS u"], my_ma=refused('UUID_TO_BIN has no equal'), ma_my=refused('JSON_EXISTS has no equal')),
    Case('aggregates', 'stored aggregate functions', mariadb=['CREATE AGGREGATE FUNCTION f(a INT) RETURNS INT BEGIN DECLARE s INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; '
         'LOOP FETCH GROUP NEXT ROW; SET s = s + a; END LOOP; END'], ma_my=refused('AGGREGATE has no equal')),
    Case('packages', 'packages, specification and body', mariadb=[*package('one'), *package('two'), *package('three'), 'CREATE VIEW w AS SELECT c_packages.one.f() AS n'],
         changes=(*package('four'), "SET sql_mode='ORACLE'", 'CREATE OR REPLACE PACKAGE four AS FUNCTION g RETURN INT; END', 'DROP PACKAGE two', 'DROP PACKAGE IF EXISTS two',
                  'DROP PACKAGE BODY three', 'DROP PACKAGE BODY IF EXISTS four', 'CREATE PACKAGE BODY four AS FUNCTION g RETURN INT AS BEGIN RETURN 5; END; END', 'SET sql_mode=DEFAULT'),
         expect=(('SELECT c_packages.four.g()', '5'), ('SELECT n FROM c_packages.w', '2')), ma_my=refused('PACKAGE has no equal')),
    Case('oracle-mode', 'programs of sql_mode ORACLE', mariadb=["SET sql_mode='ORACLE'", 'CREATE PROCEDURE p AS a INT; BEGIN a := 1; END', "SET sql_mode=DEFAULT"], ma_my=refused('sql_mode')),
]
