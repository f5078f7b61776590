"""File reservations: who edits what, told before two do."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from hub.domain.agents import Agent
from hub.domain.errors import Refused
from hub.domain.model import later
from hub.domain.reservations import Reservation, ReservationScope
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Result


def _relative(path: str) -> str:
    path = path.replace("\\", "/").removeprefix("./").rstrip("/")
    if not path or path.startswith("/") or ".." in path.split("/") or ":" in path.split("/")[0]:
        raise ValueError("a path is relative to the codebase's root and has no '..'; globs are allowed: src/**, docs/*.md")
    return path


Path = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_relative)]
Paths = Annotated[tuple[Path, ...], Field(min_length=1, max_length=50)]


class ReserveFiles(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("agentId", "paths", "workspaceId", "exclusive", "ttlSeconds", "reason")

    agent_id: Id
    paths: Paths
    workspace_id: Id = "default"
    codebase_id: Id | None = None
    exclusive: bool = True
    """False: others may share the paths, but not reserve them exclusively."""
    ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 3_600
    reason: Name | None = None


class ListReservations(Input):
    workspace_id: Id = "default"
    codebase_id: Id | None = None
    agent_id: Id | None = None


class ReleaseFiles(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("agentId", "paths", "workspaceId")

    agent_id: Id
    paths: Annotated[tuple[Path, ...], Field(max_length=50)] | None = None
    """Left out: all of them."""
    workspace_id: Id = "default"
    codebase_id: Id | None = None


class Reservations(Result):
    reservations: tuple[Reservation, ...]


class Released(Result):
    released: tuple[str, ...]


async def reserve_files(given: ReserveFiles, call: Call) -> Reservations:
    """Reserve paths or globs before you edit them. All or none: a conflict names the holder. Reserving again prolongs it."""
    agent = await call.need(Agent, given.agent_id)
    await _turn(given.workspace_id, call)
    existing = await _all(given.workspace_id, call)
    conflicts = [
        one for one in existing for path in given.paths
        if one.conflicts(given.codebase_id, path, agent.id, given.exclusive, call.now)
    ]  # fmt: skip
    if conflicts:
        told = "; ".join(f"{one.path} is held by agent {one.agent_id!r} until {one.expires_at}" for one in conflicts[:5])
        raise Refused(
            f"{told}. Work elsewhere meanwhile, or ask the holder with send_message.",
            conflicts=[{"path": one.path, "agentId": one.agent_id, "expiresAt": one.expires_at} for one in conflicts[:20]],
        )  # fmt: skip
    mine = {one.path: one for one in existing if one.agent_id == agent.id and one.codebase_id == given.codebase_id}
    for one in existing:
        if one.expires_at <= call.now and one not in mine.values():
            call.unit.remove(one)
    return Reservations(reservations=tuple(_reserved(given, path, mine.get(path), call) for path in dict.fromkeys(given.paths)))


async def list_reservations(given: ListReservations, call: Call) -> Reservations:
    """List the reservations that are in force."""
    await call.within(given.workspace_id)
    found = [
        one for one in await _all(given.workspace_id, call, codebase_id=given.codebase_id, agent_id=given.agent_id)
        if call.now < one.expires_at
    ]  # fmt: skip
    return Reservations(reservations=tuple(found))


async def release_files(given: ReleaseFiles, call: Call) -> Released:
    """Release an agent's reservations: the paths named, or all."""
    await call.within(given.workspace_id)
    released = []
    for one in await _all(given.workspace_id, call, codebase_id=given.codebase_id, agent_id=given.agent_id):
        if given.paths is None or one.path in given.paths:
            call.unit.remove(one)
            call.emit(one, "released", path=one.path, agentId=one.agent_id)
            released.append(one.path)
    return Released(released=tuple(released))


def _reserved(given: ReserveFiles, path: str, mine: Reservation | None, call: Call) -> Reservation:
    reservation = mine or Reservation(
        workspace_id=given.workspace_id, codebase_id=given.codebase_id, path=path, agent_id=given.agent_id, expires_at=call.now
    )
    changed = {"expires_at": later(call.now, given.ttl_seconds), "exclusive": given.exclusive, "reason": given.reason}
    return call.write(reservation.model_copy(update=changed), "reserved", path=path, agentId=given.agent_id)


async def _all(workspace_id: str, call: Call, codebase_id: str | None = None, agent_id: str | None = None) -> list[Reservation]:
    return [one async for one in call.unit.every(Reservation, workspace_id=workspace_id, codebase_id=codebase_id, agent_id=agent_id)]


async def _turn(workspace_id: str, call: Call) -> None:
    """Reservations of a workspace are made one after the other: each changes the scope that all of them read.

    It is read before they are looked at, so that whoever comes in between makes this unit of work conflict.
    """
    scope = await call.unit.get(ReservationScope, workspace_id)
    if scope is None:
        await call.workspace(workspace_id)
    call.unit.put(scope or ReservationScope(id=workspace_id, workspace_id=workspace_id))


OPERATIONS = (
    Operation(reserve_files, "reservations.write", writes=True, profiles=frozenset({"core"})),
    Operation(list_reservations, "reservations.read", profiles=frozenset({"coordination"})),
    Operation(release_files, "reservations.write", writes=True, repeatable=True, profiles=frozenset({"core"})),
)
