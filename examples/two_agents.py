"""Two agents, two MCP connections, one task: the lead delegates it by mail, the crafter does it without being stepped on.

Start a hub with `trivium`, then: python examples/two_agents.py [http://127.0.0.1:3210]
"""

import asyncio
import sys
from typing import Any

from mcp import Client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        raise RuntimeError(f"{tool}: {result.content[0]}")
    return result.structured_content or {}


async def lead(client: Client, me: str, crafter: str) -> str:
    """Write the task down, and send it to the crafter."""
    task = await call(client, "create_task", title="Add a --version flag", objective="trivium --version prints the version.")
    await call(client, "reserve_files", agentId=me, paths=["docs/**"], reason="rewriting the guide")
    await call(client, "send_message", fromAgentId=me, toAgentIds=[crafter], subject="For you", content=task["id"])
    return str(task["id"])


async def craft(client: Client, me: str) -> None:
    """Read the inbox, claim the task, reserve the files, report."""
    inbox = await call(client, "read_inbox", agentId=me)
    letter = inbox["letters"][0]
    await call(client, "acknowledge_messages", agentId=me, numbers=[letter["number"]])
    task = await call(client, "claim_task", agentId=me, taskId=letter["content"])
    await call(client, "reserve_files", agentId=me, paths=["hub/cli/*.py"])
    try:
        await call(client, "reserve_files", agentId=me, paths=["docs/cli.md"])
    except RuntimeError as refusal:
        print("crafter: not now:", refusal)
    token = task["claim"]["token"]
    await call(client, "report_to_parent", agentId=me, taskId=task["id"], claimToken=token, summary="Done, with a test.", success=True)
    await call(client, "release_files", agentId=me)


async def main(hub: str) -> None:
    async with Client(f"{hub}/mcp") as one, Client(f"{hub}/mcp") as two:
        boss = await call(one, "create_agent", name="Lead", role="ROUTA")
        crafter = await call(two, "create_agent", name="Crafter", role="CRAFTER", parentId=boss["id"])
        task_id = await lead(one, boss["id"], crafter["id"])
        await craft(two, crafter["id"])
        task = await call(one, "get_task", taskId=task_id)
        print("lead: the task is", task["status"], "-", task["completionSummary"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3210"))
