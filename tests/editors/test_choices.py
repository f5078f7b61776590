"""What an editor's user may choose: the agent, the workspace, and what the agent itself offers."""

from typing import Any

import acp
import pytest

from hub.app import Hub
from protocols.acp.agent import Start
from tests.core.programs import Folder
from tests.core.support import ask, on_memory
from tests.editors.editor import Desk, Editor
from tests.editors.fake_agents import FakeHost
from tests.protocols.requirements import meets


def option(answer: Any, id_: str) -> Any:
    return next(one for one in answer["configOptions"] if one["id"] == id_)


def values(answer: Any, id_: str) -> list[str]:
    return [one["value"] for one in option(answer, id_)["options"]]


async def chosen(editor: Editor, session_id: str, id_: str, value: str | bool) -> Any:
    return await editor.ask("session/set_config_option", sessionId=session_id, configId=id_, value=value)


async def offered(editor: Editor, host: FakeHost) -> str:
    """A new session whose agent gets ready once the editor has it, so that what it offers is told as an update."""
    host.willing.clear()
    session_id = await editor.new_session()
    host.willing.set()
    await editor.until(lambda: editor.updates(session_id, "config_option_update"))
    return session_id


@pytest.fixture
async def hub(hub: Hub, programs: Folder) -> Hub:
    """With a second provider, and an agent of its own."""
    programs.add("vibe-acp")
    await ask(hub, "create_agent", name="Gardener", role="CRAFTER", agentId="gardener", metadata={"runner": "function"})
    await ask(hub, "create_agent", name="Stranger", role="CRAFTER", agentId="stranger")
    return hub


@meets("agents")
@on_memory
async def test_providers_that_are_there_and_agents_that_the_hub_runs_may_be_chosen(editor: Editor) -> None:
    begun = await editor.ask("session/new", cwd="/tmp", mcpServers=[])
    assert values(begun, "agent") == ["provider:opencode", "provider:vibe", "coordinator", "agent:gardener"]
    assert option(begun, "agent")["currentValue"] == "provider:opencode"
    again = await editor.ask("session/new", cwd="/tmp", mcpServers=[])
    assert values(again, "agent") == values(begun, "agent"), "not those that were made for a session"


@meets("agents")
@on_memory
async def test_a_coordinator_that_is_switched_off_is_not_offered(desk: Desk, hub: Hub) -> None:
    await ask(hub, "create_specialist", id="routa", name="Off", role="ROUTA", systemPrompt="x", enabled=False)
    begun = await (await desk.editor()).ask("session/new", cwd="/tmp", mcpServers=[])
    assert "coordinator" not in values(begun, "agent")


@meets("default agent")
@on_memory
@pytest.mark.parametrize(
    ("named", "value", "provider"),
    [("gardener", "agent:gardener", "agent"), ("vibe", "provider:vibe", "vibe"), ("coordinator", "coordinator", "opencode")],
)
async def test_the_agent_of_new_sessions_may_be_named(desk: Desk, hub: Hub, named: str, value: str, provider: str) -> None:
    editor = await desk.editor(start=Start(named))
    begun = await editor.ask("session/new", cwd="/tmp", mcpServers=[])
    assert option(begun, "agent")["currentValue"] == value
    session = await ask(hub, "get_session", sessionId=begun["sessionId"])
    assert (session["provider"], session.get("specialistId")) == (provider, "routa" if named == "coordinator" else None)
    lost = await desk.editor(start=Start("nobody"))
    with pytest.raises(acp.RequestError, match="There is no agent 'nobody'"):
        await lost.new_session()


@meets("agents")
async def test_another_agent_goes_on_with_a_session(editor: Editor, hub: Hub, host: FakeHost) -> None:
    session_id = await editor.new_session()
    await editor.prompt(session_id, "say one")
    answer = await chosen(editor, session_id, "agent", "coordinator")
    assert option(answer, "agent")["currentValue"] == "coordinator"
    await editor.prompt(session_id, "say two")
    session = await ask(hub, "get_session", sessionId=session_id)
    assert (session["provider"], session["specialistId"], len(host.openings)) == ("opencode", "routa", 2)
    answer = await chosen(editor, session_id, "agent", "provider:vibe")
    assert option(answer, "agent")["currentValue"] == "provider:vibe"
    await editor.prompt(session_id, "say three")
    session = await ask(hub, "get_session", sessionId=session_id)
    assert (session["provider"], session.get("specialistId")) == ("vibe", None)
    assert editor.texts(session_id) == ["one", "two", "three"]
    with pytest.raises(acp.RequestError, match="agent is one of"):
        await chosen(editor, session_id, "agent", "agent:stranger")


@meets("workspaces")
async def test_a_session_goes_to_another_workspace_until_its_first_prompt(editor: Editor, hub: Hub, host: FakeHost) -> None:
    garden = (await ask(hub, "create_workspace", title="Garden"))["id"]
    session_id = await offered(editor, host)
    answer = await chosen(editor, session_id, "workspace", garden)
    assert option(answer, "workspace")["currentValue"] == garden
    assert (await editor.prompt(session_id, "say here"))["stopReason"] == "end_turn"
    session = await ask(hub, "get_session", sessionId=session_id)
    assert (session["workspaceId"], session["provider"]) == (garden, "opencode")
    with pytest.raises(acp.RequestError, match="prompted already"):
        await chosen(editor, session_id, "workspace", "default")
    assert editor.texts(session_id) == ["here"]


@meets("workspaces")
@on_memory
async def test_the_workspace_of_new_sessions_may_be_named(desk: Desk, hub: Hub) -> None:
    garden = (await ask(hub, "create_workspace", title="Garden"))["id"]
    editor = await desk.editor(start=Start(workspace_id=garden))
    session_id = await editor.new_session()
    assert (await ask(hub, "get_session", sessionId=session_id))["workspaceId"] == garden


@meets("modes", "config options")
async def test_an_agents_modes_and_options_are_offered_once_it_is_ready(editor: Editor, desk: Desk, host: FakeHost) -> None:
    session_id, other = await offered(editor, host), await desk.editor()
    told = editor.updates(session_id, "config_option_update")[-1]
    assert (values(told, "mode"), option(told, "mode")["category"]) == (["ask", "code"], "mode")
    assert values(told, "model") == ["small", "large"]
    assert editor.updates(session_id, "current_mode_update")[-1]["currentModeId"] == "ask"
    answer = await chosen(editor, session_id, "model", "large")
    assert option(answer, "model")["currentValue"] == "large"
    await other.ask("session/resume", sessionId=session_id, cwd="/tmp")
    await editor.prompt(session_id, "say x")
    again = await other.ask("session/resume", sessionId=session_id, cwd="/tmp")
    assert option(again, "model")["currentValue"] == "large"
    assert await editor.ask("session/set_mode", sessionId=session_id, modeId="code") == {}
    await editor.until(lambda: editor.updates(session_id, "current_mode_update")[-1]["currentModeId"] == "code")
    await editor.until(lambda: option(editor.updates(session_id, "config_option_update")[-1], "mode")["currentValue"] == "code")
    assert option(await chosen(editor, session_id, "mode", "ask"), "mode")["currentValue"] == "ask"
    loaded = await editor.ask("session/resume", sessionId=session_id, cwd="/tmp")
    assert {one["id"] for one in loaded["modes"]["availableModes"]} == {"ask", "code"}
    await editor.until(lambda: editor.understood == len(editor.updates(session_id)))
    for id_, value in (("model", "huge"), ("mode", "fly"), ("colour", "red")):
        with pytest.raises(acp.RequestError, match="Allowed"):
            await chosen(editor, session_id, id_, value)


@meets("booleans")
@on_memory
async def test_options_that_are_on_or_off_are_for_editors_that_show_them(desk: Desk, host: FakeHost) -> None:
    plain, able = await desk.editor(), await desk.editor(session={"configOptions": {"boolean": {}}})
    for editor in (plain, able):
        session_id = await offered(editor, host)
        ids = {one["id"] for one in editor.updates(session_id, "config_option_update")[-1]["configOptions"]}
        assert ("fast" in ids) is (editor is able)
    assert option(await chosen(able, session_id, "fast", True), "fast")["currentValue"] is True


@meets("name")
async def test_a_session_that_is_renamed_has_its_new_title(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    await ask(hub, "update_session", sessionId=session_id, name="Digging")
    await editor.until(lambda: editor.updates(session_id, "session_info_update"))
    assert editor.updates(session_id, "session_info_update")[-1]["title"] == "Digging"
