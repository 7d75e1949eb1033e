"""Makes the golden binlogs in tests/golden/binlog from real servers: small files, each with the text
that the decoder must give for it (NAME.model, NAME.expected).

    PYTHONPATH=tests/servers python3 tests/golden/make_binlogs.py build/dev/tests/unit/binlog/binlog_dump

What it writes is checked in; running it again gives other timestamps, GTIDs and positions, so it is run
only when the cases change, and the new expectations are then read by a person.
"""

import os
import subprocess
import sys

from bs_servers import Server, flavour, require

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "binlog")
TOOL = sys.argv[1]

COMMON = """
SET time_zone='+00:00', sql_mode='', NAMES utf8;
CREATE DATABASE g DEFAULT CHARACTER SET latin1;
CREATE TABLE g.n (id INT PRIMARY KEY, a TINYINT UNSIGNED, b MEDIUMINT, c MEDIUMINT UNSIGNED, d BIGINT UNSIGNED, e DECIMAL(20,10), f FLOAT, h DOUBLE, i BIT(17), j YEAR) ENGINE=InnoDB
CREATE TABLE g.t (id INT PRIMARY KEY, d DATE, t TIME, t3 TIME(3), t6 TIME(6), dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL, ts4 TIMESTAMP(4) NULL) ENGINE=InnoDB
CREATE TABLE g.s (id INT, c CHAR(5), w CHAR(200) CHARACTER SET utf8, b BINARY(4), vb VARBINARY(300), tx TEXT, bl MEDIUMBLOB, e ENUM('a','b''c'), s SET('x','y','z'), p POINT) ENGINE=InnoDB
INSERT INTO g.n VALUES (1,255,-8388608,16777215,18446744073709551615,-1234567890.0123456789,1.5,-2.2250738585072014e-308,65537,2155),(2,0,-1,0,0,0.0000000001,-3.4e38,0.1,0,0),(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)
INSERT INTO g.t VALUES (1,'1000-01-01','-838:59:59','-00:00:00.001','-00:00:00.000001','9999-12-31 23:59:59','0000-00-00 00:00:00.000001','1970-01-01 00:00:01','2038-01-19 03:14:07.9999'),(2,'2023-11-00','00:00:00','12:34:56.789','838:59:58.999999','0000-00-00','2024-02-29 12:00:00.5','0000-00-00 00:00:00','2000-01-01 00:00:00')
INSERT INTO g.s VALUES (1,'ab  ',REPEAT('é',200),X'01000000',REPEAT('v',300),'text',X'00FF','b''c','x,z',NULL),(2,'','',X'00','','','',0,'',NULL)
BEGIN
UPDATE g.n SET a=a+1, h=-h WHERE id=2
DELETE FROM g.t WHERE id=1
SAVEPOINT sp
INSERT INTO g.n (id) VALUES (9)
ROLLBACK TO sp
UPDATE g.s SET id=id+10
COMMIT
ALTER TABLE g.n ADD z INT DEFAULT 5 FIRST
INSERT INTO g.n VALUES (1,4,1,1,1,1,1,1,1,1,1)
CREATE TABLE g.ctas (id INT PRIMARY KEY) SELECT 1 AS id UNION SELECT 2
RENAME TABLE g.ctas TO g.`we``ird`
DROP TABLE g.`we``ird`
TRUNCATE TABLE g.t
"""

MYSQL_97 = """
CREATE TABLE g.j (id INT PRIMARY KEY, j JSON) ENGINE=InnoDB
INSERT INTO g.j VALUES (1,'{"b": [1, -2, 3.5, 1e100, "x\\\\n\\\\u0001"], "a": null, "long": 4294967296}'),(2,CAST(CAST('12.340' AS DECIMAL(10,3)) AS JSON)),(3,JSON_ARRAY(CAST('2020-02-29' AS DATE),CAST('-12:34:56.5' AS TIME(6)),CAST('2020-01-01 01:02:03' AS DATETIME),X'00FF',1.0e0,1e15,1e-15,0.1e0,18446744073709551615,true)),(4,CAST(CAST(REPEAT('z',120) AS BINARY) AS JSON)),(5,NULL)
SET SESSION binlog_transaction_compression=ON
INSERT INTO g.j SELECT id+10, j FROM g.j
SET SESSION binlog_transaction_compression=OFF
"""

MARIADB = """
CREATE TABLE g.m (id INT PRIMARY KEY, v VARCHAR(1000) COMPRESSED, i6 INET6) ENGINE=InnoDB
INSERT INTO g.m VALUES (1,REPEAT('compress me ',50),'::1'),(2,'s','2001:db8::'),(3,NULL,NULL)
CREATE SEQUENCE g.sq
SELECT NEXTVAL(g.sq)
"""

CASES = {
    "mysql-5.6": ("mysql-5.6", (), COMMON),
    "mysql-5.6-gtid": ("mysql-5.6", ("--gtid-mode=ON", "--enforce-gtid-consistency", "--log-slave-updates"),
                       COMMON.replace("CREATE TABLE g.ctas (id INT PRIMARY KEY) SELECT 1 AS id UNION SELECT 2",
                                      "CREATE TABLE g.ctas (id INT PRIMARY KEY)")),
    "mysql-9.7": ("mysql-9.7", ("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"), COMMON + MYSQL_97),
    "mysql-9.7-gtid": ("mysql-9.7", (), COMMON + MYSQL_97 +
                       "SET GTID_NEXT='AUTOMATIC:tag_a'\nDELETE FROM g.j WHERE id=1\nSET GTID_NEXT='AUTOMATIC'\n"),
    "mariadb-10.5": ("mariadb-10.5", (), COMMON + MARIADB),
    "mariadb-11.8": ("mariadb-11.8", ("--log-bin-compress=ON", "--log-bin-compress-min-len=100"), COMMON + MARIADB),
}


def model(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS"
                       " WHERE TABLE_SCHEMA='g' ORDER BY 1, 2, ORDINAL_POSITION")
        text = lambda v: v.decode() if isinstance(v, bytes) else v
        return ["\t".join(map(text, row)) + "\n" for row in cursor.fetchall()]


def make(name, server_name, options, statements):
    with Server(server_name, options=options) as server:
        connection = server.connect()
        cursor = connection.cursor()
        try:
            cursor.execute("RESET MASTER")
        except Exception:  # the word since 8.4
            cursor.execute("RESET BINARY LOGS AND GTIDS")
        for statement in statements.strip().split("\n"):
            if statement:
                cursor.execute(statement.rstrip(";"))
        cursor.execute("FLUSH LOGS")
        columns = model(connection)
        with open(os.path.join(server.datadir, "binlog.000001"), "rb") as file:
            data = file.read()
    path = os.path.join(HERE, name)
    with open(path + ".binlog", "wb") as out:
        out.write(data)
    with open(path + ".model", "w") as out:
        out.writelines(columns)
    command = [TOOL, "--model", path + ".model"]
    if flavour(server_name) == "mariadb":
        command.insert(1, "--mariadb")
    text = subprocess.run(command + [path + ".binlog"], check=True, stdout=subprocess.PIPE).stdout
    with open(path + ".expected", "wb") as out:
        out.write(text)
    print("%s: %d bytes, %d lines" % (name, len(data), text.count(b"\n")))


def main():
    os.makedirs(HERE, exist_ok=True)
    for name, (server, options, statements) in CASES.items():
        if len(sys.argv) < 3 or name in sys.argv[2:]:
            require(server)
            make(name, server, options, statements)


if __name__ == "__main__":
    main()
