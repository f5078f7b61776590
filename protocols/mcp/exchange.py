"""One HTTP request as the SDK's kernel sees it: a DispatchContext without a way back, because every answer is one JSON document."""

from collections.abc import Mapping
from typing import Any

import anyio
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import RequestId

from hub.access import Caller

TRANSPORT = TransportContext(kind="streamable-http", can_send_request=False)


class Exchange:
    can_send_request = False
    transport = TRANSPORT

    def __init__(self, request_id: RequestId | None, caller: Caller) -> None:
        self.request_id = request_id
        self.message_metadata = ServerMessageMetadata(request_context=caller)
        self.cancel_requested = anyio.Event()

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        """No tool of the hub takes long enough to tell of its progress."""

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """See `notify`."""
