"""An MCP server as a program of this machine: one message a line (2025-11-25 §basic/transports, stdio)."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count

import orjson
from mcp.client.stdio import get_default_environment

from hub.ports import Json
from protocols.jsonrpc.peer import Closed
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
from protocols.processes import CannotStart
from protocols.programs import Program

WAITING = 64
"""Progress of one request that nobody has taken yet; more is dropped."""

Answer = Json | Trouble


class ProcessLink:
    def __init__(self, program: Program, notice: Notice) -> None:
        self._program, self._notice = program, notice
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Queue[Answer]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, command: str, args: Sequence[str], env: Mapping[str, str], notice: Notice) -> "ProcessLink":
        """Start the program. Raises Trouble."""
        environment = {**get_default_environment(), **env}
        try:
            program = await Program.start(command, args, env=environment, longest=LARGEST, secrets=env.values())
        except CannotStart as error:
            raise Trouble(str(error), done=False) from None
        return cls(program, notice)

    async def request(
        self, method: str, params: Json, seconds: float | None, headers: Mapping[str, str], progress: Progress | None = None
    ) -> Json:
        id_ = next(self._ids)
        queue = self._waiting[id_] = asyncio.Queue()
        sent = answered = False
        try:
            async with asyncio.timeout(seconds):
                await self._send(request(id_, method, with_token(params, id_) if progress else params))
            sent = True
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
            raise Trouble(f"it did not answer within {seconds:g} seconds", done=sent, lost=False) from None
        finally:
            del self._waiting[id_]
            if sent and not answered and method not in NOT_WITHDRAWN:
                self._say(cancelled(id_))

    async def notify(self, method: str, headers: Mapping[str, str]) -> None:
        await self._send(notification(method))

    async def listen(self, headers: Mapping[str, str]) -> None:
        """What it says by itself comes on the same pipe."""

    async def close(self) -> None:
        await self._program.close()

    async def _read(self) -> None:
        try:
            async for line in self._program.receive():
                self._hear(line)
        except Closed as closed:
            for queue in self._waiting.values():
                queue.put_nowait(Trouble(str(closed), done=True))

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
            self._say(reply(message))
        else:
            self._notice(method)

    def _say(self, message: bytes) -> None:
        """What may be lost on a program that does not read its input."""
        with suppress(Closed):
            self._program.put(message)

    async def _send(self, message: bytes) -> None:
        try:
            await self._program.send(message)
        except Closed as closed:
            raise Trouble(str(closed), done=False) from None
