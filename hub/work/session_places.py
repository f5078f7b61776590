"""How many agents run at once in a workspace: who finds no place waits in line, and sees where."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.feed import Signal

PATIENCE = 60.0


class Places:
    """Of one workspace, on this node."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        self._line: list[asyncio.Future[None]] = []
        self._moved = Signal()
        self._idle: dict[object, Callable[[], None]] = {}

    @asynccontextmanager
    async def place(self, waits: Callable[[int], Awaitable[None]]) -> AsyncIterator[None]:
        """Held while in it. `waits` is told the position in the line, 1 for the next one, at first and whenever it changes."""
        if self._taken >= self._most:
            await self._wait(waits)
        else:
            self._taken += 1
        try:
            yield
        finally:
            self._hand_on()

    @asynccontextmanager
    async def lent(self, holder: object, give_up: Callable[[], None]) -> AsyncIterator[None]:
        """It does nothing just now: `give_up` is called when somebody waits for a place."""
        self._idle[holder] = give_up
        try:
            if self._line:
                self._ask_idle()
            yield
        finally:
            self._idle.pop(holder, None)

    def _ask_idle(self) -> None:
        """The one that is idle for the longest time goes first."""
        for holder in [*self._idle][: len(self._line)]:
            self._idle.pop(holder)()

    async def _wait(self, waits: Callable[[int], Awaitable[None]]) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(mine)
        self._ask_idle()
        try:
            told = 0
            while not mine.done():
                position = self._line.index(mine) + 1
                if position != told:
                    told = position
                    await waits(position)
                else:
                    await self._moved.wait(PATIENCE)
        except BaseException:
            if mine in self._line:
                self._line.remove(mine)
                self._moved.wake()
            elif mine.done():
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        if self._line:
            self._line.pop(0).set_result(None)
            self._moved.wake()
        else:
            self._taken -= 1
