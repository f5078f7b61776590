"""Permission requests of agents (ACP 1, session/request_permission) as the hub keeps them, and its decisions as they are answered."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub.domain.permissions import Permission, PermissionOption
from hub.domain.transcripts import shortened
from hub.hosting import Asked
from hub.ports import Json

UNTITLED = "The agent asks for permission"
LONGEST_TITLE = 1_000
MOST_PATHS = 100
PATH_FIELDS = ("path", "file_path", "filePath", "filepath", "abs_path", "notebook_path")
"""Under which agents name a file in a tool's input."""
COMMAND_FIELDS = ("command", "cmd")
KINDS = ("read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other")
CANCELLED: Json = {"outcome": {"outcome": "cancelled"}}


def asked_by(params: Json, known: Mapping[str, Any], relative: Callable[[str], str]) -> Asked | None:
    """None: it is no request that could be answered. `known`: what the agent said before of this tool call, which it may leave out."""
    given = params.get("toolCall")
    call = {**known, **{name: value for name, value in (given if isinstance(given, dict) else {}).items() if value is not None}}
    options = tuple(_options(params.get("options")))
    if not options:
        return None
    title, id_ = call.get("title"), call.get("toolCallId")
    kind = call.get("kind")
    return Asked(
        title=title[:LONGEST_TITLE] if isinstance(title, str) and title else UNTITLED, tool_call=shortened(call), options=options,
        tool_call_id=id_[:400] if isinstance(id_, str) and id_ else None, tool_kind=kind if kind in KINDS else "other",
        paths=tuple(dict.fromkeys(relative(path) for path in _paths(call)))[:MOST_PATHS], command=_command(call),
    )  # fmt: skip


def outcome(permission: Permission) -> Json:
    """What the agent is answered: the option that was taken, if it offers one that says it."""
    if permission.option_id is None:
        return CANCELLED
    return {"outcome": {"outcome": "selected", "optionId": permission.option_id}}


def _options(given: Any) -> Iterator[PermissionOption]:
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and isinstance(id_ := one.get("optionId"), str) and isinstance(kind := one.get("kind"), str):
            name = one.get("name")
            yield PermissionOption(option_id=id_, kind=kind, name=name if isinstance(name, str) else "")


def _paths(call: Mapping[str, Any]) -> Iterator[str]:
    """Wherever the agent names them: locations, diffs, the tool's input."""
    for place in (*_objects(call.get("locations")), *_objects(call.get("content"))):
        if isinstance(path := place.get("path"), str) and path:
            yield path
    given = call.get("rawInput")
    if isinstance(given, dict):
        for name in PATH_FIELDS:
            if isinstance(path := given.get(name), str) and path:
                yield path


def _command(call: Mapping[str, Any]) -> str | None:
    given = call.get("rawInput")
    if not isinstance(given, dict):
        return None
    for name in COMMAND_FIELDS:
        command = given.get(name)
        if isinstance(command, str) and command:
            return command
        if isinstance(command, list) and command and all(isinstance(word, str) for word in command):
            return " ".join(command)
    return None


def _objects(given: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in given if isinstance(one, dict)) if isinstance(given, list) else iter(())
