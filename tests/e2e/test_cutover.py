#!/usr/bin/python3
"""A cutover that does not get through costs nothing: killed in each of its phases, out of time, or with an administrator
who writes on, it is undone; the source is as it was, writers go on, following goes on, and a later cutover works."""
import argparse
import threading

import bs_harness
from bs_harness import say

PHASES = ['cutover-frozen', 'cutover-drained', 'cutover-finished']


def settings(pair):
    rows = pair.source.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'event_scheduler')")
    return dict(rows)


def triggers(pair):
    return pair.target.query("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN ('sys', 'mysql')")[0][0]


def killed(pair, point, before):
    """Dies with the source frozen; the next follow puts everything back before it applies a row."""
    follow = pair.follow_start('--until-cutover', fault=point)
    pair.wait_applied(follow)
    cutover = pair.run('cutover', source=False, expect=(1,))
    follow.wait(30)
    assert follow.code == -9, follow.tail()
    assert cutover.err, 'cutover says nothing about the follow that died'
    assert settings(pair) != before, 'the source is not frozen: the point was not where it says'
    follow = pair.follow_start('--until-cutover')
    pair.wait_until(lambda: settings(pair) == before, 'the settings of the source to be put back', follow=follow)
    pair.wait_applied(follow)
    assert triggers(pair) == 0, 'triggers were left on the target: they would fire on replayed rows'
    follow.kill9()
    say('killed at %s: undone by the rerun' % point)


def out_of_time(pair, before):
    """A session on the source holds a table for itself: the freeze waits for it, longer than it may."""
    follow = pair.follow_start('--until-cutover')
    pair.wait_applied(follow)
    holder = pair.source.connect()
    with holder.cursor() as cursor:
        cursor.execute('LOCK TABLES shop.one_row WRITE')
        process = pair.run('cutover', '--max-freeze', '1', source=False, expect=(6,))
    holder.close()
    assert '--max-freeze' in process.err + process.out, process.tail()
    assert settings(pair) == before, settings(pair)
    pair.wait_applied(follow)
    assert triggers(pair) == 0
    say('out of time: undone, following goes on')
    return follow


def late_writer(pair, follow, before):
    """An administrator whom read_only does not hold back, where there is no super_read_only."""
    if 'super_read_only' in before:
        return
    stop = threading.Event()

    def write():
        with pair.source.connect() as connection, connection.cursor() as cursor:
            while not stop.wait(0.005):
                cursor.execute('UPDATE shop.one_row SET only = only + 1')

    writer = threading.Thread(target=write)
    writer.start()
    process = pair.run('cutover', source=False, expect=(6,))
    stop.set()
    writer.join()
    assert 'written to after it had been frozen' in process.err + process.out, process.tail()
    assert settings(pair) == before, settings(pair)
    say('a late writer was noticed: undone')


def test(options):
    with bs_harness.pair_of(options) as pair:
        writers = pair.writers(count=2, pace=0.02).start()
        before = settings(pair)
        pair.snapshot()
        writers.stop()  # each freeze would end them: they are back for the last one
        for point in PHASES:
            killed(pair, point, before)
        follow = out_of_time(pair, before)
        late_writer(pair, follow, before)
        writers = pair.writers(count=2, pace=0.02).start()
        writers.wait_for(50)
        pair.cutover(follow=follow)
        pair.stop_actors()
        assert triggers(pair) > 0
        pair.judge()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    options = parser.parse_args()
    bs_harness.main('cutover %s gtid %s' % (options.pair, options.gtid), lambda: test(options))
