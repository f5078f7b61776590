"""Entries of histories as the web API's traces: what an agent said and did, one record each."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from hub.domain.sessions import Session, SessionEntry
from hub.operations.base import Output
from hub.operations.session_entries import EntryCounts, OneEntry, RecentEntries, event_of
from hub.ports import Json
from protocols.web_sessions import present
from protocols.web_updates import text_of, tool_call

SPOKEN = {"user_message": "user", "agent_message": "assistant", "agent_thought": "assistant"}
CALL = "tool_call"
VERSION = "0.1.0"
"""Of the Agent Trace format."""
PREVIEW = 200


def traces(output: Output) -> str:
    """Entries that are no trace, a plan or a state, are left out."""
    found = _traces(output)
    return _json({"traces": found, "count": len(found)})


def export(output: Output) -> str:
    """The Agent Trace records, in a document by itself."""
    return _json({"export": {"version": VERSION, "traces": _traces(output)}, "format": "agent-trace-json", "version": VERSION})


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


def _traces(output: Output) -> list[Json]:
    assert isinstance(output, RecentEntries)
    sessions = {session.id: session for session in output.sessions}
    return [trace for entry in output.entries if (trace := _trace(entry, sessions[entry.session_id]))]


def _trace(entry: SessionEntry, session: Session) -> Json | None:
    kind = str(entry.update.get("sessionUpdate"))
    if kind in SPOKEN:
        text = text_of(entry.update)
        said = present({"turn": entry.prompt, "role": SPOKEN[kind], "contentPreview": text[:PREVIEW], "fullContent": text})
        return {**_common(entry, session), "eventType": kind, "conversation": said}
    return {**_common(entry, session), "eventType": event_of(entry), **_tool(tool_call(entry.update))} if kind == CALL else None


def _common(entry: SessionEntry, session: Session) -> Json:
    contributor = present({"provider": session.provider, "model": session.model})
    vcs = {"vcs": {"branch": session.branch}} if session.branch else {}
    return {
        "version": VERSION, "id": f"{session.id}.{entry.number}", "timestamp": entry.created_at, "sessionId": session.id,
        "workspaceId": session.workspace_id, "contributor": contributor, **vcs,
    }  # fmt: skip


def _tool(call: Json) -> Json:
    """One record for a call and what came of it."""
    name = str(call.get("title") or call.get("kind") or "tool")
    said = {"toolCallId": call.get("toolCallId"), "status": call.get("status"), "input": call.get("rawInput")}
    tool = present({"name": name, **said, "output": call.get("rawOutput")})
    files = [*_files(call.get("locations"))]
    return {"tool": tool, **({"files": files} if files else {})}


def _files(locations: Any) -> Iterable[Mapping[str, Any]]:
    for one in locations if isinstance(locations, list) else ():
        if isinstance(one, dict) and isinstance(one.get("path"), str):
            line = one.get("line")
            ranges = {"ranges": [{"startLine": line, "endLine": line}]} if isinstance(line, int) else {}
            yield {"path": one["path"], **ranges}


def _json(document: Json) -> str:
    return orjson.dumps(document).decode()
