"""A hub with its workers, whose agents are programs of fake_agent.py: a provider `fake --odd deaf` is that program with these arguments."""

import os
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from hub.app import Hub
from hub.domain.sessions import Session
from hub.hosting import CannotRun, Launch, Patience
from hub.operations.sessions import BY_TASKS
from hub.ports import Json
from hub.work.functions import Function, FunctionRunner, register
from hub.work.late_hosts import Hosts
from hub.work.serving import Preface, Tools
from hub.work.session_turns import SessionRunner
from hub.work.sessions import Sessions, no_preface, no_tools
from hub.work.task_hosts import TaskHost
from hub.work.worker import Worker
from protocols.acp.hosts import ProgramHost
from tests.core.support import ask

PATIENCE = 20.0
FAKE_AGENT = Path(__file__).with_name("fake_agent.py")


async def launch(session: Session) -> Launch:
    name, *args = shlex.split(session.provider)
    if name != "fake":
        raise CannotRun(f"There is no provider {name}.")
    return Launch(sys.executable, [str(FAKE_AGENT), *args], {"PATH": os.environ["PATH"]})


@asynccontextmanager
async def working(
    hub: Hub,
    folder: Path,
    functions: Mapping[str, Function] | None = None,
    *,
    patience: Patience | None = None,
    lease: int = 30,
    idle: float = 600.0,
    most: int = 8,
    megabytes: int = 0,
    allowed: tuple[Path, ...] = (),
    seconds: float = PATIENCE,
    tools: Tools = no_tools,
    preface: Preface = no_preface,
) -> AsyncIterator[Sessions]:
    await register(hub, functions or {})
    hosts = Hosts({BY_TASKS: TaskHost(hub)}, ProgramHost(launch, folder, allowed, patience))
    sessions = Sessions(
        hub, hosts, lease_seconds=lease, idle_seconds=idle, most=most, megabytes=megabytes, patience=patience, tools=tools, preface=preface
    )  # fmt: skip
    worker = Worker(hub, [SessionRunner(hub, sessions), FunctionRunner(functions or {})], lease_seconds=lease, listeners=[sessions])
    await worker.start()
    try:
        with anyio.fail_after(seconds):
            yield sessions
    finally:
        with anyio.CancelScope(shield=True):
            await worker.aclose()


async def started(hub: Hub, arguments: str = "", **given: Any) -> str:
    """A session with the fake agent."""
    return str((await ask(hub, "start_session", provider=f"fake {arguments}".strip(), **given))["id"])


async def prompted(hub: Hub, session_id: str, text: str, **given: Any) -> int:
    return int((await ask(hub, "prompt_session", sessionId=session_id, prompt=text, **given))["number"])


async def ended(hub: Hub, session_id: str, number: int | None = None) -> Json:
    """What wait_for_prompt answers once the prompt has ended."""
    while True:
        waited = await ask(hub, "wait_for_prompt", sessionId=session_id, until="ended", **({"number": number} if number else {}))
        if waited["done"]:
            return waited


async def answer(hub: Hub, session_id: str, text: str, **given: Any) -> str:
    """What the agent says to it."""
    return str((await ended(hub, session_id, await prompted(hub, session_id, text, **given)))["answer"])


async def until(hub: Hub, session_id: str, status: str) -> Json:
    """The session, once it has this status or is in this state."""
    cursor = await hub.store.latest()
    from hub.access import LOCAL

    session = await ask(hub, "get_session", sessionId=session_id)
    if status in (session["status"], session["state"]):
        return session
    async for _ in hub.follow(LOCAL, cursor):
        session = await ask(hub, "get_session", sessionId=session_id)
        if status in (session["status"], session["state"]):
            break
    return session


async def history(hub: Hub, session_id: str) -> list[Json]:
    entries = await ask(hub, "read_session_history", sessionId=session_id, limit=10_000)
    return [entry["update"] for entry in entries["sessionEntries"]]
