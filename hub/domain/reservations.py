"""An agent reserves paths of a codebase, so that two do not edit the same files."""

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


def overlap(one: str, other: str) -> bool:
    """Whether some path matches both globs. A character class counts as any character, which errs on the safe side."""
    return _segments(tuple(one.split("/")), tuple(other.split("/")))


@lru_cache(4096)
def _segments(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return all(segment == "**" for segment in one or other)
    if one[0] == "**":
        return _segments(one[1:], other) or _segments(one, other[1:])
    if other[0] == "**":
        return _segments(other, one)
    return _characters(_atoms(one[0]), _atoms(other[0])) and _segments(one[1:], other[1:])


@lru_cache(4096)
def _characters(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return all(atom == "*" for atom in one or other)
    if one[0] == "*":
        return _characters(one[1:], other) or _characters(one, other[1:])
    if other[0] == "*":
        return _characters(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _characters(one[1:], other[1:])


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
