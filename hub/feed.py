"""Waiting for the log to grow."""

import asyncio

from hub.domain.errors import Busy


class Bell:
    """Knows the highest cursor heard of, and wakes whoever waits for a higher one. Numbers, not flags: no wake-up is lost."""

    def __init__(self) -> None:
        self._head = 0
        self._grown = asyncio.Event()
        self._silent = False

    def ring(self, cursor: int) -> None:
        if cursor > self._head:
            self._head = cursor
            self._grown.set()
            self._grown = asyncio.Event()

    async def beyond(self, cursor: int, patience: float) -> None:
        """Returns after `patience` seconds in any case: another process may have written unheard. Raises Busy once silenced."""
        if self._head <= cursor and not self._silent:
            try:
                async with asyncio.timeout(patience):
                    await self._grown.wait()
            except TimeoutError:
                pass
        if self._silent:
            raise Busy("The hub is shutting down. Call again when it is back.")

    def silence(self) -> None:
        """Nobody waits any longer, now and from now on."""
        self._silent = True
        self._grown.set()
