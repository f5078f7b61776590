"""MCP's streamable HTTP under aiohttp, both eras at one address. No ASGI stands between.

2026-07-28: every POST carries what it needs; its version, method and name are in headers too, and must agree.
2025-11-25 and before: a handshake opens a session. The hub sends nothing by itself yet, so the GET stream is 405 (as the
specification allows) and every answer is one JSON document.

`tools/call`, where a hub spends its time, goes straight to the hub; every other method goes through the SDK's kernel.
"""

from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from aiohttp import web
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
)  # fmt: skip
from mcp_types import HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, SERVER_INFO_META_KEY, RequestId
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, UnknownOperation, UnsupportedMedia
from hub.operations.base import Profile
from protocols.bodies import json_body, parsed
from protocols.identity import caller_of
from protocols.mcp.calls import Asker, Calls
from protocols.mcp.exchange import Exchange
from protocols.mcp.server import server
from protocols.mcp.sessions import Session, Sessions
from protocols.mcp.tools import CORE, FULL, profile_of, tools

VERSION_HEADER = "MCP-Protocol-Version"
JSON = {"Content-Type": "application/json"}


class McpDoor:
    def __init__(self, hub: Hub) -> None:
        self._calls = Calls(hub)
        self._servers: dict[Profile, Server[Any]] = {}
        self._sessions = Sessions()
        stamp = orjson.dumps(self._server(CORE).server_info_stamp).decode()
        self._modern_end = f',"resultType":"complete","_meta":{{"{SERVER_INFO_META_KEY}":{stamp}}}'

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/tools"):
            return await self._web_tools(request)
        if request.method == "POST":
            return await self._post(request)
        if request.method == "DELETE":
            return self._delete(request)
        raise web.HTTPMethodNotAllowed(request.method, ["POST", "DELETE"])

    async def _post(self, request: web.Request) -> web.Response:
        version = request.headers.get(VERSION_HEADER)
        if request.content_type != "application/json":
            raise UnsupportedMedia("The body must be JSON, with the header Content-Type: application/json.")
        if not _accepts_json(request.headers.get("Accept")):
            return _failure(None, INVALID_REQUEST, "The client must accept application/json", 406)
        try:
            body = orjson.loads(await request.read())
        except ValueError:
            return _failure(None, PARSE_ERROR, "Parse error", 400)
        if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
            return _failure(None, INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message", 400)
        if version is None or version in HANDSHAKE_PROTOCOL_VERSIONS:
            return await self._legacy(request, body)
        return await self._modern(request, body, version)

    async def _modern(self, request: web.Request, body: dict[str, Any], version: str) -> web.Response:
        id_, method = _id(body.get("id")), body.get("method")
        if not isinstance(method, str):
            return _failure(id_, INVALID_REQUEST, "The body must be one JSON-RPC 2.0 request", 400)
        if "id" not in body:
            refused = unsupported_protocol_version_rejection(version)
            return _rejected(None, refused) if refused else web.Response(status=202)
        if id_ is None or not isinstance(params := body.get("params", {}), dict):
            return _failure(id_, INVALID_REQUEST, "A request has an id, a string or a whole number, and named params", 400)
        route = _route(request, body)
        if isinstance(route, InboundLadderRejection):
            return _rejected(id_, route)
        caller = caller_of(request)
        if method == "tools/call":
            return await self._tool(id_, params, caller, {}, modern=True)
        connection = Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)
        served = serve_one(self._server(_profile(request)), Exchange(id_, caller), method, params, connection=connection, lifespan_state={})
        return await _served(id_, served, {}, modern=True)

    async def _legacy(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        id_, method, params = _id(body.get("id")), body.get("method"), _object(body.get("params"))
        caller = caller_of(request)
        if method == "initialize" and "Mcp-Session-Id" not in request.headers:
            return await self._initialize(request, body, caller)
        session = self._session(request, caller, id_)
        if isinstance(session, web.Response):
            return session
        if method is None or "id" not in body:  # a response, or a notification
            if isinstance(method, str):
                await session.runner.on_notify(Exchange(None, caller), method, params if isinstance(params, dict) else {})
            return web.Response(status=202, headers=session.headers)
        if id_ is None or not isinstance(method, str) or not isinstance(params, dict):
            return _failure(id_, INVALID_REQUEST, "A request has an id, a string or a whole number, and named params", 400)
        if method == "tools/call":
            return await self._tool(id_, params, caller, session.headers)
        return await _served(id_, session.runner.on_request(Exchange(id_, caller), method, params), session.headers)

    async def _initialize(self, request: web.Request, body: dict[str, Any], caller: Caller) -> web.Response:
        id_, params = _id(body.get("id")), body.get("params")
        if id_ is None or not isinstance(params, dict):
            return _failure(id_, INVALID_REQUEST, "initialize has an id and named params", 400)
        session = Session(self._server(_profile(request)), caller)
        answer = await _served(id_, session.runner.on_request(Exchange(id_, caller), "initialize", params), {})
        if session.connection.initialize_accepted:
            self._sessions.add(session)
            answer.headers.update(session.headers)
        return answer

    def _session(self, request: web.Request, caller: Caller, id_: RequestId | None = None) -> Session | web.Response:
        named = request.headers.get("Mcp-Session-Id")
        if named is None:
            return _failure(id_, INVALID_REQUEST, "Send initialize first, then the header Mcp-Session-Id that it answered", 400)
        return self._sessions.get(named, caller) or _failure(id_, INVALID_PARAMS, "Session not found. Send initialize again.", 404)

    def _delete(self, request: web.Request) -> web.Response:
        session = self._session(request, caller_of(request))
        if isinstance(session, web.Response):
            return session
        self._sessions.remove(session)
        return web.Response(status=204)

    async def _tool(
        self, id_: RequestId, params: Mapping[str, Any], caller: Caller, headers: Mapping[str, str], modern: bool = False
    ) -> web.Response:
        refused = ERROR_CODE_HTTP_STATUS[INVALID_PARAMS] if modern else 200
        name, arguments = params.get("name"), _object(params.get("arguments"))
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return _failure(id_, INVALID_PARAMS, "tools/call takes a name and an object of arguments", refused, headers)
        try:
            result = await self._calls.call(name, arguments, Asker(caller))
        except UnknownOperation:
            return _failure(id_, INVALID_PARAMS, NotFound("tool", name).message, refused, headers)
        extra = self._modern_end if modern else ""
        text = f'{{"jsonrpc":"2.0","id":{orjson.dumps(id_).decode()},"result":{result[:-1]}{extra}}}}}'
        return web.Response(body=text.encode(), headers={**JSON, **headers})

    async def _web_tools(self, request: web.Request) -> web.Response:
        """The web API's view of the tools: a list, and calling one by name."""
        if request.method == "GET":
            listed = tools(CORE if request.query.get("mode") == "essential" else FULL)
            return _json({"tools": listed, "mode": request.query.get("mode", "full"), "globalMode": "full"})
        given = parsed(await json_body(request))
        if request.method == "PATCH":
            if given.get("mode") not in ("essential", "full"):
                raise Invalid("mode: it must be 'essential' or 'full'")
            return _json({"success": True, "mode": given["mode"]})
        name, arguments = given.get("name"), _object(given.get("args"))
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise Invalid("name: it must be a tool's name; args: an object")
        try:
            result = await self._calls.call(name, arguments, Asker(caller_of(request), FULL))
        except UnknownOperation:
            raise Invalid(f"There is no tool {name[:80]!r}.") from None
        return web.Response(body=result.encode(), headers=JSON)

    def _server(self, profile: Profile) -> Server[Any]:
        if profile not in self._servers:
            self._servers[profile] = server(self._calls, profile, _context_caller)
        return self._servers[profile]


def _context_caller(ctx: ServerRequestContext[Any, Any]) -> Caller:
    assert isinstance(ctx.request, Caller)
    return ctx.request


def _profile(request: web.Request) -> Profile:
    return profile_of(request.query.get("profile"))


def _route(request: web.Request, body: Mapping[str, Any]) -> InboundModernRoute | InboundLadderRejection:
    if twice := find_duplicated_routing_header(request.headers.items()):
        return InboundLadderRejection(HEADER_MISMATCH, f"The header {twice} is there more than once")
    return classify_inbound_request(body, headers=request.headers)


async def _served(id_: RequestId, answer: Awaitable[dict[str, Any]], headers: Mapping[str, str], modern: bool = False) -> web.Response:
    try:
        result = await answer
    except Exception as error:
        failure = modern_error_data(error)
        status = ERROR_CODE_HTTP_STATUS.get(failure.code, 200) if modern else 200
        return _failure(id_, failure.code, failure.message, status, headers, failure.data)
    return _json({"jsonrpc": "2.0", "id": id_, "result": result}, 200, headers)


def _rejected(id_: RequestId | None, why: InboundLadderRejection) -> web.Response:
    return _failure(id_, why.code, why.message, ERROR_CODE_HTTP_STATUS.get(why.code, 200), {}, why.data)


def _failure(
    id_: RequestId | None, code: int, message: str, status: int, headers: Mapping[str, str] | None = None, data: object = None
) -> web.Response:
    error = {"code": code, "message": message, **({"data": data} if data is not None else {})}
    return _json({"jsonrpc": "2.0", "id": id_, "error": error}, status, headers)


def _json(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(document), status=status, headers={**JSON, **(headers or {})})


def _object(value: object) -> object:
    """Left out or null: an empty one."""
    return {} if value is None else value


def _id(value: object) -> RequestId | None:
    """JSON-RPC ids as MCP has them: strings and whole numbers."""
    return value if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)) else None


@lru_cache(256)
def _accepts_json(accept: str | None) -> bool:
    """A client that says nothing takes anything."""
    return not accept or any(kind in accept.lower() for kind in ("application/json", "application/*", "*/*"))
