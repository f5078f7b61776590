"""What sessions cost in memory: those that nobody speaks with, and those with a history of a hundred thousand updates."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import orjson
import pytest

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.sessions import Session
from hub.ports import Filter
from hub.work.sessions import Sessions
from hub.work.worker import Worker
from tests.acp.fake_host import FakeHost
from tests.acp.working import answer, prompted, started, until, working
from tests.core.support import ask

pytestmark = [
    pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True),
    pytest.mark.asyncio(loop_factories=["uvloop"]),
]
SESSIONS, AT_ONCE = 1_000, 50
DEAREST = 20_000
"""Bytes that a session without a process may cost."""
UPDATES = 100_000
MEANWHILE = 50
"""Prompts of another session that are answered at least while they come."""
ENTRIES, EVENTS = 200, 20
"""In a page of the history, and of the log."""
LARGEST = 3_000_000
"""Bytes that whoever reads all of it may hold; it is several times as much."""


@contextmanager
def traced() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


async def used(hub: Hub, count: int) -> None:
    """So many sessions that were spoken with, and have no process any more."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with places:
            session_id = await started(hub)
            assert await answer(hub, session_id, "hello") == "hello"
            await ask(hub, "disconnect_session", sessionId=session_id)
            await until(hub, session_id, "dormant")

    await asyncio.gather(*(one() for _ in range(count)))


async def test_a_session_without_a_process_costs_next_to_nothing(hub: Hub) -> None:
    worker = Worker(hub, [], listeners=[Sessions(hub, FakeHost(), most=AT_ONCE)])
    await worker.start()
    with anyio.fail_after(100), traced():
        await used(hub, SESSIONS // 3)  # what is remembered of the last ones is full then
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        await used(hub, SESSIONS)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    await worker.aclose()
    assert after - before <= SESSIONS * DEAREST


async def test_a_hundred_thousand_updates_disturb_nobody_and_are_read_page_by_page(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(hub, tmp_path, seconds=100):
        flooded, other = await started(hub), await started(hub)
        await until(hub, other, "ready")
        flood = await prompted(hub, flooded, f"flood {UPDATES}")
        answered = 0
        while not (await ask(hub, "wait_for_prompt", sessionId=flooded, number=flood, until="ended", timeoutSeconds=0))["done"]:
            assert await answer(hub, other, "echo hello") == "you said: hello"
            answered += 1
        assert answered >= MEANWHILE
    monkeypatch.setattr("hub.app.PAGE", EVENTS)
    with anyio.fail_after(60):
        for reading in (ticks_in_history, ticks_in_log):
            with traced():
                number = 0
                async for tick in reading(hub, flooded):
                    assert tick == number
                    number += 1
                    if number == UPDATES:
                        break
                _, peak = tracemalloc.get_traced_memory()
            assert peak <= LARGEST, (peak, answered)


async def ticks_in_history(hub: Hub, session_id: str) -> AsyncIterator[int]:
    cursor: str | None = ""
    while cursor is not None:
        page = await ask(hub, "read_session_history", sessionId=session_id, limit=ENTRIES, cursor=cursor)
        for entry in page["sessionEntries"]:
            if "tick" in entry["update"]:
                yield entry["update"]["tick"]
        cursor = page.get("nextCursor")


async def ticks_in_log(hub: Hub, session_id: str) -> AsyncIterator[int]:
    async for page in hub.follow(LOCAL, 0, Filter(kinds=(Session.kind,), record_id=session_id)):
        for logged in page.events:
            for update in orjson.loads(logged.body).get("data", {}).get("updates", ()):
                if "tick" in update:
                    yield update["tick"]
