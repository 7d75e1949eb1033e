#!/usr/bin/python3
"""A bound on the source's history list, under writers that make it grow: the copy gives its views up, the source purges, and the
copy goes on as of a later point, with what was in. Then follow: equal. An account that may not ask is told so."""
import argparse
import json

import bs_harness
import test_resume
from bs_harness import say
from bs_servers import flavour

MOST = 600
OPTIONS = ['--loose-innodb-purge-rseg-truncate-frequency=1']  # MySQL otherwise counts what is purged now and then


def history(server):
    if flavour(server.name) == 'mariadb':
        return int(server.query("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'")[0][1])
    return int(server.query("SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len'")[0][0])


def refused_without_process(pair):
    """MySQL tells the length only to those who have PROCESS."""
    if flavour(pair.names[0]) == 'mariadb':
        return
    pair.source.query("CREATE USER copier@'%' IDENTIFIED BY 'c'")
    pair.source.query("GRANT SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW, TRIGGER, EVENT ON *.* TO copier@'%'")
    process = pair.run('snapshot', '--max-history', str(MOST), '--max-rate', '2M', source='mysql://copier:c@127.0.0.1:%d/' % pair.source.port, expect=(3,))
    assert 'grant PROCESS' in process.err, process.err


def copy(pair):
    process = pair.run('snapshot', '--max-history', str(MOST), '--max-rate', '2M', '--chunk-bytes', test_resume.CHUNK, '--json')
    report, given_up = json.loads(process.out), process.err.count('views are given up')
    say('views given up %d times; %d chunks stayed, %d were copied again; paused for %d ms' % (
        given_up, report['chunks_kept'], report['chunks_dropped'], report['paused_ms']))
    assert given_up >= 1 and report['chunks_kept'] > 0 and report['paused_ms'] > 0, process.err[-4000:]


def test(options):
    with bs_harness.Pair(*options.pair.split(':'), gtid=options.gtid == 'on', schema=False, seed=options.seed, source_options=OPTIONS) as pair:
        test_resume.prepare(pair)
        refused_without_process(pair)
        pair.wait_until(lambda: history(pair.source) < MOST // 2, 'the purge of what was prepared')
        writers = test_resume.Writers(pair.source, 3, pair.seed).start()
        pair.actors.append(writers)
        copy(pair)
        test_resume.follow_to_the_end(pair)
        pair.judge('--ignore-auto-increment')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('history %s gtid %s' % (options.pair, options.gtid), lambda: test(options))
