"""What the golden binlogs of `binstream events` are made from: one case per file or series of files.

A case is (servers, options, script). Each line of a script is a statement, or begins with a word of its own:

    @session NAME     the statements that follow are this session's
    @close NAME       ends a session
    @try STATEMENT    may fail
    @only WORD STATEMENT  for servers with WORD in their names
    @restart          a clean stop and a start

./load.csv and ./short.csv are in the server's data directory. ${TMP} in an option is a folder with `keys`.
"""

import collections

Case = collections.namedtuple("Case", "servers options script")

ALL = ("mariadb-10.5", "mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7")
MARIADB = ("mariadb-10.5", "mariadb-10.11", "mariadb-11.8")
BOTH_9 = ("mysql-9.7",)
NO_GTID = ("--gtid-mode=OFF", "--enforce-gtid-consistency=OFF")

STATEMENTS = """
SET NAMES utf8, sql_mode='', time_zone='+00:00'
CREATE DATABASE g DEFAULT CHARACTER SET latin1
USE g
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a BIGINT UNSIGNED, s VARCHAR(100), d DOUBLE, n DECIMAL(20,6), ts DATETIME(6)) ENGINE=InnoDB DEFAULT CHARSET=utf8
CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, tid INT, x VARBINARY(100)) ENGINE=InnoDB
CREATE TABLE m (id INT PRIMARY KEY, s VARCHAR(100)) ENGINE=MyISAM
SET SESSION binlog_format='STATEMENT'
SET @i=42, @neg=-9223372036854775808, @big=18446744073709551615, @d=1.5e10, @tenth=0.1e0, @dec=-12345.678901
SET @s='user é var', @l=_latin1 X'E9' COLLATE latin1_german2_ci, @bin=X'00FF27', @nul=NULL, @empty='', @u=_ucs2 X'00410042'
SET @`odd ``name`='x'
INSERT INTO t (a,s,d) VALUES (@i,@s,@d)
INSERT INTO t (a,n) VALUES (@big,@dec)
INSERT INTO t (d,s) VALUES (@neg,@l),(@tenth,@empty)
INSERT INTO u (tid,x) VALUES (@nul,@bin),(3,@u),(4,@`odd ``name`)
INSERT INTO t (d) VALUES (RAND())
INSERT INTO u (tid) VALUES (LAST_INSERT_ID())
BEGIN
INSERT INTO t (a) VALUES (1)
INSERT INTO u (tid) SELECT LAST_INSERT_ID()
SAVEPOINT sp
INSERT INTO u (tid) VALUES (5)
ROLLBACK TO sp
COMMIT
SET TIMESTAMP=1700000000.123456
INSERT INTO t (ts,s) VALUES (NOW(6),'micro')
SET TIMESTAMP=DEFAULT
SET auto_increment_increment=5, auto_increment_offset=3, foreign_key_checks=0, unique_checks=0, sql_auto_is_null=1
INSERT INTO t (s) VALUES ('step')
SET auto_increment_increment=1, auto_increment_offset=1, foreign_key_checks=1, unique_checks=1, sql_auto_is_null=0
SET time_zone='+03:00', lc_time_names='de_DE', sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES', collation_server=utf8_bin
INSERT INTO t (ts,s) VALUES (NOW(),DATE_FORMAT('2020-08-01','%M'))
UPDATE t, u SET t.s="s", u.tid=9 WHERE t.id=u.id AND t.id=1
SET time_zone='+00:00', lc_time_names='en_US', sql_mode='', NAMES latin1, collation_connection=latin1_bin
INSERT INTO t (s) VALUES ('bytes')
SET NAMES utf8
@try INSERT INTO m VALUES (1,'first'),(1,'again')
SET GLOBAL max_allowed_packet=8192
@session small
USE g
SET SESSION binlog_format='STATEMENT', sql_mode='', time_zone='+00:00'
LOAD DATA INFILE './load.csv' INTO TABLE t FIELDS TERMINATED BY ',' (a,s) SET d=a*2
@close small
@session first
LOAD DATA INFILE './short.csv' REPLACE INTO TABLE g.m FIELDS TERMINATED BY ','
LOAD DATA INFILE './short.csv' IGNORE INTO TABLE m CHARACTER SET latin1 FIELDS TERMINATED BY ',' IGNORE 1 LINES
@try LOAD DATA INFILE './short.csv' INTO TABLE m FIELDS TERMINATED BY ','
CREATE TEMPORARY TABLE tmp AS SELECT 1 AS one
INSERT INTO u (tid) SELECT one FROM tmp
DROP TEMPORARY TABLE tmp
CREATE USER who
GRANT SELECT ON g.* TO who
CREATE DEFINER=CURRENT_USER PROCEDURE p() DELETE FROM u WHERE tid IS NULL
CALL p()
SET SESSION binlog_format='MIXED'
INSERT INTO u (x) VALUES (UUID_SHORT() DIV 1000000000000)
INSERT INTO u (tid) VALUES (77)
USE mysql
CREATE TABLE g.other (a INT)
DROP DATABASE g
DROP USER who
"""

XA = """
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB
XA START 'x1'
INSERT INTO g.t VALUES (1,1)
UPDATE g.t SET v=2
XA END 'x1'
XA PREPARE 'x1'
XA COMMIT 'x1'
XA START 'gtrid','bqual',77
INSERT INTO g.t VALUES (2,1)
XA END 'gtrid','bqual',77
XA COMMIT 'gtrid','bqual',77 ONE PHASE
XA START X'00ff27',X'5c0a',2147483647
INSERT INTO g.t VALUES (3,1)
XA END X'00ff27',X'5c0a',2147483647
XA PREPARE X'00ff27',X'5c0a',2147483647
XA ROLLBACK X'00ff27',X'5c0a',2147483647
"""

JSON_TABLE = """
CREATE DATABASE g
CREATE TABLE g.j (id INT PRIMARY KEY, a JSON, n INT, b JSON, c TEXT) ENGINE=InnoDB
INSERT INTO g.j VALUES (1,'{"a": "%s", "b": {"c": [1, 2, 3, "four", {"five": 5}], "d": "dd"}, "num": 12345}',1,'[1,2,3]','text')
INSERT INTO g.j SELECT 2, a, 2, a, c FROM g.j WHERE id=1
SET SESSION binlog_row_value_options=PARTIAL_JSON
""" % ("x" * 200)

PARTIAL_JSON = JSON_TABLE + "".join("""
SET SESSION binlog_row_image=%s
UPDATE g.j SET a=JSON_REPLACE(a,'$.a','%s')
UPDATE g.j SET a=JSON_SET(a,'$.b.c[4].five',JSON_OBJECT('x',1),'$.num',-1.5e0,'$.new',CAST('true' AS JSON),'$."odd key"',CAST('null' AS JSON)) WHERE id=1
UPDATE g.j SET a=JSON_REMOVE(a,'$.b.c[1]','$.b.d'), n=n+1 WHERE id=1
UPDATE g.j SET a=JSON_ARRAY_INSERT(a,'$.b.c[0]','first','$.b.c[99]',JSON_ARRAY(1,'two')), b=JSON_SET(b,'$[99]',1) WHERE id=1
UPDATE g.j SET a=JSON_SET(JSON_REMOVE(a,'$.b'),'$.b',CAST('{"c": [1, 2, 3, "four", {"five": 5}], "d": "dd"}' AS JSON)) WHERE id=1
UPDATE g.j SET a='{"whole": 1}', c='changed' WHERE id=2
UPDATE g.j SET a=(SELECT v FROM (SELECT a AS v FROM g.j WHERE id=1) x), n=n+1 WHERE id=2
""" % (image, letter * 5) for image, letter in (("FULL", "f"), ("MINIMAL", "m"), ("NOBLOB", "n")))

COMPRESSED = """
SET NAMES utf8, sql_mode=''
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY, s VARCHAR(500), b BLOB) ENGINE=InnoDB
@only mysql-9.7 SET SESSION binlog_transaction_compression=ON
BEGIN
INSERT INTO g.t VALUES (1,REPEAT('compress me ',30),REPEAT(X'00FF',200)),(2,'small',NULL)
UPDATE g.t SET s=CONCAT(s,'!'), b=NULL
SAVEPOINT a
DELETE FROM g.t WHERE id=2
COMMIT
INSERT INTO g.t SELECT id+10, s, b FROM g.t
DELETE FROM g.t
@only mariadb CREATE TABLE g.long_statement (id INT PRIMARY KEY, c VARCHAR(2000) COMMENT 'a comment that is long enough for the statement to be compressed: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') ENGINE=InnoDB
"""

METADATA = """
SET NAMES utf8, sql_mode='', time_zone='+00:00'
CREATE DATABASE g DEFAULT CHARACTER SET latin1
CREATE TABLE g.n (id BIGINT UNSIGNED PRIMARY KEY, a TINYINT UNSIGNED NOT NULL, b MEDIUMINT, c SMALLINT UNSIGNED, e DECIMAL(20,10) UNSIGNED, f FLOAT UNSIGNED, h DOUBLE, i BIT(17), j YEAR, k DECIMAL(5)) ENGINE=InnoDB
INSERT INTO g.n VALUES (18446744073709551615,255,-8388608,65535,1234567890.0123456789,1.5,-2.2250738585072014e-308,65537,2155,-99999),(1,0,NULL,0,0.0000000001,3.4e38,-0.0,0,0,NULL)
CREATE TABLE g.s (a VARCHAR(20), b CHAR(3) CHARACTER SET utf8, c TEXT CHARACTER SET gbk, d VARCHAR(10) CHARACTER SET ucs2, e ENUM('a','b''c','é','') CHARACTER SET utf8, f SET('x','y','é') CHARACTER SET latin1, x BINARY(4), y VARBINARY(10), z MEDIUMBLOB, w CHAR(100) CHARACTER SET utf8, k VARCHAR(10) COLLATE latin1_german2_ci, PRIMARY KEY (a(5), w)) ENGINE=InnoDB
INSERT INTO g.s VALUES ('é','é','中文','é','é','x,é',X'01000000',X'0100',X'FF','é','plain'),('plain','','','','','',X'00','','','','ß'),('enum','a','ascii','A','b''c','x,y',X'61626364',X'61','text','w','')
INSERT INTO g.s (a,e,w) VALUES ('invalid','no such','1')
CREATE TABLE g.p (id INT NOT NULL, d DATETIME(3) NOT NULL, t TIMESTAMP NULL, v INT, PRIMARY KEY (id, d)) ENGINE=InnoDB PARTITION BY HASH(id) PARTITIONS 3
INSERT INTO g.p VALUES (1,'2020-02-29 12:00:00.123','2020-02-29 12:00:00',1),(2,'0000-00-00','0000-00-00 00:00:00',2)
UPDATE g.p SET id=id+1, v=3 WHERE id=2
DELETE FROM g.p
CREATE TABLE g.geo (id INT, g GEOMETRY, p POINT, m MULTIPOLYGON) ENGINE=InnoDB
@try INSERT INTO g.geo VALUES (1,ST_GeomFromText('LINESTRING(0 0,1 1)'),ST_GeomFromText('POINT(1 2)'),NULL)
"""

IMAGES = """
SET NAMES utf8, sql_mode=''
CREATE DATABASE g
CREATE TABLE g.pk (id INT PRIMARY KEY, a INT, b BLOB, c VARCHAR(20) DEFAULT 'x', d TEXT) ENGINE=InnoDB
CREATE TABLE g.nopk (a INT, b BLOB, c VARCHAR(20)) ENGINE=InnoDB
CREATE TABLE g.uk (a INT NOT NULL, b BLOB, c VARCHAR(20), UNIQUE KEY (a)) ENGINE=InnoDB
INSERT INTO g.pk (id,a,b) VALUES (1,1,'blob'),(2,NULL,NULL)
INSERT INTO g.pk VALUES (3,3,'b','c','d')
UPDATE g.pk SET a=NULL WHERE id=1
UPDATE g.pk SET b='new', d=NULL WHERE id<>2
UPDATE g.pk SET id=id+10
DELETE FROM g.pk WHERE id=11
INSERT INTO g.nopk VALUES (1,'b','c'),(1,'b','c'),(NULL,NULL,NULL)
UPDATE g.nopk SET c='d' LIMIT 1
DELETE FROM g.nopk
INSERT INTO g.uk (a,c) VALUES (1,'c')
UPDATE g.uk SET b='b'
DELETE FROM g.uk
"""

SPECIAL_MYSQL = """
SET NAMES utf8mb4, sql_mode=''
CREATE DATABASE g
CREATE TABLE g.ve (id INT PRIMARY KEY, v VECTOR(3), w VECTOR) ENGINE=InnoDB
INSERT INTO g.ve VALUES (1,STRING_TO_VECTOR('[1,2.5,-3e10]'),STRING_TO_VECTOR('[0.1]')),(2,NULL,STRING_TO_VECTOR('[-0.0,1e-30]'))
UPDATE g.ve SET v=STRING_TO_VECTOR('[9,9]') WHERE id=1
CREATE TABLE g.inv (a INT PRIMARY KEY, b INT INVISIBLE DEFAULT 4, c INT) ENGINE=InnoDB
INSERT INTO g.inv (a,c) VALUES (1,2)
SET sql_generate_invisible_primary_key=ON
CREATE TABLE g.gipk (x INT, y VARCHAR(10)) ENGINE=InnoDB
SET sql_generate_invisible_primary_key=OFF
INSERT INTO g.gipk VALUES (1,'a'),(2,'b')
UPDATE g.gipk SET y='c' WHERE x=1
CREATE TABLE g.fx (id INT PRIMARY KEY, a VARCHAR(20), KEY ((LOWER(a))), KEY ((CAST(a AS UNSIGNED)))) ENGINE=InnoDB
INSERT INTO g.fx VALUES (1,'Abc'),(2,'12')
UPDATE g.fx SET a='9' WHERE id=1
CREATE TABLE g.mv (id INT PRIMARY KEY, j JSON, KEY ((CAST(j->'$.a' AS UNSIGNED ARRAY)))) ENGINE=InnoDB
INSERT INTO g.mv VALUES (1,'{"a": [1, 2]}')
UPDATE g.mv SET j='{"a": [3]}' WHERE id=1
DELETE FROM g.mv
CREATE TABLE g.gen (id INT PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a+1) VIRTUAL, s INT GENERATED ALWAYS AS (a+2) STORED) ENGINE=InnoDB
INSERT INTO g.gen (id,a) VALUES (1,1)
UPDATE g.gen SET a=2
CREATE TABLE g.geo (id INT PRIMARY KEY, g GEOMETRY NOT NULL SRID 4326) ENGINE=InnoDB
INSERT INTO g.geo VALUES (1,ST_GeomFromText('POINT(1 2)',4326))
CREATE TABLE g.ctas (a INT PRIMARY KEY) AS SELECT 1 AS a
CREATE TABLE g.parent (id INT PRIMARY KEY) ENGINE=InnoDB
CREATE TABLE g.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES g.parent (id) ON DELETE CASCADE) ENGINE=InnoDB
INSERT INTO g.parent VALUES (1),(2)
INSERT INTO g.child VALUES (1,1),(2,2)
DELETE FROM g.parent WHERE id=1
SET foreign_key_checks=0, unique_checks=0
INSERT INTO g.child VALUES (3,99)
"""

SPECIAL_MARIADB = """
SET NAMES utf8, sql_mode=''
CREATE DATABASE g DEFAULT CHARACTER SET latin1
CREATE TABLE g.i6 (id INT PRIMARY KEY, i6 INET6, j JSON) ENGINE=InnoDB
INSERT INTO g.i6 VALUES (1,'2001:db8::1','{"a":1}'),(2,'::ffff:1.2.3.4',NULL),(3,NULL,'[]'),(4,'2001:db8::','{}')
UPDATE g.i6 SET i6='::1' WHERE id=1
@only mariadb-10.11 CREATE TABLE g.u (id INT PRIMARY KEY, u UUID, i4 INET4) ENGINE=InnoDB
@only mariadb-11.8 CREATE TABLE g.u (id INT PRIMARY KEY, u UUID, i4 INET4) ENGINE=InnoDB
@try INSERT INTO g.u VALUES (1,'123e4567-e89b-12d3-a456-426655440000','1.2.3.4'),(2,'00000000-0000-0000-0000-000000000000','0.0.0.0'),(3,NULL,NULL),(4,'61616161-6161-1161-8161-616161616161','97.98.99.100'),(5,'12345678-1234-1234-1234-123456780000','10.0.0.0')
CREATE TABLE g.c (id INT PRIMARY KEY, t TEXT COMPRESSED, v VARCHAR(1000) COMPRESSED, b LONGBLOB COMPRESSED, vb VARBINARY(500) COMPRESSED, u VARCHAR(300) COMPRESSED CHARACTER SET utf8) ENGINE=InnoDB
INSERT INTO g.c VALUES (1,REPEAT('abc',1000),REPEAT('v',900),REPEAT('b',5000),REPEAT('q',400),REPEAT('é',300)),(2,'short','s',NULL,'','é'),(3,NULL,NULL,'x','y','')
UPDATE g.c SET t='now short', v=REPEAT('long',200) WHERE id=1
CREATE TABLE g.hash (id INT PRIMARY KEY, a TEXT, b VARCHAR(3000), UNIQUE KEY (a), UNIQUE KEY (b)) ENGINE=InnoDB
INSERT INTO g.hash VALUES (1,'unique by a hash','b'),(2,NULL,NULL)
UPDATE g.hash SET a='another' WHERE id=1
DELETE FROM g.hash WHERE id=2
CREATE TABLE g.inv (a INT PRIMARY KEY, b INT INVISIBLE DEFAULT 4, c INT) ENGINE=InnoDB
INSERT INTO g.inv (a,c) VALUES (1,2)
CREATE TABLE g.ver (id INT PRIMARY KEY, v INT) ENGINE=InnoDB WITH SYSTEM VERSIONING
INSERT INTO g.ver VALUES (1,1)
UPDATE g.ver SET v=2
DELETE FROM g.ver
CREATE TABLE g.gen (id INT PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a+1) VIRTUAL, s INT GENERATED ALWAYS AS (a+2) STORED, KEY (v)) ENGINE=InnoDB
INSERT INTO g.gen (id,a) VALUES (1,1)
UPDATE g.gen SET a=2
CREATE SEQUENCE g.sq START WITH 5 INCREMENT BY 3
SELECT NEXTVAL(g.sq)
SET skip_replication=1
INSERT INTO g.inv VALUES (7,7)
SET skip_replication=0, gtid_domain_id=3
INSERT INTO g.inv VALUES (8,8)
SET gtid_domain_id=0, check_constraint_checks=0, foreign_key_checks=0, unique_checks=0
INSERT INTO g.inv VALUES (9,9)
CREATE TABLE g.ctas AS SELECT 1 AS a
CREATE TABLE g.aria (a INT) ENGINE=Aria TRANSACTIONAL=0
INSERT INTO g.aria VALUES (1)
@only mariadb-11.8 CREATE TABLE g.ve (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, VECTOR INDEX (v)) ENGINE=InnoDB
@only mariadb-11.8 INSERT INTO g.ve VALUES (1,VEC_FromText('[1,2.5,-3]'))
@only mariadb-11.8 CREATE TABLE g.ts (id INT PRIMARY KEY, t TIMESTAMP(6) NULL) ENGINE=InnoDB
@only mariadb-11.8 SET time_zone='+00:00'
@only mariadb-11.8 INSERT INTO g.ts VALUES (1,'2106-02-07 06:28:15.999999'),(2,'2038-01-19 03:14:08')
"""

OLD_TEMPORALS = """
SET time_zone='+00:00', sql_mode=''
CREATE DATABASE g
CREATE TABLE g.old (id INT PRIMARY KEY, d DATE, t0 TIME, d0 DATETIME, s0 TIMESTAMP NULL, t1 TIME(1), d1 DATETIME(1), s1 TIMESTAMP(1) NULL, t3 TIME(3), d3 DATETIME(3), s3 TIMESTAMP(3) NULL, t6 TIME(6), d6 DATETIME(6), s6 TIMESTAMP(6) NULL, last INT) ENGINE=InnoDB
INSERT INTO g.old VALUES (1,'1000-01-01','-838:59:59','1000-01-01 00:00:00','1970-01-01 00:00:01','-838:59:58.9','9999-12-31 23:59:59.9','2038-01-19 03:14:07.9','00:00:00.001','2020-02-29 12:34:56.789','2020-02-29 12:34:56.789','-00:00:00.000001','0000-00-00 00:00:00.000001','2001-02-03 04:05:06.000007',1),(2,NULL,'00:00:00','0000-00-00','0000-00-00 00:00:00','-00:00:00.1',NULL,NULL,'838:59:58.999','2020-00-00','1970-01-01 00:00:01.001','12:34:56.789012','1000-01-01 00:00:00.5',NULL,2)
UPDATE g.old SET t6='01:02:03.000004', last=NULL WHERE id=1
DELETE FROM g.old WHERE id=2
"""

TWO_PHASES = """
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB
INSERT INTO g.t VALUES (1,1),(2,1)
SET SESSION binlog_alter_two_phase=ON
ALTER TABLE g.t ADD w INT DEFAULT 7
INSERT INTO g.t VALUES (3,1,8)
@try ALTER TABLE g.t ADD UNIQUE KEY (v)
ALTER TABLE g.t DROP w, FORCE
"""

TAGS = """
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY) ENGINE=InnoDB
INSERT INTO g.t VALUES (1)
SET GTID_NEXT='AUTOMATIC:tag_a'
INSERT INTO g.t VALUES (2)
SET GTID_NEXT='aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:tag_b:7'
INSERT INTO g.t VALUES (3)
SET GTID_NEXT='aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:9'
INSERT INTO g.t VALUES (4)
SET GTID_NEXT='AUTOMATIC'
FLUSH LOGS
INSERT INTO g.t VALUES (5)
"""

ROWS_QUERY = """
SET NAMES utf8, binlog_rows_query_log_events=ON
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY, s VARBINARY(20)) ENGINE=InnoDB
INSERT INTO g.t VALUES (1,'é'), (2,X'E9')
UPDATE g.t SET s='of one line'
@only mysql-9.7 SET binlog_transaction_compression=ON
DELETE FROM g.t
"""

FILES = """
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY, s VARCHAR(20)) ENGINE=InnoDB
CREATE TABLE g.mem (id INT) ENGINE=MEMORY
INSERT INTO g.t VALUES (1,'in the first file')
INSERT INTO g.mem VALUES (1)
FLUSH LOGS
INSERT INTO g.t VALUES (2,'in the second')
@restart
SELECT * FROM g.mem
INSERT INTO g.t VALUES (3,'after the restart')
DELETE FROM g.t
"""

ENCRYPTED = """
CREATE DATABASE g
CREATE TABLE g.t (id INT PRIMARY KEY) ENGINE=InnoDB
"""

CASES = {
    "statements": Case(ALL, {"mysql-9.7": NO_GTID}, STATEMENTS),
    "xa": Case(("mariadb-10.5", "mariadb-11.8", "mysql-9.7"), {}, XA),
    "partial-json": Case(BOTH_9, {"mysql-9.7": NO_GTID}, PARTIAL_JSON),
    "partial-json-compressed": Case(BOTH_9, {"mysql-9.7": ("--binlog-transaction-compression=ON",
                                                            "--binlog-row-metadata=FULL")}, PARTIAL_JSON),
    "compressed": Case(("mariadb-10.5", "mariadb-11.8", "mysql-9.7"), {
        "mariadb-10.5": ("--log-bin-compress=ON", "--log-bin-compress-min-len=64"),
        "mariadb-11.8": ("--log-bin-compress=ON", "--log-bin-compress-min-len=64"),
        "mysql-9.7": ()}, COMPRESSED),
    "metadata-full": Case(MARIADB + BOTH_9, {s: ("--binlog-row-metadata=FULL",) for s in ALL}, METADATA),
    "metadata-minimal": Case(MARIADB + BOTH_9, {s: ("--binlog-row-metadata=MINIMAL",) for s in ALL}, METADATA),
    "metadata-none": Case(("mariadb-10.5", "mariadb-11.8", "mysql-5.6"), {
        "mariadb-10.5": ("--binlog-row-metadata=NO_LOG",),
        "mariadb-11.8": ("--binlog-row-metadata=NO_LOG",)}, METADATA),
    "minimal": Case(ALL, {s: ("--binlog-row-image=MINIMAL",) for s in ALL}, IMAGES),
    "noblob": Case(("mariadb-11.8", "mysql-5.6", "mysql-9.7"), {s: ("--binlog-row-image=NOBLOB",) for s in ALL},
                   IMAGES),
    "full-nodup": Case(("mariadb-11.8",), {"mariadb-11.8": ("--binlog-row-image=FULL_NODUP",)}, IMAGES),
    "special": Case(BOTH_9, {"mysql-9.7": ()}, SPECIAL_MYSQL),
    "special-metadata": Case(BOTH_9, {"mysql-9.7": ("--binlog-row-metadata=FULL",) + NO_GTID}, SPECIAL_MYSQL),
    "special-mariadb": Case(MARIADB, {}, SPECIAL_MARIADB),
    "special-mariadb-metadata": Case(("mariadb-11.8",), {"mariadb-11.8": ("--binlog-row-metadata=FULL",)},
                                     SPECIAL_MARIADB),
    "old-temporals": Case(("mariadb-10.5", "mariadb-11.8"), {
        s: ("--mysql56-temporal-format=OFF",) for s in MARIADB}, OLD_TEMPORALS),
    "two-phases": Case(("mariadb-10.11", "mariadb-11.8"), {}, TWO_PHASES),
    "tags": Case(BOTH_9, {}, TAGS),
    "rows-query": Case(("mysql-5.6", "mysql-9.7"), {}, ROWS_QUERY),
    "no-checksum": Case(("mariadb-11.8", "mysql-5.6", "mysql-9.7"), {s: ("--binlog-checksum=NONE",) for s in ALL},
                        COMPRESSED),
    "v1-rows": Case(("mysql-5.6",), {"mysql-5.6": ("--log-bin-use-v1-row-events=ON",)}, IMAGES),
    "files": Case(("mariadb-10.11", "mysql-5.6", "mysql-9.7"), {}, FILES),
    "encrypted": Case(("mariadb-10.11",), {"mariadb-10.11": (
        "--encrypt-binlog=ON", "--plugin-load-add=file_key_management",
        "--file-key-management-filename=${TMP}/keys")}, ENCRYPTED),
}
