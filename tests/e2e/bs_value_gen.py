"""Values for the property tests: one generator per column type.

A Kind knows a column's SQL type, `extremes()`, `random(rng, size)` (size 0 to 1: values grow with it), how
a value is written as an exact ASCII literal, and which values are `simpler`, for the shrinker. A value is a
Python object that says what is to be stored: an int, a float, the text of a number, the fields of a date,
bytes; None is NULL. A server need not store it as it is (it may round or clamp): what is compared is what
source and target hold.

Here are numbers, dates and times; bs_value_text.py has bytes, text and members, bs_value_docs.py JSON,
geometry and the like. bs_value_tables.py puts the kinds into tables.
"""

import math
import struct


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


# ---- numbers -----------------------------------------------------------------------------------------------

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
    """FLOAT and DOUBLE by their bits. 17 digits with an exponent name one double; a FLOAT widened is one."""

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
        patterns = {0, 1, 2, one - 1, one, one + 1, top - 1, top - 2}
        patterns |= {self.pattern(1.0) + step for step in (-1, 0, 1)}
        patterns |= {self.pattern(2.0 ** (self.fraction + 1)), self.pattern(2.0 ** self.fraction) + 1}
        patterns |= {self.pattern(number) for number in (0.1, 0.3, 1e10, 1e15, 1e16, 1e17, 123456.789,
                                                         9999995.0, 1e-5, 1e-4,
                                                         1e22, 1e23, 16777217.0, 4294967296.0)}
        return [self.make(pattern) * sign for pattern in patterns
                for sign in ((1,) if self.unsigned else (1, -1))]

    def random(self, rng, size):
        dice = rng.random()
        if dice < 0.6:  # any bits
            exponent = rng.randrange((1 << self.bits - 1 - self.fraction) - 1)
            value = self.make(exponent << self.fraction | rng.getrandbits(self.fraction))
        elif dice < 0.65:  # subnormal
            value = self.make(rng.getrandbits(rng.randint(1, self.fraction)))
        elif dice < 0.7:  # a power of two, or next to one: the distances to its neighbours differ
            exponent = rng.randrange(1, (1 << self.bits - 1 - self.fraction) - 1)
            value = self.make((exponent << self.fraction) + rng.choice((0, 0, -1, 1)))
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
        return [0.0, -0.0, top, -top, 1.0, 0.5 * 10 ** -self.scale, 10.0 ** -self.scale,
                1.5 * 10 ** -self.scale]

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
        parts = [('', ''), top, tiny, ('1' + '0' * (self.whole - 1) if self.whole else '', ''),
                 ('', '1' if self.scale else '')]
        # Nine digits make a word of four bytes; where a word ends is an edge.
        parts += [('9' * count, '') for count in range(1, self.whole, 4)]
        parts += [('', '9' * count) for count in range(1, self.scale, 4)]
        parts += [('1' + '0' * 9 if self.whole > 9 else '', '0' * 9 + '1' if self.scale > 9 else '')]
        return sorted({self.text(whole, fraction, negative) for whole, fraction in parts
                       for negative in (False, True)})

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
        return self.text(self.digits(rng, rng.randint(0, self.whole)),
                         self.digits(rng, rng.randint(0, self.scale)),
                         rng.random() < 0.5)

    def simpler(self, value):
        if value.startswith('-'):
            yield value[1:]
        sign = '-' if value.startswith('-') else ''
        whole, _, fraction = value.lstrip('-').partition('.')
        for less in (('0', ''), ('1', ''), (whole, ''), ('0', fraction),
                     (whole, fraction[:len(fraction) // 2]), (whole, fraction[:-1]),
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


# ---- dates and times ---------------------------------------------------------------------------------------

def _paren(fsp):
    return '(%d)' % fsp if fsp else ''


def _fraction(micro, fsp):
    return ('.%06d' % micro)[:1 + fsp] if fsp else ''


def _micros(rng):
    return rng.choice((0, 1, 999999, 500000, 10, 100, 1000, 10000, 100000, rng.randrange(10 ** 6),
                       rng.randrange(10 ** 6)))


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
        return [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 12, 31), (1, 1, 1), (999, 12, 31), (1000, 1, 1),
                (9999, 12, 31), (2024, 0, 0), (2024, 5, 0), (0, 5, 7), (2024, 2, 29), (2023, 2, 30),
                (2023, 4, 31), (9999, 0, 0), (2024, 0, 31), (1582, 10, 10)]

    def random(self, rng, size):
        return (rng.choice((rng.randint(0, 9999), rng.randint(1970, 2040))), rng.randint(0, 12),
                rng.randint(0, 31))

    def plain(self, value):
        return "'%04d-%02d-%02d'" % value


class Time(Fields):
    """(sign, hour, minute, second, microsecond)"""
    easy = (1, 0, 0, 0, 0)

    def __init__(self, fsp):
        self.sql, self.fsp = 'TIME' + _paren(fsp), fsp

    def extremes(self):
        plain = [(0, 0, 0, 0), (838, 59, 59, 0), (838, 59, 58, 999999), (0, 0, 0, 1), (0, 0, 0, 999999),
                 (0, 0, 1, 0), (23, 59, 59, 999999),
                 (24, 0, 0, 0), (99, 59, 59, 999999), (100, 0, 0, 0), (0, 0, 59, 999900),
                 (0, 59, 59, 990000), (255, 0, 0, 10000), (256, 0, 0, 100),
                 (512, 0, 0, 500000)]
        return [(sign, *item) for item in plain for sign in (1, -1)]

    def random(self, rng, size):
        hour = rng.choice((0, rng.randint(0, 23), rng.randint(0, 837)))
        return (rng.choice((1, -1)), hour, rng.randint(0, 59), rng.randint(0, 59), _micros(rng))

    def fits(self, value):
        return value[0] in (1, -1)

    def plain(self, value):
        return "'%s%02d:%02d:%02d%s'" % ('-' if value[0] < 0 else '', *value[1:4],
                                         _fraction(value[4], self.fsp))


class Datetime(Fields):
    easy = (2000, 1, 1, 0, 0, 0, 0)

    def __init__(self, fsp):
        self.sql, self.fsp = 'DATETIME' + _paren(fsp), fsp

    def extremes(self):
        times = [(0, 0, 0, 0), (23, 59, 59, 999999), (0, 0, 0, 1), (12, 34, 56, 100000), (0, 0, 59, 10)]
        return [day + time for day in Date().extremes() for time in times]

    def random(self, rng, size):
        return Date().random(rng, size) + (rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59),
                                           _micros(rng))

    def plain(self, value):
        return "'%04d-%02d-%02d %02d:%02d:%02d%s'" % (*value[:6], _fraction(value[6], self.fsp))


class Timestamp(Fields):
    """(seconds since 1970 or 0 for the zero date, microseconds), written in sessions of time_zone +00:00."""
    easy = (1, 0)

    def fits(self, value):
        return value[0] > 0 or value in self.first

    def __init__(self, fsp, last, is_zero_whole):
        self.sql, self.fsp, self.last = 'TIMESTAMP%s NULL' % _paren(fsp), fsp, last
        self.first = [(0, 0)] if is_zero_whole else [(0, 0), (0, 500000), (0, 1)]

    def extremes(self):
        seconds = [1, 2, 86399, 86400, 2 ** 24, 2 ** 31 - 2, 2 ** 31 - 1, 951782400, 1711843200, 1729990800,
                   255, 256, 65536]
        seconds += [2 ** 31, 2 ** 31 + 1, 2 ** 32 - 2, 2 ** 32 - 1] if self.last > 2 ** 31 else []
        return self.first + [(second, micro) for second in seconds for micro in (0, 999999, 1, 400000)]

    def random(self, rng, size):
        return (rng.choice((rng.randint(1, self.last), rng.randint(1, 2 ** rng.randint(1, 30)))),
                _micros(rng))

    def plain(self, value):
        import datetime
        if value == (0, 0):
            return "'0000-00-00 00:00:00'"
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=value[0])
        return "'%s%s'" % (moment.isoformat(' '), _fraction(value[1], self.fsp))
