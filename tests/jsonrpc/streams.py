"""Two ends of a stream of messages in memory."""

import asyncio
from collections.abc import AsyncIterator

from protocols.jsonrpc.peer import Closed


class MemoryStream:
    """One end. What is sent waits at the other end until it is taken; the sender waits while that is full."""

    def __init__(self, inbox: "asyncio.Queue[bytes | None]", outbox: "asyncio.Queue[bytes | None]") -> None:
        self._inbox, self._outbox = inbox, outbox
        self._closed = asyncio.Event()

    async def send(self, message: bytes) -> None:
        if self._closed.is_set():
            raise Closed("this end is closed")
        sending, closed = asyncio.ensure_future(self._outbox.put(message)), asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((sending, closed), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise Closed("this end is closed")
        finally:
            sending.cancel()
            closed.cancel()

    async def receive(self) -> AsyncIterator[bytes]:
        while (message := await self._inbox.get()) is not None:
            yield message

    async def close(self) -> None:
        self._closed.set()
        for queue in (self._inbox, self._outbox):
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)


def memory_pair(room: int = 100_000) -> tuple[MemoryStream, MemoryStream]:
    """`room` is how many messages wait on each way."""
    there: asyncio.Queue[bytes | None] = asyncio.Queue(room)
    back: asyncio.Queue[bytes | None] = asyncio.Queue(room)
    return MemoryStream(there, back), MemoryStream(back, there)
