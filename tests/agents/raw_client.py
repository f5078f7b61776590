"""An ACP client that is as plain as one can be: a process, a line of JSON for each message, nothing else."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import orjson

from tests.agents.programs import RealAgent

PATIENCE = 30.0
"""Seconds for one thing that an agent does, on a busy machine."""
LONGEST_LINE = 64 << 20


class AgentError(Exception):
    """The agent answered with an error, its JSON-RPC error object, or not at all."""


class RawClient:
    def __init__(self, process: Process) -> None:
        self.process = process
        self.wire: list[tuple[str, dict[str, Any]]] = []
        """Every message, in order, with its direction: sent or received."""
        self.permit = "allow_once"
        """The kind of the option that is taken when the agent asks."""
        self._ids = count(1)
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard = asyncio.Condition()

    async def request(self, method: str, **params: Any) -> Any:
        """The result. Raises AgentError."""
        id_ = next(self._ids)
        answered = self._pending[id_] = asyncio.get_running_loop().create_future()
        self._send({"id": id_, "method": method, "params": params})
        answer = await asyncio.wait_for(answered, PATIENCE)
        if "error" in answer:
            raise AgentError(answer["error"])
        return answer["result"]

    def notify(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    async def prompt(self, session: str, text: str) -> str:
        """The stop reason."""
        prompt = [{"type": "text", "text": text}]
        return str((await self.request("session/prompt", sessionId=session, prompt=prompt))["stopReason"])

    async def heard(self, kind: str) -> None:
        """Until there is an update of this kind."""
        with anyio.fail_after(PATIENCE):
            async with self._heard:
                await self._heard.wait_for(lambda: bool(self.updates(kind)))

    def updates(self, *kinds: str) -> list[dict[str, Any]]:
        updates = [params["update"] for params in self.received("session/update")]
        return [update for update in updates if update["sessionUpdate"] in kinds]

    def received(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for way, message in self.wire if way == "received" and message.get("method") == method]

    def said(self) -> str:
        return "".join(chunk["content"]["text"] for chunk in self.updates("agent_message_chunk"))

    async def read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            message = orjson.loads(line)
            self.wire.append(("received", message))
            if "method" not in message:
                self._pending.pop(message["id"]).set_result(message)
            elif "id" in message:
                self._answer(message)
            async with self._heard:
                self._heard.notify_all()
        for unanswered in self._pending.values():
            unanswered.set_exception(AgentError("The agent ended."))

    def _answer(self, request: dict[str, Any]) -> None:
        if request["method"] != "session/request_permission":
            return self._send({"id": request["id"], "error": {"code": -32601, "message": "This client has only permissions."}})
        option = next(option["optionId"] for option in request["params"]["options"] if option["kind"] == self.permit)
        return self._send({"id": request["id"], "result": {"outcome": {"outcome": "selected", "optionId": option}}})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        message = {"jsonrpc": "2.0", **message}
        self.wire.append(("sent", message))
        self.process.stdin.write(orjson.dumps(message) + b"\n")


@asynccontextmanager
async def running(agent: RealAgent, cwd: Path) -> AsyncIterator[RawClient]:
    """The agent, initialized, its errors in a file beside the folder. It and its children are gone at the end, whatever happened."""
    with cwd.with_suffix(".stderr").open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            agent.command, *agent.args, env=agent.env, cwd=cwd, stdin=PIPE, stdout=PIPE, stderr=errors,
            limit=LONGEST_LINE, start_new_session=True,
        )  # fmt: skip
    client = RawClient(process)
    reading = asyncio.create_task(client.read())
    try:
        await client.request("initialize", protocolVersion=1, clientCapabilities={}, clientInfo={"name": "tests", "version": "1"})
        yield client
        assert process.stdin
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)
        await reading
    finally:
        reading.cancel()
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
