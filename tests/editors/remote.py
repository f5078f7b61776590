"""Editors that reach the hub over HTTP: the two transports of the RFD, as the SDK wants them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import ClientResponse, ClientWebSocketResponse, WSMsgType

from hub.ports import Json
from protocols.sent_events import events
from tests.protocols.conftest import Http

CONNECTION, SESSION = "Acp-Connection-Id", "Acp-Session-Id"


class SocketTransport:
    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, message: Json) -> None:
        await self.socket.send_str(orjson.dumps(message).decode())

    async def receive(self) -> Json | None:
        message = await self.socket.receive()
        return dict(orjson.loads(message.data)) if message.type is WSMsgType.TEXT else None

    async def close(self) -> None:
        await self.socket.close()


class EventsTransport:
    """Opens the stream of each session before it says the first thing about it, as the official client does."""

    def __init__(self, http: Http, headers: Mapping[str, str] | None = None) -> None:
        self._http, self._headers = http, dict(headers or {})
        self._inbox: asyncio.Queue[Json | None] = asyncio.Queue()
        self._open: dict[str | None, tuple[ClientResponse, asyncio.Task[None]]] = {}
        self._asked: dict[Any, str] = {}

    @property
    def connection_id(self) -> str:
        return self._headers[CONNECTION]

    async def send(self, message: Json) -> None:
        session_id = message.get("params", {}).get("sessionId") or self._asked.pop(message.get("id"), None)
        if session_id:
            await self.listen(session_id)
        headers = self._headers | ({SESSION: session_id} if session_id else {})
        async with self._http.post("/acp", json=message, headers=headers) as response:
            if message.get("method") == "initialize":
                self._headers[CONNECTION] = response.headers[CONNECTION]
                await self.listen(None)
                self._inbox.put_nowait(await response.json())
            else:
                assert (response.status, await response.read()) == (202, b"")

    async def receive(self) -> Json | None:
        return await self._inbox.get()

    async def close(self) -> None:
        for response, reading in self._open.values():
            reading.cancel()
            response.close()
        await asyncio.gather(*(reading for _, reading in self._open.values()), return_exceptions=True)
        self._inbox.put_nowait(None)

    async def listen(self, session_id: str | None) -> None:
        if session_id in self._open:
            return
        headers = self._headers | {"Accept": "text/event-stream"} | ({SESSION: session_id} if session_id else {})
        response = await self._http.get("/acp", headers=headers)
        assert response.status == 200
        self._open[session_id] = response, asyncio.create_task(self._read(response))

    async def _read(self, response: ClientResponse) -> None:
        async for event in events(response.content):
            if event.data:
                message: Json = orjson.loads(event.data)
                if "method" in message and "id" in message:
                    self._asked[message["id"]] = message["params"]["sessionId"]
                self._inbox.put_nowait(message)
