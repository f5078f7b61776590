"""Group commit and grouped reads: what arrives while one round is under way goes together in the next."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hub.domain.errors import Busy, HubError, Unavailable

A = TypeVar("A")
T = TypeVar("T")

log = logging.getLogger("stores")

NOT_KNOWN = "The store did not answer. Whether the change was made is not known: read before you repeat it."


class Group(Generic[A, T]):
    """Runs asks in rounds. `run` answers each ask with its result or its own failure, in order.

    A caller that goes away before its round is left out; one that goes away during it is not undone. What `run` raises is
    every ask's failure. At most `waiting` asks queue; beyond that Busy is raised and nothing is done.
    """

    def __init__(
        self, run: Callable[[Sequence[A]], Awaitable[Sequence[T | HubError]]], largest: int = 256, waiting: int = 10_000, rounds: int = 1
    ) -> None:
        self._run, self._largest, self._waiting, self._free = run, largest, waiting, rounds
        self._queue: deque[tuple[A, asyncio.Future[T]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = True

    async def ask(self, what: A) -> T:
        if not self._open:
            raise Busy("The hub is shutting down. Call again when it is back.")
        if len(self._queue) >= self._waiting:
            raise Busy("Too many calls wait for the store. Call again in a moment.")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append((what, answer))
        if self._free:
            self._free -= 1
            task = asyncio.create_task(self._rounds())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def close(self) -> None:
        """Refuse new asks and finish those accepted."""
        self._open = False
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _rounds(self) -> None:
        try:
            while self._queue:
                await self._round([self._queue.popleft() for _ in range(min(self._largest, len(self._queue)))])
        finally:
            self._free += 1

    async def _round(self, taken: list[tuple[A, "asyncio.Future[T]"]]) -> None:
        live = [(what, answer) for what, answer in taken if not answer.done()]
        if not live:
            return
        outcomes: Sequence[T | HubError]
        try:
            outcomes = await self._run([what for what, _ in live])
        except HubError as failure:
            outcomes = [failure] * len(live)
        except Exception:
            log.exception("a round of %d failed", len(live))
            outcomes = [Unavailable(NOT_KNOWN)] * len(live)
        for (_, answer), outcome in zip(live, outcomes, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, HubError):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
