"""Binlogs made byte by byte, for what no server writes at a price that a test can pay."""

import zlib

MAGIC = b"\xfebin"
_LENGTHS = {1: 56, 2: 13, 4: 8, 6: 18, 8: 4, 9: 4, 10: 4, 11: 4, 12: 22, 15: 95, 17: 4, 18: 26, 19: 8,
            20: 0, 21: 0, 22: 0, 23: 8, 24: 8, 25: 8, 26: 2, 30: 10, 31: 10, 32: 10, 33: 42, 34: 42}


class Log:
    """Yields the bytes of one file, event by event. Positions in headers are those of 32 bits."""

    def __init__(self, version=b"5.7.44-log", checksum=False, time=1700000000, server_id=7):
        self.checksum, self.time, self.server_id = checksum, time, server_id
        self.version = version
        self.pos = 4

    def event(self, number, body, flags=0, log_pos=None):
        size = 19 + len(body) + (4 if self.checksum else 0)
        self.pos += size
        end = self.pos if log_pos is None else log_pos
        parts = (self.time, 4), (number, 1), (self.server_id, 4), (size, 4), (end & 0xffffffff, 4), (flags, 2)
        data = b"".join(n.to_bytes(width, "little") for n, width in parts) + body
        return data + (zlib.crc32(data).to_bytes(4, "little") if self.checksum else b"")

    def start(self, flags=0):
        lengths = bytes(_LENGTHS.get(number, 0) for number in range(1, 39))
        body = b"\4\0" + self.version.ljust(50, b"\0") + self.time.to_bytes(4, "little") + b"\x13" + lengths
        body += b"\1" if self.checksum else b"\0"
        if self.checksum:
            return MAGIC + self.event(15, body, flags)
        # Without checksums a FORMAT_DESCRIPTION has one all the same.
        self.checksum = True
        data = MAGIC + self.event(15, body, flags)
        self.checksum = False
        return data

    def query(self, sql, db=b"test"):
        body = b"\1\0\0\0" + b"\0" * 4 + bytes((len(db),)) + b"\0\0" + b"\0\0" + db + b"\0" + sql
        return self.event(2, body)

    def ignorable(self, size):
        return self.event(28, bytes(size), flags=0x80)

    def rows_query(self, sql):
        return self.event(29, bytes((len(sql) & 0xff,)) + sql, flags=0x80)

    def xid(self, number):
        return self.event(16, number.to_bytes(8, "little"))

    def rotate(self, name, pos=4, flags=0):
        return self.event(4, pos.to_bytes(8, "little") + name, flags)

    def gtid(self, number):
        return self.event(33, b"\1" + bytes(15) + b"\7" + number.to_bytes(8, "little") + b"\2" + bytes(16))

    def table_map(self, number, db, table):
        """A table of one INT, which may be NULL."""
        names = b"".join(bytes((len(name),)) + name + b"\0" for name in (db, table))
        return self.event(19, number.to_bytes(6, "little") + b"\1\0" + names + b"\1\3\0\1")

    def insert(self, number, value, is_last=True):
        """Its row, and the end of the statement."""
        head = number.to_bytes(6, "little") + (b"\1" if is_last else b"\0") + b"\0\2\0" + b"\1\1"
        return self.event(30, head + b"\0" + value.to_bytes(4, "little"))
