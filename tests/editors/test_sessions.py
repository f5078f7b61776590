"""Sessions as an editor has them: begun, found again, shared with others, and left."""

import asyncio
import sys
from typing import Any

import acp
import orjson
import pytest

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, Unavailable
from hub.domain.sessions import SessionServers
from hub.operations.base import secret_place
from hub.ports import Page
from hub.version import VERSION
from protocols.acp import following
from protocols.acp.agent import Start
from protocols.acp.attached import Attached
from tests.cli import test_acp
from tests.core.programs import Folder
from tests.core.support import ask, on_memory
from tests.editors import test_bad_input, test_choices, test_permissions, test_prompts, test_remote
from tests.editors.editor import Desk, Editor
from tests.editors.fake_agents import FakeHost
from tests.protocols.acp_requirements import ROWS
from tests.protocols.requirements import meets, mismatches


@meets("version", "introduction", "authenticate")
@on_memory
@pytest.mark.parametrize("version", [0, 1, 2, 99])
async def test_an_editor_is_answered_version_1_whatever_it_asks_for(editor: Editor, version: int) -> None:
    answer = await editor.ask("initialize", protocolVersion=version, clientCapabilities={"fs": {"readTextFile": True}}, clientInfo=None)
    assert answer["protocolVersion"] == 1
    assert answer["agentInfo"] == {"name": "trivium", "title": "Trivium", "version": VERSION}
    able = answer["agentCapabilities"]
    assert able["loadSession"]
    assert able["promptCapabilities"] == {"image": True, "audio": True, "embeddedContext": True}
    assert able["sessionCapabilities"].keys() == {"list", "resume", "close", "delete", "fork"}
    assert answer["authMethods"] == []
    assert await editor.ask("authenticate", methodId="any") == {}


@meets("new", "prompt", "usage")
async def test_a_new_session_works_in_the_editors_folder_with_its_mcp_servers(editor: Editor, hub: Hub) -> None:
    server = {"name": "files", "command": "/bin/files", "args": [], "env": [{"name": "KEY", "value": "s3cret"}]}
    session_id = (await editor.ask("session/new", cwd="/tmp/work", mcpServers=[server]))["sessionId"]
    answer = await editor.prompt(session_id, "say hello")
    assert answer == {"stopReason": "end_turn", "usage": {"totalTokens": 3, "inputTokens": 1, "outputTokens": 2}}
    assert editor.texts(session_id) == ["hello"]
    session = await ask(hub, "get_session", sessionId=session_id)
    assert (session["cwd"], session["provider"]) == ("/tmp/work", "opencode")
    assert "s3cret" not in str(session)
    kept = await hub.store.get("local", SessionServers, session_id)
    assert kept
    assert hub.vault
    assert orjson.loads(hub.vault.open(kept.sealed, secret_place("local", SessionServers, session_id))) == [server]


@meets("load", "resume", "reconnect")
async def test_an_editor_that_comes_back_is_told_exactly_the_history(desk: Desk) -> None:
    first = await desk.editor()
    session_id = await first.new_session()
    for text in ("say one", "tool t-7", "say two"):
        await first.prompt(session_id, text)
    await desk.leave(first)
    back = await desk.editor()
    loaded = await back.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
    assert "modes" in loaded
    assert "result" in back.wire[-1], "the answer comes behind the history"
    told = [one for one in back.updates(session_id) if one["sessionUpdate"] not in ("current_mode_update", "config_option_update")]
    assert [(one["sessionUpdate"], one.get("content", {}).get("text") or one.get("status")) for one in told] == [
        ("user_message_chunk", "say one"), ("agent_message_chunk", "one"),
        ("user_message_chunk", "tool t-7"), ("tool_call", "completed"),
        ("user_message_chunk", "say two"), ("agent_message_chunk", "two"),
    ]  # fmt: skip
    await back.until(lambda: back.understood == len(back.updates(session_id)))
    await back.prompt(session_id, "say three")
    assert back.texts(session_id)[-1] == "three"

    third = await desk.editor()
    await third.ask("session/resume", sessionId=session_id, cwd="/tmp")
    assert third.updates(session_id) == []
    await third.prompt(session_id, "say four")
    assert third.texts(session_id) == ["four"]


@meets("load while it runs")
async def test_loading_while_the_agent_speaks_tells_each_word_once(desk: Desk, host: FakeHost) -> None:
    speaker = await desk.editor()
    session_id = await speaker.new_session()
    prompting = asyncio.create_task(speaker.prompt(session_id, "steps 100"))
    for _ in range(10):
        reader = await desk.editor()
        host.step(10)
        await reader.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
        numbers = [int(text) for text in reader.texts(session_id)]
        assert numbers == list(range(len(numbers)))
    await prompting
    await reader.prompt(session_id, "say end")
    assert reader.texts(session_id) == [*map(str, range(100)), "end"]


@meets("two editors", "others' prompts", "own prompt")
async def test_two_editors_and_others_share_a_session(desk: Desk, hub: Hub) -> None:
    one, other = await desk.editor(), await desk.editor()
    session_id = await one.new_session()
    await other.ask("session/resume", sessionId=session_id, cwd="/tmp")
    await one.prompt(session_id, "say hello")
    await other.until(lambda: other.texts(session_id) == ["hello"])
    assert other.texts(session_id, "user_message_chunk") == ["say hello"]
    assert one.texts(session_id, "user_message_chunk") == []
    await ask(hub, "prompt_session", sessionId=session_id, prompt="say from the web")
    for editor in (one, other):
        await editor.until(lambda editor=editor: editor.texts(session_id)[-1] == "from the web")  # type: ignore[misc]
        assert editor.texts(session_id, "user_message_chunk")[-1] == "say from the web"


@meets("list")
async def test_sessions_are_listed_a_page_at_a_time_and_by_folder(editor: Editor, hub: Hub) -> None:
    for number in range(3):
        await ask(hub, "start_session", provider="opencode", cwd=f"/tmp/{number % 2}", name=f"n{number}")
    for number in range(60):
        await ask(hub, "start_session", provider="opencode", cwd="/tmp/many", name=f"m{number}")
    first = await editor.ask("session/list")
    rest = await editor.ask("session/list", cursor=first["nextCursor"])
    assert [one["title"] for one in [*first["sessions"], *rest["sessions"]]][:3] == ["n0", "n1", "n2"]
    assert len(first["sessions"]) + len(rest["sessions"]) == 63
    assert "nextCursor" not in rest
    of_folder = (await editor.ask("session/list", cwd="/tmp/0"))["sessions"]
    assert [(one["title"], one["cwd"]) for one in of_folder] == [("n0", "/tmp/0"), ("n2", "/tmp/0")]
    assert all(one["updatedAt"] for one in of_folder)
    assert len((await editor.sdk.list_sessions(cwd="/tmp/1")).sessions) == 1


@meets("close", "delete")
async def test_closing_ends_what_runs_and_deleting_forgets_it(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    prompting = asyncio.create_task(editor.prompt(session_id, "wait"))
    await editor.until(lambda: editor.texts(session_id) == ["Waiting."])
    assert await editor.ask("session/close", sessionId=session_id) == {}
    assert await prompting == {"stopReason": "cancelled"}
    assert (await ask(hub, "get_session", sessionId=session_id))["status"] == "closed"
    with pytest.raises(acp.RequestError) as refused:
        await editor.prompt(session_id, "say more")
    assert (refused.value.code, "session/load or session/resume" in str(refused.value)) == (-32002, True)
    await editor.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
    assert (await editor.prompt(session_id, "say again"))["stopReason"] == "end_turn"
    assert await editor.ask("session/delete", sessionId=session_id) == {}
    assert (await editor.ask("session/list"))["sessions"] == []
    with pytest.raises(acp.RequestError) as gone:
        await editor.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
    assert gone.value.code == -32002


@meets("fork")
async def test_a_fork_is_a_session_of_its_own(editor: Editor, host: FakeHost) -> None:
    session_id = await editor.new_session()
    await editor.prompt(session_id, "say one")
    forked = (await editor.ask("session/fork", sessionId=session_id, cwd="/tmp"))["sessionId"]
    assert forked != session_id
    await editor.prompt(forked, "say two")
    assert (editor.texts(session_id), editor.texts(forked)) == (["one"], ["two"])
    assert host.openings[1].forked_from == "fake-1"


@meets("no agent")
@on_memory
async def test_where_no_agent_can_be_run_a_new_session_says_what_to_do(editor: Editor, programs: Folder, desk: Desk) -> None:
    programs.add("other")
    (programs.path / "opencode").unlink()
    lonely = await desk.editor()
    with pytest.raises(acp.RequestError, match="Install one"):
        await lonely.new_session()
    named = await desk.editor(start=Start("nobody"))
    with pytest.raises(acp.RequestError, match="Install one"):
        await named.new_session()


@meets("tenants")
@on_memory
async def test_another_tenants_session_is_as_good_as_none(editor: Editor, desk: Desk) -> None:
    session_id = await editor.new_session()
    stranger = await desk.editor(Caller("elsewhere", "eve"))
    assert (await stranger.ask("session/list"))["sessions"] == []
    for method in ("session/load", "session/resume", "session/close", "session/delete", "session/fork"):
        with pytest.raises(acp.RequestError) as refused:
            await stranger.ask(method, sessionId=session_id, cwd="/tmp")
        assert refused.value.code == -32002


@meets("grants")
@on_memory
async def test_each_method_needs_the_grant_of_its_operation(editor: Editor, desk: Desk) -> None:
    session_id = await editor.new_session()
    reader = await desk.editor(Caller(subject="reader", grants=frozenset({"sessions.read", "events.read"})))
    await reader.ask("session/load", sessionId=session_id, cwd="/tmp")
    with pytest.raises(acp.RequestError, match=r"sessions\.write"):
        await reader.prompt(session_id, "say no")
    await editor.prompt(session_id, "say yes")
    await reader.until(lambda: reader.texts(session_id) == ["yes"])


@meets("store fails")
async def test_a_store_that_fails_for_a_moment_costs_nothing(editor: Editor, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSE", 0.0)
    session_id = await editor.new_session()
    whole, failures = hub.store.news, [Busy("not now"), Unavailable("gone"), Busy("again")]

    async def failing(*arguments: Any) -> Page:
        if failures:
            raise failures.pop()
        return await whole(*arguments)

    monkeypatch.setattr(hub.store, "news", failing)
    await editor.prompt(session_id, "count 50")
    assert editor.texts(session_id) == [*map(str, range(50))]


@meets("defect")
@on_memory
async def test_a_defect_while_following_ends_the_connection_and_nobody_waits_for_ever(
    editor: Editor, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await editor.new_session()

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Attached, "render", broken)
    with pytest.raises(ConnectionError):
        await editor.prompt(session_id, "say hello")
    monkeypatch.undo()
    back = await desk.editor()
    await back.ask("session/load", sessionId=session_id, cwd="/tmp", mcpServers=[])
    await back.prompt(session_id, "say well")
    assert back.texts(session_id) == ["hello", "well"]


def test_every_requirement_has_a_test_and_every_test_a_requirement() -> None:
    modules = (test_bad_input, test_choices, test_permissions, test_prompts, test_remote, test_acp, sys.modules[__name__])
    assert mismatches(ROWS, *modules) == []
