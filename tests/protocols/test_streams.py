"""The event stream: the log as server-sent events, for as long as somebody listens."""

import asyncio
import socket
from collections.abc import AsyncIterator

import anyio
import orjson
import pytest

from hub.access import LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.events import Event
from hub.domain.model import instant, utc_now
from hub.ports import EVERY_EVENT, Filter, Page
from hub.unit import UnitOfWork
from protocols import streams
from stores.memory import MemoryStore
from tests.core.support import ask, new_task
from tests.protocols.conftest import Http, serving
from tests.protocols.sse import listening

EVENTS, NOTES = "/api/events", "/api/notes/events"
every_stream = pytest.mark.parametrize("path", [EVENTS, NOTES])


@every_stream
async def test_a_stream_says_that_it_is_connected_before_anything_happens(http: Http, path: str) -> None:
    async with listening(http, path) as stream:
        assert stream.response.content_type == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-cache, no-transform"
        first = await stream.frame()
    assert first.comment == "connected" if path == EVENTS else first.data["type"] == "connected"


async def test_an_event_has_its_cursor_as_id_its_name_and_the_logs_own_body(hub: Hub, http: Http) -> None:
    async with listening(http, EVENTS) as stream:
        await stream.frame()
        await new_task(hub, "ü")
        workspace, task = await stream.frames(2)
    logged = (await hub.store.after(0, LOCAL_TENANT, EVERY_EVENT, 10)).events
    assert [(frame.id, frame.event, frame.data) for frame in (workspace, task)] == [
        (str(one.cursor), one.name, orjson.loads(one.body)) for one in logged
    ]
    assert (task.event, task.data["name"]) == ("task.created", "task.created")


async def test_without_a_place_to_go_on_from_only_what_is_new_comes(hub: Hub, http: Http) -> None:
    await new_task(hub)
    async with listening(http, EVENTS) as stream:
        await stream.frame()
        created = await new_task(hub)
        [event] = await stream.frames(1)
    assert event.data["recordId"] == created


@pytest.mark.parametrize("how", ["header", "lastEventId", "after"])
async def test_a_client_that_comes_back_goes_on_without_gap_or_repeat_while_others_write(hub: Hub, http: Http, how: str) -> None:
    total, seen = 120, list[int]()

    async def write() -> None:
        for _ in range(total - 1):  # the first event is the default workspace
            await new_task(hub)

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        while len(seen) < total:
            last = seen[-1] if seen else 0
            query = {} if how == "header" else {how: str(last)}
            async with listening(http, EVENTS, last if how == "header" else None, **query) as stream:
                seen += [frame.cursor for frame in await stream.frames(min(23, total - len(seen)))]
    assert seen == [*range(1, total + 1)]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "1e3", "٣", "0x1", "9" * 16, "9" * 5_000, "1 2"])
@every_stream
async def test_a_place_that_is_none_is_refused_before_the_stream_begins(http: Http, path: str, last: str) -> None:
    async with http.get(path, params={"after": last}) as response:
        assert (response.status, response.content_type) == (400, "application/json")
        assert "whole number" in (await response.json())["error"]


async def test_the_header_of_the_browser_counts_more_than_the_query(hub: Hub, http: Http) -> None:
    """A browser reconnects to the address that it was given, with the header of the last event that it has seen."""
    for _ in range(3):
        await new_task(hub)
    async with listening(http, EVENTS, 3, after="0") as stream:
        assert [frame.cursor for frame in await stream.frames(1)] == [4]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"workspaceId": "lab"}, ["workspace.created", "task.created", "note.created"]),
        ({"workspaceId": "lab", "kinds": "task"}, ["task.created"]),
        ({"kinds": "note,workspace"}, ["workspace.created", "workspace.created", "note.created"]),
        ({"recordId": "n"}, ["note.created"]),
        ({"kinds": "task", "recordId": "n"}, []),
    ],
)
async def test_filters_let_through_only_what_was_asked_for(
    hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], expected: list[str]
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    await ask(hub, "create_workspace", title="Lab", id="lab")
    await new_task(hub, workspaceId="lab")
    await new_task(hub)
    await ask(hub, "create_note", title="n", noteId="n", workspaceId="lab")
    seen = list[str | None]()
    async with listening(http, EVENTS, 0, **query) as stream:
        await stream.frame()
        while (frame := await stream.frame()).comment != "ping":  # silence: the log was read to its end
            seen.append(frame.event)
    assert seen == expected


async def test_silence_is_broken_by_comments_and_events_still_come(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    for path in (EVENTS, NOTES):
        async with listening(http, path) as stream:
            await stream.frame()
            assert [(await stream.frame()).comment for _ in range(3)] == ["ping"] * 3
            await ask(hub, "save_note", title="n", noteId="n")
            while (frame := await stream.frame()).comment == "ping":
                pass
            assert frame.id


async def test_all_subscribers_see_the_same(hub: Hub, http: Http) -> None:
    async with listening(http, EVENTS) as one, listening(http, EVENTS) as other, listening(http, EVENTS, 0) as third:
        for stream in (one, other):
            await stream.frame()
        for _ in range(5):
            await new_task(hub)
        seen = [await stream.frames(6) for stream in (one, other, third)]
    assert seen[0] == seen[1] == seen[2]


@every_stream
async def test_a_stream_takes_no_other_method(http: Http, path: str) -> None:
    for method in ("HEAD", "POST", "DELETE"):
        async with http.request(method, path) as response:
            assert response.status == 405


class Watched(Hub):
    """Tells how many follow it."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.followers, self.pages, self.nobody = 0, 0, asyncio.Event()

    async def follow(self, caller: Caller, after: int, filter_: Filter = EVERY_EVENT, patience: float = 15.0) -> AsyncIterator[Page]:
        self.followers += 1
        try:
            async for page in super().follow(caller, after, filter_, patience):
                self.pages += 1
                yield page
        finally:
            self.followers -= 1
            if not self.followers:
                self.nobody.set()


@every_stream
async def test_a_client_that_leaves_is_forgotten_at_once(path: str) -> None:
    hub = Watched()
    async with serving(hub) as http:
        async with listening(http, path, 0) as stream, listening(http, path, 0):
            await ask(hub, "save_note", title="n", noteId="n")
            await stream.frames(2)
            assert hub.followers == 2
        with anyio.fail_after(5):
            await hub.nobody.wait()


async def _happen(hub: Hub, count: int, size: int) -> None:
    """So many events of so many bytes, in one commit."""
    unit = UnitOfWork(hub.store, LOCAL_TENANT, instant(utc_now()))
    for number in range(count):
        unit.emit(Event(name="test.happened", record_id=str(number), version=1, at=unit.now, by="test", data={"text": "x" * size}))
    await hub.store.commit(unit)


async def test_a_client_that_never_reads_costs_one_page_and_holds_nobody_up() -> None:
    hub, count, size = Watched(), 5_000, 1_000
    async with serving(hub) as http:
        with socket.socket() as deaf:
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, (http.host, http.port))
            await loop.sock_sendall(deaf, b"GET /api/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with anyio.fail_after(5):
                assert b": connected" in await loop.sock_recv(deaf, 10_000)
            transport = _transport(http, deaf)
            for end in (deaf, transport.get_extra_info("socket")):  # so that the kernel holds little
                for side in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                    end.setsockopt(socket.SOL_SOCKET, side, 4_096)
            async with listening(http, EVENTS, 0) as stream:
                held = list[int]()
                for _ in range(3):
                    await _happen(hub, count, size)
                    assert len(await stream.frames(count)) == count
                    held.append(transport.get_write_buffer_size())
            assert all(0 < one <= WAITS_ABOVE + 500 * (size + 300) for one in held), "one page, however much happens"
            assert hub.pages < 1.5 * 3 * count / 500, "for who does not read, nothing is read"
        with anyio.fail_after(5):
            await hub.nobody.wait()


WAITS_ABOVE = 64 * 1024
"""Bytes that asyncio lets a transport hold before its writer must wait."""


def _transport(http: Http, client: socket.socket) -> asyncio.WriteTransport:
    """The server's end of this client's connection."""
    assert http.server.runner is not None
    assert http.server.runner.server is not None
    for connection in http.server.runner.server.connections:
        transport = connection.transport
        if isinstance(transport, asyncio.WriteTransport) and transport.get_extra_info("peername") == client.getsockname():
            return transport
    raise AssertionError("the server does not know this client")


@every_stream
async def test_shutting_down_ends_the_streams(hub: Hub, path: str) -> None:
    async with serving(hub) as http, listening(http, path) as stream, listening(http, path) as other:
        await stream.frame()
        await other.frame()
        with anyio.fail_after(5):
            await http.server.close()
        for one in (stream, other):
            with pytest.raises(EOFError):  # it is ended, not cut
                await one.frame()
