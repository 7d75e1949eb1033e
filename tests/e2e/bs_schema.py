"""Creates the schema of the end-to-end tests on a server, whatever its flavour and version.

The typed tables come from bs_tables; here are the things that hang together: foreign keys, triggers, views, routines,
events, big values and databases. `create(connection, facts)` returns the Schema, which the writers take.
"""

import random

import bs_tables
from bs_tables import ODD_DB
from bs_values import quote

DATABASES = ['types', 'texts', 'keys', 'shop', 'void', 'engines', ODD_DB, 'lab']
SESSION = ["SET NAMES utf8mb4", "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
           "SET SESSION time_zone='+00:00'"]
BIG_BYTES = 18 * 1000 * 1000


class Schema:
    def __init__(self, facts, tables, without):
        self.facts, self.tables, self.without = facts, tables, set(without)
        self.databases = list(DATABASES)


def prepare(connection):
    """Puts a session into the mode in which the schema's literals mean what they say."""
    with connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)


APP_RIGHTS = ('SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, '
              'EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER')


def create_app_user(connection):
    """The writers' account: without the right to write where read_only is on, as an application's should be."""
    run(connection, ["CREATE USER app@'%' IDENTIFIED BY 'app'", "GRANT %s ON *.* TO app@'%%'" % APP_RIGHTS])


def run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            try:
                cursor.execute(statement)
            except Exception as error:
                raise RuntimeError('%s\n  in: %s' % (error, statement[:2000])) from error


def create(connection, without=(), seed=1, events=True, with_extras=False):
    facts = bs_tables.Facts.of(connection)
    prepare(connection)
    run(connection, _databases())
    tables = bs_tables.all_tables(facts, without)
    rng = random.Random(seed)
    connection.autocommit(False)
    for table in tables:
        run(connection, [table.create_sql()])
        _seed(connection, table, rng)
        connection.commit()
    connection.autocommit(True)
    run(connection, ["USE shop"] + _shop(facts))
    run(connection, _shop_rows(rng))
    run(connection, _little_tables())
    if 'big' not in without:
        run(connection, _big(facts))
    if 'orphans' not in without:
        run(connection, _orphans())
    if facts.mariadb and 'sequences' not in without:
        run(connection, _sequences(facts))
    run(connection, _views() + _routines(facts))
    if 'triggers' not in without:
        run(connection, _triggers())
    if events and 'events' not in without:
        run(connection, _events())
    if with_extras:
        extras(connection, facts)
    return Schema(facts, tables, without)


def extras(connection, facts):
    """What only one flavour has and what the writers leave alone."""
    if facts.modern and not facts.mariadb:
        run(connection, ["CREATE TABLE `keys`.functional (id INT PRIMARY KEY, t VARCHAR(20), KEY ((LOWER(t))), KEY (id DESC))",
                         "INSERT INTO `keys`.functional VALUES (1, 'A'), (2, 'b')"])


def _databases():
    charsets = {'types': 'utf8mb4', 'texts': 'latin1', 'keys': 'utf8mb4', 'shop': 'utf8mb4', 'void': 'gbk', 'engines': 'utf8mb4', ODD_DB: 'utf8mb4',
                'lab': 'latin1'}
    statements = ['CREATE DATABASE %s DEFAULT CHARACTER SET %s' % (quote(name), charsets[name]) for name in DATABASES]
    return statements + ['ALTER DATABASE shop DEFAULT COLLATE utf8mb4_unicode_ci']


def _seed(connection, table, rng):
    """Extremes, a row of NULLs, and random rows; rows that collide on a key are left out."""
    rows = list(table.extreme_rows())
    if table.key == ('id',) or not table.key:
        rows.append(table.null_row())
    rows += [table.row(rng) for _ in range(table.seed_rows)]
    for start in range(0, len(rows), 50):
        run(connection, [table.insert_sql(rows[start:start + 50], verb='INSERT IGNORE')])


def _shop(facts):
    return [
        """CREATE TABLE shop.customers (id INT NOT NULL AUTO_INCREMENT, code VARCHAR(20) NOT NULL, name VARCHAR(60) NOT NULL,
             balance DECIMAL(12,2) NOT NULL DEFAULT 0, note TEXT CHARACTER SET sjis, PRIMARY KEY (id), UNIQUE KEY code (code)) ENGINE=InnoDB""",
        """CREATE TABLE shop.coupons (code CHAR(8) CHARACTER SET latin1 NOT NULL, percent TINYINT UNSIGNED, PRIMARY KEY (code)) ENGINE=InnoDB""",
        """CREATE TABLE shop.orders (id INT NOT NULL AUTO_INCREMENT, customer_id INT NOT NULL, coupon CHAR(8) CHARACTER SET latin1,
             placed DATETIME(3) NULL, total DECIMAL(12,2), state ENUM('new','paid','versandt ñ'), PRIMARY KEY (id), KEY (customer_id),
             CONSTRAINT `order's customer` FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE,
             CONSTRAINT order_coupon FOREIGN KEY (coupon) REFERENCES coupons (code) ON DELETE SET NULL ON UPDATE CASCADE) ENGINE=InnoDB""",
        """CREATE TABLE shop.lines (order_id INT NOT NULL, line_no SMALLINT NOT NULL, sku VARBINARY(12), amount FLOAT,
             PRIMARY KEY (order_id, line_no),
             CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB""",
        """CREATE TABLE shop.line_notes (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id INT, line_no SMALLINT, note VARCHAR(50),
             CONSTRAINT note_line FOREIGN KEY (order_id, line_no) REFERENCES `lines` (order_id, line_no) ON DELETE SET NULL ON UPDATE SET NULL) ENGINE=InnoDB""",
        """CREATE TABLE shop.staff (id INT NOT NULL PRIMARY KEY, boss INT, name VARCHAR(30),
             CONSTRAINT staff_boss FOREIGN KEY (boss) REFERENCES staff (id) ON DELETE SET NULL) ENGINE=InnoDB""",
        """CREATE TABLE shop.categories (id INT NOT NULL PRIMARY KEY, parent INT, name VARCHAR(30) CHARACTER SET gbk,
             CONSTRAINT category_parent FOREIGN KEY (parent) REFERENCES categories (id) ON DELETE CASCADE) ENGINE=InnoDB""",
        """CREATE TABLE shop.by_code (code VARCHAR(20) NOT NULL, n INT, PRIMARY KEY (code),
             CONSTRAINT by_code FOREIGN KEY (code) REFERENCES customers (code) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB""",
        "CREATE TABLE shop.swaps (id INT NOT NULL PRIMARY KEY, v INT, w VARCHAR(20), UNIQUE KEY (v), UNIQUE KEY (w)) ENGINE=InnoDB",
        """CREATE TABLE shop.audit (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(40), ref INT, at TIMESTAMP(6) NULL) ENGINE=InnoDB""",
        "CREATE TABLE shop.audit_keyless (what VARCHAR(40), ref INT) ENGINE=InnoDB",
        "CREATE TABLE shop.ticks (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, at DATETIME) ENGINE=InnoDB",
        "SET foreign_key_checks=0",
        """CREATE TABLE shop.hen (id INT NOT NULL PRIMARY KEY, egg INT, CONSTRAINT hen_egg FOREIGN KEY (egg) REFERENCES egg (id) ON DELETE SET NULL) ENGINE=InnoDB""",
        """CREATE TABLE shop.egg (id INT NOT NULL PRIMARY KEY, hen INT, CONSTRAINT egg_hen FOREIGN KEY (hen) REFERENCES hen (id) ON DELETE SET NULL) ENGINE=InnoDB""",
        "SET foreign_key_checks=1",
        """CREATE TABLE %s.visits (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT, CONSTRAINT `vis``it` FOREIGN KEY (customer)
             REFERENCES shop.customers (id) ON DELETE CASCADE) ENGINE=InnoDB""" % quote(ODD_DB),
    ]


def _shop_rows(rng):
    names = ['表示', 'ソ', 'abc', '能']
    yield 'START TRANSACTION'
    for i in range(1, 201):
        yield "INSERT INTO shop.customers (id, code, name, note) VALUES (%d, 'C%d', 'Kundin %d ñ', '%s')" % (i, i, i, rng.choice(names))
    for i in range(20):
        yield "INSERT INTO shop.coupons VALUES ('K%03d', %d)" % (i, rng.randint(0, 255))
    for i in range(1, 401):
        coupon = "'K%03d'" % rng.randrange(20) if rng.random() < 0.5 else 'NULL'
        yield "INSERT INTO shop.orders VALUES (%d, %d, %s, '2024-01-%02d 10:00:00.125', %d.50, %d)" % (
            i, rng.randint(1, 200), coupon, rng.randint(1, 28), rng.randint(0, 999), rng.randint(1, 3))
        for line in range(rng.randint(0, 3)):
            yield "INSERT INTO shop.lines VALUES (%d, %d, 0x%08x, %r)" % (i, line, rng.getrandbits(32), rng.uniform(0, 99))
    yield "INSERT INTO shop.line_notes (order_id, line_no, note) SELECT order_id, line_no, 'note' FROM shop.lines WHERE line_no = 1"
    yield "INSERT INTO shop.by_code SELECT code, id FROM shop.customers WHERE id % 3 = 0"
    for i in range(1, 61):
        yield "INSERT INTO shop.staff VALUES (%d, %s, 'n%d')" % (i, 'NULL' if i < 4 else str(rng.randint(1, i - 1)), i)
        yield "INSERT INTO shop.categories VALUES (%d, %s, '中誠')" % (i, 'NULL' if i < 4 else str(rng.randint(1, i - 1)))
        yield "INSERT INTO shop.swaps VALUES (%d, %d, 'w%d')" % (i, i * 10, i)
    yield "INSERT INTO shop.hen VALUES (1, NULL), (2, NULL)"
    yield "INSERT INTO shop.egg VALUES (1, 2), (2, 1)"
    yield "UPDATE shop.hen SET egg = id"
    yield "INSERT INTO %s.visits (customer) SELECT id FROM shop.customers WHERE id < 50" % quote(ODD_DB)
    yield 'COMMIT'


def _little_tables():
    return ["CREATE TABLE shop.`empty` (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t TEXT) ENGINE=InnoDB AUTO_INCREMENT=42",
            "CREATE TABLE shop.empty_keyless (t TEXT) ENGINE=InnoDB",
            "CREATE TABLE shop.one_row (only INT NOT NULL PRIMARY KEY COMMENT 'a ''comment'' ñ') ENGINE=InnoDB",
            "INSERT INTO shop.one_row VALUES (1)",
            "CREATE TABLE lab.sentinel (n INT NOT NULL PRIMARY KEY, at DOUBLE) ENGINE=InnoDB",
            "CREATE TABLE shop.one_row_keyless (only FLOAT) ENGINE=InnoDB", "INSERT INTO shop.one_row_keyless VALUES (NULL)"]


def _big(facts):
    yield "CREATE TABLE `types`.big (id INT NOT NULL PRIMARY KEY, b LONGBLOB, t LONGTEXT CHARACTER SET utf8) ENGINE=InnoDB"
    # A pattern whose length is prime, so that a piece joined at the wrong place shows.
    pattern = bytes((i * 7 + i // 251) % 256 for i in range(1009)).hex()
    yield "INSERT INTO `types`.big VALUES (1, REPEAT(0x%s, %d), 'small'), (2, NULL, NULL)" % (pattern, BIG_BYTES // 1009)
    yield "INSERT INTO `types`.big VALUES (3, '', REPEAT('ñ日\\\\x\\'\\t', %d))" % (BIG_BYTES // 9)


def _orphans():
    """Rows that break their foreign key, as servers hold them after a load with the checks off."""
    return ["SET foreign_key_checks=0", "INSERT INTO shop.orders (id, customer_id) VALUES (900001, 777777)",
            "INSERT INTO shop.staff VALUES (900, 901, 'orphan')", "SET foreign_key_checks=1"]


def _sequences(facts):
    """A table that comes before its sequence in the alphabet, sequences that have been used, one that cycles, one that runs down."""
    yield "CREATE SEQUENCE shop.`seq ñ` START WITH 100 INCREMENT BY 7 MAXVALUE 100000000 CACHE 10"
    yield "DO NEXT VALUE FOR shop.`seq ñ`"
    yield "CREATE SEQUENCE shop.down START WITH -1 INCREMENT BY -3 MINVALUE -9000000 MAXVALUE -1 NOCACHE"
    yield "CREATE SEQUENCE shop.round START WITH 3 MAXVALUE 20 CACHE 4 CYCLE COMMENT 'it''s \\ ñ'"
    yield "CREATE SEQUENCE shop.unused"
    if facts.version >= (11, 5):
        yield "CREATE SEQUENCE lab.tiny AS TINYINT UNSIGNED MAXVALUE 200 CYCLE"
    yield """CREATE TABLE shop.a_ticket (id BIGINT NOT NULL DEFAULT (NEXT VALUE FOR shop.down) PRIMARY KEY, t VARCHAR(20),
               n BIGINT DEFAULT NEXTVAL(shop.round)) ENGINE=InnoDB"""
    yield "INSERT INTO shop.a_ticket (t) VALUES ('a'), ('b'), ('c')"
    yield "SELECT SETVAL(shop.round, 15)"


def _views():
    """Each view reads one that comes later in the alphabet, some in another database."""
    return ["CREATE VIEW shop.z_orders AS SELECT id, customer_id, total FROM shop.orders WHERE total > 10",
            "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW shop.m_orders AS SELECT id, total FROM shop.z_orders WITH CASCADED CHECK OPTION",
            "CREATE VIEW shop.a_orders AS SELECT m.id, c.name FROM shop.m_orders m JOIN shop.customers c ON c.id = m.id",
            "CREATE VIEW %s.`a view ``ñ` AS SELECT name AS `日本 x`, 'it''s' AS q FROM shop.a_orders" % quote(ODD_DB),
            "CREATE ALGORITHM=TEMPTABLE VIEW `keys`.counts AS SELECT a, COUNT(*) AS c FROM `keys`.keyless GROUP BY a"]


def _routines(facts):
    return ["""CREATE PROCEDURE shop.raise_prices(IN percent INT) MODIFIES SQL DATA COMMENT 'ñ''s'
               BEGIN UPDATE shop.orders SET total = total * (100 + percent) / 100 WHERE id < 5; END""",
            "SET SESSION sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
            """CREATE FUNCTION shop."greet ñ"(who VARCHAR(20)) RETURNS VARCHAR(60) CHARACTER SET utf8mb4 DETERMINISTIC
               RETURN 'hello \\ ' || who || "who" """,
            "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
            "CREATE FUNCTION %s.`f``x`() RETURNS INT READS SQL DATA SQL SECURITY INVOKER RETURN (SELECT COUNT(*) FROM shop.staff)" % quote(ODD_DB)]


def _triggers():
    return ["CREATE TRIGGER shop.order_added AFTER INSERT ON shop.orders FOR EACH ROW INSERT INTO shop.audit (what, ref, at) VALUES ('added', NEW.id, NOW(6))",
            """CREATE TRIGGER shop.`order ``gone` AFTER DELETE ON shop.orders FOR EACH ROW BEGIN
                 INSERT INTO shop.audit (what, ref) VALUES ('gone', OLD.id); INSERT INTO shop.audit_keyless VALUES ('gone', OLD.id % 5); END""",
            "CREATE TRIGGER shop.swap_edit BEFORE UPDATE ON shop.swaps FOR EACH ROW SET NEW.w = IFNULL(NEW.w, CONCAT('w', OLD.id))",
            "CREATE TRIGGER `keys`.auto_added AFTER INSERT ON `keys`.auto FOR EACH ROW INSERT INTO shop.audit_keyless VALUES ('auto', NEW.n)"]


def _events():
    return ["CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticks (at) VALUES (NOW())",
            "CREATE EVENT shop.off ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE COMMENT 'ñ' DO DELETE FROM shop.ticks",
            "CREATE EVENT %s.`on``ce` ON SCHEDULE AT '2037-01-01 00:00:00' DO DELETE FROM shop.ticks" % quote(ODD_DB)]
