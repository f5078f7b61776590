"""A program of this machine as a stream of messages: one JSON value a line on its standard input and output.

It leads a process group of its own, which ends with it. What it starts outside of that group is known by a mark in its environment, and
ends with it, too. What it writes to standard error is kept for whoever asks why it does not answer.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import cast

from hub.domain.mcp_servers import MASK
from protocols import strays
from protocols.guard import GUARD, HUB
from protocols.jsonrpc.peer import Closed

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
GRACE = 2.0
"""Seconds for each of: ending when the input ends, and ending when told to."""

RUNNING: "set[Program]" = set()
NUMBERS = count(1)


class CannotStart(Exception):
    """The reason, in one line."""


def end_programs() -> None:
    """At once, for a process that ends without its loop."""
    for program in RUNNING:
        program.kill()


class Program(asyncio.SubprocessProtocol):
    """A MessageStream (protocols.jsonrpc.peer)."""

    def __init__(self, mark: str, longest: int, secrets: Collection[str]) -> None:
        self._mark, self._longest = mark, longest
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
        self._exited = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._transport: asyncio.SubprocessTransport
        self._input: asyncio.WriteTransport
        self._output: asyncio.ReadTransport
        self.pid = 0
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
        mark = f"{HUB}.{next(NUMBERS)}"
        try:
            _must_be_whole(command, *args, *env, *env.values())
            _, program = await asyncio.get_running_loop().subprocess_exec(
                lambda: cls(mark, longest, secrets), command, *args, env={**env, strays.MARKER: mark}, cwd=cwd, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise CannotStart(_why(error, command, cwd)) from None
        return program

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
                await _within(LAST_WORDS, self._over)  # most often because it has ended: that is the better reason
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

    async def close(self) -> None:
        """Its input ends, then it is told to end, then it is ended, and all with it. This goes on when the caller is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    def kill(self) -> None:
        self._signal(strays.KILL)
        strays.kill_marked(self._mark)

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._input = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        self._output = cast(asyncio.ReadTransport, self._transport.get_pipe_transport(1))
        if not self._input.is_closing():  # it may have ended already
            self._input.set_write_buffer_limits(UNREAD)
        self._writable.set()
        self.pid = self._transport.get_pid()
        RUNNING.add(self)
        GUARD.watch(self.pid)

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
        self._exited.set()
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

    def _ends_in(self, seconds: float) -> None:
        """The program or its output has ended: the other one follows at once, or not at all."""
        asyncio.get_running_loop().call_later(seconds, self._ended)

    def _ended(self) -> None:
        if self._paused and self.ending is None:  # there may be more in the pipe
            self._ends_in(LAST_WORDS)
            return
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

    async def _close(self) -> None:
        self._end("was ended by the hub")
        try:
            self._input.close()
            if not await _within(GRACE, self._exited):
                self._signal(signal.SIGTERM)
                if not await _within(GRACE, self._exited):
                    self._signal(strays.KILL)
                    await _within(GRACE, self._exited)  # or nobody would have waited for it
            await asyncio.to_thread(strays.kill_marked, self._mark)
        finally:
            self._leave_group()
            self._transport.close()

    def _leave_group(self) -> None:
        """What its first program left behind ends with it, now: the group's number may soon be another's."""
        self._signal(strays.KILL)
        RUNNING.discard(self)
        GUARD.forget(self.pid)

    def _signal(self, number: int) -> None:
        if self not in RUNNING:
            return
        if sys.platform == "win32":
            with suppress(ProcessLookupError):
                self._transport.send_signal(number)
        else:
            strays.signal_group(self.pid, number)


async def _within(seconds: float, happened: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await happened.wait()
    return happened.is_set()


def _must_be_whole(*texts: str) -> None:
    """uvloop cuts them off there."""
    if any("\0" in text for text in texts):
        raise ValueError


def _why(error: Exception, command: str, cwd: Path | None) -> str:
    if cwd is not None and not cwd.is_dir():
        return f"there is no folder {str(cwd)!r} to run its program in"
    if isinstance(error, FileNotFoundError):
        return f"there is no program {command!r} on the hub's PATH; arguments go into args, each for itself"
    known = isinstance(error, OSError) and error.errno and os.strerror(error.errno)
    return f"the program cannot be started ({known or 'its name or arguments are not usable'})"
