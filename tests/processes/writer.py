"""A node that writes: `python -m tests.processes.writer DATABASE NAME WRITERS COUNT`. It prints the id of each task acknowledged."""

import asyncio
import os
import sys

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.tasks import Task
from tests.conftest import open_database


async def main(database: str, name: str, writers: int, count: int) -> None:
    store = await open_database(database)
    hub = Hub(store)

    async def write(writer: int) -> None:
        for number in range(count):
            arguments = {"title": f"{name}-{writer}-{number}", "objective": "o"}
            task = await hub.call("create_task", arguments, LOCAL)
            assert isinstance(task, Task)
            os.write(1, f"{task.id}\n".encode())

    await asyncio.gather(*map(write, range(writers)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
