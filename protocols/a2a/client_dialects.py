"""How a request of 1.0 is said, and its answer read, in each binding and version that the hub speaks as a client.

The operations are send, stream, get, cancel and subscribe; their parameters and answers are ProtoJSON of 1.0, whatever the dialect.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote
from uuid import uuid4

from hub.domain.errors import Invalid
from hub.domain.remote_agents import RemoteInterface
from hub.ports import Json
from protocols.a2a.client_v03 import event_from_proto, send_to_proto, task_from_proto
from protocols.a2a.v03 import event_from_v03, expect_object, task_from_v03
from protocols.a2a.v03_requests import send_to_v03

METHODS = {
    "send": "SendMessage", "stream": "SendStreamingMessage", "get": "GetTask", "cancel": "CancelTask", "subscribe": "SubscribeToTask",
}  # fmt: skip
OLD_METHODS = {
    "send": "message/send", "stream": "message/stream", "get": "tasks/get", "cancel": "tasks/cancel", "subscribe": "tasks/resubscribe",
}  # fmt: skip
PATHS = {
    "send": ("POST", "/message:send"), "stream": ("POST", "/message:stream"), "get": ("GET", "/tasks/{id}"),
    "cancel": ("POST", "/tasks/{id}:cancel"), "subscribe": ("GET", "/tasks/{id}:subscribe"),
}  # fmt: skip
"""Subscribing is a GET in a2a.proto and a POST in the specification's table: servers take the proto's."""
EVENTS = ("task", "message", "statusUpdate", "artifactUpdate")
TASKS = ("get", "cancel")
"""What is answered with a task."""


class Sent(NamedTuple):
    method: str
    url: str
    body: Json | None
    query: Mapping[str, str] | None = None


class Dialect(Protocol):
    def request(self, name: str, params: Json) -> Sent: ...

    def read(self, name: str, document: Json) -> Json:
        """The answer, or one event of a stream. Raises Invalid for what is none."""


class JsonRpc:
    """1.0 §9."""

    def __init__(self, interface: RemoteInterface) -> None:
        self._url, self._tenant = interface.url, {"tenant": interface.tenant} if interface.tenant else {}

    def request(self, name: str, params: Json) -> Sent:
        return Sent("POST", self._url, _enveloped(METHODS[name], {**params, **self._tenant}))

    def read(self, name: str, document: Json) -> Json:
        return _read(name, document.get("result"))


class Rest:
    """1.0 §11."""

    def __init__(self, interface: RemoteInterface) -> None:
        tenant = f"/{quote(interface.tenant, safe='')}" if interface.tenant else ""
        self._url, self._tenant = interface.url.rstrip("/") + tenant, {"tenant": interface.tenant} if interface.tenant else {}

    def request(self, name: str, params: Json) -> Sent:
        made = _placed(self._url, name, params)
        return made._replace(body={**params, **self._tenant}) if name in ("send", "stream") else made

    def read(self, name: str, document: Json) -> Json:
        return _read(name, document)


class OldJsonRpc:
    """0.3 §7."""

    def __init__(self, interface: RemoteInterface) -> None:
        self._url = interface.url

    def request(self, name: str, params: Json) -> Sent:
        return Sent("POST", self._url, _enveloped(OLD_METHODS[name], send_to_v03(params) if name in ("send", "stream") else params))

    def read(self, name: str, document: Json) -> Json:
        result = expect_object(document.get("result"), "result")
        return task_from_v03(result) if name in TASKS else event_from_v03(result)


class OldRest:
    """0.3 §5 as the official SDKs have it: ProtoJSON under /v1."""

    def __init__(self, interface: RemoteInterface) -> None:
        url = interface.url.rstrip("/")
        self._url = url if url.endswith("/v1") else f"{url}/v1"

    def request(self, name: str, params: Json) -> Sent:
        made = _placed(self._url, name, params)
        return made._replace(body=send_to_proto(params)) if name in ("send", "stream") else made

    def read(self, name: str, document: Json) -> Json:
        return task_from_proto(document) if name in TASKS else event_from_proto(document)


DIALECTS: dict[tuple[str, str], Callable[[RemoteInterface], Dialect]] = {
    ("JSONRPC", "1.0"): JsonRpc, ("HTTP+JSON", "1.0"): Rest, ("JSONRPC", "0.3"): OldJsonRpc, ("HTTP+JSON", "0.3"): OldRest,
}  # fmt: skip
"""By binding and version, the ones that are preferred first."""


def _enveloped(method: str, params: Json) -> Json:
    return {"jsonrpc": "2.0", "id": uuid4().hex, "method": method, "params": params}


def _placed(base: str, name: str, params: Json) -> Sent:
    method, path = PATHS[name]
    query = {"historyLength": str(params["historyLength"])} if name == "get" and "historyLength" in params else None
    return Sent(method, base + path.format(id=quote(str(params.get("id", "")), safe="")), {} if method == "POST" else None, query)


def _read(name: str, result: Any) -> Json:
    found = expect_object(result, "result")
    if name in TASKS:
        return expect_task(found)
    known = [(kind, found[kind]) for kind in EVENTS if isinstance(found.get(kind), dict)]
    if len(known) != 1:
        raise Invalid(f"result: it has exactly one of {', '.join(EVENTS)}")
    if known[0][0] == "task":
        expect_task(known[0][1])
    return dict(known)


def expect_task(task: Json) -> Json:
    """Raises Invalid unless it has an id and says its state."""
    if not isinstance(task.get("id"), str) or not task["id"]:
        raise Invalid("task.id: it must be a text")
    expect_object(expect_object(task.get("status"), "task.status"), "task.status")
    return task
