"""How much waits for clients, or is kept for them, and whose sessions make room."""

import asyncio
from typing import Any

import anyio
import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import Busy
from protocols import frames
from protocols.frames import Frames
from protocols.mcp import session as one_session
from protocols.mcp import sessions
from protocols.mcp.asking import Asker
from protocols.mcp.session import Session
from protocols.mcp.sessions import Sessions
from protocols.mcp.surface import Surface
from tests.core.support import new_task
from tests.protocols.conftest import Http
from tests.protocols.refusals import session
from tests.protocols.requirements import meets
from tests.protocols.test_mcp_hostile import ended, waiting_for
from tests.protocols.test_mcp_streams import getting, post, posting


@meets("answer resumed")
async def test_what_was_never_said_cannot_be_gone_on_behind(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    async with session(http) as headers:
        async with posting(http, waiting_for(task, 7, _meta={"progressToken": "t"}), headers) as stream:
            [primed] = await stream.frames(1)
        key = (primed.id or "").partition("-")[0]
        for number in ("999999999", "50"):
            asking = {**headers, "Accept": "text/event-stream", "Last-Event-ID": f"{key}-{number}"}
            async with http.get("/mcp", headers=asking) as response:
                assert response.status == 400
        await post(http, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}, headers)
        async with getting(http, headers, last=primed.id) as stream:
            await ended(stream.response)


@meets("bounded")
async def test_what_is_said_after_the_end_is_dropped() -> None:
    for stream in (Frames(), Frames("1")):
        await stream.put(b"1")
        stream.end()
        for _ in range(frames.ROOM + 1):
            await stream.put(b"2")
        assert len([frame async for frame in stream.read()]) == 1


@meets("bounded")
async def test_a_resumable_stream_keeps_only_so_many_bytes_and_the_last_frame_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LARGEST", 1_000)
    stream = Frames("1")
    for _ in range(10):
        await stream.put(b"x" * 400)
        assert stream.size <= 1_000
    await stream.put(b"y" * 5_000)
    stream.end()
    [frame] = [frame async for frame in stream.read()]
    assert b"id: 1-10\n" in frame
    assert len(frame) > 5_000


@meets("bounded")
async def test_who_writes_to_a_stream_waits_while_too_many_bytes_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LARGEST", 1_000)
    stream = Frames()
    await stream.put(b"x" * 5_000)
    writing = asyncio.create_task(stream.put(b"y"))
    await asyncio.sleep(0)
    assert not writing.done()
    reading = stream.read()
    assert b"xxx" in await anext(reading)
    with anyio.fail_after(5):
        await writing
    assert b"y" in await anext(reading)


@meets("bounded")
async def test_a_session_keeps_only_so_many_bytes_of_its_answers_and_drops_complete_ones_first(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_session, "LARGEST", 1_000)
    one = Session(Surface(hub).server("core"), Asker(LOCAL))
    running, complete = one.new_stream(), one.new_stream()
    for stream in (running, complete):
        await stream.put(b"x" * 600)
    complete.end()
    one.new_stream()
    assert one.resumed(f"{running.key}-0") is not None
    assert one.resumed(f"{complete.key}-0") is None
    for _ in range(one_session.STREAMS):
        one.new_stream().end()
    assert one.resumed(f"{running.key}-0") is not None


@meets("session room")
async def test_whoever_has_the_most_sessions_makes_room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 4)
    opened, made = Sessions(), Surface(hub).server("core")
    ada, bob = Caller(subject="ada"), Caller(subject="bob")
    mine = Session(made, Asker(ada))
    await opened.add(mine)
    for _ in range(10):
        await opened.add(Session(made, Asker(bob)))
    assert len(opened) == 4
    assert opened.get(mine.id, ada) is mine


@meets("session room", "idle")
async def test_a_session_with_work_under_way_is_not_idle(hub: Hub) -> None:
    now, done = 0.0, asyncio.Event()
    opened, made = Sessions(lambda: now), Surface(hub).server("core")
    busy = Session(made, Asker(LOCAL))
    await opened.add(busy)

    async def work() -> Any:
        await done.wait()

    task = asyncio.create_task(work())
    busy.began(1, task, lambda: None)
    now = 2 * sessions.IDLE
    await opened.add(Session(made, Asker(LOCAL)))
    assert opened.get(busy.id, LOCAL) is busy
    done.set()
    await task
    now = 4 * sessions.IDLE
    assert opened.get(busy.id, LOCAL) is None


@meets("left behind")
async def test_once_the_hub_shuts_down_no_session_and_no_stream_begins(hub: Hub) -> None:
    opened = Sessions()
    await opened.close()
    one = Session(Surface(hub).server("core"), Asker(LOCAL))
    with pytest.raises(Busy):
        await opened.add(one)
    with pytest.raises(Busy):
        opened.get(one.id, LOCAL)


@meets("bounded")
async def test_a_stream_that_is_taken_over_from_a_client_that_does_not_read_holds_nothing_more(hub: Hub, http: Http) -> None:
    """The old stream's client stays connected, and its stream is full."""
    held: list[Frames] = []
    opened = Session.opened

    def watched(self: Session, cursor: int | None) -> Frames:
        held.append(opened(self, cursor))
        return held[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "opened", watched)
        async with session(http) as headers, getting(http, headers) as old, getting(http, headers) as new:
            await new.frames(1)
            for _ in range(3):
                await new_task(hub)
                await new.frames(1)
            assert held[0].complete
            assert held[0].size == 0
            await ended(old.response)
