"""Every example runs against a real hub."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
LAST_LINES = {
    "a2a_two_hubs.py": "the release notes: # 1.2\n- the login page works",
    "mcp_client.py": "the task is COMPLETED",
    "rest_and_events.py": "task.updated",
    "own_agent.py": "Paid. -> COMPLETED: The door is blue.",
    "two_agents.py": "lead: the task is COMPLETED - Done, with a test.",
}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a running hub."""
    serve = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", f"sqlite:{tmp_path / 'hub.db'}", "--ready-json"]
    serve += ["--agent", "painter=own_agent:painter"]
    process = await asyncio.create_subprocess_exec(*serve, cwd=EXAMPLES, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    assert process.stdout is not None
    with anyio.fail_after(20):
        ready = json.loads(await process.stdout.readline())
    yield ready["url"]
    process.terminate()
    with anyio.fail_after(10):
        assert await process.wait() == 0


def test_every_example_is_run_here_or_with_the_client_that_it_is_of() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == LAST_LINES.keys() | {"web_client.py"}


@pytest.mark.parametrize("name", LAST_LINES)
async def test_the_example_does_what_it_says(name: str, hub: str) -> None:
    with anyio.fail_after(60):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / name), hub, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert output.decode().rstrip().endswith(LAST_LINES[name]), output.decode()
