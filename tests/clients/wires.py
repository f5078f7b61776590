"""A wire to a hub that can be cut: a TCP proxy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """Between a client and the hub at this address."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._joined: set[asyncio.Task[None]] = set()
        self._port = 0
        self.sent = bytearray()
        """What clients sent."""

    @property
    def url(self) -> str:
        return urlunsplit(self._url._replace(netloc=f"127.0.0.1:{self._port}"))

    def cut(self) -> None:
        """Nothing goes through any more. Who comes back waits until it is mended."""
        self._whole.clear()
        self.sent.clear()
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self._whole.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._joined:
                task.cancel()
            await asyncio.gather(*self._joined, return_exceptions=True)

    def _join(self, reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._between(reads, writes))
        self._joined.add(task)
        task.add_done_callback(self._joined.discard)

    async def _between(self, reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
        ends = {writes}
        try:
            await self._whole.wait()
            theirs, ours = await asyncio.open_connection(self._url.hostname, self._url.port)
            ends.add(ours)
            self._ends |= ends
            await asyncio.gather(_carry(reads, ours, self.sent), _carry(theirs, writes))
        finally:
            self._ends -= ends
            for end in ends:
                end.close()


async def _carry(reads: asyncio.StreamReader, writes: asyncio.StreamWriter, seen: bytearray | None = None) -> None:
    """Whoever closes first closes both sides."""
    with suppress(ConnectionError):
        while data := await reads.read(65_536):
            if seen is not None:
                seen += data
            writes.write(data)
            await writes.drain()
    writes.close()
