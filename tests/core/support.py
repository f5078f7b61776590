"""Calling the hub as a door does: wire names in, wire JSON out."""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import HubError
from hub.ports import Json

on_memory = pytest.mark.parametrize("store_kind", ["memory"], indirect=True)
"""For rules that no store can change."""


class Clock:
    """Stands still until the test turns it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def ask(hub: Hub, operation: str, caller: Caller = LOCAL, /, **arguments: Any) -> Json:
    answer: Json = orjson.loads((await hub.call(operation, arguments, caller)).to_json())
    return answer


async def refusal(call: Awaitable[object]) -> HubError:
    """The error that the call ends with."""
    with pytest.raises(HubError) as raised:
        await call
    return raised.value


async def kinds(calls: Iterable[Awaitable[object]]) -> list[str]:
    """What came of concurrent calls: `ok` or the kind of the error, sorted."""

    async def kind(call: Awaitable[object]) -> str:
        try:
            await call
        except HubError as error:
            return error.kind
        return "ok"

    return sorted(await asyncio.gather(*map(kind, calls)))


async def new_task(hub: Hub, title: str = "a task", **fields: Any) -> str:
    return str((await ask(hub, "create_task", title=title, objective="an objective", **fields))["id"])


async def new_agent(hub: Hub, name: str = "an agent", **fields: Any) -> str:
    return str((await ask(hub, "create_agent", **{"name": name, "role": "CRAFTER"} | fields))["id"])


async def names_of_events(hub: Hub, **filters: Any) -> list[str]:
    return [event["name"] for event in (await ask(hub, "list_events", limit=500, **filters))["events"]]
