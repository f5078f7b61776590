"""CPU of the hub for a request of the web API, against a floor."""

import asyncio
import json
import tempfile
from pathlib import Path

from tests.benchmarks.harness import TASK, Request, ask, compare, hub, on_floor, process, tell


async def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        hub(f"sqlite:{Path(folder) / 'hub.db'}") as server,
        process("-m", "tests.benchmarks.servers", "floor") as floor,
    ):
        posting, listing = Request("POST", "/api/tasks", TASK), Request("GET", "/api/tasks?workspaceId=default")
        for _ in range(100):
            assert json.loads((await ask(server.port, posting))[1])["task"]["id"]
        for what, requests, goal in (
            ("GET /api/tasks, 100 tasks, 16 clients", [listing] * 16, 6),
            ("POST /api/tasks durable on SQLite, 64 clients", [posting] * 64, 5),
        ):
            figures = await compare({"hub": (server, requests), "floor": await on_floor(floor, server, requests)})
            tell(what, figures, "floor", goal)


if __name__ == "__main__":
    asyncio.run(main())
