"""A hub that is killed while its agents stream: what was begun goes on, or has failed and says why."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from aiohttp import ClientSession

from hub.work.turning import STOPPED
from tests.processes.nodes import ROOT

TASKS = 50
AGENTS = ("resumable", "fragile")
WHOLE = "".join(f"{number} " for number in range(20))


class Node:
    def __init__(self, http: ClientSession, process: asyncio.subprocess.Process) -> None:
        self.http, self.process = http, process

    async def ask(self, operation: str, **arguments: Any) -> Any:
        call = {"jsonrpc": "2.0", "id": 1, "method": operation, "params": arguments}
        async with self.http.post("/api/rpc", json=call) as answer:
            return (await answer.json())["result"]

    async def events(self, after: int) -> AsyncIterator[dict[str, Any]]:
        async with self.http.get("/api/events", headers={"Last-Event-ID": str(after)}) as stream:
            cursor = 0
            async for line in stream.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    cursor = int(value)
                elif name == "data":
                    yield {**json.loads(value), "cursor": cursor}


@asynccontextmanager
async def serving(database: str, lease: int = 2) -> AsyncIterator[Node]:
    named = [word for name in AGENTS for word in ("--agent", f"{name}=tests.processes.streaming_agents:{name}")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json", *named,
        cwd=ROOT, env={**os.environ, "TRIVIUM_LEASE_SECONDS": str(lease)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout
        ready = json.loads(await process.stdout.readline())
        async with ClientSession(ready["url"]) as http:
            yield Node(http, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


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
        async with serving(database) as node:
            tasks = dict(await asyncio.gather(*(give(node, number) for number in range(TASKS))))
            await streamed(node, tasks, seen)
            node.process.send_signal(signal.SIGKILL)
            assert await node.process.wait() == -signal.SIGKILL
        async with serving(database) as node:
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
        async with serving(database, lease=600) as node:
            tasks = dict(await asyncio.gather(*(give(node, number) for number in range(TASKS))))
            await streamed(node, tasks, seen)
            node.process.send_signal(signal.SIGTERM)
            assert await node.process.wait() == 0
        async with serving(database, lease=600) as node:
            for task_id, agent in tasks.items():
                waited = await node.ask("wait_for_task", taskId=task_id, until="ended")
                assert waited["task"]["status"] == ("COMPLETED" if agent == "resumable" else "NEEDS_FIX")
