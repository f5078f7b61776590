"""Reading a JSON body, with the error that the caller needs when it is none."""

from typing import Any

import orjson
from aiohttp import web

from hub.domain.errors import Invalid, UnsupportedMedia


async def json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        raise UnsupportedMedia("The body must be JSON, with the header Content-Type: application/json.")
    return await request.read()


def parsed(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except ValueError:
        raise Invalid("The input is not valid JSON") from None
    if not isinstance(given, dict):
        raise Invalid("The body must be a JSON object.")
    return given
