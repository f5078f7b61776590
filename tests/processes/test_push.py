"""Push notifications that were due when a hub was killed are sent by the one that comes after it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import orjson
import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application, Request, Response

from hub.app import Hub
from hub.ports import HubStore
from tests.core.support import ask, new_task
from tests.processes.nodes import ROOT

LEASE = 0.5
TASKS, CHUNKS = 20, 5


@asynccontextmanager
async def pusher(database: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """It is gone at the end, whatever happened."""
    command = (sys.executable, "-m", "tests.processes.pusher", database, str(LEASE))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_what_was_due_when_the_hub_was_killed_is_sent_after_it(database: str, store: HubStore) -> None:
    told: dict[str, list[str]] = {}
    came = asyncio.Condition()

    async def handle(request: Request) -> Response:
        update = orjson.loads(await request.read())
        [event] = update.values()
        async with came:
            texts = [part["text"] for part in event["artifact"]["parts"]] if "artifact" in event else [event["status"]["state"]]
            told.setdefault(event["taskId"], []).extend(texts)
            came.notify_all()
        return Response()

    app = Application()
    app.router.add_post("/", handle)
    hub = Hub(store)
    with anyio.fail_after(60):
        async with TestServer(app) as server:
            tasks = [await new_task(hub) for _ in range(TASKS)]
            for task in tasks:
                await ask(hub, "create_push_config", taskId=task, url=str(server.make_url("/")))
            async with pusher(database) as process:
                for number in range(CHUNKS):
                    chunk = {"chunks": [[{"text": str(number)}]], "append": number > 0, "last": False}
                    await asyncio.gather(*(ask(hub, "append_artifact", taskId=task, artifactId=f"{task}-a", **chunk) for task in tasks))
                async with came:
                    await came.wait_for(lambda: sum(map(len, told.values())) >= TASKS)
                process.send_signal(signal.SIGKILL)
                await process.wait()
            await asyncio.gather(*(ask(hub, "finish_task", taskId=task) for task in tasks))
            async with pusher(database), came:
                await came.wait_for(lambda: all(told.get(task, [""])[-1] == "TASK_STATE_COMPLETED" for task in tasks))
    wanted = [*map(str, range(CHUNKS)), "TASK_STATE_COMPLETED"]
    for task in tasks:
        assert list(dict.fromkeys(told[task])) == wanted
        assert len(told[task]) <= len(wanted) + 1
