"""ACP over POST and server-sent events: one connection with a stream of its own, and one for each session (RFD streamable HTTP)."""

import asyncio
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Callable

import orjson

from hub.access import Caller
from hub.domain.errors import NotFound
from hub.domain.model import new_id
from hub.ports import Json
from protocols.frames import Frames
from protocols.jsonrpc.peer import Closed

ROOM = 256
"""Messages of the editor that wait to be read: then it waits, too."""
IDLE = 600.0
"""Seconds without a stream that is read, or a message of the editor, after which a connection is over. Its sessions go on."""
SLOWEST = 30.0
"""Seconds for initialize to be answered."""


class EventStreams:
    """A MessageStream. What is said while nobody reads its stream waits there; when that is full, whoever has more to say waits."""

    def __init__(self, caller: Caller, on_idle: Callable[["EventStreams"], None]) -> None:
        self.id, self.caller = new_id(), caller
        self._on_idle = on_idle
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(ROOM)
        self._own = Frames()
        self._of_sessions: dict[str, Frames] = {}
        self._sessions: dict[str | int, str] = {}
        """Of requests that are not answered, by their ids."""
        self._introduced: asyncio.Future[bytes] | None = None
        self._readers = 0
        self._timer = get_running_loop().call_later(IDLE, on_idle, self)
        self._closed = False

    async def introduce(self, message: bytes) -> bytes:
        """The answer to initialize. Raises TimeoutError."""
        self._introduced = get_running_loop().create_future()
        await self._inbox.put(message)
        async with asyncio.timeout(SLOWEST):
            return await self._introduced

    async def post(self, said: Json, message: bytes, session_id: str | None) -> None:
        """A message of the editor. Waits while too many are not read yet."""
        self._wait_for_idleness()
        if session_id and "method" in said and isinstance(id_ := said.get("id"), str | int):
            self._sessions[id_] = session_id
        await self._inbox.put(message)
        if self._closed:
            raise NotFound("connection", self.id)

    async def read(self, session_id: str | None) -> AsyncIterator[bytes]:
        """The frames of the connection's stream, or of a session's. A second reader takes it over from the first."""
        frames = self._frames(session_id)
        self._readers += 1
        self._timer.cancel()
        try:
            frames.prime()
            async for frame in frames.read():
                yield frame
        finally:
            self._readers -= 1
            self._wait_for_idleness()

    async def send(self, message: bytes) -> None:
        if self._closed:
            raise Closed("the connection is closed")
        said = orjson.loads(message)
        if "method" in said:
            await self._frames(said["params"].get("sessionId")).put(message)
            return
        session_id = self._sessions.pop(said["id"], None)
        if self._introduced and not self._introduced.done():
            self._introduced.set_result(message)
            return
        begun = isinstance(said.get("result"), dict) and "sessionId" in said["result"]
        await self._frames(None if begun else session_id).put(message)

    async def receive(self) -> AsyncIterator[bytes]:
        while (message := await self._inbox.get()) is not None:
            yield message

    async def close(self) -> None:
        self._closed = True
        self._timer.cancel()
        for frames in (self._own, *self._of_sessions.values()):
            frames.end()
        while self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)

    def knows(self, session_id: str) -> bool:
        return session_id in self._of_sessions

    def _frames(self, session_id: str | None) -> Frames:
        return self._own if session_id is None else self._of_sessions.setdefault(session_id, Frames())

    def _wait_for_idleness(self) -> None:
        self._timer.cancel()
        if not self._readers and not self._closed:
            self._timer = get_running_loop().call_later(IDLE, self._on_idle, self)
