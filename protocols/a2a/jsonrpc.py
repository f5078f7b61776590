"""JSON-RPC 2.0 as A2A uses it (specification 1.0 §9): the envelope, and the methods of 1.0."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from hub.ports import Json
from protocols.a2a.errors import A2AError, InvalidParams, InvalidRequest, JSONParse
from protocols.a2a.service import Asked, Service, Stream

Id = str | int | float | None
Unary = Callable[[Service, Json, Asked], Awaitable[Json]]
Streaming = Callable[[Service, Json, Asked], Stream]

UNARY: dict[str, Unary] = {
    "SendMessage": Service.send, "GetTask": Service.get, "ListTasks": Service.list_, "CancelTask": Service.cancel,
    "CreateTaskPushNotificationConfig": Service.create_push_config, "GetTaskPushNotificationConfig": Service.get_push_config,
    "ListTaskPushNotificationConfigs": Service.list_push_configs, "DeleteTaskPushNotificationConfig": Service.delete_push_config,
    "GetExtendedAgentCard": Service.extended_card,
}  # fmt: skip
STREAMING: dict[str, Streaming] = {"SendStreamingMessage": Service.stream, "SubscribeToTask": Service.subscribe}


class Request(NamedTuple):
    id: Id
    method: str
    params: Json
    problem: A2AError | None = None
    """What makes it no request; its id may be known all the same."""


def read(body: bytes) -> Request:
    """One request: A2A has no batches. A notification, which A2A has none of either, is answered like a request without an id."""
    try:
        given = orjson.loads(body)
    except ValueError:
        return Request(None, "", {}, JSONParse())
    if not isinstance(given, dict):
        return Request(None, "", {}, InvalidRequest("The body must be one JSON-RPC request: an object."))
    id_, method, params = given.get("id"), given.get("method"), given.get("params")
    if isinstance(id_, bool) or not isinstance(id_, str | int | float | None):
        return Request(None, "", {}, InvalidRequest("id: it must be a text or a number"))
    if given.get("jsonrpc") != "2.0" or not isinstance(method, str) or not method:
        return Request(id_, "", {}, InvalidRequest('A request has "jsonrpc": "2.0" and a "method".'))
    if not isinstance(params, dict | None):
        return Request(id_, method, {}, InvalidParams("params: it must be an object"))
    return Request(id_, method, params or {})


def answer(id_: Id, result: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": id_, "result": result})


def failure(id_: Id, error: Json) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": id_, "error": error})


def enclosing(id_: Id) -> tuple[bytes, bytes]:
    """What stands before and behind each result of a stream."""
    return b'{"jsonrpc":"2.0","id":' + orjson.dumps(id_) + b',"result":', b"}"
