"""The tools of a profile, as MCP lists them: the catalogue's operations, and two tools that reach what the profile leaves out."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ListToolsResult, Tool
from pydantic import Field, JsonValue

from hub.access import Caller
from hub.domain.errors import Invalid
from hub.operations import OPERATIONS
from hub.operations.base import COORDINATION, CORE, FULL, KANBAN, PROFILES, Input, Name, Operation, Profile
from hub.ports import Json
from protocols.mcp.schemas import input_schema, operation_input, operation_output, outline

__all__ = [
    "CALL_OPERATION", "CORE", "FIND_TOOLS", "FULL", "PROFILES", "CallOperation", "FindTools",
    "chosen_profile", "listed", "operation_tool", "profile_of", "tools",
]  # fmt: skip

INSTRUCTIONS = (
    "Trivium is the hub where coding agents share work. Begin with create_agent and keep the id. claim_task gives you work and a "
    "claim.token: send it as claimToken when you write, claim again before it expires, and end with report_to_parent. reserve_files "
    "before you edit. read_inbox now and then. The note 'spec' is the workspace's specification. Every tool that writes also takes "
    "idempotencyKey: a repeat with the same key does nothing twice. The hub can do more than these tools: find_tools finds it, "
    "call_operation runs it."
)
PAGE = 500
"""Tools a page: more than the hub has, because many clients never ask for a second one."""
SHORT = {CORE, COORDINATION}
"""Profiles that show of an input what it calls brief."""
HEADER = "Trivium-Profile"
WEB_PROFILES: dict[str, Profile] = {"kanban-planning": KANBAN, "team-coordination": COORDINATION, "coordination": COORDINATION}
"""The web API's `mcpProfile=`."""
WEB_MODES: dict[str, Profile] = {"essential": CORE, "full": FULL}
"""The web API's `toolMode=`."""

FIND_TOOLS, CALL_OPERATION = "find_tools", "call_operation"


class FindTools(Input):
    query: Annotated[str, Field(min_length=1, max_length=400)]
    """What you want to do, in words, or a part of a name."""
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class CallOperation(Input):
    name: Name
    arguments: dict[str, JsonValue] = {}


def profile_of(name: str | None) -> Profile:
    """The profile of this name, `core` without one. Raises Invalid."""
    return _one_of(dict(zip(PROFILES, PROFILES, strict=True)), name, "profile") if name is not None else CORE


def chosen_profile(query: Mapping[str, str], headers: Mapping[str, str], caller: Caller) -> Profile:
    """The profile that a connection asks for, in the address, by a header, or in the web API's words; else its credential's.

    Raises Invalid.
    """
    named = query.get("profile", headers.get(HEADER))
    if named is None and (web := web_profile(query.get("mcpProfile"))):
        return web
    if named is None and (mode := query.get("toolMode")) is not None:
        return _one_of(WEB_MODES, mode, "toolMode")
    return profile_of(named if named is not None else caller.profile)


def web_profile(name: str | None) -> Profile | None:
    """By the web API's name of it. Raises Invalid."""
    return None if name is None else _one_of(WEB_PROFILES, name, "mcpProfile")


def _one_of(allowed: Mapping[str, Profile], name: str, what: str) -> Profile:
    if name not in allowed:
        raise Invalid(f"There is no {what} {name[:80]!r}. Allowed: {', '.join(allowed)}.")
    return allowed[name]


@cache
def tools(profile: Profile) -> list[Json]:
    """The tools of a profile, in the catalogue's order (2025-11-25 §server/tools)."""
    shown = [operation_tool(row, profile in SHORT) for row in OPERATIONS.values() if row.in_profile(profile)]
    return shown if profile == FULL else [*shown, *_beyond_the_profile()]


def listed(profile: Profile, cursor: str | None = None, more: Sequence[Json] = ()) -> ListToolsResult:
    """A page of the profile's tools and `more` of them, which stand behind its own (2025-11-25 §server/utilities/pagination).

    A cursor is the last page's last name: tools that come and go between two pages move nothing.
    """
    shown = [*_models(profile), *map(Tool.model_validate, more)]
    start = 0
    if cursor is not None:
        start = next((at for at, tool in enumerate(shown, 1) if tool.name == cursor), -1)
        if start < 0:
            raise MCPError(INVALID_PARAMS, "There is no page at this cursor. Begin again without one.")
    page = shown[start : start + PAGE]
    return ListToolsResult(tools=page, next_cursor=page[-1].name if start + PAGE < len(shown) else None)


@cache
def _models(profile: Profile) -> list[Tool]:
    return [Tool.model_validate(tool) for tool in tools(profile)]


def operation_tool(row: Operation, short: bool) -> Json:
    return {
        "name": row.name, "title": row.title, "description": row.description, "inputSchema": operation_input(row, short),
        "outputSchema": operation_output(row),
        "annotations": _annotations(reads=not row.writes, destroys=row.destructive, repeatable=row.repeatable),
    }  # fmt: skip


def _annotations(reads: bool, destroys: bool, repeatable: bool) -> Json:
    """All four, because a client takes the worst of those that are not said. The hub's world is its own records."""
    return {"readOnlyHint": reads, "destructiveHint": destroys, "idempotentHint": reads or repeatable, "openWorldHint": False}


def _beyond_the_profile() -> tuple[Json, Json]:
    return (
        {
            "name": FIND_TOOLS, "title": "Find tools",
            "description": "Find what else the hub can do: more operations with their inputSchema. Run one with call_operation.",
            "inputSchema": input_schema(FindTools), "outputSchema": outline({"tools": {"type": "array"}}),
            "annotations": _annotations(reads=True, destroys=False, repeatable=True),
        },
        {
            "name": CALL_OPERATION, "title": "Call operation",
            "description": "Run an operation that find_tools found, with arguments as its inputSchema says.",
            "inputSchema": input_schema(CallOperation), "outputSchema": outline({}),
            "annotations": _annotations(reads=False, destroys=True, repeatable=False),
        },
    )  # fmt: skip
