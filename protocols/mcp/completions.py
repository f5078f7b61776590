"""Completion of what people type into a template's variables and a prompt's arguments (2025-11-25 §server/utilities/completion)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple, get_args

import orjson
from mcp.server.lowlevel import Server
from mcp_types import CompleteRequestParams, CompleteResult, Completion, ResourceTemplateReference

from hub.access import Caller
from hub.app import Hub
from hub.domain.agents import AgentRole
from hub.domain.errors import Invalid, NotFound
from hub.domain.tasks import TaskStatus
from hub.ports import Json
from protocols.mcp.listening import CallerOf, Context
from protocols.mcp.prompts import prompt
from protocols.mcp.readings import may
from protocols.mcp.uris import TEMPLATES, variables

MOST = 100
"""Values in an answer, as the specification says."""
SCANNED = 10_000
"""Records looked at for one answer, the oldest first: it is asked for with every key that somebody presses."""
PAGE = 500
_BY_USE: tuple[TaskStatus, ...] = ("IN_PROGRESS", "REVIEW_REQUIRED", "NEEDS_FIX", "PENDING", "BLOCKED", "COMPLETED", "CANCELLED")
RANKS: dict[str | None, int] = {status: rank for rank, status in enumerate(_BY_USE)}
"""Of a task's status: those that one is likely to mean come first."""


class Source(NamedTuple):
    """Where a value comes from. What was typed is the beginning of the value or of its title."""

    operation: str
    value: str = "id"
    title: str = "title"


SOURCES: dict[str, tuple[Source, ...]] = {
    "workspaceId": (Source("list_workspaces"),),
    "agentId": (Source("list_agents", title="name"),),
    "toAgent": (Source("list_agents", title="name"),),
    "agentName": (Source("list_agents", "name", "name"),),
    "taskId": (Source("list_tasks"),),
    "noteId": (Source("list_notes"),),
    "sessionId": (Source("list_tasks", "sessionId", "sessionId"), Source("list_notes", "sessionId", "sessionId")),
}
FIXED: dict[str, tuple[str, ...]] = {"role": get_args(AgentRole)}


def add_to(made: Server[Any], hub: Hub, caller_of: CallerOf) -> None:
    async def complete(ctx: Context, params: CompleteRequestParams) -> CompleteResult:
        name, typed = params.argument.name, params.argument.value
        allowed = _arguments(params)
        if name not in allowed:
            raise Invalid(f"{name[:80]}: there is no such argument. Allowed: {', '.join(allowed)}")
        known = (params.context and params.context.arguments) or {}
        return CompleteResult(completion=await _completed(hub, caller_of(ctx), name, typed.casefold(), known))

    made.add_request_handler("completion/complete", CompleteRequestParams, complete)


def _arguments(params: CompleteRequestParams) -> tuple[str, ...]:
    """Raises Invalid or NotFound for a reference to nothing."""
    if not isinstance(params.ref, ResourceTemplateReference):
        return tuple(one.name for one in prompt(params.ref.name).prompt.arguments or ())
    for place, template in TEMPLATES.items():
        if template == params.ref.uri and variables(place):
            return variables(place)
    raise Invalid("ref.uri: it must be a uriTemplate as resources/templates/list shows them")


async def _completed(hub: Hub, caller: Caller, name: str, typed: str, known: Mapping[str, str]) -> Completion:
    """What the caller may not list is not suggested."""
    if name in FIXED:
        values = [value for value in FIXED[name] if value.casefold().startswith(typed)]
        return Completion(values=values, total=len(values), has_more=False)
    found: dict[str, int] = {}
    looked = 0
    for source in SOURCES[name]:
        async for record in _records(source, hub, caller, known):
            looked += 1
            value = record.get(source.value)
            if value and (value.casefold().startswith(typed) or record[source.title].casefold().startswith(typed)):
                found.setdefault(value, RANKS.get(record.get("status"), 0) if source.value == "id" else 0)
            if looked == SCANNED:
                break
    values, whole = sorted(found, key=lambda value: found[value]), looked < SCANNED
    return Completion(values=values[:MOST], total=len(values) if whole else None, has_more=not whole or len(values) > MOST)


async def _records(source: Source, hub: Hub, caller: Caller, known: Mapping[str, str]) -> AsyncIterator[Json]:
    if not may(caller, source.operation):
        return
    if source.operation == "list_workspaces":
        asked: list[Json] = [{}]
    else:
        spaces = await _workspaces(hub, caller, known)
        asked = [{"workspaceId": id_} for id_ in spaces]
    for one in asked:
        async for record in _pages(source.operation, one, hub, caller):
            yield record


async def _workspaces(hub: Hub, caller: Caller, known: Mapping[str, str]) -> list[str]:
    """The one that is settled, be it by the task that was chosen; else those at work."""
    try:
        if id_ := known.get("workspaceId"):
            await hub.call("get_workspace", {"workspaceId": id_}, caller)
            return [id_]
        if task := known.get("taskId"):
            return [orjson.loads((await hub.call("get_task", {"taskId": task}, caller)).to_json())["workspaceId"]]
    except (NotFound, Invalid):
        return []
    if not may(caller, "list_workspaces"):
        return []
    return [space["id"] async for space in _pages("list_workspaces", {"status": "active"}, hub, caller)]


async def _pages(operation: str, asked: Json, hub: Hub, caller: Caller) -> AsyncIterator[Json]:
    cursor: str | None = ""
    while cursor is not None:
        page = orjson.loads((await hub.call(operation, {**asked, "cursor": cursor, "limit": PAGE}, caller)).to_json())
        for record in page[operation.removeprefix("list_")]:
            yield record
        cursor = page.get("nextCursor")
