"""Postgres's side of the schema: tables, full-text search as a generated column, the commit function, and the look for drift."""

from collections.abc import Sequence
from hashlib import sha256
from string import punctuation
from typing import Any, Union

import asyncpg
from pydantic.alias_generators import to_camel

from hub.domain.model import Record
from stores import schema, sql

KNOWN_FUNCTION = "SELECT count(*) FROM pg_proc WHERE proname = $1 AND pronamespace = current_schema()::regnamespace"
LOCK = 7_471_001
"""The advisory lock under which one node at a time changes the schema."""
LONGEST_TEXT = 200_000
"""Characters of a field that are searched: a tsvector holds at most 1 MB."""
REMOVE, GUARD = 0, -1
"""In place of a new version: what else a step may be."""

Connection = Union["asyncpg.Connection[Any]", "asyncpg.pool.PoolConnectionProxy[Any]"]


def statements(kinds: Sequence[type[Record]]) -> list[str]:
    return schema.tables(kinds, _table, "BIGINT")


def width(kinds: Sequence[type[Record]]) -> int:
    return max(len(type_.columns) for type_ in kinds)


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
    text = f", search tsvector GENERATED ALWAYS AS ({_text(type_)}) STORED" if type_.searchable else ""
    made = (
        f'CREATE TABLE {kind} (tenant TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, version BIGINT NOT NULL, '
        f"created_at TEXT NOT NULL, updated_at TEXT NOT NULL, body TEXT NOT NULL{own}{text}, PRIMARY KEY (tenant, id))"
    )
    return [made, f"CREATE INDEX {kind}_text ON {kind} USING GIN (search) WITH (fastupdate = off)"] if type_.searchable else [made]


def _text(type_: type[Record]) -> str:
    """The first field weighs A, the others B."""
    first, *others = (f"coalesce(body::jsonb ->> '{to_camel(name)}', '')" for name in type_.searchable)
    parts = [_words(first, "A"), *([_words(" || ' ' || ".join(others), "B")] if others else [])]
    return " || ".join(parts)


def _words(text: str, weight: str) -> str:
    """Punctuation goes first, or Postgres takes a path, an address or 1.5 for one word."""
    marks = punctuation.replace("_", "").replace("'", "''")
    plain = f"translate(left({text}, {LONGEST_TEXT // 2}), '{marks}', '{' ' * (len(punctuation) - 1)}')"
    return f"setweight(to_tsvector('simple'::regconfig, {plain}), '{weight}')"


def _function(name: str, kinds: Sequence[type[Record]]) -> str:
    extra = "".join(f", c{at} text[]" for at in range(width(kinds)))
    return f"""CREATE FUNCTION {name}(u int[], k text[], v bigint[], e bigint[], t text[], i text[], ca text[], ua text[], b text[]{extra},
        eu int[], et text[], en text[], ek text[], er text[], ew text[], eb text[], OUT lost int[], OUT head bigint)
        LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $body${_function_body(kinds)}$body$"""


def _function_body(kinds: Sequence[type[Record]]) -> str:
    """Check every version, leave out the units that lost, write the others, number their events.

    The log's head row is locked first. It is the queue of all nodes: who holds it sees every earlier commit, so the versions
    checked stay true until the end, and cursors are given in commit order without gaps. READ COMMITTED is needed: each statement
    must see what the lock waited for. Its plans are made while the tables are small and kept, so they are made without sequential
    scans: else a new database would slow down with each record until the first ANALYZE.
    """
    more = range(width(kinds))
    rows = "unnest(u, k, v, e, t, i, ca, ua, b" + "".join(f", c{at}" for at in more) + ")"
    rows += " AS w(u, k, v, e, t, i, ca, ua, b" + "".join(f", x{at}" for at in more) + ")"
    current = " ".join(
        f"WHEN '{type_.kind}' THEN (SELECT x.version FROM {type_.kind} x WHERE x.tenant = w.t AND x.id = w.i)" for type_ in kinds
    )
    return f"""
    DECLARE grown bigint;
    BEGIN
        SELECT cursor INTO head FROM log_head WHERE one = 1 FOR UPDATE;
        lost := ARRAY(SELECT DISTINCT w.u FROM {rows} WHERE coalesce(CASE w.k {current} END, 0) <> w.e);
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


def _write(type_: type[Record], rows: str) -> str:
    kind, names = type_.kind, sql.names(type_)
    values = ", ".join(["w.t", "w.i", "w.v", "w.ca", "w.ua", "w.b", *(f"w.x{at}" for at in range(len(type_.columns)))])
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    return f"""IF '{kind}' = ANY (k) THEN
            DELETE FROM {kind} x USING {rows} WHERE w.k = '{kind}' AND w.v = {REMOVE} AND w.u <> ALL (lost)
                AND x.tenant = w.t AND x.id = w.i;
            INSERT INTO {kind} ({", ".join(names)}) SELECT {values} FROM {rows}
                WHERE w.k = '{kind}' AND w.v > 0 AND w.u <> ALL (lost) ON CONFLICT (tenant, id) DO UPDATE SET {changes};
        END IF;
        """
