"""A door whose libraries are slow to import is made at its first call, in a thread, so that starting is quick and nobody waits."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def lazy(make: Callable[[], Handler]) -> Handler:
    made: asyncio.Task[Handler] | None = None

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal made
        if made is None:
            made = asyncio.create_task(asyncio.to_thread(make))
        handler = made.result() if made.done() else await asyncio.shield(made)
        return await handler(request)

    return handle
