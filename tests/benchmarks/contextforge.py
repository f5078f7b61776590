"""CPU of a call to another server's tool through the hub and through ContextForge: `… contextforge PATH/TO/mcpgateway`.

Both stand before the same server, without authentication. ContextForge has what makes it quickest: a session for each client, JSON
answers, caches in memory, and nothing that limits, logs, counts, compresses or adds headers. Without sessions it connects to the server
anew for each call, which costs it several times as much.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.clients import ERAS, LEGACY, clients, get_task, task
from tests.benchmarks.harness import Request, Server, ask, compare, hub, tell, tell_saved
from tests.benchmarks.upstreams import GOAL, register
from tests.postgres import free_port

SECONDS = 2.0
SAVED = 10.0
STARTING = 180
"""Seconds: it makes its database first."""
OFF = (
    "AUTH_REQUIRED", "COMPRESSION_ENABLED", "CORRELATION_ID_ENABLED", "CSRF_ENABLED", "DB_METRICS_RECORDING_ENABLED",
    "HEADER_SIZE_VALIDATION_ENABLED", "MCPGATEWAY_A2A_ENABLED", "MCPGATEWAY_CATALOG_ENABLED", "MCP_REQUIRE_AUTH",
    "METRICS_AGGREGATION_ENABLED", "METRICS_CLEANUP_ENABLED", "METRICS_ROLLUP_ENABLED", "OBSERVABILITY_ENABLED",
    "PERFORMANCE_TRACKING_ENABLED", "PLUGINS_ENABLED", "RATE_LIMITING_ENABLED", "RATE_LIMIT_LOCKOUT_ENABLED",
    "SECURITY_HEADERS_ENABLED", "STRUCTURED_LOGGING_ENABLED", "TOKEN_USAGE_LOGGING_ENABLED",
)  # fmt: skip
ON = (
    "ALLOW_UNAUTHENTICATED_ADMIN", "AUTH_CACHE_ENABLED", "JSON_RESPONSE_ENABLED", "REGISTRY_CACHE_ENABLED", "SSRF_ALLOW_LOCALHOST",
    "SSRF_ALLOW_PRIVATE_NETWORKS", "TOOL_LOOKUP_CACHE_ENABLED", "USE_STATEFUL_SESSIONS",
)  # fmt: skip


@asynccontextmanager
async def contextforge(program: str, folder: str) -> AsyncIterator[Server]:
    """One worker, on a new SQLite file."""
    port = free_port()
    environment = {
        **os.environ, **dict.fromkeys(OFF, "false"), **dict.fromkeys(ON, "true"),
        "DATABASE_URL": f"sqlite:///{folder}/contextforge.db", "CACHE_TYPE": "memory", "REDIS_URL": "", "LOG_LEVEL": "ERROR",
        "JWT_SECRET_KEY": "only-for-this-benchmark-" * 3, "AUTH_ENCRYPTION_SECRET": "also-for-this-benchmark-" * 3,
    }  # fmt: skip
    command = [str(Path(program).resolve()), "--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "error"]
    with (Path(folder) / "log").open("w") as log:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        server = Server(f"http://127.0.0.1:{port}", running.pid)
        async with asyncio.timeout(STARTING):
            while not await answers(server):
                assert running.poll() is None, (Path(folder) / "log").read_text()[-2000:]
                await asyncio.sleep(0.2)
        yield server
    finally:
        running.kill()
        running.wait()


async def answers(server: Server) -> bool:
    try:
        head, _ = await ask(server.port, Request("GET", "/health"))
    except (OSError, EOFError):
        return False
    return b" 200" in head[:13]


async def proxied(server: Server, url: str, task_id: str) -> Request:
    """A call of the server's get_task under the name that ContextForge gives to it."""
    gateway = {"name": "hub", "url": url, "transport": "STREAMABLEHTTP", "visibility": "public"}
    head, answer = await ask(server.port, Request("POST", "/gateways", json.dumps(gateway).encode()))
    assert b" 20" in head[:13], answer
    tools = json.loads((await ask(server.port, Request("GET", "/tools?limit=0")))[1])
    name = next(tool["name"] for tool in tools if tool["originalName"] == "get_task")
    return replace(get_task(task_id, name), path="/mcp/")


async def main(program: str) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        hub("memory:") as other,
        hub(f"sqlite:{Path(folder) / 'hub.db'}") as server,
    ):
        async with contextforge(program, folder) as gateway:
            await register(server, id="hub", type="http", url=f"{other.url}/mcp")
            made = await task(other)
            own, through_hub = get_task(await task(server)), get_task(made, "hub__get_task")
            through_gateway = await proxied(gateway, f"{other.url}/mcp", made)
            for era in ERAS:
                for number in (1, 16):
                    runs = {
                        "own": (server, await clients(era, server, own, number)),
                        "hub": (server, await clients(era, server, through_hub, number)),
                        "ContextForge": (gateway, await clients(LEGACY, gateway, through_gateway, number)),  # the newest that it speaks
                    }
                    figures = await compare(runs, SECONDS)
                    what = f"MCP {era}, a tool of another server, {number} client{'s' * (number > 1)}"
                    tell(what, figures, "own", GOAL)
                    tell_saved(what, figures, "ContextForge", SAVED)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
