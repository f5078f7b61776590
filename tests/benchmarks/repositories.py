"""What a task has changed, in a repository with two thousand modified files: wall time and processor time of hub and git."""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.clients import task
from tests.benchmarks.harness import Request, Server, ask, cpu_seconds, hub, line
from tests.repositories import new_tree

FILES, ROUNDS = 2000, 5


def repository(path: Path) -> None:
    tree = new_tree(path)
    names = [f"part{number % 97}/{number}.txt" for number in range(FILES + 3000)]
    tree.commit("Base", {name: "".join(f"line {at}\n" for at in range(60)) for name in names})
    for name in names[:FILES]:
        tree.write(name, "".join(f"{'LINE' if at == 7 else 'line'} {at}\n" for at in range(61)))


async def changes(server: Server, path: Path) -> None:
    body = json.dumps({"repoPath": str(path)}).encode()
    await ask(server.port, Request("POST", "/api/workspaces/default/codebases", body))
    request = Request("GET", f"/api/tasks/{await task(server)}/changes")
    walls, spent = [], []
    for _ in range(ROUNDS):
        before, began = cpu_seconds(server.pid), time.perf_counter()
        _, answer = await ask(server.port, request)
        walls.append(time.perf_counter() - began)
        spent.append(cpu_seconds(server.pid) - before)
    files = json.loads(answer)["changes"]["files"]
    told = {(one["status"], one["additions"], one["deletions"]) for one in files}
    whole = len(files) == FILES and told == {("modified", 2, 1)}
    line(f"{FILES} changed files with their lines", f"{median(walls):.2f} s wall", "< 2 s", whole and median(walls) < 2)
    line(f"{FILES} changed files, the hub's own processor time", f"{median(spent) * 1e3:.0f} ms", "<= 100 ms", median(spent) <= 0.1)


with tempfile.TemporaryDirectory() as folder:
    repository(Path(folder, "repository"))
    with hub("memory:") as server:
        asyncio.run(changes(server, Path(folder, "repository").resolve()))
