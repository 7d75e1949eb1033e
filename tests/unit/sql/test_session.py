#!/usr/bin/python3
"""src/sql against a real server.

    test_session.py PROBE SERVER
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile

import bs_servers

PROBE, NAME = sys.argv[1:3]
IS_MARIADB = NAME.startswith("mariadb")
SECRET = "s3cr3t Pa'ss@:/?%é"
SECRET_IN_URI = "s3cr3t%20Pa%27ss%40%3A%2F%3F%25%C3%A9"


def probe(uri, *commands, options=(), fails=False, **more_env):
    """The probe's output lines. fails: no session comes about."""
    # A password or socket in the environment must not be looked at.
    env = dict(os.environ, MYSQL_PWD="wrong", MYSQL_UNIX_PORT="/nonexistent", MYSQL_TCP_PORT="1", **more_env)
    done = subprocess.run(
        [PROBE, *options, uri, *commands], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, env=env
    )
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == (1 if fails else 0), (uri, commands, text, done.stderr.decode())
    assert SECRET not in text and "s3cr3t" not in text, text
    return text.splitlines()


def uri(server, user="root", password="", host="127.0.0.1", options=""):
    return "mysql://%s%s@%s:%d/?%s" % (user, ":" + password if password else "", host, server.port, options)


def error(lines):
    assert len(lines) == 1 and lines[0].startswith("ERROR "), lines
    return lines[0]


# -- tests ----------------------------------------------------------------------------------------


def a_session_is_set_up_whatever_the_server_says(server):
    hostile = ["sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "time_zone='+05:00'", "autocommit=0", "sql_select_limit=1"]
    hostile += ["foreign_key_checks=0", "unique_checks=0", "wait_timeout=60", "net_write_timeout=5", "completion_type=1"]
    hostile += ["sql_quote_show_create=0"]
    if IS_MARIADB:
        hostile += ["max_statement_time=1", "idle_transaction_timeout=1", "tx_isolation='SERIALIZABLE'"]
    elif NAME == "mysql-9.7":
        hostile += ["max_execution_time=1", "sql_require_primary_key=ON", "sql_generate_invisible_primary_key=ON"]
        hostile += ["show_gipk_in_create_table_and_information_schema=OFF", "transaction_isolation='SERIALIZABLE'"]
    hostile += ["init_connect='SET NAMES latin1, sql_mode=\"ANSI\"'"]
    server.query("CREATE USER plain@'%'")
    server.query("GRANT SELECT ON mysql.* TO plain@'%'")
    saved = []
    for setting in hostile:
        name = setting.split("=")[0]
        saved.append((name, server.query("SELECT @@GLOBAL.%s" % name)[0][0]))
        server.query("SET GLOBAL " + setting)
    wanted = {
        "time_zone": "+00:00", "autocommit": "ON", "foreign_key_checks": "ON", "unique_checks": "ON",
        "wait_timeout": "31536000", "net_write_timeout": "28800", "lock_wait_timeout": "31536000",
        "completion_type": "NO_CHAIN", "sql_select_limit": "18446744073709551615", "sql_quote_show_create": "ON",
        "character_set_client": "binary", "character_set_connection": "binary", "character_set_results": "binary",
        "max_statement_time": "0.000000", "max_execution_time": "0", "idle_transaction_timeout": "0",
        "tx_isolation": "READ-COMMITTED", "transaction_isolation": "READ-COMMITTED",
        "sql_mode": "NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION",
        "sql_require_primary_key": "OFF", "sql_generate_invisible_primary_key": "OFF",
        "show_gipk_in_create_table_and_information_schema": "ON",
    }  # fmt: skip
    try:
        for user in ("root", "plain"):
            commands = [word for name in wanted for word in ("variable", name)]
            for name, found in zip(wanted, probe(uri(server, user), *commands)):
                if found == "NULL":
                    continue  # another server's variable
                if name == "character_set_results" and found == "":
                    found = "binary"  # MySQL 5.6 prints binary as no conversion at all
                may_stay = user == "plain" and name in ("sql_require_primary_key", "sql_generate_invisible_primary_key")
                assert found == wanted[name] or may_stay, (user, name, found)
    finally:
        for name, value in saved:
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SET GLOBAL %s=%%s" % name, (value,))


def global_variables_are_remembered_until_they_are_forgotten(server):
    ask = ["global", "max_connections", "global", "no_such_variable"]
    lines = probe(
        uri(server),
        "run", "SET GLOBAL max_connections=171", "global-all", "on", *ask,
        "run", "SET GLOBAL max_connections=172", "run", "SET SESSION sort_buffer_size=400000", *ask, "variable", "sort_buffer_size",
        "global-all", "off", *ask,
    )  # fmt: skip
    values = [line for line in lines if not line.startswith("affected=")]
    assert values == ["171", "NULL", "171", "NULL", "400000", "172", "NULL"], lines


def results_are_bytes_with_null_apart_from_empty(server):
    lines = probe(
        uri(server),
        "query", "SELECT 1 AS `ä`, NULL, '', 'a\\0b', X'ff27' UNION ALL SELECT 2, 'x', '|', '', ''",
        "stream", "SELECT 1 UNION ALL SELECT NULL",
        "value", "SELECT NULL", "value", "SELECT 1 FROM DUAL WHERE 1=0", "value", "SELECT 'it'",
        "run", "SET @a=1", "variable", "no_such_variable",
    )  # fmt: skip
    assert lines == [
        "1|NULL||a\0b|\ufffd'", "2|x|||||"[:-1], "2 rows, first column ä", "1", "NULL", "NULL", "NULL", "it",
        "affected=0 warnings=0", "NULL",
    ], lines  # fmt: skip


def affected_rows_count_what_matched(server):
    server.query("CREATE DATABASE IF NOT EXISTS s")
    lines = probe(
        uri(server),
        "run", "CREATE TABLE s.m (a INT PRIMARY KEY, b INT)",
        "run", "INSERT INTO s.m VALUES (1, 1), (2, 2), (3, 3)",
        "run", "UPDATE s.m SET b=1",
        "run", "DELETE FROM s.m WHERE a > 1",
    )  # fmt: skip
    assert lines[1:] == ["affected=3 warnings=0", "affected=3 warnings=0", "affected=2 warnings=0"], lines


def several_statements_answer_one_by_one_until_one_fails(server):
    lines = probe(
        uri(server),
        "multi", "UPDATE s.m SET b=7; SELECT 1 UNION SELECT 2; INSERT INTO s.m VALUES (5, 5), (6, 6); DO 1",
        "multi", "DELETE FROM s.m WHERE a=6; INSERT INTO s.m VALUES (1, 1); DELETE FROM s.m",
        "value", "SELECT COUNT(*) FROM s.m",
        "multi", "not sql",
        "run", "DO 1; INSERT INTO s.m VALUES (1, 1)",
        "run", "DO 1",
    )  # fmt: skip
    assert lines[0] == "affected=1 warnings=0" and lines[2:4] == ["affected=2 warnings=0", "affected=0 warnings=0"], lines
    assert lines[4] == "affected=1 warnings=0", lines
    assert lines[5].startswith("ERROR server 1062 23000: root@127.0.0.1:%d: Duplicate entry" % server.port), lines
    assert lines[6] == "2" and lines[7].startswith("ERROR server 1064 42000") and lines[8].startswith("ERROR server 1062"), lines
    assert lines[9] == "affected=0 warnings=0", "the session goes on: %r" % lines


def a_stream_given_up_leaves_the_session_in_order(server):
    big = " UNION ALL ".join("SELECT REPEAT('x', 100000)" for _ in range(40))
    lines = probe(uri(server), "break", big, "value", "SELECT 5", "stream", "SELECT 1, 2", "value", "SELECT 6")
    assert len(lines[0]) == 100000 and lines[1:] == ["5", "1|2", "6"], lines[1:]


def errors_name_the_statement_but_no_password(server):
    lines = probe(
        uri(server),
        "run", "SELECT * FROM s.no_such_table /* " + "x" * 300 + " */",
        "run", "CREATE USER `u IDENTIFIED BY 's3cr3t'",
        "run", "CREATE USER 'u'@'h' IDENTIFIED BY 's3cr3t' nonsense s3cr3t",
        "run", "INSERT INTO s.m\n VALUES (1, 1)",
    )  # fmt: skip
    assert "ERROR server 1146 42S02" in lines[0] and len(lines[0].split('running "')[1].split('..."')[0]) == 200, lines[0]
    assert lines[1].startswith("ERROR server ") and "running" not in lines[1], lines[1]
    assert "that may hold a password" in lines[2], lines[2]
    assert 'running "INSERT INTO s.m  VALUES (1, 1)"' in lines[3], lines[3]


def passwords_of_all_kinds_log_in(server):
    plugins = ["mysql_native_password"]
    if NAME == "mysql-9.7":
        plugins = ["caching_sha2_password", "sha256_password"]
    modes = ["ssl-mode=DISABLED", "ssl-mode=PREFERRED"] if NAME != "mysql-5.6" else [""]
    for number, plugin in enumerate(plugins):
        user = "u%d" % number
        if NAME == "mysql-9.7":
            server.query("CREATE USER %s@'%%%%' IDENTIFIED WITH %s BY %%s" % (user, plugin), (SECRET,))
        else:
            server.query("CREATE USER %s@'%%%%' IDENTIFIED BY %%s" % user, (SECRET,))
        for mode in modes:
            if NAME == "mysql-9.7":
                server.query("FLUSH PRIVILEGES")  # empties the cache: the long way is taken
            for _ in range(2):
                who = probe(uri(server, user, SECRET_IN_URI, options=mode), "value", "SELECT CURRENT_USER()")
                assert who == [user + "@%"], (plugin, mode, who)
        for password in ("", "wrong"):
            line = error(probe(uri(server, user, password), "value", "SELECT 1", fails=True))
            assert line.startswith("ERROR server 1045 28000: cannot log in to %s@127.0.0.1:" % user), line
            assert "check user and password" in line, line
    assert probe(uri(server, "root", options="ssl-mode=DISABLED"), "value", "SELECT 1") == ["1"]
    if NAME != "mysql-9.7":
        return
    key = os.path.join(server.datadir, "public_key.pem")
    server.query("FLUSH PRIVILEGES")
    pinned = uri(server, "u0", SECRET_IN_URI, options="ssl-mode=DISABLED&server-public-key=" + key)
    assert probe(pinned, "value", "SELECT 1") == ["1"]


def a_plugin_that_the_library_lacks_is_explained(server):
    """Each library has the other one's plugin as a file of its own."""
    linked = subprocess.run(["ldd", PROBE], stdout=subprocess.PIPE, check=True, text=True).stdout
    lacks_it = ("libmysqlclient" in linked) != (NAME == "mysql-9.7")
    with tempfile.TemporaryDirectory() as empty:
        lines = probe(uri(server), "value", "SELECT 1", fails=lacks_it, LIBMYSQL_PLUGIN_DIR=empty, MARIADB_PLUGIN_DIR=empty)
    if lacks_it:
        assert "_password.so: cannot open" in error(lines) and "_PLUGIN_DIR" in lines[0], lines
    else:
        assert lines == ["1"], lines


def unreachable_servers_are_named(server):
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        line = error(probe("mysql://root@127.0.0.1:%d/" % port, fails=True))
        assert line.startswith("ERROR io 200") and "cannot reach 127.0.0.1:%d: " % port in line, line
        assert "refused" in line.lower() and "check that the server runs" in line, line
        taken.listen(1)  # takes the connection and never says a word
        line = error(probe("mysql://root@127.0.0.1:%d/?connect-timeout=1" % port, fails=True))
        assert line.startswith("ERROR io ") and "127.0.0.1:%d" % port in line, line
    line = error(probe("mysql://root@no-such-host.invalid/", fails=True))
    assert "cannot reach no-such-host.invalid:3306: no such host name" in line, line
    line = error(probe("mysql://root@/?socket=/nonexistent/sock", fails=True))
    assert "cannot reach /nonexistent/sock: No such file" in line, line
    line = error(probe("mysql://root@h/?nosuch=1", fails=True))
    assert line.startswith("ERROR config ") and "unknown option 'nosuch'" in line, line


def localhost_is_tcp_and_a_socket_is_a_socket(server):
    assert probe(uri(server, host="localhost"), "value", "SELECT @@port") == [str(server.port)]
    assert probe("mysql://root@/?socket=" + server.socket, "value", "SELECT @@port") == [str(server.port)]


def compression_is_used_when_asked_for(server):
    for how, wanted in (("zlib", "ON"), ("none", "OFF")):
        lines = probe(uri(server, options="compress=" + how), "query", "SHOW SESSION STATUS LIKE 'Compression'")
        assert lines[0] == "Compression|" + wanted, lines
    assert probe(uri(server, options="compress=zstd"), "value", "SELECT 1") == ["1"]


def loading_reports_what_became_of_the_rows(server):
    server.query("CREATE TABLE s.l (a INT PRIMARY KEY, b VARCHAR(3) CHARACTER SET utf8mb4) ENGINE=InnoDB")
    statement = "LOAD DATA LOCAL INFILE 'binstream' INTO TABLE s.l CHARACTER SET binary"
    lines = probe(
        uri(server), "load", "1\tone\n2\tzwä\n3\t\\N\n", statement, "load", "", statement,
        "load", "3\tx\n4\ttoolong\n", statement,
        "query", "SELECT * FROM s.l ORDER BY a",
        "run", "BEGIN", "give-up", "7\tx\n8\ty\n", statement, "run", "ROLLBACK", "value", "SELECT COUNT(*) FROM s.l",
        options=["-l"],
    )  # fmt: skip
    assert lines[0] == "records=3 deleted=0 skipped=0 warnings=0", lines
    assert lines[1] == "records=0 deleted=0 skipped=0 warnings=0", lines
    # MySQL 5.6 has skipped rows without a warning.
    assert lines[2].startswith("records=2 deleted=0 skipped=1 warnings=%d" % (1 if NAME == "mysql-5.6" else 2)), lines
    assert any(line.startswith("1265 Data truncated") for line in lines), lines
    assert "1|one" in lines and "2|zwä" in lines and "3|NULL" in lines and "4|too" in lines, lines
    gave_up = [line for line in lines if line.startswith("ERROR")]
    assert len(gave_up) == 1 and gave_up[0].startswith("ERROR cancelled 0 : the feeder gave up"), lines
    assert lines[-1] == "4", lines


def loading_is_refused_where_it_is_not_allowed(server):
    statement = "LOAD DATA LOCAL INFILE 'binstream' INTO TABLE s.l"
    line = error(probe(uri(server), "load", "9\tx\n", statement))
    assert line.startswith("ERROR server "), line
    # Even where LOCAL is allowed no file is ever opened: not the one a server asks for.
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir="/tmp") as handle:
        handle.write("77\tx\n")
        handle.flush()
        lines = probe(
            uri(server), "run", "LOAD DATA LOCAL INFILE '%s' INTO TABLE s.l" % handle.name, "value", "SELECT 1",
            "value", "SELECT COUNT(*) FROM s.l WHERE a=77", options=["-l"],
        )  # fmt: skip
    assert lines[0].startswith("ERROR server 2068") and lines[1:] == ["1", "0"], lines
    server.query("SET GLOBAL local_infile=0")
    lines = probe(uri(server), "load", "9\tx\n", statement, "value", "SELECT 1", options=["-l"])
    server.query("SET GLOBAL local_infile=1")
    numbers = {"mysql-9.7": "3948", "mysql-5.6": "1148"}
    assert lines[0].startswith("ERROR server " + numbers.get(NAME, "")) and lines[1] == "1", lines


def lock_conflicts_can_be_retried(server):
    with server.connect(autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM s.l WHERE a=1 FOR UPDATE")
        lines = probe(uri(server), "run", "SET innodb_lock_wait_timeout=1", "run", "UPDATE s.l SET b='' WHERE a=1")
    assert lines[1].startswith("ERROR server 1205") and lines[1].endswith("| retryable"), lines


def a_lost_connection_is_an_io_error(server):
    for how in ("KILL %s", None):
        child = subprocess.Popen(
            [PROBE, uri(server), "value", "SELECT CONNECTION_ID()", "wait", "DO 1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True,
        )  # fmt: skip
        number = child.stdout.readline().strip()
        assert child.stdout.readline() == "waiting\n"
        if how:
            server.query(how % number)
        else:
            server.kill9()
        text = child.communicate("\n", timeout=120)[0]
        assert text.startswith("ERROR io ") and "connection to root@127.0.0.1:%d lost" % server.port in text, text
    server.start()


def the_binlog_is_passed_by_where_allowed(server):
    status = lambda: bs_servers.binlog_status(server.connect())[:2]  # noqa: E731
    before = status()
    probe(uri(server), "run", "INSERT INTO s.l VALUES (100, '')", options=["-n"])
    assert status() == before
    server.query("GRANT ALL ON s.* TO plain@'%'")
    line = error(probe(uri(server, "plain"), "run", "DO 1", options=["-n"], fails=True))
    assert line.startswith("ERROR server 1227") and "BINLOG ADMIN" in line, line


def cipher(server, options, **more):
    lines = probe(uri(server, options=options, **more), "query", "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    return lines[0].split("|")[1]


def tls_modes_mean_what_they_say(server):
    with tempfile.TemporaryDirectory() as folder:
        tls = bs_servers.make_tls(os.path.join(folder, "right"))
        other = bs_servers.make_tls(os.path.join(folder, "other"), hosts=("elsewhere.example",))
        server.restart(*tls.options)
        assert cipher(server, "ssl-mode=DISABLED") == ""
        assert cipher(server, "") != "" and cipher(server, "ssl-mode=REQUIRED&tls-version=TLSv1.2") != ""
        for host in ("127.0.0.1", "localhost"):
            for mode in ("VERIFY_CA", "verify_identity"):
                assert cipher(server, "ssl-mode=%s&ssl-ca=%s" % (mode, tls.ca), host=host) != "", (mode, host)
                line = error(probe(uri(server, host=host, options="ssl-mode=%s&ssl-ca=%s" % (mode, other.ca)), fails=True))
                assert "authority that ssl-ca" in line and line.startswith("ERROR server 2026"), line
        # Without verification a CA of somebody else does no harm.
        assert cipher(server, "ssl-mode=REQUIRED&ssl-ca=" + other.ca) != ""
        line = error(probe(uri(server, options="ssl-mode=VERIFY_CA&ssl-ca=/nonexistent"), fails=True))
        assert line.startswith("ERROR config") and "/nonexistent: No such file" in line, line
        # The certificate of another host: VERIFY_CA takes it, VERIFY_IDENTITY does not.
        server.restart(*other.options)
        assert cipher(server, "ssl-mode=VERIFY_CA&ssl-ca=" + other.ca) != ""
        line = error(probe(uri(server, options="ssl-mode=VERIFY_IDENTITY&ssl-ca=" + other.ca), fails=True))
        assert line.startswith("ERROR server 2026"), line
    server.restart("--skip-ssl") if IS_MARIADB else server.restart("--tls-version=")
    assert cipher(server, "ssl-mode=PREFERRED") == ""
    without_tls_required_fails(server)


def without_tls_required_fails(server):
    for options in ("ssl-mode=REQUIRED", "ssl-mode=VERIFY_CA&ssl-ca=/etc/hostname"):
        line = error(probe(uri(server, options=options), fails=True))
        assert line.startswith("ERROR ") and "TLS" in line, line


TESTS = [
    a_session_is_set_up_whatever_the_server_says,
    global_variables_are_remembered_until_they_are_forgotten,
    results_are_bytes_with_null_apart_from_empty,
    affected_rows_count_what_matched,
    several_statements_answer_one_by_one_until_one_fails,
    a_stream_given_up_leaves_the_session_in_order,
    errors_name_the_statement_but_no_password,
    passwords_of_all_kinds_log_in,
    a_plugin_that_the_library_lacks_is_explained,
    unreachable_servers_are_named,
    localhost_is_tcp_and_a_socket_is_a_socket,
    compression_is_used_when_asked_for,
    loading_reports_what_became_of_the_rows,
    loading_is_refused_where_it_is_not_allowed,
    lock_conflicts_can_be_retried,
    a_lost_connection_is_an_io_error,
    the_binlog_is_passed_by_where_allowed,
    # The server of 5.6 is built with a TLS library of its time, which today's clients refuse.
    without_tls_required_fails if NAME == "mysql-5.6" else tls_modes_mean_what_they_say,
]


def main():
    bs_servers.require(NAME)
    with bs_servers.Server(NAME) as server:
        for test in TESTS:
            print("--", test.__name__, flush=True)
            test(server)
    print("%d passed on %s" % (len(TESTS), NAME))


main()
