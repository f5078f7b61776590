"""The tasks extension, `io.modelcontextprotocol/tasks` (2026-07-28): the hub's own tasks as what a tool call may turn into.

Which of its states each task is in stands in `task_shapes`. Ids are no secrets and open nothing: each request is
authorized, and another tenant's task is one that is not there.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import orjson
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, InboundLadderRejection, decode_header_value
from mcp_types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    ClientCapabilities,
    RequestParams,
)  # fmt: skip
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import HubError, NotFound, Refused
from hub.domain.tasks import Task
from hub.operations.base import Output
from hub.operations.waiting import Waited
from hub.ports import Json, Logged
from protocols.mcp.task_shapes import create_task_result, detailed, task_notification
from protocols.wire import jsonrpc_code

EXTENSION = "io.modelcontextprotocol/tasks"
METHODS = frozenset({"tasks/get", "tasks/update", "tasks/cancel"})

Context = ServerRequestContext[Any, Any]
CallerOf = Callable[[Context], Caller]
R = TypeVar("R", bound=Output)


class TaskParams(RequestParams):
    task_id: str


class UpdateTaskParams(TaskParams):
    input_responses: dict[str, Any]


def add_to(made: Server[Any], hub: Hub, caller_of: CallerOf) -> None:
    async def get(ctx: Context, params: TaskParams) -> Json:
        require(ctx)
        async with mcp_errors():
            return detailed(await _looked_at(hub, params.task_id, caller_of(ctx)), elicits(ctx.session.client_capabilities))

    async def update(ctx: Context, params: UpdateTaskParams) -> Json:
        """Answers to questions that are not open are ignored, as the specification advises."""
        require(ctx)
        async with mcp_errors():
            await _answer(hub, params, caller_of(ctx))
        return {}

    async def cancel(ctx: Context, params: TaskParams) -> Json:
        require(ctx)
        async with mcp_errors():
            await hub.call("cancel_task", {"taskId": params.task_id}, caller_of(ctx))
        return {}

    made.extensions[EXTENSION] = {}
    made.add_request_handler("tasks/get", TaskParams, get)
    made.add_request_handler("tasks/update", UpdateTaskParams, update)
    made.add_request_handler("tasks/cancel", TaskParams, cancel)


def extensions_of(capabilities: ClientCapabilities | None) -> frozenset[str]:
    """Those that a request declares (`Asker.extensions`)."""
    return frozenset(capabilities.extensions or ()) if capabilities else frozenset()


def elicits(capabilities: ClientCapabilities | None) -> bool:
    """Whether the client shows its user forms, which an empty declaration means too (`Asker.elicits`)."""
    declared = capabilities.elicitation if capabilities else None
    return declared is not None and (declared.form is not None or declared.url is None)


def declared(ctx: Context) -> bool:
    """Each request says anew whether its client knows the extension; before 2026-07-28 none does."""
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and EXTENSION in extensions_of(ctx.session.client_capabilities)


def require(ctx: Context) -> None:
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(METHOD_NOT_FOUND, "Method not found", ctx.method)
    if not declared(ctx):
        raise missing_extension()


def missing_extension() -> MCPError:
    needed: Json = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
    return MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, f"Missing required client capability: the extension {EXTENSION}", needed)


def name_mismatch(method: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> InboundLadderRejection | None:
    """Mcp-Name repeats the task's id (§Streamable HTTP: Routing Headers): missing or another one, it is refused."""
    if method not in METHODS or decode_header_value(headers.get(MCP_NAME_HEADER)) == params.get("taskId"):
        return None
    return InboundLadderRejection(HEADER_MISMATCH, f"{MCP_NAME_HEADER} header does not match the request body's 'taskId' parameter")


async def begin(hub: Hub, caller: Caller, title: str, objective: str = "") -> Task:
    """A task for work that goes on after the call: in progress, and committed, so that tasks/get finds it at once."""
    given = {"title": title, "objective": objective or title, "status": "IN_PROGRESS"}
    return _is(Task, await hub.call("create_task", given, caller))


async def instead(hub: Hub, name: str, arguments: Any, caller: Caller) -> str | None:
    """What a client with the extension gets for a call of this tool, a handle if it would take long; None: the tool is called.

    Only for a client that elicits: another one could not answer what the task may ask. Raises HubError.
    """
    if name not in WATCHES or not isinstance(arguments, Mapping):
        return None
    return await WATCHES[name](hub, arguments, caller)


async def _watch(hub: Hub, arguments: Mapping[str, Any], caller: Caller) -> str | None:
    """Whoever only looks, or waits for answers to its own questions, is not watching the task's end."""
    if arguments.get("until") == "answered" or arguments.get("timeoutSeconds") == 0:
        return None
    looked = _is(Waited, await hub.call("wait_for_task", {**arguments, "until": "ended", "timeoutSeconds": 0}, caller))
    return None if looked.task.ended else orjson.dumps(create_task_result(looked.task)).decode()


WATCHES: dict[str, Callable[[Hub, Mapping[str, Any], Caller], Awaitable[str | None]]] = {"wait_for_task": _watch}
"""The tools that wait for what the hub knows as a task anyway."""


async def followed(hub: Hub, ctx: Context, caller: Caller, asked: Collection[str]) -> list[str]:
    """The tasks whose changes a listener is told, of those in its filter's `taskIds`: the ones that it may see. Raises MCPError."""
    if asked:
        require(ctx)
    seen = []
    for task_id in asked:
        try:
            await hub.call("get_task", {"taskId": task_id}, caller)
        except NotFound:
            continue
        seen.append(task_id)
    return seen


async def notifications(
    hub: Hub, caller: Caller, events: Iterable[Logged], task_ids: Collection[str], capabilities: ClientCapabilities | None
) -> list[tuple[str, Json]]:
    """For each of the tasks that something happened to, as it is now: method and params. A deleted one is not told of."""
    changed = dict.fromkeys(_changed(events, task_ids))
    told = []
    for task_id in changed:
        try:
            told.append(task_notification(await _looked_at(hub, task_id, caller), elicits(capabilities)))
        except NotFound:
            continue
    return told


async def _answer(hub: Hub, params: UpdateTaskParams, caller: Caller) -> None:
    task = _is(Task, await hub.call("get_task", {"taskId": params.task_id}, caller))
    asked = {one.id for one in task.questions}
    answers = {id_: _answered(given) for id_, given in params.input_responses.items() if id_ in asked}
    for id_, answer in answers.items():
        try:
            await hub.call("provide_input", {"taskId": task.id, "inputRequestId": id_, **answer}, caller)
        except Refused:  # another client was first, or the task ended meanwhile
            continue


def _answered(given: Any) -> Json:
    """Of an ElicitResult what the hub keeps: a question that is waved away is declined."""
    match given:
        case {"action": "accept", **rest} if isinstance(content := rest.get("content") or {}, dict):
            return {"response": content}
        case {"action": "decline" | "cancel"}:
            return {"declined": True}
        case _:
            raise MCPError(INVALID_PARAMS, "An answer is an ElicitResult: action accept with content, decline or cancel.")


def _changed(events: Iterable[Logged], task_ids: Collection[str]) -> Iterable[str]:
    for event in events:
        if event.name.startswith("task.") and (record_id := orjson.loads(event.body)["recordId"]) in task_ids:
            yield record_id


async def _looked_at(hub: Hub, task_id: str, caller: Caller) -> Waited:
    return _is(Waited, await hub.call("wait_for_task", {"taskId": task_id, "timeoutSeconds": 0}, caller))


def _is(type_: type[R], answer: Output) -> R:
    assert isinstance(answer, type_)
    return answer


@asynccontextmanager
async def mcp_errors() -> AsyncIterator[None]:
    """An unknown task is a wrong parameter (§Error Handling)."""
    try:
        yield
    except HubError as error:
        wrong = error.kind in ("not_found", "invalid")
        raise MCPError(INVALID_PARAMS if wrong else jsonrpc_code(error), error.message) from None
