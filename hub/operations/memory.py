"""The memory of the hub's process. The hub keeps no history of it: whoever wants one asks again."""

import gc
import os
import sys
from typing import Literal

from hub.operations.base import Call, Input, Mutation, Operation, Result

Level = Literal["normal", "warning", "critical"]
WARNING, CRITICAL = 0.5, 0.8
"""Parts of the machine's memory."""
MEGABYTE = 1_048_576


class GetMemory(Input):
    pass


class CollectGarbage(Mutation):
    pass


class Usage(Result):
    level: Level
    used_mb: float
    """What the process holds of the machine's memory."""
    total_mb: float
    """The machine's."""
    usage_percent: float
    timestamp: str


class Memory(Result):
    current: Usage
    objects: int
    """Python's, as far as cycles among them are looked for."""


class Collected(Result):
    success: bool = True
    collected: int
    """Objects that nothing but each other held."""
    before: Usage
    after: Usage


async def get_memory(given: GetMemory, call: Call) -> Memory:
    """Tell what memory the hub's process holds. Its agents are processes of their own, and are not in it."""
    return Memory(current=_usage(call), objects=sum(gc.get_count()) + gc.get_freeze_count())


async def collect_garbage(given: CollectGarbage, call: Call) -> Collected:
    """Look for unreachable objects now instead of later. The hub stands still meanwhile, for some milliseconds."""
    before = _usage(call)
    return Collected(collected=gc.collect(), before=before, after=_usage(call))


def _usage(call: Call) -> Usage:
    used, total = _held(), _machine()
    part = used / total if total else 0.0
    level: Level = "critical" if part >= CRITICAL else "warning" if part >= WARNING else "normal"
    return Usage(
        level=level, used_mb=round(used / MEGABYTE, 1), total_mb=round(total / MEGABYTE, 1), usage_percent=round(part * 100, 2),
        timestamp=call.now,
    )  # fmt: skip


def _held() -> int:
    """Bytes; where the system does not say what is held now, the most that was held so far, and 0 where it says nothing."""
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _machine() -> int:
    return 0 if sys.platform == "win32" else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


OPERATIONS = (
    Operation(get_memory, "system.read"),
    Operation(collect_garbage, "system.write", writes=True, repeatable=True),
)
