"""The hub itself."""

from typing import Literal

from hub.operations.base import Call, Input, Operation, Result
from hub.version import VERSION


class GetHealth(Input):
    pass


class Health(Result):
    status: Literal["ok"] = "ok"
    timestamp: str
    server: str = "trivium"
    version: str = VERSION
    cursor: int
    """Of the newest event: the store was asked for it."""


async def get_health(given: GetHealth, call: Call) -> Health:
    """Say that the hub and its store answer."""
    return Health(timestamp=call.now, cursor=await call.unit.latest())


OPERATIONS = (Operation(get_health, "health.read"),)
