#!/usr/bin/python3
"""Holds the includes of src/ against the table of rooms in cmake/BsRooms.cmake.

    check_layers.py SOURCE_DIR

A room includes its own headers and those of the rooms that it USES. Some system headers belong to one
place each, and wire, schema, binlog and events have no I/O at all, so that bytes alone can test them."""

import os
import re
import sys

ROOM = re.compile(r"^bs_room\((\w+)(?:\s+USES((?:\s+(?!LIBS\b)\w+)*))?", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
FORBIDDEN_CALL = re.compile(r"\b(mysql_binlog_\w+|mariadb_rpl_\w+)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

# Header -> the only files (by their path's beginning) that may include it.
OWNED = {"ev.h": "src/base/loop.", "mysql.h": "src/sql/"}

PURE_ROOMS = ("wire", "schema", "binlog", "events")
IO_HEADERS = re.compile(
    r"^(sys/(socket|uio|stat|mman|select|poll|epoll|un|ioctl|wait)|netinet/.*|arpa/.*|netdb|fcntl|unistd|poll"
    r"|dirent|termios|pthread|signal|ev|mysql)\.h$"
)
IO_WORDS = re.compile(r"\b(FILE|fopen|fread|fwrite|fprintf|printf|stdout|stderr|getenv|system)\b")


def read_rooms(source_dir):
    with open(os.path.join(source_dir, "cmake", "BsRooms.cmake")) as handle:
        text = re.sub(r"#.*", "", handle.read())
    return {name: set((uses or "").split()) for name, uses in ROOM.findall(text)}


def files_of(source_dir):
    for folder, _, names in os.walk(os.path.join(source_dir, "src")):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), source_dir)


def room_of(path):
    return path.split("/")[1]


def check_include(rooms, path, quote, header):
    """What is wrong with one include, or None."""
    room = room_of(path)
    owner = OWNED.get(os.path.basename(header)) if quote == "<" else None
    if owner and not path.startswith(owner):
        return "%s is for %s* alone" % (header, owner)
    if quote == "<":
        if room in PURE_ROOMS and IO_HEADERS.match(header):
            return "src/%s does no I/O, so it does not include %s" % (room, header)
        return None
    if "/" not in header:
        return 'include "%s" by its room: "%s/%s"' % (header, room, header)
    other = header.split("/")[0]
    if other not in rooms:
        return "there is no room %s" % other
    if other != room and other not in rooms[room]:
        return "src/%s does not use src/%s" % (room, other)
    return None


def check_file(rooms, path, text):
    room = room_of(path)
    if room not in rooms:
        yield "%s: src/%s is not in cmake/BsRooms.cmake" % (path, room)
        return
    for match in INCLUDE.finditer(text):
        wrong = check_include(rooms, path, *match.groups())
        if wrong:
            yield "%s:%d: %s" % (path, text.count("\n", 0, match.start(2)) + 1, wrong)
    code = COMMENT.sub("", text)
    for match in FORBIDDEN_CALL.finditer(code):
        yield "%s: %s: the binlog is read by the client in src/net" % (path, match.group())
    if room in PURE_ROOMS:
        without_strings = re.sub(r'"(\\.|[^"\\\n])*"', '""', code)
        for match in IO_WORDS.finditer(without_strings):
            yield "%s: %s: src/%s does no I/O" % (path, match.group(), room)


def check_rooms(rooms):
    """The table itself has no circles."""
    order = list(rooms)
    for room, uses in rooms.items():
        for other in uses:
            if other not in rooms:
                yield "cmake/BsRooms.cmake: %s uses %s, which is no room" % (room, other)
            elif order.index(other) >= order.index(room):
                yield "cmake/BsRooms.cmake: %s uses %s, which stands below it" % (room, other)


def self_check():
    """Each rule finds what it is for."""
    rooms = {"base": set(), "wire": {"base"}, "sql": {"base"}, "apply": {"sql", "base"}}
    bad = [
        ("src/base/a.c", '#include "wire/packet.h"'),
        ("src/wire/a.c", '#include "sql/session.h"'),
        ("src/wire/a.c", "#include <sys/socket.h>"),
        ("src/wire/a.c", "void f(FILE *file);"),
        ("src/apply/a.c", "#include <mysql.h>"),
        ("src/apply/a.c", "#include <mysql/mysql.h>"),
        ("src/base/clock.c", "#include <ev.h>"),
        ("src/apply/a.c", '#include "lane.h"'),
        ("src/sql/a.c", "int x = mysql_binlog_open(a, b);"),
        ("src/none/a.c", ""),
    ]
    good = [
        ("src/wire/a.c", '#include "base/buf.h"\n#include "wire/packet.h"\n/* FILE, mysql_binlog_open */'),
        ("src/sql/a.c", "#include <mysql.h>"),
        ("src/base/loop.c", "#include <ev.h>"),
    ]
    for path, text in bad:
        assert list(check_file(rooms, path, text)), (path, text)
    for path, text in good:
        assert not list(check_file(rooms, path, text)), (path, text)
    assert list(check_rooms({"a": {"b"}, "b": set()}))


def main():
    self_check()
    source_dir = sys.argv[1]
    rooms = read_rooms(source_dir)
    assert "base" in rooms and "sql" in rooms, rooms
    found = list(check_rooms(rooms))
    count = 0
    for path in files_of(source_dir):
        with open(os.path.join(source_dir, path)) as handle:
            found += check_file(rooms, path, handle.read())
        count += 1
    for line in found:
        print(line)
    print("%d files in %d rooms, %d faults" % (count, len(rooms), len(found)))
    sys.exit(1 if found or count == 0 else 0)


main()
