"""A process of this machine that does not outlive what it was started for.

It leads a process group of its own, which ends with it. What it starts outside of that group is known by a mark in its environment, and
ends with it, too. When the hub is killed, the guard ends all of it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

from protocols import strays
from protocols.guard import GUARD, HUB

GRACE = 2.0
"""Seconds for each step of its end."""

RUNNING: "set[Process]" = set()
NUMBERS = count(1)


class CannotStart(Exception):
    """The reason, in one line."""


def end_processes() -> None:
    """At once, for a process that ends without its loop."""
    for process in RUNNING:
        process.kill()


class Process(asyncio.SubprocessProtocol):
    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._exited = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._transport: asyncio.SubprocessTransport
        self.pid = 0

    async def stop(self) -> None:
        """It is told to end, then it is ended, and its group with it. This goes on when the caller is cancelled."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def close(self) -> None:
        """As `stop`, and all that left the group ends, too. Then its pipes are closed."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def memory(self) -> int:
        """Bytes that it holds with all that it started; 0 where that is not known."""
        return await asyncio.to_thread(strays.memory, self._mark)

    def kill(self) -> None:
        self._signal(strays.KILL)
        strays.kill_marked(self._mark)

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()
        RUNNING.add(self)
        GUARD.watch(self.pid)

    def process_exited(self) -> None:
        self._exited.set()

    async def _stop(self) -> None:
        if not self._exited.is_set():
            self._signal(signal.SIGTERM)
            if not await within(GRACE, self._exited):
                self._signal(strays.KILL)
                await within(GRACE, self._exited)  # or nobody would have waited for it
        self._leave_group()

    async def _close(self) -> None:
        try:
            await self.stop()
            await asyncio.to_thread(strays.kill_marked, self._mark)
        finally:
            self._leave_group()
            self._transport.close()

    def _leave_group(self) -> None:
        """What the process left behind ends with it, now: the group's number may soon be another's."""
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


P = TypeVar("P", bound=Process)


async def start(
    made: Callable[[str], P],
    command: str,
    args: Sequence[str] | None,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int = asyncio.subprocess.PIPE,
    stderr: int = asyncio.subprocess.PIPE,
) -> P:
    """`made` makes the protocol of a mark. Without `args`, the command is a line for the system's shell. `env` is its whole environment.
    Raises CannotStart.
    """
    loop, mark = asyncio.get_running_loop(), f"{HUB}.{next(NUMBERS)}"
    environment = {**env, strays.MARKER: mark}
    try:
        _must_be_whole(command, *args or (), *env, *env.values())
        if args is None:
            _, process = await loop.subprocess_shell(
                lambda: made(mark), command, stdin=stdin, stderr=stderr, env=environment, cwd=cwd, start_new_session=True
            )
        else:
            _, process = await loop.subprocess_exec(
                lambda: made(mark), command, *args, stdin=stdin, stderr=stderr, env=environment, cwd=cwd, start_new_session=True
            )
    except (OSError, ValueError) as error:
        raise CannotStart(_why(error, command, cwd)) from None
    return process


async def within(seconds: float, happened: asyncio.Event) -> bool:
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
    return f"the program cannot be started ({known or 'its name, arguments or environment are not usable'})"
