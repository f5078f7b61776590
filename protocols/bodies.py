"""Reading a JSON body, with the error that the caller needs when it is none."""

import asyncio
from typing import Any

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from hub.domain.errors import Invalid, UnsupportedMedia

FORM = "multipart/form-data"
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
        raise late() from None


def late() -> web.HTTPRequestTimeout:
    return web.HTTPRequestTimeout(reason=f"The body was not there within {SLOWEST:g} seconds.")


async def json_body(request: web.Request) -> bytes:
    if request.content_type != "application/json":
        raise UnsupportedMedia("The body must be JSON, with the header Content-Type: application/json.")
    return await body_of(request)


async def uploaded(request: web.Request) -> bytes:
    """The file in a form's field `file`. Raises Invalid, HTTPException."""
    try:
        async with asyncio.timeout(SLOWEST):
            form = await request.post()
    except TimeoutError:
        raise late() from None
    except (ValueError, AssertionError, HttpProcessingError):  # what aiohttp raises for the different ways to be none
        raise Invalid("The form is broken. Send it as multipart/form-data, with the file in the field `file`.") from None
    file = form.get("file")
    if not isinstance(file, web.FileField):
        raise Invalid("file: the form must have a field of this name, with a file in it.")
    with file.file:
        return file.file.read()


def parsed(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except ValueError:
        raise Invalid("The input is not valid JSON") from None
    if not isinstance(given, dict):
        raise Invalid("The body must be a JSON object.")
    return given
