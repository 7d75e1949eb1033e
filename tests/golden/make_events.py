"""Makes the golden binlogs of `binstream events` from real servers, and the JSON that it must give of them.

    PYTHONPATH=tests/servers python3 tests/golden/make_events.py binlogs [CASE ...]
    python3 tests/golden/make_events.py jsonl build/release/binstream [CASE ...]

The first writes tests/golden/binlog/CASE-SERVER.binlog, or CASE-SERVER.1.binlog and so on where a case has
several files; the second NAME.jsonl of all that are there, those of make_binlogs.py as well. Both are checked
in. The second is run when the format grows, and a person reads the difference.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

from event_cases import CASES

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "binlog")


def write_files(folder):
    """What LOAD DATA reads."""
    with open(os.path.join(folder, "load.csv"), "w") as out:
        for number in range(700):
            out.write("%d,line %d of a file in blocks\n" % (number, number))
    with open(os.path.join(folder, "short.csv"), "w", encoding="latin-1") as out:
        out.write("1,one\n2,zwei\n3,trois \xe9\n")


class Runner:
    def __init__(self, server):
        self.server = server
        self.sessions = {}
        self.name = "first"

    def session(self):
        if self.name not in self.sessions:
            self.sessions[self.name] = self.server.connect()
        return self.sessions[self.name]

    def run(self, line):
        word, _, rest = line.partition(" ")
        if word == "@session":
            self.name = rest
        elif word == "@close":
            self.sessions.pop(rest).close()
        elif word == "@restart":
            self.sessions.clear()
            self.server.restart()
        elif word == "@only":
            wanted, _, rest = rest.partition(" ")
            if wanted in self.server.name:
                self.run(rest)
        elif word == "@try":
            try:
                self.run(rest)
            except Exception as error:
                print("    %s: %s" % (rest[:60], error))
        else:
            with self.session().cursor() as cursor:
                cursor.execute(line)


def reset(session):
    with session.cursor() as cursor:
        try:
            cursor.execute("RESET MASTER")
        except Exception:  # the words since 8.4
            cursor.execute("RESET BINARY LOGS AND GTIDS")


def make(name, server_name, case):
    from bs_servers import Server
    for old in glob.glob(os.path.join(FOLDER, "%s-%s.*" % (name, server_name))):
        os.unlink(old)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "keys"), "w") as out:
            out.write("1;%s\n" % ("00112233445566778899AABBCCDDEEFF" * 2))
        options = [o.replace("${TMP}", folder) for o in case.options.get(server_name, ())]
        if name == "encrypted":
            from bs_server_fetch import ensure_plugins
            options.append("--plugin-dir=" + ensure_plugins(server_name))
        with Server(server_name, options=["--server-id=1"] + options) as server:
            runner = Runner(server)
            write_files(server.datadir)
            reset(runner.session())
            for line in filter(None, case.script.strip().split("\n")):
                try:
                    runner.run(line)
                except Exception as error:
                    sys.exit("%s on %s: %s: %s" % (name, server_name, line, error))
            runner.run("FLUSH LOGS")
            files = sorted(f for f in os.listdir(server.datadir) if re.fullmatch(r"binlog\.\d+", f))[:-1]
            data = [open(os.path.join(server.datadir, f), "rb").read() for f in files]
    for number, content in enumerate(data, 1):
        part = ".%d" % number if len(data) > 1 else ""
        with open(os.path.join(FOLDER, "%s-%s%s.binlog" % (name, server_name, part)), "wb") as out:
            out.write(content)
    print("%s-%s: %s bytes" % (name, server_name, [len(d) for d in data]), flush=True)


def wanted(name, only):
    return not only or any(o in name for o in only)


def make_binlogs(only):
    for name, case in CASES.items():
        for server_name in case.servers:
            if wanted("%s-%s" % (name, server_name), only):
                make(name, server_name, case)


def events_with_schema(binary, name, server_name, path):
    """Runs the command with the definitions of a live server that has the case's tables."""
    from bs_servers import Server
    case = CASES[name[:-len(server_name) - 1]]
    with Server(server_name, options=case.options.get(server_name, ())) as server:
        for statement in case.script.split("\n"):
            if statement.startswith("CREATE "):
                server.query(statement)
        return run_events(binary, path, "--schema", server.uri())


def run_events(binary, path, *options):
    return subprocess.run([os.path.abspath(binary), "events"] + list(options) + [os.path.basename(path)],
                          cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def make_jsonl(binary, only):
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.binlog"))):
        name = os.path.basename(path)[:-len(".binlog")]
        if not wanted(name, only) or name.startswith("encrypted"):
            continue  # that one must be refused
        if name.startswith("old-temporals"):
            done = events_with_schema(binary, name, name[len("old-temporals-"):], path)
        else:
            done = run_events(binary, path)
        if done.returncode != 0:
            print("FAIL %s: exit %d, %s" % (name, done.returncode, done.stderr.decode("utf-8", "replace")))
            continue
        with open(path[:-len(".binlog")] + ".jsonl", "wb") as out:
            out.write(done.stdout)


def main():
    if sys.argv[1:2] == ["binlogs"]:
        make_binlogs(sys.argv[2:])
    elif sys.argv[1:2] == ["jsonl"] and len(sys.argv) > 2:
        make_jsonl(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
