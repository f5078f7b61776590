"""The remote agents of a tenant as they are registered: their secrets opened, what is found of them kept."""

import logging
from typing import Any

from aiohttp import ClientSession

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import HubError, Refused
from hub.domain.remote_agents import RemoteAgent, RemoteInterface
from hub.operations.base import secret_place
from protocols.a2a.client import POLLS, Breaker, Peer
from protocols.a2a.client_links import Trouble
from protocols.outbound import client

log = logging.getLogger("work")


class Peers:
    """It opens nothing before somebody is asked for. Whoever makes it closes it."""

    def __init__(self, hub: Hub, tenant: str, polls: tuple[float, float] = POLLS) -> None:
        self._hub, self._polls = hub, polls
        self._caller = Caller(tenant, "hub", frozenset({READ, WRITE, "remote_agents.write"}))
        self._http: ClientSession | None = None
        self._breakers: dict[str, Breaker] = {}

    async def get(self, agent_id: str) -> Peer:
        """Raises Trouble."""
        remote = await self._hub.store.get(self._caller.tenant, RemoteAgent, agent_id)
        if remote is None:
            raise Trouble("it is no longer registered", lasting=True)
        if self._http is None:
            self._http = client(self._hub.reach)
        breaker = self._breakers.setdefault(agent_id, Breaker())
        return Peer(self._http, self._hub.reach, remote, self._opened(remote), self._tell, breaker, self._polls)

    async def connect(self, agent_id: str) -> None:
        """Read its card. What comes of it stands in its record."""
        try:
            await (await self.get(agent_id)).connect()
        except Trouble as trouble:
            log.info("remote agent %s cannot be used: %s", agent_id, trouble.reason)

    async def close(self) -> None:
        if self._http:
            await self._http.close()

    def _opened(self, remote: RemoteAgent) -> dict[str, str]:
        vault = self._hub.vault
        if remote.headers and vault is None:
            raise Trouble("this hub was started without a vault, so its secrets cannot be opened", lasting=True)
        place = secret_place(self._caller.tenant, RemoteAgent, remote.id)
        try:
            return {name: vault.open(value, place) for name, value in remote.headers.items()} if vault else {}
        except Refused as refused:
            raise Trouble(refused.message.rstrip("."), lasting=True) from None

    async def _tell(self, remote: RemoteAgent, read: bool, interface: RemoteInterface | None) -> None:
        said: dict[str, Any] = {"agentId": remote.id, "url": remote.url, "reason": remote.reason, "freshUntil": remote.fresh_until}
        said["interface"] = interface.model_dump(by_alias=True) if interface else None
        if read:
            said |= {"card": remote.card, "cardUrl": remote.card_url, "etag": remote.etag, "signed": remote.signed}
            said["interfaces"] = [one.model_dump(by_alias=True) for one in remote.interfaces]
        try:
            await self._hub.call("report_remote_agent", said, self._caller)
        except HubError as error:
            log.info("what was found of remote agent %s was not kept: %s", remote.id, error.message)
