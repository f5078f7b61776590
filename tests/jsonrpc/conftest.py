"""A peer, what it serves, and the other end of its wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import orjson
import pytest

from hub.ports import Json
from protocols.jsonrpc.peer import METHOD_NOT_FOUND, Peer, RpcError
from tests.jsonrpc.streams import MemoryStream, memory_pair


class Wire:
    """The other end, spoken by hand."""

    def __init__(self, stream: MemoryStream) -> None:
        self._stream = stream
        self._messages = stream.receive()

    async def say(self, *messages: Json | bytes) -> None:
        for message in messages:
            await self._stream.send(message if isinstance(message, bytes) else orjson.dumps({"jsonrpc": "2.0", **message}))

    async def heard(self) -> Json:
        with anyio.fail_after(5):
            message: Json = orjson.loads(await anext(self._messages))
        assert message.pop("jsonrpc") == "2.0"
        return message

    async def close(self) -> None:
        await self._stream.close()


class Answers:
    """Serves the methods that a test gives it, and keeps the notifications in their order."""

    def __init__(self) -> None:
        self.methods: dict[str, Callable[[Json], Awaitable[Any]]] = {}
        self.told: list[tuple[str, Json]] = []
        self.on_notification: Callable[[str, Json], Awaitable[None]] | None = None

    async def request(self, method: str, params: Json) -> Any:
        if method not in self.methods:
            raise RpcError(METHOD_NOT_FOUND, f"There is no method {method!r}", {"known": list(self.methods)})
        return await self.methods[method](params)

    async def notification(self, method: str, params: Json) -> None:
        if self.on_notification:
            await self.on_notification(method, params)
        self.told.append((method, params))


@pytest.fixture
def served() -> Answers:
    return Answers()


@pytest.fixture
def ends() -> tuple[MemoryStream, MemoryStream]:
    return memory_pair()


@pytest.fixture
def wire(ends: tuple[MemoryStream, MemoryStream]) -> Wire:
    return Wire(ends[1])


@pytest.fixture
async def peer(ends: tuple[MemoryStream, MemoryStream], served: Answers) -> AsyncIterator[Peer]:
    made = Peer(ends[0], served)
    running = asyncio.create_task(made.run())
    yield made
    with anyio.fail_after(5):
        await made.close()
        await running
