"""What happens to a task as server-sent events (WHATWG HTML §9.2)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from protocols.a2a.service import Stream
from protocols.streams import PING


async def frames(updates: Stream, before: bytes = b"", behind: bytes = b"") -> AsyncGenerator[bytes, None]:
    """`before` and `behind` stand around each event: the envelope of JSON-RPC. Events of one fact are written together."""
    waiting: list[bytes] = []
    async with aclosing(updates):
        async for update in updates:
            if update is None:
                yield PING
                continue
            waiting.append(b"id: %b\ndata: %b%b%b\n\n" % (update.id.encode(), before, update.body, behind))
            if "." not in update.id:  # else more of the same fact follows at once
                yield b"".join(waiting)
                waiting = []
