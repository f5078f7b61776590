"""A fake host: its agents are objects of this process, and say what they are told."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hub.domain.sessions import ContentBlock
from hub.hosting import LiveAgent, Opened, Opening, SessionDesk, TurnEnd


class FakeHost:
    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        return FakeAgent(desk)


class FakeAgent:
    opened = Opened("fake", "kept", ("resume",), Path("/"))

    def __init__(self, desk: SessionDesk) -> None:
        self._desk = desk

    async def prompt(self, content: Sequence[ContentBlock]) -> TurnEnd:
        for block in content:
            await self._desk.update({"sessionUpdate": "agent_message_chunk", "content": block})
        return TurnEnd("end_turn")

    async def steer(self, content: Sequence[ContentBlock]) -> bool:
        return False

    async def cancel(self) -> None:
        pass

    async def set_mode(self, mode_id: str) -> None:
        pass

    async def set_config_option(self, id_: str, value: str | bool) -> tuple[dict[str, Any], ...] | None:
        return None

    async def close(self) -> None:
        pass

    async def memory(self) -> int:
        return 0
