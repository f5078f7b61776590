"""From the hub's words to those of ACP 1: what happened in a session, what its agent asks."""

from collections.abc import Iterator
from typing import Any

from hub.domain.permissions import Permission
from hub.domain.sessions import Session
from hub.domain.transcripts import MESSAGES
from hub.ports import Json

CHUNKS = {whole: chunk for chunk, whole in MESSAGES.items()}
"""By the kind of a message: ACP 1 has no other way to say one."""
OPTION_KINDS = frozenset({"allow_once", "allow_always", "reject_once", "reject_always"})


def updates(update: Json) -> Iterator[Json]:
    """An update of the log, or an entry of the history, as ACP 1 tells it."""
    kind = str(update.get("sessionUpdate"))
    if kind in CHUNKS:
        content = update.get("content")
        for block in content if isinstance(content, list) else ():
            yield {"sessionUpdate": CHUNKS[kind], "messageId": update.get("messageId"), "content": block}
    elif kind != "state_update":
        yield update


def permission_request(permission: Permission) -> Json:
    """The params of session/request_permission."""
    called = {"title": permission.title, "toolCallId": permission.tool_call_id or permission.id, **permission.tool_call}
    options = [
        {"optionId": one.option_id, "name": one.name or one.option_id, "kind": one.kind if one.kind in OPTION_KINDS else "reject_once"}
        for one in permission.options
    ]
    return {"sessionId": permission.session_id, "toolCall": called, "options": options}


def session_info(session: Session) -> Json:
    """As session/list has it."""
    info: Json = {"sessionId": session.id, "cwd": session.cwd or "", "updatedAt": session.active_at or session.updated_at}
    return info | ({"title": session.name} if session.name else {})


def modes_of(session: Session) -> Json | None:
    """As session/new answers them, if its agent has said so far which there are."""
    modes: dict[str, Any] | None = session.modes
    if not modes or not modes.get("availableModes"):
        return None
    current = modes.get("currentModeId") or session.mode_id
    return {**modes, "currentModeId": current}
