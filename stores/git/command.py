"""Running git: without a shell, a prompt, a pager or a program that only the repository names, within a time and a size."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from hub.domain.errors import Busy, Invalid
from hub.programs import environment

PATIENCE = 30.0
"""Seconds for what only this machine is asked."""
GRACE = 5.0
"""Seconds for one that was told to end to be gone."""
LARGEST = 20_000_000
"""Bytes of an answer."""
HARDENED = (
    "-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "core.quotePath=false", "-c", "protocol.ext.allow=never",
    "-c", "color.ui=false", "-c", "advice.detachedHead=false", "-c", "gc.auto=0",
    "-c", "user.useConfigOnly=true",
)  # fmt: skip
"""A repository's own configuration may name programs: those of a look at it are not run. Nor is it guessed whose a commit is."""
ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GIT_PAGER": "cat", "GIT_EDITOR": "true", "LC_ALL": "C.UTF-8",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes", "GIT_LITERAL_PATHSPECS": "1",
}  # fmt: skip
AGENT = ("SSH_AUTH_SOCK",)
"""What git may have of the hub's environment besides what every program has."""


class GitFailed(Exception):
    """Git said no. `said` is what it wrote to its standard error."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code, self.said = code, said


class Git:
    """The git command, as it is found on the hub's PATH."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environment = environment(AGENT, ENVIRONMENT, environ)
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of those that change a repository, by its common folder."""

    async def run(
        self, folder: Path, *args: str, given: bytes | None = None, writes: bool = False,
        patience: float = PATIENCE, largest: int = LARGEST, index: Path | None = None,
    ) -> bytes:  # fmt: skip
        """Its standard output. A run that is cancelled, late or says too much is ended with all that it started; one that writes is
        given the time to take its locks away. `index`: a file to use instead of the repository's own.

        Raises GitFailed, Busy (late) and Invalid (too much, or there is no git).
        """
        more = ({} if writes else {"GIT_OPTIONAL_LOCKS": "0"}) | ({"GIT_INDEX_FILE": str(index)} if index else {})
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                "git", *HARDENED, *args, cwd=folder, env=self._environment | more, stdout=pipe, stderr=pipe,
                stdin=asyncio.subprocess.DEVNULL if given is None else pipe, start_new_session=True,
            )  # fmt: skip
        except OSError:
            raise Invalid("The hub found no git, or no such folder. Install git, and look at the path.") from None
        try:
            async with asyncio.timeout(patience):
                output, said = await _answered(process, given, largest)
                code = await process.wait()
        except TimeoutError:
            raise Busy(f"git {args[0]} did not end within {patience:g} seconds. Try again, or look at the repository.") from None
        finally:
            if process.returncode is None:
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(_ended(process, patiently=writes))
        if code:
            raise GitFailed(code, said.decode("utf-8", "replace").strip())
        return output


async def _answered(process: asyncio.subprocess.Process, given: bytes | None, largest: int) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    output, said, _ = await asyncio.gather(_all_of(process.stdout, largest), _all_of(process.stderr, largest), _give(process, given))
    return output, said


async def _give(process: asyncio.subprocess.Process, given: bytes | None) -> None:
    if process.stdin is not None and given is not None:
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def _all_of(stream: asyncio.StreamReader, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await stream.read(262_144):
        size += len(part)
        if size > largest:
            raise Invalid(f"Git has more than {largest} bytes to say about it. Ask for less, like a single file.")
        parts.append(part)
    return b"".join(parts)


async def _ended(process: asyncio.subprocess.Process, *, patiently: bool) -> None:
    if patiently:
        _send(process, kill=False)
        await _over(process)
    if process.returncode is None:
        _send(process, kill=True)
        await _over(process)


async def _over(process: asyncio.subprocess.Process) -> None:
    """What it still said is read away; something that it left behind may hold its pipes open."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            for stream in (process.stdout, process.stderr):
                while stream and await stream.read(262_144):
                    pass
            await process.wait()


def _send(process: asyncio.subprocess.Process, *, kill: bool) -> None:
    """To it and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
