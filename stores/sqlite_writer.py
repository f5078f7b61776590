"""What SQLite's writer does on its thread: a round of units in one transaction.

Full text is indexed at the end of a round, by statements of their own. In a trigger FTS5 would flush at every savepoint that the
trigger opens, which costs as much as the rest of the write.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pydantic.alias_generators import to_camel

from hub.domain.errors import Busy, Conflict, Duplicate, HubError, Unavailable
from hub.domain.model import Record
from hub.ports import Staged, Write
from stores import sql

UNWRITABLE = {
    sqlite3.SQLITE_FULL: "The disk is full. Free some space and call again.",
    sqlite3.SQLITE_READONLY: "The database file may not be written. Let the hub's user write it and start the hub again.",
}
"""Failures after which it is known that nothing was done."""

Texts = tuple[str | None, ...]
"""The searchable fields of a record."""


class Index(NamedTuple):
    """The statements that keep a kind's full-text index."""

    indexed: str
    """The row and the texts that a record is indexed by now."""
    add: str
    drop: str


class Statements(NamedTuple):
    get: str
    insert: str
    update: str
    remove: str
    guard: str
    absent: str
    full_text: Index | None


class Step(NamedTuple):
    """A statement that answers the record's row, or nothing when the unit lost."""

    text: str
    values: sql.Values
    key: tuple[str, str]
    new: bool = False
    full_text: Index | None = None
    texts: Texts | None = None
    """What the record is to be indexed by from now on; None when it goes."""


class Change(NamedTuple):
    """What the full-text index has to follow."""

    full_text: Index
    row: int
    before: Texts | None
    after: Texts | None


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A unit made ready on the event loop, so that the thread only executes.

    Guards come first, then removals, which may free the unique key of a put.
    """

    steps: Sequence[Step]
    events: Sequence[sql.Values]


def encode(unit: Staged) -> Encoded:
    in_order = sorted(unit.writes, key=lambda write: (not write.guard, write.record is not None))
    return Encoded([_step(unit.tenant, write) for write in in_order], [sql.logged(unit.tenant, event) for event in unit.events])


def commit(raw: sqlite3.Connection, units: Sequence[Encoded]) -> tuple[int, list[int | HubError]]:
    """One transaction for all. A unit that fails is taken back alone, and its events are never numbered."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise Busy("Another process has been writing for seconds. Nothing was done; call again.") from None
    try:
        (head,) = raw.execute("SELECT cursor FROM log_head").fetchone()
        outcomes: list[int | HubError] = []
        rows: list[sql.Values] = []
        changes: list[Change] = []
        for unit in units:
            done = _apply(raw, unit.steps)
            if isinstance(done, HubError):
                outcomes.append(done)
                continue
            changes += done
            rows += [(head + at, *event) for at, event in enumerate(unit.events, 1)]
            head += len(unit.events)
            outcomes.append(head)
        _index(raw, changes)
        if rows:
            raw.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            raw.execute("UPDATE log_head SET cursor = ?", (head,))
        raw.execute("COMMIT")
    except BaseException as error:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError) and (said := UNWRITABLE.get(error.sqlite_errorcode & 0xFF)):
            raise Unavailable(f"{said} Nothing was written.") from None
        raise
    return head, outcomes


@lru_cache(64)
def statements(type_: type[Record]) -> Statements:
    kind, names, where = type_.kind, sql.names(type_), "WHERE tenant = ? AND id = ? AND version = ?"
    marks, changed = ", ".join("?" * len(names)), ", ".join(f"{name} = ?" for name in names[2:])
    return Statements(
        get=f"SELECT body FROM {kind} WHERE tenant = ? AND id = ?",
        insert=f"INSERT INTO {kind} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (tenant, id) DO NOTHING RETURNING row",
        update=f"UPDATE {kind} SET {changed} {where} RETURNING row",
        remove=f"DELETE FROM {kind} {where} RETURNING row",
        guard=f"SELECT row FROM {kind} {where}",
        absent=f"SELECT 0 WHERE NOT EXISTS (SELECT row FROM {kind} WHERE tenant = ? AND id = ?)",
        full_text=_index_statements(type_) if type_.searchable else None,
    )


def _index_statements(type_: type[Record]) -> Index:
    kind, fields = type_.kind, ", ".join(type_.searchable)
    texts = ", ".join(f"json_extract(body, '$.{to_camel(name)}')" for name in type_.searchable)
    marks = ", ".join("?" * (len(type_.searchable) + 1))
    return Index(
        indexed=f"SELECT row, {texts} FROM {kind} WHERE tenant = ? AND id = ?",
        add=f"INSERT INTO {kind}_text (rowid, {fields}) VALUES ({marks})",
        drop=f"INSERT INTO {kind}_text ({kind}_text, rowid, {fields}) VALUES ('delete', {marks})",
    )


def _step(tenant: str, write: Write) -> Step:
    if write.record is not None:
        return _put(tenant, write.record, write)
    made, key = statements(write.type), (tenant, write.key)
    if write.guard:
        return Step(made.guard, (*key, write.expected), key) if write.expected else Step(made.absent, key, key)
    return Step(made.remove, (*key, write.expected), key, full_text=made.full_text)


def _put(tenant: str, record: Record, write: Write) -> Step:
    made, key, row = statements(type(record)), (tenant, record.key), sql.row(tenant, record, write.body)
    texts = tuple(record.column(name) for name in type(record).searchable) if made.full_text else None
    if write.expected:
        return Step(made.update, (*row[2:], *key, write.expected), key, full_text=made.full_text, texts=texts)
    return Step(made.insert, row, key, new=True, full_text=made.full_text, texts=texts)


def _apply(raw: sqlite3.Connection, steps: Sequence[Step]) -> list[Change] | HubError:
    """A failed statement undoes itself, and guards come first: a savepoint is needed only where several steps write."""
    several = len(steps) > 1 and not steps[-2].text.startswith("SELECT")
    if several:
        raw.execute("SAVEPOINT unit")
    done: list[Change] | HubError = []
    try:
        done = _executed(raw, steps)
    except sqlite3.IntegrityError:
        done = Duplicate("There is one like it already.")
    if several:
        raw.execute("ROLLBACK TO unit" if isinstance(done, HubError) else "RELEASE unit")
    return done


def _executed(raw: sqlite3.Connection, steps: Sequence[Step]) -> list[Change] | HubError:
    changes: list[Change] = []
    for text, values, key, new, full_text, texts in steps:
        indexed = raw.execute(full_text.indexed, key).fetchone() if full_text and not new else None
        found = raw.execute(text, values).fetchall()
        if not found:
            return Conflict("The record was changed meanwhile. Read it again and repeat the change.")
        if full_text:
            changes.append(Change(full_text, found[0][0], indexed and indexed[1:], texts))
    return changes


def _index(raw: sqlite3.Connection, changes: Sequence[Change]) -> None:
    for full_text, row, before, after in changes:
        if before == after:
            continue
        if before is not None:
            raw.execute(full_text.drop, (row, *before))
        if after is not None:
            raw.execute(full_text.add, (row, *after))
