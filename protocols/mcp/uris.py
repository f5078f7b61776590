"""The addresses of the hub's resources, `hub://…`: the one place that writes and reads them, and knows what an event changes.

Ids are percent-encoded as RFC 6570 expands a template, so a client that fills in a template writes what `uri` writes.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, get_args
from urllib.parse import quote, unquote

import orjson

from hub.domain.errors import NotFound
from hub.ports import Logged

Place = Literal["workspaces", "workspace", "agents", "tasks", "ready", "notes", "agent", "task", "artifacts", "note", "session"]
"""What an address leads to: a record, a session, or a list (the plurals; `ready` are the tasks that can be started now)."""

TEMPLATES: dict[Place, str] = {
    "workspaces": "hub://workspaces",
    "workspace": "hub://workspaces/{workspaceId}",
    "agents": "hub://workspaces/{workspaceId}/agents",
    "tasks": "hub://workspaces/{workspaceId}/tasks",
    "ready": "hub://workspaces/{workspaceId}/tasks/ready",
    "notes": "hub://workspaces/{workspaceId}/notes",
    "agent": "hub://agents/{agentId}",
    "task": "hub://tasks/{taskId}",
    "artifacts": "hub://tasks/{taskId}/artifacts",
    "note": "hub://notes/{workspaceId}/{noteId}",
    "session": "hub://sessions/{sessionId}",
}
"""As resources/templates/list shows them, and where they stand in the order of resources."""
VIEWS: tuple[Place, ...] = ("workspace", "ready", "tasks", "agents", "notes")
"""What there is of each workspace, the most useful first after the workspace itself."""
SCHEME = "hub://"

_CHANGED: dict[str, tuple[Place, ...]] = {
    "workspace": ("workspaces", "workspace"),
    "agent": ("agent", "agents"),
    "task": ("task", "tasks", "ready", "agent", "session"),
    "note": ("note", "notes", "session"),
    "artifact": ("artifacts",),
    "message": ("agent",),
    "session": ("session",),
    "permission": ("session",),
}
"""What an event about a record of this kind changes, as far as the event names it. An agent shows its tasks and counts its turns."""
_GONE: dict[str, tuple[Place, ...]] = {"workspace.deleted": VIEWS, "task.deleted": ("artifacts",)}
"""What goes with a record."""
_LISTED = frozenset(f"{kind}.{what}" for kind in ("workspace", "task", "note") for what in ("created", "deleted"))
_LISTED |= {"workspace.updated"}  # it may be archived: then its views are listed no more


class Address(NamedTuple):
    place: Place
    ids: Mapping[str, str]
    """By the template's variables: `workspaceId`, `taskId` …"""

    @property
    def uri(self) -> str:
        """The one way of writing it; a client may have encoded more or fewer characters."""
        return uri(self.place, **self.ids)


def variables(place: Place) -> tuple[str, ...]:
    return _VARIABLES[place]


def uri(place: Place, **ids: str) -> str:
    """Of the ids it takes those that the place's template names."""
    return TEMPLATES[place].format_map({name: quote(ids[name], safe="") for name in _VARIABLES[place]})


def parse(text: str) -> Address:
    """Raises NotFound for what is no address of the hub; whether something is there is another question."""
    parts = text.removeprefix(SCHEME).split("/") if text.startswith(SCHEME) else []
    for place, pattern in _PATTERNS.items():
        if len(pattern) == len(parts) and all(one == part or (part and one[0] == "{") for one, part in zip(pattern, parts, strict=True)):
            try:
                ids = {one[1:-1]: unquote(part, errors="strict") for one, part in zip(pattern, parts, strict=True) if one[0] == "{"}
            except UnicodeDecodeError:
                break
            return Address(place, ids)
    raise NotFound("resource", text)


@lru_cache(4096)
def touched(event: Logged) -> frozenset[str]:
    """The resources whose content the event changes, as far as it tells.

    It does not tell of time passing (a claim that runs out makes its task ready), of what a deleted workspace held, or of the
    agent and the session that a task was taken from.
    """
    fact, kind = orjson.loads(event.body), event.name.partition(".")[0]
    data, own = fact.get("data", {}), {f"{kind}Id": fact["recordId"]}
    places = _CHANGED.get(kind, ()) + _GONE.get(event.name, ())
    found = _filled(places, {**data, **fact, **own})
    return found | _filled(places, {**fact, **data, **own}) if "agentId" in fact and "agentId" in data else found


def about(event: Logged) -> str:
    """The address of the record that an event about a task or a note tells of."""
    fact = orjson.loads(event.body)
    if event.name.startswith("task."):
        return uri("task", taskId=fact["recordId"])
    return uri("note", workspaceId=fact["workspaceId"], noteId=fact["recordId"])


def changes_list(event: Logged) -> bool:
    """Whether resources/list answers something else after it."""
    return event.name in _LISTED


_PATTERNS: dict[Place, list[str]] = {place: TEMPLATES[place].removeprefix(SCHEME).split("/") for place in get_args(Place)}
_VARIABLES: dict[Place, tuple[str, ...]] = {
    place: tuple(one[1:-1] for one in pattern if one[0] == "{") for place, pattern in _PATTERNS.items()
}


def _filled(places: tuple[Place, ...], told: Mapping[str, object]) -> frozenset[str]:
    ids = {name: id_ for name, id_ in told.items() if isinstance(id_, str)}
    return frozenset(uri(place, **ids) for place in places if ids.keys() >= {*_VARIABLES[place]})
