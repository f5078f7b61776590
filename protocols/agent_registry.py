"""The public registry of agents that speak ACP: one JSON file, or an operator's copy of it, kept while it is fresh.

The format: https://github.com/agentclientprotocol/registry/blob/main/FORMAT.md
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from pydantic import ValidationError

from hub.addresses import Reach
from hub.domain.errors import HubError, Upstream
from hub.domain.registry_entries import RegistryEntry
from hub.upstreams import Registered
from protocols.asking import Asking

FRESH = 3_600.0
"""Seconds for which the file is not asked for again."""
SULK = 60.0
"""Seconds for which a registry that did not answer is not asked again, unless somebody insists: pages ask often."""


class PublicRegistry:
    """An AgentRegistry."""

    def __init__(self, place: str, reach: Reach, clock: Callable[[], float] = monotonic) -> None:
        """`place`: the file's address, or its path."""
        self._place, self._reach, self._clock = place, reach, clock
        self._known = Registered("", ())
        self._until = 0.0
        self._turn = asyncio.Lock()

    async def entries(self, fresh: bool = False) -> Registered:
        async with self._turn:
            if fresh or self._clock() >= self._until:
                await self._ask()
        return self._known

    async def _ask(self) -> None:
        try:
            self._known, patience = _read(await self._document()), FRESH
        except HubError as error:
            self._known, patience = self._known._replace(problem=error.message), SULK
        self._until = self._clock() + patience

    async def _document(self) -> Any:
        if self._place.startswith(("http://", "https://")):
            base, _, file = self._place.rpartition("/")
            return await Asking("The ACP registry", base, self._reach).ask("GET", f"/{file}")
        try:
            return orjson.loads(await asyncio.to_thread(Path(self._place).read_bytes))
        except (OSError, orjson.JSONDecodeError):
            raise Upstream(
                "The hub's copy of the ACP registry cannot be read. Its operator names it with TRIVIUM_AGENT_REGISTRY."
            ) from None


def _read(document: Any) -> Registered:
    """Entries that this hub does not understand are left out: the format grows."""
    agents = document.get("agents") if isinstance(document, dict) else None
    if not isinstance(agents, list):
        raise Upstream("The ACP registry answered something else than its list of agents.")
    entries = []
    for agent in agents:
        try:
            entries.append(RegistryEntry.model_validate(agent))
        except ValidationError:
            continue
    return Registered(str(document.get("version", "")), entries)
