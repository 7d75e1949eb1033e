"""Generators for bytes, text in each charset, ENUM and SET. See bs_value_gen.py."""

from bs_value_gen import Integer, Kind, toward_zero
from bs_values import hexed


class Bytes(Kind):
    """`longest` in bytes; `usual` is how long random ones become."""

    def __init__(self, sql, longest, usual=None, heavy=1):
        self.sql, self.longest, self.heavy = sql, longest, heavy
        self.usual = min(longest, usual or 400)

    def extremes(self):
        lengths = sorted({length for length in (1, 2, 127, 128, 254, 255, 256, 257, self.longest)
                          if 0 < length <= self.longest})
        values = [b'', *[b'\0' * length for length in lengths], *[b'\xff' * length for length in lengths]]
        values += [b'a\0\0'[:self.longest], b'\0a'[:self.longest], b'a '[:self.longest],
                   b"\\'\"\n\t\x1a\r`%_\0"[:self.longest],
                   bytes(range(256))[:self.longest], bytes(range(255, -1, -1))[:self.longest]]
        values += [(b'x' * (length - 1) + end)[:self.longest] for length in lengths[:8]
                   for end in (b'\0', b' ', b'\\')]
        return list(dict.fromkeys(values))

    def random(self, rng, size):
        top = max(1, int(self.usual * size))
        length = rng.choice((rng.randint(0, min(8, self.longest)), rng.randint(0, top), rng.randint(0, top)))
        value = rng.getrandbits(8 * length).to_bytes(length, 'little') if length else b''
        if rng.random() < 0.3:  # the end is where bytes get lost
            tail = rng.randint(1, 4)
            value = (value[:max(0, length - tail)] + rng.choice((b'\0', b' ', b'\xff', b'\\',
                                                                 b"'")) * tail)[:self.longest]
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
        point = rng.choice((rng.randrange(0x80), rng.randrange(0x800), rng.randrange(min(top, 0x10000)),
                            rng.randrange(top)))
        if not 0xD800 <= point < 0xE000:
            return chr(point)


def _gbk_char(rng):
    if rng.random() < 0.4:
        return bytes((rng.randrange(0x80),))
    return bytes((rng.randint(0x81, 0xFE), rng.choice((0x5C, 0x40, 0x7E, 0x80, 0xFE, rng.randint(0x40, 0x7E),
                                                       rng.randint(0x80, 0xFE)))))


def _sjis_char(rng):
    dice = rng.random()
    if dice < 0.3:
        return bytes((rng.randrange(0x80),))
    if dice < 0.5:
        return bytes((rng.randint(0xA1, 0xDF),))
    return bytes((rng.choice((rng.randint(0x81, 0x9F), rng.randint(0xE0, 0xFC))),
                  rng.choice((0x5C, 0x40, rng.randint(0x40, 0x7E), rng.randint(0x80, 0xFC)))))


class Charset:
    """`char(rng)` is one character as bytes, at most `longest` of them; `units(data)` takes text apart."""

    def __init__(self, name, longest, char, units, specials):
        self.name, self.longest, self.char, self.units = name, longest, char, units
        self.specials = specials
        self.a = specials[0]


def _unicode_charset(name, codec, longest, top, units):
    specials = ['a', ' ', '\0', '\\', "'", '\u00df', '\u0130', '\u5c5c', '\u2027', '\uffff', '\u0301']
    specials += ['\U0001F600', '\U0010FFFF'] if top > 0x10000 else []
    return Charset(name, longest, lambda rng: _scalar(rng, top).encode(codec), units,
                   [item.encode(codec) for item in specials])


def _byte_specials(*more):
    return [b'a', b' ', b'\0', b'\\', b"'", b'\x1a', b'\x7f', *more]


CHARSETS = {charset.name: charset for charset in (
    Charset('latin1', 1, lambda rng: bytes((rng.randrange(256),)), _fixed_units(1),
            _byte_specials(b'\x80', b'\x81', b'\xff', b'\xe4')),
    Charset('gbk', 2, _gbk_char, _pair_units(lambda byte: byte > 0x80),
            _byte_specials(b'\xd5\x5c', b'\x81\x40', b'\xfe\xfe', b'\x81\x5c')),
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
        chars = [self.charset.char(rng) if rng.random() < 0.8 else rng.choice(self.charset.specials)
                 for _ in range(count)]
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
            return sorted({0, 1, self.high, 1 << self.bits - 1,
                           *[1 << place for place in range(0, self.bits, 8)]})
        return sorted({number for number in (0, 1, 2, 127, 128, 254, 255, 256, 257, self.high - 1, self.high)
                       if number <= self.high})

    def random(self, rng, size):
        return rng.randint(0, self.high)

    def exact(self, column):
        return "CONCAT(%s + 0, ':', HEX(%s))" % (column, column)
