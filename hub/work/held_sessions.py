"""A session under a worker's claim: what is read of it, and what is said of it."""

import asyncio
import logging
from typing import Any

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, Unavailable
from hub.domain.sessions import Session
from hub.operations.base import Output

log = logging.getLogger("work")

TRIES = 5


class Lost(Exception):
    """The claim is over: somebody else may run the session."""


class HeldSession:
    def __init__(self, hub: Hub, caller: Caller, session_id: str) -> None:
        self._hub, self._caller, self.id = hub, caller, session_id
        self.token = 0
        """Of the claim; 0: there is none yet."""
        self.news = asyncio.Event()
        """Something happened to it."""
        self.stopping = False
        """The hub stops."""

    async def call(self, operation: str, **given: Any) -> Output:
        return await self._hub.call(operation, given, self._caller)

    async def claim(self, worker: str, lease_seconds: int, **given: Any) -> Session:
        claimed = await self.call("claim_session", sessionId=self.id, worker=worker, leaseSeconds=lease_seconds, **given)
        assert isinstance(claimed, Session)
        return claimed

    async def read(self) -> Session | None:
        return await self._hub.store.get(self._caller.tenant, Session, self.id)

    async def must_read(self) -> Session:
        """Raises Lost."""
        session = await self.read()
        if session is None or session.claim is None or session.claim.token != self.token:
            raise Lost
        return session

    async def report(self, **given: Any) -> None:
        """What was not done, or may not have been, is tried again: it says how things stand."""
        for attempt in range(TRIES):
            try:
                await self.call("report_session", sessionId=self.id, claimToken=self.token, **given)
                return
            except (Busy, Unavailable) as error:
                if attempt == TRIES - 1:
                    raise
                log.info("session %s cannot report just now: %s", self.id, error.message)
                await asyncio.sleep(0.1 * 4**attempt)
