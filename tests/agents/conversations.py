"""Sessions of real agents, driven through a hub's doors."""

from pathlib import Path
from typing import Any

import anyio

from tests.agents.hubs import ServedHub

PATIENCE = 30.0
"""Seconds for one thing that an agent does, on a busy machine."""


class Conversation:
    """With one agent, in one session."""

    def __init__(self, hub: ServedHub, session_id: str) -> None:
        self.hub, self.id = hub, session_id

    @classmethod
    async def start(cls, hub: ServedHub, provider: str, folder: Path) -> "Conversation":
        return cls(hub, (await hub.ask("start_session", provider=provider, cwd=str(folder)))["id"])

    async def session(self) -> Any:
        return await self.hub.ask("get_session", sessionId=self.id)

    async def tell(self, text: str) -> int:
        """The prompt's number."""
        return int((await self.hub.ask("prompt_session", sessionId=self.id, prompt=text))["number"])

    async def wait(self, number: int, until: str = "ended") -> Any:
        """What wait_for_prompt answers."""
        waited = await self.hub.ask("wait_for_prompt", sessionId=self.id, number=number, until=until, timeoutSeconds=PATIENCE)
        assert waited["reason"] != "timeout", waited
        return waited

    async def ask(self, text: str) -> str:
        """What the agent answers in a turn that ends well."""
        waited = await self.wait(await self.tell(text))
        assert (waited["prompt"]["status"], waited["prompt"]["stopReason"]) == ("completed", "end_turn"), waited
        return str(waited["answer"])

    async def ask_with(self, text: str, decision: str) -> Any:
        """The permission request that the agent makes in this turn, answered so. The turn ends well."""
        number = await self.tell(text)
        waited = await self.wait(number, "settled")
        assert waited["reason"] == "requires_action", waited
        [permission] = (await self.hub.ask("list_permissions", sessionId=self.id, status="pending"))["permissions"]
        answered = await self.hub.ask("answer_permission", permissionId=permission["id"], decision=decision)
        assert (await self.wait(number))["prompt"]["stopReason"] == "end_turn"
        return answered

    async def talking(self) -> int:
        """The number of a prompt to which the agent gives an answer that takes long. It has begun to."""
        number = await self.tell("SLOW")
        taken = False
        with anyio.fail_after(PATIENCE):
            async for event in self.hub.events():
                data = event.get("data", {})
                taken = taken or (event["name"] == "session.prompt_taken" and data["number"] == number)
                if taken and any(update["sessionUpdate"] == "agent_message_chunk" for update in data.get("updates", ())):
                    return number
        raise AssertionError("the events have ended")

    async def history(self) -> list[Any]:
        entries = await self.hub.ask("read_session_history", sessionId=self.id, limit=500)
        return [entry["update"] for entry in entries["sessionEntries"]]

    async def said(self, by: str) -> list[str]:
        """The texts of the messages in the history by `user` or by `agent`, the oldest first."""
        kept = [update for update in await self.history() if update["sessionUpdate"] == f"{by}_message"]
        return ["".join(block["text"] for block in update["content"]) for update in kept]
