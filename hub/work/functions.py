"""Agents that are plain async functions in this process."""

import asyncio
import importlib
import inspect
import logging
import os
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from hub.access import LOCAL_TENANT, READ, WRITE, Caller
from hub.app import Hub
from hub.databases import SettingsError
from hub.domain.agents import Agent
from hub.domain.errors import HubError, Refused
from hub.turns import Result, Terms, Turn

log = logging.getLogger("work")

Function = Callable[[Turn], Awaitable[Result]] | Callable[[Turn], AsyncIterator[str]]
TEXTS = ("text/plain", "application/json")
PRESENT = 120
"""Seconds for which a heartbeat counts; three of them are sent in that time."""


class FunctionRunner:
    kinds: Sequence[str] = ()

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._terms = {id_: getattr(function, "terms", Terms()) for id_, function in functions.items()}

    async def agents(self) -> Mapping[str, Terms]:
        return self._terms

    async def run(self, turn: Turn) -> Result:
        begun: Any = self._functions[turn.agent_id](turn)
        if not hasattr(begun, "__aiter__"):
            result: Result = await begun
            return result
        async with turn.artifact("result") as output, aclosing(begun) as texts:
            async for text in texts:
                await output.append(text)
        return None


async def register(hub: Hub, functions: Mapping[str, Function], tenant: str = LOCAL_TENANT) -> None:
    """Each is an agent of the hub, under its name, and present. Raises HubError."""
    caller = Caller(tenant, "hub", frozenset({READ, WRITE}))
    for id_, function in functions.items():
        lines = (inspect.getdoc(function) or "").splitlines()
        about = {"runner": "function", "description": lines[0] if lines else f"The agent {id_}."}
        if files := getattr(function, "terms", Terms()).files:
            about["inputModes"] = ",".join((*TEXTS, *files))
        known = await hub.store.get(tenant, Agent, id_)
        if known is None:
            try:
                given = {"agentId": id_, "name": id_, "role": "DEVELOPER", "metadata": about}
                await hub.call("create_agent", given, caller)
            except Refused:  # another node was first
                known = await hub.store.get(tenant, Agent, id_)
        if known and not about.items() <= known.metadata.items():
            await hub.call("update_agent", {"agentId": id_, "metadata": about}, caller)
    await _present(hub, functions, caller)


async def keep_present(hub: Hub, agents: Collection[str], tenant: str = LOCAL_TENANT) -> None:
    """Send their heartbeats, for ever."""
    while True:
        await asyncio.sleep(PRESENT / 3)
        await _present(hub, agents, Caller(tenant, "hub", frozenset({READ, WRITE})))


async def _present(hub: Hub, agents: Collection[str], caller: Caller) -> None:
    for id_ in agents:
        try:
            await hub.call("heartbeat_agent", {"agentId": id_, "ttlSeconds": PRESENT}, caller)
        except HubError as error:
            log.warning("agent %s cannot say that it is there: %s", id_, error.message)


def load(named: Sequence[tuple[str, str]]) -> dict[str, Function]:
    """From names and `module:function`, which may be in the current folder. Raises SettingsError."""
    if named and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return {name: _function(name, place) for name, place in named}


def _function(name: str, place: str) -> Function:
    module_name, _, path = place.partition(":")
    said = f"--agent {name}={place}"
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise SettingsError(f"{said}: there is no module {error.name!r} in {os.getcwd()} or among what is installed.") from None
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} ({where.filename}, line {where.lineno})"
        raise SettingsError(f"{said}: the module {module_name!r} cannot be imported. {told}") from error
    for part in path.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise SettingsError(f"{said}: the module {module_name!r} has no {path!r}.")
    if not any(inspect.iscoroutinefunction(it) or inspect.isasyncgenfunction(it) for it in (found, getattr(found, "__call__", None))):  # noqa: B004
        raise SettingsError(f"{said}: it must be an async function of one turn, like `async def {path}(turn): return turn.text`.")
    function: Function = found
    return function
