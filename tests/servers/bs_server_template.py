"""Makes the initialized data directory that every new instance of a server is copied from.

Each lets root in without a password, over the socket and over 127.0.0.1, and has no other account.
"""

import contextlib
import os
import shutil
import subprocess

from bs_server_install import Unavailable

# Every instance lets root in without a password, over the socket and over 127.0.0.1.
_ROOT_SQL = {
    "5.6": (
        "DELETE FROM mysql.user WHERE User <> 'root' OR Host NOT IN ('localhost', '127.0.0.1');\n"
        "UPDATE mysql.user SET Password = '', plugin = '';\n"
        "DELETE FROM mysql.db;\n"
        "DELETE FROM mysql.proxies_priv WHERE Host NOT IN ('localhost', '127.0.0.1');\n"
        "FLUSH PRIVILEGES;\n"
        "GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION;\n"
        "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n"
    ),
    "9.7": (
        "CREATE USER root@'127.0.0.1' IDENTIFIED BY '';\n"
        "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n"
        "GRANT PROXY ON ``@`` TO root@'127.0.0.1' WITH GRANT OPTION;\n"
    ),
}

# Redo logs are made in the size that instances use, so that no start has to resize them. 5.6 and
# 10.5 refuse a value larger than a tenth of the redo log.
REDO_OPTIONS = {
    "mysql-5.6": ["--innodb_log_file_size=128M", "--innodb_log_files_in_group=2"],
    "mysql-9.7": ["--innodb_redo_log_capacity=128M"],
    "mariadb-10.5": ["--innodb_log_file_size=256M"],
    "mariadb-10.11": ["--innodb_log_file_size=128M"],
    "mariadb-11.8": ["--innodb_log_file_size=128M"],
}


def run_options(install):
    """What every run of a server program needs on its command line, first of all --no-defaults."""
    options = ["--no-defaults"] + install.path_options() + REDO_OPTIONS[install.name]
    if os.geteuid() == 0:
        options.append("--user=root")
    if install.recipe.npm:
        options.append("--innodb_use_native_aio=0")
    return options


def make_template(install):
    data = install.template
    if install.recipe.flavour == "mariadb":
        _initialize_mariadb(install, data)
    elif install.recipe.npm:
        _initialize_mysql56(install, data)
    else:
        _initialize_mysql(install, data)
    for private in ("auto.cnf", "aria_log_control.lock"):  # auto.cnf is the server's identity
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(data, private))


def _run_once(install, data, options, stdin=b""):
    argv, env = install.command()
    argv = argv + run_options(install) + ["--datadir=" + data, "--log-error-verbosity=2"] + options
    if install.recipe.flavour == "mariadb" or install.recipe.npm:
        argv.remove("--log-error-verbosity=2")
    done = subprocess.run(argv, env=env, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        tail = done.stdout.decode("utf-8", "replace")[-2000:]
        raise Unavailable("the data directory cannot be initialized: " + tail)


def _initialize_mariadb(install, data):
    os.makedirs(data, 0o700)
    script = b"CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n"
    script += b"SET @auth_root_socket = NULL;\nSET @skip_auth_anonymous = 1;\n"
    for part in (
        "system_tables.sql",
        "performance_tables.sql",
        "system_tables_data.sql",
        "add_gis_sp_bootstrap.sql",
        "sys_schema.sql",
    ):
        # The prefix depends on the version.
        found = [path for prefix in ("mariadb_", "mysql_", "maria_") for path in install.share_file(prefix + part)]
        for path in found[:1]:
            with open(path, "rb") as handle:
                script += handle.read() + b"\n"
    # Only the accounts that every machine has; the script also makes one for the machine's name.
    script += b"USE mysql;\nDELETE FROM global_priv WHERE Host NOT IN ('localhost', '127.0.0.1');\n"
    script += b"DELETE FROM proxies_priv WHERE Host NOT IN ('localhost', '127.0.0.1');\n"
    _run_once(install, data, ["--bootstrap", "--skip-networking"], script)


def _initialize_mysql(install, data):
    script = os.path.join(install.folder, "init.sql")
    with open(script, "w") as handle:
        handle.write(_ROOT_SQL["9.7"])
    _run_once(install, data, ["--initialize-insecure", "--init-file=" + script])
    os.unlink(script)


def _initialize_mysql56(install, data):
    shutil.copytree(os.path.join(install.tree, "server/data/mysql"), data)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(data, "auto.cnf"))
    _run_once(install, data, ["--bootstrap"], _ROOT_SQL["5.6"].encode())
