"""How long a commit on the source takes until it is seen on the target.

A process beside this one keeps the source busy and moves a heartbeat row, bench.beat, on by one a hundred times a second, each time in
a transaction of its own. It notes when each commit was answered. Here the target is asked for that row without pause, and noted when
an answer has first shown which beat. Both read CLOCK_MONOTONIC, which all processes of a machine share. So a lag is never too small by
more than the answer's way from the source, and too large by at most the time between two looks, which is printed."""

import contextlib
import multiprocessing
import random
import threading
import time

import bs_bench

BEATS_PER_S = 100
WRITERS = 4
_LOOK_S = 0.0005
_LATE_S = 60  # a beat that takes longer fails the benchmark
MAKE = ["CREATE TABLE bench.beat (id INT PRIMARY KEY, n BIGINT NOT NULL) ENGINE=InnoDB", "INSERT INTO bench.beat VALUES (1, 0)"]


class Writers:
    """The process that writes: so many transactions a second in all, heartbeats from `first` on among them, for so long."""

    def __init__(self, source, per_s, seconds, first):
        context = multiprocessing.get_context("fork")
        self._answer = None
        self._mine, theirs = context.Pipe(False)
        self._process = context.Process(target=_write_all, args=(source, per_s, seconds, first, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def answer(self):
        """None while they write, then {beats: {beat: time of its commit}, transactions, seconds}."""
        if self._answer is None and self._mine.poll():
            try:
                self._answer = self._mine.recv()
            except EOFError:
                raise bs_bench.BenchError("the writers of the heartbeat failed")
        return self._answer

    def stop(self):
        self._process.kill()
        self._process.join()


def _write_all(source, per_s, seconds, first, answer):
    started = time.monotonic()
    beats, counts = {}, [0] * WRITERS
    each_s = WRITERS / (per_s - BEATS_PER_S)
    writers = [threading.Thread(target=_write, args=(source, each_s, started + seconds, counts, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    with contextlib.closing(source.connect()) as connection, connection.cursor() as cursor:
        for number in _ticks(1 / BEATS_PER_S, started + seconds):
            cursor.execute("UPDATE bench.beat SET n = %d WHERE id = 1" % (first + number))
            beats[first + number] = time.monotonic()
    for writer in writers:
        writer.join()
    answer.send({"beats": beats, "transactions": len(beats) + sum(counts), "seconds": time.monotonic() - started})


def _write(source, each_s, until, counts, number):
    with contextlib.closing(source.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION rand_seed1 = %d, rand_seed2 = %d" % (random.getrandbits(30), random.getrandbits(30)))
        for _ in _ticks(each_s, until):
            cursor.execute("CALL bench_tools.run(0, 1)")
            counts[number] += 1


def _ticks(each_s, until):
    """0, 1, ... at even times; what came too late is made up for at once."""
    started = time.monotonic()
    number = 0
    while started + number * each_s < until:
        time.sleep(max(0, started + number * each_s - time.monotonic()))
        yield number
        number += 1


def lags(target, writers, check):
    """({beat: seconds until it was seen on the target}, seconds between two looks). check: called now and then, may give up."""
    seen, looks, newest = [], 0, -1
    started = checked = ended = time.monotonic()
    with contextlib.closing(target.connect()) as connection, connection.cursor() as cursor:
        while writers.answer() is None or newest < max(writers.answer()["beats"]):
            cursor.execute("SELECT n FROM bench.beat WHERE id = 1")
            beat, now = cursor.fetchone()[0], time.monotonic()
            looks += 1
            if beat > newest:
                seen.append((beat, now))
                newest = beat
            if now > checked + 1:
                check()
                checked = now
            ended = now if writers.answer() is None else ended
            if now > ended + _LATE_S:
                raise bs_bench.BenchError("the target has stayed at beat %d for %d s" % (newest, _LATE_S))
            time.sleep(_LOOK_S)
    return _match(writers.answer()["beats"], seen), (now - started) / looks


def _match(committed, seen):
    """An answer that shows a beat shows all before it."""
    found, at = {}, 0
    for beat in sorted(committed):
        while seen[at][0] < beat:
            at += 1
        found[beat] = seen[at][1] - committed[beat]
    return found
