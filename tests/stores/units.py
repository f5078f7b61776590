"""What the tests of the stores write: tasks of one tenant, each with its fact."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from hub.domain import KINDS
from hub.domain.events import fact
from hub.domain.model import Record
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Find, HubStore, Logged
from hub.unit import UnitOfWork
from stores.memory import MemoryStore
from stores.postgres import PostgresStore
from stores.sqlite import SqliteStore

TENANT = "acme"
NOW = "2026-01-01T00:00:00.000Z"


class Named(Record):
    """A kind that only the tests have: of a workspace's records no two have the same name."""

    kind: ClassVar[str] = "named"
    plural: ClassVar[str] = "named"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "name")
    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id", "name"),)

    workspace_id: str = "w"
    name: str | None = None


async def open_with_named(database: str) -> HubStore:
    if database == "memory:":
        return MemoryStore()
    if database.startswith("sqlite:"):
        return await SqliteStore.open(Path(database.removeprefix("sqlite:")), (*KINDS, Named))
    return await PostgresStore.open(database, (*KINDS, Named))


def task(id_: str, title: str = "a title", **fields: Any) -> Task:
    return Task(**{"id": id_, "title": title, "objective": "an objective", "workspace_id": "w"} | fields)


def unit(store: HubStore, tenant: str = TENANT) -> UnitOfWork:
    return UnitOfWork(store, tenant, NOW)


async def put(store: HubStore, *records: Record, tenant: str = TENANT) -> int:
    """Commit the records together, each with an event."""
    work = unit(store, tenant)
    for record in records:
        work.emit(fact(work.put(record), "written", at=NOW, by="test"))
    return await store.commit(work)


async def remove(store: HubStore, record: Record, tenant: str = TENANT) -> int:
    work = unit(store, tenant)
    work.remove(record)
    work.emit(fact(record, "deleted", at=NOW, by="test"))
    return await store.commit(work)


async def stored(store: HubStore, id_: str, tenant: str = TENANT) -> Task:
    found = await store.get(tenant, Task, id_)
    assert found is not None
    return found


async def titles(store: HubStore, *where: tuple[str, str]) -> list[str]:
    return [Task.model_validate_json(body).title for body in await store.find(TENANT, Find(Task, where))]


async def whole_log(store: HubStore, tenant: str = TENANT) -> list[Logged]:
    """Every event, read in pages, however many."""
    events: list[Logged] = []
    cursor = 0
    while (page := await store.after(cursor, tenant, EVERY_EVENT, 1000)).cursor > cursor:
        events += page.events
        cursor = page.cursor
    return events


def failures(outcomes: Iterable[object]) -> list[str]:
    """The names of the errors among the outcomes of `gather`, sorted."""
    return sorted(type(outcome).__name__ for outcome in outcomes if isinstance(outcome, Exception))
