"""ACP over WebSocket: a message is a text frame."""

from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, WSMsgType, web

from hub.domain.errors import HubError
from protocols.identity import confirm
from protocols.jsonrpc.peer import Closed

HEARTBEAT = 30.0
"""Seconds between two pings; an editor that does not answer one is gone."""
FAREWELL = 2.0
"""Seconds for an editor to close its end."""
LONGEST = 20_000_000
"""Bytes of a message: a prompt may bring images."""


class SocketStream:
    """A MessageStream, for as long as the token lasts with which the editor came."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.response = web.WebSocketResponse(heartbeat=HEARTBEAT, timeout=FAREWELL, max_msg_size=LONGEST, compress=False)

    async def send(self, message: bytes) -> None:
        await self._confirm()
        try:
            await self.response.send_frame(message, WSMsgType.TEXT)
        except (ConnectionError, RuntimeError):
            raise Closed("the editor has left") from None

    async def receive(self) -> AsyncIterator[bytes]:
        async for message in self.response:
            if message.type is WSMsgType.TEXT:
                await self._confirm()
                yield message.data.encode()
            elif message.type is WSMsgType.BINARY:
                await self.response.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"Messages are text frames.")

    async def close(self) -> None:
        await self.response.close(code=WSCloseCode.GOING_AWAY)

    async def _confirm(self) -> None:
        try:
            await confirm(self._request)
        except HubError as error:
            await self.response.close(code=WSCloseCode.POLICY_VIOLATION, message=b"The token is over.")
            raise Closed(error.message) from None
