#!/usr/bin/python3
"""The source is a guest house: with accounts that hold no more than what `check` asks for, a whole move works, and the
source's own log shows that nothing was written there and no lock was asked for but the one of the snapshot's instant."""
import argparse
import json
import re

import bs_harness
from bs_harness import say

# What a session of binstream may say to a source. FLUSH TABLES and SET GLOBAL are the freeze's.
ALLOWED = re.compile(
    r'((EXPLAIN (FORMAT=TRADITIONAL )?)?SELECT\b(?!.*\bFOR UPDATE)|SHOW\b|USE\b|SET\b(?! *(GLOBAL|PASSWORD|PERSIST))|START TRANSACTION|BEGIN|COMMIT|ROLLBACK|'
    r'SAVEPOINT|RELEASE SAVEPOINT|LOCK TABLES (?!.*\bWRITE\b)|UNLOCK TABLES|XA RECOVER|FLUSH TABLES WITH READ LOCK|KILL \d+)',
    re.IGNORECASE | re.DOTALL)


def json_run(pair, verb, *args, uris=None, expect=(0,)):
    process = pair.run(verb, '--json', *args, source=uris[0], expect=expect)
    return json.loads(process.out), process


def make_accounts(pair):
    for server in (pair.source, pair.target):
        server.query("CREATE USER mover@'%' IDENTIFIED BY 'm'")
    return ['mysql://mover:m@127.0.0.1:%d/' % server.port for server in (pair.source, pair.target)]


def grant_what_check_asks_for(pair, uris):
    """Every GRANT (and the one setting about accounts) that check names is given, until it names none: what it says must be enough, and must be true."""
    for _ in range(6):
        report, process = json_run(pair, 'check', '--target', uris[1], uris=uris, expect=(0, 3))
        grants = []
        for result in report['results']:
            # The cutover is made with --freeze=lock-tables, which needs no more than the snapshot does.
            fix = result['fix'] if result['name'] != 'freeze-privilege' and result['fix'] else ''
            server = pair.target if fix.startswith('on the target') else pair.source
            grants += [(server, grant) for grant in re.findall(r"GRANT [^;()]+ TO '[^']*'@'[^']*'", fix)]
            grants += [(server, setting) for setting in re.findall(r'SET GLOBAL automatic_sp_privileges=0', fix)]
        for server, grant in grants:
            server.query(grant)
        if not grants:
            break
    failed = [result for result in report['results'] if result['verdict'] == 'fail']
    assert not failed, failed
    return process


def logged_statements(pair, account):
    """Statements of the account's connections, from the general log as a table."""
    rows = pair.source.query("SELECT argument FROM mysql.general_log WHERE user_host LIKE %s AND command_type IN "
                             "('Query', 'Execute', 'Prepare') ORDER BY event_time", ('%' + account + '%',))
    return [row[0].decode('utf-8', 'replace') if isinstance(row[0], bytes) else row[0] for row in rows]


def test(options):
    with bs_harness.pair_of(options) as pair:
        uris = make_accounts(pair)
        grant_what_check_asks_for(pair, uris)
        pair.source.query("SET GLOBAL log_output = 'TABLE'")
        pair.source.query('SET GLOBAL general_log = 1')
        writers = pair.writers(count=2, pace=0.02).start()
        pair.run('snapshot', '--target', uris[1], source=uris[0])
        follow = pair.start('follow', '--until-cutover', '--freeze', 'lock-tables', '--target', uris[1], source=uris[0])
        pair.wait_applied(follow)
        writers.wait_for(50)
        # With locks instead of read_only the writers wait; they are stopped first, so that nothing follows the freeze.
        writers.stop()
        pair.source.query('SET GLOBAL event_scheduler = OFF')  # these locks end with the follow: the event would go on
        pair.wait_applied(follow)
        # The account may not make the source read-only: that cutover fails, changes nothing, and following goes on.
        refused = pair.run('cutover', '--freeze', 'read-only', '--target', uris[1], source=False, expect=(1,))
        assert 'privilege' in (refused.out + refused.err).lower(), refused.tail()
        pair.wait_applied(follow)
        pair.run('cutover', '--target', uris[1], source=False)
        follow.wait(60)
        follow.expect(0)
        pair.source.query('SET GLOBAL general_log = 0')
        pair.judge()
        statements = logged_statements(pair, 'mover')
        bad = [statement for statement in statements if not ALLOWED.match(statement.strip())]
        assert len(statements) > 100, 'the log shows only %d statements' % len(statements)
        assert len(bad) == 1 and re.fullmatch('SET GLOBAL (super_)?read_only=ON', bad[0]), bad[:5]  # the one refused above
        say('%d statements of binstream in the source\'s log, none of which writes' % len(statements))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('guest %s gtid %s' % (options.pair, options.gtid), lambda: test(options))
