"""The programs of this machine that the hub may start: where they are, which version they have, and what they learn of its environment."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from shutil import which
from time import monotonic

from hub.ports import Program
from hub.settings import is_own

FRESH = 5.0
"""Seconds for which a look at the PATH holds."""
PATIENCE = 10.0
"""Seconds for a program to say its version."""
GRACE = 1.0
"""Seconds for one that was killed to be gone."""
AT_ONCE = 2
"""Programs that are asked at a time: some take a processor for seconds."""
LONGEST = 4096
"""Bytes of an answer that are looked at."""
NUMBER = re.compile(r"\d+\.\d+[\w.+-]*")
EVERYBODY = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
    *(f"{name}_{end}" for name, end in (("HTTP", "PROXY"), ("HTTPS", "PROXY"), ("ALL", "PROXY"), ("NO", "PROXY"))),
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
})  # fmt: skip
"""What every program inherits, with all names that begin with LC_ or XDG_."""


def environment(names: Collection[str], extra: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program: of the hub's what every program inherits and `names`, never what is the hub's alone; then `extra`."""
    wanted = EVERYBODY.union(names)
    inherited = {
        name: value for name, value in environ.items()
        if (name in wanted or name.startswith(("LC_", "XDG_"))) and not is_own(name)
    }  # fmt: skip
    return {**inherited, **extra}


class PathPrograms:
    """Looked for on a PATH. Those that are asked for their version end with the event loop."""

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], float] = monotonic, patience: float = PATIENCE) -> None:
        self._environment, self._clock, self._patience = environment((), {}, environ), clock, patience
        self._found: dict[str, Program | None] = {}
        self._until = 0.0
        self._asked: dict[tuple[str, tuple[str, ...]], tuple[Program, asyncio.Task[str | None]]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def find(self, commands: Collection[str]) -> Mapping[str, Program]:
        if self._clock() >= self._until:
            self._found, self._until = {}, self._clock() + FRESH
        found = self._found
        if unknown := [command for command in commands if command not in found]:
            found |= await asyncio.to_thread(self._look, unknown)
        return {command: program for command in commands if (program := found[command])}

    async def version(self, program: Program, args: Sequence[str]) -> str | None:
        return await asyncio.shield(self._asking(program, args))

    def known_version(self, program: Program, args: Sequence[str]) -> str | None:
        asking = self._asking(program, args)
        return asking.result() if asking.done() else None

    def _look(self, commands: Collection[str]) -> dict[str, Program | None]:
        return {command: self._program(command) for command in commands}

    def _program(self, command: str) -> Program | None:
        path = which(command, path=self._environment.get("PATH", ""))
        if path is None:
            return None
        try:
            about = os.stat(path)
        except OSError:
            return None
        # A package manager may give a new file the old one's time of change, but it cannot give it its time of creation.
        return Program(os.path.abspath(path), (about.st_mtime_ns, about.st_ctime_ns, about.st_size))

    def _asking(self, program: Program, args: Sequence[str]) -> "asyncio.Task[str | None]":
        key = (program.path, tuple(args))
        known = self._asked.get(key)
        if known is None or known[0] != program:
            known = self._asked[key] = (program, asyncio.ensure_future(self._ask(program.path, args)))
        return known[1]

    async def _ask(self, path: str, args: Sequence[str]) -> str | None:
        async with self._turns:
            number = NUMBER.search(await said(path, args, self._environment, self._patience))
        return number[0] if number else None


async def said(path: str, args: Sequence[str], environ: Mapping[str, str], patience: float) -> str:
    """What a program writes until it closes its output, or the patience or what is looked at ends. Then it is killed, if it still runs."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        transport, output = await asyncio.get_running_loop().subprocess_exec(
            _Output, path, *args, stdin=nothing, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=environ, start_new_session=True
        )
    except OSError:
        return ""
    try:
        await _within(patience, output.whole)
    finally:
        _kill(transport)
        await _within(GRACE, output.exited)
        transport.close()
    return output.text.decode("utf-8", "replace")


def _kill(transport: asyncio.SubprocessTransport) -> None:
    """With all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            transport.kill()
        else:
            os.killpg(transport.get_pid(), signal.SIGKILL)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class _Output(asyncio.SubprocessProtocol):
    def __init__(self) -> None:
        self.text = b""
        self.whole, self.exited = asyncio.Event(), asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.text += data[: LONGEST - len(self.text)]
        if len(self.text) == LONGEST:
            self.whole.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.whole.set()

    def process_exited(self) -> None:
        self.exited.set()
