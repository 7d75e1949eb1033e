"""An actor that changes the schema while binstream follows, with DML before, between and after on what it changes.

It works through rounds. A round runs every step of STEPS in a random order; each step is a list of statements on tables
of its own (database `lab`, or databases that it creates), so steps do not depend on each other. Two steps alter a table
that the writers write at the same time; they name their columns, so that their statements keep working.
"""

import random
import threading
import time

import pymysql

import bs_schema
from bs_writers import GONE, REFUSED, TOLERATED, error_code

# A DDL waits for the writers' locks; these are worth another try.
AGAIN = {1205, 1213, 1412, 1969, 3024}


class Ddl:
    """`pace` is the pause after each step in seconds. `gtid`: the source enforces GTID consistency; CREATE TABLE ...
    SELECT is then only sent where it is allowed."""

    def __init__(self, connect, schema, gtid, seed=1, rounds=1000, pace=0.0):
        self.connect, self.schema, self.facts, self.seed = connect, schema, schema.facts, seed
        self.gtid = gtid
        self.without = {'versioned'} if 'versioned-ddl' in schema.without else set()
        self.without |= {'sequences'} & schema.without
        self.ctas = not gtid or self.facts.mariadb or self.facts.version >= (8, 0, 21)
        self.rng = random.Random(seed)
        self.rounds, self.pace = rounds, pace
        self.rounds_done = 0
        self.done, self.failures = [], []
        self.stopping = threading.Event()
        self.serial = 0
        self.thread = threading.Thread(target=self._run, name='ddl', daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.stopping.set()
        self.thread.join(timeout=120)
        if self.thread.is_alive():
            self.failures.append('the DDL actor did not stop')
        return self

    def finish(self, timeout=240):
        """Waits for the last of its rounds."""
        self.thread.join(timeout)
        if self.failures or self.rounds_done < self.rounds:
            raise AssertionError('DDL came to round %d of %d, after %s: %s' % (self.rounds_done, self.rounds, self.done[-1:], self.failures))
        return self

    def report(self):
        return 'ddl (seed %d): %d steps in %d rounds' % (self.seed, len(self.done), self.rounds_done)

    def _run(self):
        try:
            connection = self.connect()
            bs_schema.prepare(connection)
            with connection.cursor() as cursor:
                cursor.execute('SET SESSION lock_wait_timeout=5')
                cursor.execute('USE lab')
                for _ in range(self.rounds):
                    if not self._round(cursor):
                        return
        except Exception as error:
            self.failures.append('ddl: %r in: %s' % (error, getattr(self, 'statement', '')[:600]))

    def _round(self, cursor):
        steps = [step for step in STEPS if (step is not ctas or self.ctas) and step.__name__ not in self.without]
        self.rng.shuffle(steps)
        for step in steps:
            if self.stopping.is_set():
                return False
            self.serial += 1
            for statement in step(self, '%s_%d' % (step.__name__, self.serial)):
                self.statement = statement
                if not self._send(cursor, statement):
                    return False
            self.done.append(step.__name__)
            self.stopping.wait(self.pace)
        self.rounds_done += 1
        return True

    def _send(self, cursor, statement):
        for attempt in range(20):
            try:
                cursor.execute(statement)
                return True
            except pymysql.err.MySQLError as error:
                code = error_code(error)
                if code in AGAIN and attempt < 19:
                    continue
                if code in REFUSED or (code in GONE and self.stopping.is_set()):
                    return False
                if code in TOLERATED:
                    return True
                self.failures.append('ddl: %r in: %s' % (error.args, statement[:600]))
                return False
        return False

    def rows(self, table, columns, count=3):
        values = ', '.join('(' + ', '.join(str(self.rng.randint(0, 10 ** 6)) for _ in columns.split(',')) + ')' for _ in range(count))
        return 'INSERT IGNORE INTO %s (%s) VALUES %s' % (table, columns, values)


def create(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a')
    yield "CREATE TABLE IF NOT EXISTS lab.`%s ñ``` (`ü` VARCHAR(20) CHARACTER SET gbk COLLATE gbk_bin DEFAULT '誠' COMMENT 'c''ñ', n INT) ENGINE=InnoDB" % name
    yield "INSERT INTO lab.`%s ñ``` (n) VALUES (1), (1)" % name
    yield '/* a comment */ create /*! table */ %s_x (id int not null, key (id)) -- tail\n engine=innodb' % name
    yield actor.rows(name + '_x', 'id')


def add_column(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a')
    yield "ALTER TABLE %s ADD COLUMN b VARCHAR(10) NOT NULL DEFAULT 'dflt ñ'" % name
    yield actor.rows(name, 'id, a, b')
    yield 'ALTER TABLE %s ADD COLUMN first INT FIRST, ADD COLUMN mid DATETIME(3) AFTER id, ADD COLUMN (x INT, y BIT(9))' % name
    yield actor.rows(name, 'first, id, a, b, x')
    yield 'UPDATE %s SET first = 1, y = 5 ORDER BY id LIMIT 2' % name


def drop_column(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT, b TEXT, c FLOAT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a, b, c')
    yield 'ALTER TABLE %s DROP COLUMN a' % name
    yield actor.rows(name, 'id, b, c')
    yield 'ALTER TABLE %s DROP c, ADD COLUMN a DOUBLE AFTER id' % name
    yield actor.rows(name, 'id, a, b')
    yield 'DELETE FROM %s ORDER BY id LIMIT 1' % name


def rename_column(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, old INT, other INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, old, other')
    yield 'ALTER TABLE %s CHANGE old `new ñ` BIGINT' % name
    yield actor.rows(name, 'id, `new ñ`, other')
    yield 'ALTER TABLE %s CHANGE `new ñ` other BIGINT, CHANGE other old INT' % name
    yield actor.rows(name, 'id, old, other')
    yield 'UPDATE %s SET old = other + 1' % name
    yield 'ALTER TABLE %s CHANGE old OLD BIGINT, CHANGE other `Other ``x``` INT' % name
    yield actor.rows(name, 'OLD, `Other ``x```')
    if actor.facts.modern:
        yield 'ALTER TABLE %s RENAME COLUMN OLD TO a, RENAME COLUMN `Other ``x``` TO b' % name
        yield actor.rows(name, 'id, a, b')
        yield 'ALTER TABLE %s RENAME COLUMN a TO b, RENAME COLUMN b TO a' % name
        yield actor.rows(name, 'id, a, b')
        yield 'UPDATE %s SET a = b + 1' % name


def swap_columns(actor, name):
    """Two columns of one type change their names, so that nothing but the names tells."""
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT, b INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a, b', 10)
    for _ in range(3):
        yield 'ALTER TABLE %s CHANGE a b INT, CHANGE b a INT' % name
        yield 'UPDATE %s SET a = a + 1, b = b + 1000' % name
        yield actor.rows(name, 'id, a')
        yield 'ALTER TABLE %s MODIFY b INT FIRST' % name
        yield 'DELETE FROM %s ORDER BY id LIMIT 1' % name
        yield 'ALTER TABLE %s MODIFY b INT AFTER a' % name


def invisible(actor, name):
    if not actor.facts.modern:
        return
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield 'ALTER TABLE %s ADD COLUMN hidden INT DEFAULT 7 INVISIBLE FIRST, ADD COLUMN h2 VARCHAR(9) INVISIBLE AFTER id' % name
    yield actor.rows(name, 'id, a')
    yield 'ALTER TABLE %s CHANGE hidden h2 INT DEFAULT 8, CHANGE h2 hidden VARCHAR(9) INVISIBLE' % name
    yield actor.rows(name, 'h2, id, a')
    yield 'ALTER TABLE %s MODIFY a INT INVISIBLE FIRST, ADD g INT GENERATED ALWAYS AS (id + 1) VIRTUAL INVISIBLE AFTER id' % name
    yield 'UPDATE %s SET a = id, hidden = h2' % name
    yield 'ALTER TABLE %s CHANGE g g2 INT GENERATED ALWAYS AS (id + 1) VIRTUAL, RENAME COLUMN a TO b' % name
    yield actor.rows(name, 'id, b')


def reorder_columns(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT, b VARCHAR(20), c INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a, b, c')
    yield 'ALTER TABLE %s MODIFY c INT FIRST, MODIFY a INT AFTER b' % name
    yield actor.rows(name, 'id, a, b, c')
    yield 'UPDATE %s SET a = c' % name


def modify_column(actor, name):
    yield "CREATE TABLE %s (id INT PRIMARY KEY, a INT, b VARCHAR(20) CHARACTER SET latin1, e ENUM('x','y')) ENGINE=InnoDB" % name
    yield actor.rows(name, 'id, a, b')
    yield 'ALTER TABLE %s MODIFY a BIGINT UNSIGNED, MODIFY b TEXT CHARACTER SET utf8mb4' % name
    yield "INSERT INTO %s VALUES (-1, 18446744073709551615, '😀', 'y')" % name
    yield "ALTER TABLE %s MODIFY e ENUM('new','x','y','ñ') CHARACTER SET utf8mb4, CONVERT TO CHARACTER SET utf8mb4" % name
    yield "UPDATE %s SET e = 'new' WHERE id >= 0" % name
    yield 'ALTER TABLE %s ALTER COLUMN a SET DEFAULT 7' % name
    yield 'INSERT INTO %s (id) VALUES (-2)' % name


def keys(actor, name):
    yield 'CREATE TABLE %s (id INT NOT NULL, a INT NOT NULL) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a')
    yield 'DELETE FROM %s ORDER BY id LIMIT 1' % name
    yield 'ALTER TABLE %s ADD PRIMARY KEY (id, a), ADD KEY by_a (a)' % name
    yield actor.rows(name, 'id, a')
    yield 'CREATE INDEX `i ñ` ON %s (a, id)' % name
    yield 'UPDATE %s SET a = a + 1' % name
    yield 'DROP INDEX by_a ON %s' % name
    yield 'ALTER TABLE %s DROP PRIMARY KEY' % name
    yield 'INSERT INTO %s VALUES (1, 1), (1, 1), (2, 2)' % name
    yield 'DELETE FROM %s WHERE id = 1 LIMIT 1' % name


def rename(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id')
    yield 'RENAME TABLE %s TO %s_new' % (name, name)
    yield actor.rows(name + '_new', 'id')
    yield 'ALTER TABLE %s_new RENAME TO lab.`%s back```' % (name, name)
    yield actor.rows('`%s back```' % name, 'id')
    yield 'RENAME TABLE lab.`%s back``` TO `keys`.%s' % (name, name)
    yield actor.rows('`keys`.' + name, 'id')


def swap(actor, name):
    """The way in which tools that alter tables online finish: two names change places at once."""
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a')
    yield 'CREATE TABLE %s_shadow LIKE %s' % (name, name)
    yield 'ALTER TABLE %s_shadow ADD COLUMN extra VARCHAR(10) FIRST' % name
    yield 'INSERT INTO %s_shadow (id, a) SELECT id, a FROM %s' % (name, name)
    yield 'RENAME TABLE %s TO %s_old, %s_shadow TO %s' % (name, name, name, name)
    yield actor.rows(name, 'extra, id, a')
    yield actor.rows(name + '_old', 'id, a')
    yield 'RENAME TABLE %s TO tmp_%s, %s_old TO %s, tmp_%s TO %s_old' % ((name,) * 6)
    yield actor.rows(name, 'id, a')
    yield 'DROP TABLE %s_old' % name


def drop(actor, name):
    yield 'CREATE TABLE %s (id INT PRIMARY KEY) ENGINE=InnoDB' % name
    yield 'CREATE TABLE %s_b (id INT PRIMARY KEY) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id')
    yield 'DROP TABLE %s, %s_b' % (name, name)
    yield 'DROP TABLE IF EXISTS %s, never_was' % name
    yield 'CREATE TABLE %s (other TEXT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'other')


def truncate(actor, name):
    yield 'CREATE TABLE %s (id INT AUTO_INCREMENT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'a', 20)
    yield 'TRUNCATE TABLE %s' % name
    yield actor.rows(name, 'a', 2)
    yield 'TRUNCATE %s' % name
    yield actor.rows(name, 'a', 1)


def ctas(actor, name):
    yield 'CREATE TABLE %s (PRIMARY KEY (id)) ENGINE=InnoDB SELECT id, code, name, balance, note FROM shop.customers WHERE id < 100' % name
    yield 'UPDATE %s SET balance = 1 WHERE id < 20' % name
    yield 'CREATE TABLE %s_all ENGINE=InnoDB AS SELECT * FROM shop.z_orders' % name
    yield 'DELETE FROM %s_all LIMIT 3' % name


def like(actor, name):
    yield 'CREATE TABLE %s LIKE `types`.temporals' % name
    yield 'INSERT INTO %s SELECT * FROM `types`.temporals ORDER BY id LIMIT 20' % name
    yield 'CREATE TABLE %s_k LIKE `keys`.`by text ci`' % name
    yield 'INSERT INTO %s_k SELECT * FROM `keys`.`by text ci`' % name


def view(actor, name):
    yield 'CREATE VIEW %s AS SELECT id, name FROM shop.customers' % name
    yield 'CREATE OR REPLACE VIEW %s AS SELECT code FROM shop.customers' % name
    yield 'ALTER VIEW %s AS SELECT code, id FROM shop.customers' % name
    yield 'CREATE VIEW a_%s AS SELECT id FROM %s' % (name, name)
    yield 'CREATE VIEW %s_gone AS SELECT 1 AS one' % name
    yield 'DROP VIEW %s_gone' % name


def routine(actor, name):
    yield 'CREATE PROCEDURE %s(x INT) BEGIN INSERT INTO shop.empty_keyless VALUES (CONCAT(x, \'ñ\')); END' % name
    yield 'CALL %s(5)' % name
    yield "ALTER PROCEDURE %s COMMENT 'altered' SQL SECURITY INVOKER" % name
    yield "CREATE FUNCTION f_%s(x INT) RETURNS INT DETERMINISTIC RETURN x + 1" % name
    yield 'CREATE PROCEDURE %s_gone() SELECT 1' % name
    yield 'DROP PROCEDURE %s_gone' % name
    yield 'DROP FUNCTION IF EXISTS no_such_function'


def trigger(actor, name):
    yield 'CREATE TABLE %s (id INT AUTO_INCREMENT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield 'CREATE TABLE %s_log (a INT) ENGINE=InnoDB' % name
    yield 'CREATE TRIGGER t_%s AFTER INSERT ON %s FOR EACH ROW INSERT INTO %s_log VALUES (NEW.a)' % (name, name, name)
    yield actor.rows(name, 'a')
    yield 'CREATE TRIGGER u_%s BEFORE UPDATE ON %s FOR EACH ROW SET NEW.a = NEW.a + 100' % (name, name)
    yield 'UPDATE %s SET a = 1' % name
    yield 'DROP TRIGGER t_%s' % name
    yield actor.rows(name, 'a')


def event(actor, name):
    yield 'CREATE EVENT %s ON SCHEDULE EVERY 1 DAY STARTS \'2036-01-01 00:00:00\' DO DELETE FROM shop.ticks' % name
    yield 'ALTER EVENT %s ON SCHEDULE EVERY 2 HOUR STARTS \'2036-01-01 00:00:00\' DISABLE' % name
    yield 'ALTER EVENT %s RENAME TO `%s ñ`' % (name, name)
    yield "CREATE EVENT %s_gone ON SCHEDULE AT '2036-01-01 00:00:00' DO DO 1" % name
    yield 'DROP EVENT %s_gone' % name


def database(actor, name):
    yield 'CREATE DATABASE `%s ñ` DEFAULT CHARACTER SET latin2' % name
    yield 'CREATE TABLE `%s ñ`.t (id INT PRIMARY KEY, t TEXT) ENGINE=InnoDB' % name
    yield actor.rows('`%s ñ`.t' % name, 'id, t')
    yield 'USE `%s ñ`' % name
    yield 'CREATE TABLE unqualified (a INT) ENGINE=InnoDB'
    yield actor.rows('unqualified', 'a')
    yield 'ALTER TABLE unqualified ADD b TEXT'
    yield actor.rows('unqualified', 'a, b')
    yield 'ALTER DATABASE `%s ñ` DEFAULT CHARACTER SET utf8mb4' % name
    yield 'USE lab'
    yield 'CREATE DATABASE IF NOT EXISTS %s_gone' % name
    yield 'CREATE TABLE %s_gone.t (a INT) ENGINE=InnoDB' % name
    yield 'INSERT INTO %s_gone.t VALUES (1)' % name
    yield 'DROP DATABASE %s_gone' % name


def foreign_key(actor, name):
    yield 'CREATE TABLE p_%s (id INT PRIMARY KEY) ENGINE=InnoDB' % name
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, p INT) ENGINE=InnoDB' % name
    yield 'INSERT INTO p_%s VALUES (1), (2), (3)' % name
    yield 'INSERT INTO %s VALUES (1, 1), (2, 2), (3, NULL)' % name
    yield 'ALTER TABLE %s ADD CONSTRAINT fk_%s FOREIGN KEY (p) REFERENCES p_%s (id) ON DELETE CASCADE ON UPDATE CASCADE' % ((name,) * 3)
    yield 'DELETE FROM p_%s WHERE id = 1' % name
    yield 'UPDATE p_%s SET id = 20 WHERE id = 2' % name
    yield 'ALTER TABLE %s DROP FOREIGN KEY fk_%s' % (name, name)
    yield 'DELETE FROM p_%s WHERE id = 20' % name


def sql_mode(actor, name):
    yield "SET SESSION sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"
    yield """CREATE TABLE "%s" ("id" INT PRIMARY KEY, "t" VARCHAR(20) DEFAULT 'back\\slash') ENGINE=InnoDB""" % name
    yield actor.rows('"%s"' % name, 'id')
    yield "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"
    yield "ALTER TABLE %s ADD z DATE NOT NULL DEFAULT '0000-00-00'" % name
    yield actor.rows(name, 'id')
    if actor.facts.mariadb and actor.facts.version >= (10, 8, 4):  # on MySQL few accounts may
        yield 'SET SESSION explicit_defaults_for_timestamp=1-@@global.explicit_defaults_for_timestamp'
        yield 'CREATE TABLE ts_%s (id INT PRIMARY KEY, a TIMESTAMP, b TIMESTAMP) ENGINE=InnoDB' % name
        yield 'SET SESSION explicit_defaults_for_timestamp=DEFAULT'
    yield 'SET NAMES latin1'
    yield "ALTER TABLE %s COMMENT 'in latin1: \\'\\''" % name
    yield 'SET NAMES utf8mb4'


def partitions(actor, name):
    yield ('CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (500000), '
           'PARTITION b VALUES LESS THAN MAXVALUE)' % name)
    yield actor.rows(name, 'id, a', 10)
    yield 'ALTER TABLE %s TRUNCATE PARTITION a' % name
    yield actor.rows(name, 'id, a', 10)
    yield 'ALTER TABLE %s REORGANIZE PARTITION b INTO (PARTITION b VALUES LESS THAN (800000), PARTITION c VALUES LESS THAN MAXVALUE)' % name
    yield 'ALTER TABLE %s DROP PARTITION c' % name
    yield 'UPDATE %s SET a = 0' % name


def generated(actor, name):
    if not actor.facts.generated:
        return
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a')
    yield 'ALTER TABLE %s ADD v INT GENERATED ALWAYS AS (a * 2) VIRTUAL AFTER id' % name
    yield actor.rows(name, 'id, a')
    yield 'ALTER TABLE %s ADD s VARCHAR(20) GENERATED ALWAYS AS (CONCAT(a, \'x\')) STORED FIRST' % name
    yield 'UPDATE %s SET a = a + 1' % name


def compressed(actor, name):
    if not actor.facts.mariadb:
        return
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, t TEXT COMPRESSED) ENGINE=InnoDB' % name
    yield "INSERT INTO %s VALUES (1, REPEAT('a', 500)), (2, 'b'), (3, NULL)" % name
    yield 'ALTER TABLE %s ADD v VARCHAR(300) COMPRESSED DEFAULT \'dflt\' FIRST' % name
    yield "INSERT INTO %s VALUES (REPEAT('v', 300), 4, '')" % name
    yield 'ALTER TABLE %s MODIFY t TEXT, MODIFY v VARCHAR(400) COMPRESSED' % name
    yield "UPDATE %s SET t = CONCAT(v, t)" % name


def sequences(actor, name):
    if not actor.facts.mariadb:
        return
    yield 'CREATE SEQUENCE %s START WITH 5 INCREMENT BY 5 CACHE 3' % name
    yield 'SELECT NEXT VALUE FOR %s' % name
    yield 'CREATE TABLE t_%s (id INT DEFAULT NEXTVAL(%s), a INT) ENGINE=InnoDB' % (name, name)
    yield actor.rows('t_' + name, 'a')
    yield 'ALTER SEQUENCE %s INCREMENT BY 2 MAXVALUE 1000 CYCLE' % name
    yield actor.rows('t_' + name, 'a')
    yield 'ALTER SEQUENCE IF EXISTS %s RESTART 900' % name
    yield 'DO NEXTVAL(%s)' % name
    yield 'RENAME TABLE %s TO `%s ñ`' % (name, name)
    yield 'SELECT NEXTVAL(`%s ñ`), SETVAL(`%s ñ`, 950)' % (name, name)
    yield 'CREATE OR REPLACE SEQUENCE `%s ñ` MINVALUE -10 START WITH -10' % name
    yield 'SELECT NEXTVAL(`%s ñ`)' % name
    yield 'CREATE TABLE %s_like LIKE `%s ñ`' % (name, name)
    yield 'CREATE SEQUENCE IF NOT EXISTS %s_gone' % name
    yield 'DROP SEQUENCE %s_gone, %s_like' % (name, name)


def engines(actor, name):
    """Tables of engines without transactions, rows of both kinds in one transaction that is rolled back, and changes of engine."""
    yield "CREATE TABLE %s (id INT NOT NULL PRIMARY KEY, engine VARCHAR(20) DEFAULT 'ENGINE=CSV') ENGINE = MyISAM ROW_FORMAT=FIXED" % name
    yield 'CREATE TABLE i_%s (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id')
    yield 'START TRANSACTION'
    yield 'INSERT INTO i_%s VALUES (1), (2)' % name
    yield "INSERT INTO %s VALUES (-1, 'stays'), (-2, 'stays')" % name
    yield 'ROLLBACK'
    yield 'INSERT INTO %s (id) VALUES (-3), (-1), (-4)' % name  # fails half way: -3 stays
    yield 'CREATE TABLE l_%s LIKE %s' % (name, name)
    yield "INSERT INTO l_%s SELECT * FROM %s" % (name, name)
    yield 'RENAME TABLE %s TO x_%s, l_%s TO %s, x_%s TO l_%s' % ((name,) * 6)
    yield 'START TRANSACTION'
    yield 'DELETE FROM i_%s' % name
    yield "UPDATE l_%s SET engine = 'y' LIMIT 1" % name
    yield 'ROLLBACK'
    yield 'ALTER TABLE %s ROW_FORMAT=DEFAULT, ENGINE=InnoDB' % name
    yield 'ALTER TABLE %s ADD COLUMN a INT, ENGINE=MyISAM, ROW_FORMAT=FIXED' % name
    yield "UPDATE %s SET a = 1" % name
    yield 'ALTER TABLE %s ADD KEY (a)' % name
    yield 'CREATE TABLE m_%s (id INT, KEY (id) USING HASH) ENGINE=MEMORY SELECT id FROM %s' % (name, name) if actor.facts.mariadb or not actor.gtid else 'DO 0'
    yield 'TRUNCATE TABLE l_%s' % name
    yield 'DROP TABLE l_%s' % name


def versioned(actor, name):
    if not actor.facts.mariadb:
        return
    yield 'SET system_versioning_alter_history=KEEP'
    yield 'CREATE TABLE %s (id INT PRIMARY KEY, a INT) ENGINE=InnoDB' % name
    yield actor.rows(name, 'id, a')
    yield 'ALTER TABLE %s ADD SYSTEM VERSIONING' % name
    yield 'UPDATE %s SET a = a + 1' % name
    yield 'ALTER TABLE %s ADD b INT DEFAULT 3 AFTER id' % name
    yield 'DELETE FROM %s ORDER BY id LIMIT 1' % name
    yield 'CREATE TABLE x_%s (id INT, f TIMESTAMP(6) GENERATED ALWAYS AS ROW START, t TIMESTAMP(6) GENERATED ALWAYS AS ROW END, ' \
          'PERIOD FOR SYSTEM_TIME (f, t)) ENGINE=InnoDB WITH SYSTEM VERSIONING' % name
    yield actor.rows('x_' + name, 'id')
    yield 'UPDATE x_%s SET id = 1' % name
    yield 'ALTER TABLE %s DROP SYSTEM VERSIONING' % name
    yield actor.rows(name, 'id, a')


def in_use(actor, name):
    """On tables that the writers are writing. Each change is undone, so that it can come again."""
    yield 'ALTER TABLE shop.customers ADD COLUMN %s VARCHAR(20) DEFAULT \'x\' AFTER code' % name
    yield 'UPDATE shop.customers SET %s = \'y\' WHERE id < 50' % name
    yield 'ALTER TABLE shop.customers DROP COLUMN %s' % name
    yield 'ALTER TABLE `keys`.keyless ADD COLUMN %s INT FIRST' % name
    yield 'UPDATE `keys`.keyless SET %s = 1 LIMIT 20' % name
    yield 'ALTER TABLE `keys`.keyless DROP COLUMN %s, ADD KEY k_%s (a)' % (name, name)
    yield 'ALTER TABLE `keys`.keyless DROP KEY k_%s' % name
    yield 'ALTER TABLE shop.swaps ADD KEY s_%s (w, v)' % name
    yield 'DROP INDEX s_%s ON shop.swaps' % name
    yield 'RENAME TABLE shop.audit_keyless TO shop.moved, shop.one_row_keyless TO shop.audit_keyless_x'
    yield 'RENAME TABLE shop.moved TO shop.audit_keyless, shop.audit_keyless_x TO shop.one_row_keyless'


def many_in_one_log(actor, name):
    """Failed statements and no-ops between real ones: what fails must leave no trace on the target either."""
    yield 'CREATE TABLE IF NOT EXISTS shop.one_row (other INT)'
    yield 'CREATE TABLE %s (id INT PRIMARY KEY) ENGINE=InnoDB' % name
    yield 'ANALYZE TABLE %s' % name
    yield 'OPTIMIZE TABLE %s' % name
    yield 'INSERT INTO %s VALUES (1)' % name
    yield 'FLUSH TABLES %s' % name
    yield 'ALTER TABLE %s ENGINE=InnoDB' % name


STEPS = [create, add_column, drop_column, rename_column, swap_columns, invisible, reorder_columns, modify_column, keys, rename, swap, drop, truncate, ctas,
         like, view, routine, trigger, event, database, foreign_key, sql_mode, partitions, generated, compressed, sequences, engines, versioned, in_use, many_in_one_log]
