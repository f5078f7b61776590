"""The web API as its description says, served by a hub that calls nobody, starts nothing and works in a temporary folder of its own."""

import asyncio
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from aiohttp.test_utils import TestServer
from schemathesis import Case, openapi
from schemathesis.core.result import Ok

from hub.app import Hub
from hub.ports import Json
from hub.programs import PathPrograms
from protocols.http import application
from protocols.rest.doors import DOORS
from protocols.rest.openapi import description
from protocols.rest.routes import STREAMS
from stores import vault
from stores.git.repositories import GitRepositories
from stores.memory import MemoryStore
from tests.fuzz.hubs import Kept, over
from tests.protocols.cases import CASES, PARTS
from tests.protocols.conftest import LIBRARY, NOBODY, SETTINGS, asking_at, library
from tests.repositories import repository_of

LEFT_OUT: Mapping[str, str] = {
    **{f"{one.method} /api{one.path}": "a protocol of its own, with its own fuzzing and its own errors" for one in DOORS},
    **{f"{one.method} /api{one.path}": "a stream ends when its reader goes" for one in STREAMS},
}
"""Operations that are not asked at random, and why."""


class Good(NamedTuple):
    """What a request says that is answered, with the names in braces of what it needs."""

    path: Json
    query: Json
    body: Json


@cache
def operations() -> Mapping[str, Any]:
    """By method and path, in the order of the description."""
    found = [one for one in openapi.from_dict(description()).get_all_operations() if isinstance(one, Ok)]
    return {one.ok().label: one.ok() for one in found if one.ok().label not in LEFT_OUT}


def concerns() -> Mapping[str, list[str]]:
    """The operations by the first word of their paths."""
    found: dict[str, list[str]] = {}
    for label in operations():
        found.setdefault(label.split("/")[2], []).append(label)
    return found


@cache
def good_requests() -> Mapping[str, list[Good]]:
    """By method and path, from the cases of every row."""
    known: dict[str, list[Good]] = {}
    for case in CASES:
        method, path, _ = case.row
        at, _, query = case.url.partition("?")
        pattern = "".join(f"(?P<{part[1:-1]}>.+)" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", path))
        found = re.fullmatch(pattern, at)
        assert found, case
        known.setdefault(f"{method} /api{path}", []).append(Good(found.groupdict(), dict(parse_qsl(query)), case.body or {}))
    return known


class Served(NamedTuple):
    url: str
    made: Mapping[str, str]
    errors: Kept

    def named(self, value: Any) -> Any:
        """With what was made in the place of a name in braces."""
        return self.made.get(value[1:-1], value) if isinstance(value, str) and re.fullmatch(r"{\w+}", value) else value

    def fill(self, case: Case[Any]) -> None:
        for place in (case.path_parameters, case.query, case.body):
            if isinstance(place, dict):
                place |= {name: self.named(value) for name, value in place.items()}


@contextmanager
def serving() -> Iterator[Served]:
    """On a loop in a thread of its own, as a client waits for its answer."""
    loop, errors = asyncio.new_event_loop(), Kept(logging.ERROR)
    thread = Thread(target=loop.run_forever)
    thread.start()
    logging.getLogger().addHandler(errors)

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    try:
        hub = _hub()
        made = wait(_furnish(hub))
        server = TestServer(application(hub, SETTINGS))
        wait(server.start_server(shutdown_timeout=0.2))
        yield Served(str(server.make_url("")).rstrip("/"), made, errors)
        wait(server.close())
        wait(over(set()))
    finally:
        logging.getLogger().removeHandler(errors)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _hub() -> Hub:
    folder = Path(repository_of("the web API at random")).parent
    elsewhere = asking_at(NOBODY, "none", str(LIBRARY / "registry.json"))
    repositories = GitRepositories(os.environ, [folder], folder / "tenants")
    return Hub(
        MemoryStore(), vault=vault.ephemeral(), programs=PathPrograms({"PATH": ""}), library=library(), repositories=repositories,
        upstreams=elsewhere,
    )  # fmt: skip


async def _furnish(hub: Hub) -> dict[str, str]:
    made: dict[str, str] = {}
    for part in PARTS:
        made |= await part.prepare(hub)
    hub.reach = "none"
    return made
