"""Documents of which parts change, as MySQL logs them with binlog_row_value_options=PARTIAL_JSON: their
rows begin as random documents, and go on by JSON_SET, JSON_REPLACE and JSON_REMOVE at random places, now and
then by a whole document, NULL, or nothing. See bs_value_gen.py."""

import copy
import json
import re

from bs_value_case import Case, Row
from bs_value_docs import Document, Edit, Opaque, document, simpler_list, simpler_node, text_literal
from bs_value_gen import Integer

# What a path must quote or escape, what looks like a part of a path, and keys of each width of a length.
KEYS = ['a', 'b', 'key', '_u', '$d', '\u00e9', '\u043a\u043b\u044e\u0447', '\u65e5\u672c', '', ' ', 'k 1',
        'quo"te', '"', '""', "it's", '\\', 'back\\slash', 'end\\', '\\u0041', 'a.b', '.', '..', '[0]', '[',
        ']', '$', '$.x', '$[0]', '*', '**', 'a-b', '0', '12', '1e5', '-1', 'last', 'null', 'to', '/', '\\/',
        '\n', '\t', '\r', '\b', '\f', '\0', '\x01', 'x\x1f', '\x7f', '\u0080', '\u200d', '\u2028',
        '\ufffd', '\uffff', '\U0001F600', '\U0010FFFF', 'e\u0301', 'k' * 127, 'k' * 128, 'k' * 300]
CASE_KEYS = ['A', 'B', 'KEY', '\u00c9']  # of which MariaDB may take one for another
GROWTH_MAX = 300000  # beyond that a document starts anew


class Copy:
    """A part of the same column's document, as the value for another part."""

    def __init__(self, path):
        self.path = path

    def __repr__(self):
        return 'copy of ' + path_text(self.path)


def leg_text(leg):
    if isinstance(leg, str):
        return '.' + (leg if re.fullmatch('[A-Za-z_$][A-Za-z0-9_$]*', leg)
                      else json.dumps(leg, ensure_ascii=False))
    return '[%d]' % leg if leg >= 0 else '[last]' if leg == -1 else '[last-%d]' % (-1 - leg)


def path_text(path):
    """Legs: a key, or a cell, counted from the end where it is negative."""
    return '$' + ''.join(map(leg_text, path))


class Change:
    """One function: at each path its value, which JSON_REMOVE has none of."""

    def __init__(self, call, parts):
        self.call, self.parts = call, tuple(parts)

    def __repr__(self):
        return '%s%r' % (self.call, [(path_text(path), value) for path, value in self.parts])

    def sql(self, inner, column):
        args = [inner]
        for path, value in self.parts:
            args.append(text_literal(path_text(path)))
            if isinstance(value, Copy):
                args.append('JSON_EXTRACT(%s, %s)' % (column, text_literal(path_text(value.path))))
            elif self.call != 'JSON_REMOVE':
                args.append(document(value))
        return '%s(%s)' % (self.call, ', '.join(args))

    def simpler(self):
        for parts in simpler_list(list(self.parts), self.simpler_part):
            if parts:
                yield Change(self.call, parts)

    @staticmethod
    def simpler_part(part):
        path, value = part
        yield from ((path[:place] + path[place + 1:], value) for place in range(len(path)))
        if isinstance(value, Copy):
            yield path, 1
        else:
            yield from ((path, less) for less in simpler_node(value))


class Changes(Edit):
    """Functions around each other, the first one innermost. None at all: the column is set to itself."""

    def __init__(self, calls=()):
        self.calls = tuple(calls)

    def __repr__(self):
        return repr(self.calls)

    def sql(self, column):
        text = column
        for change in self.calls:
            text = change.sql(text, column)
        return text

    def simpler(self):
        for calls in simpler_list(list(self.calls), lambda change: change.simpler()):
            yield Changes(calls)


# ---- what the changes come to ------------------------------------------------------------------------------

def apply(node, change):
    """About what MySQL makes of the document, so that further changes find their way. Gives its root."""
    holder = [node]
    for path, value in change.parts:
        if isinstance(value, Copy):
            value = find(holder[0], value.path)
        set_part(holder, path, copy.deepcopy(value), change.call)
    return holder[0]


def find(node, path):
    for leg in path:
        if isinstance(node, dict) and isinstance(leg, str):
            node = node.get(leg)
        elif isinstance(node, list) and isinstance(leg, int) and -len(node) <= leg < len(node):
            node = node[leg]
        else:
            return None
    return node


def set_part(holder, path, value, call):
    parent, at = holder, 0
    for place, leg in enumerate(path):
        child = parent[at]
        if not isinstance(child, list if isinstance(leg, int) else dict):
            return
        if place < len(path) - 1 and find(child, (leg,)) is None:
            return
        parent, at = child, leg
    there = at in parent if isinstance(parent, dict) else -len(parent) <= at < len(parent)
    if call == 'JSON_REMOVE' and there:
        del parent[at]
    elif call != 'JSON_REMOVE' and there:
        parent[at] = value
    elif call == 'JSON_SET':
        if isinstance(parent, dict):
            parent[at] = value
        else:
            parent.insert(0 if at < 0 else len(parent), value)


# ---- random ones -------------------------------------------------------------------------------------------

class Partial(Document):
    """`big`: wide and deep ones, and such of more than 64 KiB, among the others."""

    def __init__(self, depth=100, big=True):
        super().__init__(True, depth)
        self.big, self.keys = big, KEYS + (CASE_KEYS if depth == 100 else [])

    def extremes(self):
        return []

    def key(self, rng):
        return rng.choice(self.keys) if rng.random() < 0.8 else 'n%d' % rng.randint(0, 99)

    def small(self, rng, depth):
        """A node whose keys are odd."""
        if depth == 0 or rng.random() < 0.4:
            return self.scalar(rng, rng.random())
        count = rng.choice((0, 1, 2, 3, rng.randint(0, 9)))
        if rng.random() < 0.4:
            return [self.small(rng, depth - 1) for _ in range(count)]
        return {self.key(rng): self.small(rng, depth - 1) for _ in range(count)}

    def chain(self, rng, levels):
        node = self.small(rng, 1)
        for _ in range(levels):
            node = {self.key(rng): node, 'z': 1} if rng.random() < 0.6 else [0, node, [2]]
        return node

    def whole(self, rng):
        dice = rng.random() if self.big else 0.5
        if dice < 0.08:
            return self.chain(rng, rng.randint(3, self.depth - 6 if self.depth == 100 else self.depth // 2))
        if dice < 0.14:
            keys = self.keys + ['n%d' % number for number in range(rng.randint(0, 400))]
            return {key: self.small(rng, 1) for key in keys}
        if dice < 0.20:
            return [[self.small(rng, 1)] if rng.random() < 0.1 else number * 77 - 30000
                    for number in range(rng.randint(100, 900))]
        if dice < 0.27:  # large containers, and strings, of which the lengths take three bytes
            inner = rng.choice(([number * 65537 for number in range(12000)], 'x' * rng.randint(65000, 70000),
                                {'k%04d' % number: 'y' * rng.randint(0, 40) for number in range(2500)}))
            return rng.choice(({'a': inner, 'b': self.small(rng, 3), '"': [1, 2, 3]},
                               [self.small(rng, 2), inner, 7]))
        if dice < 0.32:
            return self.not_null(self.scalar(rng, 1))
        node = self.small(rng, 4)
        return node if isinstance(node, (dict, list)) else {self.key(rng): node, 'a': self.small(rng, 3)}

    def value_for(self, rng, node):
        dice = rng.random()
        if dice < 0.5:
            return self.scalar(rng, rng.random())
        if dice < 0.65:  # longer and shorter ones in turn, so that gaps come to be and are filled
            return self.string(rng, rng.choice((0, 8, 130, 300)))
        if dice < 0.7 and self.depth == 100:
            return Copy(self.path(rng, node))
        return 'v' * 66000 if self.big and dice > 0.992 else self.small(rng, 3)

    def path(self, rng, node, missing=0.0):
        """Of a part that is there, most of the time."""
        path = []
        further = rng.choice((0.6, 0.9, 1.0))
        while isinstance(node, (dict, list)) and node and rng.random() < further:
            if len(path) >= (96 if self.depth == 100 else self.depth // 2):
                break
            if rng.random() < 0.02 and isinstance(node, dict):
                path.append(rng.choice((0, -1)))  # what is no array counts as an array of itself
            leg = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            path.append(leg if isinstance(leg, str) or rng.random() < 0.8 else leg - len(node))
            node = node[leg]
        if rng.random() < missing:
            length = len(node) if isinstance(node, list) else 1
            cell = rng.choice((length, length + 1, length + 99, -length - 1, -length - 5))
            path.append(cell if isinstance(node, list) or rng.random() < 0.15 else self.key(rng))
            if rng.random() < 0.05:  # the parent is missing too
                path.append(self.key(rng))
        return tuple(path)

    def change(self, rng, node):
        call = rng.choice(('JSON_SET', 'JSON_SET', 'JSON_REPLACE', 'JSON_REMOVE'))
        parts = []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
            path = self.path(rng, node, 0.5 if call == 'JSON_SET' else 0.1)
            if call == 'JSON_REMOVE':
                if path:
                    parts.append((path, None))
            else:
                parts.append((path, self.value_for(rng, node)))
        return Change(call, parts or [(('a',), None)])

    def next_value(self, rng, node):
        """(value, the document that it leaves)"""
        dice = rng.random()
        if dice < 0.06 or (node is None and dice < 0.3):
            return None, None
        if node is None or dice < 0.14 or len(repr(node)) > GROWTH_MAX:
            node = self.whole(rng)
            return node, copy.deepcopy(node)
        calls = []
        if dice > 0.24:
            for _ in range(rng.choice((1, 1, 2, 3))):
                calls.append(self.change(rng, node))
                node = apply(node, calls[-1])
        return Changes(calls), node

    def life(self, rng, steps):
        node = None if rng.random() < 0.04 else self.whole(rng)
        values, node = [node], copy.deepcopy(node)
        for _ in range(steps - 1):
            value, node = self.next_value(rng, node)
            values.append(value)
        return values

    def relative(self, rng, node):
        """A document much like it, for a row to which the same statements are made."""
        if isinstance(node, (dict, list)):
            node = apply(copy.deepcopy(node), self.change(rng, node))
        return self.not_null(node)


class Sometimes(Integer):
    """Numbers between the documents; half of the updates leave them alone."""

    def life(self, rng, steps):
        values = [self.random(rng, 1)]
        for _ in range(steps - 1):
            values.append(rng.choice((values[-1], None, self.random(rng, 1))))
        return values

    def relative(self, rng, node):
        return self.random(rng, 1)


STEPS = 6


def partial_cases(group, rng, values):
    """With a key and without. Some rows are changed by the same statements, and so in one event."""
    for keyed in (True, False):
        rows = []
        while len(rows) < values // (15 if keyed else 45):
            steps = list(zip(*(kind.life(rng, STEPS) for kind in group.columns.values())))
            for number in range(rng.choice((1, 1, 3))):
                first = tuple(kind.relative(rng, value) if number else value
                              for kind, value in zip(group.columns.values(), steps[0]))
                rows.append(Row(len(rows) + 1, (first, *steps[1:]), rng.random() < 0.5))
        yield Case(group.name, group.columns.items(), rows, keyed)
