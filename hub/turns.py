"""A turn: what an agent is asked, and what it does about it. An agent of your own is an async function of one.

    async def echo(turn: Turn) -> str:
        return turn.text

What it returns is the result: a text, parts, or an object for machines. An async generator streams the texts that it yields.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from pydantic import JsonValue

from hub.domain.forms import FORM
from hub.domain.task_messages import Part, TaskMessage, text_of
from hub.domain.tasks import InputKind, InputRequest, Task

Said = str | Part | Sequence[Part]
Result = Said | dict[str, JsonValue] | None
F = TypeVar("F", bound=Callable[..., Any])

MOST_CHUNKS = 1_000
MOST_CHARACTERS = 500_000
"""What waits for the next commit; who appends more waits too."""
PACE = 0.05
"""Seconds from one commit of a stream to the next: what comes meanwhile goes together. The first piece waits for nothing."""


class Failed(Exception):
    """Raise it when the work came to nothing. Whoever gave the task reads its text."""


class Rejected(Exception):
    """Raise it to turn the task down. Whoever gave it reads its text."""


class Declined(Failed):
    """A question is not answered, or something not allowed. Not caught, it is the task's failure."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an agent is run."""

    resumable: bool = False
    """Its turn may be run again from the beginning after the hub stopped in the middle; otherwise the task has failed then."""
    timeout_seconds: float | None = None
    """For one turn, without the time in which it waits for others; None: as long as it takes."""
    at_once: int = 100
    """Turns on one node; more of them wait. One that waits for an answer counts for nothing."""
    files: tuple[str, ...] = ()
    """Media types that it takes beside text and JSON, like image/*."""


def terms(
    *, resumable: bool = False, timeout_seconds: float | None = None, at_once: int = 100, files: Sequence[str] = ()
) -> Callable[[F], F]:
    """Say how your function is run and which files it takes; see Terms."""

    def say(function: F) -> F:
        function.terms = Terms(resumable, timeout_seconds, at_once, tuple(files))  # type: ignore[attr-defined]
        return function

    return say


class Desk(Protocol):
    """Where a turn reports, under its claim. What it says is refused with a HubError once the claim is over."""

    async def report(self, operation: str, **given: Any) -> None: ...

    async def ask(self, message: str, form: Mapping[str, JsonValue], kind: InputKind) -> InputRequest: ...

    async def question(self, id_: str) -> InputRequest: ...

    async def message(self, number: int) -> TaskMessage: ...

    def away(self) -> AbstractAsyncContextManager[None]:
        """While it waits for others, it takes nobody's place and its time stands still."""


class Turn:
    """One run of an agent over one task. When the task is cancelled, the function gets asyncio.CancelledError where it waits."""

    def __init__(self, task: Task, agent_id: str, history: Sequence[TaskMessage], desk: Desk) -> None:
        self.task, self.agent_id, self.history = task, agent_id, tuple(history)
        self.parts = _asked(task, self.history)
        self._desk = desk
        self._earlier = list(task.input_requests)
        self._inbox: deque[int] = deque()
        self._known = task.message_count
        self._news = asyncio.Event()
        self._outputs: list[Output] = []

    @property
    def task_id(self) -> str:
        return self.task.id

    @property
    def message_id(self) -> str | None:
        """The sender's own id of the message that began the task, or of the first one that was said about it."""
        return self.history[0].message_id if self.history else None

    @property
    def context_id(self) -> str | None:
        """What the task belongs to: a session or a conversation."""
        return self.task.session_id

    @property
    def text(self) -> str:
        """What is asked, as far as it is text."""
        return text_of(self.parts)

    @property
    def desk(self) -> Desk:
        """For a runner that has more to report than a function says."""
        return self._desk

    @property
    def attempt(self) -> int:
        """1, and more when the task was taken up before."""
        return self.task.claim_count

    async def say(self, said: Said) -> None:
        """Tell whoever follows the task something on the way."""
        await self._desk.report("add_task_message", parts=wire(said), agentId=self.agent_id)

    async def publish(self, name: str, said: Said, **about: Any) -> None:
        """Publish an artifact whole. `about`: description, metadata, extensions."""
        await self._desk.report("append_artifact", **self._named(name), chunks=[wire(said)], **about)

    def artifact(self, name: str, **about: Any) -> "Output":
        """An artifact to be published piece by piece: `async with turn.artifact("plan") as plan: await plan.append("…")`.

        One of the same name, from this turn or an earlier one, is replaced.
        """
        output = Output(self._desk, {**self._named(name), **about})
        self._outputs.append(output)
        return output

    async def ask(self, message: str) -> str:
        """Ask whoever gave the task, and wait for the answer, for days if need be. Raises Declined.

        A turn that is run again finds the answers to the questions that it asked before.
        """
        return str((await self._answer(message, FORM, "input"))["answer"])

    async def ask_form(self, message: str, schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Ask for several things at once: `schema` is a JSON Schema of a flat object, and the answer fits it. Raises Declined."""
        return await self._answer(message, schema, "input")

    async def authorize(self, message: str) -> str:
        """Ask that something be allowed elsewhere, and wait until it was; `message` says what and where. Raises Declined."""
        return str((await self._answer(message, FORM, "authorization"))["answer"])

    async def next_message(self) -> str:
        """Wait for the next thing that is said to the agent while it works. Answers to its questions are not among them."""
        return text_of((await self.next_task_message()).parts)

    async def next_task_message(self) -> TaskMessage:
        """The same, whole."""
        if not self._inbox:
            async with self._desk.away():
                while not self._inbox:
                    await self._news.wait()
        return await self._desk.message(self._inbox.popleft())

    def heard(self, number: int | None = None) -> None:
        """For the worker: something happened to the task; the number is that of a new message to the agent."""
        if number is not None and number > self._known:
            self._known = number
            self._inbox.append(number)
        self._news.set()
        self._news = asyncio.Event()

    async def close(self) -> None:
        """For the worker: close what the function left open."""
        for output in self._outputs:
            await output.close()

    def drop(self) -> None:
        """For the worker: the claim is over, and nothing more is told."""
        for output in self._outputs:
            output.drop()

    async def _answer(self, message: str, form: Mapping[str, JsonValue], kind: InputKind) -> dict[str, JsonValue]:
        question = self._asked_before(message, form, kind) or await self._desk.ask(message, form, kind)
        while question.answered_at is None:
            news = self._news
            question = await self._desk.question(question.id)
            if question.answered_at is None:
                async with self._desk.away():
                    await news.wait()
        if question.declined or question.response is None:
            raise Declined(f"It was declined: {message}")
        return question.response

    def _asked_before(self, message: str, form: Mapping[str, JsonValue], kind: InputKind) -> InputRequest | None:
        for question in self._earlier:
            if (question.message, question.form, question.kind) == (message, form, kind):
                self._earlier.remove(question)
                return question
        return None

    def _named(self, name: str) -> dict[str, str]:
        """The id follows from the name, so that a turn that is run again publishes the same artifact."""
        id_ = f"{self.task.id}-{sha256(name.encode()).hexdigest()[:12]}"
        return {"artifactId": id_, "name": name, "agentId": self.agent_id}


class Output:
    """An artifact that grows. Pieces that come quickly go together in one commit, each told by itself."""

    def __init__(self, desk: Desk, named: Mapping[str, Any]) -> None:
        self._desk, self._named = desk, named
        self._waiting: list[list[dict[str, Any]]] = []
        self._characters = 0
        self._flushing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._begun = self._closing = self._closed = False

    async def append(self, said: Said) -> None:
        """Return at once, unless very much waits. Raises what went wrong with the pieces before."""
        parts = wire(said)
        self._waiting.append(parts)
        self._characters += sum(len(part.get("text") or part.get("raw") or "") for part in parts)
        self._flush()
        if len(self._waiting) >= MOST_CHUNKS or self._characters >= MOST_CHARACTERS:
            self._hurry.set()
            await self._flushed()

    async def close(self) -> None:
        """Wait until all of it is kept; nothing more comes then."""
        if not self._closed:
            self._closing = True
            self._hurry.set()
            self._flush()
            await self._flushed()

    def drop(self) -> None:
        self._closed = True
        if self._flushing and not self._flushing.cancel() and not self._flushing.cancelled():
            self._flushing.exception()  # seen: the turn has ended, and in what is told elsewhere

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None or issubclass(kind, Exception):
            await self.close()

    def _flush(self) -> None:
        if self._flushing is None or self._flushing.done():
            if self._flushing:
                self._flushing.result()
            self._flushing = asyncio.create_task(self._keep())

    async def _flushed(self) -> None:
        if self._flushing:
            await asyncio.wait([self._flushing])
            self._flushing.result()

    async def _keep(self) -> None:
        while self._waiting or (self._closing and not self._closed):
            chunks, self._waiting = self._waiting[:MOST_CHUNKS], self._waiting[MOST_CHUNKS:]
            self._characters = 0
            self._hurry.clear()
            last = self._closing and not self._waiting
            if chunks or self._begun:
                pieces = chunks or [[{"text": ""}]]
                await self._desk.report("append_artifact", **self._named, chunks=pieces, append=self._begun, last=last)
                self._begun = True
            self._closed = last
            if not self._closing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PACE):
                        await self._hurry.wait()


def wire(said: Said) -> list[dict[str, Any]]:
    """As parts of a message."""
    if isinstance(said, str):
        return [{"text": said}]
    return [part.model_dump(by_alias=True, exclude_none=True) for part in ([said] if isinstance(said, Part) else said)]


def begun_by_message(task: Task, history: Sequence[TaskMessage]) -> bool:
    """Its objective is what its first message says."""
    return bool(history) and history[0].created_at == task.created_at and text_of(history[0].parts) in ("", task.objective)


def _asked(task: Task, history: Sequence[TaskMessage]) -> tuple[Part, ...]:
    """What the task was begun with, and what was said before its agent said or asked anything."""
    first_question = min((one.asked_at for one in task.input_requests), default=None)
    asked = [] if begun_by_message(task, history) else [Part(text=task.objective)]
    for message in history:
        if message.role == "agent" or (first_question and message.created_at >= first_question):
            break
        asked += message.parts
    return tuple(asked)
