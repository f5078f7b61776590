"""Reading a JSON body, with the error that the caller needs when it is none."""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from hub.domain.errors import Invalid, UnsupportedMedia

SLOWEST = 60.0
"""Seconds within which a body is there: whoever sends it byte by byte, or never, holds nothing up."""


async def body_of(request: web.Request) -> bytes:
    """Raises HTTPException."""
    if request.content.is_eof():  # it came with its headers
        return await request.read()
    try:
        async with asyncio.timeout(SLOWEST):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(reason=f"The body was not there within {SLOWEST:g} seconds.") from None


async def json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        raise UnsupportedMedia("The body must be JSON, with the header Content-Type: application/json.")
    return await body_of(request)


def parsed(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except ValueError:
        raise Invalid("The input is not valid JSON") from None
    if not isinstance(given, dict):
        raise Invalid("The body must be a JSON object.")
    return given
