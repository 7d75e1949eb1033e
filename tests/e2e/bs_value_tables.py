"""The tables of the property tests: every column type that both servers of a pair hold, a few to a table."""

from bs_value_case import Case, Row
from bs_value_docs import Address, Document, Geometry, SHAPES, Vector
from bs_value_gen import Bits, Date, Datetime, Decimal, Digits, Integer, Real, Time, Timestamp, Year
from bs_value_partial import Partial, Sometimes, partial_cases
from bs_value_text import Bytes, CHARSETS, Member, Text


class Group:
    """The columns of one type or a few, which go into two tables: with a key and without. `partial`: see
    bs_value_partial.py; these are in no run that does not name them."""

    def __init__(self, name, columns, old_temporal=False, partial=False):
        self.name, self.columns, self.old_temporal, self.partial = name, columns, old_temporal, partial
        self.heavy = max(kind.heavy for kind in columns.values())


def _numbered(kinds):
    return {'c%d' % number: kind for number, kind in enumerate(kinds, 1)}


def _numbers():
    widths = (('TINYINT', 8), ('SMALLINT', 16), ('MEDIUMINT', 24), ('INT', 32), ('BIGINT', 64))
    yield Group('integers', {'%s%d' % (letter, bits): Integer(name, bits, letter == 'u') for name,
                             bits in widths for letter in 'su'})
    yield Group('zerofill', {'z%d' % bits: Integer(name, bits, True, ' ZEROFILL') for name, bits in widths})
    yield Group('floats', {'f': Real('FLOAT', False), 'fu': Real('FLOAT', False, True)})
    yield Group('doubles', {'d': Real('DOUBLE', True), 'du': Real('DOUBLE', True, True)})
    yield Group('digits', {'f7_3': Digits('FLOAT', 4, 3), 'd15_4': Digits('DOUBLE', 11, 4),
                           'd53_30': Digits('DOUBLE', 10, 5)})
    yield Group('bits', {'b%d' % size: Bits(size) for size in range(1, 65)})


def _decimals(widest_scale):
    """Every precision, with scales that go round; then every scale at its edges."""
    shapes = [(precision, scale) for precision in range(1, 66)
              for scale in {precision * 7 % (min(precision, 30) + 1)}]
    yield Group('decimals', {'d%d_%d' % shape: Decimal(*shape) for shape in shapes})
    edges = [(65, 30), (65, 0), (30, 30), (30, 0), (1, 0), (1, 1), (9, 0), (9, 9), (10, 10), (18, 9),
             (19, 9), (27, 18), (38, 20), (65, 18)]
    kinds = {'d%d_%d' % shape: Decimal(*shape) for shape in edges}
    kinds.update(unsigned=Decimal(20, 4, ' UNSIGNED'), zerofill=Decimal(12, 3, ' ZEROFILL'))
    yield Group('decimal edges', kinds)
    if widest_scale > 30:
        yield Group('decimals of 38', {'d%d_%d' % shape: Decimal(*shape)
                                       for shape in ((38, 38), (65, 38), (40, 37), (36, 36), (45, 31))})


def _temporals(last, old=False, is_zero_whole=True):
    """`last`: the last second of a TIMESTAMP. `old`: the formats of before MySQL 5.6, which MariaDB still
    has. `is_zero_whole`: nothing between 1970-01-01 00:00:00 and the next second, as on MySQL."""
    name = 'old ' if old else ''
    if not old:
        yield Group('years', {'y': Year()})
        yield Group('dates', {'d': Date()})
    yield Group(name + 'times', {'t%d' % fsp: Time(fsp) for fsp in range(7)}, old)
    yield Group(name + 'datetimes', {'d%d' % fsp: Datetime(fsp) for fsp in range(7)}, old)
    yield Group(name + 'timestamps', {'s%d' % fsp: Timestamp(fsp, last, is_zero_whole) for fsp in range(7)},
                old)


def _texts():
    for name, charset in CHARSETS.items():
        few = 255 // charset.longest
        yield Group(name, {
            'char1': Text('CHAR(1)', name, 1), 'char_few': Text('CHAR(%d)' % few, name, few),
            'char_255': Text('CHAR(255)', name, 255), 'short': Text('VARCHAR(%d)' % few, name, few),
            'long': Text('VARCHAR(%d)' % (few + 1), name, few + 1), 'v0': Text('VARCHAR(0)', name, 0),
            'tinytext': Text('TINYTEXT', name, 255, True)})
        yield Group(name + ' texts', {
            'text': Text('TEXT', name, 65535, True, 300, 8),
            'mediumtext': Text('MEDIUMTEXT', name, 65536, True, 1000, 8),
            'longtext': Text('LONGTEXT', name, 300, True, 100, 8)})
    yield Group('longest varchar', {'v': Text('VARCHAR(65500)', 'latin1', 65500, True, 3000, 8)})
    yield Group('longest char', {'c': Text('CHAR(255)', 'utf8mb4', 255),
                                 'v': Text('VARCHAR(16000)', 'utf8mb4', 16000, False, 200, 6)})


def _bytes():
    yield Group('binaries', {'b%d' % size: Bytes('BINARY(%d)' % size, size)
                             for size in (1, 2, 3, 16, 20, 254, 255)})
    yield Group('varbinaries', {'v%d' % size: Bytes('VARBINARY(%d)' % size, size)
                                for size in (1, 20, 255, 256, 1000)})
    yield Group('blobs', {'tinyblob': Bytes('TINYBLOB', 255, None, 8), 'blob': Bytes('BLOB', 65535, 400, 8),
                          'mediumblob': Bytes('MEDIUMBLOB', 65536, 400, 8),
                          'longblob': Bytes('LONGBLOB', 1000, 3000, 8)})


def _members():
    wide = {'e%d' % count: Member('ENUM', count) for count in (1, 2, 127, 128, 255, 256, 257, 1000, 3000)}
    words = ["'x'", "'\u00f1and\u00fa'", "'\u65e5\u672c'", "'\u8868'", "'back\\\\slash'", "'it''s'", "''"]
    yield Group('enums', {**wide, 'words': Member('ENUM', len(words), 'utf8mb4', words),
                          'gbk': Member('ENUM', 3, 'gbk', words[:1] + words[2:4]),
                          'ucs2': Member('ENUM', len(words), 'ucs2', words)})
    yield Group('sets', {'s%d' % count: Member('SET', count) for count in range(1, 65)})


def _shaped(source, target):
    across = source.mariadb != target.mariadb
    if source.json and target.json:
        # MariaDB keeps the text, and takes 31 levels of it; MySQL the document, of 100.
        depth = 30 if source.mariadb or target.mariadb else 100
        yield Group('json', {'a': Document(source.opaque_json, depth, source.opaque_json),
                             'b': Document(False, depth, wide=False)})
    if source.opaque_json and source.version >= (8, 0, 3) and target.json:
        kinds = Partial(depth), Sometimes('INT', 32), Partial(depth, False), Partial(depth)
        yield Group('partial json', dict(zip('anbc', kinds)), partial=True)
    srids = (0,) if source.srid_clause else (0, 4326, 7)
    shapes = {word.lower(): Geometry(word, srids) for word in SHAPES}
    places = {'place': Geometry('POINT', (4326,), ' SRID 4326')} if source.srid_clause and not across else {}
    yield Group('geometry', {'any': Geometry('GEOMETRY', srids
                                             + ((4326, 3857) if source.srid_clause else ())), **shapes,
                             **places})
    if has_vector(source) and has_vector(target):
        mariadb = source.mariadb or target.mariadb
        yield Group('vectors', {'v%d' % length: Vector(length, not mariadb, mariadb)
                                for length in (1, 5, 700)})


def has_vector(facts):
    return facts.version >= (11, 7) if facts.mariadb else facts.version >= (9,)


def _of_mariadb(facts, target):
    addresses = {'inet6': Address('INET6', 16)}
    if facts.version >= (10, 7):
        addresses['uuid'] = Address('UUID', 16)
    if facts.version >= (10, 10):
        addresses['inet4'] = Address('INET4', 4)
    yield Group('addresses', addresses)
    yield Group('compressed', {
        'utf8mb4': Text('VARCHAR(400) COMPRESSED', 'utf8mb4', 400),
        'latin1': Text('VARCHAR(300) COMPRESSED', 'latin1', 300),
        'ucs2': Text('VARCHAR(200) COMPRESSED', 'ucs2', 200),
        'varbinary': Bytes('VARBINARY(300) COMPRESSED', 300), 'short': Bytes('VARBINARY(10) COMPRESSED', 10),
        'tinyblob': Bytes('TINYBLOB COMPRESSED', 254)})
    yield Group('compressed blobs', {
        'blob': Bytes('BLOB COMPRESSED', 65533, 400, 8),
        'longblob': Bytes('LONGBLOB COMPRESSED', 70000, 3000, 8),
        'text': Text('TEXT COMPRESSED', 'utf8', 65533, True, 500, 8)})
    yield from _temporals(2 ** 31 - 1, True, not target.mariadb)


def all_groups(source, target):
    """By the Facts of both servers."""
    both_mariadb = source.mariadb and target.mariadb
    yield from _numbers()
    yield from _decimals(38 if both_mariadb else 30)
    yield from _temporals(2 ** 32 - 1 if source.late_timestamp and target.late_timestamp else 2 ** 31 - 1,
                          False, not both_mariadb)
    yield from _texts()
    yield from _bytes()
    yield from _members()
    yield from _shaped(source, target)
    if source.mariadb:
        yield from _of_mariadb(source, target)


STEPS = 3  # INSERT and two UPDATEs


def case_of(group, rng, values, keyed):
    """About so many values for each column, and every extreme as the old and as the new value of an UPDATE.
    Keyless tables get a quarter of it: each change is a statement of its own."""
    columns = list(group.columns.items())
    extremes = [kind.edges + [None] for _, kind in columns]
    count = max(max(map(len, extremes)), values // STEPS // group.heavy // (1 if keyed else 4))
    rows = []
    for number in range(count):
        size = (number + 1) / count
        steps = []
        for stage in range(STEPS):
            at = number + stage * 7  # another extreme before and after
            steps.append(tuple(edges[at % len(edges)] if at < len(edges) + stage * 7
                               else kind.value(rng, size)
                               for edges, (_, kind) in zip(extremes, columns)))
        rows.append(Row(number + 1, steps, deleted=rng.random() < 0.5))
    return Case(group.name, columns, rows, keyed, True, group.old_temporal)


def case_by_value(group, rng, values):
    """One column of the group as the primary key, or None where none can be."""
    names = [name for name, kind in group.columns.items() if can_be_key(kind)]
    if not names:
        return None
    name = rng.choice(names)
    kind = group.columns[name]
    rows = []
    for number in range(max(len(kind.edges), values // 20)):
        steps = [(kind.edges[(number + stage * 7) % len(kind.edges)] if number < len(kind.edges) and stage < 2
                  else kind.random(rng, 1),) for stage in range(STEPS)]
        rows.append(Row(number + 1, steps, deleted=rng.random() < 0.5))
    return Case(group.name, [(name, kind)], rows, False, True, group.old_temporal, by_value=True)


def can_be_key(kind):
    """MySQL 5.6 takes 767 bytes."""
    if isinstance(kind, Bytes):
        word = kind.sql.split('(')[0].split()[0]
        size = kind.longest * (kind.charset.longest if isinstance(kind, Text) else 1)
        return 0 < size <= 767 and not word.endswith(('TEXT', 'BLOB')) and 'COMPRESSED' not in kind.sql
    return not isinstance(kind, (Document, Geometry, Vector))


def cases_of(group, rng, values, by_value=False):
    if group.partial:
        return list(partial_cases(group, rng, values))
    cases = [case_of(group, rng, values, True), case_of(group, rng, values, False)]
    return cases + [case for case in [case_by_value(group, rng, values)] if by_value and case]
