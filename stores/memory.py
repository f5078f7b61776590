"""Everything in this process: the measure for the other stores."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice, pairwise
from re import findall
from typing import TypeVar

from hub.domain.errors import Busy, Conflict, Duplicate, Refused
from hub.domain.events import Event
from hub.domain.model import Record
from hub.feed import Bell
from hub.ports import (
    IN_USE,
    Batch,
    Filter,
    Find,
    Finding,
    Hit,
    Logged,
    Look,
    Page,
    R,
    Search,
    Snapshot,
    Staged,
    StoredEvent,
    StoredRecord,
    Write,
)

T = TypeVar("T")
Row = tuple[Record, str]
"""The record and its body."""
Tables = defaultdict[tuple[str, str], dict[str, Row]]
"""By tenant and kind, then by key."""
Place = tuple[str, str, tuple[tuple[str, str | None], ...]]
"""Tenant, kind, and an index's columns with their values."""
Groups = defaultdict[Place, dict[str, Row]]
"""The rows again, by the places where an index has them."""
Entry = tuple[str, Event, Logged]
"""Tenant, event, and the event as it is read."""


class MemoryStore:
    def __init__(self) -> None:
        self._tables: Tables = defaultdict(dict)
        self._groups: Groups = defaultdict(dict)
        self._log: list[Entry] = []
        self._head = 0
        self._bell = Bell()
        self._open = True

    async def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        row = self._tables[tenant, type_.kind].get(key)
        return row[0] if row and isinstance(row[0], type_) else None

    async def find(self, tenant: str, query: Find) -> Sequence[str]:
        return self._find(tenant, query)

    async def look(self, tenant: str, queries: Sequence[Find]) -> Look:
        return Look([self._find(tenant, query) for query in queries], self._head)

    async def search(self, tenant: str, query: Search) -> Sequence[Hit]:
        hits = [
            Hit(type_.kind, body, score)
            for type_ in query.types
            for record, body in self._tables[tenant, type_.kind].values()
            if query.workspace_id in (None, record.column("workspace_id")) and (score := _score(record, query.words))
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.kind, hit.body))
        return hits[query.offset : query.offset + query.limit]

    async def commit(self, unit: Staged) -> int:
        if not self._open:
            raise Busy("The hub is shutting down. Call again when it is back.")
        tenant, writes = unit.tenant, unit.writes
        for write in writes:
            row = self._tables[tenant, write.type.kind].get(write.key)
            if (row[0].version if row else 0) != write.expected:
                raise Conflict("The record was changed meanwhile. Read it again and repeat the change.")
        self._check_unique(tenant, writes)
        for write in writes:
            if not write.guard:
                self._apply(tenant, write)
        for event in unit.events:
            self._head += 1
            self._log.append(_entry(self._head, unit.tenant, event))
        self._bell.ring(self._head)
        return self._head

    async def close(self) -> None:
        self._open = False
        self.silence()

    async def after(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        if cursor >= self._head:
            return Page((), cursor)
        events: list[Logged] = []
        start = self._beyond(cursor)
        for place in range(start, len(self._log)):
            owner, event, logged = self._log[place]
            if owner == tenant and _wanted(event, filter_):
                events.append(logged)
                if len(events) == limit:
                    return Page(events, logged.cursor)
        return Page(events, max(cursor, self._head))

    async def news(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        return await self.after(cursor, tenant, filter_, limit)

    async def latest(self) -> int:
        return self._head

    @property
    def heard(self) -> int:
        return self._head

    async def beyond(self, cursor: int, patience: float) -> None:
        await self._bell.beyond(cursor, patience)

    def silence(self) -> None:
        self._bell.silence()

    @asynccontextmanager
    async def snapshot(self, kinds: Sequence[type[Record]]) -> AsyncIterator[Snapshot]:
        tables = [(kind, tenant, table) for type_ in kinds for (tenant, kind), table in self._tables.items() if kind == type_.kind]
        records = [StoredRecord(kind, tenant, body) for kind, tenant, table in tables for _, body in table.values()]
        events = [StoredEvent(logged.cursor, tenant, logged.body) for tenant, _, logged in self._log]
        yield Snapshot(self._head, _at_once(records), _at_once(events))

    async def restore(self, batches: AsyncIterator[Batch], head: int) -> None:
        """Everything is made beside the store, and becomes the store at the end."""
        tables: Tables = defaultdict(dict)
        log: list[Entry] = []
        async for batch in batches:
            for tenant, record in batch.records:
                if record.key in tables[tenant, record.kind]:
                    raise Duplicate(f"There are two of {record.kind} {record.key!r}.")
                tables[tenant, record.kind][record.key] = (record, record.to_json())
            log += [_entry(cursor, tenant, event) for cursor, tenant, event in batch.events]
        for table in tables.values():
            _expect_unique([record for record, _ in table.values()])
        if any(one[2].cursor >= other[2].cursor for one, other in pairwise(log)):
            raise ValueError("the events are not in the log's order")
        if self._head or any(self._tables.values()):
            raise Refused(IN_USE)
        self._tables, self._log, self._head = tables, log, max(head, log[-1][2].cursor if log else 0)
        for (tenant, _), table in tables.items():
            for key, row in table.items():
                self._group(tenant, key, row)
        self._bell.ring(self._head)

    async def examine(self) -> Sequence[Finding]:
        return [Finding(True, "memory store: nothing outlives the process", "serve --db sqlite:PATH keeps what is written")]

    def _find(self, tenant: str, query: Find) -> Sequence[str]:
        if unknown := {name for name, _ in query.where} - set(query.type.columns):
            raise ValueError(f"{query.type.kind} declares no column {unknown}")
        if query.key:
            row = self._tables[tenant, query.type.kind].get(query.key)
            return [row[1]] if row and all(row[0].column(name) == value for name, value in query.where) else []
        ordered = sorted(self._candidates(tenant, query).items(), key=lambda item: item[0], reverse=query.last)
        found = (
            body for key, (record, body) in ordered
            if key > query.after and all(record.column(name) == value for name, value in query.where)
        )  # fmt: skip
        taken = list(islice(found, query.limit))
        return taken[::-1] if query.last else taken

    def _beyond(self, cursor: int) -> int:
        """The place of the first event beyond it. Only a log that was restored may have gaps, where it has to be looked for."""
        start = cursor - self._head + len(self._log)
        if start >= 1 and self._log[start - 1][2].cursor == cursor:
            return start
        return bisect_right(self._log, cursor, key=lambda entry: entry[2].cursor)

    def _check_unique(self, tenant: str, writes: Sequence[Write]) -> None:
        """Look at the records as the unit would leave them."""
        for type_ in {write.type for write in writes if write.type.unique and write.record}:
            after: dict[str, Record | None] = {key: record for key, (record, _) in self._tables[tenant, type_.kind].items()}
            after |= {write.key: write.record for write in writes if write.type is type_ and not write.guard}
            _expect_unique([record for record in after.values() if record])

    def _apply(self, tenant: str, write: Write) -> None:
        table = self._tables[tenant, write.type.kind]
        old = table.pop(write.key, None)
        before = _places(tenant, old[0]) if old else ()
        if write.record is None:
            return self._leave(before, write.key)
        table[write.key] = row = (write.record, write.body)
        places = _places(tenant, write.record)
        if before != places:
            self._leave(before, write.key)
        for place in places:
            self._groups[place][write.key] = row

    def _leave(self, places: Sequence[Place], key: str) -> None:
        for place in places:
            self._groups[place].pop(key)
            if not self._groups[place]:
                del self._groups[place]

    def _group(self, tenant: str, key: str, row: Row) -> None:
        for place in _places(tenant, row[0]):
            self._groups[place][key] = row

    def _candidates(self, tenant: str, query: Find) -> dict[str, Row]:
        """The smallest group that holds all that the query looks for."""
        where, kind = dict(query.where), query.type.kind
        places = [(tenant, kind, tuple((name, where[name]) for name in names)) for names in query.type.indexes if where.keys() >= {*names}]
        return min((self._groups.get(place, {}) for place in places), key=len, default=self._tables[tenant, kind])


def _places(tenant: str, record: Record) -> list[Place]:
    return [(tenant, record.kind, tuple([(name, record.column(name)) for name in names])) for names in record.indexes]


def _expect_unique(records: Sequence[Record]) -> None:
    """Of one kind and tenant. As in SQL, an absent value is like no other."""
    for names in type(records[0]).unique if records else ():
        taken = [values for record in records if None not in (values := tuple(map(record.column, names)))]
        if len(set(taken)) < len(taken):
            raise Duplicate("There is one like it already.")


def _entry(cursor: int, tenant: str, event: Event) -> Entry:
    return tenant, event, Logged(cursor, event.name, event.record_id, event.to_json())


async def _at_once(rows: list[T]) -> AsyncIterator[Sequence[T]]:
    if rows:
        yield rows


def _wanted(event: Event, filter_: Filter) -> bool:
    return (
        filter_.workspace_id in (None, event.workspace_id) and filter_.record_id in (None, event.record_id)
        and (not filter_.kinds or event.kind in filter_.kinds)
    )  # fmt: skip


def _score(record: Record, words: Sequence[str]) -> float:
    """How often the words occur, the first field counting ten times; 0 unless every word does."""
    texts = [findall(r"\w+", (record.column(name) or "").lower()) for name in type(record).searchable]
    counts = [sum(weight * text.count(word) for weight, text in zip((10.0, *[1.0] * len(texts)), texts, strict=False)) for word in words]
    return sum(counts) if all(counts) else 0.0
