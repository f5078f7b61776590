"""A client made with the official Python SDK of ACP, on its own standard input and output: `python -m tests.jsonrpc.sdk_client`.

It prompts twice and says on standard error what it got.
"""

import asyncio
import sys
from typing import Any

import acp
from acp.schema import AllowedOutcome, RequestPermissionResponse
from acp.stdio import stdio_streams


class SdkClient:
    def __init__(self) -> None:
        self.texts: list[str] = []

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        self.texts.append(update.content.text)

    async def request_permission(self, session_id: str, tool_call: Any, options: list[Any], **_: Any) -> RequestPermissionResponse:
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=options[0].option_id))


async def main() -> None:
    client = SdkClient()
    reader, writer = await stdio_streams()
    agent = acp.connect_to_agent(client, writer, reader)  # type: ignore[arg-type]
    await agent.initialize(protocol_version=1)
    session = await agent.new_session(cwd="/", mcp_servers=[])
    stops = [(await agent.prompt(session_id=session.session_id, prompt=[acp.text_block(text)])).stop_reason for text in ("a", "b")]
    try:
        await agent.ext_method("unknown", {})
    except acp.RequestError as error:
        sys.stderr.write(f"{stops} {client.texts} {error.code}")


if __name__ == "__main__":
    asyncio.run(main())
