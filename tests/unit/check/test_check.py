"""Every precheck on real servers: each one is made to fail, and is then found by its name, with a fix."""

import contextlib
import json
import os
import re
import subprocess
import sys
import unittest

from bs_servers import Server, flavour, gtid_options, require

BINSTREAM = os.environ["BINSTREAM"]
NAME = sys.argv.pop()
MARIADB = flavour(NAME) == "mariadb"
CHECKS = (
    "source-version target-version flavour same-server lower-case-table-names ddl-settings log-bin binlog-format binlog-row-image "
    "binlog-row-value-options server-id source-privileges target-privileges process-privilege freeze-privilege gtid binlog-expiry "
    "sync-binlog innodb-flush-log binlog-filters replicated-source prepared-xa selection catalogue-text target-empty engines tables-without-transactions tables-without-key views foreign-keys cascades "
    "translated left-out no-equal definers function-creators max-allowed-packet target-read-only target-binlog-format event-scheduler local-infile"
).split() + (["generated-columns"] if NAME != "mysql-5.6" else []) + (["system-versioned"] if MARIADB else []) + (["routine-privileges"] if NAME == "mysql-5.6" else [])


def run(source, target, *args, text=False):
    argv = [BINSTREAM, "check", "--source", source, "--target", target, *args] + ([] if text else ["--json"])
    return subprocess.run(argv, capture_output=True, text=True, timeout=120)


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        options = ["--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1"] + gtid_options(NAME, True)
        cls.source = cls.stack.enter_context(Server(NAME, options=options))
        cls.target = cls.stack.enter_context(Server(NAME, options=gtid_options(NAME, True)))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def setUp(self):
        self.source.query("CREATE DATABASE shop")
        self.source.query("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB")

    def tearDown(self):
        for server in (self.source, self.target):
            for name in ("shop", "other", "binstream"):
                server.query("DROP DATABASE IF EXISTS " + name)

    def results(self, *args, source=None, target=None, code=None):
        process = run(source or self.source.uri(), target or self.target.uri(), *args)
        self.assertIn(process.returncode, (0, 3) if code is None else (code,), process.stdout + process.stderr)
        report = json.loads(process.stdout)
        found = {result["name"]: result for result in report["results"]}
        self.assertEqual(len(found), len(report["results"]))
        self.assertEqual(process.returncode, 3 if report["failures"] else 0)
        self.assertEqual(report["failures"], sum(result["verdict"] == "fail" for result in found.values()))
        for result in found.values():
            self.assertEqual(result["fix"] is None, result["verdict"] == "pass", result)
        return found

    def expect(self, name, verdict, words=(), *args, **more):
        result = self.results(*args, **more)[name]
        self.assertEqual(result["verdict"], verdict, result)
        for word in words:
            self.assertIn(word, result["found"] + " " + (result["fix"] or ""))
        return result

    @contextlib.contextmanager
    def setting(self, server, name, value, scope="GLOBAL"):
        before = server.query("SELECT @@%s.%s" % (scope, name))[0][0]
        server.query("SET %s %s=%s" % (scope, name, value))
        try:
            yield
        finally:
            back = "'%s'" % before if isinstance(before, str) else before
            server.query("SET %s %s=%s" % (scope, name, back))

    def on_source(self, *statements):
        for statement in statements:
            self.source.query(statement)

    # ---- all is well -------------------------------------------------------------------------------------------

    def test_a_fit_pair_passes_every_check(self):
        found = self.results(code=0)
        self.assertEqual({name for name, result in found.items() if result["verdict"] != "pass"}, set())
        self.assertEqual(sorted(found), sorted(CHECKS))

    def test_the_text_has_a_line_for_each_check_and_its_fix(self):
        self.on_source("CREATE TABLE shop.k (a INT) ENGINE=InnoDB")
        with self.setting(self.source, "binlog_row_image", "MINIMAL"):
            process = run(self.source.uri(), self.target.uri(), text=True)
        self.assertEqual(process.returncode, 3)
        lines = process.stdout.splitlines()
        self.assertEqual(len([line for line in lines if re.match(r"(PASS|WARNING|FAIL) +[a-z-]+: ", line)]), len(CHECKS))
        self.assertEqual(len([line for line in lines if line.startswith("        fix: ")]), 2)
        self.assertRegex(lines[-1], "checks: 1 failed, 1 warnings")

    def test_nothing_is_written_by_a_check(self):
        before = [server.query("SHOW DATABASES") for server in (self.source, self.target)]
        self.results()
        self.assertEqual(before, [server.query("SHOW DATABASES") for server in (self.source, self.target)])

    # ---- the servers -------------------------------------------------------------------------------------------

    def test_same_server(self):
        self.expect("same-server", "fail", target=self.source.uri())

    def test_flavour(self):
        other = "mysql-9.7" if MARIADB else "mariadb-10.11"
        require(other)
        with Server(other) as target:
            self.expect("flavour", "pass", ["MariaDB", "MySQL", "translated"], target=target.uri())

    def test_a_target_that_is_older(self):
        older = {"mariadb-10.11": "mariadb-10.5", "mysql-9.7": "mysql-5.6"}.get(NAME)
        if older is None:
            self.skipTest("there is no older server to be had")
        require(older)
        with Server(older) as target:
            self.expect("target-version", "fail", ["older"], target=target.uri())

    def test_lower_case_table_names(self):
        if NAME == "mysql-9.7":
            self.skipTest("fixed when the data directory is made")
        self.source.restart("--lower-case-table-names=1")
        self.addCleanup(self.source.restart)
        self.expect("lower-case-table-names", "fail", ["is 1 on the source and 0 on the target"])

    def test_settings_that_change_what_a_schema_change_means(self):
        with self.setting(self.target, "default_storage_engine", "'MyISAM'"):
            with self.setting(self.target, "innodb_strict_mode", 1 - self.target.query("SELECT @@global.innodb_strict_mode")[0][0]):
                result = self.expect("ddl-settings", "warning", ["SET GLOBAL default_storage_engine='InnoDB'"], code=0)
                self.assertIn("SET GLOBAL innodb_strict_mode=", result["fix"])

    def test_utf8_that_means_something_else_in_programs(self):
        if NAME in ("mariadb-10.11", "mariadb-11.8"):
            with self.setting(self.target, "old_mode", "''"):
                self.expect("ddl-settings", "warning", ["utf8 in stored programs means utf8mb3 on the source", "SET GLOBAL old_mode="], code=0)

    def test_a_setting_that_cannot_be_set_is_a_failure(self):
        before = self.target.query("SELECT @@global.explicit_defaults_for_timestamp")[0][0]
        self.target.restart("--explicit-defaults-for-timestamp=%d" % (1 - before))
        self.addCleanup(self.target.restart)
        if NAME in ("mysql-9.7", "mariadb-10.11", "mariadb-11.8"):  # sessions choose
            self.expect("ddl-settings", "pass", ["mean the same"])
        else:
            self.expect("ddl-settings", "fail", ["explicit_defaults_for_timestamp", "option file"])

    def test_settings_of_newer_servers(self):
        for name, value in (("sql_require_primary_key", "ON"), ("character_set_collations", "'utf8mb4=utf8mb4_bin'"),
                            ("innodb_default_row_format", "'compact'")):
            if self.target.query("SHOW VARIABLES LIKE '%s'" % name):
                with self.setting(self.target, name, value):
                    self.expect("ddl-settings", "warning", ["SET GLOBAL %s=" % name], code=0)

    def test_max_allowed_packet(self):
        with self.setting(self.target, "max_allowed_packet", 1 << 20):
            self.expect("max-allowed-packet", "warning", ["SET GLOBAL max_allowed_packet="])

    def test_target_read_only(self):
        with self.setting(self.target, "read_only", 1):
            self.expect("target-read-only", "fail", ["SET GLOBAL read_only=0"])

    def test_target_binlog_format(self):
        with self.setting(self.target, "binlog_format", "'STATEMENT'"):
            self.expect("target-binlog-format", "fail", ["STATEMENT", "--no-target-binlog"])

    def test_local_infile(self):
        with self.setting(self.target, "local_infile", 0):
            self.expect("local-infile", "warning", ["SET GLOBAL local_infile=1"])

    # ---- the source's binary log -------------------------------------------------------------------------------

    def test_log_bin(self):
        # GTIDs need the log; without it a server that is told to have them does not start.
        off = [] if MARIADB else ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--skip-log-slave-updates"]
        self.source.restart("--skip-log-bin", *off)
        self.addCleanup(self.source.restart)
        found = self.results(code=3)
        self.assertEqual(found["log-bin"]["verdict"], "fail")
        self.assertIn("log_bin", found["log-bin"]["fix"])
        self.assertNotIn("binlog-format", found)

    def test_binlog_format(self):
        for value in ("STATEMENT", "MIXED"):
            with self.setting(self.source, "binlog_format", "'%s'" % value):
                self.expect("binlog-format", "fail", ["binlog_format=" + value, "SET GLOBAL binlog_format='ROW'"])

    def test_binlog_row_image(self):
        for value in ("MINIMAL", "NOBLOB"):
            with self.setting(self.source, "binlog_row_image", "'%s'" % value):
                self.expect("binlog-row-image", "fail", [value, "SET GLOBAL binlog_row_image='FULL'"])

    def test_binlog_row_value_options(self):
        if NAME != "mysql-9.7":
            self.skipTest("the variable came with MySQL 8.0")
        with self.setting(self.source, "binlog_row_value_options", "'PARTIAL_JSON'"):
            self.expect("binlog-row-value-options", "pass", ["PARTIAL_JSON"])

    def test_server_id(self):
        if MARIADB:
            self.skipTest("MariaDB does not take 0")
        with self.setting(self.source, "server_id", 0):
            self.expect("server-id", "fail", ["SET GLOBAL server_id="])

    def test_binlog_expiry(self):
        if NAME == "mysql-5.6":
            self.skipTest("whole days only")
        with self.setting(self.source, "binlog_expire_logs_seconds", 3600):
            self.expect("binlog-expiry", "warning", ["3600"])

    def test_sync_binlog(self):
        with self.setting(self.source, "sync_binlog", 0):
            self.expect("sync-binlog", "warning", ["SET GLOBAL sync_binlog=1"])

    def test_event_scheduler(self):
        with self.setting(self.target, "event_scheduler", "OFF"):
            self.on_source("CREATE EVENT shop.asleep ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = 1")
            self.expect("event-scheduler", "pass", ["no enabled event"])
            self.on_source("CREATE EVENT shop.awake ON SCHEDULE EVERY 1 DAY DO SET @a = 1")
            self.expect("event-scheduler", "warning", ["is OFF", "SET GLOBAL event_scheduler=ON"])
            self.expect("event-scheduler", "pass", ["no enabled event"], "--tables", "shop.t")
        with self.setting(self.target, "event_scheduler", "ON"):
            self.expect("event-scheduler", "pass", ["runs events"])
        self.target.restart("--event-scheduler=DISABLED")
        self.addCleanup(self.target.restart)
        self.expect("event-scheduler", "fail" if MARIADB else "warning", ["is DISABLED", "restart"])
        self.expect("event-scheduler", "pass", (), "--tables", "shop.t")

    def test_flush_log(self):
        for value, cause in ((0, "if it crashes"), (2, "loses power")):
            with self.setting(self.source, "innodb_flush_log_at_trx_commit", value):
                self.expect("innodb-flush-log", "warning", [cause, "SET GLOBAL innodb_flush_log_at_trx_commit=1"])

    def test_binlog_filters(self):
        for option in ("--binlog-do-db=shop", "--binlog-ignore-db=test"):
            self.source.restart(option)
            self.addCleanup(self.source.restart)
            self.expect("binlog-filters", "fail", ["binlog_do_db", "binlog_ignore_db"])

    def test_replicated_source(self):
        replica = {"mysql-9.7": ("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_USER='nobody', SOURCE_SSL=0", "RESET REPLICA ALL", "--skip-log-replica-updates"),
                   "mysql-5.6": ("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_USER='nobody'", "RESET SLAVE ALL", "--skip-log-slave-updates")}
        begin, end, unlogged = replica.get(NAME, ("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_USER='nobody'", "RESET SLAVE ALL", "--skip-log-slave-updates"))
        options = gtid_options(NAME, False) + ["--skip-slave-start"] if not MARIADB else ["--skip-slave-start"]
        self.addCleanup(self.source.restart)
        self.source.restart(unlogged, *options)
        self.assertIn("no replica", self.expect("replicated-source", "pass")["found"])
        self.source.query(begin)
        try:
            self.expect("replicated-source", "fail", ["log_slave_updates=ON"])
            self.source.restart(unlogged.replace("--skip-", "--"), *options)
            self.assertIn("in its binary log", self.expect("replicated-source", "pass")["found"])
        finally:
            self.source.query(end)

    def test_generated_columns(self):
        if NAME == "mysql-5.6":
            self.skipTest("there are no generated columns")
        self.on_source("CREATE TABLE shop.zoned (id INT PRIMARY KEY, at TIMESTAMP NULL, n INT, plain INT AS (n + 1) STORED, day DATE AS (DATE(at)) STORED)",
                       "CREATE TABLE shop.indexed (id INT PRIMARY KEY, at TIMESTAMP NULL, hour INT AS (HOUR(at)) VIRTUAL, KEY (hour))",
                       "CREATE TABLE shop.computed (id INT PRIMARY KEY, at TIMESTAMP NULL, n INT, hour INT AS (HOUR(at)) VIRTUAL, twice INT AS (n * 2) STORED)",
                       "CREATE TABLE shop.deleted (id INT PRIMARY KEY, gone TIMESTAMP NULL, alive INT AS (IF(gone IS NULL, 1, NULL)) STORED, UNIQUE KEY (alive))")
        self.addCleanup(self.on_source, "DROP TABLE IF EXISTS shop.zoned, shop.indexed, shop.computed, shop.deleted")
        with self.setting(self.source, "time_zone", "'+05:00'"):
            found = self.expect("generated-columns", "fail", ["leave these tables out"])["found"]
            self.assertIn("`shop`.`indexed`, `shop`.`zoned`", found)
            self.assertNotIn("computed", found)
        with self.setting(self.source, "time_zone", "'+00:00'"):
            self.expect("generated-columns", "warning", ["time_zone"])
        self.on_source("DROP TABLE shop.zoned, shop.indexed")
        with self.setting(self.source, "time_zone", "'+05:00'"):
            self.expect("generated-columns", "pass")

    def test_settings_that_generated_columns_lean_on(self):
        if NAME == "mysql-5.6":
            self.skipTest("there are no generated columns")
        mode = self.target.query("SHOW VARIABLES LIKE 'block_encryption_mode'")
        for name, value, expression in [("div_precision_increment", "10", "n / 7"), ("lc_time_names", "'de_DE'", "DAYNAME(d)"), ("default_week_format", "3", "WEEK(d)")] + \
                ([("block_encryption_mode", "'aes-256-ecb'", "HEX(AES_ENCRYPT(n, 'k'))")] if mode else []):
            with contextlib.suppress(Exception) if expression.startswith("HEX") else contextlib.nullcontext():
                self.on_source("CREATE TABLE shop.g (id INT PRIMARY KEY, n INT, d DATE, v VARCHAR(90) AS (%s) VIRTUAL)" % expression)
            if not self.source.query("SHOW TABLES FROM shop LIKE 'g'"):
                continue
            self.expect("generated-columns", "pass")
            with self.setting(self.source, name, value):
                self.expect("generated-columns", "fail", ["`shop`.`g`", "SET GLOBAL %s=%s" % (name, value)])
                with self.setting(self.target, name, value):
                    self.expect("generated-columns", "pass")
            self.on_source("DROP TABLE shop.g")

    def test_generated_columns_on_another_server(self):
        other = {"mysql-9.7": "mariadb-11.8", "mariadb-10.11": "mariadb-11.8"}.get(NAME)
        if other is None:
            self.skipTest("there are no generated columns")
        require(other)
        self.on_source("CREATE TABLE shop.same (id INT PRIMARY KEY, a INT, s INT AS (a * 2 + id) STORED, v VARCHAR(9) AS (UPPER(a)) VIRTUAL)",
                       "CREATE TABLE shop.kept (id INT PRIMARY KEY, a INT, s VARCHAR(9) AS (UPPER(a)) STORED)", "CREATE TABLE shop.indexed (id INT PRIMARY KEY, a INT, s VARCHAR(9) AS (UPPER(a)) VIRTUAL, KEY (s))")
        with Server(other) as target:
            found = self.expect("generated-columns", "warning", ["`shop`.`indexed`, `shop`.`kept`"], target=target.uri())["found"]
            self.assertNotIn("same", found.split(": ")[-1])
        self.expect("generated-columns", "pass")

    def test_generated_columns_in_a_wide_charset(self):
        if NAME == "mysql-5.6":
            self.skipTest("there are no generated columns")
        self.on_source("CREATE TABLE shop.narrow (id INT PRIMARY KEY, t TIME, g VARCHAR(20) CHARACTER SET utf8mb4 AS (CONCAT(t, 'x')) STORED)",
                       "CREATE TABLE shop.read (id INT PRIMARY KEY, n INT, g VARCHAR(20) CHARACTER SET utf16 AS (CONCAT(n, 'x')) VIRTUAL)")
        self.expect("generated-columns", "pass")
        self.on_source("CREATE TABLE shop.kept (id INT PRIMARY KEY, n INT, g VARCHAR(20) CHARACTER SET utf16 AS (CONCAT(n, 'x')) STORED)")
        wide = ["`shop`.`kept`"]
        if not MARIADB:
            self.on_source("CREATE TABLE shop.keyed (id INT PRIMARY KEY, t TIME NOT NULL, UNIQUE KEY k ((LOWER(t)))) CHARACTER SET ucs2")
            wide = ["`shop`.`kept`, `shop`.`keyed`"]
        self.expect("generated-columns", "fail", ["in ucs2, utf16 or utf32"] + wide)

    def test_members_that_the_catalogue_shows_otherwise(self):
        self.on_source(
            "CREATE TABLE shop.plain (id INT PRIMARY KEY, e ENUM('x','ä','y?') CHARACTER SET latin1, s SET('a','ß') CHARACTER SET utf8, m ENUM('ä''\\\\') CHARACTER SET utf8mb4)",
            "CREATE TABLE shop.wide (id INT PRIMARY KEY, e ENUM('b','?','x') CHARACTER SET utf8mb4)",
            "CREATE TABLE shop.sets (id INT PRIMARY KEY, s SET('b','?','x') CHARACTER SET utf16)",
            "CREATE TABLE shop.coded (id INT PRIMARY KEY, e ENUM('a','漢') CHARACTER SET cp932)")
        if not MARIADB:  # a row tells
            self.expect("catalogue-text", "fail", ["may stand for", "`shop`.`sets`.`s`, `shop`.`wide`.`e`", "put a row"])
            self.on_source("INSERT INTO shop.wide VALUES (1, '?'), (2, 'b')", "INSERT INTO shop.sets VALUES (1, 'b,x'), (2, '?,x')")
            self.expect("catalogue-text", "warning", ["`shop`.`coded`.`e`"])
            self.on_source("INSERT INTO shop.coded VALUES (1, '漢')")
        self.expect("catalogue-text", "pass")
        for column in ("e ENUM('b','😁','?') CHARACTER SET utf8mb4", "e SET('a','😁') CHARACTER SET utf8mb4", "e SET('b',x'D83DDE00') CHARACTER SET utf16",
                       "e ENUM('a',x'8790') CHARACTER SET cp932", "e SET('b',x'ED40') CHARACTER SET cp932",
                       "e ENUM('b',x'FF00') CHARACTER SET binary"):
            self.on_source("CREATE TABLE shop.spoiled (id INT PRIMARY KEY, %s)" % column, "INSERT INTO shop.spoiled VALUES (1, 2)")
            self.expect("catalogue-text", "fail", ["other text than they are", "`shop`.`spoiled`.`e`"])
            self.expect("catalogue-text", "pass", (), "--exclude-tables", "shop.spoiled")
            self.on_source("DROP TABLE shop.spoiled")

    def test_defaults_that_the_catalogue_shows_otherwise(self):
        for column, row, verdict in (("d VARCHAR(9) DEFAULT '😁'", False, "fail"), ("d VARCHAR(9) DEFAULT '?'", False, "pass"), ("d VARCHAR(9) NOT NULL DEFAULT 'a?'", False, "fail"),
                                     ("d VARCHAR(9) NOT NULL DEFAULT 'a?'", True, "pass"), ("d VARCHAR(9) NOT NULL DEFAULT '?😁'", True, "fail"),
                                     ("d VARCHAR(9) CHARACTER SET latin1 NOT NULL DEFAULT '?'", False, "pass")):
            self.on_source("CREATE TABLE shop.d (id INT PRIMARY KEY, %s) CHARACTER SET utf8mb4" % column, *["INSERT INTO shop.d (id) VALUES (1)"] * row)
            self.expect("catalogue-text", verdict if NAME != "mysql-9.7" else "pass", ["`shop`.`d`.`d`"] if verdict == "fail" and NAME != "mysql-9.7" else ())
            self.on_source("DROP TABLE shop.d")

    def test_gtid(self):
        self.assertIn("has GTIDs", self.expect("gtid", "pass")["found"])

    def test_prepared_xa(self):
        session = self.source.connect()
        with session.cursor() as cursor:
            for statement in ("XA START 'x'", "INSERT INTO shop.t VALUES (1, 1)", "XA END 'x'", "XA PREPARE 'x'"):
                cursor.execute(statement)
            self.expect("prepared-xa", "fail", ["1 prepared", "XA RECOVER"])
            cursor.execute("XA ROLLBACK 'x'")
        session.close()

    # ---- privileges --------------------------------------------------------------------------------------------

    def poor(self, server):
        """A user that may only log in."""
        with contextlib.suppress(Exception):
            server.query("DROP USER 'p''oor'@'%'")
        server.query("CREATE USER 'p''oor'@'%' IDENTIFIED BY 'x'")
        self.addCleanup(server.query, "DROP USER 'p''oor'@'%'")
        return server.uri("p%27oor", "x")

    def mend(self, server, name, uri, which, *args):
        """Runs the statements that the fix gives, until it gives none; at most one round may be needed."""
        result = self.results(*args, **{which: uri})[name]
        self.assertEqual(result["verdict"], "fail", result)
        grants = re.findall(r"GRANT [^\n;]+ TO [^\n;]+", result["fix"])
        self.assertTrue(grants, result)
        for grant in grants:
            server.query(grant)
        self.expect(name, "pass", (), *args, **{which: uri})
        return grants

    def test_source_privileges_are_mended_by_the_grants_that_are_named(self):
        uri = self.poor(self.source)
        grants = " ".join(self.mend(self.source, "source-privileges", uri, "source"))
        for privilege in ("SELECT", "LOCK TABLES", "REPLICATION SLAVE", "REPLICATION CLIENT", "SHOW VIEW"):
            self.assertIn(privilege, grants)
        self.expect("process-privilege", "warning", ["GRANT PROCESS ON *.*"], source=uri)
        self.expect("freeze-privilege", "warning", ["--freeze=ftwrl", "GRANT S"], source=uri)

    def test_source_privileges_of_a_selection_are_asked_for_its_databases_only(self):
        uri = self.poor(self.source)
        self.source.query("CREATE DATABASE other")
        grants = self.mend(self.source, "source-privileges", uri, "source", "--databases", "shop")
        self.assertTrue(any("ON `shop`.*" in grant for grant in grants), grants)
        self.assertFalse(any("SELECT" in grant and "*.*" in grant for grant in grants), grants)
        self.expect("source-privileges", "fail", ["other"], "--tables", "other.%", source=uri)

    def test_each_missing_source_privilege_is_named_alone(self):
        needed = "SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW, TRIGGER, EVENT"
        for privilege in needed.split(", "):
            if privilege in ("RELOAD", "LOCK TABLES"):
                continue
            uri = self.poor(self.source)
            self.source.query("GRANT %s ON *.* TO 'p''oor'@'%%'" % needed.replace(privilege + ", ", "").replace(", " + privilege, ""))
            result = self.expect("source-privileges", "fail", source=uri)
            self.assertIn("GRANT %s ON *.* TO 'p" % privilege, result["fix"])
            self.assertEqual(len(re.findall("GRANT", result["fix"])), 1, result)
            self.doCleanups()

    def test_one_of_the_two_locks_is_enough(self):
        needed = "SELECT, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW, TRIGGER, EVENT"
        for more, verdict in ((", RELOAD", "pass"), (", LOCK TABLES", "pass"), ("", "fail" if NAME == "mysql-5.6" else "warning")):
            uri = self.poor(self.source)
            self.source.query("GRANT %s ON *.* TO 'p''oor'@'%%'" % (needed + more))
            self.expect("source-privileges", verdict, [] if verdict == "pass" else ["LOCK TABLES ON *.*"], source=uri)
            self.doCleanups()

    def test_target_privileges_are_mended_by_the_grants_that_are_named(self):
        uri = self.poor(self.target)
        self.mend(self.target, "target-privileges", uri, "target")

    def test_target_privileges_of_a_selection_include_the_state(self):
        uri = self.poor(self.target)
        grants = self.mend(self.target, "target-privileges", uri, "target", "--databases", "shop")
        self.assertTrue(any("ON `binstream`.*" in grant for grant in grants), grants)

    def test_history_takes_a_privilege_of_its_own(self):
        if not MARIADB:
            self.skipTest("MariaDB only")
        self.on_source("CREATE TABLE shop.h (id INT PRIMARY KEY) ENGINE=InnoDB WITH SYSTEM VERSIONING")
        uri = self.poor(self.target)
        grants = self.mend(self.target, "target-privileges", uri, "target")
        self.assertTrue(any("DELETE HISTORY" in grant for grant in grants), grants)

    def test_a_role_that_is_active_counts(self):
        if NAME == "mysql-5.6":
            self.skipTest("no roles")
        uri = self.poor(self.target)
        self.target.query("CREATE ROLE mover")
        self.addCleanup(self.target.query, "DROP ROLE mover")
        self.target.query("GRANT ALL ON *.* TO mover")
        self.target.query("GRANT mover TO 'p''oor'@'%'")
        words = "SET DEFAULT ROLE mover FOR 'p''oor'@'%'" if MARIADB else "SET DEFAULT ROLE mover TO 'p''oor'@'%'"
        self.target.query(words)
        self.expect("target-privileges", "pass", target=uri)

    def test_definers(self):
        self.on_source("CREATE DEFINER='no''body'@'nowhere' VIEW shop.v AS SELECT id FROM shop.t")
        self.expect("definers", "warning", ["no'body@nowhere"])
        uri = self.poor(self.target)
        self.target.query("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER ON *.* TO 'p''oor'@'%'")
        result = self.expect("definers", "fail", target=uri)
        for grant in re.findall(r"GRANT [^\n;]+ TO [^\n;]+", result["fix"]):
            self.target.query(grant)
        self.expect("definers", "warning", ["no'body@nowhere"], target=uri)

    def test_a_chosen_definer(self):
        self.on_source("CREATE DEFINER='no''body'@'nowhere' VIEW shop.v AS SELECT id FROM shop.t")
        self.expect("definers", "fail", ["no account ghost@nowhere"], "--definer", "ghost@nowhere")
        self.expect("definers", "warning", ["no'body@nowhere"], "--definer", "keep")
        self.expect("definers", "pass", ["root@"], "--definer", "current")
        uri = self.poor(self.target)
        self.expect("definers", "pass", ["definer p'oor@%"], "--definer", "p'oor@%")
        self.expect("definers", "pass", ["definer p'oor@%"], "--definer", "current", target=uri)
        self.target.query("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER ON *.* TO 'p''oor'@'%'")
        self.target.query("CREATE USER IF NOT EXISTS owner@localhost" if NAME != "mysql-5.6" else "CREATE USER owner@localhost")
        self.addCleanup(self.target.query, "DROP USER owner@localhost")
        result = self.expect("definers", "fail", ["are to be made for", "owner@localhost"], "--definer", "'owner'@'localhost'", target=uri)
        for grant in re.findall(r"GRANT [^\n;]+ TO [^\n;]+", result["fix"]):
            self.target.query(grant)
        self.expect("definers", "pass", ["definer owner@localhost"], "--definer", "owner@localhost", target=uri)
        for wrong in ("owner", "@localhost", "\u00e4@localhost"):
            done = run(self.source.uri(), self.target.uri(), "--definer", wrong)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--definer", done.stderr)

    def test_accounts(self):
        self.assertNotIn("accounts", self.results())
        self.source.query("CREATE USER app@localhost IDENTIFIED BY 'secret'")
        self.addCleanup(self.source.query, "DROP USER app@localhost")
        self.source.query("GRANT SELECT ON shop.* TO app@localhost")
        self.source.query("GRANT SELECT ON other.* TO app@localhost")
        self.expect("accounts", "pass", ["1 accounts can be brought", "2 are on the target", "'root'@'localhost'"], "--databases=shop", "--accounts")
        self.expect("accounts", "fail", ["lacks on the source: SELECT on mysql.*"], "--accounts", source=self.poor(self.source))

    def test_what_it_takes_to_bring_accounts(self):
        self.source.query("CREATE USER app@localhost")
        self.addCleanup(self.source.query, "DROP USER app@localhost")
        self.source.query("GRANT SELECT, INSERT ON shop.* TO app@localhost")
        self.source.query("GRANT PROCESS ON *.* TO app@localhost")
        uri = self.poor(self.target)
        result = self.expect("accounts", "fail", ["SELECT on mysql.*", "CREATE USER"], "--accounts", target=uri)
        for grant in re.findall(r"GRANT [^\n;]+ TO [^\n;]+", result["fix"]):
            self.target.query(grant)
        result = self.expect("accounts", "fail", ["may not give SELECT, INSERT on `shop`.*", "PROCESS on *.*"], "--accounts", target=uri)
        for grant in re.findall(r"GRANT [^\n;]+ TO [^\n;]+", result["fix"]):
            self.target.query(grant)
        self.expect("accounts", "pass", ["1 accounts can be brought"], "--accounts", target=uri)

    def test_function_creators(self):
        self.on_source("CREATE TRIGGER shop.tr BEFORE INSERT ON shop.t FOR EACH ROW SET @x = 1")
        self.expect("function-creators", "pass")
        self.expect("function-creators", "fail", ["log_bin_trust_function_creators=1"], target=self.poor(self.target))
        with self.setting(self.source, "log_bin_trust_function_creators", 1):
            self.on_source("CREATE FUNCTION shop.f() RETURNS INT RETURN 1")
        self.expect("function-creators", "fail")
        with self.setting(self.target, "log_bin_trust_function_creators", 1):
            self.expect("function-creators", "pass")

    # ---- what is moved -----------------------------------------------------------------------------------------

    def test_selection(self):
        for args in (("--tables", "shop.no_such"), ("--databases", "no_such"), ("--databases", "shop,Shop2")):
            process = run(self.source.uri(), self.target.uri(), *args)
            self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
            self.assertIn(args[1].split(",")[-1], process.stderr)
        self.expect("selection", "warning", ["no.such%"], "--tables", "shop.t,no.such%")
        self.expect("selection", "warning", ["nix"], "--exclude-databases", "nix")
        self.expect("selection", "pass", ["1 tables"], "--tables", "shop.t")

    def test_target_empty(self):
        self.on_source("CREATE PROCEDURE shop.p() SELECT 1", "CREATE VIEW shop.v AS SELECT id FROM shop.t")
        self.target.query("CREATE DATABASE shop")
        self.expect("target-empty", "pass")
        self.target.query("CREATE TABLE shop.t (a INT)")
        self.expect("target-empty", "fail", ["`shop`.`t`", "--exclude-tables"])
        self.expect("target-empty", "pass", (), "--exclude-tables", "shop.t")
        self.target.query("CREATE TABLE shop.unrelated (a INT)")
        self.target.query("DROP TABLE shop.t")
        self.expect("target-empty", "pass")
        self.target.query("CREATE PROCEDURE shop.p() SELECT 1")
        self.expect("target-empty", "fail", ["`shop`.`p`"])

    def test_names_that_the_cutover_needs(self):
        trigger, event = "CREATE TRIGGER shop.%s BEFORE INSERT ON shop.%s FOR EACH ROW SET @a = 1", "CREATE EVENT shop.%s ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = 1"
        self.on_source(trigger % ("late", "t"), event % "later")
        for statement in ("CREATE DATABASE shop", "CREATE TABLE shop.own (id INT)", "CREATE TABLE shop.owned (id INT)", trigger % ("unrelated", "owned"), event % "unrelated"):
            self.target.query(statement)
        self.expect("target-empty", "pass")
        self.target.query(trigger % ("late", "own"))
        self.expect("target-empty", "fail", ["`shop`.`late`"])
        self.target.query("DROP TRIGGER shop.late")
        self.target.query(event % "Later")
        self.expect("target-empty", "fail", ["`shop`.`later`"])
        self.expect("target-empty", "pass", (), "--tables", "shop.t")

    def test_engines(self):
        self.on_source(
            "CREATE TABLE shop.m (a INT PRIMARY KEY) ENGINE=MyISAM",
            "CREATE TABLE shop.e (a INT PRIMARY KEY) ENGINE=MEMORY",
        )
        words = ["`shop`.`m`", "`shop`.`e`", "become InnoDB", "locked against writes"]
        self.expect("tables-without-transactions", "warning", words, code=0)
        self.expect("engines", "pass")
        self.expect("tables-without-transactions", "warning", ["`shop`.`m`", "stay what they are"], "--keep-engines", code=0)
        self.expect("tables-without-transactions", "pass", (), "--exclude-tables", "shop.m,shop.e")

    def test_engines_that_cannot_be_moved(self):
        self.on_source(
            "CREATE TABLE shop.m (a INT PRIMARY KEY) ENGINE=MyISAM",
            "CREATE TABLE shop.g (a INT PRIMARY KEY) ENGINE=MERGE UNION=(shop.m)",
            "CREATE TABLE shop.h (a INT PRIMARY KEY) ENGINE=MERGE UNION=(shop.m)",
            "CREATE TABLE shop.n (a INT, b INT AUTO_INCREMENT, PRIMARY KEY (a, b)) ENGINE=MyISAM",
        )
        words = ["`shop`.`g`, `shop`.`h`, `shop`.`n`", "show the rows of other tables", "AUTO_INCREMENT"]
        found = self.expect("engines", "fail", words)
        self.assertEqual(found["found"].upper().count("MRG_MYISAM"), 1)
        self.assertNotIn("`shop`.`n`", self.expect("engines", "fail", (), "--keep-engines")["found"])

    def test_tables_without_key(self):
        self.on_source(
            "CREATE TABLE shop.none (a INT) ENGINE=InnoDB",
            "CREATE TABLE shop.nullable (a INT, UNIQUE (a)) ENGINE=InnoDB",
            "CREATE TABLE shop.prefix (a VARCHAR(20) NOT NULL, UNIQUE (a(3))) ENGINE=InnoDB",
            "CREATE TABLE shop.good (a INT NOT NULL, b INT NOT NULL, UNIQUE (a, b)) ENGINE=InnoDB",
        )
        found = self.expect("tables-without-key", "warning")["found"]
        self.assertEqual(re.findall(r"`shop`\.`(\w+)`", found), ["none", "nullable", "prefix"])

    def test_views(self):
        self.on_source(
            "CREATE TABLE shop.base (id INT PRIMARY KEY)",
            "CREATE TABLE shop.ring (id INT)",
            "CREATE VIEW shop.fine AS SELECT id FROM shop.base",
            "CREATE DEFINER=nobody@nowhere VIEW shop.orphan AS SELECT id FROM shop.base",
            "CREATE VIEW shop.inner_part AS SELECT id FROM shop.ring",
            "CREATE VIEW shop.outer_part AS SELECT id FROM shop.inner_part",
        )
        self.expect("views", "pass")
        self.on_source(
            "DROP TABLE shop.ring",
            "RENAME TABLE shop.outer_part TO shop.ring",  # a circle
            "CREATE TABLE shop.gone (id INT)",
            "CREATE VIEW shop.broken AS SELECT id FROM shop.gone",
            "DROP TABLE shop.gone",
        )
        found = self.expect("views", "fail")["found"]
        self.assertEqual(sorted(re.findall(r"`shop`\.`(\w+)`", found)), ["broken", "inner_part", "ring"])
        self.expect("views", "pass", (), "--exclude-tables", "shop.broken,shop.inner%,shop.ring")

    def test_foreign_keys(self):
        self.on_source("CREATE TABLE shop.child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES shop.t (id)) ENGINE=InnoDB")
        self.expect("foreign-keys", "pass")
        self.expect("foreign-keys", "fail", ["`shop`.`child`"], "--exclude-tables", "shop.t")

    def test_foreign_keys_that_do_nothing(self):
        self.on_source("CREATE TABLE shop.old (id INT PRIMARY KEY) ENGINE=MyISAM")
        with contextlib.closing(self.source.connect()) as session, session.cursor() as cursor:
            cursor.execute("SET foreign_key_checks=0")
            cursor.execute("CREATE TABLE shop.idle (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES shop.old (id)) ENGINE=InnoDB")
        self.expect("foreign-keys", "fail", ["not InnoDB", "`shop`.`idle`"])
        self.expect("foreign-keys", "pass", (), "--keep-engines")

    def test_system_versioned(self):
        if not MARIADB:
            self.skipTest("MariaDB only")
        self.on_source("CREATE TABLE shop.h (id INT PRIMARY KEY) ENGINE=InnoDB WITH SYSTEM VERSIONING")
        self.expect("system-versioned", "pass")
        self.on_source(
            "CREATE TABLE shop.x (id INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, "
            "e BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) ENGINE=InnoDB WITH SYSTEM VERSIONING",
            "CREATE TABLE shop.c (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES shop.t (id) ON DELETE SET NULL) "
            "ENGINE=InnoDB WITH SYSTEM VERSIONING",
        )
        result = self.expect("system-versioned", "fail", ["`shop`.`c`", "`shop`.`x`"])
        self.assertNotIn("`shop`.`h`", result["found"])


if __name__ == "__main__":
    require(NAME)
    unittest.main(verbosity=2)
