"""Two hubs, one task: the lead of one hub delegates to an agent of the other over A2A, is asked back, and gets an artifact.

Start a hub with `trivium`, then: python examples/a2a_two_hubs.py [http://127.0.0.1:3210]. The other hub it starts by itself.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from hub.turns import Turn


async def scribe(turn: Turn) -> None:
    """Writes release notes."""
    version = await turn.ask("Of which version?")
    async with turn.artifact("the release notes") as notes:
        await notes.append(f"# {version}\n")
        for line in turn.text.splitlines():
            await notes.append(f"- {line}")


@asynccontextmanager
async def other_hub() -> AsyncIterator[str]:
    """The address of another hub, where the scribe works."""
    command = ("-m", "hub.cli", "serve", "--port", "0", "--db", "memory:", "--agent", "scribe=a2a_two_hubs:scribe", "--ready-json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=Path(__file__).parent, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        yield json.loads(await process.stdout.readline())["url"]
    finally:
        process.terminate()
        await process.wait()


async def main(hub: str) -> None:
    async with other_hub() as other, ClientSession(hub) as http:

        async def call(method: str, **params: Any) -> dict[str, Any]:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            answer = await (await http.post("/api/rpc", json=request)).json()
            if "error" in answer:
                raise RuntimeError(answer["error"]["message"])
            return dict(answer["result"])

        remote = await call("register_remote_agent", url=f"{other}/agents/scribe")
        lead = await call("create_agent", name="Lead", role="ROUTA")
        task = await call("create_task", title="Release notes", objective="the login page works")
        await call("delegate_task", taskId=task["id"], agentId=remote["id"], callerAgentId=lead["id"])
        waited = await call("wait_for_task", taskId=task["id"])
        for question in waited["task"].get("inputRequests", []):
            print("the scribe asks:", question["message"])
            await call("provide_input", taskId=task["id"], inputRequestId=question["id"], response={"answer": "1.2"})
        waited = await call("wait_for_task", taskId=task["id"])
        print("the task is", waited["task"]["status"])
        for artifact in (await call("get_task_state", taskId=task["id"]))["artifacts"]:
            print(f"{artifact['name']}: {artifact['content']}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3210"))
