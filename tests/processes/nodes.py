"""Starting writers as processes, and following the log beside them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.access import LOCAL_TENANT
from hub.ports import EVERY_EVENT, HubStore, Logged

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def writing(database: str, name: str, writers: int, count: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that writes. It is gone at the end, whatever happened."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.processes.writer", database, name, str(writers), str(count), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def follow(store: HubStore, seen: list[Logged], count: int, cursor: int = 0) -> None:
    """Read the log beyond the cursor until so many events were seen."""
    while len(seen) < count:
        page = await store.after(cursor, LOCAL_TENANT, EVERY_EVENT, 500)
        assert page.cursor >= cursor
        seen += page.events
        if page.cursor == cursor:
            await store.beyond(cursor, 5)
        cursor = page.cursor
