"""A server to clone repositories from: git's own, over HTTP."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.repositories import AUTHOR


class GitServer:
    """What lies below its root, over smart HTTP. It stops in the middle of each pack while `paused`."""

    def __init__(self, root: Path) -> None:
        self.root, self.url = root, ""
        self.paused = asyncio.Event()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.packs = 0

    def pause(self) -> None:
        self.flowing.clear()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        environ = {
            **os.environ, **AUTHOR, "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string, "REQUEST_METHOD": request.method, "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""), "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        }  # fmt: skip
        pipe = asyncio.subprocess.PIPE
        backend = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=environ, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        said, _ = await backend.communicate(await request.read())
        head, _, body = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        if b"PACK" in body:
            self.packs += 1
            half = len(body) // 2
            await response.write(body[:half])
            self.paused.set()
            await self.flowing.wait()
            body = body[half:]
        await response.write(body)
        return response


@asynccontextmanager
async def serving_git(root: Path) -> AsyncIterator[GitServer]:
    git_server = GitServer(root)
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{path:.*}", git_server.answer)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.5)
    git_server.url = str(server.make_url("/")).rstrip("/")
    try:
        yield git_server
    finally:
        git_server.flowing.set()
        await server.close()
