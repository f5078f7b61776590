"""What happens in a session as text: updates as they come, entries as they stand, what is asked."""

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from hub.cli.tables import UNSEEN

Json = dict[str, Any]
LONGEST_LINE = 200
LONGEST_COMMAND = 10_000
"""Characters of a command that somebody is asked about: the rest is counted."""
MOST_LINES = 12
"""Of a diff, or of what a tool that failed has said."""
COMPARED = 50_000
"""Characters of a file up to which it is compared line by line."""
MARKS = {"completed": "x", "in_progress": ">"}
CALL = ("title", "kind", "status", "content")
SILENT = frozenset({"pending", None})
"""Of a tool call in these nothing is said yet."""


class Screen:
    """What the agent says is the text; the rest stands beside it, on standard error where that is wanted."""

    def __init__(self, as_json: bool = False, beside: bool = True) -> None:
        self._json, self._beside = as_json, beside
        self._open: tuple[str, str] | None = None
        """The message whose last line is not ended yet: its kind and id."""
        self._ended = True
        self._calls: dict[str, Json] = {}
        """Tool calls that go on."""

    def fact(self, fact: Json) -> None:
        """An event of the session, or of what it asks, as the log has it."""
        if self._json:
            click.echo(json.dumps(fact, ensure_ascii=False))

    def tell(self, *lines: str, dim: bool = True) -> None:
        text = "\n".join(filter(None, lines)).translate(UNSEEN)
        if text and not self._json:
            self.end()
            click.echo(click.style(text, dim=True) if dim else text, err=self._beside)

    def ask(self, *lines: str) -> None:
        """Also where all else is JSON."""
        self.end()
        click.echo("\n".join(lines).translate(UNSEEN), err=True)

    def update(self, update: Json) -> None:
        """One that is told, or an entry's."""
        kind, content = str(update.get("sessionUpdate")), update.get("content")
        match kind:
            case "agent_message" | "agent_message_chunk" | "agent_thought" | "agent_thought_chunk":
                self._say(kind.removesuffix("_chunk"), str(update.get("messageId")), text_of(content))
            case "user_message":
                self.tell(*(f"> {line}" for line in text_of(content).splitlines()), dim=False)
            case "tool_call" | "tool_call_update":
                self._tool_call(update)
            case _:
                self.tell(*lines_of(update))

    def end(self) -> None:
        if self._open and not self._ended:
            click.echo(err=self._err(self._open[0]))
        self._open = None

    def _err(self, kind: str) -> bool:
        return self._beside and kind != "agent_message"

    def _say(self, kind: str, id_: str, text: str) -> None:
        if self._json or not text:
            return
        if self._open != (kind, id_):
            self.end()
            self._open = (kind, id_)
        shown = text.translate(UNSEEN)
        click.echo(click.style(shown, dim=True) if kind == "agent_thought" else shown, nl=False, err=self._err(kind))
        self._ended = text.endswith("\n")

    def _tool_call(self, update: Json) -> None:
        """A line for each status that tells something."""
        id_ = str(update.get("toolCallId"))
        before = self._calls.get(id_, {})
        call = before | {name: update[name] for name in CALL if update.get(name) is not None}
        self._calls[id_] = call
        if call.get("status") in ("completed", "failed"):
            del self._calls[id_]
        if "title" in call and call.get("status") != before.get("status") and call.get("status") not in SILENT:
            self.tell(*lines_of_call(call))


def text_of(content: Any) -> str:
    """Of a block, or of several: what is no text is named."""
    if isinstance(content, list):
        return "".join(map(text_of, content))
    if not isinstance(content, dict):
        return ""
    if content.get("type") == "text":
        return str(content.get("text", ""))
    resource = content.get("resource")
    holder = resource if isinstance(resource, dict) else content
    return f"[{content.get('type')}: {holder.get('uri') or holder.get('mimeType') or 'no name'}]"


def lines_of(update: Json) -> list[str]:
    """Of an update that is neither a message nor a tool call; of many there is nothing to tell."""
    match update.get("sessionUpdate"):
        case "plan" if isinstance(update.get("entries"), list):
            steps = [step for step in update["entries"] if isinstance(step, dict)]
            return ["Plan:", *(f"  [{MARKS.get(str(step.get('status')), ' ')}] {one_line(step.get('content'))}" for step in steps)]
        case "current_mode_update":
            return [f"Mode: {one_line(update.get('currentModeId'))}"]
        case "state_update" if update.get("state") == "idle":
            reason, stop = update.get("reason"), update.get("stopReason")
            return [one_line(reason)] if reason else [] if stop in (None, "end_turn") else [f"The turn has ended: {one_line(stop)}."]
        case _:
            return []


def lines_of_call(call: Json) -> list[str]:
    head = f"[{one_line(call.get('kind') or 'other')}] {one_line(call.get('title'))}: {one_line(call.get('status'))}"
    if call.get("status") == "failed":
        said = "".join(text_of(item.get("content")) for item in _items(call) if item.get("type") == "content")
        return [head, *_cut([f"  {line}" for line in said.splitlines()])]
    return [head, *lines_of_changes(call)] if call.get("status") == "completed" else [head]


def lines_of_permission(permission: Json) -> list[str]:
    """What the agent would do. A command is never cut where that could hide something without saying so."""
    lines = [f"[{one_line(permission.get('toolKind'))}] {one_line(permission['title'])}"]
    if command := permission.get("command"):
        more = len(command) - LONGEST_COMMAND
        shown = command[:LONGEST_COMMAND] + (
            f"\n… {more:,} characters more: `trivium permissions show {permission['id']}`" if more > 0 else ""
        )
        lines += [f"  $ {line}" for line in shown.splitlines()]
    lines += [f"  {path}" for path in permission.get("paths", ())]
    return [*lines, *lines_of_changes(permission.get("toolCall", {}))]


def lines_of_changes(call: Json) -> list[str]:
    """Of its diffs the first lines."""
    return [line for item in _items(call) if item.get("type") == "diff" for line in _diff(item)]


def line_of_usage(prompt: Json | None, session: Json | None) -> str:
    """What the turn took, and how full the session is."""
    told = [f"{value:,} {_words(name)}" for name, value in (prompt or {}).items() if type(value) is int and value]
    if session and type(session.get("used")) is int and type(session.get("size")) is int:
        told.append(f"context {session['used']:,} of {session['size']:,}")
    cost = session.get("cost") if session else None
    if isinstance(cost, dict) and isinstance(cost.get("amount"), int | float):
        told.append(f"{cost['amount']:.4g} {one_line(cost.get('currency'))}".rstrip())
    return ", ".join(told)


def one_line(value: Any) -> str:
    text = " ".join(str(value if value is not None else "").split())
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"


def _items(call: Json) -> Iterator[Json]:
    content = call.get("content")
    return (item for item in (content if isinstance(content, list) else ()) if isinstance(item, dict))


def _diff(item: Json) -> Iterable[str]:
    old, new = str(item.get("oldText") or ""), str(item.get("newText") or "")
    head = f"  {one_line(item.get('path'))}"
    if len(old) + len(new) > COMPARED:
        return [f"{head}: {old.count(chr(10)):,} lines before, {new.count(chr(10)):,} after"]
    changed = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[2:]
    return [head, *_cut([f"    {line[:LONGEST_LINE]}" for line in changed if not line.startswith("@@")])]


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"    … {more:,} lines more"] if more > 0 else lines


def _words(name: str) -> str:
    """inputTokens: input tokens."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in one_line(name))
