"""Backends that are asked: hubs, and small servers that answer what a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from protocols.parity.contracts import Contract
from protocols.parity.live import Backend
from protocols.parity.world import World

Answers = dict[str, Callable[[web.Request], Any]]
"""By method and path: what is answered as JSON with 200, or a response."""


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """The address of a server."""
    app = web.Application()
    for name, answer in answers.items():
        method, path = name.split(" ")
        app.router.add_route(method, path, _handler(answer))
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


def _handler(answer: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.StreamResponse:
        answered = answer(request)
        return answered if isinstance(answered, web.StreamResponse) else web.json_response(answered)

    return handle


@asynccontextmanager
async def backend(url: str, own: bool = True, has: Contract | None = None, **names: str) -> AsyncIterator[Backend]:
    async with ClientSession() as http:
        yield Backend(http, url, World.new(**names), own, has)


def refused(status: int) -> Callable[[web.Request], web.Response]:
    return lambda _: web.json_response({"error": "no"}, status=status)
