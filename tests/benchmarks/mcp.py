"""CPU of the hub for a tool call over MCP, against a floor and against the SDK's own hosting of the same server.

The hub checks a token, the Host and the Origin of each request; the SDK's hosting checks nothing of that.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.clients import ERAS, LEGACY, MODERN, Headers, clients, get_task, task
from tests.benchmarks.harness import Server, compare, hub, on_floor, process, tell, tell_saved

SAVED = {LEGACY: 2.0, MODERN: 1.4}


def token(database: str) -> str:
    """Of an agent."""
    create = ("-m", "hub.cli", "tokens", "create", "--name", "bench", "--grants", "write", "--json", "--db", database)
    made: dict[str, str] = json.loads(subprocess.run([sys.executable, *create], check=True, capture_output=True).stdout)
    return made["token"]


async def measure(era: str, number: int, server: Server, headers: Headers, sdk: Server, floor: Server, task_id: str) -> None:
    asked = get_task(task_id)
    ours = await clients(era, server, replace(asked, headers=headers), number)
    theirs = await clients(era, sdk, replace(asked, path="/mcp/"), number)
    figures = await compare({"hub": (server, ours), "SDK": (sdk, theirs), "floor": await on_floor(floor, server, ours)})
    what = f"MCP {era} get_task with a token, {number} client{'s' * (number > 1)}"
    tell(what, figures, "floor", 4)
    tell_saved(what, figures, "SDK", SAVED[era])


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:{Path(folder) / 'hub.db'}"
        with (
            hub(database, "--auth", "required") as server,
            process("-m", "tests.benchmarks.servers", "floor") as floor,
            process("-m", "tests.benchmarks.servers", "sdk", database) as sdk,
        ):
            headers = (("Authorization", f"Bearer {token(database)}"), ("Origin", server.url))
            task_id = await task(server, headers)
            for era in ERAS:
                for number in (1, 16):
                    await measure(era, number, server, headers, sdk, floor, task_id)


if __name__ == "__main__":
    asyncio.run(main())
