"""Server-sent events (WHATWG HTML §9.2): rendering the log, for as long as somebody listens."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import lru_cache

from aiohttp import web

from hub.app import Hub
from hub.domain.errors import Busy, HubError, Invalid
from hub.ports import Filter, Logged, Page
from protocols.identity import caller_of, confirm

log = logging.getLogger("http")

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent."""
PING = b": ping\n\n"
MOST_DIGITS = 15
"""Of a cursor: what JavaScript's numbers hold exactly."""


class Streams:
    """The open streams: shutting down ends them, so that a listener never holds the hub up."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing = False
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Also close what a door keeps for its clients."""
        self._closers.append(close)

    async def send(
        self, request: web.Request, frames: AsyncIterator[bytes], headers: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        """Write the frames until the client leaves, or its token is revoked or expires: then it is told nothing more.

        A client that does not read holds one frame, no more.

        The first frame is made before the headers are sent, so that what is wrong with the request still gets its status.
        """
        first = await anext(frames)
        await confirm(request)
        if self._closing:
            raise Busy("The hub is shutting down. Call again when it is back.")
        response = web.StreamResponse(headers={**HEADERS, **(headers or {})})
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await response.prepare(request)
            await response.write(first)
            async for frame in frames:
                await confirm(request)
                await response.write(frame)
        except asyncio.CancelledError:
            if not self._closing:
                raise
            task.uncancel()
        except (ConnectionResetError, HubError):
            pass  # the client left, its token is over, or the store does not answer: it comes back with the last id that it has
        except Exception:
            log.exception("%s %s: its stream failed", request.method, request.path)  # its status was sent: nothing else can be said
        finally:
            self._tasks.discard(task)
        return response

    async def close(self, _: web.Application | None = None) -> None:
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        for close in self._closers:
            await close()


async def starting_cursor(hub: Hub, request: web.Request) -> int:
    """Where the client wants to go on: `Last-Event-ID`, or `lastEventId` or `after` in the query; otherwise from now on."""
    caller_of(request).require("events.read")
    given = request.headers.get("Last-Event-ID") or request.query.get("lastEventId") or request.query.get("after")
    if given is None:
        return await hub.store.latest()
    if not (given.isascii() and given.isdecimal() and len(given) <= MOST_DIGITS):
        raise Invalid("Last-Event-ID: it must be the id of an event of this stream, a whole number")
    cursor, latest = int(given), await hub.store.latest()
    if cursor > latest:
        raise Invalid(f"Last-Event-ID: the newest event is {latest}. Begin there, or leave it out.")
    return cursor


def pages(hub: Hub, request: web.Request, cursor: int, filter_: Filter) -> AsyncIterator[Page]:
    """The caller's events beyond the cursor; an empty page after each heartbeat's time of silence."""
    return hub.follow(caller_of(request), cursor, filter_, HEARTBEAT)


async def event_frames(hub: Hub, request: web.Request, filter_: Filter) -> AsyncIterator[bytes]:
    """The caller's events as they are in the log."""
    cursor = await starting_cursor(hub, request)
    yield b": connected\n\n"
    async for page in pages(hub, request, cursor, filter_):
        yield b"".join(map(_frame, page.events)) or PING


@lru_cache(4_096)
def _frame(event: Logged) -> bytes:
    """The same for every listener, so it is made once."""
    return f"id: {event.cursor}\nevent: {event.name}\ndata: {event.body}\n\n".encode()
