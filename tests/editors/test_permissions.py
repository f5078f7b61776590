"""Permission requests: an editor is asked, others may be quicker, and nobody answers twice."""

import asyncio

import pytest

from hub.access import Caller
from hub.app import Hub
from hub.ports import Json
from tests.core.support import ask
from tests.editors.editor import Desk, Editor
from tests.protocols.requirements import meets

METHOD = "session/request_permission"


async def pending(hub: Hub, session_id: str) -> list[Json]:
    listed: list[Json] = (await ask(hub, "list_permissions", sessionId=session_id, status="pending"))["permissions"]
    return listed


@meets("permission")
@pytest.mark.parametrize(("option", "decided"), [("yes", "allowed"), ("no", "denied"), (None, "denied")])
async def test_what_an_agent_asks_is_answered_in_the_editor(editor: Editor, hub: Hub, option: str | None, decided: str) -> None:
    session_id = await editor.new_session()
    prompting = asyncio.create_task(editor.prompt(session_id, "ask dig"))
    await editor.until(lambda: editor.asked(METHOD))
    asked = editor.asked(METHOD)[0]["params"]
    assert asked["sessionId"] == session_id
    assert asked["toolCall"] == {"toolCallId": "t-1", "title": "dig", "kind": "execute"}
    assert [(one["optionId"], one["kind"]) for one in asked["options"]] == [("yes", "allow_once"), ("no", "reject_once")]
    assert editor.texts(session_id) == ["May I?"], "what was said before it is told before it"
    editor.answer.set_result(option)
    await prompting
    assert "".join(editor.texts(session_id)) == f"May I? {decided}"
    assert not editor.asked("$/cancel_request")
    assert await pending(hub, session_id) == []


@meets("first answer")
async def test_the_first_answer_counts_and_the_others_are_withdrawn(desk: Desk, hub: Hub) -> None:
    one, other = await desk.editor(), await desk.editor()
    session_id = await one.new_session()
    await other.ask("session/resume", sessionId=session_id, cwd="/tmp")
    prompting = asyncio.create_task(one.prompt(session_id, "ask dig"))
    for editor in (one, other):
        await editor.until(lambda editor=editor: editor.asked(METHOD))  # type: ignore[misc]
    await ask(hub, "answer_permission", Caller(subject="web"), permissionId=(await pending(hub, session_id))[0]["id"], decision="allow")
    await prompting
    for editor in (one, other):
        await editor.until(lambda editor=editor: editor.asked("$/cancel_request"))  # type: ignore[misc]
        assert editor.asked("$/cancel_request")[0]["params"] == {"requestId": editor.asked(METHOD)[0]["id"]}
        editor.answer.set_result("no")  # too late
    assert (await one.prompt(session_id, "say well"))["stopReason"] == "end_turn"
    assert "".join(one.texts(session_id)) == "May I? allowedwell"
    listed = await ask(hub, "list_permissions", sessionId=session_id)
    assert [(one["status"], one["decidedBy"]) for one in listed["permissions"]] == [("allowed", "web")]


@meets("cancel asks")
async def test_cancelling_the_turn_withdraws_what_it_asks(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    prompting = asyncio.create_task(editor.prompt(session_id, "ask dig"))
    await editor.until(lambda: editor.asked(METHOD))
    await editor.tell("session/cancel", sessionId=session_id)
    editor.answer.set_result(None)  # as the protocol has it
    assert (await prompting)["stopReason"] == "cancelled"
    listed = await ask(hub, "list_permissions", sessionId=session_id)
    assert [one["status"] for one in listed["permissions"]] == ["cancelled"]


@meets("asked again")
async def test_what_is_asked_stays_when_the_editor_leaves_and_the_next_one_is_asked(editor: Editor, desk: Desk, hub: Hub) -> None:
    session_id = await editor.new_session()
    prompting = asyncio.create_task(editor.prompt(session_id, "ask dig"))
    await editor.until(lambda: editor.asked(METHOD))
    await desk.leave(editor)
    await asyncio.gather(prompting, return_exceptions=True)
    assert len(await pending(hub, session_id)) == 1
    back = await desk.editor()
    await back.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
    await back.until(lambda: back.asked(METHOD))
    answers = [index for index, one in enumerate(back.wire) if "result" in one]
    assert back.wire.index(back.asked(METHOD)[0]) > answers[-1], "it is asked when the session is there"
    back.answer.set_result("yes")
    await back.until(lambda: "".join(back.texts(session_id)) == "May I? allowed")


@meets("who may answer")
async def test_an_editor_that_may_not_answer_is_not_asked(editor: Editor, desk: Desk) -> None:
    reader = await desk.editor(Caller(subject="reader", grants=frozenset({"read", "write"})))
    session_id = await editor.new_session()
    await reader.ask("session/resume", sessionId=session_id, cwd="/tmp")
    prompting = asyncio.create_task(editor.prompt(session_id, "ask dig"))
    await editor.until(lambda: editor.asked(METHOD))
    editor.answer.set_result("yes")
    await prompting
    await reader.until(lambda: "".join(reader.texts(session_id)) == "May I? allowed")
    assert not reader.asked(METHOD)


@meets("bad answer")
@pytest.mark.parametrize("option", ["maybe", ""])
async def test_an_answer_that_is_none_leaves_it_to_others(editor: Editor, hub: Hub, option: str) -> None:
    session_id = await editor.new_session()
    prompting = asyncio.create_task(editor.prompt(session_id, "ask dig"))
    await editor.until(lambda: editor.asked(METHOD))
    editor.answer.set_result(option)
    await editor.ask("session/list")
    [asked] = await pending(hub, session_id)
    await ask(hub, "answer_permission", permissionId=asked["id"], decision="deny")
    await prompting
    assert "".join(editor.texts(session_id)) == "May I? denied"
