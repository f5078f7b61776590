"""The agents run here, offline, and speak ACP over a pipe: what the hub's own client is tested against."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import orjson

from tests.agents.fake_model import GREETING, FakeModel
from tests.agents.hubs import serving
from tests.agents.programs import RealAgent, acpx, claude
from tests.agents.raw_client import PATIENCE, RawClient, running

SHELL = "CALL bash " + orjson.dumps({"command": "echo ran > ran.txt", "description": "leave a mark"}).decode()


async def new_session(client: RawClient, folder: Path, *servers: dict[str, object]) -> str:
    return str((await client.request("session/new", cwd=str(folder), mcpServers=servers))["sessionId"])


async def test_an_agent_streams_its_answer(agent: RealAgent, folder: Path) -> None:
    async with running(agent, folder) as client:
        session = await new_session(client, folder)
        assert await client.prompt(session, "hello") == "end_turn"
        assert client.said() == "".join(GREETING)


async def test_a_command_runs_only_where_it_is_allowed(agent: RealAgent, folder: Path) -> None:
    async with running(agent, folder) as client:
        session = await new_session(client, folder)
        client.permit = "reject_once"
        assert await client.prompt(session, SHELL) == "end_turn"
        assert client.updates("tool_call_update")[-1]["status"] == "failed"
        assert not (folder / "ran.txt").exists()
        client.permit = "allow_once"
        assert await client.prompt(session, SHELL) == "end_turn"
        assert client.updates("tool_call_update")[-1]["status"] == "completed"
        assert (folder / "ran.txt").read_text() == "ran\n"
        assert len(client.received("session/request_permission")) == 2


async def test_a_turn_that_is_cancelled_ends_as_cancelled(agent: RealAgent, folder: Path) -> None:
    async with running(agent, folder) as client:
        session = await new_session(client, folder)
        turn = asyncio.create_task(client.prompt(session, "SLOW"))
        await client.heard("agent_message_chunk")
        client.notify("session/cancel", sessionId=session)
        assert await asyncio.wait_for(turn, PATIENCE) == "cancelled"
        assert await client.prompt(session, "hello") == "end_turn"


async def test_other_processes_go_on_with_a_session(agent: RealAgent, folder: Path, model: FakeModel) -> None:
    """session/load tells what was said, session/resume does not; the model is told by both."""
    async with running(agent, folder) as client:
        session = await new_session(client, folder)
        await client.prompt(session, "my first words")
    async with running(agent, folder) as client:
        await client.request("session/load", sessionId=session, cwd=str(folder), mcpServers=[])
        assert client.said() == "".join(GREETING)
        await client.prompt(session, "once more")
    async with running(agent, folder) as client:
        await client.request("session/resume", sessionId=session, cwd=str(folder), mcpServers=[])
        assert not client.said()
        await client.prompt(session, "and again")
    for prompt in ("once more", "and again"):
        assert any("my first words" in asked.prompts[0] and prompt in asked.prompts[-1] for asked in model.asked)


async def test_an_agent_calls_a_tool_of_the_hub(agent: RealAgent, folder: Path) -> None:
    task = {"title": "From an agent", "objective": "To have been here."}
    async with serving() as hub, running(agent, folder) as client:
        session = await new_session(client, folder, {"type": "http", "name": "trivium", "url": hub.doors["mcp"], "headers": []})
        assert await client.prompt(session, f"CALL create_task {orjson.dumps(task).decode()}") == "end_turn"
        assert len(client.received("session/request_permission")) == 1
        assert [found["title"] for found in (await hub.ask("list_tasks"))["tasks"]] == [task["title"]]


async def test_acpx_drives_an_agent(model_url: str, home: Path, folder: Path) -> None:
    agent = claude(model_url, home)
    command = acpx([agent.command, *agent.args], "--format", "json", "exec", "hello")
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=agent.env, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    said, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, errors
    assert '"stopReason":"end_turn"' in said.decode()
