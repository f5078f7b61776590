"""The real command, as a process of its own, in a home folder of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
"""Seconds for a command on a busy machine."""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Serving:
    process: asyncio.subprocess.Process
    ready: dict[str, Any]

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> Done:
        """Within the five seconds that the hub promises, and a little for the process itself."""
        self.process.send_signal(by)
        async with asyncio.timeout(6):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return Done(self.process.returncode, out.decode(), err.decode())


@dataclass
class Trivium:
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    async def __call__(self, *arguments: str, stdin: str | bytes = b"") -> Done:
        process = await self.start(*arguments)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(stdin.encode() if isinstance(stdin, str) else stdin)
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    async def json(self, *arguments: str, stdin: str | bytes = b"") -> Any:
        done = await self(*arguments, stdin=stdin)
        assert done.code == 0, done.err
        return done.json

    @asynccontextmanager
    async def serving(self, *arguments: str) -> AsyncIterator[Serving]:
        process = await self.start(*arguments, "--ready-json")
        try:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                line = await process.stdout.readline()
            assert line, (await process.communicate())[1].decode()
            yield Serving(process, json.loads(line))
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def start(self, *arguments: str, stdin: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        return await self.python("-m", "hub.cli", *arguments, stdin=stdin)

    async def python(self, *arguments: str, stdin: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        environ = kept | {"HOME": str(self.home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::ResourceWarning"} | self.environ
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=stdin, stdout=pipe, stderr=pipe, cwd=self.home, env=environ
        )


@pytest.fixture
def trivium(tmp_path: Path) -> Trivium:
    """Nothing is set, so the database is the SQLite file in its home folder."""
    return Trivium(tmp_path)
