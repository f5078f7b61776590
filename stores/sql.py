"""Every statement that both SQL stores share, made once from the records' declarations. `mark` is the engine's placeholder."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from hub.domain.events import Event
from hub.domain.model import Record
from hub.ports import Filter, Find, Look, Search

Mark = Callable[[int], str]
Values = tuple[str | int | None, ...]

FIXED = ("tenant", "id", "version", "created_at", "updated_at", "body")
EVENT_COLUMNS = ("cursor", "tenant", "name", "kind", "record_id", "workspace_id", "body")


class Dialect(NamedTuple):
    """The few ways in which the engines differ."""

    mark: Mark
    matches: Callable[[type[Record], str], str]
    """The FROM and WHERE of a full-text match against the words in this placeholder."""
    score: Callable[[type[Record], str], str]
    words: Callable[[Sequence[str]], str]
    """Words as the engine's query, all of them wanted."""


def row(tenant: str, record: Record, body: str) -> Values:
    """The values of FIXED and then of the record's own columns. The body is its JSON."""
    own = (record.column(name) for name in type(record).columns)
    return (tenant, record.key, record.version, record.created_at, record.updated_at, body, *own)


def names(type_: type[Record]) -> tuple[str, ...]:
    return (*FIXED, *type_.columns)


def logged(tenant: str, event: Event) -> Values:
    """The values of EVENT_COLUMNS but the cursor."""
    return tenant, event.name, event.kind, event.record_id, event.workspace_id, event.to_json()


def in_use(kinds: Sequence[type[Record]]) -> str:
    """Whether anything was ever logged, or any record is there."""
    return f"SELECT cursor > 0{''.join(f' OR EXISTS (SELECT 1 FROM {type_.kind})' for type_ in kinds)} FROM log_head"


def find(tenant: str, query: Find, dialect: Dialect) -> tuple[str, Values]:
    text = _find(query.type, _compared(query), _way(query), "body, id" if query.last else "body", 1, dialect.mark)
    return f"SELECT body FROM ({text}) AS newest ORDER BY id" if query.last else text, _found(tenant, query)


def look(tenant: str, queries: Sequence[Find], mark: Mark) -> tuple[str, Values]:
    """Several searches in one statement, and so of one moment: rows of a search's number and a body; number -1 is the log's cursor."""
    parts, values = ["SELECT -1 AS n, CAST(cursor AS TEXT) AS body, '' AS id FROM log_head"], list[str | int | None]()
    for number, query in enumerate(queries):
        one = _find(query.type, _compared(query), _way(query), f"{number} AS n, body, id", len(values) + 1, mark)
        values += _found(tenant, query)
        parts.append(f"SELECT n, body, id FROM ({one}) AS q{number}")
    return f"SELECT n, body FROM ({' UNION ALL '.join(parts)}) AS found ORDER BY n, id", tuple(values)


def looked(rows: Iterable[tuple[int, str]], count: int) -> Look:
    """The answer to `look` for so many searches."""
    found: list[list[str]] = [[] for _ in range(count)]
    cursor = 0
    for number, body in rows:
        if number < 0:
            cursor = int(body)
        else:
            found[number].append(body)
    return Look(found, cursor)


def _found(tenant: str, query: Find) -> Values:
    return (tenant, query.key or query.after, *(value for _, value in query.where), query.limit)


def _compared(query: Find) -> tuple[str, ...]:
    return tuple(name for name, _ in query.where)


def _way(query: Find) -> str:
    """How the key is looked for; `DESC`: from the end."""
    return "=" if query.key else "DESC" if query.last else ">"


@lru_cache(512)
def _find(type_: type[Record], compared: tuple[str, ...], way: str, wanted: str, first: int, mark: Mark) -> str:
    """`first` is the number of its first placeholder."""
    if unknown := set(compared) - set(type_.columns):
        raise ValueError(f"{type_.kind} declares no column {unknown}")
    conditions = [f"tenant = {mark(first)}", f"id {'=' if way == '=' else '>'} {mark(first + 1)}"]
    conditions += [f"{name} = {mark(at)}" for at, name in enumerate(compared, first + 2)]
    last = mark(first + 2 + len(compared))
    return f"SELECT {wanted} FROM {type_.kind} WHERE {' AND '.join(conditions)} ORDER BY id{' DESC' if way == 'DESC' else ''} LIMIT {last}"


def search(tenant: str, query: Search, dialect: Dialect) -> tuple[str, Values]:
    """One ranked answer over the tables of all kinds."""
    mark = dialect.mark
    owner = f" AND t.workspace_id = {mark(3)}" if query.workspace_id else ""
    parts = [
        f"SELECT '{type_.kind}' AS kind, t.body AS body, {dialect.score(type_, mark(1))} AS score "
        f"FROM {dialect.matches(type_, mark(1))} AND t.tenant = {mark(2)}{owner}"
        for type_ in query.types
    ]
    own: Values = (query.workspace_id,) if query.workspace_id else ()
    limit, offset = mark(3 + len(own)), mark(4 + len(own))
    hits = " UNION ALL ".join(parts)
    text = f"SELECT kind, body, score FROM ({hits}) AS hits ORDER BY score DESC, kind, body LIMIT {limit} OFFSET {offset}"
    return text, (dialect.words(query.words), tenant, *own, query.limit, query.offset)


def after(cursor: int, head: int, tenant: str, filter_: Filter, limit: int, mark: Mark) -> tuple[str, Values]:
    """Events in (cursor, head]. The head is read first, so that nothing committed between the two is skipped."""
    values: list[str | int | None] = [cursor, head, tenant]
    conditions = [f"cursor > {mark(1)}", f"cursor <= {mark(2)}", f"tenant = {mark(3)}"]
    for name, value in (("workspace_id", filter_.workspace_id), ("record_id", filter_.record_id)):
        if value is not None:
            values.append(value)
            conditions.append(f"{name} = {mark(len(values))}")
    if filter_.kinds:
        marks = [mark(len(values) + at) for at in range(1, len(filter_.kinds) + 1)]
        values += filter_.kinds
        conditions.append(f"kind IN ({', '.join(marks)})")
    values.append(limit)
    text = f"SELECT cursor, name, record_id, body FROM log WHERE {' AND '.join(conditions)} ORDER BY cursor LIMIT {mark(len(values))}"
    return text, tuple(values)
