"""follow: replays what a source has written before follow is started, until it has caught up. Twice, as the two ends of what
applications do: many small transactions, and few that change thousands of rows each."""

import bs_bench
import bs_data

TABLE = "bench.sbtest1"
BULK_ROWS = 5000  # in one transaction

# One transaction as sysbench's oltp_write_only makes it: two updates, a delete and an insert of the same row.
_SMALL = """CREATE PROCEDURE bench_tools.small(transactions INT, highest INT)
BEGIN
    DECLARE done INT DEFAULT 0;
    DECLARE at INT;
    WHILE done < transactions DO
        SET at = 1 + FLOOR(RAND(done) * highest);
        START TRANSACTION;
        UPDATE bench.sbtest1 SET k = k + 1 WHERE id = at;
        UPDATE bench.sbtest1 SET c = REVERSE(c) WHERE id = 1 + (at * 7) % highest;
        DELETE FROM bench.sbtest1 WHERE id = 1 + (at * 13) % highest;
        INSERT INTO bench.sbtest1 (id, k, c, pad) VALUES (1 + (at * 13) % highest, at, SHA2(at, 256), SHA2(at, 224));
        COMMIT;
        SET done = done + 1;
    END WHILE;
END"""


def measure(bench):
    # Fewer than in a snapshot: rows are replayed one by one.
    rows = max(100, bench.options.rows // 5)
    with bench.source() as source, bench.target() as target:
        bs_data.load(source, rows, types=False)
        bs_data.execute(source, "CREATE DATABASE bench_tools", _SMALL)
        bench.binstream("snapshot", source, target, "--databases", bs_data.DATABASE)
        small = "small transactions of four rows"
        bulk = "transactions of %s rows" % "{:,}".format(min(BULK_ROWS, rows))
        yield _replay(bench, source, target, "follow-small", small, lambda number: _write_small(source, rows))
        yield _replay(bench, source, target, "follow-bulk", bulk, lambda number: _write_bulk(source, rows, number))


def _write_small(source, rows):
    """How many rows were changed, as _write_bulk."""
    transactions = max(10, rows // 5)
    bs_data.execute(source, "CALL bench_tools.small(%d, %d)" % (transactions, rows))
    return transactions * 4


def _write_bulk(source, rows, number):
    """Inserts as many rows as there are, updates them, and deletes them again, so that each round finds the same."""
    steps = [(first, min(first + BULK_ROWS, rows + 1)) for first in range(1, rows + 1, BULK_ROWS)]
    begin = rows * 10
    inserts = [bs_data.sysbench_rows(TABLE, begin + first, begin + last - 1) for first, last in steps]
    where = ["WHERE id >= %d AND id < %d" % (begin + first, begin + last) for first, last in steps]
    updates = ["UPDATE %s SET k = k + %d, pad = REVERSE(pad) %s" % (TABLE, number, text) for text in where]
    deletes = ["DELETE FROM %s %s" % (TABLE, text) for text in where]
    bs_data.execute(source, *inserts, *updates, *deletes)
    return rows * 3


def _replay(bench, source, target, name, what, write):
    runs, amounts = [], None
    for number in range(1, bench.options.rounds + 1):
        written = write(number)
        measures, report = bench.binstream("follow", source, target, "--until-caught-up")
        if report["rows"] != written or bs_data.checksum(source, TABLE) != bs_data.checksum(target, TABLE):
            raise bs_bench.BenchError("source and target differ after follow, of %d rows it says %d" % (written, report["rows"]))
        runs.append({"tool": bs_bench.OURS, "round": number, **measures})
        amounts = {"rows": report["rows"], "transactions": report["transactions"]}
    what = "%s rows in %s, median of %d" % ("{:,}".format(amounts["rows"]), what, bench.options.rounds)
    return bs_bench.result(name, what, runs, amounts)
