"""Units made ready for Postgres's commit function, and which of them may go in one call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.ports import Staged, Write
from stores import sql
from stores.schema import postgres as schema

Key = tuple[str, str, str]
"""Kind, tenant, key."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    written: frozenset[Key]
    guarded: frozenset[Key]
    steps: Sequence[tuple[Any, ...]]
    events: Sequence[sql.Values]


def encode(unit: Staged, width: int) -> Encoded:
    """`width` is how many columns of its own a record has at most."""
    keys: dict[bool, set[Key]] = {True: set(), False: set()}
    for write in unit.writes:
        keys[write.guard].add((write.type.kind, unit.tenant, write.key))
    steps = [_step(unit.tenant, write, width) for write in unit.writes]
    events = [sql.logged(unit.tenant, event) for event in unit.events]
    return Encoded(frozenset(keys[False]), frozenset(keys[True]), steps, events)


def _step(tenant: str, write: Write, width: int) -> tuple[Any, ...]:
    """Kind, new version (or what else), expected version, tenant, key, and the rest of the row."""
    kind = write.type.kind
    if write.record is None:
        return kind, schema.GUARD if write.guard else schema.REMOVE, write.expected, tenant, write.key, *([None] * (3 + width))
    _, key, version, created, updated, body, *own = schema.row(tenant, write.record, write.body)
    return kind, version, write.expected, tenant, key, created, updated, body, *own, *([None] * (width - len(own)))


def apart(units: Sequence[Encoded]) -> list[list[Encoded]]:
    """Rounds within a round: a unit comes after each one that writes what it reads, or reads what it writes."""
    last_write: dict[Key, int] = {}
    last_guard: dict[Key, int] = {}
    rounds: list[list[Encoded]] = []
    for unit in units:
        after_writes = (last_write.get(key, -1) for key in unit.written | unit.guarded)
        after_guards = (last_guard.get(key, -1) for key in unit.written)
        at = 1 + max((*after_writes, *after_guards), default=-1)
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(unit)
        last_write.update(dict.fromkeys(unit.written, at))
        for key in unit.guarded:
            last_guard[key] = max(at, last_guard.get(key, -1))
    return rounds


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
