"""CPU of the hub for a tool of another MCP server, against one of its own through the same door.

The CPU of the other servers is not counted, but for the program at the other end of the pipe, which is a child of the hub.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.clients import ERAS, call, clients, get_task, task
from tests.benchmarks.harness import Request, Server, ask, compare, hub, tell
from tests.postgres import free_port

OLD = "tests.protocols.upstreams.old"
GOAL = 4.0


@contextmanager
def old(*arguments: str) -> Iterator[str]:
    """The address of a server of the handshake era."""
    port = free_port()
    running = subprocess.Popen([sys.executable, "-m", OLD, "http", str(port), *arguments], stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        running.kill()
        running.wait()


async def register(server: Server, **fields: object) -> None:
    head, answer = await ask(server.port, Request("POST", "/api/mcp-servers", json.dumps({"name": fields["id"], **fields}).encode()))
    assert b" 201 " in head.partition(b"\r\n")[0], answer


def echo(prefix: str) -> Request:
    return Request("POST", "/mcp", call(f"{prefix}__echo", {"text": "x" * 100}), (), b"echo in ")


async def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        old() as documents,
        old("streams") as streams,
        hub("memory:") as other,
        hub(f"sqlite:{Path(folder) / 'hub.db'}") as server,
    ):
        await register(server, id="hub", type="http", url=f"{other.url}/mcp")
        await register(server, id="documents", type="http", url=documents)
        await register(server, id="streams", type="http", url=streams)
        await register(server, id="pipe", type="stdio", command=sys.executable, args=["-m", OLD, "stdio"])
        asked = {"own": get_task(await task(server)), "hub": get_task(await task(other), "hub__get_task")}
        asked |= {name: echo(name) for name in ("documents", "streams", "pipe")}
        for era in ERAS:
            for number in (1, 16):
                figures = await compare({name: (server, await clients(era, server, one, number)) for name, one in asked.items()})
                for name in list(asked)[1:]:
                    tell(f"MCP {era}, a tool of another server ({name}), {number} client{'s' * (number > 1)}", figures, "own", GOAL, name)


if __name__ == "__main__":
    asyncio.run(main())
