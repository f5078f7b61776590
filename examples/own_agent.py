"""An agent of your own: a plain async function. Any client of the hub gives it work; this one does it over MCP.

In this folder: trivium serve --agent painter=own_agent:painter, then: python own_agent.py [http://127.0.0.1:3210]
"""

import asyncio
import sys
from typing import Any
from uuid import uuid4

from mcp import Client

from hub.turns import Failed, Rejected, Turn, terms


@terms(resumable=True, timeout_seconds=600, at_once=10)
async def painter(turn: Turn) -> str:
    """Paints doors, in any color but plaid."""
    if "door" not in turn.text:
        raise Rejected("I paint doors only.")
    await turn.say("Let me see.")
    async with turn.artifact("plan") as plan:
        for word in ("Sand it, ", "prime it, ", "paint it."):
            await plan.append(word)  # whoever follows the task sees it at once
    color = await turn.ask("Which color?")  # the answer may take days, and a restart of the hub
    if color == "plaid":
        raise Failed("There is no such paint.")
    await turn.authorize(f"Please pay for the {color} paint, at https://paint.example/checkout.")
    try:
        await asyncio.sleep(0.1)  # painting
    except asyncio.CancelledError:
        print("cancelled: the brush is put away")
        raise
    return f"The door is {color}."


async def main(hub: str) -> None:
    async with Client(f"{hub}/mcp?profile=coordination") as client:

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            return (await client.call_tool(tool, arguments)).structured_content or {}

        async def say(text: str, **task: str) -> dict[str, Any]:
            sent = await call("send_task_message", messageId=str(uuid4()), agentId="painter", parts=[{"text": text}], **task)
            waited = await call("wait_for_task", taskId=sent["id"])
            asked = [one["message"] for one in waited["task"].get("inputRequests", []) if "answeredAt" not in one]
            print(f"{text} -> {waited['task']['status']}: {asked or waited['task'].get('completionSummary')}")
            return dict(waited["task"])

        await say("Paint the roof")
        for color in ("plaid", "blue"):
            task = await say("Paint the door")
            task = await say(color, taskId=task["id"])
        await say("Paid.", taskId=task["id"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3210"))
