"""Agents whose tasks are prompts of a session: a task that is given to one is said to it, and what it answers is the result."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from hub.access import EVERYTHING, LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.errors import HubError
from hub.domain.model import numbered_key
from hub.domain.sessions import ContentBlock, Prompt, Session
from hub.domain.task_messages import Part
from hub.ports import Filter
from hub.turns import Failed, Output, Result, Terms, Turn
from hub.work.sessions import Sessions

TERMS = Terms()
ASKS = "It asks for permission: list_permissions shows for what, answer_permission answers."


class SessionRunner:
    """An AgentRunner for one tenant, over the sessions that this process runs, or any other one."""

    kinds: Sequence[str] = ()

    def __init__(self, hub: Hub, sessions: Sessions, tenant: str = LOCAL_TENANT) -> None:
        self._hub, self._sessions = hub, sessions
        self._caller = Caller(tenant, "hub", EVERYTHING)

    async def agents(self) -> Mapping[str, Terms]:
        return dict.fromkeys(self._sessions.agents, TERMS)

    async def run(self, turn: Turn) -> Result:
        try:
            session_id = await self._session_of(turn)
            cursor = await self._hub.store.latest()
            given = {"sessionId": session_id, "prompt": [*map(block, turn.parts)], "taskId": turn.task_id}
            prompt = await self._hub.call("prompt_session", given, self._caller)
        except HubError as error:
            raise Failed(error.message) from None
        assert isinstance(prompt, Prompt)
        try:
            async with turn.artifact("result") as output:
                await self._follow(turn, prompt, cursor, output)
        except asyncio.CancelledError:
            await asyncio.shield(self._leave(prompt))
            raise
        await self._expect_done(prompt)
        return None

    async def _session_of(self, turn: Turn) -> str:
        """The one that the task belongs to, or the one that the agent has for the tasks of its context."""
        known = await self._hub.store.get(self._caller.tenant, Session, turn.context_id or "")
        if known is None or known.agent_id != turn.agent_id:
            key = f"context/{turn.agent_id}/{turn.context_id or turn.task_id}"
            started = await self._hub.call("start_session", {"agentId": turn.agent_id, "idempotencyKey": key[:200]}, self._caller)
            assert isinstance(started, Session)
            known = await self._hub.store.get(self._caller.tenant, Session, started.id) or started
        if known.status == "closed":
            await self._hub.call("resume_session", {"sessionId": known.id}, self._caller)
        return known.id

    async def _follow(self, turn: Turn, prompt: Prompt, cursor: int, output: Output) -> None:
        """From when it is sent until its turn is over: what the agent says in it. The log says when: records may be ahead of it."""
        begun = False
        wanted = Filter(kinds=(Session.kind,), record_id=prompt.session_id)
        async for page in self._hub.follow(self._caller, cursor, wanted):
            for logged in page.events:
                event: dict[str, Any] = orjson.loads(logged.body)
                data = event.get("data", {})
                begun = begun or (logged.name == "session.prompt_taken" and data.get("number") == prompt.number)
                for update in data.get("updates", ()) if begun else ():
                    if update.get("sessionUpdate") == "state_update" and update.get("state") == "idle":
                        return
                    await self._updated(turn, update, output)
            known = await self._read(prompt)
            if known is None or (known.ended and known.started_at is None):
                return

    async def _updated(self, turn: Turn, update: Mapping[str, Any], output: Output) -> None:
        match update.get("sessionUpdate"):
            case "agent_message_chunk" if (text := update["content"].get("text")) is not None:
                await output.append(text)
            case "state_update" if update.get("state") == "requires_action":
                await turn.say(ASKS)

    async def _expect_done(self, prompt: Prompt) -> None:
        known = await self._read(prompt)
        if known is None:
            raise Failed("The session was deleted.")
        if known.status != "completed":
            raise Failed(known.reason or f"The session's turn was {known.status}.")
        if known.stop_reason == "refusal":
            raise Failed("The agent refuses to go on.")

    async def _leave(self, prompt: Prompt) -> None:
        """Nobody waits for it any more."""
        known = await self._read(prompt)
        with suppress(HubError):
            if known and known.status == "queued":
                await self._hub.call("withdraw_prompt", {"sessionId": prompt.session_id, "number": prompt.number}, self._caller)
            elif known and known.status == "running":
                await self._hub.call("cancel_session", {"sessionId": prompt.session_id}, self._caller)

    async def _read(self, prompt: Prompt) -> Prompt | None:
        return await self._hub.store.get(self._caller.tenant, Prompt, numbered_key(prompt.session_id, prompt.number))


def block(part: Part) -> ContentBlock:
    """A part of a message as ACP has it."""
    if part.text is not None:
        return {"type": "text", "text": part.text}
    if part.url is not None:
        return {"type": "resource_link", "uri": part.url, "name": part.filename or part.url}
    if part.raw is not None:
        kind, media_type = (part.media_type or "").partition("/")[0], part.media_type or "application/octet-stream"
        if kind in ("image", "audio"):
            return {"type": kind, "data": part.raw, "mimeType": media_type}
        return {"type": "resource", "resource": {"uri": f"file:///{part.filename or 'file'}", "blob": part.raw, "mimeType": media_type}}
    return {"type": "text", "text": orjson.dumps(part.data).decode()}
