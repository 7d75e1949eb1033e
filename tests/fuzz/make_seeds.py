#!/usr/bin/python3
"""Makes the seeds of the fuzz targets, in seeds/TARGET/, out of the project's own golden binlogs.

    make_seeds.py

Run again when a golden binlog or a target's input format changes; what it writes is kept in the tree. A new target
gets a function of its own name here. The formats stand at the top of each targets/*.c."""

import hashlib
import json
import os
import shutil
import struct
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "../golden/binlog")
SEEDS = os.path.join(HERE, "seeds")

QUERY, FORMAT, PREVIOUS_GTIDS, TABLE_MAP, PAYLOAD, QUERY_COMPRESSED = 2, 15, 35, 19, 40, 165
SEED_MAX = 12000  # larger files have nothing that a smaller one lacks
STARTS = {33, 34, 42, 162}  # what a group begins with
# The number that targets/rows.c has for each.
ROWS = {23: 0, 24: 1, 25: 2, 30: 3, 31: 4, 32: 5, 39: 7, 166: 8, 167: 9, 168: 11}


def goldens():
    """All but those that are to be refused."""
    for name in sorted(os.listdir(GOLDEN)):
        if name.endswith(".binlog"):
            with open(os.path.join(GOLDEN, name), "rb") as handle:
                data = handle.read()
            if data[:4] == b"\xfebin" and data[8] == FORMAT and len(data) < SEED_MAX:
                yield name, data


def events(data):
    """(type, whole event, body without the checksum)."""
    at = 4
    first = data[4:4 + int.from_bytes(data[13:17], "little")]
    sum_len = 4 if first[-5] == 1 else 0
    while at < len(data):
        size = int.from_bytes(data[at + 9:at + 13], "little")
        event = data[at:at + size]
        yield event[4], event, event[19:len(event) - sum_len]
        at += size


def bodies(*types):
    for _, data in goldens():
        for kind, _, body in events(data):
            if kind in types:
                yield kind, body


LATEST = ("mysql-9.7.binlog", "mariadb-11.8.binlog")


# -- one function per target ------------------------------------------------------------------------


def event():
    """Whole files, and each group behind its file's FORMAT_DESCRIPTION."""
    seen = set()
    for name, data in goldens():
        mariadb = 4 if "mariadb" in name else 0
        for flags in (0, 1, 32) if len(data) < 3000 else ():
            yield bytes([mariadb | flags | 8]) + data[4:]
        head, group = b"", b""
        for kind, whole, _ in events(data):
            if kind == FORMAT:
                head = whole
                continue
            if kind in STARTS and group:
                shape = (mariadb, tuple(sorted({event_[4] for event_ in split(group)})))
                if shape not in seen and len(group) < 3000:
                    seen.add(shape)
                    yield bytes([mariadb | 8]) + head + group
                    yield bytes([mariadb | 8 | 32]) + head + group
                group = b""
            group += whole
        if name in LATEST:
            yield from lone_events(mariadb, head)


def split(group):
    while group:
        size = int.from_bytes(group[9:13], "little")
        yield group[:size]
        group = group[size:]


def lone_events(mariadb, head):
    """One event of every type, with a body that has something for each field of it."""
    bodies_of = {4: struct.pack("<Q", 4) + b"binlog.000002", 26: b"\1\0\4lost", 27: b"binlog.000001"}
    for kind in list(range(1, 45)) + list(range(160, 170)):
        body = bodies_of.get(kind, bytes(range(24)))
        size = 19 + len(body) + 4
        yield bytes([mariadb | 8]) + head + struct.pack("<IBIIIH", 1, kind, 1, size, 1, 0) + body + bytes(4)


def table_map():
    for _, body in bodies(TABLE_MAP):
        yield body
    for wire, meta, _, _ in COLUMNS:
        yield one_column_map(wire, meta)


# Wire type, its metadata, a value, and what targets/rows.c makes of the guessed model: 15 nothing, 14 the fraction in
# the upper half, else another type.
COLUMNS = [
    (1, b"", b"\x80", 15), (2, b"", b"\xff\x7f", 15), (3, b"", b"\0\0\0\x80", 15), (8, b"", b"\1" * 8, 15),
    (9, b"", b"\xff\xff\xff", 15), (9, b"", b"\xff\xff\xff", 0x8E), (4, b"\4", b"\0\0\x80\x3f", 15),
    (5, b"\x08", b"\0" * 6 + b"\xf0\x3f", 15), (246, b"\x0a\2", b"\x80\0\0\1\x17", 15), (13, b"", b"\x7c", 15),
    (10, b"", b"\x21\xe8\x0f", 15), (7, b"", b"\1\2\3\x5f", 15), (7, b"", b"\x5f\1\2\3\0\1\2", 0x6E),
    (11, b"", b"\x39\x30\0", 15), (11, b"", b"\1\2\3\4\5\6", 0x6E), (11, b"", b"\1\2\3\4", 0x1E),
    (12, b"", struct.pack("<Q", 20240131235959), 15), (12, b"", b"\1\2\3\4\5\6\7\x08", 0x6E),
    (12, b"", b"\1\2\3\4\5\6", 0x2E), (17, b"\6", b"\x5f\1\2\3\1\2\3", 0x6E), (18, b"\3", b"\x99\xb1\2\3\4\1\2", 0x3E),
    (19, b"\2", b"\x7f\xff\xff\x9d", 0x2E), (17, b"\0", b"\0\0\0\0", 15), (19, b"\0", b"\x80\0\1", 15),
    (16, b"\3\1", b"\1\2", 15), (15, b"\x0a\0", b"\3abc", 15), (15, b"\x2c\1", b"\3\0abc", 15),
    (15, b"\x0a\0", b"\3abc", 1), (15, b"\x0c\0", b"\x0cvectorvector", 7), (254, b"\xfe\x0a", b"\3abc", 15),
    (254, b"\xfe\x0a", b"\3a\0b", 0), (254, b"\xee\x2c", b"\3\0abc", 15), (254, b"\xf7\1", b"\2", 15),
    (254, b"\xf8\2", b"\2\1", 15), (254, b"\xfe\x10", b"\x10" + bytes(range(16)), 4),
    (254, b"\xfe\x10", b"\x10" + bytes(range(16)), 6), (254, b"\xfe\4", b"\4\x7f\0\0\1", 5),
    (254, b"\xfe\x10", b"\x10" + bytes(range(16)), 8), (254, b"\xfe\x10", b"\x10" + bytes(10) + b"\xff\xff\1\2\3\4", 9),
    (254, b"\xfe\x10", b"\x03\1\0\2", 9), (254, b"\xfe\4", b"\4\x7f\0\0\1", 10), (252, b"\2", b"\3\0abc", 15),
    (252, b"\4", b"\3\0\0\0abc", 2), (252, b"\4", b"\2\0\0\0{}", 3), (245, b"\4", b"\6\0\0\0\5\2\0\0\4\0", 15),
    (245, b"\4", b"\3\0\0\0\5\1\0", 2), (255, b"\4", b"\4\0\0\0\0\0\0\0", 15), (242, b"\4", b"\4\0\0\0\0\0\x80\x3f", 15),
    (141, b"\x0a\0", b"\4\0abc", 15), (140, b"\2", b"\x0d\0\x81\3" + zlib.compress(b"abc")[:11], 15), (20, b"\3\0", b"", 15),
]


def one_column_map(wire, meta):
    return (bytes(6) + b"\1\0\1d\0\1t\0\1" + bytes([wire, len(meta)]) + meta + b"\1" +
            (b"\1\1\x80" if wire in (1, 2, 3, 8, 9) else b""))


def rows():
    """Every rows event behind its map, as it is and with a model of other types; and every type alone."""
    for wire, meta, value, twist in COLUMNS:
        table = one_column_map(wire, meta)
        head = struct.pack("<H", len(table)) + table + b"\1" + bytes([twist])
        for translated in (0, 0x80):
            yield bytes([0 | translated]) + head + bytes(6) + b"\1\0\1\1\0" + value + b"\1"
        yield b"\4" + head + bytes(6) + b"\1\0\2\0\1\1\1\0" + value + b"\0" + value
    for name, data in goldens():
        maps = {}
        mariadb = 0x40 if "mariadb" in name else 0
        for kind, _, body in events(data):
            if kind == TABLE_MAP:
                maps[body[:6]] = body
            elif kind in ROWS:
                table = maps[body[:6]]
                head = struct.pack("<H", len(table)) + table
                yield bytes([ROWS[kind] | mariadb]) + head + b"\0" + body
                yield bytes([ROWS[kind] | mariadb | 0x80]) + head + b"\x08" + bytes([15, 0, 15, 2, 15, 5, 8, 3]) + body


def json_document(value):
    """(type, bytes) of a value in MySQL's binary JSON."""
    if value is None or isinstance(value, bool):
        return 4, bytes([{None: 0, True: 1, False: 2}[value]])
    if isinstance(value, int):
        for kind, code, least, most in ((5, "<h", -2 ** 15, 2 ** 15), (7, "<i", -2 ** 31, 2 ** 31),
                                        (9, "<q", -2 ** 63, 2 ** 63), (10, "<Q", 0, 2 ** 64)):
            if least <= value < most:
                return kind, struct.pack(code, value)
    if isinstance(value, float):
        return 11, struct.pack("<d", value)
    if isinstance(value, str):
        return 12, varlen(len(value.encode())) + value.encode()
    if isinstance(value, bytes):  # opaque: its field type first
        return 15, value[:1] + varlen(len(value) - 1) + value[1:]
    return json_container(value, False) or json_container(value, True)


def json_container(value, large):
    """None where a small one cannot hold it."""
    wide = "I" if large else "H"
    width = struct.calcsize("<" + wide)
    keys = [k.encode() for k in value] if isinstance(value, dict) else []
    items = list(value.values()) if isinstance(value, dict) else list(value)
    entries_len = 2 * width + len(keys) * (width + 2) + len(items) * (width + 1)
    entries, tail = b"", b""
    for key in keys:
        entries += struct.pack("<%sH" % wide, entries_len + len(tail), len(key))
        tail += key
    for item in items:
        kind, data = json_document(item)
        if kind in (4, 5, 6) or (large and kind in (7, 8)):
            entries += bytes([kind]) + data.ljust(width, b"\0")
        else:
            entries += struct.pack("<B" + wide, kind, entries_len + len(tail))
            tail += data
        if not large and entries_len + len(tail) > 0xFFFF:
            return None
    size = entries_len + len(tail)
    kind = (0 if keys or isinstance(value, dict) else 2) + large
    return kind, struct.pack("<%s%s" % (wide, wide), len(items), size) + entries + tail


def varlen(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def json_():
    documents = [
        None, True, False, 0, -1, 40000, -2 ** 31, 2 ** 40, 2 ** 64 - 1, 0.0, 1.5, -1e100, 1e-7, 123456789012345680.0,
        "", "text", "\"\\\n\x01 \u00e4 \U0001f600", "x" * 200,
        [], {}, [1, "a", None, 2.5, [], {}], {"a": 1, "bb": [True, {"c": "d"}], "": ""}, [[[[[[1]]]]]],
        [70000, -70000, 2 ** 33], {"k%d" % i: i for i in range(20)},
        b"\xf6" + bytes([10, 2, 0x80, 0, 0, 12, 34]), b"\x0c" + struct.pack("<q", 0x19A1B2C3D4000000),
        b"\x0b" + struct.pack("<q", -0x0001234000000000), b"\x0a" + struct.pack("<q", 0x19A1000000000000),
        b"\x0f" + bytes(range(80)),
    ]
    for document in documents:
        kind, data = json_document(document)
        yield bytes([kind]) + data
    for document in ([1, 70000, "a"], {"k": [1], "l": 2.5}):
        kind, data = json_container(document, True)
        yield bytes([kind]) + data


def decimal():
    for precision, scale in ((1, 0), (5, 2), (9, 9), (10, 0), (18, 9), (20, 6), (38, 38), (65, 0), (65, 30)):
        for first in (0x80, 0x7F, 0xFF, 0x00):
            yield bytes([precision - 1, scale, first]) + bytes([first & 0x7F ^ 0x7F] * 29)
            yield bytes([precision - 1, scale, first, 1, 2, 3, 0xFF, 0xFE, 4, 5, 6])


def gtid_set():
    uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
    other = "00000000000000000000000000000001"
    texts = ["", uuid + ":1", uuid + ":1-5:7-9", uuid + ":1-5,\n " + other + ":3", uuid + ":1-3:tag:4:other_1:5-6",
             uuid + ":9223372036854775806", uuid.upper() + ":2-2:1"]
    for text in texts:
        yield b"\0" + text.encode()
    for text in ("", "0-1-100", "0-1-100,1-2-7", "4294967295-4294967295-18446744073709551615", " 1-1-1 ,\n0-2-3,1-9-9"):
        yield b"\1" + text.encode()
    for _, body in bodies(PREVIOUS_GTIDS):
        yield b"\2" + body
    raw = bytes.fromhex(other)
    yield b"\2" + struct.pack("<Q", 1) + raw + struct.pack("<QQQQQ", 2, 1, 5, 7, 9)
    yield b"\2" + struct.pack("<Q", 1) + raw + struct.pack("<Q", 0)
    tagged = b"\1" + struct.pack("<Q", 2)[:6] + b"\1"
    yield b"\2" + tagged + raw + b"\0" + struct.pack("<QQQ", 1, 1, 5) + raw + b"\6tag" + struct.pack("<QQQ", 1, 2, 3)


def payload():
    inner = b""
    for _, data in goldens():
        whole = [event_ for kind, event_, _ in events(data) if kind in (QUERY, TABLE_MAP) or kind in ROWS][:4]
        inner = b"".join(whole)
        for kind in (2, 3, 3 | 4, 3 | 4 | 8, 3 | 4 | 16):
            yield bytes([kind]) + inner
    for _, body in bodies(PAYLOAD):
        yield b"\0" + body
        yield b"\1" + body[body.index(b"\x28\xb5\x2f\xfd"):]  # zstd's magic number


def query_vars():
    for kind, body in bodies(QUERY, QUERY_COMPRESSED):
        compressed = kind == QUERY_COMPRESSED
        yield bytes([1 if compressed else 0]) + body
        vars_len = int.from_bytes(body[11:13], "little")
        yield bytes([8 | compressed]) + body[13:13 + vars_len]
        if not compressed:
            yield bytes([1 | 2 | 4]) + body
    values = b"".join(bytes([code]) + bytes(length) for code, length in (
        (0, 4), (1, 8), (3, 4), (4, 6), (7, 2), (8, 2), (9, 8), (10, 4), (13, 3), (16, 1), (17, 8), (18, 2), (19, 1),
        (20, 1), (21, 1), (128, 3), (129, 8), (130, 1), (131, 1)))
    texts = b"\2\3std\0" + b"\5\6+00:00" + b"\6\3std" + b"\x0b\4user\4host" + b"\x0c\2a\0b\0" + b"\x82\x0c" + bytes(8)
    yield b"\x08" + values + texts + b"\x83\2" + bytes(8)


def json_diff():
    """Changes as the goldens have them, behind documents as they have them; and some by hand."""
    kind, data = json_document({"a": 1, "b": [True, {"c": "x"}], "k d": None})
    document = bytes([kind]) + data
    five = b"\5\5\0"

    def change(op, path, value=None):
        return bytes([op, len(path)]) + path + (b"" if value is None else bytes([len(value)]) + value)

    changes = [change(0, b"$.a", five), change(1, b"$.b[1]", five), change(2, b"$.b[0]"), change(1, b'$."k e"', document),
               change(0, b"$", document), change(0, b'$."k d"', five), change(1, b"$.b[99]", five)]
    for made in changes + [b"", changes[0] + changes[1] + changes[2], changes[4] + changes[3]]:
        yield struct.pack("<H", len(document)) + document + made


def facts():
    seen = {}
    for name, data in goldens():
        mariadb = name.split(".binlog")[0].find("mariadb") >= 0
        for kind, _, body in events(data):
            key = (kind, len(body))
            if kind not in ROWS and kind != TABLE_MAP and len(body) < 600 and len(seen.setdefault(kind, set())) < 12 \
                    and key not in seen[kind]:
                seen[kind].add(key)
                yield bytes([kind, mariadb]) + body


# A public RSA key, as a server sends it to whoever has no TLS.
RSA_KEY = "\n".join((
    "-----BEGIN PUBLIC KEY-----",
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC5mIVbiuXhBGT7qXS1jXOHvc1j",
    "NwMeMSgfe7j4r0jOmRDzTQFccTxg4p+NDiXs7eIyTJnWlb5HvoQsm64vIvcgTytk",
    "FsCRaZLYdVFj6Zaa9cUGATYthoW5/wir+83lxX6mtsUM8DvuLV6PZ/Wy/1UNiYnK",
    "KVR8dvvwkjwHRa0EVQIDAQAB",
    "-----END PUBLIC KEY-----", "")).encode()


def packet():
    def packets(*messages):
        return b"".join(struct.pack("<I", len(m))[:3] + bytes([i & 0xFF]) + m for i, m in enumerate(messages))

    def greeting(version, plugin, capabilities=0xFFFFF7FF, scramble=bytes(range(1, 21))):
        return (b"\x0a" + version + b"\0" + struct.pack("<I", 7) + scramble[:8] + b"\0" +
                struct.pack("<HBHH", capabilities & 0xFFFF, 45, 2, capabilities >> 16) +
                bytes([len(scramble) + 1]) + bytes(10) + scramble[8:] + b"\0" + plugin + b"\0")

    ok = b"\0\0\0\2\0\0\0"
    error = b"\xff\x15\x04#28000Access denied"
    eof = b"\xfe\0\0\2\0"
    text_rows = [b"\2", b"def1", b"def2", eof, b"\3abc\xfb", b"\0\1x", eof]
    native = greeting(b"5.6.24-log", b"mysql_native_password")
    sha2 = greeting(b"8.0.40", b"caching_sha2_password")
    mariadb = greeting(b"5.5.5-10.11.6-MariaDB", b"mysql_native_password", 0x81BFF7FE)
    switch = b"\xfemysql_native_password\0" + bytes(range(20)) + b"\0"
    talks = [
        [native, ok, *text_rows, ok], [sha2, b"\1\3", ok, *text_rows], [sha2, b"\1\4", ok], [sha2, switch, ok],
        [mariadb, b"\xfeclient_ed25519\0" + bytes(range(32)), ok],
        [mariadb, b"\xfeparsec\0" + bytes(range(32)), b"\1P\0" + bytes(18), ok],
        [sha2, b"\xfesha256_password\0" + bytes(range(20)) + b"\0", b"\1-----BEGIN PUBLIC KEY-----\n", ok],
        [sha2, b"\1\4", b"\1" + RSA_KEY, ok], [sha2, b"\1\4", b"\1" + RSA_KEY.replace(b"-", b""), ok],
        [native, error], [error], [native, b"\xfe"], [native, b"\xfedialog\0"], [native, ok, ok, error],
        [b"\x0a5.1.63\0" + bytes(4) + bytes(range(8)) + b"\0\xff\xf7\x08\2\0" + bytes(13) + bytes(range(13)), ok],
    ]
    for talk in talks:
        stream = packets(*talk)
        for flags, pieces in ((4, bytes([255] * 4)), (4, bytes([0, 1, 2, 30])), (3 | 8, bytes([40] * 4)),
                              (3 | 16, bytes([9, 200, 3, 50]))):
            yield bytes([flags]) + pieces + stream
        raw_frame = struct.pack("<I", len(stream))[:3] + b"\0" + bytes(3) + stream
        yield bytes([1 | 4]) + bytes([20] * 4) + raw_frame
    for flags in (32, 32 | 3, 32 | 3 | 16):
        yield bytes([flags, 3, 60, 1, 9]) + b"one message " * 20


TARGETS = {"event": event, "table_map": table_map, "rows": rows, "json": json_, "decimal": decimal,
           "gtid_set": gtid_set, "payload": payload, "query_vars": query_vars, "packet": packet,
           "json_diff": json_diff, "facts": facts}


def main():
    total = 0
    for target, make in TARGETS.items():
        folder = os.path.join(SEEDS, target)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for seed in make():
            with open(os.path.join(folder, hashlib.sha256(seed).hexdigest()[:12]), "wb") as out:
                out.write(seed)
        sizes = [os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)]
        print(json.dumps({"target": target, "seeds": len(sizes), "bytes": sum(sizes)}))
        total += sum(sizes)
    assert total < 1 << 20, total


if __name__ == "__main__":
    main()
