"""0.3 over JSON-RPC (0.3 §7): its methods, each the operation of 1.0 with parameters and answers translated.

The envelope is the door's. What goes wrong is an A2AError, and `error_of` says it with the codes that 0.3 has.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

import orjson

from hub.domain.errors import HubError, Invalid
from hub.ports import Json
from protocols.a2a import errors, jsonrpc
from protocols.a2a.errors import A2AError, InternalError, MethodNotFound, NoSuch
from protocols.a2a.service import Asked, Service, Stream
from protocols.a2a.states import SETTLED, TERMINAL
from protocols.a2a.v03 import event_to_v03, task_to_v03
from protocols.a2a.v03_cards import card_to_v03
from protocols.a2a.v03_requests import config_named, get_from_v03, identified, push_from_v03, push_to_v03, send_from_v03

CODES = frozenset({-32700, -32600, -32601, -32602, -32603, *range(-32007, -32000)})
"""All that 0.3 knows (§8). What 1.0 has beyond them is an internal error for its clients."""


async def send(service: Service, params: Any, asked: Asked) -> Json:
    return event_to_v03(await service.send(send_from_v03(params), asked))


async def get(service: Service, params: Any, asked: Asked) -> Json:
    return task_to_v03(await service.get(get_from_v03(params), asked))


async def cancel(service: Service, params: Any, asked: Asked) -> Json:
    return task_to_v03(await service.cancel({"id": identified(params)["id"]}, asked))


async def set_push_config(service: Service, params: Any, asked: Asked) -> Json:
    return push_to_v03(await service.create_push_config(push_from_v03(params), asked))


async def get_push_config(service: Service, params: Any, asked: Asked) -> Json:
    """Without an id of its own: the first one of the task."""
    named = config_named(params, optional=True)
    if "id" in named:
        return push_to_v03(await service.get_push_config(named, asked))
    configs = (await service.list_push_configs(named, asked))["configs"]
    if not configs:
        raise NoSuch("The task has no push configuration. tasks/pushNotificationConfig/set makes one.")
    return push_to_v03(configs[0])


async def list_push_configs(service: Service, params: Any, asked: Asked) -> list[Json]:
    """0.3 does not page."""
    named, configs = config_named(params, optional=True), []
    while True:
        page = await service.list_push_configs({**named, "pageSize": 100}, asked)
        configs += [push_to_v03(config) for config in page["configs"]]
        if not (more := page.get("nextPageToken")):
            return configs
        named["pageToken"] = more


async def delete_push_config(service: Service, params: Any, asked: Asked) -> None:
    await service.delete_push_config(config_named(params), asked)


async def extended_card(service: Service, params: Any, asked: Asked) -> Json:
    return card_to_v03(await service.extended_card({}, asked))


class Streaming(NamedTuple):
    begin: Callable[[Service, Any, Asked], Stream]
    ends: Collection[str]


UNARY: Mapping[str, Callable[[Service, Any, Asked], Awaitable[Any]]] = {
    "message/send": send, "tasks/get": get, "tasks/cancel": cancel, "tasks/pushNotificationConfig/set": set_push_config,
    "tasks/pushNotificationConfig/get": get_push_config, "tasks/pushNotificationConfig/list": list_push_configs,
    "tasks/pushNotificationConfig/delete": delete_push_config, "agent/getAuthenticatedExtendedCard": extended_card,
}  # fmt: skip
STREAMING = {
    "message/stream": Streaming(lambda service, params, asked: service.stream(send_from_v03(params), asked), SETTLED),
    "tasks/resubscribe": Streaming(lambda service, params, asked: service.subscribe({"id": identified(params)["id"]}, asked), TERMINAL),
}


async def answer(service: Service, method: str, params: Any, asked: Asked) -> Any:
    """The result of a method that does not stream. Raises A2AError, Unauthenticated, Forbidden."""
    if method not in UNARY:
        raise MethodNotFound(f"There is no method {method[:80]!r} in A2A 0.3. Allowed: {', '.join([*UNARY, *STREAMING])}.")
    try:
        return await UNARY[method](service, params, asked)
    except HubError as error:
        raise errors.of(error) from None


async def stream(service: Service, method: str, params: Any, asked: Asked) -> Stream:
    """The results of a method that streams, as the service's updates. Raises as `answer` does."""
    begin, ends = STREAMING[method]
    try:
        updates = begin(service, params, asked)
    except Invalid as error:
        raise errors.of(error) from None
    async for update in translated(updates, lambda event: event_to_v03(event, ends)):
        yield update


async def translated(updates: Stream, translate: Callable[[Json], Json]) -> Stream:
    async with aclosing(updates):
        async for update in updates:
            event = translate(update.event) if update else {}
            yield update._replace(event=event, body=orjson.dumps(event)) if update else None


async def with_errors(frames: AsyncIterator[bytes], id_: jsonrpc.Id) -> AsyncGenerator[bytes, None]:
    """A client of 0.3 that asked for a stream gets one, with the error in it."""
    try:
        async for frame in frames:
            yield frame
    except A2AError as error:
        yield b"data: %b\n\n" % jsonrpc.failure(id_, error_of(error))


def error_of(error: A2AError) -> Json:
    """`error` of the answer."""
    said = error.jsonrpc()
    return said if error.code in CODES else {**said, "code": InternalError.code}
