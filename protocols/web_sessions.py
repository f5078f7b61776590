"""Sessions in the shape of the web API, for every door that speaks it."""

from datetime import datetime, timedelta
from typing import Any

from hub.domain.model import utc_now
from hub.domain.permissions import Permission
from hub.domain.sessions import Session
from hub.ports import Json

STATUS: dict[str, str] = {
    "queued": "connecting", "connecting": "connecting", "ready": "ready", "dormant": "ready", "closed": "ready", "failed": "error",
}  # fmt: skip
"""By the hub's. A session without a process is ready all the same: the next prompt starts one."""
FIELDS = {
    "sessionId": "id", "name": "name", "cwd": "cwd", "branch": "branch", "workspaceId": "workspace_id", "routaAgentId": "agent_id",
    "provider": "provider", "role": "role", "modeId": "mode_id", "model": "model", "createdAt": "created_at",
    "parentSessionId": "parent_session_id", "specialistId": "specialist_id",
}  # fmt: skip
STALE = timedelta(days=7)
PERMISSION = "request-permission-"
"""Before a permission request's id: the id of the tool call as which pages show it."""


def web_session(session: Session) -> Json:
    """What is absent is left out."""
    said = {name: getattr(session, own) for name, own in FIELDS.items()}
    said |= {"acpStatus": STATUS[session.status], "acpError": session.reason if session.status == "failed" else None, **owner(session)}
    said |= {"firstPromptSent": session.prompt_count > 0, "resumeCapabilities": resume_capabilities(session)}
    return present({**said, "continuityStatus": _continuity(session)})


def owner(session: Session) -> Json:
    """Who runs its process, and until when that is certain."""
    claim = session.claim
    return {"executionMode": "embedded", **({"ownerInstanceId": claim.worker, "leaseExpiresAt": claim.expires_at} if claim else {})}


def resume_capabilities(session: Session) -> Json | None:
    """Whether its agent goes on with what it knew: by itself (native), by hearing it again (replay). None: it has not said yet."""
    if session.agent_info is None and not session.capabilities:
        return None
    native, replay = "resume" in session.capabilities, "load" in session.capabilities
    said: Json = {"supported": native or replay, "supportsFork": "fork" in session.capabilities}
    return {**said, "mode": "both" if native and replay else "native" if native else "replay"} if native or replay else said


def resume_mode(session: Session) -> str:
    """What becomes of it when it is opened again."""
    if session.live:
        return "attached"
    return "native" if session.agent_session_id and {"resume", "load"} & {*session.capabilities} else "recreated"


def web_permission(permission: Permission) -> Json:
    """The tool call as which a permission request is shown, with what was answered."""
    options = [option.model_dump(by_alias=True) for option in permission.options]
    asked: Json = {"sessionId": permission.session_id, "toolCall": permission.tool_call, "options": options}
    call = {"toolCallId": PERMISSION + permission.id, "title": "RequestPermissions", "kind": "request-permissions"}
    if permission.status == "pending":
        return {"sessionUpdate": "tool_call", **call, "status": "waiting", "rawInput": asked}
    allowed = permission.status == "allowed"
    answer = present({"decision": "approve" if allowed else "deny", "optionId": permission.option_id})
    chosen = {"outcome": "selected", "optionId": permission.option_id} if permission.option_id else {"outcome": "cancelled"}
    return {
        "sessionUpdate": "tool_call_update", **call, "status": "completed" if allowed else "failed",
        "rawInput": asked | answer, "rawOutput": present({"outcome": chosen, "reason": permission.reason}),
    }  # fmt: skip


def present(fields: Json) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _continuity(session: Session) -> str:
    if session.live:
        return "active"
    if utc_now() - datetime.fromisoformat(session.active_at or session.created_at) > STALE:
        return "stale"
    return "restorable" if resume_mode(session) == "native" else "interrupted"
