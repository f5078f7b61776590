"""Playing the worker that runs a session: it claims it, takes prompts and reports, with an agent that says what the test has it say."""

from typing import Any

from hub.app import Hub
from hub.domain.transcripts import Transcript
from hub.ports import Json
from tests.core.support import ask

OPTIONS = [
    {"optionId": "yes", "name": "Yes", "kind": "allow_once"}, {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]  # fmt: skip


def text(words: str, kind: str = "agent_message_chunk") -> Json:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": words}}


class FakeWorker:
    def __init__(self, hub: Hub, session: Json) -> None:
        self._hub, self._held = hub, {"sessionId": session["id"], "claimToken": session["claim"]["token"]}
        self._transcript = Transcript(session["entryCount"], session["standing"])

    @classmethod
    async def of(cls, hub: Hub, session_id: str) -> "FakeWorker":
        """It holds the session, and its agent is ready."""
        worker = cls(hub, await ask(hub, "claim_session", sessionId=session_id, worker="w-1", leaseSeconds=3600))
        await worker.report(status="ready", agentSessionId="a-1", capabilities=["load", "resume", "fork"], agentInfo={"name": "fake"})
        return worker

    async def report(self, *updates: Json, **said: Any) -> None:
        """With what the agent said, and updates that stand in no history."""
        news = self._transcript.take()
        entries = [{"number": one.number, "update": one.update, "patch": one.patch} for one in news.changes]
        await ask(self._hub, "report_session", **self._held, entries=entries, updates=[*news.updates, *updates], **said)

    async def take(self) -> int:
        """Begin the next prompt's turn."""
        prompt = (await ask(self._hub, "take_prompt", **self._held))["prompt"]
        self._transcript.turn()
        self._transcript.say("user_message", prompt["content"], prompt["messageId"])
        self._transcript.add({"sessionUpdate": "state_update", "state": "running"})
        await self.report()
        return int(prompt["number"])

    async def tell(self, *updates: Json) -> None:
        """In one report, and so in one event."""
        for update in updates:
            self._transcript.add(update)
        await self.report()

    async def end(self, number: int, status: str = "completed", **said: Any) -> None:
        how = {"stopReason": "end_turn"} if status == "completed" else {}
        self._transcript.add({"sessionUpdate": "state_update", "state": "idle", **how, **said})
        self._transcript.turn()
        await self.report(ended={"number": number, "status": status, **how, **said})

    async def ask(self, title: str = "Run it") -> str:
        """The id of a permission request."""
        call = {"toolCallId": "t-1", "title": title, "kind": "execute", "rawInput": {"command": ["true"]}}
        asked = await ask(self._hub, "request_permission", **self._held, title=title, toolKind="execute", toolCall=call, options=OPTIONS)
        return str(asked["id"])


async def new_session(hub: Hub, **fields: Any) -> str:
    return str((await ask(hub, "start_session", **{"provider": "opencode", "cwd": "/src"} | fields))["id"])


async def turn(hub: Hub, worker: FakeWorker, session_id: str, prompt: str, *updates: Json) -> None:
    """A whole one."""
    await ask(hub, "prompt_session", sessionId=session_id, prompt=prompt)
    number = await worker.take()
    await worker.tell(*updates)
    await worker.end(number)
