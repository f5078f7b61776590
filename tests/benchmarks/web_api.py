"""CPU of the hub for what the web frontend asks again and again, durable on SQLite, with one client and with sixteen.

The goals are milliseconds on a machine that takes REFERENCE for the calibration loop; on another one they are scaled by what it
takes. Bare aiohttp that answers the same bytes stands beside each figure, for orientation.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.harness import Request, Server, ask, compare, hub, line, on_floor, process

REFERENCE = 0.04
"""Seconds."""
TASK = {
    "title": "Let people sign in with their key", "workspaceId": "default", "scope": "The sign-in page and what stands behind it",
    "objective": "As somebody who has a key I want to sign in with it, so that nobody can guess my password.",
    "acceptanceCriteria": ["A key that is known opens the page", "A key that is not known is refused with a reason"],
    "verificationCommands": ["make test"], "priority": "high", "labels": ["sign-in", "page"], "columnId": "todo",
}  # fmt: skip
MANY, RARE = 10_000, "BLOCKED"


def calibration() -> float:
    """How many times as long as REFERENCE this machine takes for a fixed loop."""
    begun, total = time.process_time(), 0
    for at in range(1_000_000):
        total = (total * 31 + at) % 1_000_003
    return (time.process_time() - begun) / REFERENCE


def post(**changed: object) -> Request:
    return Request("POST", "/api/tasks", json.dumps({**TASK, **changed}).encode(), expected=b'"task"')


def listing(query: str) -> Request:
    return Request("GET", f"/api/tasks?{query}", expected=b'"investValidation"')


async def fill(server: Server, workspace: str, count: int, rare: int) -> None:
    """Tasks of a workspace, every `rare`-th of them in the status that is looked for."""
    await ask(server.port, Request("POST", "/api/workspaces", json.dumps({"title": workspace, "id": workspace}).encode()))
    done = {"columnId": "done"}

    async def writer(share: range) -> None:
        for at in share:
            await ask(server.port, post(workspaceId=workspace, **({"columnId": "blocked"} if at % rare == 0 else done)))

    await asyncio.gather(*(writer(range(first, count, 16)) for first in range(16)))


async def single(server: Server, floor: Server, what: str, request: Request, goal: float) -> None:
    """The goal is for both numbers of clients."""
    for clients in (1, 16):
        requests = [request] * clients
        before = [calibration() for _ in range(3)]
        figures = await compare({"hub": (server, requests), "aiohttp": await on_floor(floor, server, requests)})
        scale = median([*before, *(calibration() for _ in range(3))])
        spent, bare, allowed = figures["hub"] / 1e3, figures["aiohttp"] / 1e3, goal * scale
        figure = f"{spent:.3f} ms (aiohttp {bare:.3f}, machine {scale:.2f})"
        line(f"{what}, {clients} client{'s' * (clients > 1)}", figure, f"<= {allowed:.3f} ms", spent <= allowed)


async def page(server: Server) -> None:
    """A filtered page of a hundred tasks where there are many, against the same page where there are no others."""
    large, small = listing(f"workspaceId=large&status={RARE}&limit=100"), listing(f"workspaceId=small&status={RARE}&limit=100")
    for request in (large, small):
        assert len(json.loads((await ask(server.port, request))[1])["tasks"]) == 100
    figures = await compare({"large": (server, [large]), "small": (server, [small])})
    ratio = figures["large"] / figures["small"]
    figure = f"{figures['large'] / 1e3:.2f} / {figures['small'] / 1e3:.2f} ms = {ratio:.1f}x"
    line(f"GET /api/tasks, a filtered page of 100 of {MANY:,}, 1 client", figure, "<= 2x", ratio <= 2)


async def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        hub(f"sqlite:{Path(folder) / 'hub.db'}") as server,
        process("-m", "tests.benchmarks.servers", "floor") as floor,
    ):
        await fill(server, "small", 100, 1)
        await single(server, floor, "GET /api/health", Request("GET", "/api/health"), 0.15)
        await single(server, floor, "GET /api/tasks, 100 tasks", listing("workspaceId=small"), 1.0)
        await single(server, floor, "POST /api/tasks", post(), 0.6)
        await fill(server, "large", MANY, MANY // 100)
        await page(server)


if __name__ == "__main__":
    asyncio.run(main())
