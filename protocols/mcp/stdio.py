"""MCP over stdio: one client, for as long as its pipe is open."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from mcp.server.session import ServerSession
from mcp.server.stdio import stdio_server
from mcp_types import Notification
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import Busy, Forbidden, Unavailable
from hub.operations.base import Profile
from hub.ports import Json
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.listening import Wanted, changes
from protocols.mcp.modern import answering
from protocols.mcp.server import Context, introduction, server
from protocols.mcp.session import LINKED
from protocols.mcp.tasks import elicits, extensions_of

PAUSE = 1.0
"""Seconds until a store that did not answer is asked again."""


class StdioPeer:
    """The one client. What its session follows (handshake era) is told from the first subscription on."""

    def __init__(self, hub: Hub, profile: Profile, caller: Caller) -> None:
        self._hub, self._asker = hub, Asker(caller, profile)
        self._wanted = Wanted()
        self._telling: asyncio.Task[None] | None = None

    def asker(self, ctx: Context) -> Asker:
        able, version = ctx.session.client_capabilities, ctx.protocol_version
        modern, form = version in MODERN_PROTOCOL_VERSIONS, elicits(able)
        told = ctx.session.report_progress if ctx.meta and ctx.meta.get("progress_token") is not None else None
        made = Asker(
            self._asker.caller, self._asker.profile, extensions_of(able) if modern else frozenset(), told, form, version >= LINKED,
            ask=partial(_ask, ctx) if form and not modern else None,
        )  # fmt: skip
        return answering(made, ctx.params or {}) if modern else made

    async def wanted(self, ctx: Context) -> Wanted:
        if self._telling is None:
            cursor = await self._hub.store.latest()
            self._telling = self._telling or asyncio.create_task(self._tell(ctx.session, cursor))
        return self._wanted

    async def close(self) -> None:
        if self._telling:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell(self, session: ServerSession, cursor: int) -> None:
        """A store that does not answer is asked again: the client has no other stream to come back with."""
        with suppress(Forbidden):
            while True:
                try:
                    async for page, news in changes(self._hub, self._asker.caller, cursor, self._wanted):
                        for told in news:
                            said: Any = Notification[dict[str, Any], str](method=told.method, params=told.params)
                            await session.send_notification(said)
                        cursor = page.cursor
                except (Busy, Unavailable):
                    await asyncio.sleep(PAUSE)


async def _ask(ctx: Context, form: Json) -> Json:
    try:
        answer = await ctx.session.elicit_form(form["message"], form["requestedSchema"], ctx.request_id)
    except ValidationError:  # what it answered is no answer
        return {}
    return answer.model_dump(mode="json", by_alias=True)


async def serve(hub: Hub, profile: Profile, caller: Caller = LOCAL) -> None:
    """Serve this process's standard input and output until the client closes them."""
    peer = StdioPeer(hub, profile, caller)
    calls = Calls(hub)
    made = server(hub, calls, profile, peer)
    try:
        async with stdio_server() as (reads, writes):
            await made.run(reads, writes, introduction(made))
    finally:
        await peer.close()
        await calls.close()
