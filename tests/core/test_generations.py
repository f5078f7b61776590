"""A task's events count without gaps, whatever else changes its record (A2A 1.1: `Task.generation`)."""

import orjson

from hub.app import Hub
from hub.ports import Filter
from tests.core.support import ask, new_agent, new_task


async def test_every_event_of_a_task_has_the_next_number(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    token = (await ask(hub, "claim_task", agentId=agent, taskId=task))["claim"]["token"]
    await ask(hub, "renew_claim", taskId=task, claimToken=token)
    await ask(hub, "append_artifact", taskId=task, claimToken=token, chunks=[[{"text": "one"}]])
    await ask(hub, "add_task_message", taskId=task, claimToken=token, parts=[{"text": "on it"}])
    done = await ask(hub, "finish_task", taskId=task, claimToken=token, output=[{"text": "done"}])
    await ask(hub, "delete_task", taskId=task)
    page = await hub.store.after(0, "local", Filter(kinds=("task",), record_id=task), 100)
    events = [orjson.loads(logged.body) for logged in page.events]
    assert [event["generation"] for event in events] == list(range(1, len(events) + 1))
    assert (events[-1]["name"], done["generation"]) == ("task.deleted", len(events) - 1)
