"""ACP over standard input and output: one editor, for as long as its pipe is open."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

from hub.access import Caller
from hub.app import Hub
from protocols.acp.agent import Agent, Start
from protocols.jsonrpc.peer import Closed

PIECE = 65_536
LONGEST = 50_000_000
"""Bytes of a line: a prompt may bring images."""

LAST_WORDS = 1.0
"""Seconds for the editor to read what is left."""


class NoPipe(Exception):
    """Standard input or output is none that messages can be read from, or written to. One line, with the next step."""


class StandardStreams:
    """A MessageStream: one message a line."""

    def __init__(self, reader: asyncio.StreamReader, input_: asyncio.ReadTransport, writer: asyncio.StreamWriter) -> None:
        self._reader, self._input, self._writer = reader, input_, writer

    @classmethod
    async def open(cls) -> "StandardStreams":
        """What this process prints by mistake goes to standard error from now on. Raises NoPipe."""
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(PIECE)
        output = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            input_, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
            transport, protocol = await loop.connect_write_pipe(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), output)
        except ValueError:
            raise NoPipe("Standard input and output must be pipes: an editor starts `trivium acp` by itself.") from None
        return cls(reader, input_, asyncio.StreamWriter(transport, protocol, None, loop))

    async def send(self, message: bytes) -> None:
        try:
            self._writer.write(message + b"\n")
            await self._writer.drain()
        except (ConnectionError, RuntimeError):
            raise Closed("the editor has closed its end") from None

    async def receive(self) -> AsyncIterator[bytes]:
        """Lines are cut where they arrive; the parts of a long one are put together once."""
        parts: list[bytes] = []
        size = 0
        while piece := await self._reader.read(PIECE):
            first, *lines = piece.split(b"\n")
            parts.append(first)
            size += len(first)
            if size > LONGEST:
                raise Closed(f"the editor sent a message of more than {LONGEST} bytes")
            if lines:
                *whole, rest = b"".join(parts), *lines
                parts, size = [rest], len(rest)
                for line in filter(None, whole):
                    yield line
        if size:
            yield b"".join(parts)

    async def close(self) -> None:
        """What was sent has some time to be read."""
        self._input.close()
        self._writer.close()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._writer.wait_closed()


async def serve(hub: Hub, caller: Caller, start: Start) -> None:
    """Serve this process's standard input and output until the editor closes them. Raises NoPipe."""
    await Agent(await StandardStreams.open(), hub, caller, start).serve()
