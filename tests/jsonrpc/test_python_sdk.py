"""The official Python SDK of ACP on the other end of real pipes, in both roles."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from hub.ports import Json
from protocols.jsonrpc.peer import METHOD_NOT_FOUND, Peer, RpcError
from protocols.programs import Program
from tests.jsonrpc.conftest import Answers
from tests.jsonrpc.sdk_agent import CHUNKS
from tests.protocols.upstreams.running import ROOT


async def sdk(module: str) -> Program:
    return await Program.start(sys.executable, ["-m", module], env=dict(os.environ), cwd=ROOT)


@asynccontextmanager
async def agent(served: Answers) -> AsyncIterator[Peer]:
    peer = Peer(await sdk("tests.jsonrpc.sdk_agent"), served)
    running = asyncio.create_task(peer.run())
    with anyio.fail_after(20):
        try:
            yield peer
        finally:
            await peer.close()
            await running


async def test_an_agent_of_the_sdk_is_prompted(served: Answers) -> None:
    async def allow(params: Json) -> Json:
        return {"outcome": {"outcome": "selected", "optionId": params["options"][0]["optionId"]}}

    served.methods["session/request_permission"] = allow
    async with agent(served) as peer:
        assert (await peer.request("initialize", {"protocolVersion": 1}))["protocolVersion"] == 1
        session = (await peer.request("session/new", {"cwd": "/", "mcpServers": []}))["sessionId"]
        prompt = {"sessionId": session, "prompt": [{"type": "text", "text": "a"}]}
        assert (await peer.request("session/prompt", prompt, 10))["stopReason"] == "end_turn"
        with pytest.raises(RpcError) as raised:
            await peer.request("none", {})
        assert raised.value.code == METHOD_NOT_FOUND
    assert [params["update"]["content"]["text"] for _, params in served.told] == [f"{n} selected" for n in range(CHUNKS)]


class HandMadeAgent:
    """What an agent must answer, by hand."""

    peer: Peer

    async def request(self, method: str, params: Json) -> Any:
        if method == "initialize":
            return {"protocolVersion": 1, "agentCapabilities": {}, "_meta": {"mine": True}}
        if method == "session/new":
            return {"sessionId": "s"}
        if method != "session/prompt":
            raise RpcError(METHOD_NOT_FOUND, "There is no such method")
        asked = {"sessionId": "s", "toolCall": {"toolCallId": "t"}, "options": [{"optionId": "yes", "name": "Yes", "kind": "allow_once"}]}
        answer = await self.peer.request("session/request_permission", asked)
        text = f"{params['prompt'][0]['text']} {answer['outcome']['optionId']}"
        update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
        await self.peer.notify("session/update", {"sessionId": "s", "update": update})
        return {"stopReason": "end_turn"}

    async def notification(self, method: str, params: Json) -> None: ...


async def test_a_client_of_the_sdk_is_answered() -> None:
    made = HandMadeAgent()
    program = await sdk("tests.jsonrpc.sdk_client")
    made.peer = Peer(program, made)
    with anyio.fail_after(20):
        await made.peer.run()
    assert program.said == f"{['end_turn'] * 2} {['a yes', 'b yes']} {METHOD_NOT_FOUND}"
