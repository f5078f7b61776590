"""/api/sessions: lists, what stands around a session, and its transcript as the web frontend reads them, on every store."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.app import Hub
from hub.ports import HubStore, Json
from stores import vault
from tests.core.support import ask, on_memory
from tests.protocols.conftest import Http, serving
from tests.protocols.sse import Stream
from tests.protocols.test_rest import answered, nulls
from tests.protocols.working import FakeWorker, new_session, text, turn

MESSAGE = {
    "type": "object", "required": ["id", "role", "content", "timestamp"],
    "properties": {
        "role": {"enum": ["user", "assistant", "thought", "tool", "plan", "info", "terminal"]}, "toolRawInput": {"type": "object"},
        "usageUsed": {"type": "number"}, "usageSize": {"type": "number"}, "costAmount": {"type": "number"},
        "planEntries": {"type": "array", "items": {
            "type": "object", "required": ["content"],
            "properties": {
                "priority": {"enum": ["high", "medium", "low"]}, "status": {"enum": ["pending", "in_progress", "completed"]},
            },
        }},
        **{name: {"type": "string"} for name in ("id", "content", "timestamp", "toolName", "toolStatus", "toolCallId", "toolKind")},
    },
}  # fmt: skip
TRANSCRIPT = Draft202012Validator({
    "type": "object", "required": ["sessionId", "history", "messages", "source", "historyMessageCount", "traceMessageCount"],
    "properties": {
        "sessionId": {"type": "string"}, "history": {"type": "array", "items": {"type": "object", "required": ["sessionId", "update"]}},
        "messages": {"type": "array", "items": MESSAGE}, "source": {"enum": ["history", "traces", "empty"]},
        "historyMessageCount": {"type": "integer"}, "traceMessageCount": {"type": "integer"}, "latestEventKind": {"type": "string"},
    },
})  # fmt: skip
"""As the web API's contract has it."""


ODD: tuple[Json, ...] = (
    {"sessionUpdate": "tool_call", "toolCallId": 7, "title": {"a": 1}, "kind": ["b"], "status": {}, "rawInput": "x", "content": "y"},
    {"sessionUpdate": "tool_call", "toolCallId": "t", "content": [{"content": {"text": 7}}, 8, {"content": 9}], "rawOutput": [None]},
    {"sessionUpdate": "tool_call_update", "toolCallId": "never announced", "status": "in_progress"},
    {"sessionUpdate": "plan", "entries": {"content": 1}}, {"sessionUpdate": "plan", "entries": [{"content": 1, "status": []}]},
    {"sessionUpdate": "usage_update", "used": "much", "size": None, "cost": 3}, {"sessionUpdate": {"an": "object"}}, {},
    {"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "data": "aa"}}, {"sessionUpdate": "_theirs", "x": 1},
    {"sessionUpdate": "state_update", "state": "idle", "stopReason": "cancelled", "usage": {"inputTokens": None, "outputTokens": "x"}},
    {"sessionUpdate": "agent_message", "content": "text"}, {"sessionUpdate": "user_message", "content": [7]},
)  # fmt: skip


@pytest.fixture
def hub(store: HubStore) -> Hub:
    return Hub(store, vault=vault.ephemeral())


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


async def got(http: Http, url: str) -> Json:
    status, answer = await answered(http, "GET", url)
    assert status == 200, answer
    assert [*nulls(answer)] == []
    found: Json = answer
    return found


async def transcript(http: Http, session_id: str, query: str = "") -> Json:
    found = await got(http, f"/sessions/{session_id}/transcript{query}")
    assert [error.message for error in TRANSCRIPT.iter_errors(found)] == []
    assert len({message["id"] for message in found["messages"]}) == len(found["messages"]) == found["historyMessageCount"]
    return found


async def ids(http: Http, query: str) -> list[str]:
    return [session["sessionId"] for session in (await got(http, f"/sessions{query}"))["sessions"]]


async def test_a_session_has_the_shape_of_the_web_api_and_no_secret(hub: Hub, http: Http) -> None:
    servers = [{"name": "n", "type": "http", "url": "http://127.0.0.1:1", "headers": [{"name": "k", "value": "secret"}]}]
    await ask(hub, "create_specialist", id="cook", name="Cook", role="CRAFTER", systemPrompt="Cook.")
    session = await new_session(hub, name="Kitchen", branch="main", model="m-1", mcpServers=servers, specialistId="cook")
    record = await ask(hub, "get_session", sessionId=session)
    expected = {
        "sessionId": session, "name": "Kitchen", "cwd": "/src", "branch": "main", "workspaceId": "default",
        "routaAgentId": record["agentId"], "provider": "opencode", "role": "CRAFTER", "model": "m-1",
        "createdAt": record["createdAt"], "specialistId": "cook",
        "acpStatus": "connecting", "executionMode": "embedded", "firstPromptSent": False, "continuityStatus": "active",
    }  # fmt: skip
    assert (await got(http, f"/sessions/{session}"))["session"] == expected
    worker = await FakeWorker.of(hub, session)
    ready = (await got(http, f"/sessions/{session}"))["session"]
    claim = (await ask(hub, "get_session", sessionId=session))["claim"]
    assert ready == expected | {
        "acpStatus": "ready", "ownerInstanceId": "w-1", "leaseExpiresAt": claim["expiresAt"],
        "resumeCapabilities": {"supported": True, "supportsFork": True, "mode": "both"},
    }  # fmt: skip
    await worker.report(status="failed", reason="The agent has ended.")
    failed = (await got(http, "/sessions?workspaceId=default"))["sessions"][0]
    assert (failed["acpStatus"], failed["acpError"], failed["continuityStatus"]) == ("error", "The agent has ended.", "restorable")


async def test_the_newest_sessions_come_first_up_to_a_limit(hub: Hub, http: Http) -> None:
    await ask(hub, "create_workspace", title="Lab", id="lab")
    made = [await new_session(hub) for _ in range(5)]
    lab = await new_session(hub, workspaceId="lab")
    child = await new_session(hub, parentSessionId=made[0])
    assert await ids(http, "") == [child, lab, *reversed(made)]
    assert await ids(http, "?workspaceId=default&limit=3") == [child, made[4], made[3]]
    assert await ids(http, "?workspaceId=lab") == [lab]
    assert await ids(http, f"?parentSessionId={made[0]}") == [child]
    assert await ids(http, f"?parentSessionId={made[1]}&limit=1") == []
    assert (await answered(http, "GET", "/sessions?limit=0"))[0] == 400


async def test_a_team_is_a_lead_with_those_who_work_for_it(hub: Hub, http: Http) -> None:
    lead = await new_session(hub, role="ROUTA")
    first, _ = await new_session(hub, parentSessionId=lead), await new_session(hub, parentSessionId=lead)
    await new_session(hub, parentSessionId=first)
    await new_session(hub, role="ROUTA")
    await new_session(hub)
    await ask(hub, "create_specialist", id="team-agent-lead", name="Lead", role="ROUTA", systemPrompt="Lead.")
    named = await new_session(hub, specialistId="team-agent-lead")
    teams = (await got(http, "/sessions?workspaceId=default&surface=team"))["sessions"]
    assert [(team["sessionId"], team["directDelegates"], team["descendants"]) for team in teams] == [(named, 0, 0), (lead, 2, 3)]
    assert len((await got(http, "/sessions?workspaceId=default&surface=team&limit=1"))["sessions"]) == 1


async def test_the_context_is_the_family_and_what_is_new_beside_it(hub: Hub, http: Http) -> None:
    others = [await new_session(hub) for _ in range(7)]
    parent = await new_session(hub)
    current, sibling = await new_session(hub, parentSessionId=parent), await new_session(hub, parentSessionId=parent)
    child = await new_session(hub, parentSessionId=current)
    context = await got(http, f"/sessions/{current}/context")
    assert (context["current"]["sessionId"], context["parent"]["sessionId"]) == (current, parent)
    lists = {name: [one["sessionId"] for one in context[name]] for name in ("children", "siblings", "recentInWorkspace")}
    assert lists == {"children": [child], "siblings": [sibling], "recentInWorkspace": others[:1:-1]}
    alone = await got(http, f"/sessions/{others[0]}/context")
    assert "parent" not in alone
    assert (alone["children"], alone["siblings"]) == ([], [])
    assert (await answered(http, "GET", "/sessions/nothing/context"))[0] == 404


async def test_a_transcript_shows_a_turn_as_messages(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await turn(
        hub, worker, session, "Cook", text("Hm.", "agent_thought_chunk"), text("Cook"), text("ing."),
        {"sessionUpdate": "tool_call", "toolCallId": "t-1", "title": "Stir", "kind": "other", "rawInput": {"a": 1}},
        {"sessionUpdate": "tool_call_update", "toolCallId": "t-1", "status": "completed", "rawInput": {"a": 2}},
        {"sessionUpdate": "tool_call", "toolCallId": "t-2", "title": "Look", "status": "completed", "rawOutput": {"b": 1}, "content": [
            {"type": "content", "content": {"type": "text", "text": "It boils."}},
        ]},
        {"sessionUpdate": "plan", "entries": [{"content": "Eat", "priority": "urgent", "status": "pending"}, "odd"]},
        {"sessionUpdate": "usage_update", "used": 1, "size": 10, "cost": {"amount": 0.5, "currency": "EUR"}},
    )  # fmt: skip
    found = await transcript(http, session)
    shown = [{name: value for name, value in one.items() if name not in ("id", "timestamp")} for one in found["messages"]]
    assert shown == [
        {"role": "user", "content": "Cook"}, {"role": "thought", "content": "Hm."}, {"role": "assistant", "content": "Cooking."},
        {"role": "tool", "content": 'Input:\n{\n  "a": 2\n}', "toolName": "Stir", "toolStatus": "completed", "toolCallId": "t-1",
         "toolKind": "other", "toolRawInput": {"a": 2}},
        {"role": "tool", "content": 'Look\n\nOutput:\n{\n  "b": 1\n}\nIt boils.', "toolName": "Look", "toolStatus": "completed",
         "toolCallId": "t-2", "toolRawOutput": {"b": 1}},
        {"role": "plan", "content": "[pending] Eat", "planEntries": [{"content": "Eat", "status": "pending"}]},
        {"role": "info", "content": "", "usageUsed": 1, "usageSize": 10, "costAmount": 0.5, "costCurrency": "EUR"},
    ]  # fmt: skip
    assert (found["source"], found["latestEventKind"]) == ("history", "turn_complete")
    kinds = [one["update"]["sessionUpdate"] for one in found["history"]]
    assert kinds == [
        "user_message", "agent_thought_chunk", "agent_message", "tool_call", "tool_call", "plan", "usage_update", "turn_complete",
    ]  # fmt: skip
    assert found["history"][2]["update"]["content"] == {"type": "text", "text": "Cooking."}
    assert (await got(http, f"/sessions/{session}/history?consolidated=true"))["history"] == found["history"]


async def test_a_transcript_tells_whether_a_turn_runs_and_what_is_asked(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await turn(hub, worker, session, "Cook")
    await ask(hub, "prompt_session", sessionId=session, prompt="Eat")
    assert (await transcript(http, session))["latestEventKind"] == "user_message", "it waits: that is running, for the page"
    number = await worker.take()
    await worker.tell({"sessionUpdate": "tool_call", "toolCallId": "t-1", "status": "in_progress"})
    permission = await worker.ask()
    found = await transcript(http, session)
    running, waiting = found["messages"][-2:]
    assert (running["toolName"], running["toolStatus"]) == ("tool", "running")
    assert (waiting["toolCallId"], waiting["toolStatus"]) == (f"request-permission-{permission}", "waiting")
    assert (waiting["toolKind"], waiting["toolRawInput"]["toolCall"]["title"]) == ("request-permissions", "Run it")
    assert found["latestEventKind"] == "tool_call"
    await ask(hub, "answer_permission", permissionId=permission, decision="allow")
    await worker.end(number, "failed", reason="The stove is cold.")
    found = await transcript(http, session)
    assert [one["content"] for one in found["messages"][-2:]] == ["tool", "The stove is cold."]
    assert found["latestEventKind"] == "turn_complete"


async def test_a_long_message_is_one_and_a_long_history_is_cut_at_its_beginning(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await turn(hub, worker, session, "Cook", *({**text("x" * 10_000), "messageId": "m"} for _ in range(3)))
    assert [len(one["content"]) for one in (await transcript(http, session))["messages"]] == [4, 30_000]
    await worker.tell(*({**text(str(number)), "messageId": str(number)} for number in range(1_200)))
    whole = (await transcript(http, session))["messages"]
    assert (len(whole), whole[0]["content"], whole[-1]["content"]) == (1_000, "200", "1199")
    assert [one["content"] for one in (await transcript(http, session, "?limit=2"))["messages"]] == ["1198", "1199"]
    assert len((await got(http, f"/sessions/{session}/history"))["history"]) == 1_000
    assert len((await got(http, f"/sessions/{session}/history?limit=3"))["history"]) == 3


@pytest.mark.parametrize("update", ODD, ids=str)
async def test_whatever_an_agent_sends_can_be_shown(hub: Hub, http: Http, update: Json) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    async with http.get("/api/acp", params={"sessionId": session}) as response:
        stream = Stream(response)
        await stream.frames(1)
        await turn(hub, worker, session, "Cook", update)
        while (await stream.frame()).data["params"]["update"]["sessionUpdate"] != "turn_complete":
            pass
    status, found = await answered(http, "GET", f"/sessions/{session}/transcript")
    assert (status, [error.message for error in TRANSCRIPT.iter_errors(found)]) == (200, [])


async def test_traces_are_what_was_said_and_done(hub: Hub, http: Http) -> None:
    session, other = await new_session(hub, model="m-1", branch="main"), await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await ask(hub, "prompt_session", sessionId=session, prompt="Cook")
    await worker.take()
    await worker.tell(
        text("Cooking."), {"sessionUpdate": "plan", "entries": []},
        {"sessionUpdate": "tool_call", "toolCallId": "t-1", "title": "Stir", "status": "completed", "rawInput": {"a": 1},
         "rawOutput": "done", "locations": [{"path": "/src/pot", "line": 3}, {"path": "/src/pan"}, 7]},
        {"sessionUpdate": "tool_call", "toolCallId": "t-2", "title": "Look", "status": "in_progress"},
    )  # fmt: skip
    await turn(hub, await FakeWorker.of(hub, other), other, "Eat")
    found = await got(http, f"/traces?sessionId={session}")
    assert [one["eventType"] for one in found["traces"]] == ["user_message", "agent_message", "tool_result", "tool_call"]
    assert found["count"] == 4
    said, _, stirred, looked = found["traces"]
    assert said == {
        "version": "0.1.0", "id": f"{session}.1", "timestamp": said["timestamp"], "sessionId": session, "workspaceId": "default",
        "contributor": {"provider": "opencode", "model": "m-1"}, "vcs": {"branch": "main"}, "eventType": "user_message",
        "conversation": {"turn": 1, "role": "user", "contentPreview": "Cook", "fullContent": "Cook"},
    }  # fmt: skip
    assert stirred["tool"] == {"name": "Stir", "toolCallId": "t-1", "status": "completed", "input": {"a": 1}, "output": "done"}
    assert stirred["files"] == [{"path": "/src/pot", "ranges": [{"startLine": 3, "endLine": 3}]}, {"path": "/src/pan"}]
    assert looked["tool"]["status"] == "running"
    assert (await got(http, f"/traces/{stirred['id']}"))["trace"] == stirred
    assert {one["sessionId"] for one in (await got(http, "/traces"))["traces"]} == {session, other}
    for query, events in (
        ("eventType=tool_result", ["tool_result"]), ("eventType=tool_call", ["tool_call"]), ("file=/src/p", ["tool_result"]),
        ("file=x", []),
        ("limit=1", ["tool_call"]), ("limit=3&offset=1", ["agent_message", "tool_result"]), ("offset=9", []),
        ("startDate=2000-01-01&eventType=user_message", ["user_message"]), ("startDate=2999-01-01", []), ("endDate=2000-01-01", []),
        ("endDate=2999-01-01T00:00&limit=1", ["tool_call"]), ("agentId=nobody", []),
    ):  # fmt: skip
        picked = await got(http, f"/traces?sessionId={session}&{query}")
        assert [one["eventType"] for one in picked["traces"]] == events, query
    async with http.post("/api/traces/export", json={"sessionId": session, "eventType": "tool_result"}) as response:
        assert await response.json() == {
            "export": {"version": "0.1.0", "traces": [stirred]}, "format": "agent-trace-json", "version": "0.1.0",
        }  # fmt: skip
    stats = (await got(http, f"/traces/stats?sessionId={session}"))["stats"]
    assert stats == {
        "totalDays": 1, "totalFiles": 2, "totalRecords": 6, "uniqueSessions": 1,
        "eventTypes": {"user_message": 1, "agent_message": 1, "tool_call": 2},
    }  # fmt: skip
    assert (await got(http, "/traces/stats"))["stats"]["uniqueSessions"] == 2
    assert (await got(http, "/traces/stats?sessionId=nothing"))["stats"]["totalRecords"] == 0
    for unknown in (f"{session}.99", "nothing.1", "nothing"):
        assert (await answered(http, "GET", f"/traces/{unknown}"))[0] == 404


async def test_an_unknown_session_has_an_empty_transcript(http: Http) -> None:
    assert await transcript(http, "nothing") == {
        "sessionId": "nothing", "history": [], "messages": [], "source": "empty", "historyMessageCount": 0, "traceMessageCount": 0,
    }  # fmt: skip


async def test_a_session_is_renamed_disconnected_forked_and_deleted(hub: Hub, http: Http) -> None:
    session = await new_session(hub, name="Kitchen")
    await FakeWorker.of(hub, session)
    assert await answered(http, "PATCH", f"/sessions/{session}", {"name": "Larder"}) == (200, {"ok": True})
    status, fork = await answered(http, "POST", f"/sessions/{session}/fork", {})
    assert (status, fork["parentSessionId"], fork["name"], fork["cwd"]) == (200, session, "Larder", "/src")
    assert await answered(http, "POST", f"/sessions/{session}/disconnect") == (200, {"ok": True})
    assert (await ask(hub, "get_session", sessionId=session))["status"] == "dormant"
    assert await answered(http, "DELETE", f"/sessions/{session}") == (200, {"ok": True, "deleted": True})
    assert await ids(http, "") == [fork["sessionId"]]


@on_memory
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404), ("PATCH", "nothing", {"name": "n"}, 404), ("DELETE", "nothing", None, 404),
        ("GET", "nothing/history", None, 404), ("POST", "nothing/disconnect", None, 404), ("POST", "nothing/fork", {}, 404),
        ("PATCH", "{session}", {}, 400), ("PATCH", "{session}", {"name": ""}, 400), ("PATCH", "{session}", {"name": 7}, 400),
        ("GET", "{session}/transcript?limit=0", None, 400), ("GET", "{session}/transcript?limit=20000", None, 400),
        ("GET", "{session}/history?limit=x", None, 400),
    ],
)  # fmt: skip
async def test_what_is_asked_wrongly_is_refused_with_an_error_text(
    hub: Hub, http: Http, method: str, path: str, body: Any, status: int
) -> None:
    url = f"/sessions/{path.format(session=await new_session(hub))}"
    said, answer = await answered(http, method, url, body)
    assert (said, isinstance(answer["error"], str)) == (status, True)
