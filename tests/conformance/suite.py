"""Running the suite, and reading what it found: every check of every scenario, whatever its status."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.node import modules, node

ROOT = Path(__file__).parents[2]
PACKAGE = "@modelcontextprotocol/conformance"
SECONDS = 180
"""For one revision; it takes ten."""

RUNS = {
    "2025-06-18": ("--suite", "all", "--spec-version", "2025-06-18"),
    "2025-11-25": ("--requirements", "2025-11-25"),
    "2026-07-28": ("--requirements", "2026-07-28"),
}
"""By revision. A set of requirements has the pending scenarios and those of the tasks extension in it, too."""
TRAFFIC = {"outgoing-request", "incoming-response", "incoming-sse-event", "stream-closed"}
"""No checks, only notes of what was sent. How many there are depends on timing."""


class SuiteError(Exception):
    """There is no result to look at."""


class Check(NamedTuple):
    revision: str
    scenario: str
    id: str
    status: str
    """SUCCESS, FAILURE, WARNING, INFO or SKIPPED."""
    message: str


@asynccontextmanager
async def serving(log: Path) -> AsyncIterator[str]:
    """The fixtures' address, served by a process of their own. It is gone at the end, whatever happened."""
    command = [sys.executable, "-m", "hub.cli", "serve", "--conformance", "--port", "0", "--db", "memory:", "--ready-json"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("TRIVIUM_")}
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=own, stdout=asyncio.subprocess.PIPE, stderr=stderr)
        try:
            assert process.stdout
            started = await asyncio.wait_for(process.stdout.readline(), 30)
            if not started:
                raise SuiteError(f"The hub did not start: {log.read_text()[-2000:]}")
            yield str(json.loads(started)["doors"]["mcp"])
            process.terminate()
            if await asyncio.wait_for(process.wait(), 15):
                raise SuiteError(f"The hub did not end well: {log.read_text()[-2000:]}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def checks(url: str, folder: Path) -> list[Check]:
    """All revisions beside each other, over one hub."""
    found = await asyncio.gather(*(_revision(name, url, folder / name) for name in RUNS))
    return [check for revision in found for check in revision]


async def scenarios() -> set[str]:
    """All that the suite has for a server."""
    return set(re.findall(r"^\s+- (\S+) \[", await _suite("list", "--server"), re.M))


def version() -> str:
    return str(json.loads((modules() / PACKAGE / "package.json").read_text())["version"])


async def _revision(revision: str, url: str, folder: Path) -> list[Check]:
    said = await _suite("server", "--url", url, *RUNS[revision], "-o", str(folder))
    found = list(read(revision, folder))
    if not found:
        raise SuiteError(f"The suite left no results for {revision}: {said[-2000:]}")
    return found


def read(revision: str, folder: Path) -> Iterable[Check]:
    """What stands in the folder, each scenario's in one of its own: server-<scenario>-<time>."""
    for results in sorted(folder.glob("server-*")):
        scenario = re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*$", "", results.name)
        document: list[dict[str, Any]] = json.loads((results / "checks.json").read_text())
        for one in document:
            if one["id"] not in TRAFFIC or one["status"] != "INFO":
                yield Check(revision, scenario, one["id"], one["status"], one.get("errorMessage") or "")


async def _suite(*arguments: str) -> str:
    """What it said. Its exit code tells only of failures, which the results tell better."""
    program = modules() / PACKAGE / "dist" / "index.js"
    process = await asyncio.create_subprocess_exec(
        node(), program, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        raise SuiteError(f"The suite did not finish in {SECONDS} seconds: {' '.join(arguments)}") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode()
