"""Streamable HTTP towards another MCP server, both eras (2025-11-25 and 2026-07-28 §basic/transports)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ConnectionTimeoutError
from yarl import URL

from hub.addresses import Reach
from hub.ports import Json
from hub.version import VERSION
from protocols.mcp.upstreams.links import (
    NOT_WITHDRAWN,
    TOOLS_CHANGED,
    Background,
    Notice,
    Progress,
    Refusal,
    Trouble,
    cancelled,
    notification,
    reply,
    request,
    result_of,
    tell,
    with_token,
)  # fmt: skip
from protocols.outbound import FORBIDDEN, body_of, callable_host, failure
from protocols.sent_events import events

SESSION = "Mcp-Session-Id"
HEADERS = {
    "Accept": "application/json, text/event-stream", "Content-Type": "application/json", "User-Agent": f"trivium/{VERSION}",
}  # fmt: skip
ASIDE = 5.0
"""Seconds for what nobody waits for: a withdrawal, an answer to a ping, the end of a session."""
RETRY = 1000
"""Milliseconds to wait before coming back to a stream, when the server does not say."""
FORGOTTEN = "it has forgotten the session"
NO_SESSION = (-32_000, -32_600)
"""Codes with which servers that know the session no more say 400 where the specification says 404."""


@dataclass(slots=True)
class Asked:
    """A request that waits for its answer, which may come on more than one stream."""

    id: int
    headers: Mapping[str, str]
    progress: Progress | None
    limit: asyncio.Timeout
    seconds: float | None
    last: str | None = None
    retry: int = RETRY


class HttpLink:
    def __init__(self, http: ClientSession, url: str, headers: Mapping[str, str], reach: Reach, notice: Notice) -> None:
        """Raises Trouble."""
        self._http, self._url, self._notice = http, URL(url), notice
        self._headers = {**headers, **HEADERS}
        self._ids = count(1)
        self._session: dict[str, str] = {}
        self._background = Background()
        if not callable_host(self._url.host, reach):
            raise Trouble(FORBIDDEN, done=False)

    async def request(
        self, method: str, params: Json, seconds: float | None, headers: Mapping[str, str], progress: Progress | None = None
    ) -> Json:
        id_ = next(self._ids)
        if progress:
            params = with_token(params, id_)
        over = False
        try:
            async with asyncio.timeout(seconds) as limit, self._exchange("POST", headers, request(id_, method, params)) as response:
                if method == "initialize" and (session := response.headers.get(SESSION)):
                    self._session = {SESSION: session}
                message = await self._answer(response, Asked(id_, headers, progress, limit, seconds))
            over = True
            return result_of(message)
        except (ClientError, OSError) as error:
            over = not isinstance(error, TimeoutError) or isinstance(error, ConnectionTimeoutError)
            if not over:
                raise Trouble(f"it did not answer within {seconds or 0:g} seconds", done=True, lost=False) from None
            raise _trouble(error) from None
        except (Trouble, Refusal):
            over = True
            raise
        finally:
            if not over and self._session and method not in NOT_WITHDRAWN:  # without a session, hanging up is enough
                self._background.start(self._aside(cancelled(id_), headers))

    async def notify(self, method: str, headers: Mapping[str, str]) -> None:
        await self._aside(notification(method), headers)

    async def listen(self, headers: Mapping[str, str]) -> None:
        last: dict[str, str] = {}
        while True:
            retry = RETRY
            try:
                async with self._exchange("GET", {**headers, **last}) as response:
                    if response.status != 200 or response.content_type != "text/event-stream":
                        return
                    async for event in events(response.content):
                        last = {"Last-Event-ID": event.id} if event.id is not None else last
                        retry = event.retry or retry
                        self._hear(event.data, headers)
            except (ClientError, OSError) as error:
                raise _trouble(error) from None
            self._notice(TOOLS_CHANGED)  # maybe they did, while nobody listened
            await asyncio.sleep(retry / 1000)

    async def close(self) -> None:
        await self._background.close()
        if self._session:
            try:
                async with asyncio.timeout(ASIDE), self._exchange("DELETE", {}):
                    pass
            except (ClientError, OSError):  # TimeoutError is one
                pass

    def _exchange(self, method: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:
        sent = {**self._headers, **self._session, **headers}
        return self._http.request(method, self._url, data=body, headers=sent, allow_redirects=False)

    async def _answer(self, response: ClientResponse, asked: Asked) -> Json:
        if response.status != 200:
            raise await self._refused(response)
        if response.content_type != "text/event-stream":
            return _parsed(await body_of(response))
        message = await self._read(response, asked)
        while message is None and asked.last is not None and self._session:  # it lets the client come back (SEP-1699)
            await asyncio.sleep(asked.retry / 1000)
            async with self._exchange("GET", {**asked.headers, "Last-Event-ID": asked.last}) as again:
                if again.status != 200 or again.content_type != "text/event-stream":
                    break
                message = await self._read(again, asked)
        if message is None:
            raise Trouble("it ended the stream without an answer", done=True)
        return message

    async def _read(self, response: ClientResponse, asked: Asked) -> Json | None:
        """The response, if it comes before the stream ends."""
        async for event in events(response.content):
            asked.last, asked.retry = asked.last if event.id is None else event.id, event.retry or asked.retry
            message = self._hear(event.data, asked.headers)
            if message and "method" not in message:
                return message
            if message and asked.progress and _token(message) == asked.id:
                await tell(asked.progress, message)
                if asked.seconds is not None:
                    asked.limit.reschedule(asyncio.get_running_loop().time() + asked.seconds)
        return None

    def _hear(self, data: bytes, headers: Mapping[str, str]) -> Json | None:
        """A response, or progress, for whoever waits for it. Everything else is seen to."""
        if not data:
            return None
        message = _parsed(data)
        method = message.get("method")
        if not isinstance(method, str) or method == "notifications/progress":
            return message
        if "id" in message:
            self._background.start(self._aside(reply(message), headers))
        else:
            self._notice(method)
        return None

    async def _aside(self, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            async with asyncio.timeout(ASIDE), self._exchange("POST", headers, body):
                pass
        except (ClientError, OSError) as error:
            raise _trouble(error) from None

    async def _refused(self, response: ClientResponse) -> Trouble | Refusal:
        status = response.status
        if status in (401, 403):
            told = f"it refuses the credentials in its headers (HTTP {status}); update_mcp_server gives it others"
            return Trouble(told, done=False, lost=False, status=status)
        if status == 404 and self._session:
            return Trouble(FORGOTTEN, done=False, status=status)
        if 300 <= status < 400:
            told = f"it sends callers to another address (HTTP {status}); register that one"
            return Trouble(told, done=False, lost=False, status=status)
        if response.content_type == "application/json":
            message = _parsed(await body_of(response))
            if isinstance(error := message.get("error"), dict):
                stranger = status == 400 and self._session and error.get("code") in NO_SESSION
                return Trouble(FORGOTTEN, done=False, status=status) if stranger else Refusal(error)
        return Trouble(f"it answered HTTP {status}", done=status >= 500, lost=False, status=status)


def _parsed(data: bytes) -> Json:
    try:
        message = orjson.loads(data)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise Trouble("it answered something that is no MCP message", done=True, lost=False)
    return message


def _token(message: Json) -> object:
    params = message.get("params")
    return params.get("progressToken") if isinstance(params, dict) else None


def _trouble(error: Exception) -> Trouble:
    reason, sent = failure(error)
    return Trouble(reason, done=sent)
