"""From the updates that an agent sends to a session's history: chunks become messages, and what changes is one entry."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.domain.model import new_id

Update = dict[str, Any]
"""A session update of ACP, as it came or as it stands."""

MESSAGES = {"user_message_chunk": "user_message", "agent_message_chunk": "agent_message", "agent_thought_chunk": "agent_thought"}
"""By the kind of their chunks."""
TOOL_CALLS = ("tool_call", "tool_call_update")
ENDED = ("completed", "failed", "cancelled")
"""Statuses of a tool call."""
CURRENT = frozenset({"plan", "plan_update", "usage_update"})
"""Kinds of which a turn has one, the last; what happened before is told, and not kept."""
STANDING = frozenset({"available_commands_update", "current_mode_update", "config_option_update", "session_info_update"})
"""Kinds of which the session has one, the last."""
LONGEST_SEGMENT = 16_000
"""Characters after which a message goes on in another entry: an entry that grows is written anew each time."""
LONGEST_TEXT = 200_000
"""Characters of a text that is no message; of a longer one the beginning is kept."""
MOST_KNOWN = 2_000
"""Tool calls whose entries are known; an update to an older one begins a new entry."""


class Change(NamedTuple):
    """An entry as it is to be written."""

    number: int
    update: Update
    patch: bool
    """Only these fields have changed; otherwise it is the whole entry."""


class News(NamedTuple):
    changes: list[Change]
    updates: list[Update]
    """What happened, for whoever follows: of a message what was added to it."""


class Transcript:
    """Of one session, for as long as one process runs it. It holds what waits to be written, and no history."""

    def __init__(self, entry_count: int, standing: Mapping[str, int]) -> None:
        """`standing`: the numbers of entries that a former process left, by their kind, of STANDING."""
        self.entry_count = entry_count
        self._changes: dict[int, Change] = {}
        self._updates: list[Update] = []
        self._open: tuple[str, str, int] | None = None
        """The message that grows: kind, id, number."""
        self._given: Any = None
        """Its id as the agent gave it."""
        self._content: list[dict[str, Any]] = []
        self._length = 0
        self._texts: list[str] = []
        """What is still to be put behind the texts of `_ends`; none: what comes begins a block of its own."""
        self._ends: tuple[dict[str, Any], ...] = ()
        """The last block of the message that grows, and the one that is told of it."""
        self._numbers: OrderedDict[str, int] = OrderedDict(standing)
        self._calls: dict[str, None] = {}
        """The ids of tool calls that have not ended, in their order."""

    @property
    def waits(self) -> bool:
        return bool(self._changes or self._updates)

    def turn(self) -> None:
        """A turn begins or ends: what comes belongs to no message, plan or usage of the one before, and its tool calls are over."""
        for id_ in [*self._calls]:
            self.add({"sessionUpdate": "tool_call_update", "toolCallId": id_, "status": "failed"})
        self._settle()
        self._open = None
        for kind in CURRENT:
            self._numbers.pop(kind, None)

    def add(self, update: Mapping[str, Any]) -> None:
        kind = str(update.get("sessionUpdate"))
        if self._texts:
            if self._goes_on(kind, update):
                return
            self._settle()
        if kind in MESSAGES:
            self._chunk(kind, update)
        elif kind in TOOL_CALLS:
            self._tool_call(update)
        else:
            self._other(kind, shortened(dict(update)))

    def say(self, kind: str, content: list[dict[str, Any]], message_id: str) -> None:
        """A message that is whole: `kind` is user_message, agent_message or agent_thought."""
        self._settle()
        self._open = None
        whole = {"sessionUpdate": kind, "messageId": message_id, "content": content}
        self._new(whole)
        self._updates.append(whole)

    def take(self) -> News:
        """What is new since it was last taken."""
        self._settle()
        news = News(list(self._changes.values()), self._updates)
        self._changes, self._updates = {}, []
        self._content = [dict(block) for block in self._content]  # what was taken grows no more
        return news

    def _goes_on(self, kind: str, update: Mapping[str, Any]) -> bool:
        """It is no more than text for the message that grows: of those there may be ten thousand a second."""
        content: Any = update.get("content")
        if self._open is None or kind != self._open[0] or update.get("messageId") != self._given or not _plain(content):
            return False
        text = content["text"]
        self._length += len(text)
        if self._length > LONGEST_SEGMENT:
            self._length -= len(text)
            return False
        self._texts.append(text)
        return True

    def _settle(self) -> None:
        if self._texts:
            text = "".join(self._texts)
            for block in self._ends:
                block["text"] += text
            self._texts = []

    def _chunk(self, kind: str, update: Mapping[str, Any]) -> None:
        content, given = update.get("content"), update.get("messageId")
        if not isinstance(content, dict):
            return
        text = content.get("text") if content.get("type") == "text" else None
        length = len(text) if isinstance(text, str) else 0
        if self._open is None or self._open[0] != kind or given != self._given:
            self._begin(kind, given, str(given or new_id()))
        elif self._length + length > LONGEST_SEGMENT:
            self._begin(kind, given, self._open[1])
        assert self._open
        _, message_id, number = self._open
        self._length += length
        told = self._grow(content)
        if number not in self._changes:
            whole = {"sessionUpdate": MESSAGES[kind], "messageId": message_id, "content": self._content}
            self._changes[number] = Change(number, whole, patch=False)
        self._updates.append({"sessionUpdate": kind, "messageId": message_id, "content": told})

    def _begin(self, kind: str, given: Any, message_id: str) -> None:
        self.entry_count += 1
        self._open, self._given = (kind, message_id, self.entry_count), given
        self._content, self._length = [], 0

    def _grow(self, content: dict[str, Any]) -> dict[str, Any]:
        """What is told of it."""
        if not _plain(content):
            self._content.append(dict(content))
            return dict(content)
        if not (self._content and _plain(self._content[-1])):
            self._content.append({"type": "text", "text": ""})
        told = {"type": "text", "text": ""}
        self._texts, self._ends = [content["text"]], (self._content[-1], told)
        return told

    def _tool_call(self, update: Mapping[str, Any]) -> None:
        id_ = f"tool/{update.get('toolCallId')}"
        said = {name: shortened(value) for name, value in update.items() if value is not None}
        if number := self._numbers.get(id_):
            said["sessionUpdate"] = "tool_call_update"
            self._patch(number, {name: value for name, value in said.items() if name != "sessionUpdate"})
        else:
            self._open = None  # what is said after it is another message
            said["sessionUpdate"] = "tool_call"
            self._know(id_, self._new(said))
        self._updates.append(said)
        if said.get("status") in ENDED:
            self._calls.pop(str(said.get("toolCallId")), None)
        elif said["sessionUpdate"] == "tool_call" and "toolCallId" in said:
            self._calls[str(said["toolCallId"])] = None

    def _other(self, kind: str, update: Update) -> None:
        if kind in CURRENT or kind in STANDING:
            if number := self._numbers.get(kind):
                self._changes[number] = Change(number, update, patch=False)
            else:
                self._know(kind, self._new(update))
        else:
            self._new(update)
        self._updates.append(update)

    def _new(self, update: Update) -> int:
        self.entry_count += 1
        self._changes[self.entry_count] = Change(self.entry_count, update, patch=False)
        return self.entry_count

    def _patch(self, number: int, fields: Update) -> None:
        waiting = self._changes.get(number)
        patch = waiting is None or waiting.patch
        self._changes[number] = Change(number, {**(waiting.update if waiting else {}), **fields}, patch)

    def _know(self, id_: str, number: int) -> None:
        self._numbers[id_] = number
        if len(self._numbers) > MOST_KNOWN:
            oldest, _ = self._numbers.popitem(last=False)
            self._calls.pop(oldest.removeprefix("tool/"), None)


def _plain(content: Any) -> bool:
    """A block of text, and nothing beside."""
    return isinstance(content, dict) and len(content) == 2 and content.get("type") == "text" and isinstance(content.get("text"), str)


def shortened(value: Any) -> Any:
    """With its long texts cut."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}… ({len(value) - LONGEST_TEXT:,} characters more are not kept)"
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value]
    return value
