"""The whole way with writers on: snapshot, follow, DDL while following, cutover; then every row and object is compared."""

import argparse
import json
import time

import bs_harness
from bs_harness import say


def freeze_line(writers, cutover_ended):
    last_ack, first_refusal = writers.freeze_seen()
    if first_refusal is None:
        return 'the writers were not refused before they were stopped'
    return 'the writers saw: last write %.0f ms before the first refusal, cutover over %.0f ms after the last write' % (
        (first_refusal - last_ack) * 1000, (cutover_ended - last_ack) * 1000)


def check_status(pair):
    status = pair.status()
    text = json.dumps(status)
    say('status: ' + text[:300])
    assert 'following' in text, text
    assert 'lag' in text, text


def delete_one_of_two_zeros(pair):
    """Without a key, two rows that are equal to SQL may differ in the sign of a zero (not on every MariaDB)."""
    pair.source.query('CREATE TABLE shop.zeros (f FLOAT, d DOUBLE(8,3))')
    pair.source.query('INSERT INTO shop.zeros VALUES (-0e0, 0.1), (0, 0.1), (0.1, -0e0), (0.1, 0)')
    pair.source.query('DELETE FROM shop.zeros WHERE ATAN2(f, -1) = ATAN2(0, -1) OR ATAN2(d, -1) = ATAN2(0, -1)')


def test(options):
    with bs_harness.pair_of(options) as pair:
        writers = pair.writers(count=options.writers, pace=options.pace).start()
        writers.wait_for(50)
        pair.snapshot('--threads', '3')
        follow = pair.follow_start('--until-cutover')
        say('caught up %.2f s after the snapshot' % pair.wait_applied(follow))
        time.sleep(options.seconds)  # the amount of work is the point here, nothing is awaited
        say('mark applied after %.3f s with writers on' % pair.wait_applied(follow))
        check_status(pair)
        ddl = pair.ddl(pace=0.02, rounds=options.ddl_rounds).start()
        pair.wait_until(lambda: len(ddl.done) >= 5, 'some steps of DDL', follow=follow)
        say('in the midst of DDL, mark applied after %.3f s' % pair.wait_applied(follow))
        ddl.finish()
        say(ddl.report())
        delete_one_of_two_zeros(pair)
        writers.wait_for(20)
        # DDL may be behind by more than a freeze lasts, and on a busy machine writers may be faster than the target; an operator asks
        # when the lag is small.
        writers.pause()
        say('and the rest of it after %.3f s' % pair.wait_applied(follow, timeout=240))
        writers.resume()
        writers.wait_for(20)
        pair.cutover(follow=follow)
        say(freeze_line(writers, time.monotonic()))
        assert_frozen(pair)
        pair.stop_actors()
        pair.judge()
        pair.judge_sees_a_difference()


def assert_frozen(pair):
    assert pair.source.query('SELECT @@global.read_only')[0][0] == 1, 'the source is not read-only after the cutover'


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    bs_harness.pair_arguments(parser)
    parser.add_argument('--seconds', type=float, default=10)
    parser.add_argument('--writers', type=int, default=3)
    parser.add_argument('--pace', type=float, default=0.01)
    parser.add_argument('--ddl-rounds', type=int, default=2)
    options = parser.parse_args()
    bs_harness.main('pairs %s gtid %s' % (options.pair, options.gtid), lambda: test(options))
