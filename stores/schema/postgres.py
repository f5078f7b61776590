"""Postgres's side of the schema: tables, the commit function, which keeps the full text, too, and the look for drift."""

from collections.abc import Sequence
from hashlib import sha256
from string import punctuation
from typing import Any, Union

import asyncpg

from hub.domain.model import Record
from stores import schema, sql

KNOWN_FUNCTION = "SELECT count(*) FROM pg_proc WHERE proname = $1 AND pronamespace = current_schema()::regnamespace"
LOCK = 7_471_001
"""The advisory lock under which one node at a time changes the schema."""
LONGEST_TEXT = 200_000
"""Characters of a field that are searched: a tsvector holds at most 1 MB."""
SPACED = str.maketrans(dict.fromkeys(punctuation.replace("_", ""), " "))
REMOVE, GUARD = 0, -1
"""In place of a new version: what else a step may be."""

Connection = Union["asyncpg.Connection[Any]", "asyncpg.pool.PoolConnectionProxy[Any]"]


def statements(kinds: Sequence[type[Record]]) -> list[str]:
    return schema.tables(kinds, _table, "BIGINT")


def width(kinds: Sequence[type[Record]]) -> int:
    """How many values of its own a row has at most, beyond those that all rows have."""
    return max(len(type_.columns) + (2 if type_.searchable else 0) for type_ in kinds)


def row(tenant: str, record: Record, body: str) -> sql.Values:
    """The values of the columns, and then the texts under search: the first field's, and the others' together.

    Punctuation goes here, or Postgres takes a path, an address or 1.5 for one word; its own `translate` costs ten times as much.
    """
    first, *others = type(record).searchable or ("",)
    if not first:
        return sql.row(tenant, record, body)
    texts = (record.column(first) or "", " ".join(record.column(name) or "" for name in others))
    return (*sql.row(tenant, record, body), *(text[: LONGEST_TEXT // 2].translate(SPACED) for text in texts))


def inserted(type_: type[Record], values: Sequence[str]) -> tuple[list[str], list[str]]:
    """The columns of an INSERT and what goes into them, given the places of a row's values. The first text weighs A, the other B."""
    names, count = [*sql.names(type_)], len(sql.names(type_))
    if not type_.searchable:
        return names, [*values[:count]]
    words = [f"setweight(to_tsvector('simple', {values[count + at]}), '{weight}')" for at, weight in enumerate("AB")]
    return [*names, "search"], [*values[:count], " || ".join(words)]


def function_name(kinds: Sequence[type[Record]]) -> str:
    """Named after its text, so that nodes of two versions can work side by side during an upgrade."""
    return f"commit_units_{sha256(_function_body(kinds).encode()).hexdigest()[:12]}"


async def migrate(connection: Connection, kinds: Sequence[type[Record]]) -> None:
    """Bring the database to today's schema. Several nodes may do this at once."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await connection.fetchval("SELECT to_regclass('schema_version')"):
            todo = schema.steps_from(await connection.fetchval("SELECT version FROM schema_version"), "POSTGRES")
        else:
            todo = statements(kinds)
        for statement in todo:
            await connection.execute(statement)
        name = function_name(kinds)
        if not await connection.fetchval(KNOWN_FUNCTION, name):
            await connection.execute(_function(name, kinds))


async def drift(connection: Connection, kinds: Sequence[type[Record]]) -> list[str]:
    """What in this schema is not as a new one would have it: a new one is made beside it, looked at, and taken back."""
    found = await _shape(connection)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("CREATE SCHEMA trivium_fresh; SET LOCAL search_path TO trivium_fresh")
        for statement in statements(kinds):
            await connection.execute(statement)
        wanted = await _shape(connection)
    finally:
        await transaction.rollback()
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


async def _shape(connection: Connection) -> dict[str, str]:
    columns = await connection.fetch(
        "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, collation_name, generation_expression) "
        "FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    indexes = await connection.fetch(
        "SELECT indexname, replace(indexdef, current_schema() || '.', '') FROM pg_indexes WHERE schemaname = current_schema()"
    )
    return dict([*columns, *indexes])


def _table(type_: type[Record]) -> list[str]:
    kind, own = type_.kind, "".join(f', {name} TEXT COLLATE "C"' for name in type_.columns)
    text = ", search tsvector" if type_.searchable else ""
    made = (
        f'CREATE TABLE {kind} (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        f"created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL{own}{text}, PRIMARY KEY (tenant, id))"
    )
    return [made, f"CREATE INDEX {kind}_text ON {kind} USING GIN (search) WITH (fastupdate = off)"] if type_.searchable else [made]


def _function(name: str, kinds: Sequence[type[Record]]) -> str:
    extra = "".join(f", c{at} text[]" for at in range(width(kinds)))
    return f"""CREATE FUNCTION {name}(u int[], k text[], v bigint[], e bigint[], t text[], i text[], ca text[], ua text[], b text[]{extra},
        eu int[], et text[], en text[], ek text[], er text[], ew text[], eb text[], OUT lost int[], OUT head bigint)
        LANGUAGE plpgsql AS $body${_function_body(kinds)}$body$"""


def _function_body(kinds: Sequence[type[Record]]) -> str:
    """Check every version, leave out the units that lost, write the others, number their events.

    The log's head row is locked first. It is the queue of all nodes: who holds it sees every earlier commit, so the versions
    checked stay true until the end, and cursors are given in commit order without gaps. READ COMMITTED is needed: each statement
    must see what the lock waited for.
    """
    more = range(width(kinds))
    rows = "unnest(u, k, v, e, t, i, ca, ua, b" + "".join(f", c{at}" for at in more) + ")"
    rows += " AS w(u, k, v, e, t, i, ca, ua, b" + "".join(f", x{at}" for at in more) + ")"
    return f"""
    DECLARE grown bigint;
    BEGIN
        SELECT cursor INTO head FROM log_head WHERE one = 1 FOR UPDATE;
        lost := ARRAY[]::int[];
        {"".join(_check(type_, rows) for type_ in kinds)}
        {"".join(_write(type_, rows) for type_ in kinds)}
        INSERT INTO log ({", ".join(sql.EVENT_COLUMNS)})
            SELECT head + row_number() OVER (ORDER BY n), w.t, w.m, w.k, w.r, w.s, w.d
            FROM unnest(eu, et, en, ek, er, ew, eb) WITH ORDINALITY AS w(u, t, m, k, r, s, d, n) WHERE w.u <> ALL (lost);
        GET DIAGNOSTICS grown = ROW_COUNT;
        IF grown > 0 THEN
            head := head + grown;
            UPDATE log_head SET cursor = head WHERE one = 1;
            PERFORM pg_notify('trivium_log', head::text);
        END IF;
    END """


def _check(type_: type[Record], rows: str) -> str:
    """Kind by kind, so that a call opens the tables that it touches and no others."""
    version = f"(SELECT x.version FROM {type_.kind} x WHERE x.tenant = w.t AND x.id = w.i)"
    return f"""IF '{type_.kind}' = ANY (k) THEN
            lost := lost || ARRAY(SELECT w.u FROM {rows} WHERE w.k = '{type_.kind}' AND coalesce({version}, 0) <> w.e);
        END IF;
        """


def _write(type_: type[Record], rows: str) -> str:
    kind, places = type_.kind, ["w.t", "w.i", "w.v", "w.ca", "w.ua", "w.b", *(f"w.x{at}" for at in range(len(type_.columns) + 2))]
    names, values = inserted(type_, places)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    return f"""IF '{kind}' = ANY (k) THEN
            DELETE FROM {kind} x USING {rows} WHERE w.k = '{kind}' AND w.v = {REMOVE} AND w.u <> ALL (lost)
                AND x.tenant = w.t AND x.id = w.i;
            INSERT INTO {kind} ({", ".join(names)}) SELECT {", ".join(values)} FROM {rows}
                WHERE w.k = '{kind}' AND w.v > 0 AND w.u <> ALL (lost) ON CONFLICT (tenant, id) DO UPDATE SET {changes};
        END IF;
        """
