"""GET /api/acp: what happens in a session as the web frontend reads it, on every store."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.access import Caller
from hub.app import Hub
from hub.ports import HubStore, Json
from protocols import streams
from protocols.acp import web_stream
from stores import vault
from tests.core.support import ask, on_memory
from tests.protocols.conftest import Http, serving
from tests.protocols.sse import Frame, Stream, listening
from tests.protocols.working import OPTIONS, FakeWorker, new_session, text, turn

ACP = "/api/acp"


@pytest.fixture
def hub(store: HubStore) -> Hub:
    return Hub(store, vault=vault.ephemeral())


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


def update(frame: Frame) -> Json:
    """The frame's, which is whole."""
    assert frame.event is None
    assert frame.data.keys() == {"jsonrpc", "method", "params"}
    assert (frame.data["jsonrpc"], frame.data["method"]) == ("2.0", "session/update")
    params = frame.data["params"]
    assert params.get("eventId") == frame.id
    found: Json = params["update"]
    return found


async def updates(stream: Stream, count: int) -> list[Json]:
    return [update(frame) for frame in await stream.frames(count)]


async def told(stream: Stream) -> list[Frame]:
    """All up to the next silence."""
    frames = []
    while (frame := await stream.frame()).comment != "ping":
        frames.append(frame)
    return frames


async def beginning(hub: Hub) -> int:
    """Before the first event of any session that begins now."""
    await ask(hub, "get_health")
    await ask(hub, "list_sessions")
    return await hub.store.latest()


async def test_a_turn_is_told_as_the_chat_handles_it(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    async with listening(http, ACP, sessionId=session) as stream:
        [greeting] = await updates(stream, 1)
        assert (greeting["sessionUpdate"], greeting["status"]) == ("acp_status", "connecting")
        worker = await FakeWorker.of(hub, session)
        assert await updates(stream, 1) == [{"sessionUpdate": "acp_status", "status": "ready"}]
        await ask(hub, "prompt_session", sessionId=session, prompt="Cook", messageId="m-1")
        number = await worker.take()
        assert await updates(stream, 1) == [
            {"sessionUpdate": "user_message", "messageId": "m-1", "content": {"type": "text", "text": "Cook"}}
        ]  # fmt: skip
        await worker.tell(
            text("Hm.", "agent_thought_chunk"), text("Cook"), text("ing."),
            {"sessionUpdate": "tool_call", "toolCallId": "t-1", "title": "Stir", "status": "pending", "rawInput": {"a": 1}},
            {"sessionUpdate": "tool_call_update", "toolCallId": "t-1", "status": "in_progress"},
            {"sessionUpdate": "tool_call_update", "toolCallId": "t-1", "status": "completed", "rawOutput": "done"},
            {"sessionUpdate": "plan", "entries": [{"content": "Eat", "priority": "high", "status": "pending"}]},
            {"sessionUpdate": "usage_update", "used": 1, "size": 10, "cost": {"amount": 0.5, "currency": "EUR"}},
            {"sessionUpdate": "current_mode_update", "currentModeId": "plan"},
            {"sessionUpdate": "available_commands_update", "availableCommands": []},
        )  # fmt: skip
        frames = await stream.frames(9)
        assert [frame.id is None for frame in frames] == [True] * 8 + [False]
        thought, message, call, running, completed, *others = [update(frame) for frame in frames]
        assert (thought["sessionUpdate"], thought["content"]) == ("agent_thought_chunk", {"type": "text", "text": "Hm."})
        assert (message["sessionUpdate"], message["content"]) == ("agent_message_chunk", {"type": "text", "text": "Cooking."})
        assert (call["sessionUpdate"], call["status"], call["rawInput"]) == ("tool_call", "pending", {"a": 1})
        assert (running["sessionUpdate"], running["status"]) == ("tool_call_update", "running")
        assert (completed["status"], completed["rawOutput"]) == ("completed", "done")
        kinds = ["plan", "usage_update", "current_mode_update", "available_commands_update"]
        assert [one["sessionUpdate"] for one in others] == kinds
        await worker.end(number, usage={"inputTokens": 3, "outputTokens": 5, "totalTokens": 8})
        usage = {"input_tokens": 3, "output_tokens": 5}
        assert await updates(stream, 1) == [{"sessionUpdate": "turn_complete", "stopReason": "end_turn", "usage": usage}]


async def test_a_turn_that_fails_ends_with_its_reason(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await ask(hub, "prompt_session", sessionId=session, prompt="Cook")
    number = await worker.take()
    async with listening(http, ACP, sessionId=session) as stream:
        await stream.frames(1)
        await worker.end(number, "failed", reason="The stove is cold.")
        assert await updates(stream, 2) == [
            {"sessionUpdate": "error", "error": {"message": "The stove is cold."}},
            {"sessionUpdate": "turn_complete", "stopReason": "error"},
        ]  # fmt: skip


async def test_messages_that_come_at_once_are_chunks_too(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    async with listening(http, ACP, sessionId=session) as stream:
        await stream.frames(1)
        blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
        await worker.report({"sessionUpdate": "agent_message", "messageId": "m", "content": blocks})
        chunk = {"sessionUpdate": "agent_message_chunk", "messageId": "m"}
        assert await updates(stream, 2) == [{**chunk, "content": block} for block in blocks]


async def test_the_status_is_told_whenever_it_changes(hub: Hub, http: Http) -> None:
    after = await beginning(hub)
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await worker.report(status="failed", reason="The agent was not found.")
    async with listening(http, ACP, after, sessionId=session) as stream:
        [greeting, *statuses] = await updates(stream, 4)
        assert (greeting["status"], greeting["error"]) == ("error", "The agent was not found.")
        assert [(one["status"], one.get("error")) for one in statuses] == [
            ("connecting", None), ("ready", None), ("error", "The agent was not found."),
        ]  # fmt: skip
        await ask(hub, "resume_session", sessionId=session)
        await ask(hub, "disconnect_session", sessionId=session)
        await ask(hub, "close_session", sessionId=session)
        assert [one["status"] for one in await updates(stream, 3)] == ["connecting", "ready", "ready"]
        await ask(hub, "delete_session", sessionId=session)
        assert await updates(stream, 1) == [{"sessionUpdate": "acp_status", "status": "error", "error": "The session was deleted."}]


async def test_a_new_name_and_a_chosen_mode_are_told(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    async with listening(http, ACP, sessionId=session) as stream:
        await stream.frames(1)
        await ask(hub, "update_session", sessionId=session, name="Kitchen", modeId="plan")
        assert await updates(stream, 2) == [
            {"sessionUpdate": "session_renamed", "name": "Kitchen"}, {"sessionUpdate": "current_mode_update", "currentModeId": "plan"},
        ]  # fmt: skip


@pytest.mark.parametrize(("decision", "status", "said"), [("allow", "completed", "approve"), ("deny", "failed", "deny")])
async def test_a_permission_request_is_a_tool_call_that_waits(hub: Hub, http: Http, decision: str, status: str, said: str) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await ask(hub, "prompt_session", sessionId=session, prompt="Cook")
    await worker.take()
    after = await hub.store.latest()
    permission = await worker.ask("Run it")
    await ask(hub, "answer_permission", permissionId=permission, decision=decision)
    async with listening(http, ACP, after, sessionId=session) as stream:
        _, asked, answered = await updates(stream, 3)
    common = {"toolCallId": f"request-permission-{permission}", "title": "RequestPermissions", "kind": "request-permissions"}
    call = {"toolCallId": "t-1", "title": "Run it", "kind": "execute", "rawInput": {"command": ["true"]}}
    raw: Json = {"sessionId": session, "toolCall": call, "options": OPTIONS}
    assert asked == {"sessionUpdate": "tool_call", **common, "status": "waiting", "rawInput": raw}
    option = "yes" if decision == "allow" else "no"
    assert answered == {
        "sessionUpdate": "tool_call_update", **common, "status": status, "rawInput": {**raw, "decision": said, "optionId": option},
        "rawOutput": {"outcome": {"outcome": "selected", "optionId": option}},
    }  # fmt: skip


async def test_what_a_policy_answers_is_not_asked(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    await ask(hub, "save_permission_policy", effect="allow", toolKind="execute")
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    after = await hub.store.latest()
    await worker.ask()
    async with listening(http, ACP, after, sessionId=session) as stream:
        assert len(await told(stream)) == 1


async def test_a_child_is_forwarded_whether_it_was_there_before_or_begins_now(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    first = await new_session(hub, parentSessionId=session)
    async with listening(http, ACP, sessionId=session) as stream:
        await stream.frames(1)
        second = await new_session(hub, parentSessionId=session)
        for child in (first, second):
            worker = await FakeWorker.of(hub, child)
            await worker.tell(text("I help."))
            permission = await worker.ask()
            said, asked = await stream.frames(2)
            agent = (await ask(hub, "get_session", sessionId=child))["agentId"]
            for frame in (said, asked):
                params = frame.data["params"]
                assert (params["sessionId"], params["childSessionId"], params["childAgentId"]) == (session, child, agent)
            assert update(said)["content"] == {"type": "text", "text": "I help."}
            assert update(asked)["toolCallId"] == f"request-permission-{permission}"


async def test_nothing_of_another_session_is_told(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    other, parent = await new_session(hub), await new_session(hub)
    child = await new_session(hub, parentSessionId=parent)
    after = await hub.store.latest()
    for one in (other, parent):
        worker = await FakeWorker.of(hub, one)
        await turn(hub, worker, one, "Cook", text("Cooked."))
        await worker.ask()
    async with listening(http, ACP, after, sessionId=child) as stream:
        assert len(await told(stream)) == 1


async def test_a_busy_neighbour_does_not_keep_a_watcher_in_silence(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_stream, "HEARTBEAT", 0.0)
    session, other = await new_session(hub), await new_session(hub)
    async with listening(http, ACP, sessionId=session) as stream:
        await stream.frames(1)
        await ask(hub, "update_session", sessionId=other, name="Busy")
        assert (await stream.frame()).comment == "ping"


async def test_all_watchers_get_the_same_frames(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    async with listening(http, ACP, sessionId=session) as one, listening(http, ACP, sessionId=session) as other:
        await turn(hub, worker, session, "Cook", text("Cook"), text("Hm.", "agent_thought_chunk"), text("ed."))
        await worker.ask()
        seen = [await stream.frames(1 + 1 + 3 + 1 + 1) for stream in (one, other)]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("how", ["header", "lastEventId"])
async def test_going_on_behind_any_frame_gives_exactly_the_rest(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    after = await beginning(hub)
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    for number in range(3):
        await turn(hub, worker, session, f"Cook {number}", text("Cook"), text("Hm.", "agent_thought_chunk"), text("ed."))
    await worker.ask()

    async def behind(last: int) -> list[Frame]:
        query: Any = {} if how == "header" else {"lastEventId": str(last)}
        async with listening(http, ACP, last if how == "header" else None, sessionId=session, **query) as stream:
            return (await told(stream))[1:]

    whole = await behind(after)
    assert len(whole) == 2 + 3 * (1 + 3 + 1) + 1
    for at, frame in enumerate(whole):
        if frame.id is not None:
            assert await behind(frame.cursor) == whole[at + 1 :]


@on_memory
async def test_a_stream_needs_a_session_and_may_be_probed(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    async with http.get(ACP) as response:
        assert (response.status, "sessionId" in (await response.json())["error"]) == (400, True)
    async with http.get(ACP, params={"sessionId": session, "probe": "1"}) as response:
        assert (response.status, await response.read()) == (204, b"")
    async with http.get(ACP, params={"sessionId": session, "lastEventId": "x"}) as response:
        assert response.status == 400
    async with http.head(ACP, params={"sessionId": session}) as response:
        assert response.status == 405


@on_memory
async def test_an_unknown_session_has_a_stream_all_the_same(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    async with listening(http, ACP, sessionId="nothing") as stream:
        assert [one["sessionUpdate"] for one in await updates(stream, 1)] == ["acp_status"]
        assert (await stream.frame()).comment == "ping"


async def test_another_tenants_session_is_unknown(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    elsewhere = Caller(tenant="elsewhere")
    await ask(hub, "list_sessions", elsewhere)
    after = await hub.store.latest()
    session = (await ask(hub, "start_session", elsewhere, provider="opencode"))["id"]
    await ask(hub, "update_session", elsewhere, sessionId=session, name="Secret")
    async with listening(http, ACP, after, sessionId=session) as stream:
        [greeting] = await told(stream)
    assert "status" not in update(greeting)


@on_memory
async def test_a_token_sees_what_its_grants_open(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    tokens = [
        (await ask(hub, "create_token", name="a page", grants=grants))["token"]
        for grants in (["events.read"], ["events.read", "sessions.read"], ["read"])
    ]
    blind, half, whole = [{"Authorization": f"Bearer {token}"} for token in tokens]
    after = {"sessionId": session, "lastEventId": str(await hub.store.latest())}
    await worker.ask()
    await worker.tell(text("Hello."))
    async with http.get(ACP, params=after, headers=blind) as response:
        assert response.status == 403
    for headers, kinds in ((half, ["agent_message_chunk"]), (whole, ["tool_call", "agent_message_chunk"])):
        async with http.get(ACP, params=after, headers=headers) as response:
            assert [one["sessionUpdate"] for one in (await updates(Stream(response), 1 + len(kinds)))[1:]] == kinds
    prompt = {"jsonrpc": "2.0", "id": 1, "method": "session/prompt", "params": {"sessionId": session, "prompt": "Cook"}}
    async with http.post(ACP, json=prompt, headers=whole) as response:
        assert response.status == 403
