"""The commands that a session's agent has the hub run (ACP v1 §terminals).

A command is a program with its arguments, and no shell comes in between. Many agents send a whole shell line as the command, without
arguments, because the first client, Zed, passes everything to a shell. So a command that comes without arguments, has what only a shell
understands, and is no file, is a line for `/bin/sh`; nothing of the hub's is mixed into it.

The folders of a session are where a command starts, not a cage: it may go wherever the hub's user may. What it leaves running in the
background ends with it, as in a terminal window that is closed.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, STDOUT
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import cast

from hub.ports import Json
from protocols.acp.requests import RESOURCE_NOT_FOUND, CreateTerminal, OfTerminal, checked
from protocols.acp.roots import Roots
from protocols.jsonrpc.peer import INVALID_PARAMS, RpcError
from protocols.processes import CannotStart, Process, start, within
from protocols.wire import CODES

MOST = 32
"""Terminals of a session that are not released."""
KEPT, MOST_KEPT = 1_000_000, 10_000_000
"""Bytes of output: where the agent names no limit, and at most."""
BURST, PAUSE = 1_000_000, 0.01
"""After so many bytes, a command that floods waits for so many seconds: the hub has other things to do."""
LAST_WORDS = 0.5
"""Seconds between the end of a command and of its output, which something that it left may hold open."""
LINE = re.compile(r"""[\s|&;<>()$`\\"'*?\[#~=%]""")
"""What a shell reads in its own way (POSIX Shell Command Language §2.2)."""


class Terminal(Process):
    """One command, and the end of its output."""

    def __init__(self, limit: int, mark: str) -> None:
        super().__init__(mark)
        self._limit = limit
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._kept = bytearray()
        """Always whole characters."""
        self._truncated = False
        self._burst = 0
        self._silent = False
        """Its output has ended."""
        self._over = asyncio.Event()
        self._output: asyncio.ReadTransport

    @property
    def output(self) -> Json:
        told = {"output": self._kept.decode(), "truncated": self._truncated}
        return {**told, "exitStatus": self._exit_status()} if self._over.is_set() else told

    async def ended(self) -> Json:
        """How, once it has, and has said everything."""
        await self._over.wait()
        return self._exit_status()

    async def _stop(self) -> None:
        await super()._stop()
        await within(2 * LAST_WORDS, self._over)

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._output = cast(asyncio.ReadTransport, self._transport.get_pipe_transport(1))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._keep(self._decoder.decode(data))
        self._burst += len(data)
        if self._burst > BURST:
            self._burst = 0
            self._output.pause_reading()
            asyncio.get_running_loop().call_later(PAUSE, self._go_on)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._keep(self._decoder.decode(b"", final=True))
        self._silent = True
        if self._exited.is_set():
            self._over.set()

    def process_exited(self) -> None:
        super().process_exited()
        self._leave_group()
        if self._silent:
            self._over.set()
        else:
            asyncio.get_running_loop().call_later(LAST_WORDS, self._over.set)

    def _go_on(self) -> None:
        if not self._output.is_closing():
            self._output.resume_reading()

    def _keep(self, text: str) -> None:
        """Cut at the beginning, between characters."""
        self._kept += text.encode()
        if (excess := len(self._kept) - self._limit) > 0:
            self._truncated = True
            while excess < len(self._kept) and self._kept[excess] & 0xC0 == 0x80:
                excess += 1
            del self._kept[:excess]

    def _exit_status(self) -> Json:
        code = self._transport.get_returncode()
        return {"exitCode": None, "signal": _name(-code)} if code is not None and code < 0 else {"exitCode": code, "signal": None}


class Terminals:
    def __init__(self, roots: Sequence[Path], env: Mapping[str, str], most: int = MOST) -> None:
        """The first root is where commands start; `env` is all that they get, with what the agent adds."""
        self._roots, self._env, self._most = Roots(roots), env, most
        self._terminals: dict[str, Terminal] = {}
        self._starting = 0
        self._closed = False

    async def create(self, params: Json) -> Json:
        """terminal/create. Raises RpcError."""
        asked = checked(CreateTerminal, params)
        if len(self._terminals) + self._starting >= self._most:
            raise RpcError(CODES["busy"].jsonrpc, f"This session has {self._most} terminals. Release one that is no longer needed")
        self._starting += 1
        try:
            terminal = await self._start(asked)
        finally:
            self._starting -= 1
        if self._closed:
            await terminal.close()
            raise _ended()
        id_ = f"term_{token_hex(8)}"
        self._terminals[id_] = terminal
        return {"terminalId": id_}

    async def output(self, params: Json) -> Json:
        """terminal/output. Raises RpcError."""
        return self._terminal(params).output

    async def wait_for_exit(self, params: Json) -> Json:
        """terminal/wait_for_exit. Also answers when the terminal is killed or released meanwhile. Raises RpcError."""
        return await self._terminal(params).ended()

    async def kill(self, params: Json) -> Json:
        """terminal/kill: answers once the command has ended; its output can still be read. Raises RpcError."""
        await self._terminal(params).stop()
        return {}

    async def release(self, params: Json) -> Json:
        """terminal/release: its id is void at once. Raises RpcError."""
        terminal = self._terminal(params)
        del self._terminals[params["terminalId"]]
        await terminal.close()
        return {}

    async def close(self) -> None:
        """All commands end, and nothing starts any more."""
        self._closed = True
        terminals, self._terminals = [*self._terminals.values()], {}
        await asyncio.gather(*(terminal.close() for terminal in terminals))

    async def _start(self, asked: CreateTerminal) -> Terminal:
        if self._closed:
            raise _ended()
        cwd, args = await asyncio.to_thread(self._placed, asked)
        env = {**self._env, **{one.name: one.value for one in asked.env or ()}}
        limit = KEPT if asked.output_byte_limit is None else min(asked.output_byte_limit, MOST_KEPT)
        try:
            return await start(partial(Terminal, limit), asked.command, args, env=env, cwd=cwd, stdin=DEVNULL, stderr=STDOUT)
        except CannotStart as why:
            raise RpcError(INVALID_PARAMS, f"The command does not run: {why}") from None

    def _placed(self, asked: CreateTerminal) -> tuple[Path, Sequence[str] | None]:
        """Where the command runs, and its arguments; none: it is a line for the shell. Raises RpcError."""
        cwd = self._roots.cwd if asked.cwd is None else self._roots.locate(asked.cwd).path
        if not cwd.is_dir():
            raise RpcError(INVALID_PARAMS, f"There is no folder {asked.cwd or str(cwd)!r} to run the command in")
        is_line = not asked.args and LINE.search(asked.command) and not os.path.isfile(cwd / asked.command)
        return cwd, None if is_line else asked.args or ()

    def _terminal(self, params: Json) -> Terminal:
        """Raises RpcError."""
        id_ = checked(OfTerminal, params).terminal_id
        if id_ not in self._terminals:
            raise RpcError(RESOURCE_NOT_FOUND, f"There is no terminal {id_[:80]!r}: it was released, or never created in this session")
        return self._terminals[id_]


def _ended() -> RpcError:
    return RpcError(CODES["conflict"].jsonrpc, "The session has ended: it runs no more commands")


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return str(number)
