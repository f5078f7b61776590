"""Who works in a process of the hub: composed of the settings, and imported as far as there is something to do."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hub.access import LOCAL_TENANT
from hub.addresses import MCP
from hub.app import Hub
from hub.databases import driver_of
from hub.ports import AgentRunner, Json
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.domain.sessions import Session
    from hub.hosting import AgentHost, Launch
    from hub.work.functions import Function
    from hub.work.sessions import Sessions
    from hub.work.tenants import Workers
    from protocols.a2a.remote_runner import RemoteRunner
    from protocols.acp.hosts import ProgramHost

Tools = Callable[[str], Json | None]
"""Of a token: how the hub's MCP server is reached with it, as ACP has MCP servers; None: it is not."""


async def workers_of(hub: Hub, settings: Settings, functions: "Mapping[str, Function]", tools: Tools) -> "Workers":
    """Not started yet: for the agents of these functions, who are the local tenant's, for those elsewhere, and for coding agents, whose
    sessions are given the hub's tools as `tools` says for a token."""
    from hub.work.clones import Clones
    from hub.work.elsewhere import Elsewhere
    from hub.work.functions import FunctionRunner, keep_present, register
    from hub.work.session_turns import SessionRunner
    from hub.work.tenants import Workers
    from hub.work.worker import Listener, Worker

    await register(hub, functions)

    def make(tenant: str) -> Worker:
        elsewhere, sessions = Elsewhere(hub, partial(_remote_runner, hub, tenant), tenant), _sessions(hub, settings, tenant, tools)
        runners: list[AgentRunner] = [elsewhere, SessionRunner(hub, sessions, tenant)]
        beside: list[Callable[[], Coroutine[Any, Any, None]]] = [elsewhere.keep]
        if functions and tenant == LOCAL_TENANT:
            runners.append(FunctionRunner(functions))
            beside.append(partial(keep_present, hub, [*functions]))
        listeners: list[Listener] = [sessions, Clones(hub, tenant=tenant, lease_seconds=settings.lease_seconds)]
        return Worker(hub, runners, tenant=tenant, lease_seconds=settings.lease_seconds, beside=beside, listeners=listeners)

    return Workers(hub, make)


@asynccontextmanager
async def working(hub: Hub, settings: Settings, session_id: str) -> AsyncIterator[None]:
    """This session and those that its agent starts are run, where no hub serves. Tasks are not worked on."""
    from hub.work.worker import Worker

    sessions = _sessions(hub, settings, LOCAL_TENANT, partial(tools_over_stdio, settings), session_id)
    worker = Worker(hub, (), lease_seconds=settings.lease_seconds, listeners=[sessions])
    await worker.start()
    try:
        yield
    finally:
        await worker.aclose(settings.shutdown_seconds)


def _sessions(hub: Hub, settings: Settings, tenant: str, tools: Tools, root: str | None = None) -> "Sessions":
    from hub.operations.sessions import BY_TASKS
    from hub.work.late_hosts import Hosts, LateHost
    from hub.work.session_tools import SessionTools
    from hub.work.sessions import Sessions
    from hub.work.task_hosts import TaskHost

    given = SessionTools(hub, tenant, tools)
    hosts = Hosts({BY_TASKS: TaskHost(hub, tenant)}, LateHost(partial(_program_host, hub, settings, tenant)))
    return Sessions(
        hub, hosts, tenant=tenant, lease_seconds=settings.lease_seconds,
        idle_seconds=settings.session_idle_seconds, most=settings.sessions_at_once, tools=given.servers, preface=given.preface,
        root=root, megabytes=settings.sessions_memory_mb,
    )  # fmt: skip


async def _program_host(hub: Hub, settings: Settings, tenant: str) -> "AgentHost":
    """Agents of another tenant than the hub's own work in that tenant's folders only."""

    def imported() -> "type[ProgramHost]":
        from protocols.acp.hosts import ProgramHost

        return ProgramHost

    own, local = settings.session_folder / quote(tenant, safe=""), tenant == LOCAL_TENANT
    return (await asyncio.to_thread(imported))(partial(_launch, hub, settings, tenant), own, settings.folders if local else (own,))


async def _launch(hub: Hub, settings: Settings, tenant: str, session: "Session") -> "Launch":
    from hub.work.launches import launch

    return await launch(hub, tenant, session.provider, settings.environment)


def tools_over_http(url: str, token: str) -> Json:
    return {"type": "http", "name": "trivium", "url": f"{url}{MCP}", "headers": [{"name": "Authorization", "value": f"Bearer {token}"}]}


def tools_over_stdio(settings: Settings, token: str) -> Json | None:
    """By a process of its own, on the same database; none where its address holds a password, which is not the agent's to know."""
    if driver_of(settings.database) != "sqlite":
        return None
    given = {"TRIVIUM_TOKEN": token, "TRIVIUM_DB": settings.database}
    env = [{"name": name, "value": value} for name, value in given.items()]
    return {"name": "trivium", "command": sys.executable, "args": ["-P", "-m", "hub.cli", "mcp", "--profile", "coordination"], "env": env}


async def _remote_runner(hub: Hub, tenant: str) -> "RemoteRunner":
    def imported() -> "type[RemoteRunner]":
        from protocols.a2a.remote_runner import RemoteRunner

        return RemoteRunner

    return (await asyncio.to_thread(imported))(hub, tenant)
