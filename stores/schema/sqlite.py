"""SQLite's side of the schema: tables, full-text indexes, and the look for drift."""

import sqlite3
from collections.abc import Sequence

from hub.domain.model import Record
from stores import schema


def statements(kinds: Sequence[type[Record]]) -> list[str]:
    return schema.tables(kinds, _table, "INTEGER")  # INTEGER PRIMARY KEY is the row id itself: one tree less


def migrate(raw: sqlite3.Connection, kinds: Sequence[type[Record]]) -> None:
    """Bring the database to today's schema. Several processes may do this at once."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        known = raw.execute("SELECT name FROM sqlite_master WHERE name = 'schema_version'").fetchone()
        if known:
            (version,) = raw.execute("SELECT version FROM schema_version").fetchone()
            todo = schema.steps_from(version, "SQLITE")
        elif raw.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone():
            raise schema.SchemaError("The file is a database of something else. Name another file with --db sqlite:PATH.")
        else:
            todo = statements(kinds)
        for statement in todo:
            raw.execute(statement)
        raw.execute("COMMIT")
    except BaseException:
        raw.execute("ROLLBACK")
        raise


def drift(raw: sqlite3.Connection, kinds: Sequence[type[Record]]) -> list[str]:
    """What in this database is not as a new one would have it."""
    with sqlite3.connect(":memory:") as fresh:
        for statement in statements(kinds):
            fresh.execute(statement)
        wanted, found = _shape(fresh), _shape(raw)
    fresh.close()
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def _shape(raw: sqlite3.Connection) -> dict[str, object]:
    """Tables by their columns (a table that was altered has another text), everything else by its text."""
    shape: dict[str, object] = {}
    for type_, name, text in raw.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall():
        columns = raw.execute('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)', (name,)).fetchall()
        shape[name] = sorted(columns) if type_ == "table" and not text.startswith("CREATE VIRTUAL") else text
    return shape


def _table(type_: type[Record]) -> list[str]:
    """`row` is the row id by name, so that VACUUM keeps it: the full-text index knows records by it."""
    kind, own = type_.kind, "".join(f", {name} TEXT" for name in type_.columns)
    fixed = "row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, created_at TEXT NOT NULL"
    made = [
        f"CREATE TABLE {kind} ({fixed}, updated_at TEXT NOT NULL, body TEXT NOT NULL{own})",
        f"CREATE UNIQUE INDEX {kind}_key ON {kind} (tenant, id)",
    ]
    if type_.searchable:  # content='' keeps no text: the record has it; stores/sqlite_writer.py keeps it up to date
        made.append(f"CREATE VIRTUAL TABLE {kind}_text USING fts5({', '.join(type_.searchable)}, content='', tokenize='unicode61')")
    return made
