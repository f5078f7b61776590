"""The schema: made from the records' declarations when a database is new, brought forward by numbered steps when it is old.

A step is a module `step_<number>.py` here, with `SQLITE` and `POSTGRES`: the statements that make version n out of n - 1. It is
listed in STEPS and imported only when a database needs it. There is no way back: a newer schema is an error.
"""

from collections.abc import Callable, Sequence
from importlib import import_module

from hub.domain.model import Record

FIRST = 1
STEPS: tuple[int, ...] = (2, 3, 4, 5)
"""The numbers of the steps, rising from FIRST + 1."""

VERSION_TABLE = ("CREATE TABLE schema_version (version INTEGER NOT NULL)",)


class SchemaError(Exception):
    """The database's schema cannot be used. The message says what to do."""


def head() -> int:
    return STEPS[-1] if STEPS else FIRST


def steps_from(version: int, dialect: str) -> list[str]:
    """The statements from a stored version to today's."""
    if version > head():
        raise SchemaError(
            f"The database has schema {version}, and this Trivium knows schemas up to {head()}. Start the newer Trivium that made it."
        )
    statements = [line for number in STEPS if number > version for line in getattr(import_module(f"{__name__}.step_{number}"), dialect)]
    return [*statements, f"UPDATE schema_version SET version = {head()}"] if statements else []


def tables(kinds: Sequence[type[Record]], table: Callable[[type[Record]], list[str]], whole: str) -> list[str]:
    """All statements that make an empty database today's. `whole` is the engine's name for a whole number of 64 bits."""
    made = [statement for type_ in kinds for statement in [*table(type_), *indexes(type_)]]
    return [*made, *_log(whole), *VERSION_TABLE, f"INSERT INTO schema_version VALUES ({head()})"]


def indexes(type_: type[Record]) -> list[str]:
    """The tenant does not stand first: Postgres, planning on an empty table, would take such an index for the key's own."""
    kind = type_.kind
    plain = [f"CREATE INDEX {kind}_by_{'_'.join(columns)} ON {kind} ({', '.join(columns)}, tenant, id)" for columns in type_.indexes]
    return plain + [
        f"CREATE UNIQUE INDEX {kind}_one_{'_'.join(columns)} ON {kind} ({', '.join(columns)}, tenant)" for columns in type_.unique
    ]


def _log(whole: str) -> list[str]:
    """The log, and the row that all commits queue at."""
    columns = "tenant TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, record_id TEXT NOT NULL, workspace_id TEXT, body TEXT NOT NULL"
    return [
        f"CREATE TABLE log (cursor {whole} PRIMARY KEY, {columns})",
        "CREATE INDEX log_by_tenant ON log (tenant, cursor)",
        f"CREATE TABLE log_head (one INTEGER PRIMARY KEY, cursor {whole} NOT NULL)",
        "INSERT INTO log_head VALUES (1, 0)",
    ]
