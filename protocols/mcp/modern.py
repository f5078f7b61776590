"""2026-07-28 over HTTP: every POST carries what it needs, and its version, method and name in headers too, which must agree."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web
from mcp.server.connection import Connection
from mcp.server.runner import serve_one
from mcp.shared.inbound import (
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
    validate_mcp_param_headers,
)  # fmt: skip
from mcp_types import HEADER_MISMATCH, INVALID_REQUEST

from protocols.mcp.asking import Asker
from protocols.mcp.exchange import Exchange
from protocols.mcp.messages import failure, object_of, rejection, request_id, served
from protocols.mcp.requests import accepts_streams, asker
from protocols.mcp.surface import Surface
from protocols.mcp.tasks import elicits, extensions_of, name_mismatch
from protocols.streams import Streams

LISTEN = "subscriptions/listen"


class Modern:
    def __init__(self, surface: Surface, streams: Streams) -> None:
        self._surface, self._streams = surface, streams

    async def post(self, request: web.Request, body: dict[str, Any], version: str) -> web.StreamResponse:
        id_, method = request_id(body.get("id")), body.get("method")
        if not isinstance(method, str):
            return failure(id_, INVALID_REQUEST, "The body must be one JSON-RPC 2.0 request", 400).response()
        if "id" not in body:
            refused = unsupported_protocol_version_rejection(version.encode("ascii", "replace").decode())
            return rejection(None, refused).response() if refused else web.Response(status=202)
        if id_ is None or not isinstance(params := body.get("params", {}), dict):
            return failure(id_, INVALID_REQUEST, "A request has an id, a string or a whole number, and named params", 400).response()
        route, asking = self._route(request, body), asker(request)
        if isinstance(route, InboundLadderRejection):
            return rejection(id_, route).response()
        if self._surface.is_quick(method, params):
            return (await self._surface.call_tool(id_, params, asking, modern=True)).response()
        takes_streams = accepts_streams(request.headers.get("Accept"))
        if method == LISTEN and not takes_streams:
            return failure(id_, INVALID_REQUEST, f"{LISTEN} answers with text/event-stream, which must be accepted", 406).response()
        connection = Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)
        able = connection.client_capabilities
        asking = answering(replace(asking, extensions=extensions_of(able), elicits=elicits(able)), params)
        exchange = Exchange(id_, asking, progress_token(params), streams=takes_streams)
        if self._surface.is_own_tool(method):
            return await exchange.answer(request, self._surface.call_tool(id_, params, exchange.asker, modern=True), self._streams)
        work = partial(serve_one, self._surface.server(asking.profile), exchange, method, params, connection=connection, lifespan_state={})
        return await exchange.answer(request, served(id_, work, modern=True), self._streams)

    def _route(self, request: web.Request, body: Mapping[str, Any]) -> InboundModernRoute | InboundLadderRejection:
        if twice := find_duplicated_routing_header(request.headers.items()):
            return InboundLadderRejection(HEADER_MISMATCH, f"The header {twice} is there more than once")
        route = classify_inbound_request(body, headers=request.headers)
        if isinstance(route, InboundLadderRejection):
            return route
        params, schema_of = body["params"], self._surface.parameter_headers
        if mismatch := name_mismatch(body["method"], params, request.headers):
            return mismatch
        if schema_of and body["method"] == "tools/call":
            schema, arguments = schema_of(str(params.get("name"))), object_of(params.get("arguments"))
            if schema and isinstance(arguments, dict) and (refused := validate_mcp_param_headers(schema, arguments, request.headers)):
                return refused
        return route


def answering(asker: Asker, params: Mapping[str, Any]) -> Asker:
    """With what a call brings back that was asked for input before. What is of the wrong form is no answer."""
    state, answers = params.get("requestState"), params.get("inputResponses")
    if state is None and answers is None:
        return asker
    return replace(asker, state=state if isinstance(state, str) else "", answers=answers if isinstance(answers, dict) else {})


def progress_token(params: Mapping[str, Any]) -> Any:
    meta = params.get("_meta")
    return request_id(meta.get("progressToken")) if isinstance(meta, dict) else None
