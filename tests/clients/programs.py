"""Clients that are programs of their own."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from tests import node

LONGEST_LINE = 1 << 20


@asynccontextmanager
async def on_node(*arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """Its output and its errors are pipes. It is gone at the end, whatever happened."""
    process = await asyncio.create_subprocess_exec(
        node.node(), *map(str, arguments), cwd=cwd, env=env, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, limit=LONGEST_LINE
    )
    try:
        yield process
    finally:
        with anyio.move_on_after(10, shield=True):
            if process.returncode is None:
                process.kill()
            await process.communicate()
