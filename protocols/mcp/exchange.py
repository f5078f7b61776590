"""One HTTP request as the SDK's kernel sees it, and its answer: one JSON document, or a stream as soon as there is more to say."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anyio
from aiohttp import web
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import RequestId

from hub.domain.errors import HubError, Internal
from hub.ports import Json
from protocols.frames import Frames
from protocols.mcp.asking import Asker
from protocols.mcp.messages import REQUEST_CANCELLED, Message, failure, notification
from protocols.streams import HEARTBEAT, Streams
from protocols.wire import jsonrpc_code

if TYPE_CHECKING:
    from protocols.mcp.session import Session

log = logging.getLogger("mcp.http")

ONE_WAY = TransportContext(kind="streamable-http", can_send_request=False)
TWO_WAY = TransportContext(kind="streamable-http", can_send_request=True)


class Exchange:
    """A DispatchContext. Its `asker` and `session` are what the hub's own handlers find in `ctx.request`.

    Without a session (2026-07-28) the client that leaves withdraws its request. With one it may lose the stream and come back for
    the rest, and withdraws the request with notifications/cancelled.
    """

    def __init__(
        self, id_: RequestId | None, asker: Asker, token: RequestId | None = None, session: "Session | None" = None, streams: bool = False
    ) -> None:
        self.request_id, self.session = id_, session
        able = asker.elicits and session is not None and streams
        self.asker = replace(asker, progress=self.progress if token is not None else None, ask=self.ask if able else None)
        self._token, self._streams = token, streams
        self._frames: Frames | None = None
        self._begun = asyncio.Event()
        self._task: asyncio.Task[Message] | None = None
        self._working = self._withdrawn = False

    @property
    def can_send_request(self) -> bool:
        return self.session is not None and self._streams

    @property
    def transport(self) -> TransportContext:
        return TWO_WAY if self.can_send_request else ONE_WAY

    @cached_property
    def message_metadata(self) -> ServerMessageMetadata:
        resumable = self.session is not None and self._streams
        return ServerMessageMetadata(request_context=self, close_sse_stream=self._dismiss if resumable else None)

    @cached_property
    def cancel_requested(self) -> anyio.Event:
        return anyio.Event()

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        """Dropped where the client does not take streams."""
        await self._write(notification(method, params))

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        if self._token is not None:
            told = {"progressToken": self._token, "progress": progress, "total": total, "message": message}
            await self.notify("notifications/progress", {key: value for key, value in told.items() if value is not None})

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> dict[str, Any]:
        if self.session is None or not self.can_send_request:
            raise NoBackChannelError(method)
        return await self.session.ask(self._write, method, params, opts)

    async def ask(self, form: Json) -> Json:
        """Asker.ask: on the stream of this request."""
        return await self.send_raw_request("elicitation/create", form)

    async def answer(
        self, request: web.Request, work: Coroutine[Any, Any, Message], open_streams: Streams, headers: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        """Do the work; its message is the whole answer, or the last of a stream that something else was written to before."""
        task = self.start(work)
        try:
            frames = await self._opened(task)
            if frames:
                return await open_streams.send(request, frames.read(), headers)
            return (await asyncio.shield(task)).response(headers)
        finally:
            if self.session is None:
                task.cancel()

    def start(self, work: Coroutine[Any, Any, Message]) -> asyncio.Task[Message]:
        """The task raises HubError, as long as there is no stream that could tell of it."""
        self._task = task = asyncio.create_task(self._settle(work))
        task.add_done_callback(_heard)
        if self.session:
            self.session.began(self.request_id, task, self.withdraw)
        return task

    def withdraw(self) -> None:
        """The client does not want the answer any more."""
        self._withdrawn = True
        if self._task and self._working:
            self._task.cancel()

    async def _settle(self, work: Coroutine[Any, Any, Message]) -> Message:
        """However the work ends, its stream ends."""
        try:
            message = await self._outcome(work)
            if self._frames:
                await self._frames.put(message.body)
            return message
        finally:
            if self._frames:
                self._frames.end()

    async def _outcome(self, work: Coroutine[Any, Any, Message]) -> Message:
        if self._withdrawn:  # before it began
            work.close()
            return self._cancelled()
        self._working = True
        try:
            return await work
        except asyncio.CancelledError:
            if not self._withdrawn:
                raise
            return self._cancelled()
        except HubError as error:
            return self._refused(error)
        except Exception:
            log.exception("a request failed")
            return self._refused(Internal())
        finally:
            self._working = False

    def _cancelled(self) -> Message:
        return failure(self.request_id, REQUEST_CANCELLED, "Request cancelled")

    def _refused(self, error: HubError) -> Message:
        if self._frames is None:
            raise error  # there is still a status for it
        return failure(self.request_id, jsonrpc_code(error), error.message)

    async def _opened(self, task: asyncio.Task[Message]) -> Frames | None:
        """The stream, if something was written before the work was done, or it takes long."""
        if not self._streams:
            return None
        begun = asyncio.create_task(self._begun.wait())
        try:
            await asyncio.wait((task, begun), timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            begun.cancel()
        if not task.done() and self._frames is None:
            self._open().prime()
        return self._frames

    def _open(self) -> Frames:
        if self._frames is None:
            self._frames = self.session.new_stream() if self.session else Frames()
            if self.session and self.session.primes:
                self._frames.prime(f"{self._frames.key}-0")
            self._begun.set()
        return self._frames

    async def _write(self, message: bytes) -> None:
        if self._streams:
            await self._open().put(message)

    async def _dismiss(self) -> None:
        """Let the client come back for the rest (SEP-1699)."""
        self._open().dismiss()


def _heard(task: asyncio.Task[Message]) -> None:
    """Whoever left does not hear of an error: asyncio need not say that nobody did."""
    if not task.cancelled():
        task.exception()
