"""Constraints and indexes as they are at one point of a history, read off the SQL that leads there.

Django asks the database for names that it has not chosen itself (`Editor._constraint_names`). The database knows those of
its present state only: not those of the past, which are replayed, and not those that pending migrations make. So the answers
come from here, and from the database for what no pending migration has touched yet. Names that Postgres chooses are those
of makeObjectName in src/backend/commands/indexcmds.c.
"""

import re

NAME = r'(?:"(?:[^"]|"")*"|[\w$.]+)'


class Constraints:
    def __init__(self, live=None):
        """
        :param live: what the database says of a table; None for a history that begins with nothing
        """
        self.live = live
        self.tables = {}
        self.dropped = set()
        self.renamed = {}

    def copy(self):
        copied = Constraints(self.live)
        copied.tables = {table: {name: dict(it) for name, it in known.items()} for table, known in self.tables.items()}
        copied.dropped, copied.renamed = set(self.dropped), dict(self.renamed)
        return copied

    def of(self, table):
        """As `DatabaseIntrospection.get_constraints` of django.db.backends.postgresql answers."""
        return {name: dict(it) for name, it in self.known(table).items()}

    def known(self, table):
        if table not in self.tables:
            found = self.live(table) if self.live else {}
            self.tables[table] = {
                self.renamed.get(name, name): dict(it) for name, it in found.items() if name not in self.dropped
            }
        return self.tables[table]

    def read(self, sql):
        for pattern, take in self.rules():
            found = re.match(pattern, sql.strip(), re.IGNORECASE | re.DOTALL)
            if found:
                take(*found.groups())
                return

    def rules(self):
        return (
            (rf"CREATE TABLE (?:IF NOT EXISTS )?({NAME}) \((.*)\)", self.create),
            (rf"CREATE (UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?({NAME}) ON ({NAME})[^(]*\((.*)\)", self.index),
            (rf"DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?({NAME})", self.drop_index),
            (rf"ALTER INDEX (?:IF EXISTS )?({NAME}) RENAME TO ({NAME})", self.rename_index),
            (rf"DROP TABLE (?:IF EXISTS )?({NAME})", self.drop),
            (rf"ALTER TABLE (?:ONLY )?({NAME}) RENAME TO ({NAME})", self.rename),
            (rf"ALTER TABLE (?:ONLY )?({NAME}) RENAME COLUMN ({NAME}) TO ({NAME})", self.rename_column),
            (rf"ALTER TABLE (?:ONLY )?({NAME}) RENAME CONSTRAINT ({NAME}) TO ({NAME})", self.rename_constraint),
            (rf"ALTER TABLE (?:ONLY )?({NAME}) (.*)", self.alter),
        )

    def drop(self, table):
        self.tables[plain(table)] = {}

    def create(self, table, body):
        self.tables[plain(table)] = {}
        for part in parts(body):
            self.add(plain(table), part)

    def add(self, table, part):
        """One entry of CREATE TABLE, or what follows ADD."""
        found = re.match(
            rf"(?:CONSTRAINT ({NAME}) )?(UNIQUE|PRIMARY KEY|CHECK|FOREIGN KEY|EXCLUDE)\b[^(]*\((.*?)\)(?!\))",
            part,
            re.IGNORECASE | re.DOTALL,
        )
        if found:
            name, kind, columns = found.groups()
            kind = kind.upper()
            of = names_in(columns) if kind != "CHECK" else re.findall(r'"((?:[^"]|"")+)"', columns)
            ending = {"UNIQUE": "key", "PRIMARY KEY": "pkey", "CHECK": "check", "FOREIGN KEY": "fkey"}.get(kind, "excl")
            within = "" if kind == "PRIMARY KEY" else "_".join(of)
            self.put(table, plain(name) if name else chosen(table, within, ending), kind, of)
            return
        column = re.match(rf"({NAME}) (.*)", part, re.DOTALL)
        if column:
            self.column(table, plain(column[1]), column[2])

    def column(self, table, column, rest):
        bare = without_parentheses(rest)
        for pattern, kind, ending in (
            (r"\bPRIMARY KEY\b", "PRIMARY KEY", "pkey"),
            (r"\bUNIQUE\b", "UNIQUE", "key"),
            (r"\bCHECK\b", "CHECK", "check"),
            (r"\bREFERENCES\b", "FOREIGN KEY", "fkey"),
        ):
            if not re.search(pattern, bare, re.IGNORECASE):
                continue
            named = re.search(rf"CONSTRAINT ({NAME}) {pattern}", bare, re.IGNORECASE)
            within = "" if kind == "PRIMARY KEY" else column
            self.put(table, plain(named[1]) if named else chosen(table, within, ending), kind, [column])

    def put(self, table, name, kind, columns):
        self.known(table)[name] = {
            "columns": columns,
            "primary_key": kind == "PRIMARY KEY",
            "unique": kind in ("PRIMARY KEY", "UNIQUE"),
            "foreign_key": ("", "") if kind == "FOREIGN KEY" else None,
            "check": kind == "CHECK",
            "index": kind == "INDEX",
            "definition": None,
            "type": "btree" if kind == "INDEX" else None,
            "options": None,
        }

    def index(self, unique, name, table, columns):
        if not names_in(columns):
            return
        self.put(plain(table), plain(name), "INDEX", names_in(columns))
        self.known(plain(table))[plain(name)]["unique"] = bool(unique)

    def drop_index(self, name):
        self.dropped.add(plain(name))
        for known in self.tables.values():
            known.pop(plain(name), None)

    def rename_index(self, former, name):
        self.renamed[plain(former)] = plain(name)
        for known in self.tables.values():
            if plain(former) in known:
                known[plain(name)] = known.pop(plain(former))

    def rename(self, former, table):
        self.tables[plain(table)] = self.known(plain(former))
        self.tables[plain(former)] = {}

    def rename_column(self, table, former, column):
        for it in self.known(plain(table)).values():
            it["columns"] = [plain(column) if name == plain(former) else name for name in it["columns"]]

    def rename_constraint(self, table, former, name):
        known = self.known(plain(table))
        if plain(former) in known:
            known[plain(name)] = known.pop(plain(former))

    def alter(self, table, actions):
        for action in parts(actions.rstrip("; ")):
            dropped = re.match(rf"DROP CONSTRAINT (?:IF EXISTS )?({NAME})", action, re.IGNORECASE)
            column = re.match(rf"DROP COLUMN (?:IF EXISTS )?({NAME})", action, re.IGNORECASE)
            added = re.match(r"ADD (?:COLUMN )?(?:IF NOT EXISTS )?(.*)", action, re.IGNORECASE | re.DOTALL)
            known = self.known(plain(table))
            if dropped:
                known.pop(plain(dropped[1]), None)
            elif column:
                for name in [name for name, it in known.items() if plain(column[1]) in it["columns"]]:
                    del known[name]
            elif added:
                self.add(plain(table), added[1])


def plain(name):
    last = name.rsplit(".", 1)[-1] if not name.startswith('"') else name
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def names_in(columns):
    """Those of a list of columns; none where expressions stand in it."""
    found = [re.match(rf"({NAME})(?:\s+(?!\()[\w$.]+)*$", it.strip()) for it in parts(columns)]
    return [plain(it[1]) for it in found] if all(found) else []


def parts(text):
    """Cut at commas outside of parentheses and quotes."""
    cut, depth, quote, start = [], 0, None, 0
    for at, sign in enumerate(text):
        if quote:
            quote = None if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and depth == 0:
            cut.append(text[start:at].strip())
            start = at + 1
    return [*cut, text[start:].strip()]


def without_parentheses(text):
    kept, depth = [], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign != ")":
            kept.append(sign)
    return "".join(kept)


def chosen(table, column, ending):
    overhead = 1 + len(ending) + (1 if column else 0)
    while len(table) + len(column) > 63 - overhead:
        if len(table) > len(column):
            table = table[:-1]
        else:
            column = column[:-1]
    return "_".join(it for it in (table, column, ending) if it)
