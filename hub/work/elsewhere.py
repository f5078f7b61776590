"""The agents that are elsewhere: what talks to them is made when there is the first one, so that a hub without any starts quickly."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.domain.remote_agents import RemoteAgent
from hub.ports import AgentRunner, Find
from hub.turns import Result, Terms, Turn


class RemoteRunner(AgentRunner, Protocol):
    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


class Elsewhere:
    kinds: Sequence[str] = (RemoteAgent.kind,)

    def __init__(self, hub: Hub, make: Callable[[], Awaitable[RemoteRunner]], tenant: str = LOCAL_TENANT) -> None:
        self._hub, self._make, self._tenant = hub, make, tenant
        self._runner: RemoteRunner | None = None

    async def agents(self) -> Mapping[str, Terms]:
        if self._runner is None:
            if not await self._hub.store.find(self._tenant, Find(RemoteAgent, limit=1)):
                return {}
            runner = await self._make()
            await runner.start()
            self._runner = runner
        return await self._runner.agents()

    async def run(self, turn: Turn) -> Result:
        assert self._runner is not None
        return await self._runner.run(turn)

    async def keep(self) -> None:
        """Beside the worker: when it ends, what was made is closed."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._runner:
                await self._runner.aclose()
