"""Reading server-sent events as a browser does (WHATWG HTML §9.2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import anyio
import orjson
from aiohttp import ClientResponse

from tests.protocols.conftest import Http

PATIENCE = 5.0


class Frame(NamedTuple):
    id: str | None
    event: str | None
    data: Any
    """Parsed."""
    comment: str | None

    @property
    def cursor(self) -> int:
        assert self.id is not None
        return int(self.id)


class Stream:
    def __init__(self, response: ClientResponse) -> None:
        self.response = response

    async def frame(self) -> Frame:
        """The next one. Raises EOFError at the end of the stream."""
        fields: dict[str, str] = {}
        with anyio.fail_after(PATIENCE):
            while line := (await self.response.content.readline()).decode():
                if line == "\n":
                    data = fields.get("data")
                    return Frame(fields.get("id"), fields.get("event"), orjson.loads(data) if data else None, fields.get(""))
                name, _, value = line.rstrip("\n").partition(":")
                assert name not in fields, "a frame says everything once"
                fields[name] = value.removeprefix(" ")
        raise EOFError

    async def frames(self, count: int) -> list[Frame]:
        """So many frames, comments left out."""
        found: list[Frame] = []
        while len(found) < count:
            frame = await self.frame()
            if frame.comment is None:
                found.append(frame)
        return found


@asynccontextmanager
async def listening(http: Http, path: str, last: int | None = None, **query: str) -> AsyncIterator[Stream]:
    """Connected, with the greeting still to be read."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with http.get(path, params=query, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)
