"""What test_events_source.py has a server write: several files, with every kind of group that it has."""

import os

import bs_servers

TYPES = """
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, t TINYINT, s SMALLINT UNSIGNED, m MEDIUMINT,
    b BIGINT UNSIGNED, f FLOAT, d DOUBLE, n DECIMAL(20,5), y YEAR, da DATE, ti TIME(3), dt DATETIME(6),
    ts TIMESTAMP NULL, bi BIT(11), c CHAR(10) CHARACTER SET latin1, v VARCHAR(300) CHARACTER SET utf8mb4,
    x TEXT CHARACTER SET utf8mb4, bin BINARY(8), vb VARBINARY(40), bl BLOB, e ENUM('a','b','c'),
    st SET('x','y','z'), g POINT, w CHAR(5) CHARACTER SET ucs2"""
ROW = """(t,s,m,b,f,d,n,y,da,ti,dt,ts,bi,c,v,x,bin,vb,bl,e,st,g,w) VALUES
    (-5, 60000, -70000, 18446744073709551615, 1.5, -2.25e100, -12345.67890, 2026, '2026-02-28',
     '-12:30:01.125', '2026-02-28 23:59:59.123456', '2026-02-28 10:00:00', b'10110011101', 'gr\u00fc\u00df',
     'h\u00e9llo \U0001f600', REPEAT('text ', 500), 'ab', X'00FF', REPEAT(X'0102', 300), 'b', 'x,z',
     POINT(1.5,-2), 'wide'),
    (""" + ",".join(["NULL"] * 23) + ")"


class Workload:
    """Writes over one session. `skipped` has what this server refused."""

    def __init__(self, server):
        self.server = server
        self.mysql = bs_servers.flavour(server.name) == "mysql"
        self.version = tuple(int(n) for n in bs_servers.version(server.name).split(".")[:2])
        self.skipped = []
        self.connect("mysql")

    def connect(self, database="w"):
        self.connection = self.server.connect(database=database)

    def run(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def try_run(self, *statements):
        """What not every version has. An open transaction is rolled back."""
        import pymysql
        try:
            self.run(*statements)
        except pymysql.err.MySQLError as error:
            self.skipped.append("%s: %s" % (statements[-1][:60], error.args[0]))
            self.run("ROLLBACK")

    def fill(self):
        self.rows()
        self.statements()
        self.run("FLUSH BINARY LOGS")
        self.ddl()
        self.xa()
        self.run("DO SLEEP(1.1)")  # so that there is a time in the middle
        self.compressed()
        self.run("FLUSH BINARY LOGS")
        self.large()
        self.metadata()
        self.crash()
        self.without_checksums()

    def rows(self):
        self.run(
            "CREATE DATABASE w", "USE w", "CREATE TABLE types (%s) ENGINE=InnoDB" % TYPES,
            "CREATE TABLE other (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=InnoDB",
            "CREATE TABLE mi (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=MyISAM",
            "INSERT INTO types " + ROW, "UPDATE types SET v = CONCAT(v, '!'), d = id",
            "DELETE FROM types WHERE id = 2",
            "BEGIN", "INSERT INTO types (v) VALUES ('one')", "INSERT INTO other VALUES (1,'one'),(2,'two')",
            "SAVEPOINT here", "INSERT INTO other VALUES (3,'three')", "ROLLBACK TO here",
            "UPDATE types, other SET types.v = 'both', other.v = 'both' WHERE other.id = 1",
            "COMMIT", "INSERT INTO mi VALUES (1,'no transaction')")

    def statements(self):
        path = os.path.join(self.server.dir, "load.txt")
        with open(path, "w") as file:
            file.write("".join("%d\tline %d\n" % (i, i) for i in range(1000, 1050)))
        self.run(
            "SET SESSION binlog_format = STATEMENT", "SET @u = 'a user\\'s \u00e9'",
            "INSERT INTO other VALUES (10, @u)", "INSERT INTO types (d) VALUES (RAND())",
            "BEGIN", "INSERT INTO types (v) VALUES ('ten'), ('eleven')",
            "INSERT INTO other SELECT id + 100, v FROM other WHERE id < 3", "COMMIT",
            "LOAD DATA INFILE '%s' INTO TABLE other" % path, "SET SESSION binlog_format = ROW")

    def ddl(self):
        self.run(
            "ALTER TABLE other ADD COLUMN more INT", "UPDATE other SET more = 5", "TRUNCATE TABLE mi",
            "CREATE TABLE gone (id INT)", "RENAME TABLE gone TO going", "DROP TABLE going",
            "CREATE VIEW seen AS SELECT id FROM other",
            "CREATE TABLE pulled (id INT PRIMARY KEY) ENGINE=InnoDB",
            "CREATE TRIGGER tr AFTER INSERT ON pulled FOR EACH ROW "
            "UPDATE other SET more = NEW.id WHERE id = 1",
            "INSERT INTO pulled VALUES (7)", "INSERT INTO mi VALUES (7,'seven')")
        self.try_run("CREATE TABLE copied ENGINE=InnoDB SELECT id, v FROM other")
        self.try_run("CREATE TEMPORARY TABLE temp (id INT)", "INSERT INTO temp VALUES (1)",
                     "DROP TEMPORARY TABLE temp")

    def xa(self):
        for number, end in enumerate(("XA COMMIT 'one'", "XA ROLLBACK 'one'")):
            self.run("XA START 'one'", "INSERT INTO other (id,v) VALUES (%d,'xa')" % (200 + number),
                     "XA END 'one'", "XA PREPARE 'one'", end)
        self.run("XA START 'two','branch',5", "INSERT INTO other (id,v) VALUES (300,'xa')",
                 "XA END 'two','branch',5", "XA COMMIT 'two','branch',5 ONE PHASE")

    def compressed(self):
        rows = ("BEGIN", "INSERT INTO types (x) VALUES (REPEAT('z',5000))",
                "UPDATE other SET v = REPEAT('p',40)", "COMMIT")
        if self.mysql:
            self.try_run("SET SESSION binlog_transaction_compression = ON", *rows,
                         "SET SESSION binlog_transaction_compression = OFF")
        else:
            self.run("SET GLOBAL log_bin_compress = ON", *rows, "SET SESSION binlog_format = STATEMENT",
                     "INSERT INTO types (x) VALUES ('%s')" % ("q" * 3000),
                     "SET SESSION binlog_format = ROW", "SET GLOBAL log_bin_compress = OFF")

    def large(self):
        """A row beyond 16 MiB. MariaDB 11.7 makes a file of the transaction, whose events have no log_pos."""
        if not self.mysql and self.version >= (11, 7):
            self.run("SET GLOBAL binlog_large_commit_threshold = 10 * 1024 * 1024")
            self.connect()
        self.run("CREATE TABLE large (id INT PRIMARY KEY, b LONGBLOB, other INT) ENGINE=InnoDB", "BEGIN",
                 "INSERT INTO large VALUES (1, REPEAT('0123456789abcdef', 1024 * 1024 + 3000), 7)",
                 "INSERT INTO large VALUES (2, 'small', 8)", "UPDATE other SET more = 8", "COMMIT")

    def metadata(self):
        self.try_run("SET GLOBAL binlog_row_metadata = FULL", "INSERT INTO types " + ROW,
                     "DELETE FROM other WHERE id = 2", "SET GLOBAL binlog_row_metadata = MINIMAL")
        self.try_run("CREATE TABLE doc (id INT PRIMARY KEY, j JSON)",
                     "INSERT INTO doc VALUES (1, '{\"a\": 1, \"b\": [1, 2.5, null]}')",
                     "SET SESSION binlog_row_value_options = PARTIAL_JSON",
                     "UPDATE doc SET j = JSON_SET(j, '$.a', 2)", "SET SESSION binlog_row_value_options = ''")
        self.run("SET SESSION binlog_row_image = MINIMAL", "UPDATE types SET v = 'minimal' LIMIT 1",
                 "SET SESSION binlog_row_image = FULL")
        self.try_run("SET SESSION binlog_rows_query_log_events = ON", "UPDATE types SET v = 'asked' LIMIT 1",
                     "SET SESSION binlog_rows_query_log_events = OFF")

    def crash(self):
        """A file without an end."""
        self.server.kill9()
        self.server.start()
        self.connect()
        self.run("INSERT INTO other (id,v) VALUES (500,'after a crash')")

    def without_checksums(self):
        """Each change begins a new file."""
        self.run("SET GLOBAL binlog_checksum = NONE", "INSERT INTO other (id,v) VALUES (400,'no sum')",
                 "UPDATE other SET v = 'no sum either' WHERE id = 400", "SET GLOBAL binlog_checksum = CRC32",
                 "INSERT INTO other (id,v) VALUES (401,'summed')")
