"""ACP under the web API's address, /api/acp: JSON-RPC in a POST and its answer, what happens in a session as the events of a GET.

An error of JSON-RPC is an answer of status 200, as the web frontend wants it.
"""

from typing import Any, NamedTuple

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Invalid, Unauthenticated
from hub.ports import Json
from protocols.acp.web_methods import Failure, Methods
from protocols.acp.web_stream import frames
from protocols.bodies import json_body
from protocols.identity import caller_of
from protocols.streams import Streams
from protocols.wire import jsonrpc_code

HEADERS = {"Cache-Control": "no-store"}
PARSE_ERROR, INVALID_REQUEST = -32700, -32600
LONGEST_ID = 200


class Asked(NamedTuple):
    id: str | float | None
    method: str
    params: Json
    answered: bool
    """False: it is a notification."""


class WebApi:
    def __init__(self, hub: Hub, streams: Streams) -> None:
        self._hub, self._streams, self._methods = hub, streams, Methods(hub)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return await self._stream(request) if request.method == "GET" else await self._rpc(request)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        session_id = request.query.get("sessionId")
        if not session_id:
            raise Invalid("sessionId: it must be in the query, ?sessionId=…")
        if request.query.get("probe") == "1":  # any node can stream any session
            return web.Response(status=204, headers=HEADERS)
        return await self._streams.send(request, frames(self._hub, request, session_id))

    async def _rpc(self, request: web.Request) -> web.Response:
        id_: str | float | None = None
        try:
            asked = _read(await json_body(request))
            id_ = asked.id
            result = await self._methods.answer(asked.method, asked.params, caller_of(request))
        except (Unauthenticated, Forbidden):
            raise
        except HubError as error:
            return _json({"jsonrpc": "2.0", "id": id_, "error": _error(jsonrpc_code(error), error.message, error.document())})
        except Failure as failure:
            return _json({"jsonrpc": "2.0", "id": id_, "error": _error(failure.code, failure.message)})
        return _json({"jsonrpc": "2.0", "id": id_, "result": result}) if asked.answered else web.Response(status=204)


def _read(body: bytes) -> Asked:
    """Raises Failure."""
    try:
        given = orjson.loads(body)
    except ValueError:
        raise Failure(PARSE_ERROR, "The body is not valid JSON") from None
    if isinstance(given, list):
        raise Failure(INVALID_REQUEST, "A batch is not taken here. Send one request at a time.")
    if not isinstance(given, dict) or not isinstance(given.get("method"), str) or given.get("jsonrpc", "2.0") != "2.0":
        raise Failure(INVALID_REQUEST, 'A request is an object with "jsonrpc": "2.0" and a "method"')
    id_ = given.get("id")
    if isinstance(id_, bool | list | dict) or (isinstance(id_, str) and len(id_) > LONGEST_ID):
        raise Failure(INVALID_REQUEST, "An id is a string or a number")
    params = given.get("params") or {}
    if not isinstance(params, dict):
        raise Failure(INVALID_REQUEST, "Params are given by name: an object")
    return Asked(id_, given["method"], params, "id" in given)


def _error(code: int, message: str, data: object = None) -> Json:
    return {"code": code, "message": message, **({"data": data} if data is not None else {})}


def _json(body: Any) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", headers=HEADERS)
