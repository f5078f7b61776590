"""A worker that plays the agent: a prompt's first word says what it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

from hub.access import LOCAL, LOCAL_TENANT
from hub.app import Hub
from hub.domain.errors import HubError
from hub.domain.permissions import Permission
from hub.domain.sessions import Prompt, Session, text_of_blocks
from hub.domain.transcripts import Transcript
from hub.operations.session_claims import TakenPrompt
from hub.ports import Filter

OPTIONS = [
    {"optionId": "once", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "always", "name": "Allow always", "kind": "allow_always"},
    {"optionId": "no", "name": "Reject", "kind": "reject_once"},
]
DIFF = {"type": "diff", "path": "notes.txt", "oldText": "one\ntwo\n", "newText": "one\n2\n"}


class FakeWorker:
    """Runs one session at a time, turn after turn."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._token = 0
        self._session_id = ""
        self._transcript = Transcript(0, {})

    async def work(self) -> None:
        cursor = 0
        async for page in self._hub.follow(LOCAL, cursor, Filter(kinds=("session",)), 0.2):
            for event in page.events:
                with suppress(HubError):  # it was stopped meanwhile
                    await self._session(event.record_id)

    async def _session(self, session_id: str) -> None:
        session = await self._hub.store.get(LOCAL_TENANT, Session, session_id)
        if session is None or not session.queue or not session.live:
            return
        held = await self._call("claim_session", sessionId=session_id, worker="fake")
        assert held.claim
        self._session_id, self._token, self._transcript = session_id, held.claim.token, Transcript(held.entry_count, held.standing)
        if (held.name or "").startswith("broken"):
            await self._report(status="failed", reason="The program is not there.")
            return
        await self._report(status="ready")
        while prompt := (await self._take()).prompt:
            await self._turn(prompt)

    async def _take(self) -> TakenPrompt:
        taken = await self._call("take_prompt", **self._claim)
        assert isinstance(taken, TakenPrompt)
        return taken

    async def _turn(self, prompt: Prompt) -> None:
        self._transcript.turn()
        self._transcript.say("user_message", [dict(block) for block in prompt.content], prompt.message_id)
        await self._report()
        word, *rest = text_of_blocks(prompt.content).split(maxsplit=1)
        end = await getattr(self, f"_{word}")("".join(rest)) or {"status": "completed", "stopReason": "end_turn"}
        self._transcript.add(
            {"sessionUpdate": "state_update", "state": "idle", **({"stopReason": end["stopReason"]} if "stopReason" in end else {})}
        )
        await self._report(ended={"number": prompt.number, **end})

    async def _echo(self, rest: str) -> dict[str, Any]:
        self._transcript.add({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": "An echo."}})
        for word in rest.split(" "):
            self._transcript.add(
                {"sessionUpdate": "agent_message_chunk", "messageId": "m", "content": {"type": "text", "text": f"{word} "}}
            )
            await self._report()
        await self._report(usage={"used": 1_000, "size": 200_000, "cost": {"amount": 0.25, "currency": "USD"}})
        return {"status": "completed", "stopReason": "end_turn", "usage": {"inputTokens": 12_000, "outputTokens": 7}}

    async def _edit(self, _: str) -> None:
        self._transcript.add(
            {"sessionUpdate": "plan", "entries": [{"content": "Look", "status": "completed"}, {"content": "Write", "status": "pending"}]}
        )
        call = {"toolCallId": "t-1", "title": "Write notes.txt", "kind": "edit"}
        self._transcript.add({"sessionUpdate": "tool_call", **call, "status": "pending"})
        await self._report()
        self._transcript.add({"sessionUpdate": "tool_call_update", "toolCallId": "t-1", "status": "in_progress"})
        await self._report()
        self._transcript.add({"sessionUpdate": "tool_call_update", "toolCallId": "t-1", "status": "completed", "content": [DIFF]})

    async def _permit(self, command: str) -> None:
        asked = {
            "title": f"Run {command}",
            "toolKind": "execute",
            "command": command,
            "toolCall": {"toolCallId": "t-2"},
            "options": OPTIONS,
        }
        permission = await self._call("request_permission", **self._claim, **asked)
        status = await self._answered(permission.id)
        self._transcript.add({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": f"It was {status}."}})

    async def _sleep(self, _: str) -> dict[str, Any]:
        self._transcript.add({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "asleep\n"}})
        await self._report()
        async for page in self._hub.follow(LOCAL, 0, Filter(kinds=("session",), record_id=self._session_id)):
            if any(event.name == "session.cancelled" for event in page.events):
                break
        return {"status": "completed", "stopReason": "cancelled"}

    async def _refuse(self, _: str) -> dict[str, Any]:
        return {"status": "completed", "stopReason": "refusal"}

    async def _tire(self, _: str) -> dict[str, Any]:
        return {"status": "completed", "stopReason": "max_tokens"}

    async def _fail(self, reason: str) -> dict[str, Any]:
        return {"status": "failed", "reason": reason}

    async def _answered(self, permission_id: str) -> str:
        async for _ in self._hub.follow(LOCAL, 0, Filter(kinds=("permission",), record_id=permission_id), 0.2):
            permission = await self._hub.store.get(LOCAL_TENANT, Permission, permission_id)
            assert permission
            if permission.status != "pending":
                return permission.option_id or permission.status
        raise AssertionError("following has no end")

    async def _report(self, **said: Any) -> None:
        news = self._transcript.take()
        entries = [{"number": number, "update": update, "patch": patch} for number, update, patch in news.changes]
        await self._call("report_session", **self._claim, entries=entries, updates=news.updates, **said)

    @property
    def _claim(self) -> dict[str, Any]:
        return {"sessionId": self._session_id, "claimToken": self._token}

    async def _call(self, operation: str, **arguments: Any) -> Any:
        return await self._hub.call(operation, orjson.dumps(arguments), LOCAL)


@asynccontextmanager
async def fake_working(hub: Hub) -> AsyncIterator[None]:
    task = asyncio.create_task(FakeWorker(hub).work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error
