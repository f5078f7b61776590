"""A hub that is killed while its agents stream: what was begun goes on, or has failed and says why."""

import asyncio
import signal
from typing import Any

import anyio
import pytest

from hub.work.turning import STOPPED
from tests.processes.hubs import Node, serving

TASKS = 50
AGENTS = ("resumable", "fragile")
NAMED = [word for name in AGENTS for word in ("--agent", f"{name}=tests.processes.streaming_agents:{name}")]
WHOLE = "".join(f"{number} " for number in range(20))


async def give(node: Node, number: int) -> tuple[str, str]:
    agent = AGENTS[number % 2]
    given = {"messageId": f"m-{number}", "agentId": agent, "parts": [{"text": "Count."}]}
    return (await node.ask("send_task_message", **given))["id"], agent


async def streamed(node: Node, tasks: dict[str, str], seen: list[dict[str, Any]]) -> None:
    """Read the events until every task has given something."""
    waiting = set(tasks)
    async for event in node.events(0):
        seen.append(event)
        if event["name"] == "task.artifact_updated":
            waiting.discard(event["recordId"])
        if not waiting:
            return


async def ended(node: Node, tasks: dict[str, str], seen: list[dict[str, Any]]) -> None:
    """Go on after the last event seen, until every task has ended."""
    waiting = set(tasks)
    async for event in node.events(seen[-1]["cursor"]):
        seen.append(event)
        if event["name"] == "task.finished":
            waiting.remove(event["recordId"])
        if not waiting:
            return


def text_after(seen: list[dict[str, Any]], task: str) -> str:
    """What a subscriber put together who came back: an artifact that is not appended to begins anew."""
    text = ""
    for event in seen:
        if event["name"] == "task.artifact_updated" and event["recordId"] == task:
            pieces = "".join(part["text"] for chunk in event["data"]["chunks"] for part in chunk)
            text = text + pieces if event["data"]["append"] else pieces
    return text


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_every_task_that_streamed_is_continued_or_has_failed_with_a_reason(database: str) -> None:
    seen: list[dict[str, Any]] = []
    with anyio.fail_after(40):
        async with serving(database, *NAMED) as node:
            tasks = dict(await asyncio.gather(*(give(node, number) for number in range(TASKS))))
            await streamed(node, tasks, seen)
            node.process.send_signal(signal.SIGKILL)
            assert await node.process.wait() == -signal.SIGKILL
        async with serving(database, *NAMED) as node:
            await ended(node, tasks, seen)
            for task_id, agent in tasks.items():
                state = await node.ask("get_task_state", taskId=task_id)
                task, [artifact] = state["task"], state["artifacts"]
                if agent == "resumable":
                    assert (task["status"], task["claimCount"], artifact["content"]) == ("COMPLETED", 2, WHOLE)
                    assert text_after(seen, task_id) == WHOLE
                else:
                    assert (task["status"], task["failure"]["message"]) == ("NEEDS_FIX", STOPPED)
    cursors = [event["cursor"] for event in seen]
    assert cursors == sorted(set(cursors))


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_hub_that_is_told_to_stop_leaves_every_task_given_back_or_failed(database: str) -> None:
    seen: list[dict[str, Any]] = []
    with anyio.fail_after(40):
        async with serving(database, *NAMED, lease=600) as node:
            tasks = dict(await asyncio.gather(*(give(node, number) for number in range(TASKS))))
            await streamed(node, tasks, seen)
            node.process.send_signal(signal.SIGTERM)
            assert await node.process.wait() == 0
        async with serving(database, *NAMED, lease=600) as node:
            for task_id, agent in tasks.items():
                waited = await node.ask("wait_for_task", taskId=task_id, until="ended")
                assert waited["task"]["status"] == ("COMPLETED" if agent == "resumable" else "NEEDS_FIX")
