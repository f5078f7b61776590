"""`trivium serve` as a process of its own, with agents that are functions, and every binding of A2A."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds for what a client does, on a busy machine."""
AGENT = "scripted"


@dataclass(frozen=True)
class Served:
    url: str
    """Of the hub."""
    grpc: str
    """Host and port."""

    @property
    def agent(self) -> str:
        """The address of the scripted agent, under which its card is found."""
        return f"{self.url}/agents/{AGENT}"


@contextmanager
def serving(database: str) -> Iterator[Served]:
    """It ends well."""
    command = [
        sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--grpc-port", "0", "--db", database, "--ready-json",
        "--agent", f"{AGENT}=tests.a2a.agents:scripted",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert select.select([process.stdout], [], [], PATIENCE)[0], "the hub did not say that it is ready"
        ready = json.loads(process.stdout.readline())
        yield Served(ready["url"], ready["doors"]["grpc"])
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
