"""ACP over HTTP, at /acp: by WebSocket, or by POST and server-sent events (RFD streamable HTTP and WebSocket transport)."""

import asyncio

import orjson
from aiohttp import web

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, Invalid, NotFound
from hub.domain.model import new_id
from hub.ports import Json
from protocols.acp.agent import Agent, Start
from protocols.acp.event_streams import EventStreams
from protocols.acp.sockets import SocketStream
from protocols.bodies import json_body
from protocols.identity import caller_of
from protocols.jsonrpc.peer import MessageStream
from protocols.streams import Streams

CONNECTION, SESSION = "Acp-Connection-Id", "Acp-Session-Id"
OF_SESSIONS = frozenset({
    "session/prompt", "session/cancel", "session/load", "session/resume", "session/fork", "session/close", "session/delete",
    "session/set_mode", "session/set_config_option", "_session/steering",
})  # fmt: skip
"""Methods that need a session's header."""
MOST = 1_000
"""Connections at a time."""


class AcpDoor:
    def __init__(self, hub: Hub, streams: Streams) -> None:
        self._hub, self._streams = hub, streams
        self._agents: dict[MessageStream, Agent] = {}
        self._connections: dict[str, EventStreams] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        match request.method:
            case "GET" if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._socket(request)
            case "GET":
                return await self._listen(request)
            case "POST":
                return await self._post(request)
            case "DELETE":
                await self._agents[self._connection(request)].close()
                return web.Response(status=202)
        raise web.HTTPMethodNotAllowed(request.method, ("GET", "POST", "DELETE"))

    async def close(self) -> None:
        self._closing = True
        await asyncio.gather(*(agent.close() for agent in self._agents.values()))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        stream = SocketStream(request)
        agent = self._begin(caller_of(request), stream)
        try:
            stream.response.headers[CONNECTION] = new_id()
            await stream.response.prepare(request)
            await agent.serve()
        finally:
            del self._agents[stream]
        return stream.response

    async def _post(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        said = _message(body)
        if said.get("method") == "initialize" and "id" in said:
            return await self._initialize(body, caller_of(request))
        connection = self._connection(request)
        session_id = request.headers.get(SESSION)
        if session_id is None and said.get("method") in OF_SESSIONS:
            raise Invalid(f"{SESSION}: this method is about a session, whose id the header names.")
        await self._expect_session(connection, session_id)
        await connection.post(said, body, session_id)
        return web.Response(status=202)

    async def _initialize(self, body: bytes, caller: Caller) -> web.Response:
        connection = EventStreams(caller, self._end)
        agent = self._begin(caller, connection)
        self._connections[connection.id] = connection
        serving = asyncio.create_task(self._serve(connection, agent))
        self._tasks.add(serving)
        serving.add_done_callback(self._tasks.discard)
        try:
            answer = await connection.introduce(body)
        except BaseException:
            self._end(connection)
            raise
        if "error" in orjson.loads(answer):
            self._end(connection)
            return web.Response(body=answer, content_type="application/json")
        return web.Response(body=answer, content_type="application/json", headers={CONNECTION: connection.id})

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        if "text/event-stream" not in request.headers.get("Accept", ""):
            raise web.HTTPNotAcceptable(reason="Accept text/event-stream, or upgrade to a WebSocket.")
        connection, session_id = self._connection(request), request.headers.get(SESSION)
        await self._expect_session(connection, session_id)
        return await self._streams.send(request, connection.read(session_id), {CONNECTION: connection.id})

    async def _serve(self, connection: EventStreams, agent: Agent) -> None:
        try:
            await agent.serve()
        finally:
            del self._agents[connection], self._connections[connection.id]

    def _begin(self, caller: Caller, stream: MessageStream) -> Agent:
        """Raises Busy."""
        if self._closing or len(self._agents) >= MOST:
            why = "is shutting down" if self._closing else f"has {MOST} editors already"
            raise Busy(f"The hub {why}. Come back later.")
        agent = self._agents[stream] = Agent(stream, self._hub, caller, Start())
        return agent

    def _end(self, connection: EventStreams) -> None:
        if agent := self._agents.get(connection):
            ending = asyncio.create_task(agent.close())
            self._tasks.add(ending)
            ending.add_done_callback(self._tasks.discard)

    def _connection(self, request: web.Request) -> EventStreams:
        """Raises Invalid, and NotFound for another caller's, too."""
        id_ = request.headers.get(CONNECTION)
        if id_ is None:
            raise Invalid(f"{CONNECTION}: send the header that came with the answer to initialize.")
        connection = self._connections.get(id_)
        if connection is None or connection.caller != caller_of(request):
            raise NotFound("connection", id_)
        return connection

    async def _expect_session(self, connection: EventStreams, session_id: str | None) -> None:
        """It may be read before it is opened: what loading it tells is not missed. Raises NotFound."""
        if session_id is not None and not connection.knows(session_id):
            await self._hub.call("get_session", {"sessionId": session_id}, connection.caller)


def _message(body: bytes) -> Json:
    try:
        said = orjson.loads(body)
    except ValueError:
        raise Invalid("The body is not valid JSON.") from None
    if isinstance(said, list):
        raise web.HTTPNotImplemented(reason="ACP has no batches: send each message for itself.")
    if not isinstance(said, dict):
        raise Invalid("The body must be one JSON-RPC message.")
    return said
