"""What only Postgres's store has to answer for: a server that goes away and comes back, and other nodes."""

import asyncio
from collections.abc import AsyncIterator

import anyio
import asyncpg
import pytest

from hub.domain import KINDS
from hub.domain.errors import HubError, Invalid, Unavailable
from hub.domain.tasks import Task
from hub.ports import EVERY_EVENT, Find, HubStore
from stores.postgres import PostgresStore
from stores.schema import postgres as schema
from tests import postgres
from tests.stores.units import TENANT, put, stored, task, whole_log


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(postgres_url, KINDS)
    yield opened
    await opened.close()


@pytest.fixture
async def other(store: PostgresStore, postgres_url: str) -> AsyncIterator[PostgresStore]:
    """Another node's store over the same database."""
    opened = await PostgresStore.open(postgres_url, KINDS)
    yield opened
    await opened.close()


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def until_it_writes(store: HubStore, id_: str) -> None:
    """The store comes back by itself; how often it must be asked is not its promise."""
    while True:
        try:
            await put(store, task(id_))
        except Unavailable:
            await asyncio.sleep(0)
        else:
            return


async def test_terminated_backends_lose_nothing_that_was_acknowledged_and_the_store_recovers(
    store: PostgresStore, postgres_url: str
) -> None:
    acknowledged: list[str] = []
    failures: list[HubError] = []
    killer, one_at_a_time = await asyncpg.connect(postgres_url), asyncio.Lock()

    async def write(name: int) -> None:
        at = 0
        while len(acknowledged) < 1200:
            id_, at = f"{name}-{at}", at + 1
            try:
                await put(store, task(id_))
                await store.get(TENANT, Task, id_)
            except Unavailable as failure:
                failures.append(failure)
                continue
            acknowledged.append(id_)
            if len(acknowledged) % 200 == 0:
                async with one_at_a_time:
                    await killer.execute(TERMINATE + "backend_type = 'client backend'")

    with anyio.fail_after(40):
        await asyncio.gather(*map(write, range(10)))
        await until_it_writes(store, "after")
    await killer.close()
    there = {Task.model_validate_json(body).id for body in await store.find(TENANT, Find(Task, limit=100_000))}
    assert failures
    assert set(acknowledged) <= there
    events = await whole_log(store)
    assert [event.cursor for event in events] == list(range(1, len(there) + 1))


async def test_the_listener_comes_back_after_its_connection_was_terminated(
    store: PostgresStore, other: PostgresStore, postgres_url: str
) -> None:
    with anyio.fail_after(20):
        for at in range(3):
            await execute(postgres_url, TERMINATE + "query LIKE 'LISTEN%'")
            waiting = asyncio.create_task(store.beyond(at, 600))
            await put(other, task(f"t{at}"))
            await waiting
            assert (await store.after(at, TENANT, EVERY_EVENT, 10)).cursor == at + 1


async def test_a_server_that_stops_is_unavailable_and_one_that_starts_again_is_used_again(
    store: PostgresStore, postgres_server: postgres.Server
) -> None:
    await put(store, task("before"))
    waiting = asyncio.create_task(store.beyond(1, 600))
    await asyncio.to_thread(postgres_server.stop)
    try:
        with anyio.fail_after(30):
            with pytest.raises(Unavailable):
                await put(store, task("meanwhile"))
            with pytest.raises(Unavailable):
                await stored(store, "before")
            with pytest.raises(Unavailable):
                await store.find(TENANT, Find(Task))
            with pytest.raises(Unavailable):
                await store.after(0, TENANT, EVERY_EVENT, 10)
            with pytest.raises(Unavailable, match="that the server runs"):
                await PostgresStore.open(postgres_server.url, KINDS)
    finally:
        await asyncio.to_thread(postgres_server.start)
    with anyio.fail_after(30):
        await until_it_writes(store, "after")
        await waiting
    assert (await stored(store, "before")).version == 1
    assert await store.get(TENANT, Task, "meanwhile") is None


async def test_a_crashed_server_keeps_what_was_acknowledged(store: PostgresStore, postgres_server: postgres.Server) -> None:
    await asyncio.gather(*(put(store, task(f"t{at}")) for at in range(100)))
    await asyncio.to_thread(postgres_server.stop, "immediate")
    await asyncio.to_thread(postgres_server.start)
    with anyio.fail_after(30):
        await until_it_writes(store, "after")
    assert len(await store.find(TENANT, Find(Task, limit=200))) == 101
    assert [event.cursor for event in await whole_log(store)] == list(range(1, 102))


@pytest.mark.parametrize(
    "url", ["postgresql://127.0.0.1:1/nowhere", "postgresql://no.such.host.invalid/x", "postgresql://127.0.0.1:notaport/x", "nonsense://x"]
)
async def test_a_server_that_cannot_be_reached_is_an_error_with_the_next_step(url: str) -> None:
    with anyio.fail_after(30), pytest.raises(Unavailable, match="Check DATABASE_URL or --db, and that the server runs"):
        await PostgresStore.open(url, KINDS)


async def test_a_database_that_does_not_exist_is_an_error_with_the_next_step(postgres_url: str) -> None:
    with pytest.raises(Unavailable, match=r'"nowhere" does not exist.*Check DATABASE_URL'):
        await PostgresStore.open(postgres_url.removesuffix("/postgres") + "/nowhere", KINDS)


async def test_a_newer_schema_is_a_clear_error(store: PostgresStore, postgres_url: str) -> None:
    await execute(postgres_url, "UPDATE schema_version SET version = 99")
    with pytest.raises(Unavailable, match=r"has schema 99.*newer Trivium"):
        await PostgresStore.open(postgres_url, KINDS)


async def test_a_drifted_schema_is_found(store: PostgresStore, postgres_url: str) -> None:
    assert [finding.ok for finding in await store.examine()] == [True]
    await execute(postgres_url, "DROP INDEX task_by_workspace_id; ALTER TABLE note ADD COLUMN colour TEXT")
    (finding,) = await store.examine()
    assert not finding.ok
    assert "note.colour, task_by_workspace_id" in finding.what
    assert finding.next_step


async def test_two_stores_on_one_database_see_each_others_events_at_once(store: PostgresStore, other: PostgresStore) -> None:
    with anyio.fail_after(5):
        for _ in range(10):
            for here, there in ((store, other), (other, store)):
                cursor = await there.latest()
                waiting = asyncio.create_task(there.beyond(cursor, 600))
                await put(here, task(f"t{cursor}"))
                await waiting
                assert [event.cursor for event in (await there.after(cursor, TENANT, EVERY_EVENT, 10)).events] == [cursor + 1]
        assert await store.latest() == 20


async def test_two_stores_on_one_database_decide_every_race_alike(store: PostgresStore, other: PostgresStore) -> None:
    await put(store, task("t"))
    first = await stored(store, "t")
    outcomes = await asyncio.gather(*(put(one, first) for one in (store, other) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert (await stored(other, "t")).version == 2


async def test_many_nodes_may_make_an_empty_database_at_once(postgres_url: str) -> None:
    stores = await asyncio.gather(*(PostgresStore.open(postgres_url, KINDS) for _ in range(5)))
    await asyncio.gather(*(put(one, task(f"t{at}")) for at, one in enumerate(stores)))
    assert [await one.latest() for one in stores] == [5] * 5
    for one in stores:
        await one.close()


async def test_nodes_of_two_versions_work_side_by_side(store: PostgresStore, postgres_url: str) -> None:
    """An older node knows fewer kinds, and so another commit function."""
    older_kinds = [type_ for type_ in KINDS if type_.kind not in ("subscription", "reservation")]
    assert schema.function_name(older_kinds) != schema.function_name(KINDS)
    older = await PostgresStore.open(postgres_url, older_kinds)
    await asyncio.gather(*(put(one, task(f"{name}-{at}")) for at in range(50) for name, one in (("old", older), ("new", store))))
    assert [event.cursor for event in await whole_log(older)] == list(range(1, 101))
    await older.close()
    again = await PostgresStore.open(postgres_url, KINDS)
    assert await put(again, task("last")) == 101
    await again.close()


async def test_text_that_postgres_cannot_keep_fails_alone(store: PostgresStore) -> None:
    outcomes = await asyncio.gather(
        *(put(store, task(f"t{at}")) for at in range(10)), put(store, task("nul", "a\0b")), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [int] * 10 + [Invalid]
    assert len(await store.find(TENANT, Find(Task))) == 10
    assert await store.latest() == 10
