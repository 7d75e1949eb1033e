"""Column kinds and the values that are put into them.

A Kind knows the SQL type of a column and how to write a value for it as an ASCII SQL literal: its extremes (each of
which the schema stores in a row of its own) and random ones (which the writers use). Literals of text carry a charset
introducer and hexadecimal bytes, so that what is stored does not depend on the session's character set.
"""

import struct


class Kind:
    """One column type: `sql` as in CREATE TABLE, `extremes` as literals, `random(rng)` gives a literal."""

    def __init__(self, sql, extremes, random, nullable=True):
        self.sql = sql
        self.extremes = list(extremes)
        self.random = random
        self.nullable = nullable

    def value(self, rng):
        """A literal: now and then NULL, often enough an extreme, else a random one."""
        dice = rng.random()
        if self.nullable and dice < 0.1:
            return 'NULL'
        if self.extremes and dice < 0.35:
            return rng.choice(self.extremes)
        return self.random(rng)

    def not_null(self, extra=''):
        return Kind(self.sql + ' NOT NULL' + extra, self.extremes, self.random, nullable=False)


def quote(text):
    """An identifier in backquotes."""
    return '`' + text.replace('`', '``') + '`'


def hexed(data, charset=None):
    if not data:
        return "''" if charset is None else "_%s''" % charset
    return ('_%s 0x%s' % (charset, data.hex())) if charset else '0x' + data.hex()


# ---- numbers -------------------------------------------------------------------------------------------------------

def integer(sql, bits, unsigned=False):
    low, high = (0, 2 ** bits - 1) if unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    name = sql + (' UNSIGNED' if unsigned else '')
    return Kind(name, [str(low), str(high), '0', '1', str(high // 2)], lambda rng: str(rng.randint(low, high)))


def small_int(sql='INT', low=0, high=1000):
    return Kind(sql, [], lambda rng: str(rng.randint(low, high)))


def decimal(precision, scale, suffix=''):
    whole = precision - scale

    def make(rng):
        digits = ''.join(rng.choice('0123456789') for _ in range(rng.randint(1, whole))) if whole else '0'
        fraction = '.' + ''.join(rng.choice('0123456789') for _ in range(scale)) if scale else ''
        sign = '' if suffix else rng.choice(['', '-'])
        return sign + digits + fraction

    top = ('9' * whole or '0') + ('.' + '9' * scale if scale else '')
    tiny = '0.' + '0' * (scale - 1) + '1' if scale else '1'
    extremes = [top, '0', tiny] + ([] if suffix else ['-' + top, '-' + tiny])
    return Kind('DECIMAL(%d,%d)%s' % (precision, scale, suffix), extremes, make)


FLOAT = Kind('FLOAT', ['3.402823466e38', '-3.402823466e38', '1.17549435e-38', '1.4e-45', '-1.4e-45', '-0e0', '0',
                       '16777216', '16777217', '0.1', '1e-10', '123456.789'],
             lambda rng: repr(struct.unpack('<f', struct.pack('<f', rng.uniform(-1e6, 1e6)))[0]))
DOUBLE = Kind('DOUBLE', ['1.7976931348623157e308', '-1.7976931348623157e308', '2.2250738585072014e-308',
                         '2.225073858507201e-308', '-0e0', '0', '0.1', '9007199254740993', '1e-300',
                         '0.30000000000000004', '1.1e16'],
              lambda rng: repr(rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300)))
FLOAT_UNSIGNED = Kind('FLOAT UNSIGNED', ['0', '3.402823466e38'], lambda rng: '%.9g' % rng.uniform(0, 1e9))
FLOAT_DIGITS = Kind('FLOAT(10,3)', ['0', '-9999999.999', '1.005'], lambda rng: '%.3f' % rng.uniform(-1e5, 1e5))
DOUBLE_DIGITS = Kind('DOUBLE(20,4)', ['0', '9999999999999.9999', '1.00005'],
                     lambda rng: '%.4f' % rng.uniform(-1e9, 1e9))


def bit(size):
    top = 2 ** size - 1
    return Kind('BIT(%d)' % size, ['0', str(top), '1', str(1 << (size - 1))], lambda rng: str(rng.randint(0, top)))


# ---- dates and times -----------------------------------------------------------------------------------------------

def _fraction(rng, fsp):
    return '.%0*d' % (fsp, rng.randrange(10 ** fsp)) if fsp else ''


def _paren(fsp):
    return '(%d)' % fsp if fsp else ''


DATE = Kind('DATE', ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-00-00'", "'2024-05-00'", "'0000-05-07'",
                     "'2024-02-29'", "'0001-01-01'"],
            lambda rng: "'%04d-%02d-%02d'" % (rng.randint(1, 9999), rng.randint(1, 12), rng.randint(1, 28)))
YEAR = Kind('YEAR', ['0000', '1901', '2155', '2000'], lambda rng: str(rng.randint(1901, 2155)))


def time(fsp):
    nines = '.' + '9' * fsp if fsp else ''
    last = '.' + '0' * (fsp - 1) + '1' if fsp else ''
    extremes = ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'", "'23:59:59%s'" % nines,
                "'-00:00:00%s'" % last, "'-837:59:59%s'" % nines, "'00:00:00%s'" % last]
    return Kind('TIME' + _paren(fsp), extremes, lambda rng: "'%s%02d:%02d:%02d%s'" % (
        rng.choice(['', '-']), rng.randint(0, 837), rng.randint(0, 59), rng.randint(0, 59), _fraction(rng, fsp)))


def datetime(fsp):
    nines = '.' + '9' * fsp if fsp else ''
    last = '.' + '0' * (fsp - 1) + '1' if fsp else ''
    extremes = ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59%s'" % nines,
                "'2024-00-00 00:00:00'", "'2024-07-00 12:00:00%s'" % last, "'0000-01-01 00:00:00%s'" % last,
                "'1969-12-31 23:59:59%s'" % nines]
    return Kind('DATETIME' + _paren(fsp), extremes, lambda rng: "'%04d-%02d-%02d %02d:%02d:%02d%s'" % (
        rng.randint(1, 9999), rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59),
        rng.randint(0, 59), _fraction(rng, fsp)))


def timestamp(fsp):
    """Sessions that write these set time_zone to +00:00."""
    nines = '.' + '9' * fsp if fsp else ''
    extremes = ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07%s'" % nines,
                "'2024-10-27 00:30:00%s'" % nines, "'2024-10-27 01:30:00'"]
    return Kind('TIMESTAMP%s NULL' % _paren(fsp), extremes, lambda rng: "'%04d-%02d-%02d %02d:%02d:%02d%s'" % (
        rng.randint(1971, 2037), rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59),
        rng.randint(0, 59), _fraction(rng, fsp)))


# ---- bytes and text ------------------------------------------------------------------------------------------------

def _bytes(rng, low, high):
    return bytes(rng.getrandbits(8) for _ in range(rng.randint(low, high)))


def binary(size):
    extremes = [hexed(b''), hexed(b'\0' * size), hexed(b'\xff' * size), hexed(b'a\0'[:size]), hexed(b"\\'\"\n\t\x1a"[:size])]
    return Kind('BINARY(%d)' % size, extremes, lambda rng: hexed(_bytes(rng, 0, size)))


def varbinary(size, sql=None):
    extremes = [hexed(b''), hexed(b'\0'), hexed(b'a\0\0'[:size]), hexed(b'\xff' * size), hexed(b"\\'\"\n\t\x1a\r"[:size])]
    return Kind(sql or 'VARBINARY(%d)' % size, extremes, lambda rng: hexed(_bytes(rng, 0, min(size, 60))))


def blob(sql, extreme_len, random_len=300):
    extremes = [hexed(b''), "REPEAT(0x5c00ff27, %d)" % (extreme_len // 4), hexed(bytes(range(256))[:min(extreme_len, 255)])]
    return Kind(sql, extremes, lambda rng: hexed(_bytes(rng, 0, min(random_len, extreme_len))))


# charset -> (Python codec, sample strings). 0x5c is the second byte of the first samples of gbk, sjis, cp932, big5.
SAMPLES = {
    'ascii': ('ascii', ['plain', '\\', "it's", 'tab\there\n', '\x7f\x01']),
    'latin1': ('cp1252', ['Größe', 'naïve café', '€ŠœŽ', '\\', 'ÿ']),
    'latin2': ('iso8859-2', ['Żółw', 'čšž', '\\']),
    'cp1251': ('cp1251', ['Привет', 'ёЁ', '\\']),
    'koi8r': ('koi8_r', ['Привет', 'мир\\']),
    'greek': ('iso8859-7', ['Ελλάδα', '\\']),
    'hebrew': ('iso8859-8', ['שלום', '\\']),
    'gbk': ('gbk', ['誠', '乗\\', '中文', 'a誠b', '\\']),
    'gb2312': ('gb2312', ['中文', '啊\\']),
    'big5': ('big5', ['功許蓋', '中文', '功\\']),
    'sjis': ('shift_jis', ['表', 'ソース', '能\\', '日本語', 'ｱｲｳ']),
    'cp932': ('cp932', ['表', '①ソ', '髙', '\\']),
    'ujis': ('euc_jp', ['日本語', 'かな', '\\']),
    'euckr': ('euc_kr', ['한국어', '\\']),
    'ucs2': ('utf-16-be', ['日本', 'Ā\\', '\u5c5c', '']),
    'utf16': ('utf-16-be', ['日本', '😀𝄞', '\u5c5c', '\\']),
    'utf16le': ('utf-16-le', ['日本', '😀', '\u5c5c\\']),
    'utf32': ('utf-32-be', ['日本', '😀', '\\']),
    'utf8': ('utf-8', ['日本語', 'ñandú', 'İıſß', '\\']),
    'utf8mb4': ('utf-8', ['😀🎉', '日本語', 'e\u0301é', 'Straße', '\\\'"\0', '𝒳']),
}


def text(charset, collation=None, sql='VARCHAR(40)', longest=8):
    codec, samples = SAMPLES[charset]
    encoded = [sample.encode(codec) for sample in samples]

    def make(rng):
        return hexed(b''.join(rng.choice(encoded) for _ in range(rng.randint(1, longest)))[:4000], charset)

    clause = ' CHARACTER SET %s' % charset + (' COLLATE %s' % collation if collation else '')
    return Kind(sql + clause, [hexed(item, charset) for item in encoded] + ["''"], make)


def words(sql='VARCHAR(40)', alphabet='abcABCäÄöéEß _%', low=0, high=6):
    """Text whose values often collide under case-insensitive collations."""
    def make(rng):
        return hexed(''.join(rng.choice(alphabet) for _ in range(rng.randint(low, high))).encode(), 'utf8mb4')
    return Kind(sql, [], make)


def member(type_name, members, charset='utf8mb4', wrong=True):
    """ENUM or SET; with `wrong`, a value outside it gives index 0 (or the empty set) as sql_mode is not strict."""
    listed = ','.join("'%s'" % item.replace("'", "''").replace('\\', '\\\\') for item in members)
    sql = '%s(%s) CHARACTER SET %s' % (type_name, listed, charset)
    if type_name == 'ENUM':
        numbers = [1, len(members)] + ([len(members) // 2] if len(members) > 2 else [])
        extremes = [str(n) for n in numbers] + (["'no such member'"] if wrong else [])
        return Kind(sql, extremes, lambda rng: str(rng.randint(1, len(members))))
    top = 2 ** len(members) - 1
    return Kind(sql, ['0', str(top), '1', str(1 << (len(members) - 1))], lambda rng: str(rng.randint(0, top)))


# ---- JSON, geometry and the types of one flavour --------------------------------------------------------------------

JSON_TEXTS = [
    '{}', '[]', 'null', 'true', '""', '0', '-1', '32767', '32768', '-32769', '2147483648', '-2147483649',
    '9223372036854775807', '-9223372036854775808', '18446744073709551615', '1.5', '-1e-300', '1e300', '0.1',
    '{"":"empty key","a":[1,2.5,null,true,false,"x"],"ключ":"значение","😀":"emoji"}',
    '[[[[[[[[[[1]]]]]]]]]]', '"quote \\\\" backslash \\\\\\\\ newline \\\\n"',
]


def json_kind(opaque):
    """`opaque`: with MySQL's values that have no JSON syntax of their own (dates, decimals, binary strings)."""
    extremes = ["'%s'" % item for item in JSON_TEXTS]
    extremes.append("CONCAT('[', REPEAT('\"0123456789\",', 8000), '1]')")
    extremes.append("CONCAT('{\"long\":\"', REPEAT('x', 70000), '\",\"b\":', REPEAT('[', 30), REPEAT(']', 30), '}')")
    if opaque:
        extremes += ["JSON_OBJECT('d', CAST('2024-02-29' AS DATE), 't', CAST('-12:34:56.789' AS TIME(3)))",
                     "JSON_OBJECT('dt', CAST('2024-02-29 23:59:59.999999' AS DATETIME(6)))",
                     "JSON_ARRAY(CAST(1.10 AS DECIMAL(10,2)), CAST(-99999999999999999999.5 AS DECIMAL(30,5)))",
                     "JSON_ARRAY(CAST(x'00ff5c' AS BINARY), 1, 'a')"]

    def make(rng):
        # Each key once: which of two counts is not the same everywhere.
        parts = ','.join('"k%d":%s' % (key, rng.choice(
            ['%d' % rng.randint(-2 ** 40, 2 ** 40), '"v%d"' % rng.randint(0, 999), 'null', '[1,{"z":%d}]' % rng.randint(0, 9),
             '%r' % rng.uniform(-5, 5)])) for key in rng.sample(range(100), rng.randint(0, 6)))
        return "'{%s}'" % parts

    return Kind('JSON', extremes, make)


def _wkb_point(x, y):
    return struct.pack('<BIdd', 1, 1, x, y)


def _wkb_points(points):
    return struct.pack('<I', len(points)) + b''.join(struct.pack('<dd', *point) for point in points)


def _ring(x, y, size):
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]


def _wkb(shape, x, y):
    line = _wkb_points([(x, y), (x + 1, y + 2), (x + 3, y)])
    polygon = struct.pack('<I', 2) + _wkb_points(_ring(x, y, 5)) + _wkb_points(_ring(x + 1, y + 1, 1)[::-1])
    head = {'POINT': 1, 'LINESTRING': 2, 'POLYGON': 3, 'MULTIPOINT': 4, 'MULTILINESTRING': 5, 'MULTIPOLYGON': 6,
            'GEOMETRYCOLLECTION': 7}
    bodies = {
        'POINT': struct.pack('<dd', x, y), 'LINESTRING': line, 'POLYGON': polygon,
        'MULTIPOINT': struct.pack('<I', 2) + _wkb_point(x, y) + _wkb_point(x + 1, y),
        'MULTILINESTRING': struct.pack('<IBI', 1, 1, 2) + line,
        'MULTIPOLYGON': struct.pack('<IBI', 1, 1, 3) + polygon,
        'GEOMETRYCOLLECTION': struct.pack('<I', 2) + _wkb_point(x, y) + struct.pack('<BI', 1, 2) + line,
    }
    return struct.pack('<BI', 1, head[shape]) + bodies[shape]


SHAPES = ['POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'MULTILINESTRING', 'MULTIPOLYGON', 'GEOMETRYCOLLECTION']


def geometry(sql, srids=(0,), clause=''):
    """Values in the servers' own storage form: four bytes of SRID, then well-known binary."""
    shapes = SHAPES if sql == 'GEOMETRY' else [sql]

    def make(rng):
        x, y = rng.randint(-80, 70) + rng.random(), rng.randint(-80, 70) + rng.random()
        return hexed(struct.pack('<I', rng.choice(srids)) + _wkb(rng.choice(shapes), x, y))

    extremes = [hexed(struct.pack('<I', srid) + _wkb(shape, 1.5, 2.5)) for shape in shapes for srid in srids]
    return Kind(sql + clause, extremes, make)


def vector(size):
    def make(rng):
        return hexed(struct.pack('<%df' % size, *[rng.uniform(-2, 2) for _ in range(size)]))
    return Kind('VECTOR(%d)' % size, [hexed(struct.pack('<%df' % size, *([0.0] * size)))], make)


UUID = Kind('UUID', ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
                     "'123e4567-e89b-12d3-a456-426655440000'", "'00112233-4455-6677-8899-aabbccddee00'"],
            lambda rng: "'%08x-%04x-%04x-%04x-%012x'" % (rng.getrandbits(32), rng.getrandbits(16), rng.getrandbits(16),
                                                       rng.getrandbits(16), rng.getrandbits(48)))
INET6 = Kind('INET6', ["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:192.0.2.1'", "'2001:db8::'"],
             lambda rng: "'2001:db8::%x:%x'" % (rng.getrandbits(16), rng.getrandbits(16)))
INET4 = Kind('INET4', ["'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'"],
             lambda rng: "'10.%d.%d.%d'" % (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)))
