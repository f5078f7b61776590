"""Two hubs on one SQLite file, each a process of its own: clients talk to the first, and the tests change things on the second."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds for what a client does, on a busy machine."""


@dataclass(frozen=True)
class Hubs:
    database: str
    mcp: str
    """Where the first one's MCP door is."""
    api: str
    """Where the second one's web API is."""

    @property
    def stdio(self) -> list[str]:
        """The command of a third one, over standard input and output. It takes the hub from the working directory."""
        return [sys.executable, "-m", "hub.cli", "mcp", "--db", self.database]

    async def complete(self, task_id: str) -> None:
        await self._send("POST", f"/tasks/{task_id}/status", {"status": "COMPLETED"})

    async def retitle(self, task_id: str, title: str) -> None:
        await self._send("PATCH", f"/tasks/{task_id}", {"title": title})

    async def new_task(self, title: str) -> str:
        return str((await self._send("POST", "/tasks", {"title": title, "objective": "o"}))["task"]["id"])

    async def _send(self, method: str, path: str, body: dict[str, str]) -> Any:
        async with aiohttp.ClientSession() as http, http.request(method, self.api + path, json=body) as response:
            assert response.status < 300, await response.text()
            return await response.json()


@contextmanager
def two_hubs(folder: Path) -> Iterator[Hubs]:
    database = f"sqlite:{folder / 'hub.db'}"
    with _serving(database) as first, _serving(database) as second:
        yield Hubs(database, first["mcp"], second["rest"])


@contextmanager
def _serving(database: str) -> Iterator[dict[str, str]]:
    """The doors of `trivium serve`, which ends well."""
    command = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert select.select([process.stdout], [], [], PATIENCE)[0], "the hub did not say that it is ready"
        yield json.loads(process.stdout.readline())["doors"]
        process.terminate()
        assert process.wait(6) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
