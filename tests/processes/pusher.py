"""A node that delivers push notifications: `python -m tests.processes.pusher DATABASE LEASE`, with a lease of so many seconds."""

import asyncio
import sys

from hub.app import Hub
from hub.work.push import Pushes
from protocols.a2a.push import HttpPushSender, PushWords
from tests.conftest import open_database


async def main(database: str, lease: float) -> None:
    hub = Hub(await open_database(database))
    async with HttpPushSender("all") as sender, Pushes(hub, sender, PushWords(hub), lease=lease):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
