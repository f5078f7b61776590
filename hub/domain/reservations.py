"""An agent reserves paths of a codebase, so that two do not edit the same files."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import ClassVar

from hub.domain.model import Instant, Record

WORKSPACE_SCOPE = "workspace"


class ReservationScope(Record):
    """All the reservations of a workspace change under this record, so that no two that overlap are made at once."""

    kind: ClassVar[str] = "reservation_scope"
    plural: ClassVar[str] = "reservation_scopes"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str


class Reservation(Record):
    kind: ClassVar[str] = "reservation"
    plural: ClassVar[str] = "reservations"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "codebase_id", "agent_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    codebase_id: str | None = None
    path: str
    """A path or a glob relative to the codebase's root: `*`, `?` and `[…]` within a segment, `**` over segments."""
    agent_id: str
    exclusive: bool = True
    reason: str | None = None
    expires_at: Instant

    def conflicts(self, codebase_id: str | None, path: str, agent_id: str, exclusive: bool, now: Instant) -> bool:
        return (
            now < self.expires_at and self.agent_id != agent_id and (self.exclusive or exclusive)
            and self.codebase_id == codebase_id and overlap(self.path, path)
        )  # fmt: skip


@lru_cache(4096)
def overlap(one: str, other: str) -> bool:
    """Whether some path matches both globs. A character class counts as any character, which errs on the safe side."""
    return _meet(one.split("/"), other.split("/"), "**", _segments)


@lru_cache(4096)
def _segments(one: str, other: str) -> bool:
    return _meet(_atoms(one), _atoms(other), "*", _characters)


def _characters(one: str, other: str) -> bool:
    return one == other or "?" in (one, other)


def _meet(one: Sequence[str], other: Sequence[str], star: str, same: Callable[[str, str], bool]) -> bool:
    """Whether two patterns match something in common, where `star` stands for any number of parts.

    `row[j]` says it of the rest of one from i and the rest of the other from j. A table, because to try everything may take for ever.
    """
    row = [all(part == star for part in other[j:]) for j in range(len(other) + 1)]
    for part in reversed(one):
        below, row = row, [False] * len(other) + [part == star and row[-1]]
        for j in range(len(other) - 1, -1, -1):
            row[j] = below[j] or row[j + 1] if star in (part, other[j]) else below[j + 1] and same(part, other[j])
    return row[0]


def _atoms(segment: str) -> tuple[str, ...]:
    """A segment as characters, with every `[…]` as one `?` and runs of `*` as one."""
    atoms: list[str] = []
    at = 0
    while at < len(segment):
        closing = segment.find("]", at + 2) if segment[at] == "[" else -1
        atom = "?" if closing > 0 else segment[at]
        if not (atom == "*" and atoms[-1:] == ["*"]):
            atoms.append(atom)
        at = closing + 1 if closing > 0 else at + 1
    return tuple(atoms)
