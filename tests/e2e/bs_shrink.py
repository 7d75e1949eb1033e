"""Makes a failing case small. Pure: what fails is asked of a function, whatever it does to know.

`shrink_list` finds a short part of a list that still fails (halves, then quarters, and so on: Zeller's
ddmin), `shrink_value` replaces a value by simpler ones as long as it still fails, and `Budget` bounds how
often the function is asked. `Shrinker` of bs_value_case.py puts these together.
"""

import time


class Spent(Exception):
    """The budget is used up: what was found so far stands."""


class Budget:
    def __init__(self, probes=200, seconds=300.0):
        self.probes, self.deadline = probes, time.monotonic() + seconds

    def take(self):
        if self.probes <= 0 or time.monotonic() > self.deadline:
            raise Spent()
        self.probes -= 1


def shrink_list(items, fails, budget, keep=None):
    """`items` (a list that fails) without what is not needed. `keep` gets every shorter list that fails."""
    parts = 2
    while len(items) > 1:
        size = max(1, len(items) // parts)
        pieces = [items[start:start + size] for start in range(0, len(items), size)]
        shorter = _first(_parts_and_rests(items, pieces, size), fails, budget)
        if shorter is not None:
            parts = 2 if len(shorter) <= size else max(2, parts - 1)
            items = shorter
            if keep:
                keep(items)
        elif size == 1:
            break
        else:
            parts = min(len(items), parts * 2)
    return items


def _parts_and_rests(items, pieces, size):
    """Each piece alone, then all but each."""
    yield from (piece for piece in pieces if len(piece) < len(items))
    if len(pieces) > 2:
        for number in range(len(pieces)):
            yield items[:number * size] + items[(number + 1) * size:]


def _first(candidates, fails, budget):
    for candidate in candidates:
        budget.take()
        if fails(candidate):
            return candidate
    return None


def shrink_value(value, simpler, fails, budget, keep=None):
    """The simplest value that `simpler` leads to, step by step, and that still fails. None is tried twice."""
    tried = set()

    def new(candidates):
        for candidate in candidates:
            if repr(candidate) not in tried:
                tried.add(repr(candidate))
                yield candidate

    while True:
        less = _first(new(simpler(value)), fails, budget)
        if less is None:
            return value
        value = less
        if keep:
            keep(value)
