"""A line to another A2A agent, whatever dialect it talks: requests with their answers, and streams, all in the shapes of 1.0."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, ConnectionTimeoutError
from yarl import URL

from hub.addresses import Reach
from hub.domain.errors import Invalid
from hub.domain.remote_agents import RemoteInterface
from hub.ports import Json
from hub.version import VERSION
from protocols.a2a.client_dialects import DIALECTS, Dialect, Sent
from protocols.a2a.errors import ERROR_INFO, A2AError
from protocols.outbound import CONNECT, FORBIDDEN, body_of, callable_host, failure
from protocols.sent_events import events

HEADERS = {"Content-Type": "application/json", "User-Agent": f"trivium/{VERSION}"}
SILENCE = 75.0
"""Seconds without a byte, a ping included, after which a stream is taken for dead."""
MOST_TEXT = 2_000
"""Characters of another's error message that are kept."""
BUSY = (429, 503)
ABSENT = (404, 405, 501)
"""What answers where there is nothing of the kind, when it says nothing of A2A's own."""
STREAMS = ("stream", "subscribe")
UNSPOKEN = frozenset({"METHOD_NOT_FOUND", "VERSION_NOT_SUPPORTED"})
REASONS = {one.code: one.reason for one in reversed(A2AError.__subclasses__()) if "reason" in vars(one)}


class Trouble(Exception):
    """The agent did not answer as it should. The reason is for people to read; nothing of this machine is in it."""

    def __init__(self, reason: str, *, lasting: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting
        """Asking again does not help: somebody has to mend something."""
        self.wait = wait
        """Seconds that it wants to be left alone."""


class Misnamed(Trouble):
    """There is no such interface where its card says."""

    def __init__(self, interface: RemoteInterface, why: str) -> None:
        super().__init__(f"its card names {interface}, and {why}", lasting=True)


class Refusal(Exception):
    """The agent answered with an error of A2A's own."""

    def __init__(self, reason: str, message: object) -> None:
        self.reason = reason
        """Of its ErrorInfo: TASK_NOT_FOUND, UNSUPPORTED_OPERATION …"""
        self.message = message[:MOST_TEXT] if isinstance(message, str) and message else "it did not say why"
        super().__init__(self.message)


KEY = "Idempotency-Key"


class Link:
    """To one interface. Raises Trouble at once for an address that the hub does not call."""

    def __init__(self, http: ClientSession, interface: RemoteInterface, headers: Mapping[str, str], reach: Reach) -> None:
        self._http, self.interface, self._headers = http, interface, headers
        self._dialect: Dialect = DIALECTS[interface.binding, interface.version](interface)
        if not callable_host(URL(interface.url).host, reach):
            raise Trouble(FORBIDDEN, lasting=True)

    async def ask(self, name: str, params: Json, seconds: float) -> Json:
        """The answer to send, get or cancel. Raises Trouble and Refusal."""
        try:
            async with asyncio.timeout(seconds), self._request(self._dialect.request(name, params), None, _key(params)) as response:
                return self._read(name, await self._document(name, response))
        except TimeoutError:
            raise Trouble(f"it did not answer within {seconds:g} seconds") from None

    async def stream(self, name: str, params: Json) -> AsyncGenerator[Json]:
        """What stream or subscribe tells, until the stream ends. Raises Trouble and Refusal."""
        async with self._request(self._dialect.request(name, params), SILENCE, _key(params)) as response:
            if response.status != 200 or response.content_type != "text/event-stream":
                yield self._read(name, await self._document(name, response))
                return
            async for event in events(response.content):
                if event.data:
                    yield self._read(name, _parsed(event.data, self.interface))

    @asynccontextmanager
    async def _request(self, sent: Sent, silence: float | None, key: str | None) -> AsyncIterator[ClientResponse]:
        accept = "application/json, application/a2a+json" if silence is None else "text/event-stream, application/json"
        headers = {**self._headers, **HEADERS, "A2A-Version": self.interface.version, "Accept": accept}
        if key:
            headers[KEY] = key
        timeout = ClientTimeout(total=None, sock_connect=CONNECT, sock_read=silence)
        body = None if sent.body is None else orjson.dumps(sent.body)
        try:
            async with self._http.request(
                sent.method, sent.url, params=sent.query, data=body, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                yield response
        except (ClientError, OSError) as error:
            if isinstance(error, TimeoutError) and silence is None and not isinstance(error, ConnectionTimeoutError):
                raise
            raise Trouble(failure(error).reason) from None

    async def _document(self, name: str, response: ClientResponse) -> Json:
        status = response.status
        if status in (401, 403):
            told = f"it refuses the hub's credentials (HTTP {status}); update_remote_agent gives it others"
            raise Trouble(told, lasting=True)
        if 300 <= status < 400:
            raise Trouble(f"it sends callers to another address (HTTP {status}); its card has to name that one", lasting=True)
        body = await body_of(response)
        document = _object(body)
        if document is not None and (refused := _refused(document)):
            raise self._misnamed_by(name, refused) or refused
        if status in BUSY:
            raise Trouble(f"it is busy (HTTP {status})", wait=_seconds(response.headers.get("Retry-After")))
        if status == 404 and document is not None and name not in ("send", "stream") and self.interface.binding != "JSONRPC":
            raise Refusal("TASK_NOT_FOUND", document.get("message"))
        if status in ABSENT:
            raise self._absent(name, f"HTTP {status} is the answer there")
        if status >= 500:
            raise Trouble(f"it answered HTTP {status}")
        if document is None:
            raise self._absent(name, "what answers there is not A2A")
        if status >= 400:
            raise Refusal("", document.get("message"))
        return document

    def _misnamed_by(self, name: str, refused: Refusal) -> Exception | None:
        said = "it does not know this version" if refused.reason == "VERSION_NOT_SUPPORTED" else "it does not know these methods"
        return self._absent(name, said) if refused.reason in UNSPOKEN else None

    def _absent(self, name: str, why: str) -> Exception:
        """An agent without streams may be there all the same: what is no stream finds out."""
        return Refusal("METHOD_NOT_FOUND", why) if name in STREAMS else Misnamed(self.interface, why)

    def _read(self, name: str, document: Json) -> Json:
        if (refused := _refused(document)) is not None:
            raise self._misnamed_by(name, refused) or refused
        try:
            return self._dialect.read(name, document)
        except Invalid as invalid:
            raise Trouble(f"it answered something that is no A2A: {invalid.message[:200]}", lasting=True) from None


def _refused(document: Json) -> Refusal | None:
    error: Any = document.get("error")
    if not isinstance(error, dict):
        return None
    details = error.get("details") or error.get("data")
    infos = [one for one in details if isinstance(one, dict) and one.get("@type") == ERROR_INFO] if isinstance(details, list) else []
    reason = infos[0].get("reason") if infos else REASONS.get(code) if isinstance(code := error.get("code"), int) else None
    return Refusal(reason if isinstance(reason, str) else "", error.get("message"))


def _parsed(data: bytes, interface: RemoteInterface) -> Json:
    document = _object(data)
    if document is None:
        raise Trouble("it sent an event that is no A2A", lasting=True)
    return document


def _object(data: bytes) -> Json | None:
    try:
        document = orjson.loads(data)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _seconds(retry_after: str | None) -> float:
    """Of a Retry-After in seconds; dates are for caches."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 6 else 0.0


def _key(params: Json) -> str | None:
    """Of a message: a hub takes it once, however often it is sent. Others ignore it."""
    message = params.get("message")
    return str(message["messageId"]) if isinstance(message, dict) else None
