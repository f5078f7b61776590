"""A two-way JSON-RPC 2.0 connection: both sides ask, answer and tell, over any stream of messages.

Messages are handled in the order of the wire. A notification is awaited before the next message is read; a request takes its first
step before that, and goes on beside the reading. So nothing may hold the reading up: a request beyond IN_PROGRESS is refused, because
it could wait for good for those before it, which may wait for an answer or a cancellation that nobody would read. Who floods without
reading its answers is held up all the same: an answer that waits to be written counts as in progress, and a refusal is written by the
reader itself.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import suppress
from itertools import count
from typing import Any, Protocol

import orjson

from hub.ports import Json

log = logging.getLogger("jsonrpc")

INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32600, -32601, -32602, -32603
CANCELLED, BUSY = -32800, -32003
CANCEL = "$/cancel_request"
IN_PROGRESS = 500
"""Requests of the other side that are not answered yet."""
GRACE = 2.0
"""Seconds for handlers to end once they are cancelled, when the connection closes."""
ENDED = "the other side has ended the connection"


class RpcError(Exception):
    """What the other side answered, or what a handler answers."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Closed(Exception):
    """The connection is over; its text says why, for people to read."""


class MessageStream(Protocol):
    async def send(self, message: bytes) -> None:
        """One message, without an end of line. Waits while the other side does not read. Cancelled, it has sent all of it or nothing.
        Raises Closed."""

    def receive(self) -> AsyncIterator[bytes]:
        """Until the other side ends. Raises Closed at the end where it can say why."""

    async def close(self) -> None:
        """May be called again."""


class Served(Protocol):
    """What this side answers."""

    def request(self, method: str, params: Json) -> Awaitable[Any]:
        """The result. Called in the order of the wire. Raises RpcError; anything else is logged and answered with a fixed text."""

    async def notification(self, method: str, params: Json) -> None:
        """The next message is read when it returns, so it must not wait for an answer of the other side."""


class Peer:
    def __init__(self, stream: MessageStream, served: Served) -> None:
        self._stream, self._served = stream, served
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Json | None]] = {}
        """By our ids: the response, or None when the connection has ended."""
        self._running: dict[int | str | None, asyncio.Task[None]] = {}
        """By the other side's ids."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._over: str | None = None
        self.ignored = 0
        """Messages that meant nothing."""

    @property
    def over(self) -> bool:
        """The connection has ended, or is ending: what is cancelled now is cancelled for that."""
        return self._over is not None

    async def run(self) -> str:
        """Read until the stream ends or close(). Then every request that waits fails with Closed, handlers end, the stream is closed.
        Answers why it is over."""
        self._reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait((self._reading,))
        finally:
            await self.close()
        return self._over or ENDED

    async def request(self, method: str, params: Json, seconds: float | None = None) -> Any:
        """The result. Raises RpcError, Closed, TimeoutError. A request that nobody waits for any more is withdrawn."""
        id_, sent = next(self._ids), False
        waiting = self._waiting[id_] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                async with self._writing:
                    self._must_stand()
                    sent = True
                    await self._stream.send(orjson.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}))
                response = await waiting
        except (asyncio.CancelledError, TimeoutError):
            if sent and self._over is None:
                self._beside(self._withdraw(id_))
            raise
        finally:
            del self._waiting[id_]
        if response is None:
            raise Closed(self._over or ENDED)
        return _result(response)

    async def notify(self, method: str, params: Json) -> None:
        """Raises Closed."""
        await self._write(orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    async def close(self, reason: str = "the hub has closed the connection") -> None:
        self._end(reason)
        ending, current = set(self._tasks), asyncio.current_task()
        if self._reading and self._reading is not current:
            self._reading.cancel()
            ending.add(self._reading)
        ending -= {current}
        if ending:
            _, stuck = await asyncio.wait(ending, timeout=GRACE)
            if stuck:
                log.warning("%d requests go on although they were cancelled", len(stuck))
        await self._stream.close()

    async def _read(self) -> None:
        reason = ENDED
        try:
            async for message in self._stream.receive():
                await self._hear(message)
                if self._over is not None:
                    break
        except Closed as closed:
            reason = str(closed)
        except Exception:
            log.exception("reading failed")
            reason = "the connection broke"
        self._end(reason)

    def _end(self, reason: str) -> None:
        if self._over is None:
            self._over = reason
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(None)
            current = asyncio.current_task()
            for task in self._tasks:
                if task is not current:
                    task.cancel()

    async def _hear(self, line: bytes) -> None:
        message = _parsed(line)
        method = message.get("method")
        if not isinstance(method, str):
            self._answered(message)
            return
        params = message.get("params")
        if params is None:
            params = {}
        if "id" in message:
            await self._asked(message["id"], method, params)
        elif not isinstance(params, dict):
            self._ignore("a notification whose params are no object")
        elif method == CANCEL:
            self._cancel(params.get("requestId"))
        else:
            try:
                await self._served.notification(method, params)
            except Exception:
                log.exception("the notification %.80r failed", method)

    def _answered(self, message: Json) -> None:
        id_ = message.get("id")
        waiting = self._waiting.get(id_) if type(id_) is int else None
        if waiting is None or waiting.done():
            self._ignore("what is no message, or answers no request")
        else:
            waiting.set_result(message)

    async def _asked(self, id_: Any, method: str, params: Any) -> None:
        known = id_ is None or (isinstance(id_, int | str) and not isinstance(id_, bool))
        if not known:
            refused = RpcError(INVALID_REQUEST, "The id of a request is a string or a whole number")
        elif id_ in self._running:
            refused = RpcError(INVALID_REQUEST, "A request with this id is in progress: give each its own")
        elif not isinstance(params, dict):
            refused = RpcError(INVALID_PARAMS, "The params of a request are an object")
        elif len(self._tasks) >= IN_PROGRESS:
            refused = RpcError(BUSY, f"{IN_PROGRESS} requests are in progress: send this one again when some are answered")
        else:
            self._running[id_] = self._beside(self._answer(id_, method, params))
            await asyncio.sleep(0)  # its first step, before the next message
            return
        with suppress(Closed):
            await self._write(_refusal(id_ if known else None, refused))

    async def _answer(self, id_: int | str | None, method: str, params: Json) -> None:
        try:
            message = orjson.dumps({"jsonrpc": "2.0", "id": id_, "result": await self._served.request(method, params)})
        except RpcError as error:
            message = _refusal(id_, error)
        except asyncio.CancelledError:
            message = _refusal(id_, RpcError(CANCELLED, "The request was cancelled"))
        except Exception:
            log.exception("the request %.80r failed", method)
            message = _refusal(id_, RpcError(INTERNAL_ERROR, "The request failed inside; the log of this side says why"))
        finally:
            self._running.pop(id_, None)
        with suppress(Closed):
            await self._write(message)

    def _cancel(self, id_: object) -> None:
        task = self._running.get(id_) if isinstance(id_, int | str | None) else None
        if task:
            task.cancel()
        else:
            self._ignore("a cancellation of what is not in progress")

    async def _withdraw(self, id_: int) -> None:
        with suppress(Closed):
            await self.notify(CANCEL, {"requestId": id_})

    async def _write(self, message: bytes) -> None:
        """One after the other, so that who waits holds the others up, and nothing piles up in the stream."""
        async with self._writing:
            self._must_stand()
            await self._stream.send(message)

    def _must_stand(self) -> None:
        if self._over is not None:
            raise Closed(self._over)

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _ignore(self, what: str) -> None:
        self.ignored += 1
        log.debug("ignored: %s", what)


def _parsed(line: bytes) -> Json:
    """Empty for what is no object. JavaScript cuts characters in two (a lone surrogate), which orjson refuses: they become `?`."""
    try:
        message = orjson.loads(line)
    except ValueError:
        try:
            message = orjson.loads(json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return {}
    return message if isinstance(message, dict) else {}


def _result(response: Json) -> Any:
    error = response.get("error")
    if error is None and "result" in response:
        return response["result"]
    told = error if isinstance(error, dict) else {}
    code, message = told.get("code"), told.get("message")
    raise RpcError(
        code if isinstance(code, int) else INTERNAL_ERROR,
        message if isinstance(message, str) else "It answered neither a result nor an error",
        told.get("data"),
    )


def _refusal(id_: int | str | None, error: RpcError) -> bytes:
    told = {"code": error.code, "message": error.message}
    return orjson.dumps({"jsonrpc": "2.0", "id": id_, "error": told if error.data is None else {**told, "data": error.data}})
