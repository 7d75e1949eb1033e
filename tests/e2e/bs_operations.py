"""What a writer does inside a transaction: each operation is a method that takes the writer's random generator and
gives the statements to send. The generic ones work on any Table of bs_tables, the others on the shop."""

from bs_tables import ODD_DB
from bs_values import quote

SHOP = 'shop'


class Operations:
    def __init__(self, schema):
        self.schema = schema
        self.tables = [table for table in schema.tables if table.writers]
        self.keyed = [table for table in self.tables if table.key]
        self.keyless = [table for table in self.tables if not table.key]
        self.without = schema.without
        self.weighted = [
            (8, self.insert), (3, self.insert_many), (8, self.update), (3, self.update_key), (4, self.delete),
            (2, self.replace), (3, self.upsert), (3, self.keyless_insert), (3, self.keyless_update), (3, self.keyless_delete),
            (1, self.savepoint), (1, self.temporary_table), (0.15, self.big_value), (4, self.swap), (1, self.swap_by_delete),
            (6, self.order), (3, self.order_change), (1, self.customer_gone), (2, self.customer_renumbered),
            (1, self.coupon_gone), (2, self.staff), (1, self.category), (1, self.multi_table_update), (1, self.multi_table_delete),
            (1, self.auto), (1, self.call), (1, self.hen_and_egg), (0.5, self.many_rows), (0.5, self.odd_visits)]
        if 'orphans' not in self.without:
            self.weighted.append((0.5, self.orphan))
        if schema.facts.mariadb and 'sequences' not in self.without:
            self.weighted.append((2, self.sequence))
        self.names = {method.__name__ for _, method in self.weighted}
        self._methods = [method for _, method in self.weighted]
        self._weights = [weight for weight, _ in self.weighted]

    def choose(self, rng):
        return rng.choices(self._methods, self._weights)[0]

    # ---- any table -------------------------------------------------------------------------------------------------

    def _where(self, table, rng):
        """Finds an existing row without reading it first: the nth in key order, or by a random key."""
        if rng.random() < 0.6 or not table.key:
            order = ' ORDER BY ' + ', '.join(quote(column) for column in table.key) if table.key else ''
            return 'WHERE %s %s LIMIT %d' % (self._range(table, rng), order, rng.choice((1, 1, 1, 3)))
        return 'WHERE ' + ' AND '.join('%s = %s' % (quote(column), table.columns[column].random(rng)) for column in table.key)

    def _range(self, table, rng):
        column = rng.choice(table.key if table.key else table.visible)
        return '%s %s %s' % (quote(column), rng.choice(('>=', '<=')), table.columns[column].random(rng))

    def _assignments(self, table, rng, columns):
        return ', '.join('%s = %s' % (quote(column), table.columns[column].value(rng)) for column in columns)

    def _others(self, table):
        return [column for column in table.visible if column not in table.key] or list(table.key)

    def insert(self, rng):
        table = rng.choice(self.tables)
        return [table.insert_sql([table.row(rng)])]

    def insert_many(self, rng):
        table = rng.choice(self.tables)
        return [table.insert_sql([table.row(rng) for _ in range(rng.randint(2, 12))], verb='INSERT IGNORE')]

    def update(self, rng):
        table = rng.choice(self.keyed)
        columns = self._others(table)
        columns = columns if rng.random() < 0.2 else rng.sample(columns, min(len(columns), rng.randint(1, 3)))
        return ['UPDATE %s SET %s %s' % (table.sql_name, self._assignments(table, rng, columns), self._where(table, rng))]

    def update_key(self, rng):
        table = rng.choice(self.keyed)
        column = rng.choice(table.key)
        return ['UPDATE %s SET %s = %s %s' % (table.sql_name, quote(column), table.columns[column].random(rng), self._where(table, rng))]

    def delete(self, rng):
        table = rng.choice(self.keyed)
        return ['DELETE FROM %s %s' % (table.sql_name, self._where(table, rng))]

    def replace(self, rng):
        table = rng.choice(self.tables)
        return [table.insert_sql([table.row(rng) for _ in range(rng.randint(1, 3))], verb='REPLACE')]

    def upsert(self, rng):
        table = rng.choice(self.keyed)
        columns = rng.sample(self._others(table), 1)
        tail = 'ON DUPLICATE KEY UPDATE ' + self._assignments(table, rng, columns)
        return [table.insert_sql([table.row(rng) for _ in range(rng.randint(1, 4))], tail=tail)]

    def keyless_insert(self, rng):
        table = rng.choice(self.keyless)
        return [table.insert_sql([table.row(rng)] * rng.randint(1, 3) + [table.row(rng)], verb='INSERT IGNORE')]

    def keyless_update(self, rng):
        table = rng.choice(self.keyless)
        column = rng.choice(table.visible)
        return ['UPDATE IGNORE %s SET %s %s' % (table.sql_name, self._assignments(table, rng, [column]), self._where(table, rng))]

    def keyless_delete(self, rng):
        table = rng.choice(self.keyless)
        return ['DELETE FROM %s %s' % (table.sql_name, self._where(table, rng))]

    def savepoint(self, rng):
        return [*self.insert_many(rng), 'SAVEPOINT `s``1`', *self.insert_many(rng), *self.delete(rng), 'ROLLBACK TO SAVEPOINT `s``1`',
                *self.update(rng), 'RELEASE SAVEPOINT `s``1`']

    def temporary_table(self, rng):
        """On MariaDB in the middle of whatever the transaction does: its ROLLBACK, and each ROLLBACK TO SAVEPOINT, are then
        logged together with the rows that they undo. MySQL before 8.0 logs such transactions in forms that binstream stops
        at by name, so there it is a transaction of its own."""
        name = 'lab.scratch_%06x' % rng.getrandbits(24)
        edge = [] if self.schema.facts.mariadb else ['COMMIT']
        return [*edge, 'CREATE TEMPORARY TABLE %s (id INT PRIMARY KEY, t VARCHAR(20)) ENGINE=InnoDB' % name,
                "INSERT INTO %s VALUES (1, 'x'), (2, 'y')" % name, 'DELETE FROM %s WHERE id = 1' % name,
                'DROP TEMPORARY TABLE %s' % name, *edge]

    def big_value(self, rng):
        if 'big' in self.without:
            return self.update(rng)
        return ["REPLACE INTO `types`.big VALUES (%d, REPEAT(0x%x, %d), REPEAT('ñ%d', %d))" % (
            rng.randint(4, 8), rng.randint(2 ** 60, 2 ** 63) << 4, rng.randint(1000, 400000), rng.randint(0, 99), rng.randint(0, 200000))]

    # ---- the shop --------------------------------------------------------------------------------------------------

    def swap(self, rng):
        """A unique value changes hands: three updates, the middle one parks the value aside."""
        a, b = rng.sample(range(1, 61), 2)
        return ['SET @a = (SELECT v FROM shop.swaps WHERE id = %d), @b = (SELECT v FROM shop.swaps WHERE id = %d)' % (a, b),
                'UPDATE shop.swaps SET v = NULL WHERE id = %d' % a, 'UPDATE shop.swaps SET v = @a WHERE id = %d' % b,
                'UPDATE shop.swaps SET v = @b WHERE id = %d' % a]

    def swap_by_delete(self, rng):
        a = rng.randint(1, 60)
        return ["DELETE FROM shop.swaps WHERE v = %d OR id = %d" % (a * 10, a), "INSERT INTO shop.swaps VALUES (%d, %d, 'W%d')" % (a, a * 10, a)]

    def order(self, rng):
        statements = ["INSERT INTO shop.orders (customer_id, coupon, placed, total, state) SELECT id, %s, NOW(3), %d.25, %d FROM shop.customers "
                      "WHERE id >= %d ORDER BY id LIMIT 1" % ("'K%03d'" % rng.randrange(20) if rng.random() < 0.3 else 'NULL',
                                                              rng.randint(0, 500), rng.randint(1, 3), rng.randint(1, 200)),
                      'SET @o = LAST_INSERT_ID()']
        for line in range(rng.randint(0, 3)):
            statements.append('INSERT IGNORE INTO shop.lines VALUES (@o, %d, 0x%06x, %r)' % (line, rng.getrandbits(24), rng.uniform(0, 9)))
            statements.append("INSERT INTO shop.line_notes (order_id, line_no, note) SELECT order_id, line_no, 'n' FROM shop.lines WHERE order_id = @o LIMIT 1")
        return statements

    def order_change(self, rng):
        n = rng.randint(1, 700)
        return [rng.choice(('DELETE FROM shop.orders WHERE id = %d' % n,
                            'UPDATE shop.orders SET id = id + 10000000, total = NULL WHERE id = %d' % n,
                            'UPDATE shop.lines SET line_no = line_no + 7 WHERE order_id = %d AND line_no < 2' % n,
                            'DELETE FROM shop.lines WHERE order_id = %d' % n,
                            'UPDATE shop.orders SET total = total + 1, state = 3 WHERE id BETWEEN %d AND %d' % (n, n + 20)))]

    def customer_gone(self, rng):
        """A parent of a parent of a parent: orders, lines and notes follow."""
        n = rng.randint(1, 260)
        return ['DELETE FROM shop.customers WHERE id = %d' % n,
                "INSERT INTO shop.customers (id, code, name) VALUES (%d, 'N%d-%d', 'again')" % (n, n, rng.randint(0, 9))]

    def customer_renumbered(self, rng):
        n = rng.randint(1, 250)
        return [rng.choice(('UPDATE shop.customers SET id = id + %d WHERE id = %d' % (rng.randint(300, 400), n),
                            "UPDATE shop.customers SET code = CONCAT('X', id, '%d') WHERE id = %d" % (rng.randint(0, 99), n),
                            'UPDATE shop.customers SET balance = balance + 1.5 WHERE id BETWEEN %d AND %d' % (n, n + 5),
                            'UPDATE shop.customers SET code = LOWER(code) WHERE id = %d' % n,
                            "INSERT INTO shop.by_code SELECT code, id FROM shop.customers WHERE id = %d ON DUPLICATE KEY UPDATE n = n + 1" % n))]

    def coupon_gone(self, rng):
        code = "'K%03d'" % rng.randrange(20)
        return [rng.choice(('DELETE FROM shop.coupons WHERE code = %s' % code, 'UPDATE shop.coupons SET code = LOWER(code) WHERE code = %s' % code,
                            'INSERT IGNORE INTO shop.coupons VALUES (%s, 7)' % code,
                            "UPDATE shop.coupons SET code = 'K%03d' WHERE code = %s" % (rng.randrange(40), code)))]

    def staff(self, rng):
        n = rng.randint(1, 90)
        return [rng.choice(('DELETE FROM shop.staff WHERE id = %d' % n, 'INSERT IGNORE INTO shop.staff SELECT %d, MIN(id), "new" FROM shop.staff' % n,
                            'UPDATE shop.staff SET boss = %d WHERE id = %d' % (rng.randint(1, 90), n)))]

    def category(self, rng):
        n = rng.randint(2, 90)
        return [rng.choice(('DELETE FROM shop.categories WHERE id = %d' % n, 'DELETE FROM shop.categories WHERE id > %d' % rng.randint(50, 100),
                            "INSERT IGNORE INTO shop.categories SELECT %d, MAX(id), '誠' FROM shop.categories WHERE id < %d" % (n, n)))]

    def multi_table_update(self, rng):
        n = rng.randint(1, 200)
        return ['UPDATE shop.customers c JOIN shop.orders o ON o.customer_id = c.id SET c.balance = c.balance + 1, o.total = 5 '
                'WHERE c.id BETWEEN %d AND %d' % (n, n + 3)]

    def multi_table_delete(self, rng):
        return ['DELETE l, n FROM shop.lines l JOIN shop.line_notes n ON n.order_id = l.order_id AND n.line_no = l.line_no WHERE l.order_id = %d' % rng.randint(1, 600)]

    def auto(self, rng):
        return ["INSERT INTO `keys`.auto (t, n) VALUES ('a', 1), ('b', 2)",
                'INSERT INTO `keys`.auto (id, n) VALUES (%d, 3)' % rng.randint(5000100, 5100000)]

    def call(self, rng):
        return ['CALL shop.raise_prices(%d)' % rng.randint(-3, 3), 'DELETE FROM shop.audit ORDER BY id LIMIT 3',
                'DELETE FROM shop.audit_keyless LIMIT 2']

    def hen_and_egg(self, rng):
        n = rng.randint(3, 9)
        return ['INSERT IGNORE INTO shop.hen VALUES (%d, 1)' % n, 'INSERT IGNORE INTO shop.egg VALUES (%d, %d)' % (n, n),
                'UPDATE shop.hen SET egg = %d WHERE id = %d' % (n, n), 'DELETE FROM shop.egg WHERE id = %d' % rng.randint(3, 9),
                'DELETE FROM shop.hen WHERE id = %d' % rng.randint(3, 9)]

    def orphan(self, rng):
        n = rng.randint(900002, 900020)
        return ['SET foreign_key_checks=0', 'REPLACE INTO shop.orders (id, customer_id) VALUES (%d, %d)' % (n, 800000 + n),
                'SET foreign_key_checks=1']

    def sequence(self, rng):
        """Their values do not come back with a ROLLBACK; SETVAL may also go back to what was."""
        return rng.choice((["INSERT INTO shop.a_ticket (t) VALUES ('x'), ('y')"],
                           ["INSERT INTO shop.a_ticket (t) VALUES ('x')", 'DELETE FROM shop.a_ticket ORDER BY id LIMIT 1'],
                           ['SELECT NEXT VALUE FOR shop.`seq ñ`, NEXTVAL(shop.round)'],
                           ['SELECT SETVAL(shop.round, %d, 0, %d)' % (rng.randint(3, 20), rng.randint(0, 2000))]))

    def many_rows(self, rng):
        """One statement whose rows fill more than one event."""
        table = rng.choice(self.keyed)
        return [table.insert_sql([table.row(rng) for _ in range(100)], verb='INSERT IGNORE'),
                'UPDATE `keys`.`keyless` SET n = n + 1 WHERE a = %d' % rng.randint(0, 4)]

    def odd_visits(self, rng):
        return ['INSERT INTO %s.visits (customer) SELECT MIN(id) FROM shop.customers WHERE id > %d' % (quote(ODD_DB), rng.randint(1, 150)),
                'DELETE FROM %s.visits ORDER BY id LIMIT 1' % quote(ODD_DB)]
