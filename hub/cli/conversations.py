"""A task as a conversation on a terminal: what comes of it is shown as it comes, and what is asked is answered there."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol
from uuid import uuid4

import click

from hub.cli.keyboard import Keyboard
from hub.cli.options import UNANSWERED
from hub.cli.tables import UNSEEN

CODES = {"COMPLETED": 0, "FAILED": 1, "REJECTED": 3, "CANCELED": 4}
UNTAKEN = 5.0
"""Seconds after which it is said that nobody works on the task."""
NOBODY = (
    "Nobody has taken it up yet. It needs a hub that runs on this database (`trivium serve`), or an agent that takes its tasks itself. "
    "Still waiting; Ctrl-C cancels the task."
)


class Line(Protocol):
    """To an agent, whichever way."""

    def send(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """What becomes of a SendMessageRequest: StreamResponses, at least until the task goes on no more by itself."""

    async def cancel(self, task_id: str) -> None: ...


class Conversation:
    """What comes out of the task goes to standard output, what is said on the way to standard error."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._open = False
        """The last line of the output is not ended yet."""
        self._shown = False
        self.task_id: str | None = None
        self.context_id: str | None = None
        self.taken = False

    def hear(self, event: dict[str, Any]) -> tuple[str, str] | None:
        """Show a StreamResponse. Answers the state that the task has come to, and what is said about that, once it goes on no more."""
        if self._json:
            click.echo(json.dumps(event, ensure_ascii=False))
        [(kind, told)] = event.items()
        if kind == "message":
            self._show_parts(told)
            return "COMPLETED", ""
        self.task_id, self.context_id = told.get("id") or told.get("taskId"), told.get("contextId")
        if kind == "artifactUpdate":
            self.taken = True
            self._show_parts(told["artifact"])
            return None
        for artifact in told.get("artifacts", ()):
            self._show_parts(artifact)
        return self._status(told["status"])

    def end(self) -> None:
        if self._open:
            click.echo()
            self._open = False

    def tell(self, text: str) -> None:
        if text and not self._json:
            self.end()
            click.echo(click.style(text.translate(UNSEEN), dim=True), err=True)

    def ask(self, question: str) -> None:
        self.tell(question)
        if sys.stdin.isatty():
            click.echo("> ", nl=False, err=True)

    def _status(self, status: dict[str, Any]) -> tuple[str, str] | None:
        state = str(status["state"]).removeprefix("TASK_STATE_")
        said = "\n".join(part["text"] for part in status.get("message", {}).get("parts", ()) if part.get("text"))
        if state != "SUBMITTED":
            self.taken = True
        if state in ("INPUT_REQUIRED", "AUTH_REQUIRED"):
            return state, said
        if state not in CODES:
            self.tell(said)
            return None
        if state == "COMPLETED" and said and not self._shown:
            self._show_parts(status["message"])
        return state, said

    def _show_parts(self, holder: dict[str, Any]) -> None:
        if self._json:
            return
        for part in holder.get("parts", ()):
            self._shown = True
            if (text := part.get("text")) is not None:
                click.echo(text.translate(UNSEEN), nl=False)
                self._open = not text.endswith("\n") if text else self._open
            elif part.get("data") is not None:
                self.end()
                click.echo(json.dumps(part["data"], ensure_ascii=False))
            else:
                self.tell(f"[{part.get('filename') or part.get('url') or 'a file'}: {part.get('mediaType') or 'no type'}]")


async def hold(line: Line, text: str, context: str | None, conversation: Conversation) -> int:
    """Until the task has ended, or nobody answers what is asked. Gives the exit code. Whoever interrupts it cancels the task."""
    untaken = asyncio.create_task(_tell_if_untaken(conversation))
    named = {"contextId": context} if context else {}
    keyboard = Keyboard()
    try:
        while True:
            message = {"messageId": uuid4().hex, "role": "ROLE_USER", "parts": [{"text": text}], **named}
            state, said = await _settled(line, {"message": message}, conversation)
            if state in CODES:
                break
            conversation.ask(said or "It waits for an answer.")
            if (reply := await keyboard.line()) is None:
                conversation.tell(f"Nobody answered. `trivium tasks show {conversation.task_id}` shows what is asked.")
                return UNANSWERED
            text, named = reply, {"taskId": conversation.task_id or ""}
    except asyncio.CancelledError:
        if conversation.task_id:
            await line.cancel(conversation.task_id)
            conversation.tell("The task is cancelled.")
        raise
    finally:
        untaken.cancel()
        conversation.end()
    if state != "COMPLETED":
        conversation.tell(f"{state.lower()}: {said}" if said else state.lower())
    return CODES[state]


async def _settled(line: Line, request: dict[str, Any], conversation: Conversation) -> tuple[str, str]:
    async with aclosing(line.send(request)) as events:
        async for event in events:
            if settled := conversation.hear(event):
                return settled
    return "FAILED", "The hub stopped telling what becomes of the task. `trivium tasks show` does."


async def _tell_if_untaken(conversation: Conversation) -> None:
    await asyncio.sleep(UNTAKEN)
    if not conversation.taken:
        conversation.tell(NOBODY)
