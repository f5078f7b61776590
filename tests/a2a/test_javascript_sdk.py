"""The official JavaScript SDK's client (npm: @a2a-js/sdk) on Node: every operation over JSON-RPC and HTTP+JSON, in 1.0 and in 0.3."""

import json
from typing import Any

import anyio
import pytest

from tests import node
from tests.a2a.agents import IMAGE, PIECES
from tests.a2a.hubs import PATIENCE, Served
from tests.clients.programs import on_node

COMPLETED, CANCELED, INPUT_REQUIRED = 3, 5, 6
"""Of TaskState, by its numbers in a2a.proto."""


@pytest.mark.parametrize(("binding", "version"), [("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"), ("JSONRPC", "0.3"), ("HTTP+JSON", "0.3")])
async def test_it_does_everything(served: Served, binding: str, version: str) -> None:
    given = json.dumps({"card": f"{served.agent}/.well-known/agent-card.json", "binding": binding, "version": version})
    told: dict[str, Any] = {}
    with anyio.fail_after(PATIENCE):
        async with on_node("a2a.mjs", given, cwd=node.HERE) as process:
            output, errors = await process.communicate()
    for line in output.splitlines():
        told |= json.loads(line)
    assert process.returncode == 0, (told, errors.decode())
    data = {"length": 10, "nested": {"a_b": [1, None]}}
    assert told["sent"] == {"state": COMPLETED, "said": "echo: echo hello", "data": data}
    assert told["image"] == {"bytes": IMAGE.raw, "mediaType": "image/png"}
    assert told["streamed"] == {"first": "task", "last": COMPLETED, "text": "".join(PIECES)}
    assert told["asked"] == {"state": INPUT_REQUIRED, "said": "answered: blue"}
    assert told["got"] == {"id": True, "history": ["echo hello"]}
    assert told["listed"] == (None if version == "0.3" else 1)
    assert told["push"] == {"made": "mine", "got": "http://127.0.0.1:9/hook", "before": ["mine"], "after": []}
    assert told["canceled"] == {"first": "task", "state": CANCELED, "last": CANCELED}
    ended = "UnsupportedOperationError"
    assert told["failed"] == {"unknown": "TaskNotFoundError", "cancel": "TaskNotCancelableError", "more": ended, "subscribe": ended}
    assert told["card"] == "scripted"
