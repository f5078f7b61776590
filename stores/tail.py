"""The end of the log, as far as this process wrote it: a follower that keeps up asks no database."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hub.ports import Filter, Logged, Page
from stores import sql

MOST_EVENTS = 4_000
MOST_CHARACTERS = 8_000_000


class Entry(NamedTuple):
    tenant: str
    kind: str
    workspace_id: str | None
    logged: Logged

    def wanted(self, tenant: str, filter_: Filter) -> bool:
        workspace_id, kinds, record_id = filter_
        return (
            tenant == self.tenant and (not kinds or self.kind in kinds)
            and record_id in (None, self.logged.record_id) and workspace_id in (None, self.workspace_id)
        )  # fmt: skip


class Tail:
    """The last events, without gaps. What another process wrote is a gap: it begins anew behind it."""

    def __init__(self, head: int, rounds: int = 1) -> None:
        """So many rounds may be under way together, and be told of in any order."""
        self._head, self._rounds = head, rounds
        self._entries: list[Entry] = []
        self._characters = 0
        self._ahead: dict[int, Sequence[Entry]] = {}
        """Rounds by the cursor that they stand on."""

    def add(self, before: int, events: Iterable[sql.Values]) -> None:
        """What one round committed on top of this cursor, as `sql.logged` made it."""
        self._ahead[before] = [_entry(cursor, *event) for cursor, event in enumerate(events, before + 1)]
        if len(self._ahead) >= self._rounds and self._head not in self._ahead:
            self._head, self._entries, self._characters = min(self._ahead), [], 0
        while (more := self._ahead.pop(self._head, None)) is not None:
            self._extend(more)
        for passed in [cursor for cursor in self._ahead if cursor < self._head]:
            del self._ahead[passed]

    def page(self, cursor: int, head: int, tenant: str, filter_: Filter, limit: int) -> Page | None:
        """The events in (cursor, head], or None where they are not all here."""
        if head <= cursor:
            return Page((), cursor)
        start = cursor - self._head + len(self._entries)
        if head > self._head or start < 0:
            return None
        found: list[Logged] = []
        for at in range(start, len(self._entries)):
            one = self._entries[at]
            if one.wanted(tenant, filter_):
                found.append(one.logged)
                if len(found) == limit:
                    return Page(found, one.logged.cursor)
        return Page(found, self._head)

    def _extend(self, entries: Sequence[Entry]) -> None:
        self._entries += entries
        self._head += len(entries)
        self._characters += sum(len(one.logged.body) for one in entries)
        if len(self._entries) > MOST_EVENTS or self._characters > MOST_CHARACTERS:
            self._entries = self._entries[len(self._entries) // 2 :]
            self._characters = sum(len(one.logged.body) for one in self._entries)


def _entry(cursor: int, tenant: Any, name: Any, kind: Any, record_id: Any, workspace_id: Any, body: Any) -> Entry:
    return Entry(tenant, kind, workspace_id, Logged(cursor, name, record_id, body))
