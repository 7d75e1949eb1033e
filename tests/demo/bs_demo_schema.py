"""The demo's shop: over a million rows, foreign keys, triggers, a view, an event, a table without any key and one of odd
types; and what its applications do to it meanwhile."""

NUMBERS = 1000
CUSTOMERS, PRODUCTS, ORDERS, LINES, VISITS, ODDITIES = 50000, 2000, 250000, 750000, 60000, 20000

TABLES = [
    "CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4",
    "USE shop",
    "SET SESSION sql_mode=''",
    """CREATE TABLE customers (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(80) NOT NULL, name VARCHAR(60) NOT NULL,
         country CHAR(2) CHARACTER SET ascii NOT NULL, balance DECIMAL(12,2) NOT NULL DEFAULT 0, since DATE, referred_by INT, UNIQUE KEY (email),
         CONSTRAINT referred FOREIGN KEY (referred_by) REFERENCES customers (id) ON DELETE SET NULL)""",
    """CREATE TABLE products (sku VARBINARY(16) NOT NULL PRIMARY KEY, title VARCHAR(80) CHARACTER SET gbk, price DECIMAL(10,2), stock INT UNSIGNED,
         weight FLOAT, tags SET('new','sale','größe','日本'))""",
    """CREATE TABLE orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, state ENUM('open','paid','shipped'),
         placed DATETIME(3), paid TIMESTAMP(6) NULL, total DECIMAL(12,2), KEY (placed),
         CONSTRAINT orderer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE)""",
    """CREATE TABLE `order lines` (order_id BIGINT UNSIGNED NOT NULL, line SMALLINT NOT NULL, sku VARBINARY(16), amount INT, price DECIMAL(10,2),
         subtotal DECIMAL(14,2) GENERATED ALWAYS AS (amount * price) STORED, PRIMARY KEY (order_id, line), KEY (sku),
         CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
         CONSTRAINT line_product FOREIGN KEY (sku) REFERENCES products (sku) ON DELETE SET NULL)""",
    "CREATE TABLE visits (path VARCHAR(40), at DATETIME, ms FLOAT) COMMENT 'no key at all, and rows that are twice in it'",
    """CREATE TABLE `öddities` (id INT NOT NULL PRIMARY KEY, bits BIT(33), big BIGINT UNSIGNED, exact DECIMAL(65,30), approx DOUBLE, never DATETIME,
         doc JSON, place POINT, sjis VARCHAR(20) CHARACTER SET sjis, u16 VARCHAR(20) CHARACTER SET utf16, raw BLOB, y YEAR, t TIME(6))""",
    "CREATE TABLE journal (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(30), at TIMESTAMP(3) NULL)",
    "CREATE TABLE pulse (n INT NOT NULL PRIMARY KEY)",
]

OBJECTS = [
    "CREATE TRIGGER order_placed AFTER INSERT ON orders FOR EACH ROW INSERT INTO journal (what, at) VALUES ('order', NOW(3))",
    "CREATE VIEW turnover AS SELECT c.country, SUM(o.total) AS total FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.country",
    "CREATE PROCEDURE restock(IN n INT) UPDATE products SET stock = stock + n",
    "CREATE EVENT heartbeat ON SCHEDULE EVERY 1 SECOND DO INSERT INTO journal (what, at) VALUES ('event', NOW(3))",
]


def _fill(table, columns, select, count):
    """`i` counts from 1 to count; a and b are its two digits in base NUMBERS."""
    return ("INSERT INTO %s (%s) SELECT %s FROM (SELECT a.n * %d + b.n + 1 AS i FROM numbers a JOIN numbers b ON a.n <= %d) x WHERE i <= %d" %
            (table, columns, select, NUMBERS, count // NUMBERS, count))


def rows():
    yield 'CREATE TABLE numbers (n INT NOT NULL PRIMARY KEY)'
    yield 'INSERT INTO numbers VALUES ' + ', '.join('(%d)' % n for n in range(NUMBERS))
    yield _fill('customers', 'id, email, name, country, balance, since, referred_by', "i, CONCAT('user', i, '@example.net'), CONCAT('Kundin Nr. ', i), "
                "ELT(1 + i % 4, 'DE', 'FR', 'JP', 'BR'), i % 997 - 300, '2001-02-03' + INTERVAL i % 7000 DAY, NULLIF(i DIV 10, 0)", CUSTOMERS)
    yield _fill('products', 'sku, title, price, stock, weight, tags', "CONCAT('SKU', LPAD(HEX(i), 8, '0'), CHAR(i % 3)), '中文 誠 product', i % 500 + 0.99, 1000, "
                "i / 7, i % 16", PRODUCTS)
    yield _fill('orders', 'id, customer_id, state, placed, paid, total', "i, 1 + i * 7919 %% %d, 1 + i %% 3, '2024-01-01' + INTERVAL i SECOND, "
                "IF(i %% 3 = 0, NULL, '2024-06-01' + INTERVAL i * 1001 MICROSECOND), i %% 1000 + 0.5" % CUSTOMERS, ORDERS)
    yield _fill('`order lines`', 'order_id, line, sku, amount, price', "1 + (i - 1) DIV 3, i %% 3, CONCAT('SKU', LPAD(HEX(1 + i %% %d), 8, '0'), "
                "CHAR((1 + i %% %d) %% 3)), i %% 9, i %% 500 + 0.99" % (PRODUCTS, PRODUCTS), LINES)
    yield _fill('visits', 'path, at, ms', "CONCAT('/page/', i % 50), '2024-05-05 12:00:00', i % 10 / 3", VISITS)
    yield _fill('`öddities`', 'id, bits, big, exact, approx, never, doc, place, sjis, u16, raw, y, t',
                "i, i * 429496, 18446744073709551615 - i, -99999999999999999999999999999999999.000000000000000000000000000001 + i, "
                "1 / i, IF(i % 2, '0000-00-00', '2024-00-00 00:00:00'), CONCAT('{\"n\": ', i, ', \"list\": [1, 2.5, null]}'), POINT(i % 180, i % 90), "
                "'表ソ能', '日本😀', UNHEX(REPEAT(HEX(i), 20)), 1901 + i % 250, SEC_TO_TIME(i * 1.000001)", ODDITIES)
    yield 'DROP TABLE numbers'


class Business:
    """The applications' transactions, in the form that bs_writers takes."""

    def __init__(self):
        self._kinds = [(6, self.order), (5, self.pay), (2, self.cancel), (2, self.customer), (1, self.customer_leaves), (3, self.visit),
                       (2, self.oddity), (1, self.stock)]

    def choose(self, rng):
        return rng.choices([kind for _, kind in self._kinds], [weight for weight, _ in self._kinds])[0]

    def order(self, rng):
        lines = ', '.join("(@o, %d, NULL, %d, %d.5)" % (line, rng.randint(1, 9), rng.randint(1, 99)) for line in range(rng.randint(1, 4)))
        return ["INSERT INTO shop.orders (customer_id, state, placed, total) SELECT id, 1, NOW(3), %d FROM shop.customers WHERE id >= %d "
                "ORDER BY id LIMIT 1" % (rng.randint(1, 500), rng.randint(1, CUSTOMERS - 100)), 'SET @o = LAST_INSERT_ID()',
                'INSERT INTO shop.`order lines` (order_id, line, sku, amount, price) VALUES ' + lines]

    def pay(self, rng):
        n = rng.randint(1, ORDERS)
        return ["UPDATE shop.orders SET state = 'paid', paid = NOW(6) WHERE id BETWEEN %d AND %d" % (n, n + rng.randint(0, 3))]

    def cancel(self, rng):
        return ['DELETE FROM shop.orders WHERE id = %d' % rng.randint(1, ORDERS)]

    def customer(self, rng):
        n = rng.randint(1, CUSTOMERS)
        return ["UPDATE shop.customers SET balance = balance + 1.25, email = CONCAT('moved', id, '-%d@example.org') WHERE id = %d" % (rng.randint(0, 9), n)]

    def customer_leaves(self, rng):
        return ['DELETE FROM shop.customers WHERE id = %d' % rng.randint(1, CUSTOMERS)]

    def visit(self, rng):
        return [rng.choice(("INSERT INTO shop.visits VALUES ('/page/%d', NOW(), 0.1), ('/page/1', '2024-05-05', 0.1)" % rng.randint(0, 9),
                            "DELETE FROM shop.visits WHERE path = '/page/%d' LIMIT 1" % rng.randint(0, 49)))]

    def oddity(self, rng):
        n = rng.randint(1, ODDITIES)
        return ["UPDATE shop.`öddities` SET approx = approx * 1.1, doc = '{\"changed\": %d}', bits = %d WHERE id = %d" % (n, rng.getrandbits(33), n)]

    def stock(self, rng):
        return ['UPDATE shop.products SET stock = stock - 1 WHERE stock > 0 ORDER BY sku LIMIT %d' % rng.randint(1, 20)]
