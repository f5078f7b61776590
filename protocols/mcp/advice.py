"""What a model can do about an error: the `next` of an error's document."""

from collections.abc import Mapping
from typing import Any

from hub.domain.errors import (
    Busy,
    Conflict,
    Forbidden,
    HubError,
    Internal,
    Invalid,
    NotFound,
    Stale,
    Unavailable,
    UnknownOperation,
)  # fmt: skip
from hub.operations import OPERATIONS
from hub.operations.base import Profile
from hub.ports import Json
from protocols.mcp.finding import near
from protocols.mcp.tools import CALL_OPERATION, FIND_TOOLS, FULL

LISTS = {
    "workspace": "list_workspaces", "agent": "list_agents", "task": "list_tasks", "note": "list_notes", "artifact": "list_artifacts",
    "letter": "read_inbox", "delivery": "read_inbox", "subscription": "subscribe_to_events",
    "specialist": "list_specialists", "skill": "list_skills",
}  # fmt: skip
"""By a noun, what shows those that there are."""
READERS = {
    "claim": "get_task", "verdict": "get_task", "report": "get_task", "task": "get_task", "note": "get_note", "workspace": "get_workspace",
    "agent": "get_agent", "files": "list_reservations", "specialist": "get_specialist",
}  # fmt: skip
"""By a word of an operation's name, what reads its record again."""
ANYWAY: dict[type[HubError], str] = {
    Forbidden: "Go on with what needs no such grant, or ask the person you work for.",
    Busy: "Wait a second, then call again with the same arguments.",
    Unavailable: "Read whether it was done before you call again. With the same idempotencyKey a repeat does nothing twice.",
    Internal: "Call again once. If it fails again, tell the person you work for.",
}


class UnknownTool(UnknownOperation):
    """Its message names the tools that look like it."""

    def __init__(self, name: str) -> None:
        HubError.__init__(self, f"There is no tool {name[:80]!r}. {_suggested(name)}")


def advised(error: HubError, name: str, arguments: Mapping[str, Any], profile: Profile) -> Json:
    """The error's document with `next`: sentences, each something to do."""
    told = [*_next(error, name, arguments, profile)]
    return {**error.document(), **({"next": told} if told else {})}


def no_operation(name: str) -> Json:
    """call_operation was given a name that is none."""
    return {"error": f"There is no operation {name[:80]!r}.", "kind": UnknownOperation.kind, "next": [_suggested(name)]}


def _suggested(name: str) -> str:
    names = near(name, OPERATIONS)
    return f"Did you mean {' or '.join(names)}? {FIND_TOOLS} finds others." if names else f"{FIND_TOOLS} finds one by what it does."


def _next(error: HubError, name: str, arguments: Mapping[str, Any], profile: Profile) -> list[str]:
    if isinstance(error, Invalid):
        return [*_renamed(name, arguments), _schema_of(name, profile)]
    if isinstance(error, NotFound):
        tool = LISTS.get(str(error.details.get("noun")))
        return [f"See what there is with {_call(tool, profile)}, and call {name} again."] if tool else []
    if isinstance(error, Conflict):
        tool = next((reader for word, reader in READERS.items() if word in name), None)
        then = "repeat your change on what it says" if isinstance(error, Stale) else "decide by what it says"
        return [f"Read how it stands with {_call(tool, profile)}, then {then}."] if tool else []
    return [told for kind, told in ANYWAY.items() if isinstance(error, kind)]


def _renamed(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """For fields that the operation does not know, those that look like them."""
    if name not in OPERATIONS:
        return []
    known = [field.alias or own for own, field in OPERATIONS[name].input.model_fields.items()]
    strange = [given for given in arguments if given not in known][:5]
    return [f"Call {name} with {alike[0]} in place of {given[:80]!r}." for given in strange if (alike := near(given, known))]


def _schema_of(name: str, profile: Profile) -> str:
    if profile == FULL or name not in OPERATIONS:
        return f"The inputSchema of {name} says what it takes."
    return f"{FIND_TOOLS} with query={name!r} shows all that it takes."


def _call(name: str, profile: Profile) -> str:
    return name if OPERATIONS[name].in_profile(profile) else f"{CALL_OPERATION} name={name!r}"
