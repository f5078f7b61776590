"""JSON-RPC messages on their way out, as bytes, with the HTTP status that goes with them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from mcp.server.runner import modern_error_data
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS, InboundLadderRejection
from mcp_types import RequestId

JSON = {"Content-Type": "application/json"}
REQUEST_CANCELLED = -32800
"""To a request that its client withdrew: HTTP must answer something, and nobody reads it."""


class Message(NamedTuple):
    body: bytes
    status: int = 200
    """Unless the answer is a stream already."""

    def response(self, headers: Mapping[str, str] | None = None) -> web.Response:
        return web.Response(body=self.body, status=self.status, headers={**JSON, **(headers or {})})


def result(id_: RequestId, document: object) -> Message:
    return Message(orjson.dumps({"jsonrpc": "2.0", "id": id_, "result": document}))


def failure(id_: RequestId | None, code: int, message: str, status: int = 200, data: object = None) -> Message:
    error = {"code": code, "message": message, **({"data": data} if data is not None else {})}
    return Message(orjson.dumps({"jsonrpc": "2.0", "id": id_, "error": error}), status)


def rejection(id_: RequestId | None, why: InboundLadderRejection) -> Message:
    return failure(id_, why.code, why.message, ERROR_CODE_HTTP_STATUS.get(why.code, 200), why.data)


def notification(method: str, params: Mapping[str, Any] | None) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "method": method, **({"params": params} if params is not None else {})})


def request(id_: RequestId, method: str, params: Mapping[str, Any] | None) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": id_, "method": method, **({"params": params} if params is not None else {})})


async def served(id_: RequestId, answer: Callable[[], Awaitable[dict[str, Any]]], modern: bool) -> Message:
    """What the SDK's kernel answers, or why it did not: an error's status is 2026-07-28's."""
    try:
        return result(id_, await answer())
    except Exception as error:
        why = modern_error_data(error)
        return failure(id_, why.code, why.message, ERROR_CODE_HTTP_STATUS.get(why.code, 200) if modern else 200, why.data)


def request_id(value: object) -> RequestId | None:
    """JSON-RPC ids as MCP has them: strings and whole numbers."""
    return value if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)) else None


def object_of(value: object) -> object:
    """Left out or null: an empty one."""
    return {} if value is None else value
