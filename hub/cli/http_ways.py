"""The way to a hub over HTTP: /api/rpc and /api/events."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from time import monotonic
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from hub.addresses import is_loopback
from hub.cli.options import Failure
from hub.cli.ways import KINDS, LOOK, Declined, Facts, Json, said
from protocols.outbound import failure
from protocols.sent_events import events

ANSWER = 60.0
"""Seconds for a hub to answer a call."""
QUIET = 45.0
"""Seconds without a sign of life after which a stream is over: a hub sends one every 15."""
OUT_OF_REACH = 10.0
"""Seconds for which a hub may be, in the middle of following it."""


class HttpWay:
    def __init__(self, http: ClientSession, url: str, token: str | None) -> None:
        self._http, self._url, self.near, self.again = http, url.rstrip("/"), is_loopback(url), f" --url {url}"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def call(self, operation: str, **arguments: Any) -> Json:
        request = {"jsonrpc": "2.0", "id": 1, "method": operation, "params": said(arguments)}
        try:
            address, timeout = f"{self._url}/api/rpc", ClientTimeout(ANSWER)
            async with self._http.post(address, json=request, headers=self._headers, timeout=timeout) as response:
                answer = _document(await response.read())
        except (ClientError, OSError, ValueError) as error:
            raise self._unreachable(error) from None
        if (result := answer.get("result")) is not None:
            return dict(result)
        raise _declined(answer)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Facts]:
        async with aclosing(self._pages()) as pages:
            await anext(pages)
            yield pages

    async def see_to(self, session_id: str) -> None:
        """The hub does."""

    async def _pages(self) -> Facts:
        """The first page is empty, and comes once the hub listens. A stream that breaks is gone on with behind its last event."""
        last: str | None = None
        heard = monotonic()
        while True:
            try:
                async with aclosing(self._stream(last)) as stream:
                    async for id_, fact in stream:
                        last, heard = id_ or last, monotonic()
                        yield [fact] if fact else []
            except (ClientError, OSError, ValueError) as error:
                if monotonic() - heard > OUT_OF_REACH or last is None:
                    raise self._unreachable(error) from None
            await asyncio.sleep(LOOK)

    async def _stream(self, last: str | None) -> AsyncGenerator[tuple[str | None, Json | None]]:
        headers = {**self._headers, **({"Last-Event-ID": last} if last else {})}
        address, timeout = f"{self._url}/api/events?kinds={','.join(KINDS)}", ClientTimeout(total=None, sock_read=QUIET)
        async with self._http.get(address, headers=headers, timeout=timeout) as response:
            if response.status != 200:
                raise _declined(_document(await response.read()))
            yield None, None
            async for event in events(response.content):
                yield event.id, json.loads(event.data) if event.data else None

    def _unreachable(self, error: Exception) -> Failure:
        wrong = "it answers like no hub does" if isinstance(error, ValueError) else failure(error).reason
        return Failure(f"The hub at {self._url} cannot be asked: {wrong}.")


def _document(body: bytes) -> Json:
    """Raises ValueError."""
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("a hub answers with an object")
    return document


def _declined(answer: Json) -> Declined:
    """Of an error document, as it is or in a JSON-RPC error."""
    error = answer.get("error")
    document = error.get("data") if isinstance(error, dict) else answer
    told = document if isinstance(document, dict) else {}
    return Declined(str(told.get("error", "the hub gives no reason")), str(told.get("kind")))
