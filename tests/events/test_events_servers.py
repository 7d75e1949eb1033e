"""`binstream events` over the binlogs of real servers, against what those servers say is in them.

For each case of the corpus:
  frames  every event's place, size, time, server and flags, against the file's own headers
  text    events, statements and rows, in order, against what the server's mysqlbinlog -v printed
  forms   every text in the JSON form that its bytes and character set ask for
  state   rows applied to empty tables, against state.tsv, which has the stored bytes
  schema  MariaDB's old temporal columns, whose width the log does not tell: refused by name without
          --schema, and right with the definitions of a real server

    test_events_servers.py [PART-OF-SERVER/CASE ...]
"""

import os
import re
import sys

import bs_corpus
import bs_events
import bs_state
from bs_compare import Quirks, check_forms, compare_rows
from bs_compare_events import compare_heads
from bs_format import check_keys
from bs_mysqlbinlog import Text

# What must stop the command, by case: a part of the message. All else must be read to its end.
STOPS = {"mariadb-*/types-oldtemporal": "--schema"}

# What their own mysqlbinlog -v misreads.
QUIRKS = {
    # DECIMAL without the leading zeros of its groups, negative times of the old format.
    "mysql-5.1.63/*": dict(decimals=False, temporals=False),
    "mysql-5.5.62/*": dict(decimals=False, temporals=False),
    "mysql-5.6.24/types-oldtemporal": dict(temporals=False),
    "mysql-5.7.23/types-oldtemporal": dict(temporals=False),
    "mysql-5.7.23/*ddl": dict(documents=False),
}
NO_ROWS = {"mysql-5.7.23/json": "mysqlbinlog takes the column behind a JSON from the wrong place"}
# Texts that end early: 10.5 to 11.8 misread their own old temporals and give up.
NO_TEXT = {"mariadb-*/types-oldtemporal": "mysqlbinlog reads these columns with another width and stops"}
# Their rows are not all in the log as rows, or its tables change on the way.
NO_STATE = {
    "*/ddl": "DDL between the rows", "*/gtid-ddl": "DDL between the rows",
    "*/fk": "cascades are not logged", "*/fk-native": "cascades are not logged",
    "*/gtid-fk": "cascades are not logged",
    "*/mixed": "statements",
    "*/tables": "triggers and engines without rows", "*/tables-rowsquery": "as tables",
    "*/gtid-tables": "as tables", "*/compress-tables": "as tables", "*/gtid-compress-tables": "as tables",
    "*/xa": "rolled back transactions are logged too",
}
failures = []


def lookup(table, name, default=None):
    """The entry for server/case, where * stands for any rest of a word."""
    for pattern, value in table.items():
        if re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), name):
            return value
    return default


def fail(case, what):
    failures.append(case)
    print("FAIL %s: %s" % (case, what), flush=True)


def report(case, problems, limit=5):
    for number, problem in enumerate(problems):
        if number < limit:
            fail(case, problem)


def same_file(events, file):
    """The name by which the events call their file; with or without .zst."""
    names = {event["file"] for event in events}
    return names.pop() if len(names) == 1 and names <= {file, file + ".zst"} else file


def check_file(name, folder, file, output):
    """Everything but the state; the number of rows that the text had too."""
    report(name, bs_events.check_frames(output.events, list(bs_events.walk(bs_corpus.read(
        os.path.join(folder, file)))), same_file(output.events, file)))
    report(name, check_forms(output.events))
    report(name, check_keys(output.events))
    data = bs_corpus.read(os.path.join(folder, file + ".txt"))
    if data is None or lookup(NO_TEXT, name):
        return 0
    # The texts have another name for the files of LOAD DATA than the logs.
    text = Text(data.replace(b"'/srv/load", b"'/tmp/old/load"))
    report(name, compare_heads(output.events, text, mariadb=name.startswith("mariadb")))
    if lookup(NO_ROWS, name):
        return 0
    report(name, compare_rows(output.events, text.rows, Quirks(**lookup(QUIRKS, name, {})), text.given_up))
    return len(text.rows)


def run_case(server, case, folder):
    name = server + "/" + case
    events, shown = [], 0
    for file in bs_corpus.binlogs(folder):
        output = bs_events.run(bs_corpus.as_is(os.path.join(folder, file)))
        stop = lookup(STOPS, name)
        if stop:
            if output.code != 1 or stop not in output.err:
                fail(name, "must stop with \"%s\": exit %d, %s" % (stop, output.code, output.err[-500:]))
            print("ok   %s: stopped by name" % name)
            run_with_schema(server, case, folder)
            return
        if output.code != 0 or output.err:
            fail(name, "%s: exit %d, %s" % (file, output.code, output.err.strip()[-2000:]))
        shown += check_file(name, folder, file, output)
        events += output.events
    print("ok   %s: %d events, %d rows, %d in the text%s" % (
        name, len(events), sum(len(e.rows) for e in events), shown, check_state(name, folder, events)),
        flush=True)


def check_state(name, folder, events):
    dump = bs_corpus.read(os.path.join(folder, "dump.sql"))
    state = bs_corpus.read(os.path.join(folder, "state.tsv"))
    if lookup(NO_STATE, name) or not dump or not state:
        return ""
    odd = bs_state.Oddities(name)
    tables = 0
    model, rows = bs_corpus.parse_dump(dump), bs_corpus.parse_state(state)
    for problem in bs_state.compare_state(events, model, rows, odd):
        if isinstance(problem, tuple):
            _, tables, values = problem
        else:
            fail(name, problem)
    if tables == 0:
        fail(name, "no table could be compared with the state")
    return ", %d tables and %d values as on the server" % (tables, values)


# -- what the log does not tell -------------------------------------------------------------------


def server_for(server):
    """The test server of a recorded one's series."""
    return re.match(r"mariadb-\d+\.\d+", server).group(0)


def run_with_schema(server, case, folder):
    from bs_servers import Server, available
    name = "%s/%s with --schema" % (server, case)
    there, reason = available(server_for(server))
    if not there:
        print("SKIPPED: %s: %s" % (name, reason))
        return
    with Server(server_for(server), options=["--mysql56-temporal-format=OFF"]) as live:
        create_tables(live, bs_corpus.read(os.path.join(folder, "workload.sql")).decode())
        events = []
        for file in bs_corpus.binlogs(folder):
            output = bs_events.run("--schema", live.uri(), bs_corpus.as_is(os.path.join(folder, file)))
            if output.code != 0:
                fail(name, "%s: exit %d, %s" % (file, output.code, output.err.strip()[-2000:]))
                return
            frames = list(bs_events.walk(bs_corpus.read(os.path.join(folder, file))))
            report(name, bs_events.check_frames(output.events, frames, same_file(output.events, file)))
            report(name, check_forms(output.events))
            events += output.events
    for event in events:
        if event.name == "TABLE_MAP" and event["names"] != "schema":
            fail(name, "%r: names %s" % (event, event["names"]))
            break
    print("ok   %s: %d events%s" % (name, len(events), check_state(name, folder, events)), flush=True)


def create_tables(live, workload):
    connection = live.connect()
    with connection.cursor() as cursor:
        for statement in re.split(r";\n", workload):
            statement = re.sub(r"(?m)^--.*\n", "", statement).strip()
            if re.match(r"(SET sql_mode|USE|CREATE (DATABASE|TABLE)) ?", statement):
                cursor.execute(statement)
    connection.close()


def main():
    bs_corpus.require()
    ran = 0
    for server, case, folder in bs_corpus.server_cases(sys.argv[1:]):
        run_case(server, case, folder)
        ran += 1
    print("%d cases, %d failures" % (ran, len(failures)))
    sys.exit(1 if failures or ran == 0 else 0)


if __name__ == "__main__":
    main()
