"""The fake agent of a session as a process: how it is started, what it was told, and whether it runs."""

import json
import sys
from pathlib import Path

from tests.acp.working import FAKE_AGENT
from tests.processes.hubs import Node


async def start(node: Node, folder: Path, name: str) -> str:
    """A session in this folder, with a provider of its own: what its agent is told stands in a file there."""
    args = [str(FAKE_AGENT), "--can", "resume", "--state", str(_state(folder, name))]
    await node.ask("create_provider", id=name, name=name, command=sys.executable, args=args)
    return str((await node.ask("start_session", provider=name, cwd=str(folder)))["id"])


def told(folder: Path, name: str) -> list[str]:
    """The prompts that the agent got, without what it is told before the first one."""
    [texts] = json.loads(_state(folder, name).read_text()).values()
    return [text.splitlines()[-1] for text in texts]


def running(folder: Path, name: str = "") -> dict[int, int]:
    """The agents' processes, each with its parent; of one session, or of all in this folder."""
    found: dict[int, int] = {}
    wanted = str(_state(folder, name)).encode() if name else str(folder).encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "cmdline").read_bytes() and FAKE_AGENT.name.encode() in (process / "cmdline").read_bytes():
                found[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def _state(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
