"""The unit of work: one class for every store, because staging and overlay are the same for all."""

from asyncio import Lock
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from hub.domain.errors import Conflict
from hub.domain.events import Event
from hub.domain.model import Instant, Record
from hub.ports import Filter, Find, Hit, HubStore, Page, R, Search, Write

RecordKey = tuple[str, str]
"""Kind and key."""
PAGE = 500
Turns = Mapping[tuple[str, str, str], Lock]


class Recent:
    """Records read lately, for reads whose version the commit compares anyway: an old one costs a second attempt, no more."""

    MOST = 10_000

    def __init__(self) -> None:
        self._records: dict[tuple[str, str, str], Record] = {}

    def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        record = self._records.get((tenant, type_.kind, key))
        return record if isinstance(record, type_) else None

    def put(self, tenant: str, record: Record) -> None:
        if len(self._records) >= self.MOST:
            self._records.clear()
        self._records[tenant, record.kind, record.key] = record

    def forget(self, tenant: str, keys: Iterable[RecordKey]) -> None:
        for key in keys:
            self._records.pop((tenant, *key), None)


class StagedFind(RuntimeError):
    """A handler searched a kind that it had already staged changes to: a mistake in the handler."""


class UnitOfWork:
    """Reads go through to the store at once; changes are kept until the commit. It opens nothing, and dropping it costs nothing.

    Its reads are no snapshot: a decision that rests on a record only read needs `guard`, one that rests on a search needs a
    unique column or a parent record that both sides write.
    """

    def __init__(self, store: HubStore, tenant: str, now: Instant, turns: Turns | None = None, recent: Recent | None = None) -> None:
        self._store, self._turns, self._recent = store, turns, recent or Recent()
        self._writes: dict[RecordKey, Write] = {}
        self.tenant, self.now = tenant, now
        self.events: list[Event] = []

    @property
    def writes(self) -> Sequence[Write]:
        return list(self._writes.values())

    @property
    def written(self) -> list[RecordKey]:
        """The records that it would change; not those that it only guards."""
        return [key for key, write in self._writes.items() if not write.guard]

    async def get(self, type_: type[R], key: str) -> R | None:
        """The record as this unit would leave it."""
        staged = self._writes.get((type_.kind, key))
        if staged is not None and not staged.guard:
            return staged.record if isinstance(staged.record, type_) else None
        if self._turns and (turn := self._turns.get((self.tenant, type_.kind, key))):
            async with turn:  # others lost a race over this record and go one by one: wait, holding nothing
                pass
        return await self._store.get(self.tenant, type_, key)

    async def get_recent(self, type_: type[R], key: str) -> R | None:
        """The record as it was not long ago: from memory, where it was read before."""
        record = self._recent.get(self.tenant, type_, key)
        if record is None and (record := await self.get(type_, key)):
            self._recent.put(self.tenant, record)
        return record

    async def get_guarded(self, type_: type[R], key: str) -> R | None:
        """Read and guard. It may come from memory, because the commit sees whether it still stands."""
        record = await self.get_recent(type_, key)
        if record is not None:
            self.guard(record)
        return record

    def forget_guarded(self) -> None:
        """After a conflict: what was guarded is read anew."""
        self._recent.forget(self.tenant, (key for key, write in self._writes.items() if write.guard))

    async def find(self, type_: type[R], after: str = "", limit: int = 100, **where: str | None) -> list[R]:
        """Committed records only. A column that is None is not compared."""
        return [type_.model_validate_json(body) for body in await self.bodies(type_, after, limit, **where)]

    async def bodies(self, type_: type[Record], after: str = "", limit: int = 100, **where: str | None) -> Sequence[str]:
        if any(kind == type_.kind and not write.guard for (kind, _), write in self._writes.items()):
            raise StagedFind(type_.kind)
        compared = tuple((name, value) for name, value in where.items() if value is not None)
        return await self._store.find(self.tenant, Find(type_, compared, after, limit))

    async def every(self, type_: type[R], **where: str | None) -> AsyncIterator[R]:
        """All of them, however many, a page at a time. Whoever stages changes of this kind collects them first."""
        page = await self.find(type_, "", PAGE, **where)
        while page:
            for record in page:
                yield record
            page = await self.find(type_, page[-1].key, PAGE, **where) if len(page) == PAGE else []

    async def search(self, query: Search) -> Sequence[Hit]:
        return await self._store.search(self.tenant, query)

    async def events_after(self, cursor: int, filter_: Filter, limit: int) -> Page:
        return await self._store.after(cursor, self.tenant, filter_, limit)

    async def latest(self) -> int:
        return await self._store.latest()

    async def beyond(self, cursor: int, patience: float) -> None:
        """Wait until the log may hold something beyond the cursor, at most for `patience` seconds. Nothing is held meanwhile."""
        await self._store.beyond(cursor, patience)

    def put(self, record: R) -> R:
        """Stage it; the answer is the record as it will stand, with its new version."""
        expected = self._expected(record)
        stored = record.stamped(expected + 1, self.now)
        self._writes[record.kind, record.key] = Write(type(record), record.key, expected, stored)
        return stored

    def remove(self, record: Record) -> None:
        """Stage its removal. One that was only staged is simply dropped."""
        if expected := self._expected(record):
            self._writes[record.kind, record.key] = Write(type(record), record.key, expected, None)
        else:
            self._writes.pop((record.kind, record.key), None)

    def guard(self, record: Record) -> None:
        """Commit only if this record, read but not written, is still at this version; at version 0: still not there."""
        self._writes.setdefault((record.kind, record.key), Write(type(record), record.key, record.version, None, guard=True))

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def _expected(self, record: Record) -> int:
        """The stored version that this record stands on. A record that was staged must be the one staged last."""
        staged = self._writes.get((record.kind, record.key))
        if staged is None or staged.guard:
            return record.version
        if staged.record is None:
            return staged.expected
        if staged.record.version != record.version:
            raise Conflict(f"{record.kind} {record.key} was staged from another version")
        return staged.expected
