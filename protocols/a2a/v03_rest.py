"""0.3 over REST, under /v1 of an agent's address (0.3 §3.5.3): each path the operation of 1.0, in the ProtoJSON of 0.3."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, NamedTuple

from hub.domain.errors import HubError, Invalid
from hub.ports import Json
from protocols.a2a import errors
from protocols.a2a.errors import A2AError, MethodNotFound
from protocols.a2a.rest import body_of, expect_method
from protocols.a2a.service import Asked, Service, Stream
from protocols.a2a.states import SETTLED, TERMINAL
from protocols.a2a.v03_jsonrpc import CODES, translated
from protocols.a2a.v03_proto import card_to_proto, event_to_proto, push_from_proto, push_to_proto, send_from_proto, task_to_proto
from protocols.a2a.v03_requests import history_from_v03

NAMES = {
    -32700: "JSONParseError", -32600: "InvalidRequestError", -32601: "MethodNotFoundError", -32602: "InvalidParamsError",
    -32603: "InternalError", -32001: "TaskNotFoundError", -32002: "TaskNotCancelableError", -32003: "PushNotificationNotSupportedError",
    -32004: "UnsupportedOperationError", -32005: "ContentTypeNotSupportedError", -32006: "InvalidAgentResponseError",
    -32007: "AuthenticatedExtendedCardNotConfiguredError",
}  # fmt: skip


class Given(NamedTuple):
    """A request: what its address, its query and its body say."""

    id: str = ""
    config_id: str = ""
    history_length: str | None = None
    body: Any = None


async def send(service: Service, given: Given, asked: Asked) -> Json:
    return event_to_proto(await service.send(send_from_proto(given.body), asked))


async def get(service: Service, given: Given, asked: Asked) -> Json:
    return task_to_proto(await service.get({"id": given.id, **_history(given.history_length)}, asked))


async def cancel(service: Service, given: Given, asked: Asked) -> Json:
    return task_to_proto(await service.cancel({"id": given.id}, asked))


async def set_push_config(service: Service, given: Given, asked: Asked) -> Json:
    return push_to_proto(await service.create_push_config(push_from_proto(given.body, given.id), asked))


async def get_push_config(service: Service, given: Given, asked: Asked) -> Json:
    return push_to_proto(await service.get_push_config({"taskId": given.id, "id": given.config_id}, asked))


async def list_push_configs(service: Service, given: Given, asked: Asked) -> Json:
    page = await service.list_push_configs({"taskId": given.id, "pageSize": 100}, asked)
    return {"configs": [push_to_proto(config) for config in page["configs"]]}


async def delete_push_config(service: Service, given: Given, asked: Asked) -> Json:
    await service.delete_push_config({"taskId": given.id, "id": given.config_id}, asked)
    return {}


async def extended_card(service: Service, given: Given, asked: Asked) -> Json:
    return card_to_proto(await service.extended_card({}, asked))


class Streaming(NamedTuple):
    begin: Callable[[Service, Given, Asked], Stream]
    ends: Collection[str]


SEND_STREAM = Streaming(lambda service, given, asked: service.stream(send_from_proto(given.body), asked), SETTLED)
SUBSCRIBE = Streaming(lambda service, given, asked: service.subscribe({"id": given.id}, asked), TERMINAL)
Unary = Callable[[Service, Given, Asked], Awaitable[Json]]


class Meant(NamedTuple):
    given: Given
    unary: Unary | None = None
    streaming: Streaming | None = None


def meant(method: str, path: str, query: Mapping[str, str], body: bytes) -> Meant:
    """`path` is what stands behind the `/v1/` of the agent's address. Raises A2AError."""
    id_, _, verb = path.removeprefix("tasks/").rpartition(":")
    match path.split("/"):
        case ["message:send"]:
            return Meant(_sent(method, body), unary=send)
        case ["message:stream"]:
            return Meant(_sent(method, body), streaming=SEND_STREAM)
        case ["card"]:
            expect_method(method, "GET")
            return Meant(Given(), unary=extended_card)
        case ["tasks", _] if id_ and verb == "cancel":
            expect_method(method, "POST")
            return Meant(Given(id_), unary=cancel)
        case ["tasks", _] if id_ and verb == "subscribe":
            expect_method(method, "GET", "POST")
            return Meant(Given(id_), streaming=SUBSCRIBE)
        case ["tasks", task]:
            expect_method(method, "GET")
            return Meant(Given(task, history_length=query.get("historyLength", query.get("history_length"))), unary=get)
        case ["tasks", task, "pushNotificationConfigs"]:
            expect_method(method, "GET", "POST")
            return (
                Meant(Given(task), unary=list_push_configs) if method == "GET" else Meant(_sent(method, body, task), unary=set_push_config)
            )
        case ["tasks", task, "pushNotificationConfigs", config]:
            expect_method(method, "GET", "DELETE")
            return Meant(Given(task, config), unary=get_push_config if method == "GET" else delete_push_config)
    raise MethodNotFound("There is nothing under this path.")


def _sent(method: str, body: bytes, task: str = "") -> Given:
    return Given(task, body=body_of(method, body))


async def answer(service: Service, work: Unary, given: Given, asked: Asked) -> Json:
    """Raises A2AError, Unauthenticated, Forbidden."""
    try:
        return await work(service, given, asked)
    except HubError as error:
        raise errors.of(error) from None


async def stream(service: Service, work: Streaming, given: Given, asked: Asked) -> Stream:
    """The service's updates. Raises as `answer` does."""
    try:
        updates = work.begin(service, given, asked)
    except Invalid as error:
        raise errors.of(error) from None
    async for update in translated(updates, lambda event: event_to_proto(event, work.ends)):
        yield update


def error_of(error: A2AError) -> Json:
    """The body, in which the known clients find each what it looks for: a code, a type, an error's name, a message."""
    code = error.code if error.code in CODES else -32603
    return {"code": code, "type": NAMES[code], "error": NAMES[code], "message": error.message, "data": error.details()}


def _history(length: str | None) -> Json:
    if length is None:
        return {}
    if not (length.isascii() and length.isdecimal() and len(length) < 10):
        raise Invalid("historyLength: it must be a whole number, 0 or more")
    return history_from_v03(int(length))
