"""Values for the property tests: one generator per column type.

A Kind knows a column's SQL type, `extremes()`, `random(rng, size)` (size 0 to 1: values grow with it), how a value is
written as an exact ASCII literal, and which values are `simpler`, for the shrinker. A value is a Python object that says
what is to be stored: an int, a float, the text of a number, the fields of a date, bytes; None is NULL. A server need not
store it as it is (it may round or clamp): what is compared is what source and target hold.

bs_value_docs.py has JSON, geometry and the like, bs_value_tables.py puts the kinds into tables.
"""

import math
import struct

from bs_values import hexed


class Kind:
    sql = ''
    heavy = 1  # so many times fewer values than of a small type

    def extremes(self):
        raise NotImplementedError

    def random(self, rng, size):
        raise NotImplementedError

    @property
    def edges(self):
        """The extremes, made once."""
        if 'kept' not in self.__dict__:
            self.kept = self.extremes()
            self.small = [value for value in self.kept if len(self.literal(value)) < 4000]
        return self.kept

    def value(self, rng, size):
        """Now and then NULL, often an extreme (not a long one), else a random one."""
        dice = rng.random()
        if dice < 0.06:
            return None
        if dice < 0.25 and self.edges and self.small:
            return rng.choice(self.small)
        return self.random(rng, size)

    def literal(self, value, column=None):
        """`column`: the name of the column where the value may be made from the one before (see Edit)."""
        return 'NULL' if value is None else self.plain(value)

    def plain(self, value):
        return str(value)

    def simpler(self, value):
        """Smaller values to try in its place, the boldest first."""
        return ()

    def exact(self, column):
        """An expression of which the text tells any two stored values apart."""
        return 'HEX(%s)' % column

    def typed(self, sql):
        """This kind under another name, such as one with COMPRESSED."""
        twin = self.__class__.__new__(self.__class__)
        twin.__dict__.update(self.__dict__)
        twin.sql = sql
        return twin


# ---- numbers -------------------------------------------------------------------------------------------------------

def toward_zero(value):
    """Integers between 0 and the value, the boldest first."""
    sign, size = (-1, -value) if value < 0 else (1, value)
    if size:
        yield 0
    if sign < 0:
        yield size
    seen = {0}
    step = size
    while step > 1:
        step //= 2
        if size - step not in seen:
            seen.add(size - step)
            yield sign * (size - step)
    if size > 1:
        yield sign * (size - 1)


class Integer(Kind):
    def __init__(self, name, bits, unsigned=False, more=''):
        self.sql = name + (' UNSIGNED' if unsigned else '') + more
        self.bits = bits
        self.low, self.high = (0, 2 ** bits - 1) if unsigned else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)

    def extremes(self):
        edges = {self.low, self.high, 0, 1, -1}
        for power in range(7, self.bits + 1):
            edges |= {sign * (2 ** power + step) for sign in (1, -1) for step in (-1, 0, 1)}
        return sorted(edge for edge in edges if self.low <= edge <= self.high)

    def random(self, rng, size):
        value = rng.getrandbits(rng.randint(1, self.bits)) * rng.choice((1, -1) if self.low else (1,))
        return min(max(value, self.low), self.high)

    def simpler(self, value):
        return toward_zero(value)

    def exact(self, column):
        return 'CAST(%s AS CHAR)' % column


class Bits(Integer):
    def __init__(self, size):
        super().__init__('BIT', size, True)
        self.sql = 'BIT(%d)' % size

    def extremes(self):
        return sorted({0, 1, self.high, 1 << self.bits - 1, self.high >> 1, 0xAAAAAAAAAAAAAAAA & self.high,
                       *[1 << place for place in range(0, self.bits, 8)]})


def f32(pattern):
    return struct.unpack('<f', struct.pack('<I', pattern))[0]


def f64(pattern):
    return struct.unpack('<d', struct.pack('<Q', pattern))[0]


class Real(Kind):
    """FLOAT and DOUBLE by their bits. 17 digits with an exponent name one double, and a FLOAT widened is one."""

    def __init__(self, sql, double, unsigned=False):
        self.sql = sql + (' UNSIGNED' if unsigned else '')
        self.double, self.unsigned = double, unsigned
        self.bits, self.fraction = (64, 52) if double else (32, 23)
        self.make = f64 if double else f32

    def pattern(self, value):
        form = ('<d', '<Q') if self.double else ('<f', '<I')
        return struct.unpack(form[1], struct.pack(form[0], value))[0]

    def extremes(self):
        top = ((1 << self.bits - 1 - self.fraction) - 1) << self.fraction  # infinity
        one = 1 << self.fraction
        patterns = {0, 1, 2, one - 1, one, one + 1, top - 1, top - 2, self.pattern(1.0), self.pattern(1.0) + 1,
                    self.pattern(1.0) - 1, self.pattern(2.0 ** (self.fraction + 1)), self.pattern(2.0 ** self.fraction) + 1}
        patterns |= {self.pattern(number) for number in (0.1, 0.3, 1e10, 1e15, 1e16, 1e17, 123456.789, 9999995.0, 1e-5, 1e-4,
                                                         1e22, 1e23, 16777217.0, 4294967296.0)}
        return [self.make(pattern) * sign for pattern in patterns for sign in ((1,) if self.unsigned else (1, -1))]

    def random(self, rng, size):
        dice = rng.random()
        if dice < 0.6:  # any bits
            exponent = rng.randrange((1 << self.bits - 1 - self.fraction) - 1)
            value = self.make(exponent << self.fraction | rng.getrandbits(self.fraction))
        elif dice < 0.65:  # subnormal
            value = self.make(rng.getrandbits(rng.randint(1, self.fraction)))
        elif dice < 0.7:  # a power of two, or next to one: the distances to its neighbours differ
            pattern = (rng.randrange(1, (1 << self.bits - 1 - self.fraction) - 1) << self.fraction) + rng.choice((0, 0, -1, 1))
            value = self.make(pattern)
        elif dice < 0.85:  # few digits
            value = round(rng.uniform(0, 10.0 ** rng.randint(0, 9)), rng.randint(0, 6))
        else:
            value = float(rng.getrandbits(rng.randint(1, self.fraction + 3)))
        return -value if not self.unsigned and rng.random() < 0.5 else value

    def plain(self, value):
        return '%.16e' % (value if self.double else f32(self.pattern(value)))

    def simpler(self, value):
        pattern = self.pattern(value)
        if pattern == 0:
            return
        yield 0.0
        if value not in (0.0, 1.0):
            yield 1.0
        if value < 0:
            yield -value
        if abs(value) < 1e15 and value != int(value):
            yield float(int(value))
        for kept in (0, 1, 4, 8, 12, 16, 20, 26, 32, 40, 48, self.fraction - 1):
            mask = (1 << max(0, self.fraction - kept)) - 1
            if pattern & mask:
                yield self.make(pattern & ~mask)
        exponent = math.frexp(value)[1] - 1
        yield from (2.0 ** easy for easy in toward_zero(exponent) if 0 < abs(easy) < abs(exponent))

    def exact(self, column):
        """A FLOAT prints six digits only, and as a DOUBLE all; the sign of a zero is asked for by itself."""
        return "CONCAT(%s * 1e0, ATAN2(%s, -1) < 0)" % (column, column)


class Digits(Real):
    """FLOAT(M,D) and DOUBLE(M,D)."""

    def __init__(self, name, whole, scale):
        super().__init__('%s(%d,%d)' % (name, whole + scale, scale), True)
        self.whole, self.scale = whole, scale

    def extremes(self):
        top = float('9' * self.whole + '.' + '9' * self.scale)
        return [0.0, -0.0, top, -top, 1.0, 0.5 * 10 ** -self.scale, 10.0 ** -self.scale, 1.5 * 10 ** -self.scale]

    def random(self, rng, size):
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-self.scale, self.whole)


class Decimal(Kind):
    """The text of the number is its value."""

    def __init__(self, precision, scale, more=''):
        self.sql = 'DECIMAL(%d,%d)%s' % (precision, scale, more)
        self.whole, self.scale, self.signed = precision - scale, scale, not more

    def text(self, whole, fraction, negative=False):
        digits = (whole or '0') + ('.' + fraction if fraction else '')
        return '-' + digits if negative and self.signed else digits

    def extremes(self):
        top = ('9' * self.whole, '9' * self.scale)
        tiny = ('', '0' * (self.scale - 1) + '1') if self.scale else ('1', '')
        parts = [('', ''), top, tiny, ('1' + '0' * (self.whole - 1) if self.whole else '', ''), ('', '1' if self.scale else '')]
        # Nine digits make a word of four bytes; where a word ends is an edge.
        parts += [('9' * count, '') for count in range(1, self.whole, 4)] + [('', '9' * count) for count in range(1, self.scale, 4)]
        parts += [('1' + '0' * 9 if self.whole > 9 else '', '0' * 9 + '1' if self.scale > 9 else '')]
        return sorted({self.text(whole, fraction, negative) for whole, fraction in parts for negative in (False, True)})

    @staticmethod
    def digits(rng, count):
        """Any, but often with a run of noughts or nines at one end."""
        out = '%0*d' % (count, rng.randrange(10 ** count)) if count else ''
        if rng.random() < 0.5:
            run, at = rng.randint(0, count), rng.random() < 0.5
            fill = rng.choice('09') * run
            out = fill + out[run:] if at else out[run:] + fill
        return out

    def random(self, rng, size):
        return self.text(self.digits(rng, rng.randint(0, self.whole)), self.digits(rng, rng.randint(0, self.scale)),
                         rng.random() < 0.5)

    def simpler(self, value):
        if value.startswith('-'):
            yield value[1:]
        sign = '-' if value.startswith('-') else ''
        whole, _, fraction = value.lstrip('-').partition('.')
        for less in (('0', ''), ('1', ''), (whole, ''), ('0', fraction), (whole, fraction[:len(fraction) // 2]), (whole, fraction[:-1]),
                     (whole[len(whole) // 2:], fraction), (whole[1:], fraction), (whole[:-1], fraction)):
            text = sign + (less[0] or '0') + ('.' + less[1] if less[1] else '')
            if len(text) < len(value):
                yield text
        for place, digit in enumerate(value):
            if digit in '23456789':
                yield value[:place] + '1' + value[place + 1:]
            if digit in '123456789' and place > 0 and value[place - 1] != '-':
                yield value[:place] + '0' + value[place + 1:]

    def exact(self, column):
        return 'CAST(%s AS CHAR)' % column


# ---- dates and times -----------------------------------------------------------------------------------------------

def _paren(fsp):
    return '(%d)' % fsp if fsp else ''


def _fraction(micro, fsp):
    return ('.%06d' % micro)[:1 + fsp] if fsp else ''


def _micros(rng):
    return rng.choice((0, 1, 999999, 500000, 10, 100, 1000, 10000, 100000, rng.randrange(10 ** 6), rng.randrange(10 ** 6)))


class Fields(Kind):
    """A value is a tuple of ints; `easy` is the simplest one."""
    easy = ()

    def simpler(self, value):
        if value != self.easy and self.fits(self.easy):
            yield self.easy
        for place, easy in enumerate(self.easy):
            away = value[place] - easy
            for step in toward_zero(away):
                less = value[:place] + (easy + step,) + value[place + 1:]
                if abs(step) < abs(away) and self.fits(less):
                    yield less

    def fits(self, value):
        return True

    def exact(self, column):
        return 'CAST(%s AS CHAR)' % column


class Year(Integer):
    def __init__(self):
        super().__init__('YEAR', 8, True)

    def extremes(self):
        return [0, 1901, 2155, 2000, 1970, 1999]

    def random(self, rng, size):
        return rng.randint(1901, 2155)

    def simpler(self, value):
        return [number for number in (0, 2000, 1901) if number < value]


class Date(Fields):
    sql = 'DATE'
    easy = (2000, 1, 1)

    def extremes(self):
        return [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 12, 31), (1, 1, 1), (999, 12, 31), (1000, 1, 1), (9999, 12, 31), (2024, 0, 0),
                (2024, 5, 0), (0, 5, 7), (2024, 2, 29), (2023, 2, 30), (2023, 4, 31), (9999, 0, 0), (2024, 0, 31), (1582, 10, 10)]

    def random(self, rng, size):
        return (rng.choice((rng.randint(0, 9999), rng.randint(1970, 2040))), rng.randint(0, 12), rng.randint(0, 31))

    def plain(self, value):
        return "'%04d-%02d-%02d'" % value


class Time(Fields):
    """(sign, hour, minute, second, microsecond)"""
    easy = (1, 0, 0, 0, 0)

    def __init__(self, fsp):
        self.sql, self.fsp = 'TIME' + _paren(fsp), fsp

    def extremes(self):
        plain = [(0, 0, 0, 0), (838, 59, 59, 0), (838, 59, 58, 999999), (0, 0, 0, 1), (0, 0, 0, 999999), (0, 0, 1, 0), (23, 59, 59, 999999),
                 (24, 0, 0, 0), (99, 59, 59, 999999), (100, 0, 0, 0), (0, 0, 59, 999900), (0, 59, 59, 990000), (255, 0, 0, 10000), (256, 0, 0, 100),
                 (512, 0, 0, 500000)]
        return [(sign, *item) for item in plain for sign in (1, -1)]

    def random(self, rng, size):
        hour = rng.choice((0, rng.randint(0, 23), rng.randint(0, 837)))
        return (rng.choice((1, -1)), hour, rng.randint(0, 59), rng.randint(0, 59), _micros(rng))

    def fits(self, value):
        return value[0] in (1, -1)

    def plain(self, value):
        return "'%s%02d:%02d:%02d%s'" % ('-' if value[0] < 0 else '', *value[1:4], _fraction(value[4], self.fsp))


class Datetime(Fields):
    easy = (2000, 1, 1, 0, 0, 0, 0)

    def __init__(self, fsp):
        self.sql, self.fsp = 'DATETIME' + _paren(fsp), fsp

    def extremes(self):
        times = [(0, 0, 0, 0), (23, 59, 59, 999999), (0, 0, 0, 1), (12, 34, 56, 100000), (0, 0, 59, 10)]
        return [day + time for day in Date().extremes() for time in times]

    def random(self, rng, size):
        return Date().random(rng, size) + (rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59), _micros(rng))

    def plain(self, value):
        return "'%04d-%02d-%02d %02d:%02d:%02d%s'" % (*value[:6], _fraction(value[6], self.fsp))


class Timestamp(Fields):
    """(seconds since 1970 or 0 for the zero date, microseconds). Sessions that write it have time_zone +00:00."""
    easy = (1, 0)

    def fits(self, value):
        return value[0] > 0 or value in self.first

    def __init__(self, fsp, last, is_zero_whole):
        self.sql, self.fsp, self.last = 'TIMESTAMP%s NULL' % _paren(fsp), fsp, last
        self.first = [(0, 0)] if is_zero_whole else [(0, 0), (0, 500000), (0, 1)]

    def extremes(self):
        seconds = [1, 2, 86399, 86400, 2 ** 24, 2 ** 31 - 2, 2 ** 31 - 1, 951782400, 1711843200, 1729990800, 255, 256, 65536]
        seconds += [2 ** 31, 2 ** 31 + 1, 2 ** 32 - 2, 2 ** 32 - 1] if self.last > 2 ** 31 else []
        return self.first + [(second, micro) for second in seconds for micro in (0, 999999, 1, 400000)]

    def random(self, rng, size):
        return (rng.choice((rng.randint(1, self.last), rng.randint(1, 2 ** rng.randint(1, 30)))), _micros(rng))

    def plain(self, value):
        import datetime
        if value == (0, 0):
            return "'0000-00-00 00:00:00'"
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=value[0])
        return "'%s%s'" % (moment.isoformat(' '), _fraction(value[1], self.fsp))


# ---- bytes and text ------------------------------------------------------------------------------------------------

class Bytes(Kind):
    """`longest` in bytes; `usual` is how long random ones become."""

    def __init__(self, sql, longest, usual=None, heavy=1):
        self.sql, self.longest, self.heavy = sql, longest, heavy
        self.usual = min(longest, usual or 400)

    def extremes(self):
        lengths = sorted({length for length in (1, 2, 127, 128, 254, 255, 256, 257, self.longest) if 0 < length <= self.longest})
        values = [b'', *[b'\0' * length for length in lengths], *[b'\xff' * length for length in lengths]]
        values += [b'a\0\0'[:self.longest], b'\0a'[:self.longest], b'a '[:self.longest], b"\\'\"\n\t\x1a\r`%_\0"[:self.longest],
                   bytes(range(256))[:self.longest], bytes(range(255, -1, -1))[:self.longest]]
        values += [(b'x' * (length - 1) + end)[:self.longest] for length in lengths[:8] for end in (b'\0', b' ', b'\\')]
        return list(dict.fromkeys(values))

    def random(self, rng, size):
        top = max(1, int(self.usual * size))
        length = rng.choice((rng.randint(0, min(8, self.longest)), rng.randint(0, top), rng.randint(0, top)))
        value = rng.getrandbits(8 * length).to_bytes(length, 'little') if length else b''
        if rng.random() < 0.3:  # the end is where bytes get lost
            tail = rng.randint(1, 4)
            value = (value[:max(0, length - tail)] + rng.choice((b'\0', b' ', b'\xff', b'\\', b"'")) * tail)[:self.longest]
        return value

    def plain(self, value):
        return hexed(value)

    def units(self, value):
        return [value[i:i + 1] for i in range(len(value))]

    easy = b'a'

    def simpler(self, value):
        units = self.units(value)
        if not units:
            return
        if set(units) == {self.easy}:
            yield from (self.easy * count for count in toward_zero(len(units)))
            return
        yield b''
        yield self.easy * len(units)
        step = len(units)
        while step > 1:
            step = (step + 1) // 2
            for start in range(0, len(units), step):
                yield b''.join(units[:start] + units[start + step:])
        for place in range(min(len(units), 64)):
            if units[place] != self.easy:
                yield b''.join(units[:place]) + self.easy + b''.join(units[place + 1:])


def _pair_units(lead):
    """Of charsets where some first bytes take a second one along."""
    def units(data):
        out, i = [], 0
        while i < len(data):
            length = 2 if lead(data[i]) else 1
            out.append(data[i:i + length])
            i += length
        return out
    return units


def _fixed_units(length):
    return lambda data: [data[i:i + length] for i in range(0, len(data), length)]


def _utf8_units(data):
    out = []
    for byte in data:
        if byte & 0xC0 == 0x80 and out:
            out[-1] += bytes((byte,))
        else:
            out.append(bytes((byte,)))
    return out


def _utf16_units(data):
    out = []
    for unit in _fixed_units(2)(data):
        if unit[0] & 0xFC == 0xDC and out:
            out[-1] += unit
        else:
            out.append(unit)
    return out


def _scalar(rng, top):
    while True:
        point = rng.choice((rng.randrange(0x80), rng.randrange(0x800), rng.randrange(min(top, 0x10000)), rng.randrange(top)))
        if not 0xD800 <= point < 0xE000:
            return chr(point)


def _gbk_char(rng):
    if rng.random() < 0.4:
        return bytes((rng.randrange(0x80),))
    return bytes((rng.randint(0x81, 0xFE), rng.choice((0x5C, 0x40, 0x7E, 0x80, 0xFE, rng.randint(0x40, 0x7E), rng.randint(0x80, 0xFE)))))


def _sjis_char(rng):
    dice = rng.random()
    if dice < 0.3:
        return bytes((rng.randrange(0x80),))
    if dice < 0.5:
        return bytes((rng.randint(0xA1, 0xDF),))
    return bytes((rng.choice((rng.randint(0x81, 0x9F), rng.randint(0xE0, 0xFC))), rng.choice((0x5C, 0x40, rng.randint(0x40, 0x7E), rng.randint(0x80, 0xFC)))))


class Charset:
    """`char(rng)` is one character as bytes, `units(data)` takes text apart, `longest` is the most bytes of a character."""

    def __init__(self, name, longest, char, units, specials):
        self.name, self.longest, self.char, self.units = name, longest, char, units
        self.specials = specials
        self.a = specials[0]


def _unicode_charset(name, codec, longest, top, units):
    specials = ['a', ' ', '\0', '\\', "'", '\u00df', '\u0130', '\u5c5c', '\u2027', '\uffff', '\u0301']
    specials += ['\U0001F600', '\U0010FFFF'] if top > 0x10000 else []
    return Charset(name, longest, lambda rng: _scalar(rng, top).encode(codec), units, [item.encode(codec) for item in specials])


def _byte_specials(*more):
    return [b'a', b' ', b'\0', b'\\', b"'", b'\x1a', b'\x7f', *more]


CHARSETS = {charset.name: charset for charset in (
    Charset('latin1', 1, lambda rng: bytes((rng.randrange(256),)), _fixed_units(1), _byte_specials(b'\x80', b'\x81', b'\xff', b'\xe4')),
    Charset('gbk', 2, _gbk_char, _pair_units(lambda byte: byte > 0x80), _byte_specials(b'\xd5\x5c', b'\x81\x40', b'\xfe\xfe', b'\x81\x5c')),
    Charset('sjis', 2, _sjis_char, _pair_units(lambda byte: 0x81 <= byte <= 0x9F or byte >= 0xE0),
            _byte_specials(b'\x95\x5c', b'\x83\x5c', b'\xb1', b'\xfc\xfc', b'\x81\x40')),
    _unicode_charset('utf8', 'utf-8', 3, 0x10000, _utf8_units),
    _unicode_charset('utf8mb4', 'utf-8', 4, 0x110000, _utf8_units),
    _unicode_charset('ucs2', 'utf-16-be', 2, 0x10000, _fixed_units(2)),
    _unicode_charset('utf16', 'utf-16-be', 4, 0x110000, _utf16_units),
    _unicode_charset('utf32', 'utf-32-be', 4, 0x110000, _fixed_units(4)),
)}


class Text(Bytes):
    """`longest` in characters, or in bytes where `by_bytes` (TEXT and the like)."""

    def __init__(self, sql, charset, longest, by_bytes=False, usual=None, heavy=1):
        super().__init__('%s CHARACTER SET %s' % (sql, charset), longest, usual or 100, heavy)
        self.charset, self.by_bytes = CHARSETS[charset], by_bytes
        self.easy = self.charset.a

    def cut(self, chars):
        """As many of these as the column takes."""
        if not self.by_bytes:
            return b''.join(chars[:self.longest])
        out, length = [], 0
        for char in chars:
            length += len(char)
            if length > self.longest:
                break
            out.append(char)
        return b''.join(out)

    def extremes(self):
        charset, specials = self.charset, self.charset.specials
        wide = max(specials, key=len)
        values = [b'', *[self.cut([char]) for char in specials], self.cut(specials), self.cut(specials * 8)]
        for length in (254, 255, 256, 257, self.longest * (1 if self.by_bytes else len(wide))):
            for char in (charset.a, wide):
                count = length // len(char)
                pad = (length - count * len(char)) // len(charset.a)
                values.append(self.cut([charset.a] * pad + [char] * count))
                if length < 1000:
                    values.append(self.cut([char] * (count - 1) + [charset.specials[1]]))
        return list(dict.fromkeys(values))

    def random(self, rng, size):
        top = max(1, int(self.usual * size))
        count = rng.choice((rng.randint(0, 6), rng.randint(0, top)))
        chars = [self.charset.char(rng) if rng.random() < 0.8 else rng.choice(self.charset.specials) for _ in range(count)]
        return self.cut(chars)

    def plain(self, value):
        return hexed(value, self.charset.name)

    def units(self, value):
        return self.charset.units(value)


class Member(Integer):
    """ENUM by number (0: what is not in the list) and SET by its bits."""

    def __init__(self, word, count, charset='latin1', names=None):
        names = names or ["'m%d'" % i for i in range(count)]
        super().__init__(word, count, True)
        self.sql = '%s(%s) CHARACTER SET %s' % (word, ','.join(names), charset)
        self.word, self.high = word, count if word == 'ENUM' else 2 ** count - 1

    def extremes(self):
        if self.word == 'SET':
            return sorted({0, 1, self.high, 1 << self.bits - 1, *[1 << place for place in range(0, self.bits, 8)]})
        return sorted({number for number in (0, 1, 2, 127, 128, 254, 255, 256, 257, self.high - 1, self.high) if number <= self.high})

    def random(self, rng, size):
        return rng.randint(0, self.high)

    def exact(self, column):
        return "CONCAT(%s + 0, ':', HEX(%s))" % (column, column)
