"""The hub runs the real agents: a process of its own, driven through its doors, that finds them on its PATH."""

import shlex
import signal
import sys
from pathlib import Path

import anyio
import orjson
import pytest

from hub.operations.session_claims import STOPPED
from tests.agents.conversations import PATIENCE, Conversation
from tests.agents.fake_model import GREETING, FakeModel
from tests.agents.hubs import serving
from tests.agents.programs import RealAgent, claude

HELLO = "".join(GREETING)
TASK = {"title": "From an agent", "objective": "To have been here."}
ONLY_V2 = Path(__file__).with_name("only_v2.py")
LEASE = 4
"""Seconds after which a hub takes over the sessions of one that was killed."""


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'hub.db'}"


async def test_an_agent_works_in_a_session(agent: RealAgent, folder: Path, database: str, model: FakeModel) -> None:
    async with serving(database, agent.env) as hub:
        talk = await Conversation.start(hub, agent.provider, folder)
        await _answers_is_cancelled_and_answers_again(talk)
        await _runs_a_command_only_where_somebody_or_a_policy_allows_it(talk, folder)
        await _acts_in_the_hub_as_itself(talk)
        await _does_the_task_that_it_is_given(talk)
        await _is_loaded_where_it_cannot_resume(talk, agent, model)


async def test_a_session_outlives_its_hubs(agent: RealAgent, folder: Path, database: str, home: Path, model: FakeModel) -> None:
    """One is told to stop in the middle of a turn, and the next one is killed: the agent goes on in a third one, and knows all of it."""
    env = {**agent.env, "TRIVIUM_LEASE_SECONDS": str(LEASE)}
    async with serving(database, env) as hub:
        talk = await Conversation.start(hub, agent.provider, folder)
        assert await talk.ask("my first words") == HELLO
        stopped = await _left_talking(talk, signal.SIGTERM, home)
    async with serving(database, env) as hub:
        talk = Conversation(hub, talk.id)
        assert await talk.ask("once more") == HELLO
        killed = await _left_talking(talk, signal.SIGKILL, home)
    async with serving(database, env) as hub:
        talk = Conversation(hub, talk.id)
        assert await talk.ask("and again") == HELLO
        assert (await talk.session())["continuity"] == "kept"
        assert await talk.said("user") == ["my first words", "SLOW", "once more", "SLOW", "and again"]
        assert (await talk.said("agent"))[::2] == [HELLO, HELLO, HELLO]
        assert [update["sessionUpdate"] for update in await talk.history()].count("available_commands_update") == 1
        for number in (stopped, killed):
            assert (await talk.wait(number))["prompt"]["reason"] == STOPPED
    for prompt in ("once more", "and again"):
        assert _knew(model, prompt, "my first words")


async def _answers_is_cancelled_and_answers_again(talk: Conversation) -> None:
    assert await talk.ask("hello") == HELLO
    assert not (await talk.session()).get("name", "").startswith("You work in the hub")
    number = await talk.talking()
    await talk.hub.ask("cancel_session", sessionId=talk.id)
    assert (await talk.wait(number))["prompt"]["stopReason"] == "cancelled"
    assert await talk.ask("hello again") == HELLO
    assert await talk.said("user") == ["hello", "SLOW", "hello again"]
    whole, cut, again = await talk.said("agent")
    assert (whole, cut[:2], again) == (HELLO, "0 ", HELLO)


async def _runs_a_command_only_where_somebody_or_a_policy_allows_it(talk: Conversation, folder: Path) -> None:
    denied = await talk.ask_with(_shell("touch denied"), "deny")
    assert (denied["toolKind"], denied["command"], denied["decidedBy"]) == ("execute", "touch denied", "local")
    assert "touch denied" in denied["title"]
    await talk.ask_with(_shell("touch allowed"), "allow")
    await talk.hub.ask("save_permission_policy", effect="allow", command="touch *")
    await talk.ask(_shell("touch by-policy"))
    assert sorted(path.name for path in folder.iterdir()) == ["allowed", "by-policy"]
    calls = [update["status"] for update in await talk.history() if update["sessionUpdate"] == "tool_call"]
    assert calls == ["failed", "completed", "completed"]


async def _acts_in_the_hub_as_itself(talk: Conversation) -> None:
    await talk.ask_with(f"CALL create_task {orjson.dumps(TASK).decode()}", "allow")
    [task] = (await talk.hub.ask("list_tasks"))["tasks"]
    assert task["title"] == TASK["title"]
    created = await talk.hub.event("task.created", task["id"])
    assert created["by"] == (await talk.session())["agentId"]


async def _does_the_task_that_it_is_given(talk: Conversation) -> None:
    given = {"agentId": (await talk.session())["agentId"], "contextId": talk.id, "parts": [{"text": "hello"}]}
    sent = await talk.hub.ask("send_task_message", messageId="m", **given)
    done = await talk.hub.ask("wait_for_task", taskId=sent["id"], until="ended", timeoutSeconds=PATIENCE)
    assert done["task"]["status"] == "COMPLETED"
    state = await talk.hub.ask("get_task_state", taskId=sent["id"])
    assert [artifact["content"] for artifact in state["artifacts"]] == [HELLO]
    assert len((await talk.hub.ask("list_sessions"))["sessions"]) == 1


async def _is_loaded_where_it_cannot_resume(talk: Conversation, agent: RealAgent, model: FakeModel) -> None:
    """The agent replays then what was said, which the hub has already."""
    before = await talk.said("user"), await talk.said("agent")
    unable = f'{shlex.join([agent.command, *agent.args])} | sed -u \'s/"resume":/"_resume":/\''
    await talk.hub.ask("create_provider", id=agent.provider, command="/bin/sh", args=["-c", unable])
    await talk.hub.ask("disconnect_session", sessionId=talk.id)
    assert await talk.ask("once more") == HELLO
    session = await talk.session()
    assert ("load" in session["capabilities"], "resume" in session["capabilities"]) == (True, False)
    assert session["continuity"] == "kept"
    assert _knew(model, "once more", "hello")
    assert (await talk.said("user"), await talk.said("agent")) == ([*before[0], "once more"], [*before[1], HELLO])


def _shell(command: str) -> str:
    return "CALL bash " + orjson.dumps({"command": command, "description": "leave a mark"}).decode()


def _knew(model: FakeModel, prompt: str, before: str) -> bool:
    """The model was told what was said first, too, when it was asked this."""
    return any(before in asked.prompts[0] and prompt in asked.prompts[-1] for asked in model.asked)


async def _left_talking(talk: Conversation, number: signal.Signals, home: Path) -> int:
    """The number of the prompt that the agent was answering when this signal ended its hub. Nothing of the agent is left."""
    prompt = await talk.talking()
    assert _running(home)
    await talk.hub.end(number)
    with anyio.fail_after(PATIENCE):
        while _running(home):
            await anyio.lowlevel.checkpoint()
    return prompt


def _running(home: Path) -> list[int]:
    """The processes that work in this person's name."""
    wanted, found = f"\0HOME={home}\0".encode(), []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in b"\0" + environment.read_bytes():
                found.append(int(environment.parent.name))
        except OSError:
            continue
    return found


async def test_an_agent_is_spoken_with_in_version_2_where_it_knows_no_other(
    model_url: str, home: Path, folder: Path, database: str, model: FakeModel
) -> None:
    agent = claude(model_url, home)
    async with serving(database, agent.env) as hub:
        args = [str(ONLY_V2), agent.command, *agent.args]
        await hub.ask(
            "create_provider", id="draft", command=sys.executable, args=args, envNames=["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"]
        )
        talk = await Conversation.start(hub, "draft", folder)
        assert await talk.ask("hello") == HELLO
        allowed = await talk.ask_with(_shell("touch allowed"), "allow")
        assert allowed["toolKind"] == "execute"
        assert [path.name for path in folder.iterdir()] == ["allowed"]
        number = await talk.talking()
        await hub.ask("cancel_session", sessionId=talk.id)
        assert (await talk.wait(number))["prompt"]["stopReason"] == "cancelled"
        await hub.ask("disconnect_session", sessionId=talk.id)
        assert await talk.ask("once more") == HELLO
        assert (await talk.session())["continuity"] == "kept"
        assert (await talk.said("agent"))[-1] == HELLO
    assert _knew(model, "once more", "hello")
