"""Waiting for the log to grow."""

import asyncio

from hub.domain.errors import Busy


class Signal:
    """Wakes all who wait for it now."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for one in waiting:
            _end(one)

    async def wait(self, patience: float) -> None:
        """For at most so many seconds."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        self._waiting.add(woken)
        timer = loop.call_later(patience, _end, woken)
        try:
            await woken
        finally:
            timer.cancel()
            self._waiting.discard(woken)


class Bell:
    """Knows the highest cursor heard of, and wakes whoever waits for a higher one. Numbers, not flags: no wake-up is lost."""

    def __init__(self, head: int = 0) -> None:
        self._head = head
        self._grown = Signal()
        self._silent = False

    @property
    def head(self) -> int:
        return self._head

    def ring(self, cursor: int) -> None:
        if cursor > self._head:
            self._head = cursor
            self._grown.wake()

    async def beyond(self, cursor: int, patience: float) -> None:
        """Returns after `patience` seconds in any case: another process may have written unheard. Raises Busy once silenced."""
        if self._head <= cursor and not self._silent:
            await self._grown.wait(patience)
        if self._silent:
            raise Busy("The hub is shutting down. Call again when it is back.")

    def silence(self) -> None:
        """Nobody waits any longer, now and from now on."""
        self._silent = True
        self._grown.wake()


def _end(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
