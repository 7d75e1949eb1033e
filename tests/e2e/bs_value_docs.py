"""Generators for values with a shape: JSON, geometry, vectors, addresses. See bs_value_gen.py."""

import ipaddress
import json
import struct

from bs_value_gen import Integer, Kind, Real, f32, toward_zero
from bs_values import hexed


# ---- JSON --------------------------------------------------------------------------------------------------

class Opaque:
    """A value without JSON syntax of its own, as the SQL expression that makes it."""

    def __init__(self, sql):
        self.sql = sql

    def __repr__(self):
        return self.sql


class Edit:
    """A document made from the one before: JSON_SET and the like, which MySQL runs on the stored bytes."""

    def __init__(self, call, path, value=None, inner=None):
        self.call, self.path, self.value = call, path, value
        self.inner = inner  # an edit that is made first, in the same expression

    def __repr__(self):
        return '%s %s %r%s' % (self.call, self.path, self.value, ' of %r' % self.inner if self.inner else '')

    def sql(self, column):
        more = '' if self.call == 'JSON_REMOVE' else ', ' + document(self.value)
        of = self.inner.sql(column) if self.inner else column
        return '%s(%s, %s%s)' % (self.call, of, text_literal(self.path), more)

    def simpler(self):
        if self.inner:
            yield self.inner
            yield Edit(self.call, self.path, self.value)
            yield from (Edit(self.call, self.path, self.value, less) for less in self.inner.simpler())
        if self.call != 'JSON_REMOVE':
            yield from (Edit(self.call, self.path, less, self.inner) for less in simpler_node(self.value))


def text_literal(text):
    return hexed(text.encode(), 'utf8mb4')


def _has_opaque(node):
    if isinstance(node, dict):
        return any(_has_opaque(item) for item in node.values())
    return any(_has_opaque(item) for item in node) if isinstance(node, list) else isinstance(node, Opaque)


def document(node):
    """An expression of type JSON."""
    if isinstance(node, Opaque):
        return node.sql
    if not _has_opaque(node):
        return 'CAST(%s AS JSON)' % text_literal(json.dumps(node, ensure_ascii=False))
    if isinstance(node, list):
        return 'JSON_ARRAY(%s)' % ', '.join(document(item) for item in node)
    pairs = ('%s, %s' % (text_literal(key), document(item)) for key, item in node.items())
    return 'JSON_OBJECT(%s)' % ', '.join(pairs)


INTEGER_EDGES = sorted({sign * (2 ** power + step) for power in (0, 7, 8, 15, 16, 31, 32, 53, 62, 63)
                        for sign in (1, -1)
                        for step in (-1, 0, 1)
                        if -2 ** 63 <= sign * (2 ** power + step)} | {2 ** 64 - 1, 2 ** 64 - 2})
# 127, 128, 16383, 16384: where the length of a string takes another byte; 65535: where offsets take four.
STRING_LENGTHS = (0, 1, 127, 128, 129, 16383, 16384, 65535, 65536)
OPAQUES = [Opaque(sql) for sql in (
    "CAST('2024-02-29' AS DATE)", "CAST('0000-00-00' AS DATE)", "CAST('9999-12-31' AS DATE)",
    "CAST('-838:59:59' AS TIME)",
    "CAST('-00:00:00.000001' AS TIME(6))", "CAST('12:34:56.5' AS TIME(1))",
    "CAST('-12:34:56.789' AS TIME(3))",
    "CAST('9999-12-31 23:59:59.999999' AS DATETIME(6))", "CAST('2024-00-00 00:00:00' AS DATETIME)",
    "CAST('1000-01-01' AS DATETIME(3))",
    "CAST(1.10 AS DECIMAL(10,2))", "CAST(1.5 AS DECIMAL(10,1))", "CAST(0 AS DECIMAL(30,30))",
    "CAST(-99999999999999999999.5 AS DECIMAL(30,5))",
    "CAST(%s AS DECIMAL(65,0))" % ('9' * 65), "(1.0 * %s)" % ('9' * 65), "(%s + 0.123456789)" % ('9' * 65),
    "(0.001 * 1)",
    "%s.5" % ('123456789' * 7), "CAST(12345678901234567890.10 AS DECIMAL(65,30))",
    "CAST(-0.%s AS DECIMAL(30,30))" % ('9' * 30), "CAST(7 AS DECIMAL(5,0))",
    "CAST('null' AS JSON)", "CAST(x'00ff5c' AS BINARY)", "CAST('' AS BINARY)",
    "CAST(REPEAT(x'5c', 200) AS BINARY)", "CAST(1 AS UNSIGNED)", "CAST(-1 AS SIGNED)")]


class Document(Kind):
    """`opaque`: with MySQL's values that JSON text does not show. `depth`: MySQL takes 100 levels, MariaDB
    31. `edits`: changes in place as well. `wide`: documents of more than 64 KiB."""
    sql = 'JSON'
    heavy = 3

    def __init__(self, opaque=False, depth=100, edits=False, wide=True):
        self.opaque, self.depth, self.edits, self.wide = opaque, depth, edits, wide

    def extremes(self):
        return list(self.make_extremes())

    def make_extremes(self):
        scalars = [None, True, False, '', '"', '\\', '\n\t\b\f\r\x01\x1f\x7f', "it's", '\0',
                   '\U0001F600\u0438\u0439', '\ud7ff\ue000\uffff']
        scalars += INTEGER_EDGES + [0.0, -0.0, 1.0, 1.5, 1e15, 1e16, 1e17, 1e-5, 1e300, -1e-300, 5e-324,
                                    1.7976931348623157e308, 0.1 + 0.2]
        yield from ([item] for item in scalars)
        yield from ({'k': item} for item in scalars)
        yield from (item for item in scalars if item is not None)  # a document may be a scalar
        yield from ([], {}, [[]], [{}], {'': {}}, {'': None, 'a': [1, 2.5, None, True, False, 'x'],
                                                   '\u043a\u043b\u044e\u0447': '', '\U0001F600': 1})
        yield {'k' * length: length for length in (1, 127, 128, 255, 256, 300)}
        # Of some the shortest digits are not the nearest ones.
        powers = [2.0 ** power for power in range(-1074, 1024)]
        yield from (powers[start:start + 40] for start in range(0, len(powers), 40))
        yield from (['x' * length] for length in STRING_LENGTHS if length < 20000 or self.wide)
        if self.wide:
            # The document's own size around 64 KiB, where it changes from small to large.
            yield from ({'a': 'x' * length, 'b': [1, 70000, -70000, None]}
                        for length in (65480, 65500, 65520))
            yield {'k%05d' % number: number * 97 - 30000 for number in range(5000)}
            yield [number * 65537 for number in range(14000)]
            yield [[], {}, [True] * 65536]
        for shape in (lambda node: [node], lambda node: {'k': node}):
            node = 1
            for _ in range(self.depth - 1):
                node = shape(node)
            yield node
        if self.opaque:
            yield from OPAQUES
            yield [*OPAQUES]
            yield {'k%d' % number: item for number, item in enumerate(OPAQUES)}

    def scalar(self, rng, size):
        dice = rng.random()
        if dice < 0.25:
            return rng.choice((rng.choice(INTEGER_EDGES),
                               rng.getrandbits(rng.randint(1, 63)) * rng.choice((1, -1)), rng.randint(-9, 9)))
        if dice < 0.5:
            return Real('DOUBLE', True).random(rng, size)
        if dice < 0.6:
            return rng.choice((None, True, False))
        if dice < 0.7 and self.opaque:
            return rng.choice(OPAQUES)
        return self.string(rng, rng.choice((4, 4, 20, 200)) if rng.random() < 0.97 else 20000)

    @staticmethod
    def string(rng, longest):
        pool = 'abc xyz"\\/\'\n\u00e9\u65e5\U0001F600\0\x1f'
        seed = ''.join(rng.choice(pool) for _ in range(rng.randint(0, min(30, longest))))
        return (seed * (longest // 20 + 1))[:rng.randint(0, longest)]

    def node(self, rng, size, depth):
        dice = rng.random()
        if depth <= 1 or dice < 0.45:
            return self.scalar(rng, size)
        count = rng.choice((0, 1, 2, 3, rng.randint(0, 12)))
        if dice < 0.7:
            return [self.node(rng, size, depth - 1) for _ in range(count)]
        # Each key once, and none that differs in case only: which of two counts is not the same everywhere.
        keys = {rng.choice(('k%d', '\u043a%d', '%d', 'longer key %d')) % rng.randint(0, 99)
                for _ in range(count)}
        return {key: self.node(rng, size, depth - 1) for key in sorted(keys)}

    def random(self, rng, size):
        if self.edits and rng.random() < 0.4:
            return self.edit(rng, size)
        if rng.random() < 0.05:  # many members of one kind
            return [self.scalar(rng, size) for _ in range(rng.randint(0, 300))]
        node = self.node(rng, size, rng.choice((2, 4, 8)))
        return {'k1': node, 'k2': self.scalar(rng, size)} if rng.random() < 0.7 else self.not_null(node)

    @staticmethod
    def not_null(node):
        return [] if node is None else node

    def edit(self, rng, size):
        path = rng.choice(('$.k1', '$.k2', '$.k1', '$.k2', '$.k1', '$.k2', '$.k', '$[0]', '$[1]', '$.k1[0]',
                           '$.k1.k1', '$[last]', '$."\u043a5"', '$.k1."longer key 7"', '$."a b"', '$."a.b"',
                           '$."[0]"', '$."7"', '$."q\\"\\\\\\n"', '$.""', '$.k1[2]', '$.k2."a b"'))
        call = rng.choice(('JSON_SET', 'JSON_SET', 'JSON_REPLACE', 'JSON_REMOVE'))
        inner = self.edit(rng, size) if rng.random() < 0.4 else None
        value = self.scalar(rng, size) if rng.random() < 0.8 else self.not_null(self.node(rng, size, 3))
        return Edit(call, path, None if call == 'JSON_REMOVE' else value, inner)

    def literal(self, value, column=None):
        if value is None:
            return 'NULL'
        if isinstance(value, Edit):
            return value.sql(column) if column else 'NULL'
        if not _has_opaque(value):
            return text_literal(json.dumps(value, ensure_ascii=False))
        return 'CAST(%s AS JSON)' % value.sql if isinstance(value, Opaque) else document(value)

    def simpler(self, value):
        if isinstance(value, Edit):
            yield from value.simpler()
        else:
            yield from simpler_node(value)

    def exact(self, column):
        return 'HEX(CAST(%s AS CHAR))' % column


# What a document tells of itself beyond its text, and what may become of that on its way as text
# (src/sql/json_text.h).
LOST_AS_TEXT = {'DATE': 'STRING', 'TIME': 'STRING', 'DATETIME': 'STRING', 'BLOB': 'STRING', 'BIT': 'STRING',
                'OPAQUE': 'STRING'}
LOST_IN_NUMBERS = {('DECIMAL', 'DOUBLE'), ('DECIMAL', 'INTEGER'), ('DECIMAL', 'UNSIGNED INTEGER'),
                   ('UNSIGNED INTEGER', 'INTEGER')}


def leaf_paths(text, most=40):
    """The paths of a document's scalars, the first so many."""
    found = []

    def walk(node, path):
        if len(found) >= most:
            return
        if isinstance(node, dict):
            for key, item in node.items():
                walk(item, '%s.%s' % (path, json.dumps(key, ensure_ascii=False)))
        elif isinstance(node, list):
            for place, item in enumerate(node[:most]):
                walk(item, '%s[%d]' % (path, place))
        else:
            found.append(path)

    walk(json.loads(text), '$')
    return found


def is_same_type(a, b):
    return a == b or LOST_AS_TEXT.get(a) == b or (a, b) in LOST_IN_NUMBERS


def simpler_node(node):
    if isinstance(node, dict):
        items = list(node.items())
        yield from map(dict, simpler_list(items, simpler_member))
        yield from node.values()
    elif isinstance(node, list):
        yield from simpler_list(node, simpler_node)
        yield from node
    elif isinstance(node, bool) or node is None:
        return
    elif isinstance(node, str):
        step = len(node)
        while step:
            for start in range(0, len(node), step):
                yield node[:start] + node[start + step:]
            step //= 2
    elif isinstance(node, int):
        yield from toward_zero(node)
    elif isinstance(node, float):
        yield from Real('DOUBLE', True).simpler(node)
    elif isinstance(node, Opaque):
        yield 0
        if node.sql != OPAQUES[0].sql:
            yield OPAQUES[0]


def simpler_member(pair):
    return ((pair[0], less) for less in simpler_node(pair[1]))


def simpler_list(items, simpler_item):
    """Without some of its members, then with one of them simpler."""
    step = len(items)
    while step:
        for start in range(0, len(items), step):
            yield items[:start] + items[start + step:]
        step //= 2
    for place, item in enumerate(items[:200]):
        for less in simpler_item(item):
            yield items[:place] + [less] + items[place + 1:]


# ---- geometry ----------------------------------------------------------------------------------------------

POINT, LINE, POLYGON, POINTS, LINES, POLYGONS, COLLECTION = range(1, 8)
SHAPES = {'POINT': POINT, 'LINESTRING': LINE, 'POLYGON': POLYGON, 'MULTIPOINT': POINTS,
          'MULTILINESTRING': LINES, 'MULTIPOLYGON': POLYGONS, 'GEOMETRYCOLLECTION': COLLECTION}
PARTS = {POINTS: POINT, LINES: LINE, POLYGONS: POLYGON}


def wkb(shape, parts):
    """Well-known binary. POINT: (x, y); LINE: points; POLYGON: rings; else: (shape, parts) each."""
    head = struct.pack('<BI', 1, shape)
    if shape == POINT:
        return head + struct.pack('<dd', *parts)
    head += struct.pack('<I', len(parts))
    if shape == LINE:
        return head + b''.join(struct.pack('<dd', *point) for point in parts)
    if shape == POLYGON:
        return head + b''.join(struct.pack('<I', len(ring))
                               + b''.join(struct.pack('<dd', *point) for point in ring) for ring in parts)
    return head + b''.join(wkb(*part) for part in parts)


class Geometry(Kind):
    """(SRID, shape, parts). Values are in the servers' own storage form: four bytes of SRID, then well-known
    binary."""
    heavy = 2

    def __init__(self, word, srids=(0,), clause=''):
        self.sql, self.srids = word + clause, srids
        self.shapes = [SHAPES[word]] if word in SHAPES else list(SHAPES.values())

    def coordinate(self, rng, srid):
        if srid or rng.random() < 0.4:
            return rng.uniform(-80, 80)
        return rng.choice((0.0, -0.0, 1.0, 5e-324, 1.7976931348623157e308, 2.0 ** 53 + 2,
                           Real('DOUBLE', True).random(rng, 1)))

    def point(self, rng, srid):
        return (self.coordinate(rng, srid), self.coordinate(rng, srid))

    @staticmethod
    def ring(rng, inside=False):
        x, y, size = rng.randint(-60, 60), rng.randint(-60, 60), rng.randint(1, 9)
        ring = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
        return [tuple(map(float, point)) for point in (ring[::-1] if inside else ring)]

    def parts(self, rng, shape, srid, depth=2):
        count = rng.choice((1, 2, 3, 20))
        if shape == POINT:
            return self.point(rng, srid)
        if shape == LINE:
            return [self.point(rng, srid) for _ in range(count + 1)]
        if shape == POLYGON:
            return [self.ring(rng, number > 0) for number in range(min(count, 3))]
        if shape in PARTS:
            return [(PARTS[shape], self.parts(rng, PARTS[shape], srid)) for _ in range(min(count, 5))]
        shapes = [shape for shape in SHAPES.values() if depth or shape != COLLECTION]
        picked = [rng.choice(shapes) for _ in range(rng.randint(0, 4))]
        return [(shape, self.parts(rng, shape, srid, depth - 1)) for shape in picked]

    def extremes(self):
        import random
        rng = random.Random(1)
        return [(srid, shape, self.parts(rng, shape, srid)) for srid in self.srids for shape in self.shapes]

    def random(self, rng, size):
        srid, shape = rng.choice(self.srids), rng.choice(self.shapes)
        return (srid, shape, self.parts(rng, shape, srid))

    def plain(self, value):
        return hexed(struct.pack('<I', value[0]) + wkb(*value[1:]))

    def simpler(self, value):
        srid, shape, parts = value
        if srid and 0 in self.srids:
            yield (0, shape, parts)
        if shape == POINT:
            if parts != (0.0, 0.0):
                yield from ((srid, shape, easy) for easy in ((0.0, 0.0), (1.0, 2.0)) if easy != parts)
        elif shape == COLLECTION and len(self.shapes) > 1 and len(parts) == 1:
            yield (srid, *parts[0])
        else:
            least = 2 if shape == LINE else 0 if shape == COLLECTION else 1
            for fewer in simpler_list(parts, lambda part: ()):
                if len(fewer) >= least:
                    yield (srid, shape, fewer)


# ---- vectors and addresses ---------------------------------------------------------------------------------

class Vector(Kind):
    """A tuple of the bits of FLOATs. MySQL takes fewer of them than the column has (`shorter`); MariaDB takes
    none of which the sum of squares is no FLOAT (`bounded`)."""

    def __init__(self, length, shorter, bounded):
        self.sql, self.length, self.shorter, self.bounded = 'VECTOR(%d)' % length, length, shorter, bounded
        self.real = Real('FLOAT', False)
        self.heavy = 1 + length // 100

    def bits(self, value):
        return self.real.pattern(value / 1e30 if self.bounded and abs(value) > 1e16 else value)

    def extremes(self):
        edges = [self.bits(f32(self.real.pattern(value))) for value in self.real.extremes()]
        values = [(0,) * self.length, (0x80000000,) * self.length, *[(edge,) * self.length for edge in edges]]
        values.append(tuple((edges * (self.length // len(edges) + 1))[:self.length]))
        return values + ([(edge,) for edge in edges] if self.shorter else [])

    def random(self, rng, size):
        length = rng.randint(1, self.length) if self.shorter else self.length
        return tuple(self.bits(self.real.random(rng, size)) for _ in range(length))

    def plain(self, value):
        return hexed(struct.pack('<%dI' % len(value), *value))

    def simpler(self, value):
        if self.shorter:
            yield from (tuple(fewer) for fewer in simpler_list(list(value), lambda item: ()) if fewer)
        for place, bits in enumerate(value):
            yield from (value[:place] + (less,) + value[place + 1:] for less in (0, self.real.pattern(1.0))
                        if less < bits)


class Address(Integer):
    """UUID, INET4 and INET6 as the number that their bytes are; written as text."""

    def __init__(self, sql, size):
        super().__init__(sql, 8 * size, True)
        self.sql, self.size = sql, size

    def extremes(self):
        edges = super().extremes() + [int.from_bytes(bytes(range(1, self.size + 1)), 'big')]
        # Trailing zeros are cut in the log.
        edges += [self.high >> 8 * place << 8 * place for place in range(self.size)]
        if self.size == 16:  # UUIDs of each version and variant, which MariaDB stores in another order
            edges += [0x00112233445506778899AABBCCDDEEFF | version << 76 | variant << 60
                      for version in range(16) for variant in range(16)]
            edges += [0xFFFF00000000 | 0xC0000201, 0xC0000201, 0x20010DB8 << 96]
        return edges

    def plain(self, value):
        if self.sql == 'UUID':
            digits = '%032x' % value
            return "'%s'" % '-'.join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return "'%s'" % (ipaddress.IPv4Address(value) if self.size == 4 else ipaddress.IPv6Address(value))

    def exact(self, column):
        return 'CAST(%s AS CHAR)' % column
