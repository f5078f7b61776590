"""Agents made with the official SDK are agents of the hub, over both bindings and in both versions, and their signatures hold."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from hub.app import Hub
from stores.memory import MemoryStore
from tests.core.support import ask
from tests.postgres import free_port
from tests.protocols import test_a2a_remote, test_a2a_remote_cards
from tests.protocols.a2a_peers import DIALECTS
from tests.protocols.a2a_remote_requirements import ROWS
from tests.protocols.requirements import meets, mismatches
from tests.protocols.test_a2a_remote import artifacts, give, happened, said_by_agent, waited, worker_of

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def sdk_agent(dialect: str) -> AsyncIterator[str]:
    port = free_port()
    command = ("-m", "tests.protocols.a2a_sdk_agent", *dialect.split(), str(port))
    pipe, together = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=pipe, stderr=together)
    assert process.stdout
    try:
        with anyio.fail_after(30):
            await process.stdout.readuntil(b"running on")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()


@meets("sdk agent")
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_agent_made_with_the_sdk_works_for_the_hub(dialect: str) -> None:
    hub = Hub(MemoryStore())
    async with sdk_agent(dialect) as url, worker_of(hub):
        await ask(hub, "register_remote_agent", url=url, id="far")
        echo, asking, hanging = [await give(hub, text) for text in ("say it again", "ask", "hang")]
        assert (await waited(hub, echo))["status"] == "COMPLETED"
        assert await artifacts(hub, echo) == [[{"text": "say it again "}]]
        assert await said_by_agent(hub, echo) == ["on it", "done"]
        [question] = (await waited(hub, asking, "settled"))["inputRequests"]
        assert question["message"] == "Which one?"
        await ask(hub, "provide_input", taskId=asking, inputRequestId=question["id"], response={"answer": "this one"})
        assert (await waited(hub, asking))["status"] == "COMPLETED"
        assert await artifacts(hub, asking) == [[{"text": "this one "}]]
        await happened(hub, "task.message_added", hanging)
        await ask(hub, "cancel_task", taskId=hanging)
        remote = await ask(hub, "get_remote_agent", agentId="far")
        assert (remote["status"], remote.get("reason")) == ("ready", None)
        assert remote["signed"]


def test_every_requirement_has_a_test_and_every_test_a_requirement() -> None:
    assert mismatches(ROWS, test_a2a_remote, test_a2a_remote_cards, sys.modules[__name__]) == []
