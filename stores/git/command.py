"""Running git: without a shell, a prompt, a pager or a program that only the repository names, within a time and a size."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from weakref import WeakValueDictionary

from hub.domain.errors import Busy, Invalid
from hub.programs import environment

GRACE = 2.0
"""Seconds for one that was killed to be gone."""
PATIENCE = 30.0
"""Seconds for what only this machine is asked."""
AT_ONCE = 8
"""Runs that only look, at a time: each is a process. Others wait for their turn."""
LARGEST = 20_000_000
"""Bytes of an answer."""
LAST_WORDS = 8_192
"""Bytes of what a run that was listened to has said."""
HARDENED = (
    "-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "core.quotePath=false", "-c", "protocol.ext.allow=never",
    "-c", "color.ui=false", "-c", "advice.detachedHead=false", "-c", "gc.auto=0", "-c", "log.showSignature=false",
    "-c", "user.useConfigOnly=true",
)  # fmt: skip
"""A repository's own configuration may name programs: those of a look at it are not run. Nor is it guessed whose a commit is."""
ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GIT_PAGER": "cat", "GIT_EDITOR": "true", "LC_ALL": "C.UTF-8",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "GIT_LITERAL_PATHSPECS": "1",
}  # fmt: skip
AGENT = ("SSH_AUTH_SOCK",)
"""What git may have of the hub's environment besides what every program has."""


class Setting(NamedTuple):
    """In what a single run differs from the others."""

    args: tuple[str, ...] = ()
    """Before the command."""
    env: Mapping[str, str] = MappingProxyType({})


USUAL = Setting()


class GitFailed(Exception):
    """Git said no. `said` is what it wrote to its standard error."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code, self.said = code, said


class Git:
    """The git command, as it is found on the hub's PATH."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environment = environment(AGENT, ENVIRONMENT, environ)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of those that change a repository, by its common folder."""

    async def run(
        self, folder: Path, *args: str, given: bytes | None = None, writes: bool = False,
        patience: float = PATIENCE, largest: int = LARGEST, cut: bool = False, fine: Collection[int] = (0,),
        heard: Callable[[bytes], None] | None = None, setting: Setting = USUAL,
    ) -> bytes:  # fmt: skip
        """Its standard output. A run that is cancelled, late or says too much is ended with all that it started; one that writes is
        given the time to take its locks away.

        With `cut` it may say too much, and what it said until then is the answer. `fine`: exit codes that are no failure.
        `heard` is told what it writes to standard error meanwhile.
        Raises GitFailed, Busy (late) and Invalid (too much, or there is no git).
        """
        more = ({} if writes else {"GIT_OPTIONAL_LOCKS": "0"}) | {**setting.env}
        async with nullcontext() if writes else self._turns:
            process = await self._started(folder, (*setting.args, *args), more, given is not None)
            try:
                async with asyncio.timeout(patience):
                    output, said = await _answered(process, given, largest, heard)
                    code = await process.wait()
            except TimeoutError:
                raise Busy(f"git {args[0]} did not end within {patience:g} seconds. Try again, or look at the repository.") from None
            finally:
                if process.returncode is None:
                    with suppress(asyncio.CancelledError):
                        await asyncio.shield(_ended(process, patiently=writes))
        if len(output) > largest and not cut:
            raise Invalid(f"Git has more than {largest} bytes to say about it. Ask for less, like a single file.")
        if code not in fine and len(output) <= largest:
            raise GitFailed(code, said.decode("utf-8", "replace").strip())
        return output[:largest]

    async def _started(self, folder: Path, args: Sequence[str], more: Mapping[str, str], listens: bool) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                "git", *HARDENED, *args, cwd=folder, env={**self._environment, **more}, stdout=pipe, stderr=pipe,
                stdin=pipe if listens else asyncio.subprocess.DEVNULL, start_new_session=True,
            )
        )  # fmt: skip
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:  # asyncio would end git, and not what that has started by now
            with suppress(OSError):
                process = await starting
                await _ended(process, patiently=True)
            raise
        except OSError:
            raise Invalid("The hub found no git, or no such folder. Install git, and look at the path.") from None


async def _answered(
    process: asyncio.subprocess.Process, given: bytes | None, largest: int, heard: Callable[[bytes], None] | None
) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    enough = partial(_send, process, kill=True)
    saying = _last_of(process.stderr, heard) if heard else _all_of(process.stderr, largest, enough)
    output, said, _ = await asyncio.gather(_all_of(process.stdout, largest, enough), saying, _give(process, given))
    return output, said


async def _give(process: asyncio.subprocess.Process, given: bytes | None) -> None:
    if process.stdin is not None and given is not None:
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def _all_of(stream: asyncio.StreamReader, largest: int, enough: Callable[[], None]) -> bytes:
    """What is longer than `largest` is cut behind it, and nobody need say more. The rest is read away: a process is only known to be
    over when its pipes are.
    """
    parts: list[bytes] = []
    size = 0
    while part := await stream.read(262_144):
        if size > largest:
            continue
        parts.append(part)
        size += len(part)
        if size > largest:
            enough()
    return b"".join(parts)


async def _last_of(stream: asyncio.StreamReader, heard: Callable[[bytes], None]) -> bytes:
    said = b""
    while part := await stream.read(65_536):
        heard(part)
        said = (said + part)[-LAST_WORDS:]
    return said


async def _over(process: asyncio.subprocess.Process) -> None:
    """What it still said is read away; something that it left behind may hold its pipes open."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            for stream in (process.stdout, process.stderr):
                while stream and await stream.read(262_144):
                    pass
            await process.wait()


async def _ended(process: asyncio.subprocess.Process, *, patiently: bool) -> None:
    if patiently:
        _send(process, kill=False)
        await _over(process)
    if process.returncode is None:
        _send(process, kill=True)
        await _over(process)


def _send(process: asyncio.subprocess.Process, *, kill: bool) -> None:
    """To it and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
