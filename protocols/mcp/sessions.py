"""The open sessions of the handshake era, and how long they stay."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from time import monotonic

from hub.access import Caller
from hub.domain.errors import Busy
from protocols.mcp.session import Session

IDLE = 3_600.0
"""Seconds after which an unused session is over; its client begins a new one."""
MOST = 10_000


class Sessions:
    """The open sessions, least recently used first."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._of: Counter[Caller] = Counter()
        self._clock, self._closed = clock, False

    def __len__(self) -> int:
        return len(self._open)

    async def add(self, session: Session) -> None:
        """Make room first. Raises Busy once the sessions are closed."""
        self._expect_open()
        while session_in_the_way := self._in_the_way():
            await self.remove(session_in_the_way)
        self._open[session.id] = session
        self._of[session.caller] += 1
        self.use(session)

    def get(self, id_: str, caller: Caller) -> Session | None:
        """Raises Busy once the sessions are closed."""
        self._expect_open()
        session = self._open.get(id_)
        if session is None or session.caller != caller or self._idle(session):
            return None
        self.use(session)
        return session

    def use(self, session: Session) -> bool:
        """It is not idle. Whether it is still open."""
        if session.id not in self._open:
            return False
        session.used = self._clock()
        self._open.move_to_end(session.id)
        return True

    async def remove(self, session: Session) -> None:
        if self._open.pop(session.id, None):
            self._of -= Counter((session.caller,))
        await session.close()

    async def close(self) -> None:
        self._closed = True
        for session in list(self._open.values()):
            await self.remove(session)

    def _in_the_way(self) -> Session | None:
        """One that is idle too long; when there are too many, the least recently used of the caller that has the most."""
        oldest = next(iter(self._open.values()), None)
        if oldest is None or self._idle(oldest) or len(self._open) < MOST:
            return oldest if oldest and self._idle(oldest) else None
        [(greediest, _)] = self._of.most_common(1)
        return next(one for one in self._open.values() if one.caller == greediest)

    def _idle(self, session: Session) -> bool:
        return not session.busy and self._clock() - session.used > IDLE

    def _expect_open(self) -> None:
        if self._closed:
            raise Busy("The hub is shutting down. Call again when it is back.")
