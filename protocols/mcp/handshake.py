"""2024-11-05 to 2025-11-25 over HTTP: a handshake opens a session, whose id every later request carries."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from aiohttp import web
from mcp_types import INVALID_PARAMS, INVALID_REQUEST, RequestId

from hub.access import Caller
from hub.domain.errors import Forbidden, HubError, Invalid
from protocols.frames import Frames
from protocols.identity import caller_of
from protocols.mcp.exchange import Exchange
from protocols.mcp.listening import changes
from protocols.mcp.messages import Message, failure, notification, object_of, request_id, served
from protocols.mcp.modern import progress_token
from protocols.mcp.requests import accepts_streams, asker
from protocols.mcp.session import Session
from protocols.mcp.sessions import Sessions
from protocols.mcp.surface import Surface
from protocols.streams import Streams, starting_cursor
from protocols.wire import jsonrpc_code

log = logging.getLogger("mcp.http")

NO_REQUEST = "A request has an id, a string or a whole number, and named params"
AGAIN = "This session is open already. Send initialize without Mcp-Session-Id to begin another one."
BATCHES = "2025-03-26"
"""The one version that has them: they came with it, and went with the next."""
MOST_IN_BATCH = 100

Work = Coroutine[Any, Any, Message]


class Handshake:
    def __init__(self, surface: Surface, streams: Streams) -> None:
        self._surface, self._streams = surface, streams
        self.sessions = Sessions()

    async def post(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        id_, method, params = request_id(body.get("id")), body.get("method"), object_of(body.get("params"))
        if method == "initialize" and "Mcp-Session-Id" not in request.headers:
            return await self._initialize(request, body)
        session = self._session(request, caller_of(request), id_)
        if isinstance(session, web.Response):
            return session
        if method is None or "id" not in body:
            await self._accept(session, id_, method, params, body)
            return web.Response(status=202, headers=session.headers)
        if id_ is None or not isinstance(method, str) or not isinstance(params, dict):
            return failure(id_, INVALID_REQUEST, NO_REQUEST, 400).response(session.headers)
        if method == "initialize":
            return failure(id_, INVALID_REQUEST, AGAIN, 400).response(session.headers)
        if self._surface.is_quick(method, params):
            return (await self._surface.call_tool(id_, params, session.asker, modern=False)).response(session.headers)
        exchange = Exchange(id_, session.asker, progress_token(params), session, accepts_streams(request.headers.get("Accept")))
        try:
            return await exchange.answer(request, self._work(session, exchange, id_, method, params), self._streams, session.headers)
        finally:
            self.sessions.use(session)  # it may have taken long

    async def batch(self, request: web.Request, bodies: list[Any]) -> web.Response:
        """Several messages at once, which 2025-03-26 alone has (§basic/transports): answered in one document, in their order."""
        session = self._session(request, caller_of(request))
        if isinstance(session, web.Response):
            return session
        if session.version != BATCHES or not 0 < len(bodies) <= MOST_IN_BATCH:
            why = f"The body must be one JSON-RPC 2.0 message, or in a session of {BATCHES} up to {MOST_IN_BATCH} of them"
            return failure(None, INVALID_REQUEST, why, 400).response(session.headers)
        answers = [answer for body in bodies if (answer := await self._one_of_many(session, body))]
        if not answers:
            return web.Response(status=202, headers=session.headers)
        return Message(b"[%s]" % b",".join(answers)).response(session.headers)

    async def _one_of_many(self, session: Session, body: Any) -> bytes | None:
        if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
            return failure(None, INVALID_REQUEST, "Each element must be a JSON-RPC 2.0 message").body
        id_, method, params = request_id(body.get("id")), body.get("method"), object_of(body.get("params"))
        if method is None or "id" not in body:
            await self._accept(session, id_, method, params, body)
            return None
        if id_ is None or not isinstance(method, str) or not isinstance(params, dict) or method == "initialize":
            return failure(id_, INVALID_REQUEST, NO_REQUEST).body
        exchange = Exchange(id_, session.asker, session=session)
        try:
            return (await exchange.start(self._work(session, exchange, id_, method, params))).body
        except HubError as error:  # one that is refused spoils no other
            return failure(id_, jsonrpc_code(error), error.message).body

    def _work(self, session: Session, exchange: Exchange, id_: RequestId, method: str, params: dict[str, Any]) -> Work:
        if self._surface.is_own_tool(method):
            return self._surface.call_tool(id_, params, exchange.asker, modern=False)
        return served(id_, partial(session.runner.on_request, exchange, method, params), modern=False)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """What the hub says by itself, or the rest of an answer whose stream was lost (§basic/transports, resumability)."""
        session = self._session(request, caller_of(request))
        if isinstance(session, web.Response):
            return session
        if not accepts_streams(request.headers.get("Accept")):
            return failure(None, INVALID_REQUEST, "The client must accept text/event-stream", 406).response(session.headers)
        last = request.headers.get("Last-Event-ID", "")
        if "-" not in last:
            return await self._streams.send(request, self._told(request, session), session.headers)
        rest = session.resumed(last)
        if rest is None:
            raise Invalid("Last-Event-ID: that answer is not kept any more. Send the request again.")
        return await self._streams.send(request, rest, session.headers)

    async def delete(self, request: web.Request) -> web.Response:
        session = self._session(request, caller_of(request))
        if isinstance(session, web.Response):
            return session
        await self.sessions.remove(session)
        return web.Response(status=204)

    async def _initialize(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        id_, params, asking = request_id(body.get("id")), body.get("params"), asker(request)
        if id_ is None or not isinstance(params, dict):
            return failure(id_, INVALID_REQUEST, "initialize has an id and named params", 400).response()
        session = Session(self._surface.server(asking.profile), asking)
        work = partial(session.runner.on_request, Exchange(id_, asking), "initialize", params)
        answer = await served(id_, work, modern=False)
        if not session.connection.initialize_accepted:
            return answer.response()
        if self._surface.other is None:
            session.cursor = await self._surface.hub.store.latest()
        await self.sessions.add(session)
        return answer.response(session.headers)

    async def _accept(self, session: Session, id_: RequestId | None, method: object, params: object, body: dict[str, Any]) -> None:
        """A response, or a notification."""
        if method is None:
            session.answered(id_, body)
        elif method == "notifications/cancelled":
            session.withdraw(request_id(params.get("requestId")) if isinstance(params, dict) else None)
        elif isinstance(method, str):
            exchange = Exchange(None, session.asker, session=session)
            await session.runner.on_notify(exchange, method, params if isinstance(params, dict) else {})

    def _session(self, request: web.Request, caller: Caller, id_: RequestId | None = None) -> Session | web.Response:
        named = request.headers.get("Mcp-Session-Id")
        if named is None:
            return failure(id_, INVALID_REQUEST, "Send initialize first, then the header Mcp-Session-Id that it answered", 400).response()
        session = self.sessions.get(named, caller)
        return session or failure(id_, INVALID_PARAMS, "Session not found. Send initialize again.", 404).response()

    async def _told(self, request: web.Request, session: Session) -> AsyncIterator[bytes]:
        cursor = await self._start(request, session)
        frames = session.opened(cursor)
        pump = asyncio.create_task(self._pump(session, frames, cursor))
        try:
            async for frame in frames.read():
                yield frame
                if not self.sessions.use(session):  # whoever listens is not idle; but the session may have ended before the stream began
                    return
        finally:
            pump.cancel()
            session.closed(frames)

    async def _start(self, request: web.Request, session: Session) -> int | None:
        """Where the session's changes go on: behind what the client says that it has, else behind what it was told last."""
        if session.cursor is not None and "Last-Event-ID" in request.headers:
            with suppress(Forbidden):  # to a caller who may not read events there is nothing to tell
                session.cursor = await starting_cursor(self._surface.hub, request)
        return session.cursor

    async def _pump(self, session: Session, frames: Frames, cursor: int | None) -> None:
        """From the log onto the stream, as quick as the client reads."""
        for message in session.held():
            await frames.put(message)
        if cursor is None:
            return
        try:
            async for page, news in changes(self._surface.hub, session.caller, cursor, session.wanted):
                for told in news:
                    await frames.put(notification(told.method, told.params or None), told.cursor)
                if session.streams_to(frames):
                    session.cursor = page.cursor
        except Forbidden:
            pass  # a caller who may not read events is told nothing
        except HubError:
            frames.end()  # the store does not answer: the client comes back
        except Exception:
            log.exception("telling of changes failed")
            frames.end()
