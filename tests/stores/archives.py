"""What is read from a store at one moment, and what is restored into one."""

from collections.abc import AsyncIterator, Sequence

from hub.domain import KINDS
from hub.domain.events import Event
from hub.domain.model import Record
from hub.domain.tasks import Task
from hub.ports import Batch, HubStore, Snapshot, StoredEvent, StoredRecord
from tests.stores.units import NOW, TENANT, task

BY_KIND = {type_.kind: type_ for type_ in KINDS}
Content = tuple[list[StoredRecord], list[StoredEvent], int]
NOTHING: Content = ([], [], 0)


async def read(snapshot: Snapshot) -> Content:
    records = [one async for page in snapshot.records for one in page]
    return records, [one async for page in snapshot.events for one in page], snapshot.head


async def content(store: HubStore) -> Content:
    async with store.snapshot(KINDS) as snapshot:
        return await read(snapshot)


async def batches(records: Sequence[tuple[str, Record]], events: Sequence[tuple[int, str, Event]] = ()) -> AsyncIterator[Batch]:
    for at in range(0, max(len(records), len(events)), 100):
        yield Batch(records[at : at + 100], events[at : at + 100])


def restorable(moved: Content) -> AsyncIterator[Batch]:
    records, events, _ = moved
    return batches(
        [(one.tenant, BY_KIND[one.kind].model_validate_json(one.body)) for one in records],
        [(one.cursor, one.tenant, Event.model_validate_json(one.body)) for one in events],
    )


def old(id_: str, version: int = 1) -> tuple[str, Task]:
    return TENANT, task(id_, version=version, created_at=NOW, updated_at=NOW)


def event(cursor: int) -> tuple[int, str, Event]:
    return cursor, TENANT, Event(name="task.created", record_id=f"t{cursor}", version=1, at=NOW, by="test")
