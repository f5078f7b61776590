"""An MCP server as a program of this machine: one message a line (2025-11-25 §basic/transports, stdio).

The program leads a process group of its own, which ends with it. What it writes to standard error is kept for whoever asks why it
does not answer. When the hub is killed, its end of the pipes closes, and a program that reads its input ends, too.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import cast

import orjson
from mcp.client.stdio import get_default_environment

from hub.domain.mcp_servers import MASK
from hub.ports import Json
from protocols.mcp.upstreams.links import (
    NOT_WITHDRAWN,
    Notice,
    Progress,
    Trouble,
    cancelled,
    notification,
    reply,
    request,
    result_of,
    tell,
    with_token,
)  # fmt: skip
from protocols.outbound import LARGEST

KEPT = 4096
"""Bytes of standard error."""
TOLD = 1000
"""Characters of it that a caller reads: the last ones say what went wrong."""
UNREAD = 4_000_000
"""Bytes that may wait for the program to read its input."""
WAITING = 64
"""Progress of one request that nobody has taken yet; more is dropped."""
LAST_WORDS = 0.5
"""Seconds between the end of the program and of its output, whichever comes first."""
GRACE = 1.0
"""Seconds for each of: ending when the input ends, and ending when told to."""

Answer = Json | Trouble
RUNNING: "set[ProcessLink]" = set()


def end_programs() -> None:
    """At once, for a process that ends without its loop."""
    for link in RUNNING:
        link.kill()


class ProcessLink(asyncio.SubprocessProtocol):
    def __init__(self, notice: Notice, secrets: Collection[str]) -> None:
        self._notice, self._secrets = notice, [secret for secret in secrets if len(secret) > 3]
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Queue[Answer]] = {}
        self._partial = bytearray()
        self._said = b""
        self._over: str | None = None
        self._exited = asyncio.Event()
        self._transport: asyncio.SubprocessTransport
        self._input: asyncio.WriteTransport

    @classmethod
    async def open(cls, command: str, args: Sequence[str], env: Mapping[str, str], notice: Notice) -> "ProcessLink":
        """Start the program. Raises Trouble."""
        loop, environment = asyncio.get_running_loop(), {**get_default_environment(), **env}
        try:
            _, link = await loop.subprocess_exec(lambda: cls(notice, env.values()), command, *args, env=environment, start_new_session=True)
        except FileNotFoundError:
            told = f"there is no program {command!r} on the hub's PATH; arguments go into args, each for itself"
            raise Trouble(told, done=False) from None
        except (OSError, ValueError) as error:
            known = isinstance(error, OSError) and error.errno and os.strerror(error.errno)
            raise Trouble(f"the program cannot be started ({known or 'its name or arguments are not usable'})", done=False) from None
        return link

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    async def request(
        self, method: str, params: Json, seconds: float | None, headers: Mapping[str, str], progress: Progress | None = None
    ) -> Json:
        id_ = next(self._ids)
        queue = self._waiting[id_] = asyncio.Queue()
        answered = False
        try:
            self._write(request(id_, method, with_token(params, id_) if progress else params))
            while True:
                async with asyncio.timeout(seconds):
                    message = await queue.get()
                if isinstance(message, dict) and "method" in message:
                    if progress:
                        await tell(progress, message)
                    continue
                answered = True
                if isinstance(message, Trouble):
                    raise message
                return result_of(message)
        except TimeoutError:
            raise Trouble(f"it did not answer within {seconds:g} seconds", done=True, lost=False) from None
        finally:
            del self._waiting[id_]
            if not answered and self._over is None and method not in NOT_WITHDRAWN:
                self._write(cancelled(id_))

    async def notify(self, method: str, headers: Mapping[str, str]) -> None:
        self._write(notification(method))

    async def listen(self, headers: Mapping[str, str]) -> None:
        """What it says by itself comes on the same pipe."""

    async def close(self) -> None:
        """Its input ends, then it is told to end, then it is ended, and its whole group with it."""
        self._fail("the hub has closed it")
        try:
            self._input.close()
            if not await self._ends():
                self._signal(signal.SIGTERM)
                if not await self._ends():
                    self.kill()
                    await self._ends()  # or nobody would have waited for it
        finally:
            self.kill()
            self._transport.close()
            RUNNING.discard(self)

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        RUNNING.add(self)
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._input = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._said = (self._said + data)[-KEPT:]
            return
        self._partial += data
        if b"\n" in data:
            *lines, rest = self._partial.split(b"\n")
            self._partial = rest
            for line in lines:
                self._hear(bytes(line))
        if len(self._partial) > LARGEST:
            self._fail("it sent a message that is too long")

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._ending(self._exited.is_set())

    def process_exited(self) -> None:
        self._exited.set()
        output = self._transport.get_pipe_transport(1)
        self._ending(output is None or output.is_closing())

    def _ending(self, both: bool) -> None:
        """The program or its output has ended: the other one follows at once, or not at all."""
        asyncio.get_running_loop().call_later(0 if both else LAST_WORDS, self._ended)

    def _ended(self) -> None:
        status = self._transport.get_returncode()
        ending = "closed its output" if status is None else f"ended with {'signal' if status < 0 else 'status'} {abs(status)}"
        said = self._said.decode("utf-8", "replace").strip()
        for secret in self._secrets:
            said = said.replace(secret, MASK)
        self._fail(f"its program {ending}{f'. It said: {said[-TOLD:]}' if said else ', and said nothing'}")

    def _fail(self, reason: str) -> None:
        if self._over is None:
            self._over = reason
            for queue in self._waiting.values():
                queue.put_nowait(Trouble(reason, done=True))

    def _hear(self, line: bytes) -> None:
        """Lines that are no message are left out: programs print what should go to standard error."""
        try:
            message = orjson.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        method = message.get("method")
        if method == "notifications/progress":
            params = message.get("params")
            token = params.get("progressToken") if isinstance(params, dict) else None
            queue = self._waiting.get(token) if isinstance(token, int) else None
            if queue and queue.qsize() < WAITING:
                queue.put_nowait(message)
        elif not isinstance(method, str):
            id_ = message.get("id")
            queue = self._waiting.get(id_) if isinstance(id_, int) else None
            if queue:
                queue.put_nowait(message)
        elif "id" in message:
            with suppress(Trouble):
                self._write(reply(message))
        else:
            self._notice(method)

    def _write(self, message: bytes) -> None:
        if self._over is not None:
            raise Trouble(self._over, done=False)
        if self._input.get_write_buffer_size() > UNREAD:
            raise Trouble("it does not read its input", done=False)
        self._input.write(message + b"\n")

    def kill(self) -> None:
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    async def _ends(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self._exited.wait()
        return self._exited.is_set()

    def _signal(self, number: int) -> None:
        """To the whole group: also those that its first program has left behind."""
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.send_signal(number)
            else:
                os.killpg(self.pid, number)
