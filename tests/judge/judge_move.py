"""Copies databases from one server to another of another version or flavour, by plain SQL, so that the judge has something to
compare that binstream had no part in.

    Mover(source, target).move(["shop"])

Definitions are SHOW CREATE texts, rewritten by regular expressions that know what the tests' schemas hold and no more. Values
travel as hexadecimal digits, numbers and texts of dates: exact, and slow.
"""

import re

SESSION = ["SET NAMES utf8mb4", "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
           "SET SESSION time_zone = '+00:00'", "SET SESSION foreign_key_checks = 0"]
GIPK = "SET SESSION sql_generate_invisible_primary_key = OFF"
MYSQL_LANGUAGES = {"german2": "de_pb", "czech": "cs", "spanish2": "es_trad", "swedish": "sv"}
MARIADB_TYPES = {"uuid": "char(36) CHARACTER SET ascii", "inet6": "varchar(39) CHARACTER SET ascii",
                 "inet4": "varchar(15) CHARACTER SET ascii"}
NUMBERED = ("enum", "set", "bit")
HEXED = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "binary", "varbinary", "tinyblob", "blob",
         "mediumblob", "longblob", "json", "vector", "geometry", "point", "linestring", "polygon", "multipoint",
         "multilinestring", "multipolygon", "geomcollection", "geometrycollection")


def quote(name):
    return "`%s`" % name.replace("`", "``")


def is_mariadb(server):
    return server.name.startswith("mariadb")


def version(server):
    return tuple(int(part) for part in server.name.split("-")[1].split("."))


def to_mariadb_collation(name, target):
    """utf8mb4_[language_]0900_suffix, as MariaDB's uca1400 without padding."""
    found = re.fullmatch(r"utf8mb4_(?:(\w+)_)?0900_(\w+)", name)
    if not found:
        return name
    if found.group(2) == "bin":
        return "utf8mb4_nopad_bin"
    if version(target) < (10, 10):
        return "utf8mb4_unicode_520_nopad_ci"
    languages = {mysql: mariadb for mariadb, mysql in MYSQL_LANGUAGES.items()}
    language = languages[found.group(1)] + "_" if found.group(1) else ""
    return "utf8mb4_uca1400_%snopad_%s" % (language, found.group(2))


def to_mysql_collation(name, target):
    found = re.fullmatch(r"(\w+?)_uca1400_(?:(\w+?)_)??(nopad_)?(a[is]_c[is])", name)
    if name == "utf8mb4_nopad_bin":
        return "utf8mb4_0900_bin"
    if not found:
        return name.replace("croatian_mysql561", "croatian")
    charset, language, nopad, suffix = found.groups()
    pads = not language and not nopad and suffix == "ai_ci"
    if charset != "utf8mb4" or version(target) < (8,) or pads:
        return charset + "_unicode_520_ci"
    return "utf8mb4_%s0900_%s" % (MYSQL_LANGUAGES[language] + "_" if language else "", suffix)


def closing(text, start):
    """The index after the bracket that closes the one at start."""
    depth, quoted, i = 0, None, start
    while i < len(text):
        c = text[i]
        if quoted:
            i += 1 if c == "\\" and quoted == "'" else 0
            quoted = None if c == quoted else quoted
        elif c in "'`":
            quoted = c
        else:
            depth += {"(": 1, ")": -1}.get(c, 0)
            if depth == 0:
                return i + 1
        i += 1
    raise ValueError(text)


class Mover:
    def __init__(self, source, target):
        self.source, self.target = source, target
        self.from_mariadb, self.to_mariadb = is_mariadb(source), is_mariadb(target)
        self.translated = self.from_mariadb != self.to_mariadb
        self.a, self.b = source.connect(charset="utf8mb4"), target.connect(charset="utf8mb4")
        for connection in (self.a, self.b):
            self.run(connection, SESSION)
        if not self.to_mariadb and version(target) >= (8,):
            self.run(self.b, [GIPK])
        self.default_collations = dict(self.ask("SELECT CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLLATIONS"
                                                " WHERE IS_DEFAULT = 'Yes' AND CHARACTER_SET_NAME IS NOT NULL"))

    def close(self):
        self.a.close()
        self.b.close()

    def run(self, connection, statements):
        with connection.cursor() as cursor:
            for statement in statements:
                try:
                    cursor.execute(statement)
                except Exception as error:
                    raise RuntimeError("%s\n  in: %s" % (error, statement[:1500])) from error

    def ask(self, sql, *arguments):
        with self.a.cursor() as cursor:
            cursor.execute(sql, arguments or None)
            return cursor.fetchall()

    def collation(self, name):
        if not self.translated:
            return name
        return (to_mariadb_collation if self.to_mariadb else to_mysql_collation)(name, self.target)

    def collations_in(self, text):
        return re.sub(r"(\bCOLLATE[ =])(\w+)", lambda m: m.group(1) + self.collation(m.group(2)), text)

    # ---- definitions ---------------------------------------------------------------------------

    def explicit(self, line):
        """A CHARACTER SET without COLLATE means the source's default, not the target's."""
        def add(found):
            return found.group(0) + " COLLATE " + self.default_collations[found.group(1)]
        line = re.sub(r"CHARACTER SET (\w+)(?! COLLATE)\b(?!\w)", add, line)
        return re.sub(r"DEFAULT CHARSET=(\w+)(?! COLLATE)\b(?!\w)", add, line)

    def line_to_mariadb(self, line):
        if re.match(r"\s*(UNIQUE )?KEY `(?:[^`]|``)*` \(\(", line) or "NOT ENFORCED" in line:
            return None
        line = re.sub(r"( NOT NULL)? /\*!80003 SRID (\d+) \*/", r" REF_SYSTEM_ID=\2\1", line)
        line = re.sub(r"\bgeomcollection\b", "geometrycollection", line)
        line = line.replace("/*!80023 INVISIBLE */", "INVISIBLE").replace("/*!80000 INVISIBLE */", "IGNORED")
        line = re.sub(r"(GENERATED ALWAYS AS .*) NOT NULL", r"\1", line)
        return re.sub(r"regexp_like\((`\w+`),(.*?)\)", r"(\1 regexp \2)", line)

    def line_to_mysql(self, line):
        if re.match(r"\s*(VECTOR KEY|PERIOD FOR)|.* GENERATED ALWAYS AS ROW ", line):
            return None
        line = re.sub(r"longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin(.*?) CHECK \(json_valid\(`(?:[^`]|``)*`\)\)",
                      r"json\1", line)
        line = re.sub(r"^(\s*`(?:[^`]|``)*` )(uuid|inet6|inet4)\b",
                      lambda m: m.group(1) + MARIADB_TYPES[m.group(2)], line)
        line = re.sub(r"CONSTRAINT `CONSTRAINT_\d+` CHECK", "CHECK", line)
        line = re.sub(r" /\*M?!\d+ COMPRESSED\*/| WITHOUT SYSTEM VERSIONING| USING HASH", "", line)
        line = line.replace(" IGNORED", " INVISIBLE")
        line = re.sub(r"( (?:json|\w*text\b[^']*) DEFAULT )('(?:[^']|'')*')", r"\1(\2)", line)
        found = re.search(r" DEFAULT (?!current_timestamp)[a-z_]+(?=\()", line)
        if found:
            end = closing(line, found.end())
            start = found.start() + len(" DEFAULT ")
            line = "%s(%s)%s" % (line[:start], line[start:end], line[end:])
        return line

    def table_sql(self, db, table):
        text = self.ask("SHOW CREATE TABLE %s.%s" % (quote(db), quote(table)))[0][1]
        text = self.quoted_foreign_keys(db, table, text)
        lines = []
        for line in text.split("\n"):
            is_inner = line.startswith("  ")
            bare = line[:-1] if is_inner and line.endswith(",") else line
            bare = self.explicit(bare)
            if self.translated:
                bare = (self.line_to_mariadb if self.to_mariadb else self.line_to_mysql)(bare)
            if bare is not None:
                lines.append((bare, is_inner))
        body = [line for line, is_inner in lines if is_inner]
        rest = [line for line, is_inner in lines if not is_inner]
        sql = rest[0] + "\n" + ",\n".join(body) + "\n" + "\n".join(self.suffix(rest[1:]))
        return self.collations_in(sql)

    def quoted_foreign_keys(self, db, table, text):
        """MariaDB 10.5 does not double the backquotes in the names of foreign keys."""
        for name, in self.ask("SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS"
                              " WHERE CONSTRAINT_SCHEMA = %s AND TABLE_NAME = %s", db, table):
            text = text.replace("CONSTRAINT `%s` FOREIGN" % name, "CONSTRAINT %s FOREIGN" % quote(name))
        return text

    def suffix(self, lines):
        text = "\n".join(lines)
        if self.translated and not self.to_mariadb:
            text = re.sub(r" WITH SYSTEM VERSIONING|(?s: PARTITION BY SYSTEM_TIME.*)", "", text)
            text = re.sub(r" (PAGE_CHECKSUM|TRANSACTIONAL)=\d", "", text)
            text = re.sub(r"ENGINE ?= ?(Aria|MyISAM|MEMORY)", "ENGINE=InnoDB", text)
        return text.split("\n")

    # ---- rows ----------------------------------------------------------------------------------

    def columns(self, db, table):
        rows = self.ask("SELECT COLUMN_NAME, DATA_TYPE, EXTRA FROM information_schema.COLUMNS"
                        " WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION", db, table)
        exact = [row for row in rows if " GENERATED" not in row[2].replace("DEFAULT_GENERATED", "")]
        return [(name, data_type) for name, data_type, _ in exact]

    @staticmethod
    def expression(name, data_type):
        name = quote(name)
        if data_type in NUMBERED:
            return "CAST(%s AS UNSIGNED)" % name
        if data_type in ("float", "double"):
            return "%s * 1e0" % name
        return "HEX(%s)" % name if data_type in HEXED else "CAST(%s AS CHAR)" % name

    @staticmethod
    def literal(value, data_type, target_type):
        if value is None:
            return "NULL"
        if data_type in HEXED:
            digits = value if isinstance(value, str) else value.decode()
            introducer = "_utf8mb4 " if "json" in (data_type, target_type) else ""
            return "%sx'%s'" % (introducer, digits)
        if data_type in NUMBERED:
            return str(int(value))
        if isinstance(value, float):
            return "%r%s" % (value, "" if "e" in repr(value) else "e0")
        return "'%s'" % value

    def target_types(self, db, table):
        with self.b.cursor() as cursor:
            cursor.execute("SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s"
                           " AND TABLE_NAME = %s", (db, table))
            return dict(cursor.fetchall())

    def copy_rows(self, db, table):
        path = "%s.%s" % (quote(db), quote(table))
        columns = self.columns(db, table)
        types = self.target_types(db, table)
        rows = self.ask("SELECT %s FROM %s" % (", ".join(self.expression(*column) for column in columns), path))
        names = ", ".join(quote(name) for name, _ in columns)
        for start in range(0, len(rows), 100):
            values = ["(%s)" % ", ".join(self.literal(value, kind, types[name]) for value, (name, kind) in zip(row, columns))
                      for row in rows[start:start + 100]]
            self.run(self.b, ["INSERT INTO %s (%s) VALUES %s" % (path, names, ", ".join(values))])

    # ---- everything ----------------------------------------------------------------------------

    def move(self, databases):
        relations = []
        for db in databases:
            charset, collation = self.ask("SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME"
                                          " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", db)[0]
            self.run(self.b, ["CREATE DATABASE %s CHARACTER SET %s COLLATE %s" % (quote(db), charset, self.collation(collation))])
            relations += [(db, *row) for row in self.ask("SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES"
                                                         " WHERE TABLE_SCHEMA = %s AND TABLE_TYPE <> 'SEQUENCE'", db)]
        tables = [(db, name) for db, name, kind in relations if kind != "VIEW"]
        for db, table in tables:
            self.run(self.a, ["USE " + quote(db)])
            self.run(self.b, ["USE " + quote(db), self.table_sql(db, table)])
        for db, table in tables:
            self.copy_rows(db, table)
        for db in databases:
            self.move_programs(db)
        self.move_views([(db, name) for db, name, kind in relations if kind == "VIEW"])

    def move_views(self, views):
        """Views of views have no order in the catalogue, so each is tried until all are there."""
        while views:
            left = []
            for db, view in views:
                _, sql, client, collation = self.ask("SHOW CREATE VIEW %s.%s" % (quote(db), quote(view)))[0]
                try:
                    self.create_program(db, sql, "", client, collation)
                except RuntimeError as found:
                    error = found
                    left.append((db, view))
            if len(left) == len(views):
                raise error
            views = left

    def create_program(self, db, sql, mode, client, connection_collation, zone=None):
        mode = re.sub(r"(?<!ALLOW_)INVALID_DATES", "ALLOW_INVALID_DATES", mode)
        mode = re.sub(r"NO_AUTO_CREATE_USER,?|NO_ENGINE_SUBSTITUTION,?", "", mode).strip(",")
        mode = self.with_fractions(mode)
        session = ["USE " + quote(db), "SET SESSION sql_mode = '%s'" % mode, "SET character_set_client = " + client,
                   "SET collation_connection = " + self.collation(connection_collation)]
        self.run(self.b, session + (["SET SESSION time_zone = '%s'" % zone] if zone else []) + [self.collations_in(sql)])
        self.run(self.b, SESSION)

    def with_fractions(self, mode):
        """MySQL rounds what MariaDB cuts, unless told otherwise."""
        has, needed = ("TIME_TRUNCATE_FRACTIONAL", "TIME_ROUND_FRACTIONAL")[::-1 if self.from_mariadb else 1]
        if not self.translated or (not self.to_mariadb and version(self.target) < (8,)):
            return mode
        return re.sub(has + ",?", "", mode).strip(",") if has in mode else ",".join(filter(None, (mode, needed)))

    def move_programs(self, db):
        for kind, name in self.ask("SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s", db):
            _, mode, sql, client, collation, _ = self.ask("SHOW CREATE %s %s.%s" % (kind, quote(db), quote(name)))[0]
            self.create_program(db, sql, mode, client, collation)
        for name, in self.ask("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s ORDER BY ACTION_ORDER", db):
            _, mode, sql, client, collation = self.ask("SHOW CREATE TRIGGER %s.%s" % (quote(db), quote(name)))[0][:5]
            self.create_program(db, sql, mode, client, collation)
        for name, in self.ask("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s", db):
            _, mode, zone, sql, client, collation, _ = self.ask("SHOW CREATE EVENT %s.%s" % (quote(db), quote(name)))[0]
            self.create_program(db, sql, mode, client, collation, zone)
