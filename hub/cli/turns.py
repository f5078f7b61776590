"""What is done about one prompt, followed on a terminal to its end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

from hub.cli.options import UNANSWERED
from hub.cli.questions import Questions
from hub.cli.transcripts import Json, Screen, line_of_usage, one_line
from hub.cli.ways import Declined, Facts, Way

STOPS = {"end_turn": (0, ""), "refusal": (3, "The agent refuses to go on."), "cancelled": (4, "The turn is cancelled.")}
"""The exit code for each way in which a turn ends, and what is said then. Any other way is an end before the work is done."""
OVER = frozenset({"session.failed", "session.closed", "session.dormant", "session.deleted"})
"""After these it does not go on by itself."""


class Started(NamedTuple):
    session_id: str
    number: int
    """The prompt's."""
    waits: bool
    """Something is done before it."""


class Turn:
    """Of a session's agent."""

    def __init__(self, way: Way, facts: Facts, started: Started, screen: Screen, questions: Questions) -> None:
        self._way, self._facts, self._started, self._screen, self._questions = way, facts, started, screen, questions
        self._taken = False
        """The agent has been told."""

    async def follow(self) -> int:
        """Until it has ended. Answers the exit code."""
        await self._way.see_to(self._started.session_id)
        async for page in self._facts:
            over = [self._hear(fact) for fact in page]
            if not page:
                await self._way.see_to(self._started.session_id)
            if (not page or any(over)) and (ended := await self._ended()) is not None:
                return ended
        raise AssertionError("facts have no end")

    async def cancel(self) -> None:
        """What has not begun is taken back."""
        self._screen.tell("Cancelling. Ctrl-C again leaves.")
        session_id = self._started.session_id
        try:
            await self._way.call("withdraw_prompt", sessionId=session_id, number=self._started.number)
        except Declined:
            await self._way.call("cancel_session", sessionId=session_id)

    def _hear(self, fact: Json) -> bool:
        """Whether the turn may be over."""
        data = fact.get("data") or {}
        if fact["name"].startswith("permission."):
            if data.get("sessionId") == self._started.session_id and self._taken:
                self._screen.fact(fact)
                self._questions.hear(fact)
            return False
        if fact["recordId"] != self._started.session_id:
            return False
        self._screen.fact(fact)
        if fact["name"] in ("session.prompt_taken", "session.prompt_withdrawn") and data.get("number") == self._started.number:
            self._taken = True
            return bool(fact["name"] == "session.prompt_withdrawn")
        updates: list[Json] = data.get("updates", []) if self._taken else []
        for update in updates:
            if update.get("sessionUpdate") not in ("user_message", "state_update"):  # how it ends, the prompt says
                self._screen.update(update)
        return fact["name"] in OVER or any(_idle(update) for update in updates)

    async def _ended(self) -> int | None:
        """The exit code, once it has: that, the record says."""
        started = self._started
        found = await self._way.call("wait_for_prompt", sessionId=started.session_id, number=started.number, timeoutSeconds=0)
        prompt, session = found["prompt"], found["session"]
        if not found["done"] and f"session.{session['status']}" not in OVER:
            return None
        code, said = verdict(prompt, session)
        self._screen.tell(line_of_usage(prompt.get("usage"), session.get("usage")))
        self._screen.tell(said, dim=False)
        return UNANSWERED if code == 0 and self._questions.unanswered else code


def _idle(update: Json) -> bool:
    return update.get("sessionUpdate") == "state_update" and update.get("state") == "idle"


def verdict(prompt: Json, session: Json) -> tuple[int, str]:
    """The exit code, and what is to be said about it."""
    if prompt["status"] == "completed":
        stop = prompt.get("stopReason") or "end_turn"
        return STOPS.get(stop, (1, f"It ended before it was done: {one_line(stop)}."))
    if prompt["status"] == "cancelled":
        return 4, one_line(prompt.get("reason")) or "The turn is cancelled."
    failed = prompt["status"] == "failed"
    why = one_line((prompt if failed else session).get("reason")) or "No reason was given."
    return 1, f"failed: {why}" if failed else f"The session is {session['status']}, and the prompt was not sent: {why}"


async def either(work: Coroutine[Any, Any, int], asking: Coroutine[Any, Any, None]) -> int:
    """What the work comes to; or that nobody answers any more."""
    tasks = working, _ = asyncio.create_task(work), asyncio.create_task(asking)
    try:
        for done in (await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))[0]:
            done.result()
        return working.result() if working.done() else UNANSWERED
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until_interrupted(work: Coroutine[Any, Any, int], cancel: Callable[[], Awaitable[None]]) -> int:
    """Whoever interrupts it has it cancelled, and sees how it ends."""
    task = asyncio.create_task(work)
    try:
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            if (current := asyncio.current_task()) is not None:
                current.uncancel()
            await cancel()
            await asyncio.wait([task])
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])
