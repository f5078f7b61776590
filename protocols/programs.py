"""A program of this machine as a stream of messages: one JSON value a line on its standard input and output.

What it writes to standard error is kept for whoever asks why it does not answer.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import cast

from hub.domain.mcp_servers import MASK
from protocols import processes
from protocols.jsonrpc.peer import Closed
from protocols.processes import Process, within

KEPT = 8192
"""Bytes of standard error."""
TOLD = 1000
"""Characters of it in an error: the last ones say what went wrong."""
UNTAKEN = 256_000
"""Bytes of messages that wait to be taken; then the program waits. As many more are being taken."""
UNREAD = 1_000_000
"""Bytes that may wait for the program to read its input; then the senders wait."""
LAST_WORDS = 0.5
"""Seconds between the end of the program and of its output, whichever comes first."""


class Program(Process):
    """A MessageStream (protocols.jsonrpc.peer)."""

    def __init__(self, mark: str, longest: int, secrets: Collection[str]) -> None:
        super().__init__(mark)
        self._longest = longest
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)
        self._lines: list[bytes] = []
        self._size = 0
        self._paused = False
        self._parts: list[bytes] = []
        """Of a line whose end has not come, and how many bytes that is."""
        self._partial = 0
        self._said = b""
        self._news = asyncio.Event()
        """There are lines, or there will be none any more."""
        self._writable = asyncio.Event()
        self._deaf = False
        self._over = asyncio.Event()
        self._last: asyncio.TimerHandle | None = None
        self._input: asyncio.WriteTransport
        self._output: asyncio.ReadTransport
        self.ending: str | None = None
        """Once it is over: how, to be read after `its program`."""

    @classmethod
    async def start(
        cls,
        command: str,
        args: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        longest: int = 50_000_000,
        secrets: Collection[str] = (),
    ) -> "Program":
        """`env` is its whole environment; a line of more than `longest` bytes ends the stream. Raises CannotStart."""
        return await processes.start(lambda mark: cls(mark, longest, secrets), command, args, env=env, cwd=cwd)

    @property
    def said(self) -> str:
        """The end of what it wrote to standard error, without its secrets."""
        said = self._said.decode("utf-8", "replace")
        for secret in self._secrets:
            said = said.replace(secret, MASK)
        if len(self._said) == KEPT and self._secrets:
            said = said[len(self._secrets[0]) :]  # what may be a secret whose beginning is lost
        return said.strip()

    def put(self, message: bytes) -> bool:
        """At once or not at all: false while the program does not read its input. Raises Closed."""
        if self.ending is not None:
            raise Closed(f"its program {self.ending}")
        self._deaf = self._deaf or self._input.is_closing()
        if self._deaf or not self._writable.is_set():
            return False
        self._input.write(message + b"\n")
        return True

    async def send(self, message: bytes) -> None:
        """Waits while the program does not read its input. Raises Closed."""
        while not self.put(message):
            if self._deaf:
                await within(LAST_WORDS, self._over)  # most often because it has ended: that is the better reason
                raise Closed(f"its program {self.ending or 'has closed its input'}")
            await self._writable.wait()

    async def receive(self) -> AsyncIterator[bytes]:
        """For one reader. Always ends with Closed, after the last message."""
        while True:
            while self._lines:
                lines, self._lines, self._size = self._lines, [], 0
                self._pause(False)
                for line in lines:
                    yield line
            if self.ending is not None:
                raise Closed(f"its program {self.ending}")
            self._news.clear()
            await self._news.wait()

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._input = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        self._output = cast(asyncio.ReadTransport, self._transport.get_pipe_transport(1))
        if not self._input.is_closing():  # it may have ended already
            self._input.set_write_buffer_limits(UNREAD)
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._said = (self._said + data[-KEPT:])[-KEPT:]
        elif self.ending is None:
            self._take(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 0:
            self._deaf = True
            self._writable.set()
        elif fd == 1:
            self._ends_in(0 if self._exited.is_set() else LAST_WORDS)

    def process_exited(self) -> None:
        super().process_exited()
        self._ends_in(0 if self._output.is_closing() else LAST_WORDS)

    def _take(self, data: bytes) -> None:
        """Lines are cut where they arrive; the parts of a long one are put together once."""
        first, *lines = data.split(b"\n")
        self._parts.append(first)
        self._partial += len(first)
        if self._partial > self._longest:
            self._end(f"sent a message of more than {self._longest} bytes")
        elif lines:
            self._size += self._partial + len(data)
            *lines, rest = b"".join(self._parts), *lines
            self._parts, self._partial = [rest], len(rest)
            self._lines += filter(None, lines)
            self._news.set()
            self._pause(self._size > UNTAKEN)

    def _pause(self, wanted: bool) -> None:
        changes, self._paused = wanted != self._paused, wanted
        if changes and not self._output.is_closing():
            (self._output.pause_reading if wanted else self._output.resume_reading)()
            if not wanted and self._exited.is_set():
                self._ends_in(LAST_WORDS)

    def _ends_in(self, seconds: float) -> None:
        """The program or its output has ended: the other one follows at once, or not at all."""
        if self._last:
            self._last.cancel()
        self._last = asyncio.get_running_loop().call_later(seconds, self._ended)

    def _ended(self) -> None:
        if self._paused and self.ending is None:
            return  # there may be more in the pipe: its time begins when reading goes on
        if self._partial and self.ending is None:
            self._lines.append(b"".join(self._parts))
        status = self._transport.get_returncode()
        ending = "closed its output" if status is None else f"ended with {'signal' if status < 0 else 'status'} {abs(status)}"
        said = self.said[-TOLD:]
        self._end(f"{ending}. It said: {said}" if said else f"{ending}, and said nothing")
        if status is not None:
            self._leave_group()

    def _end(self, ending: str) -> None:
        if self.ending is None:
            self.ending = ending
            self._parts, self._partial = [], 0
            self._over.set()
            self._news.set()
            self._writable.set()

    async def _stop(self) -> None:
        """Its input ends first, which is all that most of them need."""
        self._end("was ended by the hub")
        self._input.close()
        await within(processes.GRACE, self._exited)
        await super()._stop()
