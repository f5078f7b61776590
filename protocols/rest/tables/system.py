"""The hub's process."""

from protocols.rest.renderings import history_reset
from protocols.rest.route import Route
from protocols.rest.shapes import Succeeded

CLEANUP = frozenset({"history", "cleanup", "aggressive", "forceGC", "sessions"})
"""The hub keeps no history and holds no session in memory alone, so there is nothing more to clean up."""

ROUTES: tuple[Route, ...] = tuple(
    row
    for path in ("/system/memory", "/memory")
    for row in (
        Route("GET", path, "get_memory", ignored=CLEANUP),
        Route("POST", path, "collect_garbage", ignored=CLEANUP),
        Route("DELETE", path, "get_memory", ignored=CLEANUP, render=history_reset, shape=Succeeded),
    )
)
