"""One server as one caller uses it: connected when it is first needed, and again when it was lost; its tools, once they were read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from hub.domain.mcp_servers import McpServer
from hub.ports import Json
from protocols.mcp.upstreams.links import Progress, Refusal, Trouble
from protocols.mcp.upstreams.sessions import Session
from protocols.mcp.upstreams.tools import Tool, of_server

Clock = Callable[[], float]
Connect = Callable[[McpServer, Callable[[], None]], Awaitable[Session]]
"""To an open session, that says when its list of tools is no longer true. Raises Trouble and Refusal."""
T = TypeVar("T")

PAUSES = (1.0, 60.0)
"""Seconds in which a server that could not be connected is left alone: the first time, and at most."""


class Seat:
    def __init__(self, server: McpServer, connect: Connect, clock: Clock) -> None:
        self.server, self.used = server, clock()
        self._running, self._free = 0, asyncio.Event()
        self._connect, self._clock = connect, clock
        self._session: Session | None = None
        self._tools: dict[str, Tool] | None = None
        self._until: float | None = None
        """When the list has to be read anew; None: when the server says so."""
        self._trouble: Trouble | None = None
        self._pause, self._again = PAUSES[0], 0.0
        self._opening: asyncio.Task[Session] | None = None
        self._listing: asyncio.Task[dict[str, Tool]] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return self._running > 0

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Nobody closes it meanwhile, but at the end of the hub."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self.used = self._clock()
            self._free.set()

    async def leave(self) -> None:
        """Close it once nobody uses it any more."""
        while self._running:
            self._free.clear()
            await self._free.wait()
        await self.close()

    async def tools(self) -> dict[str, Tool]:
        """As they are now. Whoever asks meanwhile shares the answer; one who goes away does not stop it."""
        if self._tools is not None and (self._until is None or self._clock() < self._until):
            return self._tools
        if self._listing is None:
            self._listing = _kept(self._list())
            self._listing.add_done_callback(lambda _: setattr(self, "_listing", None))
        return await asyncio.shield(self._listing)

    async def tool(self, name: str) -> Tool | None:
        """One of that name, also if the list may have changed: the server knows best what it has."""
        if self._tools and (known := self._tools.get(name)):
            return known
        self.changed()
        return (await self.tools()).get(name)

    async def call(self, tool: Tool, arguments: Json, progress: Progress | None) -> Json:
        """Raises Trouble and Refusal. What was surely not done, or may be done twice, is tried once more on a new session."""
        for last in (False, True):
            session = await self.session()
            try:
                return await session.call(tool, arguments, self.server.call_seconds, progress)
            except Trouble as trouble:
                if trouble.lost:
                    self._drop(session)
                if last or not trouble.lost or (trouble.done and not tool.read_only):
                    raise
        raise AssertionError("the second time answers or raises")

    async def session(self) -> Session:
        if self._session:
            return self._session
        if self._trouble and (wait := self._again - self._clock()) > 0:
            raise Trouble(f"{self._trouble.reason}. It is tried again in {wait:.0f} seconds", done=False)
        if self._opening is None:
            self._opening = _kept(self._open())
            self._opening.add_done_callback(lambda _: setattr(self, "_opening", None))
        return await asyncio.shield(self._opening)

    def changed(self) -> None:
        """The list of tools is no longer true."""
        self._until = 0.0

    async def close(self) -> None:
        for task in (self._opening, self._listing):
            if task:
                task.cancel()
                await asyncio.wait([task])
        if self._session:
            self._drop(self._session)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _open(self) -> Session:
        try:
            session = await self._connect(self.server, self.changed)
        except (Trouble, Refusal) as error:
            self._trouble = error if isinstance(error, Trouble) else Trouble(f"it refused: {error.message}", done=False)
            self._again, self._pause = self._clock() + self._pause, min(self._pause * 2, PAUSES[1])
            raise self._trouble from None
        self._session, self._trouble, self._pause = session, None, PAUSES[0]
        self.changed()
        return session

    async def _list(self) -> dict[str, Tool]:
        for last in (False, True):
            session = await self.session()
            self._until = None  # what is told from here on is told of this list
            try:
                listed = await session.tools()
                break
            except Trouble as trouble:
                self.changed()
                if trouble.lost:
                    self._drop(session)
                if last or not trouble.lost:
                    raise
        if self._until is None and listed.seconds is not None:
            self._until = self._clock() + listed.seconds
        self._tools = of_server(self.server, listed.tools)
        return self._tools

    def _drop(self, session: Session) -> None:
        if self._session is session:
            self._session = None
            task = _kept(session.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def _kept(work: Awaitable[T]) -> "asyncio.Task[T]":
    """A task whose failure may go unheard: those who wait for it hear it."""
    task: asyncio.Task[T] = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
