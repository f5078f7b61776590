"""Two ways to a hub: its database, or its address. The same calls on both, and the same news."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from functools import partial, wraps
from shlex import quote
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import click

from hub.cli.options import Failure, database_option, settings_of_shared
from hub.databases import driver_of
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.app import Hub

Json = dict[str, Any]
Facts = AsyncGenerator[Sequence[Json]]
KINDS = ("session", "permission")
SILENCE = 5.0
"""Seconds after which followers are given an empty page."""
GRACE = 2.5
"""Seconds for a hub that serves on this database to take a session; one that is idle looks once a second."""
LOOK = 0.1


class Declined(Failure):
    """What the hub answered instead. `kind` is the error's, as on every wire."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class Way(Protocol):
    @property
    def again(self) -> str:
        """What a command that is to go the same way ends with."""

    @property
    def near(self) -> bool:
        """The hub's folders are this machine's."""

    async def call(self, operation: str, **arguments: Any) -> Json:
        """Arguments that are None are left out. Raises Declined."""

    def following(self) -> AbstractAsyncContextManager[Facts]:
        """What happens to sessions and permissions from the moment that it is entered; an empty page is silence, or a gap."""

    async def see_to(self, session_id: str) -> None:
        """Somebody runs this session, or this process does from now on."""


Opener = Callable[[], AbstractAsyncContextManager[Way]]


class DatabaseWay:
    near = True

    def __init__(self, hub: "Hub", settings: Settings, stack: AsyncExitStack, again: str) -> None:
        self._hub, self._settings, self._stack, self.again = hub, settings, stack, again
        self._works = False

    async def call(self, operation: str, **arguments: Any) -> Json:
        from hub.access import LOCAL
        from hub.domain.errors import HubError

        try:
            answer: Json = json.loads((await self._hub.call(operation, said(arguments), LOCAL)).to_json())
        except HubError as error:
            raise Declined(error.message, error.kind) from None
        return answer

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Facts]:
        async with aclosing(self._facts(await self._hub.store.latest())) as facts:
            yield facts

    async def see_to(self, session_id: str) -> None:
        from hub.operations.sessions import BY_TASKS
        from hub.workers import working

        if self._works or await self._taken(session_id):
            return
        if (await self.call("get_session", sessionId=session_id))["provider"] == BY_TASKS:
            raise Failure("This agent takes tasks, which a hub has it do, and none serves on this database. `trivium serve` starts one.")
        self._works = True
        await self._stack.enter_async_context(working(self._hub, self._settings, session_id))

    async def _facts(self, cursor: int) -> Facts:
        from hub.access import LOCAL
        from hub.ports import Filter

        async for page in self._hub.follow(LOCAL, cursor, Filter(kinds=KINDS), SILENCE):
            yield [json.loads(event.body) for event in page.events]

    async def _taken(self, session_id: str) -> bool:
        from asyncio import sleep

        from hub.access import LOCAL_TENANT
        from hub.domain.model import instant, utc_now
        from hub.domain.sessions import Session

        patience = monotonic() + GRACE
        while session := await self._hub.store.get(LOCAL_TENANT, Session, session_id):
            if session.claimed_at(instant(utc_now())) or not session.live:
                return True
            if monotonic() > patience:
                return False
            await sleep(LOOK)
        return True


def way_options(command: Callable[..., None]) -> Callable[..., None]:
    """--url, --token and --db, which the command is given as one: `to` opens the way."""

    @wraps(command)
    def given(url: str | None, token: str | None, db: str | None, **rest: Any) -> None:
        command(to=partial(way_to, url, token, db), **rest)

    url = click.option("--url", metavar="URL", help="A running hub to ask over HTTP, instead of the database.")
    token = click.option("--token", metavar="TOKEN", envvar="TRIVIUM_TOKEN", help="For that hub, if it wants one (default: TRIVIUM_TOKEN).")
    return url(token(database_option(given)))


@asynccontextmanager
async def way_to(url: str | None, token: str | None, db: str | None) -> AsyncIterator[Way]:
    if url:
        from hub.cli.http_ways import HttpWay
        from protocols.outbound import client

        async with client("all") as http:
            yield HttpWay(http, url, token)
        return
    settings = settings_of_shared(db)
    from hub.main import hub_on, opened

    shown = quote(db or "") if driver_of(settings.database) == "sqlite" else "…"  # an address may hold a password
    async with opened(settings) as store, AsyncExitStack() as stack:
        yield DatabaseWay(hub_on(store, settings), settings, stack, f" --db {shown}" if db else "")


async def every(way: Way, operation: str, key: str, **arguments: Any) -> AsyncIterator[Json]:
    """What a list holds, page after page."""
    cursor: str | None = ""
    while cursor is not None:
        page = await way.call(operation, **arguments, cursor=cursor)
        for record in page[key]:
            yield record
        cursor = page.get("nextCursor")


def said(arguments: Json) -> Json:
    return {name: value for name, value in arguments.items() if value is not None}
