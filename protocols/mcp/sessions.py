"""Sessions of the handshake era (2025-11-25 §basic/transports, session management)."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any
from uuid import uuid4

from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import ServerRunner

from hub.access import Caller
from protocols.mcp.exchange import Exchange

IDLE = 3_600.0
"""Seconds after which an unused session may be forgotten; its client begins a new one."""
MOST = 10_000


class Session:
    """One client's handshake. Only the credential that opened it may use it."""

    def __init__(self, server: Server[Any], caller: Caller) -> None:
        self.id, self.caller, self.used = uuid4().hex, caller, 0.0
        self.connection = Connection.for_loop(Exchange(None, caller), session_id=self.id)
        self.runner: ServerRunner[Any] = ServerRunner(server, self.connection, {})
        self.headers = {"Mcp-Session-Id": self.id}


class Sessions:
    """The open sessions, least recently used first."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._clock = clock

    def __len__(self) -> int:
        return len(self._open)

    def add(self, session: Session) -> None:
        """Make room first: for those idle too long, and for one when there are too many."""
        oldest = next(iter(self._open.values()), None)
        while oldest and (len(self._open) >= MOST or self._clock() - oldest.used > IDLE):
            del self._open[oldest.id]
            oldest = next(iter(self._open.values()), None)
        session.used = self._clock()
        self._open[session.id] = session

    def get(self, id_: str, caller: Caller) -> Session | None:
        session = self._open.get(id_)
        if session is None or session.caller != caller:
            return None
        session.used = self._clock()
        self._open.move_to_end(id_)
        return session

    def remove(self, session: Session) -> None:
        self._open.pop(session.id, None)
