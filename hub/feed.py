"""Waiting for the log to grow."""

import asyncio


class Bell:
    """Knows the highest cursor heard of, and wakes whoever waits for a higher one. Numbers, not flags: no wake-up is lost."""

    def __init__(self) -> None:
        self._head = 0
        self._grown = asyncio.Event()

    def ring(self, cursor: int) -> None:
        if cursor > self._head:
            self._head = cursor
            self._grown.set()
            self._grown = asyncio.Event()

    async def beyond(self, cursor: int, patience: float) -> None:
        """Returns after `patience` seconds in any case: another process may have written unheard."""
        if self._head > cursor:
            return
        try:
            async with asyncio.timeout(patience):
                await self._grown.wait()
        except TimeoutError:
            pass
