"""`trivium serve` as a process of its own, for agents that call its tools."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def serving() -> AsyncIterator[dict[str, str]]:
    """Its doors. It ends well."""
    command = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", "memory:", "--ready-json"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=DEVNULL, stdout=PIPE)
    try:
        assert process.stdout
        yield json.loads(await asyncio.wait_for(process.stdout.readline(), 30))["doors"]
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
