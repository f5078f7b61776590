"""An agent made with the official Python SDK of ACP: `python -m tests.jsonrpc.sdk_agent`."""

import asyncio
from typing import Any
from uuid import uuid4

import acp
from acp.schema import AgentCapabilities, InitializeResponse, NewSessionResponse, PermissionOption, PromptResponse, ToolCallUpdate

CHUNKS = 200


class SdkAgent:
    def on_connect(self, conn: Any) -> None:
        self._client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> InitializeResponse:
        return InitializeResponse(protocol_version=protocol_version, agent_capabilities=AgentCapabilities())

    async def new_session(self, cwd: str, **_: Any) -> NewSessionResponse:
        return NewSessionResponse(session_id=uuid4().hex)

    async def prompt(self, session_id: str, **_: Any) -> PromptResponse:
        """Ask for permission, then tell many chunks."""
        options = [PermissionOption(option_id="yes", name="Yes", kind="allow_once")]
        answer = await self._client.request_permission(
            session_id=session_id, tool_call=ToolCallUpdate(tool_call_id="t", title="Look"), options=options
        )
        for n in range(CHUNKS):
            text = acp.update_agent_message_text(f"{n} {answer.outcome.outcome}")
            await self._client.session_update(session_id=session_id, update=text)
        return PromptResponse(stop_reason="end_turn")

    async def cancel(self, session_id: str, **_: Any) -> None: ...


if __name__ == "__main__":
    asyncio.run(acp.run_agent(SdkAgent()))  # type: ignore[arg-type]
