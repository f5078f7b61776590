"""Reading server-sent events of others (WHATWG HTML §9.2)."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from aiohttp import StreamReader

from protocols.outbound import LARGEST, TooLong


class SentEvent(NamedTuple):
    data: bytes
    id: str | None
    """The last one that was said: where to go on."""
    retry: int | None
    """Milliseconds to wait before coming back."""


async def events(content: StreamReader) -> AsyncIterator[SentEvent]:
    """Until the stream ends. An event without data is told, too: its id counts. Raises TooLong."""
    data: list[bytes] = []
    id_, retry, size = None, None, 0
    async for line in _lines(content):
        if not line:
            if data or id_ is not None or retry is not None:
                yield SentEvent(b"\n".join(data), id_, retry)
            data, size = [], 0
            continue
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
            size += len(value)
            if size > LARGEST:
                raise TooLong
        elif name == b"id" and b"\0" not in value:
            id_ = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            retry = int(value[:9])


async def _lines(content: StreamReader) -> AsyncIterator[bytes]:
    """Without their ends, which are CR, LF or both."""
    rest = b""
    async for chunk in content.iter_any():
        rest += chunk
        if len(rest) > LARGEST:
            raise TooLong
        held = b"\r" if rest.endswith(b"\r") else b""  # maybe the first half of a CRLF
        *lines, rest = rest.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest += held
        for line in lines:
            yield line
