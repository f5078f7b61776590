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
    ):
        for number in (1, 16):
            figures = await compare({
                "memory": (memory, [send("/agents/echo")] * number),
                "sqlite": (sqlite, [send("/agents/echo")] * number),
                "SDK": (sdk, [send("/")] * number),
            })  # fmt: skip
            for by, goal in (("memory", 8), ("sqlite", 5)):
                what = f"A2A SendMessage, {by}, {number} client{'s' * (number > 1)}"
                tell_saved(what, figures, "SDK", goal, by)
        figures = await compare({
            "memory": (memory, [stream("/agents/pieces")]),
            "sqlite": (sqlite, [stream("/agents/pieces")]),
            "SDK": (sdk, [stream("/")]),
        })  # fmt: skip
        for by in ("memory", "sqlite"):
            tell_saved(f"A2A a piece of a stream, {by}", figures, "SDK", 8, by)


if __name__ == "__main__":
    asyncio.run(main())
