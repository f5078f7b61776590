"""`trivium ask` and `trivium agents add`: an agent is given work from the terminal, wherever it is."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from tests.cli.conftest import PATIENCE, ROOT, Trivium
from tests.protocols.a2a_peers import peer_at_work

AGENTS = '''
async def echo(turn):
    """Says it again."""
    return turn.text

async def painter(turn):
    await turn.say("Mixing colors.")
    color = await turn.ask("Which color?")
    async with turn.artifact("painted") as painted:
        await painted.append("a door ")
        await painted.append(f"in {color}")

async def critic(turn):
    from hub.turns import Failed, Rejected
    if turn.text == "turn it down":
        raise Rejected("Not my style.")
    raise Failed("It is ugly.\\x1b[31m")

async def sleeper(turn):
    import asyncio
    await turn.say("asleep")
    await asyncio.Event().wait()
'''


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The home folder and the address of a hub that runs for all of these tests: starting one takes a while."""
    home = tmp_path_factory.mktemp("home")
    (home / "own.py").write_text(AGENTS)
    agents = [f"--agent={name}=own:{name}" for name in ("echo", "painter", "critic", "sleeper")]
    command = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", *agents, "--ready-json"]
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    environ = kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    with Popen(command, cwd=home, env=environ, stdout=PIPE, stderr=DEVNULL) as process:
        assert process.stdout
        try:
            yield home, json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
            assert process.wait(10) == 0


@pytest.fixture
def with_hub(hub: tuple[Path, str]) -> Trivium:
    return Trivium(hub[0])


@pytest.fixture(params=["database", "http"])
def way(request: pytest.FixtureRequest, hub: tuple[Path, str]) -> list[str]:
    return [] if request.param == "database" else ["--url", hub[1]]


async def test_what_comes_out_of_it_is_the_output_and_the_rest_is_beside_it(with_hub: Trivium, way: list[str]) -> None:
    done = await with_hub("ask", "echo", "hello\nthere", *way)
    assert (done.code, done.out, done.err) == (0, "hello\nthere\n", "")
    done = await with_hub("ask", "echo", "-", *way, stdin="from a file\n")
    assert (done.code, done.out) == (0, "from a file\n")


async def test_what_it_asks_is_answered_on_the_terminal(with_hub: Trivium, way: list[str]) -> None:
    done = await with_hub("ask", "painter", "paint", *way, stdin="blue\n")
    assert (done.code, done.out, done.err) == (0, "a door in blue\n", "Mixing colors.\nWhich color?\n")


async def test_without_an_answer_the_task_waits_and_the_exit_code_says_so(with_hub: Trivium, way: list[str]) -> None:
    done = await with_hub("ask", "painter", "paint", *way)
    assert (done.code, done.out) == (5, "")
    assert "Which color?\nNobody answered." in done.err
    *_, task = (await with_hub.json("tasks", "list", "--json"))["tasks"]
    assert task["status"] == "IN_PROGRESS"


@pytest.mark.parametrize(("text", "code", "said"), [("turn it down", 3, "rejected: Not my style."), ("x", 1, "failed: It is ugly.�[31m")])
async def test_how_it_ended_is_the_exit_code(with_hub: Trivium, way: list[str], text: str, code: int, said: str) -> None:
    done = await with_hub("ask", "critic", text, *way)
    assert (done.code, done.out, done.err) == (code, "", f"{said}\n")


async def test_as_json_it_is_what_a2a_tells_a_line_for_each_event(with_hub: Trivium, way: list[str]) -> None:
    done = await with_hub("ask", "echo", "hello", *way, "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    claimed_at_once = "--url" in way  # its worker is in the process that takes the message in
    assert events[0]["task"]["status"]["state"] == ("TASK_STATE_WORKING" if claimed_at_once else "TASK_STATE_SUBMITTED")
    [artifact] = [event["artifactUpdate"]["artifact"] for event in events if "artifactUpdate" in event]
    assert artifact["parts"] == [{"text": "hello"}]
    assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    context = events[0]["task"]["contextId"]
    done = await with_hub("ask", "echo", "more", *way, "--json", "--context", context)
    assert json.loads(done.out.splitlines()[0])["task"]["contextId"] == context


async def test_whoever_interrupts_it_cancels_the_task(with_hub: Trivium, way: list[str]) -> None:
    process = await with_hub.start("ask", "sleeper", "sleep", *way)
    assert process.stderr
    async with asyncio.timeout(PATIENCE):
        assert await process.stderr.readline() == b"asleep\n"
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert (process.returncode, err) == (130, b"The task is cancelled.\n")
    *_, task = (await with_hub.json("tasks", "list", "--json"))["tasks"]
    assert task["status"] == "CANCELLED"


async def test_an_agent_that_is_not_there_is_told(with_hub: Trivium, way: list[str]) -> None:
    done = await with_hub("ask", "nobody", "hello", *way)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: There is no agent 'nobody'.")


async def test_a_hub_that_is_not_there_is_told(trivium: Trivium) -> None:
    done = await trivium("ask", "echo", "hello", "--db", "memory:")
    assert (done.code, done.err) == (1, "error: A database in memory is its hub's alone. Give the hub's address with --url.\n")


async def test_an_agent_is_found_by_its_name_and_that_nobody_works_for_it_is_said(trivium: Trivium) -> None:
    await trivium.json("agents", "create", "--name", "Ada", "--role", "DEVELOPER", "--json")
    process = await trivium.start("ask", "ada", "hello")
    assert process.stderr
    async with asyncio.timeout(PATIENCE):
        said = (await process.stderr.readline()).decode()
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert said.startswith("Nobody has taken it up yet. It needs a hub that runs on this database (`trivium serve`)")
    assert process.returncode == 130


async def test_an_agent_elsewhere_is_added_and_asked(with_hub: Trivium, hub: tuple[Path, str]) -> None:
    secret = "hush-hush-0123456789"
    async with peer_at_work(token=secret) as peer:
        added = await with_hub("agents", "add", peer.url, "--id", "far", "--token", secret, "--json")
        assert added.code == 0, added.err
        assert (added.json["status"], added.json["card"]["name"]) == ("ready", "Peer")
        done = await with_hub("ask", "Peer", "echo from far away")
        assert (done.code, done.out) == (0, "from far away\n")
        done = await with_hub("ask", "far", "ask Which one?", "--url", hub[1], stdin="this one\n")
        assert (done.code, done.out) == (0, "this one\n")
        assert secret not in added.out + added.err
        assert not any(secret.encode() in file.read_bytes() for file in hub[0].rglob("*") if file.is_file())


async def test_an_agent_that_cannot_be_used_is_registered_and_the_exit_code_says_so(trivium: Trivium) -> None:
    async with peer_at_work() as peer:
        peer.card_text = "nothing"
        done = await trivium("agents", "add", peer.url, "--id", "far")
    assert done.code == 1
    assert f"cannot be used yet: there is no card at {peer.url}" in done.err
    assert (await trivium.json("remote-agents", "show", "far", "--json"))["status"] == "unreachable"
    done = await trivium("agents", "add", peer.url, "--header", "X-Key: secret-value")
    assert done.err == "error: --header: 'X-Key' has no value. Write NAME=VALUE.\n"
