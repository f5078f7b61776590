"""An agent that is a function is given work, asked and answered through the doors that every agent has."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from hub.app import Hub
from hub.ports import Json
from hub.turns import Turn
from hub.work.functions import FunctionRunner, register
from hub.work.worker import Worker
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import enveloped, headers_for


async def painter(turn: Turn) -> str:
    """Paints."""
    return f"{turn.text} in {await turn.ask('Which color?')}"


@pytest.fixture(autouse=True)
async def working(hub: Hub) -> AsyncIterator[None]:
    functions = {"painter": painter}
    await register(hub, functions)
    worker = Worker(hub, [FunctionRunner(functions)])
    await worker.start()
    yield
    await worker.aclose()


async def tool(http: Http, name: str, /, **arguments: Any) -> Json:
    call = enveloped({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
    with anyio.fail_after(10):
        response = await http.post("/mcp?profile=coordination", json=call, headers=headers_for(call))
        result = (await response.json())["result"]
    assert not result.get("isError"), result
    content: Json = result["structuredContent"]
    return content


async def test_a_task_made_over_rest_is_done_and_answered_over_mcp(http: Http) -> None:
    given = {"title": "Door", "objective": "Paint the door", "assignedTo": "painter"}
    task = (await (await http.post("/api/tasks", json=given)).json())["task"]
    waited = await tool(http, "wait_for_task", taskId=task["id"])
    [question] = waited["task"]["inputRequests"]
    await tool(http, "provide_input", taskId=task["id"], inputRequestId=question["id"], response={"answer": "blue"})
    assert (await tool(http, "wait_for_task", taskId=task["id"]))["task"]["completionSummary"] == "Paint the door in blue"
    [artifact] = (await (await http.get(f"/api/tasks/{task['id']}/artifacts")).json())["artifacts"]
    assert (artifact["name"], artifact["content"], artifact["providedByAgentId"]) == ("result", "Paint the door in blue", "painter")


async def test_a_task_delegated_over_mcp_carries_its_message_and_is_seen_over_rest(http: Http) -> None:
    lead = await tool(http, "create_agent", name="Lead", role="ROUTA")
    made = await tool(http, "create_task", title="Door", objective="Paint the door")
    await tool(http, "delegate_task", taskId=made["id"], agentId="painter", callerAgentId=lead["id"], message="Twice.")
    await tool(http, "wait_for_task", taskId=made["id"])
    await tool(http, "send_task_message", taskId=made["id"], messageId="m", parts=[{"text": "red"}])
    assert (await tool(http, "wait_for_task", taskId=made["id"]))["reason"] == "ended"
    task = (await (await http.get(f"/api/tasks/{made['id']}")).json())["task"]
    assert (task["status"], task["completionSummary"]) == ("COMPLETED", "Paint the door\nTwice. in red")
    said = (await tool(http, "list_task_messages", taskId=made["id"]))["taskMessages"]
    assert [(one["role"], one.get("agentId")) for one in said] == [("user", lead["id"]), ("user", None)]


async def test_a_task_cancelled_over_rest_ends_the_turn(http: Http, hub: Hub) -> None:
    task = await tool(http, "send_task_message", messageId="m", agentId="painter", parts=[{"text": "Paint the door"}])
    await tool(http, "wait_for_task", taskId=task["id"])
    assert (await http.post(f"/api/tasks/{task['id']}/status", json={"status": "CANCELLED"})).status == 200
    assert (await tool(http, "wait_for_task", taskId=task["id"]))["task"]["status"] == "CANCELLED"
    assert "failure" not in (await tool(http, "get_task", taskId=task["id"]))
