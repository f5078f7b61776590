"""CPU of the hub for a message to an agent that says it again, and for a piece of a stream, against a2a-sdk's own server."""

import asyncio
import json
import tempfile
from pathlib import Path

from tests.benchmarks.agents import CHUNKS
from tests.benchmarks.harness import NUMBER, Request, compare, hub, process, tell_saved

AGENTS = ("--agent", "echo=tests.benchmarks.agents:echo", "--agent", "pieces=tests.benchmarks.agents:pieces")
VERSION = (("A2A-Version", "1.0"),)


def request(path: str, method: str, text: str, expected: bytes, parts: int = 1) -> Request:
    message = {"role": "ROLE_USER", "messageId": f"m{NUMBER.decode()}", "parts": [{"text": text}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}}
    return Request("POST", path, json.dumps(body).encode(), VERSION, expected, parts)


def send(path: str) -> Request:
    return request(path, "SendMessage", "hello there", b"TASK_STATE_COMPLETED")


def stream(path: str) -> Request:
    return request(path, "SendStreamingMessage", "stream", f"stream {CHUNKS - 1}".encode(), CHUNKS)


async def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        hub("memory:", *AGENTS) as memory,
        hub(f"sqlite:{Path(folder) / 'hub.db'}", *AGENTS) as sqlite,
        process("-m", "tests.benchmarks.a2a_sdk") as sdk,
        process("-m", "tests.benchmarks.a2a_sdk", str(Path(folder) / "sdk.db")) as durable,
    ):
        servers = {"memory": memory, "sqlite": sqlite}, {"SDK": sdk, "SDK on SQLite": durable}
        for what, number, make, path in (
            ("SendMessage, 1 client", 1, send, "echo"), ("SendMessage, 16 clients", 16, send, "echo"),
            ("a piece of a stream", 1, stream, "pieces"),
        ):  # fmt: skip
            runs = {name: (server, [make(f"/agents/{path}")] * number) for name, server in servers[0].items()}
            theirs = {name: (server, [make("/")] * number) for name, server in servers[1].items()}
            figures = await compare({**runs, **theirs})
            tell_saved(f"A2A {what}, in memory", figures, "SDK", 8, "memory")
            tell_saved(f"A2A {what}, durable on SQLite", figures, "SDK on SQLite", 8 if make is stream else 5, "sqlite")
            tell_saved(f"A2A {what}, durable against in memory", figures, "SDK", 8 if make is stream else 5, "sqlite")


if __name__ == "__main__":
    asyncio.run(main())
