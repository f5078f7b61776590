"""Entries of histories as the web API's traces: what an agent said and did, one record each."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from hub.domain.sessions import Session, SessionEntry
from hub.operations.base import Output
from hub.operations.session_entries import EntryCounts, OneEntry, RecentEntries
from hub.ports import Json
from protocols.web_sessions import present
from protocols.web_updates import text_of, tool_call

SPOKEN = {"user_message": "user", "agent_message": "assistant", "agent_thought": "assistant"}
CALL, RESULT = "tool_call", "tool_result"
ENDED = ("completed", "failed")
PREVIEW = 200


def traces(output: Output) -> str:
    """Entries that are no trace, a plan or a state, are left out."""
    assert isinstance(output, RecentEntries)
    sessions = {session.id: session for session in output.sessions}
    found = [trace for entry in output.entries if (trace := _trace(entry, sessions[entry.session_id]))]
    return _json({"traces": found, "count": len(found)})


def trace(output: Output) -> str:
    assert isinstance(output, OneEntry)
    return _json({"trace": _trace(output.entry, output.session) or _common(output.entry, output.session)})


def stats(output: Output) -> str:
    assert isinstance(output, EntryCounts)
    kinds = {kind: count for kind, count in output.kinds.items() if kind in (*SPOKEN, CALL)}
    return _json({"stats": {
        "totalDays": output.days, "totalFiles": output.files, "totalRecords": output.entries, "uniqueSessions": output.sessions,
        "eventTypes": kinds,
    }})  # fmt: skip


def _trace(entry: SessionEntry, session: Session) -> Json | None:
    kind = str(entry.update.get("sessionUpdate"))
    if kind in SPOKEN:
        text = text_of(entry.update)
        said = present({"turn": entry.prompt, "role": SPOKEN[kind], "contentPreview": text[:PREVIEW], "fullContent": text})
        return {**_common(entry, session), "eventType": kind, "conversation": said}
    return {**_common(entry, session), **_tool(tool_call(entry.update))} if kind == CALL else None


def _common(entry: SessionEntry, session: Session) -> Json:
    contributor = present({"provider": session.provider, "model": session.model})
    vcs = {"vcs": {"branch": session.branch}} if session.branch else {}
    return {
        "version": "0.1.0", "id": f"{session.id}.{entry.number}", "timestamp": entry.created_at, "sessionId": session.id,
        "workspaceId": session.workspace_id, "contributor": contributor, **vcs,
    }  # fmt: skip


def _tool(call: Json) -> Json:
    """One record for a call and what came of it."""
    name = str(call.get("title") or call.get("kind") or "tool")
    said = {"toolCallId": call.get("toolCallId"), "status": call.get("status"), "input": call.get("rawInput")}
    tool = present({"name": name, **said, "output": call.get("rawOutput")})
    files = [*_files(call.get("locations"))]
    return {"eventType": RESULT if said["status"] in ENDED else CALL, "tool": tool, **({"files": files} if files else {})}


def _files(locations: Any) -> Iterable[Mapping[str, Any]]:
    for one in locations if isinstance(locations, list) else ():
        if isinstance(one, dict) and isinstance(one.get("path"), str):
            line = one.get("line")
            ranges = {"ranges": [{"startLine": line, "endLine": line}]} if isinstance(line, int) else {}
            yield {"path": one["path"], **ranges}


def _json(document: Json) -> str:
    return orjson.dumps(document).decode()
