"""Which tenants there are, and a worker for each."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.domain.errors import HubError
from hub.domain.workspaces import Workspace
from hub.work.worker import Worker

log = logging.getLogger("work")

LOOK = 1.0
"""Seconds between looks for tenants that have called this process."""
STORED = 60.0
"""Seconds between looks for tenants that other nodes brought."""


async def stored_tenants(hub: Hub) -> frozenset[str]:
    """Each has its default workspace."""
    async with hub.store.snapshot((Workspace,)) as snapshot:
        return frozenset([record.tenant async for records in snapshot.records for record in records])


class Workers:
    """A worker for each tenant, from soon after its first call on."""

    def __init__(self, hub: Hub, make: Callable[[str], Worker]) -> None:
        self._hub, self._make = hub, make
        self._workers: dict[str, Worker] = {}
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """From here on nothing that is given to the agents of the local tenant is missed."""
        await self._employ(frozenset({LOCAL_TENANT}))
        self._looking = asyncio.create_task(self._look())

    async def aclose(self, patience: float = 5.0) -> None:
        """All of them at once; see Worker."""
        if self._looking:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await asyncio.gather(*(worker.aclose(patience) for worker in self._workers.values()))

    async def _employ(self, tenants: frozenset[str]) -> None:
        for tenant in tenants - self._workers.keys():
            worker = self._make(tenant)
            await worker.start()
            self._workers[tenant] = worker

    async def _look(self) -> None:
        looked = -STORED
        while True:
            try:
                if monotonic() - looked >= STORED:
                    await self._employ(await stored_tenants(self._hub))
                    looked = monotonic()
                await self._employ(self._hub.tenants)
            except HubError as error:
                log.info("the tenants cannot be looked for just now: %s", error.message)
            except Exception:
                log.exception("looking for tenants failed")
            await asyncio.sleep(LOOK)
