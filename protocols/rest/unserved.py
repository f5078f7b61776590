"""Answers for the paths of the web API that are about its own product: the table of them is `tables/product.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from hub.domain.errors import Invalid, Kind, NotFound, Unsupported
from hub.domain.model import instant, utc_now

HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}


@dataclass(frozen=True)
class Unserved:
    """One row. Without `answer` and `noun` the path is what the hub does not do: 501."""

    method: str
    path: str
    why: str
    """A sentence that whoever called may read."""
    answer: Mapping[str, Any] | None = None
    """What is true of a hub that has none of this."""
    noun: str | None = None
    """Of what the path names one: there is none, so it is never found."""
    stamp: str | None = None
    """The field of the answer with the time at which it is made."""
    echo: tuple[str, ...] = ()
    """Parameters of the query that the answer repeats."""
    needs: tuple[str, ...] = ()
    """Parameters of the query, each of which must be there."""
    one_of: tuple[str, ...] = ()
    """Parameters of the query of which one must be there."""

    @property
    def error(self) -> Kind | None:
        if self.answer is not None:
            return None
        return "not_found" if self.noun else "unsupported"

    @property
    def query(self) -> dict[str, bool]:
        """The parameters of the query, and whether each of them must be there."""
        return {**dict.fromkeys((*self.one_of, *self.echo), False), **dict.fromkeys(self.needs, True)}

    async def handle(self, request: web.Request) -> web.Response:
        if missing := [name for name in self.needs if not request.query.get(name)]:
            raise Invalid(f"{missing[0]}: it must be given")
        if self.one_of and not any(request.query.get(name) for name in self.one_of):
            raise Invalid(f"One of these must be given: {', '.join(self.one_of)}.")
        if self.noun:
            raise NotFound(self.noun, next(iter(request.match_info.values()), " ".join(request.query.values())))
        if self.answer is None:
            raise Unsupported(self.why)
        stamp = {self.stamp: instant(utc_now())} if self.stamp else {}
        echo = {name: request.query[name] for name in self.echo if name in request.query}
        return web.Response(body=orjson.dumps({**self.answer, **echo, **stamp}), headers=HEADERS)
