"""Sessions, their history and their transcript as the web API answers them."""

from collections.abc import Iterable, Iterator

import orjson

from hub.domain.sessions import Session, SessionEntry
from hub.operations.base import Listing, Output
from hub.operations.session_views import SessionContext, SessionTranscript, Teams
from hub.ports import Json
from protocols.rest.messages import Said, messages
from protocols.web_sessions import FIELDS, present, web_permission, web_session
from protocols.web_updates import shown, text_of

WHOLE = {"agent_message": "agent_message", "agent_thought": "agent_thought_chunk"}
"""Messages of an agent, as a history has them."""


def sessions(output: Output) -> str:
    assert isinstance(output, Listing)
    return _json({"sessions": [web_session(session) for session in output.records()]})


def teams(output: Output) -> str:
    assert isinstance(output, Teams)
    counts = [(team, {"directDelegates": team.direct_delegates, "descendants": team.descendants}) for team in output.teams]
    return _json({"sessions": [web_session(team.session) | said for team, said in counts]})


def session(output: Output) -> str:
    assert isinstance(output, Session)
    return _json({"session": web_session(output)})


def done(_: Output) -> str:
    return '{"ok":true}'


def deleted(_: Output) -> str:
    """In the words of both backends."""
    return '{"ok":true,"deleted":true}'


def fork(output: Output) -> str:
    assert isinstance(output, Session)
    names = ("sessionId", "parentSessionId", "name", "provider", "role", "cwd", "branch", "workspaceId", "createdAt")
    return _json(present({name: getattr(output, FIELDS[name]) for name in names}))


def context(output: Output) -> str:
    assert isinstance(output, SessionContext)
    lists = {"children": output.children, "siblings": output.siblings, "recentInWorkspace": output.recent}
    parent = {"parent": web_session(output.parent)} if output.parent else {}
    around = {name: [web_session(one) for one in several] for name, several in lists.items()}
    return _json({"current": web_session(output.current), **parent, **around})


def history(output: Output) -> str:
    assert isinstance(output, Listing)
    return _json({"history": [*_history(output.records())]})


def transcript(output: Output) -> str:
    """The tool calls as which open permission requests are shown come last."""
    assert isinstance(output, SessionTranscript)
    asked = [Said(one.id, one.created_at, web_permission(one)) for one in output.asked]
    said = messages([*(Said(one.key, one.created_at, one.update) for one in output.entries), *asked])
    told = [*_history(output.entries), *({"sessionId": output.session_id, "update": one.update} for one in asked)]
    return _json(present({
        "sessionId": output.session_id, "history": told, "messages": said, "source": "history" if said else "empty",
        "historyMessageCount": len(said), "traceMessageCount": 0, "latestEventKind": _latest(output, told),
    }))  # fmt: skip


def _latest(output: SessionTranscript, told: list[Json]) -> str | None:
    """By this the page knows whether a turn runs."""
    if not told:
        return None
    if output.session and output.session.state == "idle" and not output.session.queue:
        return "turn_complete"
    kind = str(told[-1]["update"]["sessionUpdate"])
    return "user_message" if kind == "turn_complete" else kind


def _history(entries: Iterable[SessionEntry]) -> Iterator[Json]:
    """As notifications, each message whole."""
    for entry in entries:
        for update in _whole(entry.update):
            yield {"sessionId": entry.session_id, "update": update}


def _whole(update: Json) -> Iterable[Json]:
    if name := WHOLE.get(str(update.get("sessionUpdate"))):
        content = {"type": "text", "text": text_of(update)}
        return [present({"sessionUpdate": name, "messageId": update.get("messageId"), "content": content})]
    return shown(update)


def _json(document: Json) -> str:
    return orjson.dumps(document).decode()
