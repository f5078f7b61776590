"""A thousand subscribers of one task, a third of whom leave and come back; and two hundred agents, each with its card."""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from tests.benchmarks.harness import Request, Server, ask, cpu_seconds, hub, line

SUBSCRIBERS, CHUNKS, AGENTS = 1_000, 200, 200
VERSION = (("A2A-Version", "1.0"),)
LEAVES_AFTER = 50


async def rpc(server: Server, method: str, **params: object) -> dict[str, object]:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    answer: dict[str, dict[str, object]] = json.loads((await ask(server.port, Request("POST", "/api/rpc", body)))[1])
    return answer["result"]


async def begun(server: Server) -> tuple[str, int]:
    """A task that somebody works on, and the token of the claim."""
    given = {"messageId": "m", "agentId": "agent-0", "parts": [{"text": "Count."}]}
    task = await rpc(server, "send_task_message", **given)
    claim = (await rpc(server, "claim_task", agentId="agent-0", taskId=task["id"]))["claim"]
    assert isinstance(claim, dict)
    return str(task["id"]), claim["token"]


async def subscriber(server: Server, task: str, leaves: bool, ready: asyncio.Semaphore) -> list[str]:
    """The texts of the chunks, in the order in which they came. One that leaves comes back with the last id that it has."""
    texts: list[str] = []
    last = ""
    for limit in (LEAVES_AFTER, CHUNKS) if leaves else (CHUNKS,):
        headers = (*VERSION, *((("Last-Event-ID", last),) if last else ()))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(Request("GET", f"/agents/agent-0/tasks/{task}:subscribe", headers=headers).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head, head
        if not last:
            await reader.readuntil(b"\n\n")  # the task as it is
            ready.release()
        while len(texts) < limit:
            text = (await reader.readline()).decode()
            if text.startswith("id: "):
                last = text[4:].strip()
            elif text.startswith("data: ") and (update := json.loads(text[6:]).get("artifactUpdate")):
                texts.append(update["artifact"]["parts"][0]["text"])
        writer.close()
    return texts


async def subscribers(server: Server) -> None:
    task, token = await begun(server)
    ready = asyncio.Semaphore(0)
    listening = [asyncio.create_task(subscriber(server, task, number % 3 == 0, ready)) for number in range(SUBSCRIBERS)]
    for _ in range(SUBSCRIBERS):
        await ready.acquire()
    cpu, started = cpu_seconds(server.pid), time.perf_counter()
    for number in range(CHUNKS):
        given = {"chunks": [[{"text": f"chunk {number}"}]], "append": number > 0, "last": number == CHUNKS - 1}
        await rpc(server, "append_artifact", taskId=task, claimToken=token, artifactId=f"{task}-out", **given)
    expected = [f"chunk {number}" for number in range(CHUNKS)]
    right = sum(seen == expected for seen in await asyncio.gather(*listening))
    spent = (cpu_seconds(server.pid) - cpu) / (SUBSCRIBERS * CHUNKS) * 1e6
    what = f"{SUBSCRIBERS} subscribers of a task, {CHUNKS} chunks, a third comes back"
    line(
        what,
        f"{right} complete, {time.perf_counter() - started:.0f} s, {spent:.0f} us each",
        f"{SUBSCRIBERS} complete",
        right == SUBSCRIBERS,
    )


async def cards(server: Server) -> None:
    right = 0
    for number in range(AGENTS):
        _, body = await ask(server.port, Request("GET", f"/agents/agent-{number}/.well-known/agent-card.json"))
        card = json.loads(body)
        right += card["name"] == f"Agent {number}" and bool(card["supportedInterfaces"])
    line(f"{AGENTS} agents on one hub, each with its card", f"{right} cards", f"{AGENTS} cards", right == AGENTS)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, hub(f"sqlite:{Path(folder) / 'hub.db'}") as server:
        for number in range(AGENTS):
            await rpc(server, "create_agent", agentId=f"agent-{number}", name=f"Agent {number}", role="CRAFTER")
        await subscribers(server)
        await cards(server)


if __name__ == "__main__":
    asyncio.run(main())
