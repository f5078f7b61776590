"""A2A 1.0 over gRPC (specification §10): the service lf.a2a.v1.A2AService on a port of its own. Needs the extra `grpc`.

Messages are made from and into the ProtoJSON that the hub has anyway. There is one address for all agents, so the `tenant` of a
request names the agent, as the interfaces of its card say; an empty one is the hub itself.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from errno import EADDRINUSE
from typing import Any, NamedTuple, NoReturn

import grpc
from a2a.types import a2a_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Unauthenticated
from hub.ports import Json
from protocols.a2a import errors
from protocols.a2a.cards import HubCards
from protocols.a2a.door import A2ASettings
from protocols.a2a.errors import DOMAIN, A2AError, InternalError, VersionNotSupported
from protocols.a2a.jsonrpc import STREAMING, UNARY
from protocols.a2a.service import Asked, Service
from protocols.identity import Credentials

log = logging.getLogger("a2a")

SERVICE = "lf.a2a.v1.A2AService"
VERSION, EXTENSIONS, KEY = "a2a-version", "a2a-extensions", "idempotency-key"
DETAILS = "grpc-status-details-bin"
Context = grpc.aio.ServicerContext[Any, Any]


class Shapes(NamedTuple):
    request: type[Message]
    answer: type[Message]


SHAPES: Mapping[str, Shapes] = {
    "SendMessage": Shapes(a2a_pb2.SendMessageRequest, a2a_pb2.SendMessageResponse),
    "SendStreamingMessage": Shapes(a2a_pb2.SendMessageRequest, a2a_pb2.StreamResponse),
    "GetTask": Shapes(a2a_pb2.GetTaskRequest, a2a_pb2.Task),
    "ListTasks": Shapes(a2a_pb2.ListTasksRequest, a2a_pb2.ListTasksResponse),
    "CancelTask": Shapes(a2a_pb2.CancelTaskRequest, a2a_pb2.Task),
    "SubscribeToTask": Shapes(a2a_pb2.SubscribeToTaskRequest, a2a_pb2.StreamResponse),
    "CreateTaskPushNotificationConfig": Shapes(a2a_pb2.TaskPushNotificationConfig, a2a_pb2.TaskPushNotificationConfig),
    "GetTaskPushNotificationConfig": Shapes(a2a_pb2.GetTaskPushNotificationConfigRequest, a2a_pb2.TaskPushNotificationConfig),
    "ListTaskPushNotificationConfigs": Shapes(
        a2a_pb2.ListTaskPushNotificationConfigsRequest, a2a_pb2.ListTaskPushNotificationConfigsResponse
    ),
    "DeleteTaskPushNotificationConfig": Shapes(a2a_pb2.DeleteTaskPushNotificationConfigRequest, Empty),
    "GetExtendedAgentCard": Shapes(a2a_pb2.GetExtendedAgentCardRequest, a2a_pb2.AgentCard),
}


class Door:
    """The handlers of the service's methods, as gRPC calls them."""

    def __init__(self, service: Service, credentials: Credentials, base_url: str) -> None:
        self._service, self._credentials, self._base_url = service, credentials, base_url

    def handlers(self) -> grpc.GenericRpcHandler:
        made = {}
        for name, shapes in SHAPES.items():
            make = grpc.unary_stream_rpc_method_handler if name in STREAMING else grpc.unary_unary_rpc_method_handler
            work = self._streaming(name) if name in STREAMING else self._unary(name)
            made[name] = make(work, shapes.request.FromString, shapes.answer.SerializeToString)
        return grpc.method_handlers_generic_handler(SERVICE, made)

    def _unary(self, name: str) -> Any:
        async def handle(request: Message, context: Context) -> Message:
            try:
                params, asked = await self._asked(request, context)
                return ParseDict(await UNARY[name](self._service, params, asked), SHAPES[name].answer(), ignore_unknown_fields=True)
            except (A2AError, HubError) as error:
                await refuse(error, context)
            except Exception:
                log.exception("%s failed", name)
                await refuse(InternalError(), context)

        return handle

    def _streaming(self, name: str) -> Any:
        async def handle(request: Message, context: Context) -> AsyncIterator[Message]:
            try:
                params, asked = await self._asked(request, context)
                async with aclosing(STREAMING[name](self._service, params, asked)) as updates:
                    async for update in updates:
                        await self._credentials.confirm(headers_of(context))
                        if update:
                            yield ParseDict(update.event, SHAPES[name].answer(), ignore_unknown_fields=True)
            except (A2AError, HubError) as error:
                await refuse(error, context)
            except Exception:
                log.exception("%s failed", name)
                await refuse(InternalError(), context)

        return handle

    async def _asked(self, request: Message, context: Context) -> tuple[Json, Asked]:
        """Raises A2AError, Unauthenticated."""
        headers = headers_of(context)
        caller: Caller = await self._credentials.caller(headers)
        expect_version(headers.get(VERSION, ""))
        params: Json = MessageToDict(request)
        extensions = frozenset(uri for part in headers.get(EXTENSIONS, "").split(",") if (uri := part.strip()))
        named = params.get("tenant", "")
        agent_id = named if named != caller.tenant and named else None
        return params, Asked(caller, agent_id, self._base_url, extensions, idempotency_key=headers.get(KEY))


class Port:
    """The server: bound when it is made, answering once it is started. Raises OSError where it cannot be bound."""

    def __init__(self, hub: Hub, credentials: Credentials, host: str, port: int, most_bytes: int) -> None:
        """Port 0 takes a free one. `most_bytes`: of a request."""
        self._hub, self._credentials = hub, credentials
        self._server = grpc.aio.server(options=[("grpc.max_receive_message_length", most_bytes), ("grpc.so_reuseport", 0)])
        self._service: Service | None = None
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            self.number: int = self._server.add_insecure_port(address)
        except RuntimeError:
            raise OSError(EADDRINUSE, "cannot be listened on") from None

    async def start(self, base_url: str, settings: A2ASettings) -> None:
        """`base_url` is the hub's own; the settings are those that its cards are made of."""
        self._service = Service(self._hub, HubCards(self._hub, settings))
        self._server.add_generic_rpc_handlers((Door(self._service, self._credentials, base_url).handlers(),))
        await self._server.start()

    async def close(self, seconds: float) -> None:
        """Take no more calls, end the streams, and what else has not ended within this time."""
        if self._service:
            await self._service.close()
        await self._server.stop(seconds)


def headers_of(context: Context) -> Mapping[str, str]:
    """The metadata: the service parameters (§3.2.6), and who asks."""
    given: Sequence[tuple[str, str | bytes]] = tuple(context.invocation_metadata() or ())
    return Headers({name.lower(): value for name, value in given if isinstance(value, str)})


class Headers(dict[str, str]):
    """Found by any spelling of their names."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def expect_version(version: str) -> None:
    """The service's own name says 1, so who says nothing means that. Raises VersionNotSupported."""
    if version and version.split(".")[0] != "1":
        raise VersionNotSupported(f"gRPC is served in version 1.0, not {version[:20]!r}.")


async def refuse(error: A2AError | HubError, context: Context) -> NoReturn:
    """End the call with the error: its status, and google.rpc.Status with ErrorInfo in the trailing metadata (§10.6)."""
    if isinstance(error, Unauthenticated | Forbidden):  # none of A2A's errors
        code = grpc.StatusCode.UNAUTHENTICATED if isinstance(error, Unauthenticated) else grpc.StatusCode.PERMISSION_DENIED
        await context.abort(code, error.message)
    said = errors.of(error) if isinstance(error, HubError) else error
    code = grpc.StatusCode[said.status]
    number: int = code.value[0]
    status = Status(code=number, message=said.message)
    for detail in details_of(said):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort(code, said.message, ((DETAILS, status.SerializeToString()),))


def details_of(error: A2AError) -> list[Message]:
    info = ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    if not error.violations:
        return [info]
    violations = [BadRequest.FieldViolation(field=one.field, description=one.description) for one in error.violations]
    return [info, BadRequest(field_violations=violations)]
