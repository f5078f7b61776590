"""`run`, `sessions` and `permissions`: a coding agent at work, seen and answered from a terminal."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestServer

from hub.access import LOCAL
from hub.app import Hub
from hub.cli.transcripts import lines_of_call, lines_of_permission
from hub.domain import KINDS
from hub.settings import Settings
from protocols.http import application
from stores.sqlite import SqliteStore
from tests.acp.working import FAKE_AGENT
from tests.cli.conftest import PATIENCE, Trivium
from tests.cli.fake_worker import fake_working


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """In this process, on the database of the commands, with its agents played."""
    store = await SqliteStore.open(tmp_path / "hub.db", KINDS)
    hub = Hub(store)
    async with fake_working(hub):
        yield hub
    await store.close()


@pytest.fixture
def db(tmp_path: Path, hub: Hub) -> list[str]:
    """The options with which a command finds the hub's database."""
    return ["--db", f"sqlite:{tmp_path / 'hub.db'}"]


@pytest.fixture(params=["database", "http"])
async def way(request: pytest.FixtureRequest, hub: Hub, db: list[str]) -> AsyncIterator[list[str]]:
    """Or the hub itself."""
    if request.param == "database":
        yield db
        return
    server = TestServer(application(hub, Settings(database="memory:")))
    await server.start_server(shutdown_timeout=2.0, auto_decompress=False)
    yield ["--url", f"http://127.0.0.1:{server.port}"]
    await server.close()


async def call(hub: Hub, operation: str, **arguments: Any) -> Any:
    return json.loads((await hub.call(operation, orjson.dumps(arguments), LOCAL)).to_json())


async def sessions(hub: Hub) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await call(hub, "list_sessions"))["sessions"]
    return found


async def until_asked(hub: Hub) -> str:
    """The id of the permission that waits."""
    async for _ in hub.follow(LOCAL, 0, patience=0.2):
        if pending := (await call(hub, "list_permissions", status="pending"))["permissions"]:
            return str(pending[0]["id"])
    raise AssertionError("following has no end")


@asynccontextmanager
async def started(trivium: Trivium, *arguments: str, stdin: int = PIPE) -> AsyncIterator[Process]:
    process = await trivium.start(*arguments, stdin=stdin)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def at_terminal(trivium: Trivium, *arguments: str) -> AsyncIterator[tuple[Process, Callable[[bytes], object]]]:
    """A command whose standard input is a terminal, and what types there."""
    keyboard, terminal = os.openpty()
    try:
        async with started(trivium, *arguments, stdin=terminal) as process:
            yield process, partial(os.write, keyboard)
    finally:
        os.close(keyboard)
        os.close(terminal)


async def ended(process: Process) -> tuple[int | None, str, str]:
    """Its exit code, and the rest of what it has said."""
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def until_said(stream: asyncio.StreamReader | None, text: str) -> str:
    assert stream
    said = ""
    async with asyncio.timeout(PATIENCE):
        while text not in said:
            line = await stream.readline()
            assert line, said
            said += line.decode()
    return said


async def test_what_the_agent_says_is_the_output_and_the_rest_is_beside_it(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    done = await trivium("run", "opencode", "echo hello \x1b[31mthere\x1b[0m", *way)
    assert (done.code, done.out) == (0, "hello \ufffd[31mthere\ufffd[0m \n")
    [session] = await sessions(hub)
    thought, usage, then = done.err.splitlines()
    assert (thought, usage) == ("An echo.", "12,000 input tokens, 7 output tokens, context 1,000 of 200,000, 0.25 USD")
    assert then.startswith(f"`trivium sessions show {session['id']} {' '.join(way)}` shows what was done; `trivium run --session ")
    assert (session["provider"], session["cwd"]) == ("opencode", str(trivium.home))


async def test_a_session_goes_on_with_what_standard_input_says(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    done = await trivium("run", "opencode", "-", *db, "--cwd", "elsewhere", "--name", "Kitchen", stdin="echo one\n")
    assert (done.code, done.out) == (0, "one\n \n")
    [session] = await sessions(hub)
    assert (session["name"], session["cwd"]) == ("Kitchen", str(trivium.home / "elsewhere"))
    done = await trivium("run", "--session", session["id"], "echo two", *db, "--name", "Cellar")
    assert (done.code, done.out) == (0, "two \n")
    assert [one["name"] for one in await sessions(hub)] == ["Cellar"]


async def test_whom_to_run_is_said_by_an_agents_id_a_provider_or_an_agents_name(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    ada = await call(hub, "create_agent", name="Ada", role="DEVELOPER", metadata={"provider": "opencode"})
    for agent in ("ada", ada["id"], "opencode", "opencode"):  # the third one made an agent of that name
        assert (await trivium("run", agent, "echo hello", *db)).code == 0
    started = await sessions(hub)
    assert [session["agentId"] == ada["id"] for session in started] == [True, True, False, False]
    assert started[2]["agentId"] != started[3]["agentId"]
    await call(hub, "create_agent", name="ADA", role="DEVELOPER")
    done = await trivium("run", "ada", "echo hello", *db)
    assert done.err.startswith("error: Several agents are called 'ada'. Give an id: ")
    done = await trivium("run", "adda", "echo hello", *db)
    assert (done.code, done.err.partition(". ")[0]) == (1, "error: There is no coding agent or agent 'adda'")


async def test_tool_calls_are_a_line_with_their_changes_and_a_plan_is_a_list(trivium: Trivium, db: list[str]) -> None:
    done = await trivium("run", "opencode", "edit it", *db)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[:8] == [
        "Plan:", "  [x] Look", "  [ ] Write", "[edit] Write notes.txt: in_progress", "[edit] Write notes.txt: completed", "  notes.txt",
        "     one", "    -two",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prompt", "name", "code", "said"),
    [
        ("refuse it", "x", 3, "The agent refuses to go on."),
        ("tire", "x", 1, "It ended before it was done: max_tokens."),
        ("fail It \x1b[2Jburned.", "x", 1, "failed: It \ufffd[2Jburned."),
        ("echo", "broken", 1, "failed: The program is not there."),
    ],
)
async def test_how_it_ended_is_the_exit_code(trivium: Trivium, db: list[str], prompt: str, name: str, code: int, said: str) -> None:
    done = await trivium("run", "opencode", prompt, *db, "--name", name)
    assert (done.code, done.out, done.err.splitlines()[0]) == (code, "", said)


async def test_what_is_asked_without_a_terminal_is_denied_and_that_is_said(trivium: Trivium, db: list[str]) -> None:
    done = await trivium("run", "opencode", "permit rm -rf build", *db)
    assert (done.code, done.out) == (5, "It was no.\n")
    said = done.err.splitlines()
    assert said[:2] == ["[execute] Run rm -rf build", "  $ rm -rf build"]
    assert said[2].startswith("Denied, because nobody sits at a terminal to answer. --allow or --deny decides beforehand")


@pytest.mark.parametrize(("option", "taken", "said"), [("--yes", "once", "Allowed."), ("--deny", "no", "Denied.")])
async def test_what_is_asked_is_decided_beforehand(trivium: Trivium, db: list[str], option: str, taken: str, said: str) -> None:
    done = await trivium("run", "opencode", "permit npm test", option, *db)
    assert (done.code, done.out, done.err.splitlines()[2]) == (0, f"It was {taken}.\n", said)


async def test_what_is_asked_is_answered_on_the_terminal_by_a_key_or_a_number(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    async with at_terminal(trivium, "run", "opencode", "permit npm test", *way) as (process, type_in):
        said = await until_said(process.stderr, "  3 (n)  Reject\n")
        assert said == "[execute] Run npm test\n  $ npm test\n  1 (y)  Allow once\n  2 (a)  Allow always\n  3 (n)  Reject\n"
        type_in(b"maybe\n")
        assert "Type one of y, a, n, 1, 2, 3.\n" in await until_said(process.stderr, "  3 (n)")
        type_in(b"2\n")
        assert (await ended(process))[:2] == (0, "It was always.\n")


async def test_what_somebody_else_answers_is_not_asked_any_more(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    async with at_terminal(trivium, "run", "opencode", "permit npm test", *way) as (process, _):
        await until_said(process.stderr, "  3 (n)  Reject\n")
        done = await trivium("permissions", "answer", await until_asked(hub), "allow", "--always", *way)
        assert (done.code, done.out) == (0, "Run npm test: allowed.\n")
        code, out, err = await ended(process)
        assert (code, out, err.splitlines()[:2]) == (0, "It was always.\n", ["> ", "It is answered elsewhere."])


async def test_as_json_it_is_what_the_events_tell_a_line_for_each(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    done = await trivium("run", "opencode", "echo hello", "--json", *way)
    events = [json.loads(line) for line in done.out.splitlines()]
    [session] = await sessions(hub)
    assert (done.code, done.err, {event["recordId"] for event in events}) == (0, "", {session["id"]})
    assert [event["name"] for event in events][:2] == ["session.created", "session.prompted"]
    assert events[-1]["data"]["updates"][-1] == {"sessionUpdate": "state_update", "state": "idle", "stopReason": "end_turn"}


async def test_whoever_interrupts_it_cancels_the_turn_and_sees_it_end(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    async with started(trivium, "run", "opencode", "sleep", *way) as process:
        await until_said(process.stdout, "asleep\n")
        process.send_signal(signal.SIGINT)
        code, _, err = await ended(process)
    assert (code, err.splitlines()[:2]) == (4, ["Cancelling. Ctrl-C again leaves.", "The turn is cancelled."])


async def test_a_prompt_that_waits_is_taken_back(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    async with started(trivium, "run", "opencode", "sleep", *db) as first:
        await until_said(first.stdout, "asleep\n")
        [session] = await sessions(hub)
        async with started(trivium, "run", "--session", session["id"], "echo hello", *db) as second:
            assert "sessions attach" in await until_said(second.stderr, "It waits for what comes before it")
            second.send_signal(signal.SIGINT)
            code, out, _ = await ended(second)
    assert (code, out) == (4, "")
    [session] = await sessions(hub)
    assert (session["active"], session["queue"], session["cancelling"]) == (1, [], False)


async def with_agent(trivium: Trivium) -> None:
    """A provider that is a program, for commands that run it themselves."""
    given = ("--id", "fake", "--command", sys.executable, "--args", str(FAKE_AGENT))
    assert (await trivium("providers", "create", *given)).code == 0


async def test_without_a_hub_the_command_runs_the_session_itself(trivium: Trivium) -> None:
    await with_agent(trivium)
    done = await trivium("run", "fake", "permit npm test", "--yes")
    assert (done.code, done.out) == (0, 'answer: {"optionId": "go", "outcome": "selected"}\n'), done.err
    [session] = (await trivium.json("sessions", "list", "--json"))["sessions"]
    assert (session["status"], session["cwd"]) == ("dormant", str(trivium.home))
    done = await trivium("run", "--session", session["id"], "echo again")
    assert (done.code, done.out.strip()) == (0, "you said: again"), done.err


async def test_it_leaves_the_sessions_of_others_alone(trivium: Trivium) -> None:
    await with_agent(trivium)
    other = await trivium.json("sessions", "start", "--provider", "fake", "--json")
    assert (await trivium("run", "fake", "echo hello")).code == 0
    assert (await trivium.json("sessions", "get-session", other["id"], "--json"))["status"] == "connecting"


async def test_it_runs_what_comes_of_its_session_too(trivium: Trivium) -> None:
    await with_agent(trivium)
    async with started(trivium, "run", "fake", "slow") as process:
        assert process.stdout
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readexactly(5) == b"at it"
        [session] = (await trivium.json("sessions", "list", "--json"))["sessions"]
        child = await trivium.json("sessions", "start", "--provider", "fake", "--parent-session-id", session["id"], "--json")
        await trivium("call", "prompt_session", "--json", json.dumps({"sessionId": child["id"], "prompt": "echo hello"}))
        waited = await trivium.json("sessions", "wait-for-prompt", child["id"], "--timeout-seconds", "15", "--json")
    assert (waited["done"], waited["answer"]) == (True, "you said: hello")


async def test_a_second_interrupt_leaves(trivium: Trivium) -> None:
    await with_agent(trivium)
    async with started(trivium, "run", "fake", "stubborn") as process:
        assert process.stdout
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readexactly(5) == b"at it"
        process.send_signal(signal.SIGINT)
        await until_said(process.stderr, "Ctrl-C again leaves.\n")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 130


async def test_sessions_are_listed_the_last_active_one_first(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    for name in ("first", "second"):
        assert (await trivium("run", "opencode", "echo hello", "--name", name, *way)).code == 0
    done = await trivium("sessions", "list", *way)
    head, second, first = (line.split() for line in done.out.splitlines())
    assert head == ["id", "name", "status", "provider", "state", "waiting", "age"]
    assert (second[1:6], first[1]) == (["second", "ready", "opencode", "idle", "0"], "first")
    told = (await trivium.json("sessions", "list", "--json", *way))["sessions"]
    assert [session["id"] for session in told] == [second[0], first[0]]
    assert (await trivium("sessions", "list", "--status", "closed", *way)).out == "No sessions.\n"


async def test_a_session_is_shown_with_the_newest_of_its_history(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    await trivium("run", "opencode", "echo hello", *db)
    [session] = await sessions(hub)
    await trivium("run", "--session", session["id"], "edit\nit", *db)
    done = await trivium("sessions", "show", session["id"], *db)
    record, _, history = done.out.partition("\n\n")
    assert "status" in record
    assert history.splitlines() == [
        "> echo hello", "An echo.", "hello ", "> edit", "> it", "Plan:", "  [x] Look", "  [ ] Write", "[edit] Write notes.txt: completed",
        "  notes.txt", "     one", "    -two", "    +2",
    ]  # fmt: skip
    assert "(7 earlier entries)\n" in (await trivium("sessions", "show", session["id"], "--last", "1", *db)).out
    told = await trivium.json("sessions", "show", session["id"], "--json", "--last", "2", *db)
    assert (told["id"], [entry["number"] for entry in told["entries"]]) == (session["id"], [7, 8])


async def test_attaching_shows_what_was_and_then_what_comes_until_it_is_stopped(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    await trivium("run", "opencode", "echo before", *way)
    [session] = await sessions(hub)
    async with started(trivium, "sessions", "attach", session["id"], *way) as process:
        assert await until_said(process.stdout, "before \n") == "> echo before\nAn echo.\nbefore \n"
        await call(hub, "prompt_session", sessionId=session["id"], prompt="permit npm test")
        id_ = await until_asked(hub)
        assert "  $ npm test\n" in await until_said(process.stdout, f"`trivium permissions answer {id_} allow`")
        await trivium("permissions", "answer", id_, "--option", "once", *way)
        assert (await trivium("run", "--session", session["id"], "echo after", *way)).code == 0
        stopped = await trivium("sessions", "stop", session["id"], *way)
        assert (stopped.code, stopped.out) == (0, f"{session['id']} is closed.\n")
        code, out, _ = await ended(process)
    assert (code, out) == (0, "It was once.\n> echo after\nAn echo.\nafter \nThe session is closed.\n")


async def test_stopping_only_the_process_lets_the_session_go_on(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    await trivium("run", "opencode", "echo hello", *db)
    [session] = await sessions(hub)
    assert (await trivium.json("sessions", "stop", session["id"], "--disconnect", "--json", *db))["status"] == "dormant"
    done = await trivium("run", "--session", session["id"], "echo again", *db)
    assert (done.code, done.out) == (0, "again \n")


async def test_what_waits_for_an_answer_is_listed_with_what_it_would_do(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    session = await call(hub, "start_session", provider="opencode")
    await call(hub, "prompt_session", sessionId=session["id"], prompt="permit npm \u202etest")
    id_ = await until_asked(hub)
    listed = await trivium("permissions", "list", *db)
    assert listed.out == f"{id_}  session {session['id']}\n[execute] Run npm \ufffdtest\n  $ npm \ufffdtest\n"
    assert (await trivium.json("permissions", "list", "--json", *db))["permissions"][0]["id"] == id_
    assert (await trivium("permissions", "answer", id_, "deny", "--reason", "Not now.", *db)).code == 0
    assert (await trivium("permissions", "list", *db)).out == "No permissions are pending.\n"
    assert (await trivium("permissions", "list", "--status", "denied", *db)).out.endswith("  denied by local: Not now.\n")
    again = await trivium("permissions", "answer", id_, "allow", *db)
    assert (again.code, again.err) == (1, "error: It is answered already: denied by local.\n")


async def test_watching_asks_what_waits_and_what_comes_until_nobody_answers(trivium: Trivium, hub: Hub, db: list[str]) -> None:
    session = await call(hub, "start_session", provider="opencode")
    await call(hub, "prompt_session", sessionId=session["id"], prompt="permit one")
    await until_asked(hub)
    async with started(trivium, "permissions", "watch", *db) as process:
        assert process.stdin
        await until_said(process.stderr, "3 (n)")
        process.stdin.write(b"y\n")
        await until_said(process.stderr, "Allowed.\n")
        await call(hub, "prompt_session", sessionId=session["id"], prompt="permit two")
        await until_said(process.stderr, "3 (n)")
        process.stdin.close()
        code, _, err = await ended(process)
    assert (code, err.splitlines()[0]) == (5, "Nobody answered. `trivium permissions list` shows what is asked.")
    assert len((await call(hub, "list_permissions", status="pending"))["permissions"]) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "opencode"), 'Write trivium run AGENT "PROMPT"'),
        (("run", "--session", "s", "opencode", "hello"), 'Write trivium run --session ID "PROMPT"'),
        (("run", "--session", "s", "hello", "--cwd", "."), "--cwd is for a new session."),
        (("permissions", "answer", "p"), "Say allow or deny, or give --option."),
    ],
)
async def test_wrong_usage_says_what_is_right(trivium: Trivium, arguments: tuple[str, ...], told: str) -> None:
    done = await trivium(*arguments)
    assert done.code == 2
    assert told in done.err


async def test_what_is_not_there_is_one_line(trivium: Trivium, hub: Hub, way: list[str]) -> None:
    for arguments in (("run", "--session", "nope", "hello"), ("sessions", "show", "nope"), ("sessions", "attach", "nope")):
        done = await trivium(*arguments, *way)
        assert (done.code, done.out, done.err) == (1, "", "error: There is no session 'nope'.\n")
    done = await trivium("run", "opencode", "hello", "--url", "http://127.0.0.1:9")
    assert done.err == "error: The hub at http://127.0.0.1:9 cannot be asked: nothing answers at its address (Connection refused).\n"
    done = await trivium("run", "opencode", "hello", "--db", "memory:")
    assert done.err == "error: A database in memory is its hub's alone. Give the hub's address with --url.\n"


def test_long_changes_and_what_a_failed_tool_said_are_cut() -> None:
    new = "".join(f"{number}\n" for number in range(40))
    call = {
        "title": "Write a",
        "kind": "edit",
        "status": "completed",
        "content": [{"type": "diff", "path": "a", "oldText": None, "newText": new}],
    }
    lines = lines_of_call(call)
    assert (lines[:3], lines[-1], len(lines)) == (["[edit] Write a: completed", "  a", "    +0"], "    … 28 lines more", 15)
    call["content"] = [{"type": "diff", "path": "a", "oldText": "x\n" * 40_000, "newText": ""}]
    assert lines_of_call(call)[1:] == ["  a: 40,000 lines before, 0 after"]
    said = {"type": "content", "content": {"type": "text", "text": "No such\nfile."}}
    assert lines_of_call({"title": "Read b", "kind": "read", "status": "failed", "content": [said]})[1:] == ["  No such", "  file."]


def test_a_command_is_shown_whole_or_what_is_missing_is_counted() -> None:
    asked = {"id": "p-1", "title": "Run", "toolKind": "execute", "paths": ["a.txt"], "command": "one\n" + "x" * 10_000}
    head, first, second, more, path = lines_of_permission(asked)
    assert (head, first, second[:8], path) == ("[execute] Run", "  $ one", "  $ xxxx", "  a.txt")
    assert more == "  $ … 4 characters more: `trivium permissions show p-1`"
