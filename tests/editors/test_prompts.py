"""Prompts, cancelling, steering and plans, as editors see them."""

import asyncio
from typing import Any

import acp
import pytest

from hub.app import Hub
from hub.ports import Staged
from tests.core.support import ask, on_memory
from tests.editors.editor import Desk, Editor, happened
from tests.editors.fake_agents import FakeHost
from tests.protocols.requirements import meets


def text(words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": words}]


@meets("order")
async def test_a_thousand_updates_come_in_order_and_before_the_answer(editor: Editor) -> None:
    session_id = await editor.new_session()
    await editor.prompt(session_id, "count 1000")
    assert editor.texts(session_id) == [*map(str, range(1000))]
    assert "result" in editor.wire[-1]


@meets("queue")
async def test_a_prompt_waits_while_another_turn_runs(editor: Editor, desk: Desk, host: FakeHost) -> None:
    session_id = await editor.new_session()
    other = await desk.editor()
    await other.ask("session/resume", sessionId=session_id, cwd="/tmp")
    first = asyncio.create_task(other.prompt(session_id, "steps 2"))
    await other.until(lambda: host.openings)
    host.step(1)
    await editor.until(lambda: editor.texts(session_id) == ["0"])
    second = asyncio.create_task(editor.prompt(session_id, "say mine"))
    third = asyncio.create_task(editor.prompt(session_id, "say mine too"))
    host.step(1)
    await asyncio.gather(first, second, third)
    assert editor.texts(session_id) == ["0", "1", "mine", "mine too"]


@meets("content")
async def test_all_kinds_of_content_are_passed_on(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    blocks: list[dict[str, Any]] = [
        *text("say seen"),
        {"type": "image", "mimeType": "image/png", "data": "aGk="},
        {"type": "resource_link", "uri": "file:///tmp/a.py", "name": "a.py"},
        {"type": "resource", "resource": {"uri": "file:///tmp/b.py", "text": "b = 1", "mimeType": "text/x-python"}},
    ]
    await editor.ask("session/prompt", sessionId=session_id, prompt=blocks)
    kept = (await ask(hub, "list_prompts", sessionId=session_id))["prompts"][0]
    assert kept["content"] == blocks


@meets("failure")
async def test_a_turn_that_fails_is_an_error_that_says_why(editor: Editor) -> None:
    session_id = await editor.new_session()
    with pytest.raises(acp.RequestError, match=r"The fake agent has failed\. Try again\.") as failed:
        await editor.prompt(session_id, "fail")
    assert failed.value.code == -32603
    assert (await editor.prompt(session_id, "say well"))["stopReason"] == "end_turn"


@meets("agent does not start")
async def test_an_agent_that_does_not_start_fails_the_prompts_that_wait(editor: Editor, hub: Hub) -> None:
    broken = (await ask(hub, "start_session", provider="opencode", name="broken"))["id"]
    await editor.ask("session/resume", sessionId=broken, cwd="/tmp")
    with pytest.raises(acp.RequestError, match=r"The fake agent is broken\. Mend it\."):
        await editor.prompt(broken, "say anything")


@meets("cancel")
async def test_cancelling_ends_the_turn_and_what_this_editor_has_in_the_queue(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    running = asyncio.create_task(editor.prompt(session_id, "wait"))
    await editor.until(lambda: editor.texts(session_id) == ["Waiting."])
    queued = asyncio.create_task(editor.prompt(session_id, "say never"))
    await happened(hub, session_id, "prompted", 2)
    await ask(hub, "prompt_session", sessionId=session_id, prompt="say anothers")
    await editor.tell("session/cancel", sessionId=session_id)
    assert await queued == {"stopReason": "cancelled"}
    assert (await running)["stopReason"] == "cancelled"
    await editor.until(lambda: editor.texts(session_id) == ["Waiting.", "anothers"])
    await editor.tell("session/cancel", sessionId=session_id)
    await editor.tell("session/cancel", sessionId="nothing")
    await editor.tell("session/cancel")
    assert (await editor.prompt(session_id, "say on"))["stopReason"] == "end_turn"


@meets("cancel request")
@pytest.mark.parametrize("queued", [False, True])
async def test_a_prompt_that_nobody_waits_for_is_cancelled_or_withdrawn(editor: Editor, hub: Hub, queued: bool) -> None:
    session_id = await editor.new_session()
    before = asyncio.create_task(editor.prompt(session_id, "wait"))
    await editor.until(lambda: editor.texts(session_id) == ["Waiting."])
    if queued:
        asking = asyncio.create_task(editor.prompt(session_id, "say never"))
        await happened(hub, session_id, "prompted", 2)
    last = editor.sdk._conn._next_request_id - 1
    await editor.tell("$/cancel_request", requestId=last)
    with pytest.raises(acp.RequestError) as refused:
        await (asking if queued else before)
    assert refused.value.code == -32800
    waited = await ask(hub, "wait_for_prompt", sessionId=session_id, timeoutSeconds=5)
    assert waited["prompt"]["status"] == "cancelled"
    if queued:
        assert not before.done()
        await editor.tell("session/cancel", sessionId=session_id)
        assert (await before)["stopReason"] == "cancelled"
    assert "never" not in editor.texts(session_id)


@meets("cancel request")
@on_memory
async def test_a_prompt_that_is_cancelled_while_it_is_stored_is_withdrawn(
    editor: Editor, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await editor.new_session()
    before = asyncio.create_task(editor.prompt(session_id, "wait"))
    await editor.until(lambda: editor.texts(session_id) == ["Waiting."])
    whole, begun, cancelled = hub.store.commit, asyncio.Event(), asyncio.Event()

    async def slow(unit: Staged) -> int:
        begun.set()
        await cancelled.wait()
        return await whole(unit)

    monkeypatch.setattr(hub.store, "commit", slow)
    asking = asyncio.create_task(editor.prompt(session_id, "say never"))
    await begun.wait()
    await editor.tell("$/cancel_request", requestId=editor.sdk._conn._next_request_id - 1)
    with pytest.raises(acp.RequestError):
        await asking
    cancelled.set()
    await happened(hub, session_id, "prompt_withdrawn")
    await editor.tell("session/cancel", sessionId=session_id)
    await before
    assert editor.texts(session_id) == ["Waiting."]


@meets("editor leaves")
async def test_a_turn_goes_on_when_its_editor_leaves(editor: Editor, desk: Desk, host: FakeHost) -> None:
    session_id = await editor.new_session()
    prompting = asyncio.create_task(editor.prompt(session_id, "steps 2"))
    host.step(1)
    await editor.until(lambda: editor.texts(session_id) == ["0"])
    await desk.leave(editor)
    await asyncio.gather(prompting, return_exceptions=True)
    back = await desk.editor()
    await back.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
    host.step(1)
    await back.until(lambda: back.texts(session_id) == ["0", "1"])


@meets("steering")
async def test_a_turn_is_steered_where_its_agent_can(editor: Editor, hub: Hub, host: FakeHost) -> None:
    session_id = await editor.new_session()
    assert await editor.ask("_session/steering", sessionId=session_id, prompt=text("left")) == {"outcome": "promptRequired"}
    running = asyncio.create_task(editor.prompt(session_id, "steps 1"))
    await happened(hub, session_id, "prompt_taken")
    assert await editor.ask("_session/steering", sessionId=session_id, prompt=text("right")) == {"outcome": "injected"}
    await happened(hub, session_id, "prompt_taken", 2)
    host.step(1)
    await running
    assert host.steered == ["right"]
    assert editor.texts(session_id, "user_message_chunk") == []


@meets("plan")
async def test_the_sessions_tasks_are_its_plan_unless_the_agent_tells_one(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    agent_id = (await ask(hub, "get_session", sessionId=session_id))["agentId"]
    task = await ask(hub, "create_task", title="Dig", objective="o", sessionId=session_id, priority="urgent")
    await ask(hub, "create_task", title="Elsewhere", objective="o")
    await editor.until(lambda: editor.updates(session_id, "plan"))
    assert editor.updates(session_id, "plan")[-1]["entries"] == [{"content": "Dig", "priority": "high", "status": "pending"}]
    await ask(hub, "set_task_status", taskId=task["id"], status="COMPLETED")
    await editor.until(lambda: editor.updates(session_id, "plan")[-1]["entries"][0]["status"] == "completed")
    await ask(hub, "create_task", title="Plant", objective="o", assignedTo=agent_id)
    await editor.until(lambda: len(editor.updates(session_id, "plan")[-1]["entries"]) == 2)
    await editor.until(lambda: editor.understood == len(editor.updates(session_id)))
    told = len(editor.updates(session_id, "plan"))
    await editor.prompt(session_id, "plan mine")
    assert [one["entries"][0]["content"] for one in editor.updates(session_id, "plan")[told:]] == ["mine"]


@meets("plan")
@on_memory
async def test_a_plan_has_fifty_entries_and_first_of_all_what_is_to_be_done(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    for number in range(60):
        status = "COMPLETED" if number < 30 else "PENDING"
        await ask(hub, "create_task", title=str(number), objective="o", sessionId=session_id, status=status)
    await editor.until(
        lambda: editor.updates(session_id, "plan") and editor.updates(session_id, "plan")[-1]["entries"][-1]["content"] == "59"
    )
    entries = editor.updates(session_id, "plan")[-1]["entries"]
    assert len(entries) == 50
    assert {one["content"] for one in entries if one["status"] == "pending"} == {str(number) for number in range(30, 60)}
