"""Coding agents that do what the prompt's first word says, in this process: see `FakeAgent.prompt`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hub.domain.permissions import PermissionOption
from hub.domain.sessions import ContentBlock, text_of_blocks
from hub.hosting import Asked, CannotRun, Opened, Opening, SessionDesk, TurnEnd

MODES: dict[str, Any] = {"currentModeId": "ask", "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "code", "name": "Code"}]}
MODELS = [{"value": "small", "name": "Small"}, {"value": "large", "name": "Large"}]
MODEL: dict[str, Any] = {"id": "model", "name": "Model", "category": "model", "type": "select", "currentValue": "small", "options": MODELS}
FAST: dict[str, Any] = {"id": "fast", "name": "Fast", "type": "boolean", "currentValue": False}
USAGE = {"totalTokens": 3, "inputTokens": 1, "outputTokens": 2}
ALLOW = PermissionOption(option_id="yes", name="Yes", kind="allow_once")
REJECT = PermissionOption(option_id="no", name="No", kind="reject_once")
CAPABILITIES = ("fork", "steer", "resume", "image")


class FakeHost:
    """An AgentHost. What it says is that it cannot start a provider of the name `broken`."""

    def __init__(self) -> None:
        self.openings: list[Opening] = []
        self.steered: list[str] = []
        self.steps: asyncio.Queue[None] = asyncio.Queue()
        self.willing = asyncio.Event()
        """While it is not set, no agent gets ready."""
        self.willing.set()

    def step(self, several: int) -> None:
        """A turn that goes by steps goes on with so many."""
        for _ in range(several):
            self.steps.put_nowait(None)

    async def open(self, opening: Opening, desk: SessionDesk) -> "FakeAgent":
        self.openings.append(opening)
        if opening.session.name == "broken":
            raise CannotRun("The fake agent is broken. Mend it.")
        await self.willing.wait()
        return FakeAgent(self, opening, desk)


class FakeAgent:
    def __init__(self, host: FakeHost, opening: Opening, desk: SessionDesk) -> None:
        self._host, self._desk = host, desk
        self._cancelled = asyncio.Event()
        self._options = {"model": dict(MODEL), "fast": dict(FAST)}
        self._number = len(host.openings)
        self.opened = Opened(
            f"fake-{self._number}", "new", CAPABILITIES, Path(opening.session.cwd or "/tmp"), {"name": "fake"}, MODES, (MODEL, FAST)
        )

    async def prompt(self, content: Sequence[ContentBlock]) -> TurnEnd:
        self._cancelled.clear()
        word, _, rest = text_of_blocks(tuple(content)).partition(" ")
        match word:
            case "say":
                await self._say(rest)
            case "count":
                for number in range(int(rest)):
                    await self._say(str(number), f"{rest}-{number}")
            case "steps":
                for number in range(int(rest)):
                    await self._host.steps.get()
                    await self._say(str(number), f"{rest}-{number}")
            case "tool":
                await self._desk.update(
                    {"sessionUpdate": "tool_call", "toolCallId": rest, "title": "Dig", "kind": "edit", "status": "pending"}
                )
                await self._desk.update({"sessionUpdate": "tool_call_update", "toolCallId": rest, "status": "completed"})
            case "plan":
                entry = {"content": rest, "priority": "high", "status": "pending"}
                await self._desk.update({"sessionUpdate": "plan", "entries": [entry]})
            case "ask":
                await self._say("May I?")
                permission = await self._desk.ask(
                    Asked(rest, {"toolCallId": "t-1", "title": rest, "kind": "execute"}, (ALLOW, REJECT), "t-1")
                )
                await self._say(f" {permission.status}")
            case "wait":
                await self._say("Waiting.")
                await self._cancelled.wait()
            case "fail":
                raise CannotRun("The fake agent has failed. Try again.")
        cancelled = self._cancelled.is_set()
        return TurnEnd("cancelled" if cancelled else "end_turn", None if cancelled else USAGE)

    async def steer(self, content: Sequence[ContentBlock]) -> bool:
        self._host.steered.append(text_of_blocks(tuple(content)))
        return True

    async def cancel(self) -> None:
        self._cancelled.set()

    async def set_mode(self, mode_id: str) -> None:
        pass

    async def set_config_option(self, id_: str, value: str | bool) -> tuple[dict[str, Any], ...] | None:
        self._options[id_]["currentValue"] = value
        return tuple(self._options.values())

    async def memory(self) -> int:
        return 0

    async def close(self) -> None:
        pass

    async def _say(self, text: str, message_id: str | None = None) -> None:
        said: dict[str, Any] = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
        await self._desk.update(said | ({"messageId": message_id} if message_id else {}))
