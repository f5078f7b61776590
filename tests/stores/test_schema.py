"""Databases are brought forward by numbered steps, and only forward. On both engines."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest

from hub.domain import KINDS
from hub.domain.errors import Unavailable
from hub.domain.model import Record
from hub.domain.tasks import Task
from hub.ports import HubStore
from stores import schema
from stores.postgres import PostgresStore
from stores.schema import postgres, sqlite
from stores.sqlite import SqliteStore, _hop
from tests.stores.units import NOW, TENANT, put, stored, task

both_engines = pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)


async def open_(database: str, kinds: Sequence[type[Record]] = KINDS) -> SqliteStore | PostgresStore:
    if database.startswith("sqlite:"):
        return await SqliteStore.open(Path(database.removeprefix("sqlite:")), kinds)
    return await PostgresStore.open(database, kinds)


async def one(store: HubStore, statement: str) -> Any:
    """The first value of a statement's answer."""
    if isinstance(store, SqliteStore):
        return await _hop(store._writer, lambda raw: raw.execute(statement).fetchone()[0])
    assert isinstance(store, PostgresStore)
    return await store._pool.fetchval(statement)


@pytest.fixture
def two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps 2 and 3 of a future version."""
    for number, statements in {
        2: ("CREATE TABLE flavour (name TEXT NOT NULL)", "INSERT INTO flavour VALUES ('sour')"),
        3: ("ALTER TABLE flavour ADD COLUMN strength TEXT", "UPDATE flavour SET strength = 'very'"),
    }.items():
        step = ModuleType(f"stores.schema.step_{number}")
        step.SQLITE = step.POSTGRES = statements  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, step.__name__, step)
    monkeypatch.setattr(schema, "STEPS", (2, 3))


@both_engines
async def test_an_old_database_is_brought_forward_step_by_step_and_keeps_what_it_holds(
    database: str, two_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as past:
        past.setattr(schema, "STEPS", ())
        old = await open_(database)
        await put(old, task("t", "kept"))
        assert await one(old, "SELECT version FROM schema_version") == 1
        await old.close()
    for _ in range(2):
        new = await open_(database)
        assert await one(new, "SELECT version FROM schema_version") == 3
        assert await one(new, "SELECT name || ' ' || strength FROM flavour") == "sour very"
        assert await one(new, "SELECT count(*) FROM flavour") == 1
        assert (await stored(new, "t")).title == "kept"
        await new.close()


CAME = {
    2: ("mcp_server", "token"),
    3: ("task_message", "sent_message", "artifact_chunk", "remote_agent", "remote_task", "push_config"),
    4: ("session", "session_servers", "prompt", "session_entry", "permission", "permission_policy", "provider", "specialist"),
    5: (
        "board",
        "codebase",
        "worktree",
        "workflow",
        "workflow_run",
        "background_task",
        "schedule",
        "webhook_config",
        "webhook_log",
        "polling_settings",
        "clone",
        "shared_session",
        "participant",
        "shared_message",
        "prompt_approval",
    ),
}
"""The kinds that came with a version. A column that comes to a kind needs that kind's old declaration."""

INDEXED_BEFORE = {5: (Task, (("workspace_id",),))}
"""The indexes of a kind before a version that gave it more."""


@both_engines
@pytest.mark.parametrize("version", range(schema.FIRST, schema.head()))
async def test_a_database_of_an_earlier_version_becomes_what_a_new_one_is(
    database: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = {kind for number, kinds in CAME.items() if number > version for kind in kinds}
    with monkeypatch.context() as past:
        past.setattr(schema, "STEPS", tuple(range(schema.FIRST + 1, version + 1)))
        for kind, indexes in (before for number, before in INDEXED_BEFORE.items() if number > version):
            past.setattr(kind, "indexes", indexes)
        await (await open_(database, tuple(kind for kind in KINDS if kind.kind not in unknown))).close()
    new = await open_(database)
    assert await one(new, "SELECT version FROM schema_version") == schema.head()
    assert [finding for finding in await new.examine() if not finding.ok] == []
    await new.close()


@both_engines
async def test_a_database_of_the_middle_takes_only_the_steps_that_it_lacks(
    database: str, two_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in ((), (2,), (2, 3)):
        monkeypatch.setattr(schema, "STEPS", steps)
        store = await open_(database)
        assert await one(store, "SELECT version FROM schema_version") == 1 + len(steps)
        await store.close()


@both_engines
async def test_a_step_that_fails_leaves_the_database_as_it_was(database: str, two_steps: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as past:
        past.setattr(schema, "STEPS", ())
        await (await open_(database)).close()
    broken = ModuleType("stores.schema.step_3")
    broken.SQLITE = broken.POSTGRES = ("CREATE TABLE half (done TEXT)", "ALTER TABLE nowhere ADD COLUMN x TEXT")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, broken.__name__, broken)
    with pytest.raises(Unavailable):
        await open_(database)
    monkeypatch.setattr(schema, "STEPS", ())
    store = await open_(database)
    assert await one(store, "SELECT version FROM schema_version") == 1
    assert all(finding.ok for finding in await store.examine())
    await store.close()


@both_engines
async def test_an_older_version_refuses_a_database_that_was_brought_forward(
    database: str, two_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await open_(database)).close()
    monkeypatch.setattr(schema, "STEPS", ())
    if database.startswith("sqlite:"):
        await rewrite_version(database)
    else:
        connection = await asyncpg.connect(database)
        await connection.execute("UPDATE schema_version SET version = 3")
        await connection.close()
    with pytest.raises(Unavailable, match=r"has schema 3, and this Trivium knows schemas up to 1.*newer Trivium"):
        await open_(database)


async def rewrite_version(database: str) -> None:
    import sqlite3

    with sqlite3.connect(database.removeprefix("sqlite:")) as raw:
        raw.execute("UPDATE schema_version SET version = 3")
    raw.close()


@both_engines
async def test_a_record_that_a_newer_node_wrote_is_read_without_what_is_not_known(database: str) -> None:
    store = await open_(database)
    await put(store, task("t", "kept"))
    body = (await stored(store, "t")).to_json().replace('"title":', '"flavour":{"sour":1},"title":')
    if isinstance(store, SqliteStore):
        await _hop(store._writer, lambda raw: raw.execute("UPDATE task SET body = ?", (body,)))
    else:
        assert isinstance(store, PostgresStore)
        await store._pool.execute("UPDATE task SET body = $1", body)
    found = await store.get(TENANT, Task, "t")
    assert found == task("t", "kept", version=1, created_at=NOW, updated_at=NOW)
    await store.close()


def test_every_kind_has_its_table_in_both_dialects() -> None:
    for dialect in (sqlite, postgres):
        made = dialect.statements(KINDS)
        for type_ in KINDS:
            assert any(line.startswith(f"CREATE TABLE {type_.kind} (") for line in made)
