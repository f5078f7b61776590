"""HTTP+JSON (specification 1.0 §11): which operation a method and a path mean, and its parameters."""

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from hub.ports import Json
from protocols.a2a.errors import InvalidRequest, JSONParse, MethodNotFound
from protocols.a2a.jsonrpc import Streaming, Unary
from protocols.a2a.service import Service

HEADS = frozenset({"message:send", "message:stream", "tasks", "extendedAgentCard"})
"""With what a path begins; with anything else before it, that is the tenant."""
TRUTHS = {"true": True, "false": False}


class Meant(NamedTuple):
    params: Json
    unary: Unary | None = None
    streaming: Streaming | None = None


class NotAllowed(MethodNotFound):
    """The path is there, for another method."""

    http = 405
    says = "This path takes another method."

    def __init__(self, *methods: str) -> None:
        super().__init__(f"This path takes {', '.join(methods)}.")
        self.methods = methods


def meant(method: str, path: str, query: Mapping[str, str], body: bytes) -> Meant:
    """`path` is what stands behind the address of the agent. Raises A2AError."""
    segments = path.split("/")
    params: Json = {}
    if segments[0] not in HEADS and len(segments) > 1:
        params["tenant"] = segments.pop(0)
    match segments:
        case ["message:send"]:
            return Meant(body_of(method, body) | params, unary=Service.send)
        case ["message:stream"]:
            return Meant(body_of(method, body) | params, streaming=Service.stream)
        case ["extendedAgentCard"]:
            return Meant(_query(method, query) | params, unary=Service.extended_card)
        case ["tasks"]:
            return Meant(_query(method, query) | params, unary=Service.list_)
        case ["tasks", task]:
            return _of_task(method, task, query, body, params)
        case ["tasks", task, "pushNotificationConfigs", *config] if len(config) < 2:
            return _of_configs(method, {**params, "taskId": task}, config[0] if config else "", query, body)
    raise MethodNotFound("There is nothing under this path.")


def _of_task(method: str, task: str, query: Mapping[str, str], body: bytes, params: Json) -> Meant:
    id_, colon, verb = task.rpartition(":")
    if colon and verb == "cancel":
        return Meant(body_of(method, body) | params | {"id": id_}, unary=Service.cancel)
    if colon and verb == "subscribe":  # POST in the text of the specification, GET in its a2a.proto
        expect_method(method, "GET", "POST")
        return Meant({**params, "id": id_}, streaming=Service.subscribe)
    return Meant(_query(method, query) | params | {"id": task}, unary=Service.get)


def _of_configs(method: str, params: Json, config: str, query: Mapping[str, str], body: bytes) -> Meant:
    if config:
        expect_method(method, "GET", "DELETE")
        handler: Unary = Service.get_push_config if method == "GET" else Service.delete_push_config
        return Meant({**params, "id": config}, unary=handler)
    expect_method(method, "GET", "POST")
    if method == "GET":
        return Meant(_query(method, query) | params, unary=Service.list_push_configs)
    return Meant(body_of(method, body) | params, unary=Service.create_push_config)


def expect_method(method: str, *methods: str) -> None:
    if method not in methods:
        raise NotAllowed(*methods)


def _query(method: str, query: Mapping[str, str]) -> Json:
    expect_method(method, "GET")
    return {name: TRUTHS.get(value, value) if name in ("includeArtifacts", "include_artifacts") else value for name, value in query.items()}


def body_of(method: str, body: bytes) -> Json:
    expect_method(method, "POST")
    if not body:
        return {}
    try:
        given = orjson.loads(body)
    except ValueError:
        raise JSONParse from None
    if not isinstance(given, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return given
