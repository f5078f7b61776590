"""A hub that is killed while fifty agents work for it: none outlives it, none of what it told is lost, and what waits is sent once."""

import asyncio
import signal
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import ClientError

from hub.operations.session_claims import STOPPED
from tests.processes.hubs import Node, serving
from tests.processes.session_agents import running, start, told

SESSIONS, LEASE = 50, 5
DOES = {
    "streams": ["drip", "echo after"], "asks": ["permit rm -rf build"], "idles": ["echo hello"],
    "waits": ["slow", "echo 1", "echo 2", "echo 3"], "drips": ["drip"],
}  # fmt: skip
"""What the sessions of a sort are told. When the hub is killed, the first prompt runs, but for those that idle; the others wait."""
SORTS = [*DOES]
Events = list[dict[str, Any]]


async def begin(node: Node, folder: Path, name: str) -> str:
    session_id = await start(node, folder, name)
    for text in DOES[sort(name)]:
        await node.ask("prompt_session", sessionId=session_id, prompt=text)
    return session_id


def sort(name: str) -> str:
    return name.partition("-")[0]


def updates(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [*event.get("data", {}).get("updates", ())]


def at_work(event: dict[str, Any], name: str) -> bool:
    """Its first prompt has come as far as it shall."""
    match sort(name):
        case "asks":
            return any(update.get("state") == "requires_action" for update in updates(event))
        case "idles":
            return any(update.get("state") == "idle" for update in updates(event))
    return any(update["sessionUpdate"] == "agent_message_chunk" for update in updates(event))


async def watch(node: Node, sessions: dict[str, str], seen: Events, reached: asyncio.Event) -> None:
    """Everything that is told until the hub is gone."""
    waiting = set(sessions)
    with suppress(ClientError):
        async for event in node.events(0):
            seen.append(event)
            if event["recordId"] in waiting and at_work(event, sessions[event["recordId"]]):
                waiting.remove(event["recordId"])
            if not waiting:
                reached.set()


async def history(node: Node, session_id: str) -> Events:
    return [entry["update"] for entry in (await node.ask("read_session_history", sessionId=session_id, limit=10_000))["sessionEntries"]]


def expect_kept(seen: Events, kept: Events) -> None:
    """What a watcher of a session was told is in its history."""
    said: defaultdict[str, str] = defaultdict(str)
    for update in (update for event in seen for update in updates(event)):
        if update["sessionUpdate"] == "agent_message_chunk":
            said[update["messageId"]] += update["content"]["text"]
        elif update["sessionUpdate"] in ("user_message", "tool_call"):
            assert any(
                update.get("messageId") == one.get("messageId") and update.get("toolCallId") == one.get("toolCallId") for one in kept
            )
    for message_id, text in said.items():
        whole = "".join(one["content"][0]["text"] for one in kept if one.get("messageId") == message_id)
        assert whole.startswith(text)


async def at_rest(node: Node, session_id: str, status: str) -> dict[str, Any]:
    """The session with this status, once its prompts have ended."""
    while not (await node.ask("wait_for_prompt", sessionId=session_id, until="ended"))["done"]:
        pass
    while (session := await node.ask("get_session", sessionId=session_id))["status"] != status:
        await anyio.lowlevel.checkpoint()
    return dict(session)


async def expect_gone_on(node: Node, session_id: str, name: str, folder: Path) -> None:
    """It was resumed where prompts waited, and has ended with its reason where none did. Each prompt was sent once."""
    texts = DOES[sort(name)]
    session = await at_rest(node, session_id, "ready" if len(texts) > 1 else "dormant")
    prompts = (await node.ask("list_prompts", sessionId=session_id))["prompts"]
    first = ("completed", None) if sort(name) == "idles" else ("failed", STOPPED)
    assert [(one["status"], one.get("reason")) for one in prompts] == [first, *[("completed", None)] * (len(texts) - 1)]
    assert (session["state"], session["asking"]) == ("idle", 0)
    assert session["continuity"] == "kept" if len(texts) > 1 else "has ended" in session["reason"]
    assert told(folder, name) == texts


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_fifty_sessions_survive_the_kill_of_their_hub(database: str, tmp_path: Path) -> None:
    names = [f"{SORTS[number % len(SORTS)]}-{number}" for number in range(SESSIONS)]
    seen: Events = []
    reached = asyncio.Event()
    with anyio.fail_after(60):
        async with serving(database, lease=LEASE, TRIVIUM_SESSIONS_AT_ONCE=str(SESSIONS)) as node:
            sessions = dict(zip(await asyncio.gather(*(begin(node, tmp_path, name) for name in names)), names, strict=True))
            watching = asyncio.create_task(watch(node, sessions, seen, reached))
            await reached.wait()
            assert len(running(tmp_path)) == SESSIONS
            node.process.send_signal(signal.SIGKILL)
            assert await node.process.wait() == -signal.SIGKILL
            await watching
        with anyio.fail_after(10):
            while running(tmp_path):
                await anyio.lowlevel.checkpoint()
        async with serving(database, lease=LEASE, TRIVIUM_SESSIONS_AT_ONCE=str(SESSIONS)) as node:
            for session_id, name in sessions.items():
                await expect_gone_on(node, session_id, name, tmp_path)
                expect_kept([event for event in seen if event["recordId"] == session_id], await history(node, session_id))
            pending = (await node.ask("list_permissions", status="pending"))["permissions"]
            assert (len(running(tmp_path)), pending) == (SESSIONS * 2 // len(SORTS), [])
