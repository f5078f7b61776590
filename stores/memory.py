"""Everything in this process: the measure for the other stores."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from re import findall

from hub.domain.errors import Busy, Conflict, Duplicate
from hub.domain.events import Event
from hub.domain.model import Record
from hub.feed import Bell
from hub.ports import Filter, Find, Finding, Hit, Logged, Page, R, Search, Staged, StoredEvent, StoredRecord, Write

Row = tuple[Record, str]
"""The record and its body."""


class MemoryStore:
    def __init__(self) -> None:
        self._tables: defaultdict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
        self._log: list[tuple[str, Event, Logged]] = []
        self._bell = Bell()
        self._open = True

    async def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        row = self._tables[tenant, type_.kind].get(key)
        return row[0] if row and isinstance(row[0], type_) else None

    async def find(self, tenant: str, query: Find) -> Sequence[str]:
        if unknown := {name for name, _ in query.where} - set(query.type.columns):
            raise ValueError(f"{query.type.kind} declares no column {unknown}")
        table = self._tables[tenant, query.type.kind]
        found = (
            body for key, (record, body) in sorted(table.items(), key=lambda item: item[0])
            if key > query.after and all(record.column(name) == value for name, value in query.where)
        )  # fmt: skip
        return list(islice(found, query.limit))

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
        for write in unit.writes:
            self._check(unit.tenant, write)
        self._check_unique(unit)
        for write in unit.writes:
            self._apply(unit.tenant, write)
        for event in unit.events:
            self._log.append((unit.tenant, event, Logged(len(self._log) + 1, event.name, event.to_json())))
        self._bell.ring(len(self._log))
        return len(self._log)

    async def close(self) -> None:
        self._open = False

    async def after(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        events: list[Logged] = []
        for owner, event, logged in islice(self._log, cursor, None):
            if owner == tenant and _wanted(event, filter_):
                events.append(logged)
                if len(events) == limit:
                    return Page(events, logged.cursor)
        return Page(events, max(cursor, len(self._log)))

    async def latest(self) -> int:
        return len(self._log)

    async def beyond(self, cursor: int, patience: float) -> None:
        await self._bell.beyond(cursor, patience)

    async def records(self, kinds: Sequence[type[Record]]) -> AsyncIterator[Sequence[StoredRecord]]:
        for type_ in kinds:
            for (tenant, kind), table in list(self._tables.items()):
                if kind == type_.kind:
                    yield [StoredRecord(kind, tenant, body) for _, body in table.values()]

    async def events(self) -> AsyncIterator[Sequence[StoredEvent]]:
        yield [StoredEvent(logged.cursor, tenant, logged.body) for tenant, _, logged in self._log]

    async def restore(self, records: Sequence[tuple[str, Record]], events: Sequence[tuple[int, str, Event]]) -> None:
        if [cursor for cursor, _, _ in events] != list(range(1, len(events) + 1)):
            raise ValueError("the log's cursors have a gap")
        for tenant, record in records:
            self._tables[tenant, record.kind][record.key] = (record, record.to_json())
        self._log += [(tenant, event, Logged(cursor, event.name, event.to_json())) for cursor, tenant, event in events]

    async def examine(self) -> Sequence[Finding]:
        return [Finding(True, "memory store: nothing outlives the process", "serve --db sqlite:PATH keeps what is written")]

    def _check(self, tenant: str, write: Write) -> None:
        table = self._tables[tenant, write.type.kind]
        row = table.get(write.key)
        if (row[0].version if row else 0) != write.expected:
            raise Conflict("The record was changed meanwhile. Read it again and repeat the change.")

    def _check_unique(self, unit: Staged) -> None:
        """Look at the records as the unit would leave them. As in SQL, an absent value is like no other."""
        for type_ in {write.type for write in unit.writes if write.record and write.type.unique}:
            after: dict[str, Record | None] = {key: record for key, (record, _) in self._tables[unit.tenant, type_.kind].items()}
            after |= {write.key: write.record for write in unit.writes if write.type is type_ and not write.guard}
            for names in type_.unique:
                taken = [values for record in after.values() if record and None not in (values := tuple(map(record.column, names)))]
                if len(set(taken)) < len(taken):
                    raise Duplicate("There is one like it already.")

    def _apply(self, tenant: str, write: Write) -> None:
        table = self._tables[tenant, write.type.kind]
        if write.record:
            table[write.key] = (write.record, write.record.to_json())
        elif not write.guard:
            table.pop(write.key, None)


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
