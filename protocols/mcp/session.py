"""One session of the handshake era (2025-11-25 §basic/transports, session management)."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import count
from typing import Any
from uuid import uuid4

from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import ServerRunner, aclose_shielded
from mcp.shared.dispatcher import CallOptions, coerce_request_id
from mcp.shared.exceptions import MCPError
from mcp_types import REQUEST_TIMEOUT, RequestId

from hub.access import Caller
from protocols.frames import LARGEST, Frames
from protocols.mcp.asking import Asker
from protocols.mcp.listening import Wanted
from protocols.mcp.messages import Message, notification, request
from protocols.mcp.server import introduction
from protocols.mcp.tasks import elicits

STREAMS = 16
"""Answers of a session that can be resumed: the last ones."""
HELD = 100
"""Messages that wait for the client to open the GET stream; older ones are dropped, as a notification may be."""
PATIENCE = 600.0
"""Seconds for the client to answer a request of the server, when the server does not say."""
LINKED = "2025-06-18"
"""The first version whose clients know resource links."""
PRIMED = "2025-11-25"
"""The first version whose clients understand an event without data."""

Write = Callable[[bytes], Awaitable[None]]


class Session:
    """One client's handshake. Only the credential that opened it may use it."""

    def __init__(self, server: Server[Any], asker: Asker) -> None:
        self.id, self.used = uuid4().hex, 0.0
        self._asker = asker
        self.connection = Connection.for_loop(self, session_id=self.id)
        self.runner: ServerRunner[Any] = ServerRunner(server, self.connection, {}, init_options=introduction(server))
        self.headers = {"Mcp-Session-Id": self.id}
        self.wanted = Wanted()
        self.cursor: int | None = None
        """The log's cursor up to which the client was told; None where there is nothing to tell."""
        self._numbers = count(1)
        self._running: dict[asyncio.Task[Message], tuple[RequestId, Callable[[], None]]] = {}
        self._asked: dict[RequestId, asyncio.Future[dict[str, Any]]] = {}
        self._streams: OrderedDict[str, Frames] = OrderedDict()
        self._get: Frames | None = None
        self._held: deque[bytes] | None = None

    @property
    def caller(self) -> Caller:
        return self._asker.caller

    @cached_property
    def asker(self) -> Asker:
        """As it is once the handshake is over."""
        return replace(self._asker, links=self.version >= LINKED, elicits=elicits(self.connection.client_capabilities))

    @property
    def primes(self) -> bool:
        return self.connection.protocol_version >= PRIMED

    @property
    def version(self) -> str:
        return self.connection.protocol_version

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def new_stream(self) -> Frames:
        """Older ones make room, those first whose answer is complete."""
        while len(self._streams) >= STREAMS or (self._streams and sum(one.size for one in self._streams.values()) > LARGEST):
            del self._streams[next((key for key, one in self._streams.items() if one.complete), next(iter(self._streams)))]
        frames = Frames(str(next(self._numbers)))
        assert frames.key is not None
        self._streams[frames.key] = frames
        return frames

    def resumed(self, last_event_id: str) -> AsyncIterator[bytes] | None:
        """The rest of an answer behind that event; None when it is not kept."""
        key, _, number = last_event_id.rpartition("-")
        frames = self._streams.get(key)
        if frames is None or not (number.isascii() and number.isdecimal() and len(number) < 10 and frames.has(int(number))):
            return None
        return frames.read(int(number))

    def opened(self, cursor: int | None) -> Frames:
        """A GET stream: it takes over from the one before, and what waited for it is in it."""
        if self._get:
            self._get.end()
        self._get = frames = Frames()
        frames.prime(str(cursor) if self.primes and cursor is not None else None)
        return frames

    def streams_to(self, frames: Frames) -> bool:
        """Whether no other GET stream took over from this one."""
        return self._get is frames

    def closed(self, frames: Frames) -> None:
        if self.streams_to(frames):
            self._get = None

    def held(self) -> list[bytes]:
        """What was said while there was no GET stream."""
        held, self._held = self._held, None
        return list(held or ())

    def began(self, id_: RequestId | None, task: "asyncio.Task[Message]", withdraw: Callable[[], None]) -> None:
        if id_ is not None:
            self._running[task] = coerce_request_id(id_), withdraw
            task.add_done_callback(lambda done: self._running.pop(done, None))

    def withdraw(self, id_: RequestId | None) -> None:
        """notifications/cancelled (2025-11-25 §basic/utilities/cancellation): one that is done, or unknown, is no error."""
        if id_ is not None:
            self._withdraw([withdraw for key, withdraw in self._running.values() if key == coerce_request_id(id_)])

    async def ask(self, write: Write, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None) -> dict[str, Any]:
        """Send the client a request, and wait for its answer. Raises MCPError."""
        id_ = (opts or {}).get("request_id") or f"hub-{next(self._numbers)}"
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[coerce_request_id(id_)] = answered
        try:
            await write(request(id_, method, params))
            async with asyncio.timeout((opts or {}).get("timeout") or PATIENCE):
                return await answered
        except TimeoutError:
            raise MCPError(REQUEST_TIMEOUT, f"The client did not answer {method} in time") from None
        finally:
            self._asked.pop(coerce_request_id(id_), None)

    def answered(self, id_: RequestId | None, body: Mapping[str, Any]) -> None:
        """The client's answer to a request of the server; nobody waits for one that came too late."""
        future = self._asked.get(coerce_request_id(id_)) if id_ is not None else None
        if future is None or future.done():
            return
        error = body.get("error")
        if isinstance(error, Mapping):
            code, message = error.get("code"), error.get("message")
            future.set_exception(MCPError(code if isinstance(code, int) else 0, str(message)[:1_000]))
        else:
            given = body.get("result")
            future.set_result(given if isinstance(given, dict) else {})

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> dict[str, Any]:
        """To the client beside any request of its own: on the GET stream."""
        return await self.ask(self._say, method, params, opts)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        await self._say(notification(method, params))

    async def _say(self, message: bytes) -> None:
        if self._get:
            await self._get.put(message)
            return
        if self._held is None:
            self._held = deque(maxlen=HELD)
        self._held.append(message)

    async def close(self) -> None:
        self._withdraw([withdraw for _, withdraw in self._running.values()])
        if self._get:
            self._get.end()
        await aclose_shielded(self.connection)

    def _withdraw(self, running: Iterable[Callable[[], None]]) -> None:
        for withdraw in running:
            withdraw()
