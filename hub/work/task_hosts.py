"""Sessions with the hub's agents that take tasks: each prompt is a task of the session, and what comes of it is what the agent says."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from hub.access import EVERYTHING, LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.agents import Agent
from hub.domain.errors import HubError
from hub.domain.model import new_id
from hub.domain.sessions import ContentBlock
from hub.domain.tasks import Task
from hub.hosting import CannotRun, LiveAgent, Opened, Opening, SessionDesk, TurnEnd
from hub.ports import Filter, Json, Logged

GOING_ON = ("submitted", "working")
"""States of a task that neither has ended nor asks something."""
CAPABILITIES = ("resume", "image", "audio", "embedded_context")


class TaskHost:
    """An AgentHost for the agents of one tenant."""

    def __init__(self, hub: Hub, tenant: str = LOCAL_TENANT) -> None:
        self._hub, self._tenant = hub, tenant

    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        session = opening.session
        agent = await self._hub.store.get(self._tenant, Agent, session.agent_id)
        if agent is None:
            raise CannotRun(f"There is no agent {session.agent_id!r} any more. Start a session with another one.")
        opened = Opened(
            session.id, "kept" if session.agent_session_id else "new", CAPABILITIES, Path(session.cwd or "."), {"name": agent.name}
        )
        return TaskAgent(self._hub, Caller(self._tenant, "hub", EVERYTHING), agent.id, opened, desk)


class TaskAgent:
    """A LiveAgent. It has no process: its tasks are run by whoever runs the agent's tasks."""

    def __init__(self, hub: Hub, caller: Caller, agent_id: str, opened: Opened, desk: SessionDesk) -> None:
        self._hub, self._caller, self._agent_id, self._desk = hub, caller, agent_id, desk
        self.opened = opened
        self._task: Task | None = None
        """The one that runs, or that asks something."""
        self._cancelled = False

    async def prompt(self, content: Sequence[ContentBlock]) -> TurnEnd:
        self._cancelled = False
        cursor = await self._hub.store.latest()
        given: Json = {"messageId": new_id(), "parts": [*map(part, content)]}
        if self._task and not self._task.ended:
            given["taskId"] = self._task.id  # it asked something: this is the answer
        else:
            given |= {"agentId": self._agent_id, "contextId": self.opened.agent_session_id}
        try:
            sent = await self._hub.call("send_task_message", given, self._caller)
        except HubError as error:
            raise CannotRun(f"The agent cannot be told: {error.message}") from None
        assert isinstance(sent, Task)
        self._task = sent
        if self._cancelled:  # while it was given
            await self.cancel()
        ended = await self._followed(sent.id, cursor)
        if ended is None:
            raise CannotRun("The task was deleted.")
        if ended.failure:
            raise CannotRun(ended.failure.message)
        return TurnEnd("cancelled" if ended.status == "CANCELLED" else "end_turn")

    async def steer(self, content: Sequence[ContentBlock]) -> bool:
        return False

    async def cancel(self) -> None:
        self._cancelled = True
        if self._task:
            with suppress(HubError):
                await self._hub.call("cancel_task", {"taskId": self._task.id}, self._caller)

    async def set_mode(self, mode_id: str) -> None:
        raise CannotRun("This agent has no modes.")

    async def set_config_option(self, id_: str, value: str | bool) -> tuple[dict[str, Any], ...] | None:
        raise CannotRun("This agent has no options.")

    async def memory(self) -> int:
        return 0

    async def close(self) -> None:
        """There is nothing to end."""

    async def _followed(self, task_id: str, cursor: int) -> Task | None:
        """How it stands once it has ended, or asks something. The log says when: the record may be ahead of what was told."""
        wanted = Filter(kinds=(Task.kind,), record_id=task_id)
        async for page in self._hub.follow(self._caller, cursor, wanted):
            going_on = True
            for event in page.events:
                going_on = await self._told(event)
            if going_on:
                continue
            self._task = task = await self._hub.store.get(self._caller.tenant, Task, task_id)
            if task is None or task.ended:
                return task
            if task.questions:
                await self._say(task.questions[0].message)
                return task
        raise asyncio.CancelledError

    async def _told(self, logged: Logged) -> bool:
        """Whether the task goes on after it."""
        event = orjson.loads(logged.body)
        data: Mapping[str, Any] = event.get("data", {})
        match logged.name:
            case "task.artifact_updated":
                for parts in data["chunks"]:
                    await self._say_parts(parts)
            case "task.message_added" if data.get("role") == "agent":
                await self._say_parts(data.get("parts", ()))
        return event.get("state") in GOING_ON and logged.name != "task.deleted"

    async def _say_parts(self, parts: Iterable[Mapping[str, Any]]) -> None:
        for one in parts:
            if text := one.get("text"):
                await self._say(text)
            elif url := one.get("url"):
                link = {"type": "resource_link", "uri": url, "name": one.get("filename") or url}
                await self._desk.update({"sessionUpdate": "agent_message_chunk", "content": link})
            elif one.get("data") is not None:
                await self._say(orjson.dumps(one["data"]).decode())

    async def _say(self, text: str) -> None:
        await self._desk.update({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}})


def part(block: ContentBlock) -> Json:
    """A content block of ACP as a part of a message."""
    match block.get("type"):
        case "text":
            return {"text": block["text"]}
        case "resource_link":
            return {"url": block["uri"], "filename": block.get("name")}
        case "image" | "audio":
            return {"raw": block["data"], "mediaType": block.get("mimeType")}
    resource = block.get("resource")
    embedded: Mapping[str, Any] = resource if isinstance(resource, dict) else {}
    if isinstance(text := embedded.get("text"), str):
        return {"text": text}
    return {"raw": embedded.get("blob", ""), "mediaType": embedded.get("mimeType")}
