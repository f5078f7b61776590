"""The web frontend's chat with an agent that is a program: from session/new to the end of its turns."""

import asyncio
from pathlib import Path

import pytest

from hub.app import Hub
from stores.memory import MemoryStore
from tests.acp.working import working
from tests.protocols.conftest import serving
from tests.protocols.sse import listening
from tests.protocols.test_web_acp import rpc
from tests.protocols.test_web_acp_streams import ACP, update


@pytest.mark.parametrize("decision", ["approve", "deny"])
async def test_a_chat_from_its_first_word_to_a_permission_and_its_transcript(tmp_path: Path, decision: str) -> None:
    hub = Hub(MemoryStore())
    async with serving(hub) as http, working(hub, tmp_path):
        made = await rpc(http, "session/new", workspaceId="default", provider="fake", cwd=str(tmp_path), mcpServers=[])
        session = made["sessionId"]
        async with listening(http, ACP, sessionId=session) as stream:
            asked = asyncio.create_task(rpc(http, "session/prompt", sessionId=session, prompt=[{"type": "text", "text": "permit"}]))
            kinds = list[str]()
            while "turn_complete" not in kinds:
                [told] = [update(frame) for frame in await stream.frames(1)]
                kinds.append(told["sessionUpdate"])
                if str(told.get("toolCallId")).startswith("request-permission-") and told["status"] == "waiting":
                    answer = {"toolCallId": told["toolCallId"], "response": {"decision": decision}}
                    assert await rpc(http, "session/respond_user_input", sessionId=session, **answer) == {"ok": True}
            assert (await asked)["stopReason"] == "end_turn"
        assert kinds[0] == "acp_status"
        assert {"user_message", "tool_call", "tool_call_update", "agent_message_chunk"} <= {*kinds}
        async with http.get(f"/api/sessions/{session}/transcript") as response:
            shown = await response.json()
        assert shown["latestEventKind"] == "turn_complete"
        assert [one["role"] for one in shown["messages"]][:1] == ["user"]
        assert "assistant" in [one["role"] for one in shown["messages"]]
