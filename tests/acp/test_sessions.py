"""Coding agents that the hub runs, as real programs: what they are told, what they do, and what is kept of it. On every store."""

import asyncio
from pathlib import Path

import pytest

from hub.access import LOCAL, LOCAL_TENANT
from hub.app import Hub
from hub.domain.errors import Refused
from hub.domain.sessions import Session
from hub.hosting import Patience
from hub.operations.session_claims import STOPPED
from hub.ports import HubStore
from hub.turns import Turn
from hub.work.session_tools import SessionTools
from tests.acp.working import answer, ended, history, prompted, started, until, working
from tests.core.support import ask, new_agent, on_memory, refusal


def runs(pid: int) -> bool:
    """A process that has ended may still be in the table, when nobody asks for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def hub(store: HubStore) -> Hub:
    """On the real clock: leases are counted by it."""
    return Hub(store)


async def test_an_agent_is_started_prompted_and_its_turn_is_kept(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, "--can resume")
        waited = await ended(hub, session_id, await prompted(hub, session_id, "echo hello"))
        assert (waited["answer"], waited["prompt"]["status"], waited["prompt"]["stopReason"]) == (
            "you said: hello",
            "completed",
            "end_turn",
        )
        session = waited["session"]
        assert (session["status"], session["state"], session["continuity"]) == ("ready", "idle", "new")
        assert session["agentInfo"]["name"] == "fake-agent"
        assert session["capabilities"] == ["resume", "mcp_http"]
        assert Path(session["cwd"]).is_dir()
        kinds = [update["sessionUpdate"] for update in await history(hub, session_id)]
        assert kinds == ["available_commands_update", "user_message", "state_update", "agent_message", "state_update"]


async def test_chunks_become_one_message_and_a_tool_call_stands_between_two(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        await answer(hub, session_id, "think of peas")
        told = await history(hub, session_id)
        texts = [update["content"][0]["text"] for update in told if update["sessionUpdate"] == "agent_message"]
        assert texts == ["before", "after"]
        [call] = [update for update in told if update["sessionUpdate"] == "tool_call"]
        assert (call["title"], call["status"], call["rawOutput"]) == ("Stir", "completed", {"stirred": True})
        assert {"sessionUpdate": "_fake_news", "anything": {"goes": [1, None]}} in told
        assert [update["entries"][0]["content"] for update in told if update["sessionUpdate"] == "plan"] == ["Cook"]
        assert (await ask(hub, "get_session", sessionId=session_id))["usage"] == {"used": 10, "size": 100}


async def test_ten_thousand_chunks_are_one_text_in_order_and_few_rows(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        await until(hub, session_id, "ready")
        before = await hub.store.latest()
        assert await answer(hub, session_id, "chunks 10000") == "".join(f"{index} " for index in range(10_000))
        assert await hub.store.latest() - before < 300


async def test_prompts_wait_their_turn_and_each_is_sent_once(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        numbers = [await prompted(hub, session_id, f"echo {number}") for number in range(5)]
        answers = [(await ended(hub, session_id, number))["answer"] for number in numbers]
        assert answers == [f"you said: {number}" for number in range(5)]
        assert await answer(hub, session_id, "heard") == str([*(f"echo {n}" for n in range(5)), "heard"]).replace("'", '"')


async def test_a_cancelled_turn_ends_and_the_next_prompt_goes_on(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        slow, after = await prompted(hub, session_id, "slow"), await prompted(hub, session_id, "echo after")
        await until(hub, session_id, "running")
        await ask(hub, "cancel_session", sessionId=session_id)
        assert (await ended(hub, session_id, slow))["prompt"]["stopReason"] == "cancelled"
        assert (await ended(hub, session_id, after))["answer"] == "you said: after"


async def test_a_turn_that_is_cancelled_before_its_prompt_was_sent_ends(hub: Hub, tmp_path: Path) -> None:
    cancelled = asyncio.Event()

    async def preface(session: Session) -> str:
        await cancelled.wait()
        await asyncio.gather(*(ask(hub, "get_session", sessionId=session.id) for _ in range(5)))  # meanwhile the worker hears of it
        return "You are a cook."

    async with working(hub, tmp_path, patience=Patience(cancel=600), preface=preface):
        session_id = await started(hub)
        slow = await prompted(hub, session_id, "slow")
        await until(hub, session_id, "running")
        await ask(hub, "cancel_session", sessionId=session_id)
        cancelled.set()
        assert (await ended(hub, session_id, slow))["prompt"]["stopReason"] == "cancelled"


async def test_an_interrupt_cancels_what_runs_and_goes_before_what_waits(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        await prompted(hub, session_id, "slow")
        await until(hub, session_id, "running")
        waiting = await prompted(hub, session_id, "echo later")
        await prompted(hub, session_id, "echo now", delivery="interrupt")
        await ended(hub, session_id, waiting)
        assert (await ask(hub, "list_prompts", sessionId=session_id))["prompts"][0]["status"] == "cancelled"
        said = [update["content"][0]["text"] for update in await history(hub, session_id) if update["sessionUpdate"] == "user_message"]
        assert said == ["slow", "echo now", "echo later"]


async def test_a_prompt_is_steered_into_the_turn_that_runs(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, "--can steer")
        slow = await prompted(hub, session_id, "slow")
        await until(hub, session_id, "running")
        steered = await ended(hub, session_id, await prompted(hub, session_id, "left!", delivery="steer"))
        assert steered["prompt"]["status"] == "completed"
        await ask(hub, "cancel_session", sessionId=session_id)
        assert "steered: left!" in (await ended(hub, session_id, slow))["answer"]


async def test_an_agent_that_does_not_end_its_turn_is_ended(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path, patience=Patience(cancel=0.3)):
        session_id = await started(hub)
        stubborn, after = await prompted(hub, session_id, "stubborn"), await prompted(hub, session_id, "echo after")
        await until(hub, session_id, "running")
        await ask(hub, "cancel_session", sessionId=session_id)
        prompt = (await ended(hub, session_id, stubborn))["prompt"]
        assert (prompt["status"], "did not end its turn" in prompt["reason"]) == ("failed", True)
        assert (await ended(hub, session_id, after))["answer"] == "you said: after"


async def test_an_agent_that_gives_no_sign_of_life_is_ended(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path, patience=Patience(quiet=0.4)):
        session_id = await started(hub)
        prompt = (await ended(hub, session_id, await prompted(hub, session_id, "slow")))["prompt"]
        assert (prompt["status"], "no sign of life" in prompt["reason"]) == ("failed", True)
        assert "no sign of life" in (await until(hub, session_id, "dormant"))["reason"]


async def test_an_agent_that_dies_in_the_middle_says_why_and_is_started_again(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        waited = await ended(hub, session_id, await prompted(hub, session_id, "die of hunger"))
        assert waited["prompt"]["status"] == "failed"
        assert "ended with status 3. It said: boom: of hunger" in waited["prompt"]["reason"]
        assert waited["answer"] == "about to die"
        assert "status 3" in (await until(hub, session_id, "dormant"))["reason"]
        assert await answer(hub, session_id, "echo again") == "you said: again"
        assert (await ask(hub, "get_session", sessionId=session_id))["continuity"] == "lost"
        assert any(update["sessionUpdate"] == "notice" for update in await history(hub, session_id))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("fake --odd broken", "ended with status 1. It said: the agent is broken: no configuration"),
        ("fake --odd deaf", "did not begin in time"),
        ("fake --odd locked", "wants somebody to sign in (Sign in with a browser)"),
        ("nobody", "There is no provider nobody"),
    ],
)
async def test_an_agent_that_cannot_be_run_says_why_and_its_prompts_end(hub: Hub, tmp_path: Path, arguments: str, reason: str) -> None:
    async with working(hub, tmp_path, patience=Patience(start=1.0)):
        session = await ask(hub, "start_session", provider=arguments)
        prompt = (await ended(hub, session["id"], await prompted(hub, session["id"], "echo hello")))["prompt"]
        failed = await until(hub, session["id"], "failed")
        assert reason in failed["reason"]
        assert (prompt["status"], prompt["reason"]) == ("failed", failed["reason"])


@on_memory
async def test_a_folder_that_is_not_there_or_not_allowed_is_said(hub: Hub, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    async with working(hub, tmp_path / "own", allowed=(inside,)):
        for cwd, reason in [
            (str(tmp_path / "nowhere"), "There is no folder"), (str(outside), "not one in which this hub runs agents"),
            (str(inside / "link"), "not one in which this hub runs agents"), ("relative", "is not absolute"),
        ]:  # fmt: skip
            failed = await until(hub, await started(hub, cwd=cwd), "failed")
            assert reason in failed["reason"]
        session_id = await started(hub, cwd=str(inside))
        assert (await until(hub, session_id, "ready"))["cwd"] == str(inside)


@pytest.mark.parametrize("way", ["resume", "load"])
async def test_a_session_goes_on_in_a_new_process_and_nothing_is_kept_twice(hub: Hub, tmp_path: Path, way: str) -> None:
    arguments = f"--can {way} --state {tmp_path / 'state'}"
    async with working(hub, tmp_path):
        session_id = await started(hub, arguments)
        await answer(hub, session_id, "echo one")
        await ask(hub, "disconnect_session", sessionId=session_id)
        assert await answer(hub, session_id, "heard") == '["echo one", "heard"]'
        assert (await ask(hub, "get_session", sessionId=session_id))["continuity"] == "kept"
    async with working(hub, tmp_path):
        assert (await ask(hub, "get_session", sessionId=session_id))["status"] == "dormant"
        assert await answer(hub, session_id, "heard") == '["echo one", "heard", "heard"]'
        told = await history(hub, session_id)
        said = [update["content"][0]["text"] for update in told if update["sessionUpdate"] == "user_message"]
        assert said == ["echo one", "heard", "heard"]
        assert [update["sessionUpdate"] for update in told].count("available_commands_update") == 1


async def test_a_hub_that_stops_in_the_middle_of_a_turn_says_so_and_sends_what_waits_once(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, f"--can resume --state {tmp_path / 'state'}")
        slow = await prompted(hub, session_id, "slow")
        await until(hub, session_id, "running")
        waiting = await prompted(hub, session_id, "heard")
    prompt = (await ask(hub, "wait_for_prompt", sessionId=session_id, number=slow, timeoutSeconds=0))["prompt"]
    assert (prompt["status"] in ("cancelled", "failed"), prompt["reason"]) == (True, STOPPED)
    async with working(hub, tmp_path):
        assert (await ended(hub, session_id, waiting))["answer"] == '["slow", "heard"]'


@pytest.mark.parametrize("can", ["resume", ""])
async def test_what_an_agent_is_told_first_is_told_once_and_never_before_a_command_of_its_own(hub: Hub, tmp_path: Path, can: str) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, f"--can '{can}' --state {tmp_path / 'state'}", systemPrompt="Be kind.")
        await until(hub, session_id, "ready")
        await ask(hub, "disconnect_session", sessionId=session_id)
        await answer(hub, session_id, "/cook peas")
        assert await answer(hub, session_id, "heard") == '["/cook peas", "Be kind.\\nheard"]'
        assert await answer(hub, session_id, "heard") == '["/cook peas", "Be kind.\\nheard", "heard"]'
        assert (await ask(hub, "get_session", sessionId=session_id))["continuity"] == ("kept" if can else "new")
        assert not any(update["sessionUpdate"] == "notice" for update in await history(hub, session_id))


async def test_a_session_is_not_called_by_what_its_agent_is_told_first(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, systemPrompt="Be kind\nto everybody.")
        await answer(hub, session_id, "title Be kind to every…")
        assert "name" not in await ask(hub, "get_session", sessionId=session_id)
        await answer(hub, session_id, "title Peas")
        assert (await ask(hub, "get_session", sessionId=session_id))["name"] == "Peas"


async def test_what_an_agent_asks_waits_for_an_answer_from_any_door(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        number = await prompted(hub, session_id, "permit rm -rf build")
        await until(hub, session_id, "requires_action")
        [asked] = (await ask(hub, "list_permissions", sessionId=session_id, status="pending"))["permissions"]
        assert (asked["title"], asked["toolKind"], asked["command"]) == ("Run it", "execute", "rm -rf build")
        await ask(hub, "answer_permission", permissionId=asked["id"], decision="allow")
        assert (await ended(hub, session_id, number))["answer"] == 'answer: {"optionId": "go", "outcome": "selected"}'
        late = await refusal(hub.call("answer_permission", {"permissionId": asked["id"], "decision": "deny"}, LOCAL))
        assert isinstance(late, Refused)


async def test_a_policy_answers_at_once_and_a_question_nobody_answers_is_denied(hub: Hub, tmp_path: Path) -> None:
    await ask(hub, "save_permission_policy", effect="allow", toolKind="execute", command="npm test*")
    await ask(hub, "save_permission_policy", effect="deny", command="rm *")
    await ask(hub, "save_permission_policy", effect="ask", command="sleep *", patienceSeconds=1)
    async with working(hub, tmp_path):
        session_id = await started(hub)
        assert '"optionId": "go"' in await answer(hub, session_id, "permit npm test --all")
        assert '"optionId": "stop"' in await answer(hub, session_id, "permit rm peas")
        assert '"optionId": "stop"' in await answer(hub, session_id, "permit sleep 5")
        statuses = [one["status"] for one in (await ask(hub, "list_permissions", sessionId=session_id))["permissions"]]
        assert statuses == ["allowed", "denied", "expired"]


async def test_cancelling_answers_what_is_asked(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        number = await prompted(hub, session_id, "permit rm -rf build")
        await until(hub, session_id, "requires_action")
        await ask(hub, "cancel_session", sessionId=session_id)
        assert (await ended(hub, session_id, number))["prompt"]["stopReason"] == "cancelled"
        [asked] = (await ask(hub, "list_permissions", sessionId=session_id))["permissions"]
        assert asked["status"] == "cancelled"


async def test_a_file_that_another_agent_has_reserved_is_not_written(hub: Hub, tmp_path: Path) -> None:
    other = await new_agent(hub)
    await ask(hub, "reserve_files", agentId=other, paths=["src/**"])
    async with working(hub, tmp_path):
        session_id = await started(hub, cwd=str(tmp_path))
        assert f"reserved by agent {other}" in await answer(hub, session_id, "write src/a.txt")
        assert not (tmp_path / "src").exists()
        assert '"optionId": "stop"' in await answer(hub, session_id, "edit src/b.txt")
        assert await answer(hub, session_id, "write b.txt") == "answer: {}"
        assert (tmp_path / "b.txt").read_text() == "written"
        [denied] = (await ask(hub, "list_permissions", sessionId=session_id))["permissions"]
        assert other in denied["reason"]


@on_memory
async def test_odd_agents_disturb_nothing(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        for odd in ("chatty", "twice"):
            session_id = await started(hub, f"--odd {odd}")
            assert await answer(hub, session_id, "echo hello") == "you said: hello"
        assert await answer(hub, session_id, "misaddressed") == "-32601"
        assert len(await answer(hub, session_id, "big 20000000")) >= 200_000
        whole = (await ended(hub, session_id, await prompted(hub, session_id, "big 50000000")))["prompt"]
        assert (whole["status"], "more than 50000000 bytes" in whole["reason"]) == ("failed", True)
        assert await answer(hub, session_id, "echo still there") == "you said: still there"


@on_memory
async def test_an_agent_runs_commands_in_its_folder_with_a_clean_environment(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVIUM_SECRET_KEY", "x" * 40)
    async with working(hub, tmp_path):
        session_id = await started(hub, cwd=str(tmp_path))
        assert (await answer(hub, session_id, "run pwd")).strip() == str(tmp_path)
        assert await answer(hub, session_id, "environment TRIVIUM_SECRET_KEY") == "None"


@on_memory
async def test_what_an_agent_leaves_behind_ends_with_its_session(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub)
        await answer(hub, session_id, f"stray {tmp_path / 'pid'}")
        pid = int((tmp_path / "pid").read_text())
        assert runs(pid)
        await ask(hub, "close_session", sessionId=session_id)
    assert not runs(pid)


async def test_an_idle_session_has_no_process_and_a_crowd_waits_in_line(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path, most=1, lease=600):
        first = await started(hub)
        await prompted(hub, first, "slow")
        await until(hub, first, "running")
        second = await started(hub)
        queued = await until(hub, second, "queued")
        assert queued["place"] == 1
        number = await prompted(hub, second, "echo at last")
        await ask(hub, "cancel_session", sessionId=first)
        assert (await ended(hub, second, number))["answer"] == "you said: at last"
        assert "needed its place" in (await until(hub, first, "dormant"))["reason"]
    async with working(hub, tmp_path, idle=0.2):
        await answer(hub, first, "echo hello")
        assert "idle" in (await until(hub, first, "dormant"))["reason"]


async def test_a_mode_and_a_model_are_set_and_told(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, modeId="free")
        await answer(hub, session_id, "echo hello")
        assert (await ask(hub, "get_session", sessionId=session_id))["modes"]["currentModeId"] == "free"
        await ask(hub, "update_session", sessionId=session_id, modeId="ask", config={"model": "large"})
        await answer(hub, session_id, "echo hello")
        session = await ask(hub, "get_session", sessionId=session_id)
        assert (session["modes"]["currentModeId"], session["configOptions"][0]["currentValue"]) == ("ask", "large")


async def test_a_task_for_a_sessions_agent_is_done_by_prompting_it(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        agent = await new_agent(hub, metadata={"provider": "fake", "runner": "session"})
        sent = await ask(hub, "send_task_message", messageId="m", agentId=agent, parts=[{"text": "echo a task"}])
        waited = await ask(hub, "wait_for_task", taskId=sent["id"], until="ended")
        assert waited["task"]["status"] == "COMPLETED"
        state = await ask(hub, "get_task_state", taskId=sent["id"])
        assert [artifact["content"] for artifact in state["artifacts"]] == ["you said: a task"]
        again = await ask(hub, "send_task_message", messageId="n", agentId=agent, contextId=sent["sessionId"], parts=[{"text": "die"}])
        waited = await ask(hub, "wait_for_task", taskId=again["id"], until="ended")
        assert "status 3" in waited["task"]["failure"]["message"]
        assert len((await ask(hub, "list_sessions", agentId=agent))["sessions"]) == 1


async def parrot(turn: Turn) -> str:
    return turn.text


async def painter(turn: Turn) -> str:
    colour = await turn.ask("Which colour?")
    await turn.say("Opening the tin.")
    return f"painted {colour}"


async def sleeper(turn: Turn) -> str:
    await turn.say("asleep")
    await turn.next_message()
    return "awake"


async def test_a_session_with_an_agent_that_takes_tasks_is_a_session_like_any_other(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path, {"painter": painter, "sleeper": sleeper}):
        session_id = str((await ask(hub, "start_session", agentId="painter"))["id"])
        assert await answer(hub, session_id, "Paint the door") == "Which colour?"
        assert await answer(hub, session_id, "blue") == "Opening the tin.painted blue"
        [task] = (await ask(hub, "list_tasks", sessionId=session_id))["tasks"]
        assert (task["objective"], task["status"]) == ("Paint the door", "COMPLETED")
        slow = str((await ask(hub, "start_session", agentId="sleeper"))["id"])
        number = await prompted(hub, slow, "Sleep")
        await until(hub, slow, "running")
        await ask(hub, "cancel_session", sessionId=slow)
        assert (await ended(hub, slow, number))["prompt"]["stopReason"] == "cancelled"


async def test_an_agent_that_takes_tasks_hears_only_what_is_said_to_it(hub: Hub, tmp_path: Path) -> None:
    given = SessionTools(hub, LOCAL_TENANT, lambda token: {"headers": [token]})
    async with working(hub, tmp_path, {"parrot": parrot}, tools=given.servers, preface=given.preface):
        session_id = str((await ask(hub, "start_session", agentId="parrot"))["id"])
        assert await answer(hub, session_id, "Hello") == "Hello"
        assert not (await ask(hub, "list_tokens"))["tokens"]


@on_memory
async def test_the_largest_agent_of_a_workspace_that_holds_too_much_is_ended(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path, lease=1, megabytes=150):
        small, large = await started(hub), await started(hub)
        assert await answer(hub, small, "echo hello") == "you said: hello"
        prompt = (await ended(hub, large, await prompted(hub, large, "grow 200")))["prompt"]
        assert prompt["status"] == "failed"
        assert "TRIVIUM_SESSIONS_MEMORY_MB" in prompt["reason"]
        assert "TRIVIUM_SESSIONS_MEMORY_MB" in (await until(hub, large, "dormant"))["reason"]
        assert (await ask(hub, "get_session", sessionId=small))["status"] == "ready"


@on_memory
async def test_a_fork_begins_with_all_that_was_said_and_goes_its_own_way(hub: Hub, tmp_path: Path) -> None:
    async with working(hub, tmp_path):
        session_id = await started(hub, f"--can fork,resume --state {tmp_path / 'state'}")
        await answer(hub, session_id, "echo one")
        fork = str((await ask(hub, "fork_session", sessionId=session_id, name="Another way"))["id"])
        assert await answer(hub, fork, "heard") == '["echo one", "heard"]'
        assert await answer(hub, session_id, "heard") == '["echo one", "heard"]'
        forked = await ask(hub, "get_session", sessionId=fork)
        assert (forked["name"], forked["parentSessionId"], forked["continuity"]) == ("Another way", session_id, "kept")


async def test_an_agent_that_speaks_version_2_alone_is_an_agent_like_any_other(hub: Hub, tmp_path: Path) -> None:
    await ask(hub, "save_permission_policy", effect="allow", toolKind="execute", command="npm test")
    async with working(hub, tmp_path):
        session_id = await started(hub, f"--odd draft --state {tmp_path / 'state'}", model="large")
        waited = await ended(hub, session_id, await prompted(hub, session_id, "draft"))
        assert (waited["answer"], waited["prompt"]["stopReason"]) == ("one twoanswer: go", "end_turn")
        assert (waited["session"]["agentInfo"]["version"], "resume" in waited["session"]["capabilities"]) == ("2.0", True)
        assert waited["session"]["configOptions"][0]["currentValue"] == "large"
        kept = {update["sessionUpdate"]: update for update in await history(hub, session_id)}
        assert [one["content"]["text"] for one in kept["tool_call"]["content"]] == ["a", "b"]
        assert (kept["tool_call"]["status"], kept["plan"]["entries"][0]["content"]) == ("completed", "Cook")
        assert kept["agent_thought"]["content"][0]["text"] == "hm"
        slow = await prompted(hub, session_id, "slow")
        await until(hub, session_id, "running")
        await ask(hub, "cancel_session", sessionId=session_id)
        assert (await ended(hub, session_id, slow))["prompt"]["stopReason"] == "cancelled"
        assert "status 3" in (await ended(hub, session_id, await prompted(hub, session_id, "die")))["prompt"]["reason"]
        assert await answer(hub, session_id, "heard") == '["draft", "slow", "die", "heard"]'
        assert (await ask(hub, "get_session", sessionId=session_id))["continuity"] == "kept"
