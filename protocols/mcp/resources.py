"""Resources: what the hub holds, to be read by address (2025-11-25 §server/resources, 2026-07-28 §server/resources)."""

from asyncio import gather
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import orjson
from mcp.server.caching import CacheHint
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    Annotations,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    Role,
)  # fmt: skip
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Invalid, NotFound
from hub.ports import Filter, Json, Logged
from protocols.mcp.listening import CallerOf, Context
from protocols.mcp.readings import JSON, MARKDOWN, OPERATION, Reading, may, read
from protocols.mcp.uris import SCHEME, TEMPLATES, VIEWS, Address, Place, about, parse, variables

NOT_FOUND = -32002
"""A resource that is not there, in the handshake era; 2026-07-28 made it -32602."""
LIST_TTL, TEMPLATES_TTL = 5_000, 3_600_000
"""Milliseconds. Templates change with the hub's version only. What was read may be old at once: a client reads what it wrote."""
PAGE = 20
"""Workspaces on a page of resources/list."""
RECENT = 50
"""Records that changed last, at the end of the list."""
REACHES = (1_000, 8_000, 64_000)
"""How many events to look back for them, while there are too few."""
RECORDS: tuple[Place, ...] = ("task", "note")
AT_ALL = "workspaces/"
"""What a cursor begins with; behind it the last workspace of the page before."""

DESCRIPTIONS: dict[Place, tuple[str, str]] = {
    "workspaces": ("Workspaces", "All workspaces, oldest first."),
    "workspace": ("Workspace", "A workspace: its title, status and metadata."),
    "ready": ("Ready tasks", "The tasks that can be started now, the most urgent first. claim_task takes one."),
    "tasks": ("Tasks", "The workspace's tasks, oldest first."),
    "agents": ("Agents", "The workspace's agents, and who of them is online."),
    "notes": ("Notes", "The workspace's notes without their texts, each with the address of its text."),
    "agent": ("Agent", "An agent: its role, its status, whether it is online, its tasks."),
    "task": ("Task", "A task whole: objective, acceptance criteria, claim, verdict, comments."),
    "artifacts": ("Artifacts", "The evidence on a task: test results, diffs, logs, screenshots."),
    "note": ("Note", "A note's text."),
    "session": ("Session", "What was done in a session: its tasks and its notes."),
}
"""Title and description."""
PRIORITIES: dict[Place, float] = {"ready": 0.9, "task": 0.7, "note": 0.7, "notes": 0.6, "tasks": 0.6}
"""How much a resource helps; 0.5 where nothing is said."""


def add_to(made: Server[Any], hub: Hub, caller_of: CallerOf) -> None:
    async def list_resources(ctx: Context, params: PaginatedRequestParams) -> ListResourcesResult:
        return await _listed(hub, caller_of(ctx), params.cursor)

    async def list_templates(ctx: Context, params: PaginatedRequestParams) -> ListResourceTemplatesResult:
        if params.cursor is not None:
            raise Invalid("cursor: there is one page of templates, so leave it out")
        return templates

    async def read_resource(ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        try:
            return ReadResourceResult(contents=[(await read(hub, caller_of(ctx), parse(params.uri))).contents])
        except (NotFound, Invalid) as error:
            code = INVALID_PARAMS if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS else NOT_FOUND
            raise MCPError(code, error.message, {"uri": params.uri}) from None

    templates = ListResourceTemplatesResult(resource_templates=[_template(place) for place in TEMPLATES if variables(place)])
    made.add_request_handler("resources/list", PaginatedRequestParams, list_resources)
    made.add_request_handler("resources/templates/list", PaginatedRequestParams, list_templates)
    made.add_request_handler("resources/read", ReadResourceRequestParams, read_resource)
    made.cache_hints["resources/list"] = CacheHint(LIST_TTL)
    made.cache_hints["resources/templates/list"] = CacheHint(TEMPLATES_TTL, "public")
    made.cache_hints["resources/read"] = CacheHint(0)


async def _listed(hub: Hub, caller: Caller, cursor: str | None) -> ListResourcesResult:
    """The views of each workspace, oldest first, a page at a time; on the last page what changed last."""
    if cursor is not None and not cursor.startswith(AT_ALL):
        raise Invalid("cursor: it must be the nextCursor of the page before, or be left out")
    spaces: Json = {"workspaces": []}
    if may(caller, "list_workspaces"):
        asked = {"status": "active", "limit": PAGE, "cursor": (cursor or AT_ALL).removeprefix(AT_ALL)}
        spaces = orjson.loads((await hub.call("list_workspaces", asked, caller)).to_json())
    found = [view for space in spaces["workspaces"] for view in _views(space, caller)]
    if cursor is None and may(caller, "list_workspaces"):
        found.insert(0, _resource(Address("workspaces", {})))
    following = spaces.get("nextCursor")
    if following is None and may(caller, "list_events"):
        found += await _recent(hub, caller)
    return ListResourcesResult(resources=found, next_cursor=AT_ALL + following if following is not None else None)


def _views(space: Json, caller: Caller) -> Iterable[Resource]:
    for place in VIEWS:
        if may(caller, OPERATION[place]):
            at = space["updatedAt"] if place == "workspace" else None
            yield _resource(Address(place, {"workspaceId": space["id"]}), space["title"], last_modified=at)


async def _recent(hub: Hub, caller: Caller) -> list[Resource]:
    """Those of them that the caller may read and that are still there, the newest change first."""
    kinds = tuple(kind for kind in RECORDS if may(caller, OPERATION[kind]))
    changed: list[str] = []
    head = await hub.store.latest()
    for reach in REACHES if kinds else ():
        changed = _last([event async for event in _events(hub, caller, kinds, head - reach, head)])
        if len(changed) == RECENT or reach >= head:
            break
    readings = await gather(*(read(hub, caller, parse(where)) for where in changed), return_exceptions=True)
    found: list[Resource] = []
    for reading in readings:
        if isinstance(reading, Reading):
            found.append(_record(reading))
        elif not isinstance(reading, NotFound):
            raise reading
    return found


async def _events(hub: Hub, caller: Caller, kinds: tuple[str, ...], after: int, head: int) -> AsyncIterator[Logged]:
    async for page in hub.follow(caller, max(0, after), Filter(kinds=kinds), 0):
        for event in page.events:
            yield event
        if page.cursor >= head:
            break


def _last(events: Sequence[Logged]) -> list[str]:
    """The records that the last events are about, and that they have not removed."""
    seen: set[str] = set()
    found: list[str] = []
    for event in reversed(events):
        where = about(event)
        if where not in seen and not event.name.endswith(".deleted"):
            found.append(where)
        if len(found) == RECENT:
            break
        seen.add(where)
    return found


def _resource(address: Address, of: str = "", **more: Any) -> Resource:
    title, description = DESCRIPTIONS[address.place]
    where = address.uri
    return Resource(
        uri=where, name=where.removeprefix(SCHEME), title=f"{title}: {of}" if of else title, description=description,
        mime_type=_mime_type(address.place), annotations=_annotations(address.place, more.pop("last_modified", None)), **more,
    )  # fmt: skip


def _record(reading: Reading) -> Resource:
    record = reading.record
    return _resource(reading.address, record["title"], last_modified=record["updatedAt"], size=len(reading.text.encode()))


def _template(place: Place) -> ResourceTemplate:
    title, description = DESCRIPTIONS[place]
    return ResourceTemplate(
        uri_template=TEMPLATES[place], name=place, title=title, description=description,
        mime_type=_mime_type(place), annotations=_annotations(place),
    )  # fmt: skip


def _mime_type(place: Place) -> str:
    return MARKDOWN if place == "note" else JSON


def _annotations(place: Place, last_modified: str | None = None) -> Annotations:
    """People read what is written for them; the rest is for the model first."""
    audience: list[Role] = ["user", "assistant"] if place in ("note", "task", "workspace") else ["assistant"]
    return Annotations(audience=audience, priority=PRIORITIES.get(place, 0.5), last_modified=last_modified)
