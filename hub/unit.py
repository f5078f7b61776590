"""The unit of work: one class for every store, because staging and overlay are the same for all."""

from asyncio import Lock
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from hub.domain.errors import Conflict
from hub.domain.events import Event
from hub.domain.model import Instant, Record
from hub.ports import Filter, Find, Hit, HubStore, Look, Page, R, Search, Write

RecordKey = tuple[str, str]
"""Kind and key."""
PAGE = 500
Turns = Mapping[tuple[str, str, str], Lock]


class Recent:
    """Records as this process last read or wrote them, for units that may rest on them: see `UnitOfWork.get`."""

    MOST = 200
    """The ones used last. Memory that is held long is cold when it is let go: a thousand of them would cost each call a fifth more."""
    LONGEST = 20_000
    """Characters of a record's JSON; a longer one is not kept."""

    def __init__(self) -> None:
        self._records: OrderedDict[tuple[str, str, str], Record] = OrderedDict()

    def get(self, tenant: str, type_: type[R], key: str) -> R | None:
        place = (tenant, type_.kind, key)
        record = self._records.get(place)
        if not isinstance(record, type_):
            return None
        self._records.move_to_end(place)
        return record

    def put(self, tenant: str, record: Record) -> None:
        """The newer one stays: of two units over one record, the first to commit may be the last to say so."""
        place = (tenant, record.kind, record.key)
        known = self._records.get(place)
        if known is None or known.version < record.version:
            self._records[place] = record
            self._records.move_to_end(place)
            if len(self._records) > self.MOST:
                self._records.popitem(last=False)

    def forget(self, tenant: str, keys: Iterable[RecordKey]) -> None:
        for key in keys:
            self._records.pop((tenant, *key), None)

    def read(self, tenant: str, record: Record) -> None:
        if len(record.to_json()) <= self.LONGEST:
            self.put(tenant, record)

    def committed(self, tenant: str, writes: Iterable[Write]) -> None:
        """What these writes left behind."""
        for write in writes:
            if write.record is None:
                if not write.guard:
                    self.forget(tenant, [(write.type.kind, write.key)])
            elif write.type.remembered and write.record.soon_again and len(write.body) <= self.LONGEST:
                self.put(tenant, write.record)


class StagedFind(RuntimeError):
    """A handler searched a kind that it had already staged changes to: a mistake in the handler."""


class UnitOfWork:
    """Reads go through to the store at once; changes are kept until the commit. It opens nothing, and dropping it costs nothing.

    Its reads are no snapshot: a decision that rests on a record only read needs `guard`, one that rests on a search needs a
    unique column or a parent record that both sides write.
    """

    def __init__(
        self, store: HubStore, tenant: str, now: Instant, turns: Turns | None = None, recent: Recent | None = None, trusting: bool = False
    ) -> None:
        """`trusting`: it may rest on what is remembered. What it took from there is guarded, so that the commit sees whether it still
        stands; until then its outcome, and above all its refusal, is not to be believed."""
        self._store, self._turns, self._recent, self._trusting = store, turns, recent or Recent(), trusting
        self._writes: dict[RecordKey, Write] = {}
        self.tenant, self.now = tenant, now
        self.trusted = False
        """It rests on what was remembered."""
        self.events: list[Event] = []

    @property
    def staged(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self._writes or self.events)

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
        if not type_.remembered:
            return await self._store.get(self.tenant, type_, key)
        if self._trusting and (known := self._recent.get(self.tenant, type_, key)):
            self.trusted = True
            self.guard(known)
            return known
        record = await self._store.get(self.tenant, type_, key)
        if record is not None and self._trusting:
            self._recent.read(self.tenant, record)
        return record

    async def get_repeated(self, type_: type[R], key: str) -> R | None:
        """The record that is there only if this was done before. A trusting unit takes it that it was not; the commit finds out."""
        if not self._trusting:
            return await self.get(type_, key)
        self.trusted = True
        self._writes.setdefault((type_.kind, key), Write(type_, key, 0, None, guard=True))
        return None

    async def get_recent(self, type_: type[R], key: str) -> R | None:
        """The record as it was not long ago: from memory, where it was read before."""
        record = self._recent.get(self.tenant, type_, key)
        if record is None and (record := await self.get(type_, key)):
            self._recent.read(self.tenant, record)
        return record

    def distrust(self) -> None:
        """What it took from memory may be out of date: that is read anew."""
        self._recent.forget(self.tenant, self._writes)

    def committed(self) -> None:
        """Remember what it left behind."""
        self._recent.committed(self.tenant, self._writes.values())

    async def find(self, type_: type[R], after: str = "", limit: int = 100, **where: str | None) -> list[R]:
        """Committed records only. A column that is None is not compared."""
        return [type_.model_validate_json(body) for body in await self.bodies(type_, after, limit, **where)]

    async def bodies(self, type_: type[Record], after: str = "", limit: int = 100, **where: str | None) -> Sequence[str]:
        if any(kind == type_.kind and not write.guard for (kind, _), write in self._writes.items()):
            raise StagedFind(type_.kind)
        compared = tuple((name, value) for name, value in where.items() if value is not None)
        return await self._store.find(self.tenant, Find(type_, compared, after, limit))

    async def look(self, *queries: Find) -> Look:
        """Committed records of one moment."""
        return await self._store.look(self.tenant, queries)

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
