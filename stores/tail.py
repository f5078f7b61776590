"""The end of the log, as far as this process wrote it: a follower that keeps up asks no database."""

from collections.abc import Sequence
from typing import Any

from hub.ports import Filter, Logged, Page
from stores import sql

MOST_EVENTS = 300
"""Who is further behind reads the log. Memory that is held long is cold when it is let go, which costs each commit something."""
MOST_CHARACTERS = 1_000_000


class Tail:
    """The last events, without gaps. What another process wrote is a gap: it begins anew behind it."""

    def __init__(self, head: int, rounds: int = 1) -> None:
        """So many rounds may be under way together, and be told of in any order."""
        self._head, self._rounds = head, rounds
        self._events: list[sql.Values] = []
        """As `sql.logged` made them: they are put into words when somebody asks."""
        self._characters = 0
        self._ahead: dict[int, Sequence[sql.Values]] = {}
        """Rounds by the cursor that they stand on."""

    def add(self, before: int, events: Sequence[sql.Values]) -> None:
        """What one round committed on top of this cursor."""
        self._ahead[before] = events
        if len(self._ahead) >= self._rounds and self._head not in self._ahead:
            self._head, self._events, self._characters = min(self._ahead), [], 0
        while (more := self._ahead.pop(self._head, None)) is not None:
            self._extend(more)
        for passed in [cursor for cursor in self._ahead if cursor < self._head]:
            del self._ahead[passed]

    def page(self, cursor: int, head: int, tenant: str, filter_: Filter, limit: int) -> Page | None:
        """The events in (cursor, head], or None where they are not all here."""
        if head <= cursor:
            return Page((), cursor)
        start = cursor - self._head + len(self._events)
        if head > self._head or start < 0:
            return None
        found: list[Logged] = []
        for at, event in enumerate(self._events[start:], cursor + 1):
            if _wanted(filter_, tenant, *event):
                found.append(Logged(at, str(event[1]), str(event[3]), str(event[5])))
                if len(found) == limit:
                    return Page(found, at)
        return Page(found, self._head)

    def _extend(self, events: Sequence[sql.Values]) -> None:
        self._events += events
        self._head += len(events)
        self._characters += _characters(events)
        if len(self._events) > MOST_EVENTS or self._characters > MOST_CHARACTERS:
            self._events = self._events[(len(self._events) + 1) // 2 :]
            self._characters = _characters(self._events)


def _characters(events: Sequence[sql.Values]) -> int:
    return sum(len(str(event[5])) for event in events)


def _wanted(filter_: Filter, tenant: str, owner: Any, name: Any, kind: Any, record_id: Any, workspace_id: Any, body: Any) -> bool:
    return (
        owner == tenant and (not filter_.kinds or kind in filter_.kinds)
        and filter_.record_id in (None, record_id) and filter_.workspace_id in (None, workspace_id)
    )  # fmt: skip
