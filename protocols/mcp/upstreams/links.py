"""A line to another MCP server, whatever carries it: requests with their answers, and what the server says by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import orjson
from mcp_types import METHOD_NOT_FOUND

from hub.ports import Json

Progress = Callable[[float, float | None, str | None], Awaitable[None]]
Notice = Callable[[str], None]
"""Told the method of every notification but progress."""
TOOLS_CHANGED = "notifications/tools/list_changed"
NOT_WITHDRAWN = ("initialize", "server/discover")
"""What a client may not cancel (2025-11-25 §basic/utilities/cancellation)."""


class Trouble(Exception):
    """The server did not answer as it should. The reason is for the caller to read; nothing of this machine is in it."""

    def __init__(self, reason: str, *, done: bool, lost: bool = True, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.done = done
        """Whether the request may have been acted on."""
        self.lost = lost
        """Whether the session is over."""
        self.status = status
        """The HTTP status, where that is the reason."""


class Refusal(Exception):
    """The server answered with a JSON-RPC error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        code, message = error.get("code"), error.get("message")
        self.code = code if isinstance(code, int) else 0
        self.message = message[:2000] if isinstance(message, str) else "it did not say why"
        self.data = error.get("data")
        super().__init__(self.message)


class Link(Protocol):
    async def request(
        self, method: str, params: Json, seconds: float | None, headers: Mapping[str, str], progress: Progress | None = None
    ) -> Json:
        """The result. Progress begins the time anew. `params` is the link's to complete. Raises Trouble and Refusal."""

    async def notify(self, method: str, headers: Mapping[str, str]) -> None:
        """Without parameters. Raises Trouble."""

    async def listen(self, headers: Mapping[str, str]) -> None:
        """Take in what the server of the handshake era says outside of requests, until it says no more. Raises Trouble."""

    async def close(self) -> None: ...


def request(id_: int, method: str, params: Json) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})


def notification(method: str, params: Json | None = None) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})})


def cancelled(id_: int) -> bytes:
    return notification("notifications/cancelled", {"requestId": id_, "reason": "nobody waits for it any more"})


def with_token(params: Json, token: int) -> Json:
    """Asks the server to tell of its progress."""
    return {**params, "_meta": {**params.get("_meta", {}), "progressToken": token}}


def reply(asked: Json) -> bytes:
    """To a request of the server: the hub declares no capability, so only a ping is answered."""
    if asked["method"] == "ping":
        return orjson.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {}})
    error = {"code": METHOD_NOT_FOUND, "message": "This client has no such method"}
    return orjson.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error})


def result_of(message: Json) -> Json:
    """Raises Refusal, and Trouble for what is neither."""
    if isinstance(error := message.get("error"), dict):
        raise Refusal(error)
    result = message.get("result")
    if not isinstance(result, dict):
        raise Trouble("it answered something that is no MCP message", done=True, lost=False)
    return result


async def tell(progress: Progress, message: Json) -> None:
    """Pass a progress notification on."""
    params = message.get("params") or {}
    told, total, text = params.get("progress"), params.get("total"), params.get("message")
    if isinstance(told, int | float):
        await progress(told, total if isinstance(total, int | float) else None, text if isinstance(text, str) else None)


class Background:
    """What is said without waiting for it, and given up at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _quietly(self, work: Awaitable[None]) -> None:
        with suppress(Trouble):  # nobody waits for it
            await work
