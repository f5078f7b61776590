"""A coding agent's first minute on the hub, over MCP: register, take a task, write down what was found, report.

Start a hub with `trivium`, then: python examples/mcp_client.py [http://127.0.0.1:3210]
"""

import asyncio
import sys
from typing import Any

from mcp import Client


async def main(hub: str) -> None:
    async with Client(f"{hub}/mcp") as client:

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = await client.call_tool(tool, arguments)
            if result.is_error:
                raise SystemExit(f"{tool}: {result.content}")
            return result.structured_content or {}

        print("tools:", ", ".join(tool.name for tool in (await client.list_tools()).tools))
        agent = await call("create_agent", name="Ada", role="DEVELOPER")
        await call("create_task", title="Say hello", objective="Write a greeting into the spec.", priority="high")
        task = await call("claim_task", agentId=agent["id"])
        print("working on:", task["title"], "with claim", task["claim"]["token"])
        note = await call("append_to_note", noteId="spec", content="Hello from Ada.\n")
        print("the spec now reads:", note["content"].strip().splitlines()[-1])
        done = await call(
            "report_to_parent", agentId=agent["id"], taskId=task["id"], claimToken=task["claim"]["token"], summary="Greeted.", success=True
        )
        print("the task is", done["status"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3210"))
