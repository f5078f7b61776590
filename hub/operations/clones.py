"""Clones: repositories brought to the hub's machine. The operations say what is wanted; `hub/work/clones` does it."""

import asyncio
from asyncio import get_running_loop
from typing import Annotated

from pydantic import Field

from hub.domain.clones import Clone, ClonePhase, CloneStatus, Progress, source_of
from hub.domain.errors import HubError, Invalid, Refused
from hub.domain.model import Value
from hub.domain.repositories import TreeStatus
from hub.operations.base import NO_REPOSITORIES, Call, Id, Input, Mutation, Operation, Page, Result
from hub.operations.waiting import LONGEST, changed
from hub.ports import Filter
from hub.repository_remotes import expect_allowed

Address = Annotated[str, Field(min_length=1, max_length=2_000)]
LOOKS = 4
"""Clones that are looked at at a time."""
CANCELLED = "It was cancelled. clone_repository begins again."
GONE = "It is no longer where it was cloned to. clone_repository brings it again."
GOES_ON = "It goes on. get_clone tells how far it is, clone_repository with timeoutSeconds waits for it, cancel_clone ends it."


class CloneRepository(Mutation):
    url: Address
    """Like https://github.com/owner/name.git, git@github.com:owner/name.git, or owner/name on GitHub."""
    timeout_seconds: Annotated[float, Field(ge=0, le=LONGEST)] = 0
    """How long to wait for it; at most 300."""


class ListClones(Page):
    pass


class OneClone(Input):
    clone_id: Id


class CancelClone(Mutation):
    clone_id: Id


class Cloned(Result):
    id: str
    success: bool
    """It is there, whole."""
    name: str
    url: str
    status: CloneStatus
    path: str | None = None
    """Where it is, once it is there."""
    branch: str | None = None
    branches: tuple[str, ...] | None = None
    existed: bool = False
    """It was there before it was asked for this time, and has been fetched."""
    phase: ClonePhase | None = None
    percent: int | None = None
    message: str | None = None
    error: str | None = None
    next: str | None = None


class ClonedRepository(Value):
    id: str
    name: str
    url: str
    path: str
    dir_name: str
    branch: str
    branches: tuple[str, ...]
    status: TreeStatus


class Clones(Result):
    repos: tuple[ClonedRepository, ...]
    next_cursor: str | None = None


async def begin_clone(given: CloneRepository, call: Call) -> None:
    """Have a worker bring it, unless one does already."""
    source = source_of(given.url)
    if call.repositories is None:
        raise Refused(NO_REPOSITORIES)
    expect_allowed(source, call.terms)
    clone = await call.unit.get(Clone, source.id)
    if clone is None:
        call.write(Clone(id=source.id, url=source.url, name=source.name), "started")
    elif clone.status != "running":
        again = {"url": source.url, "status": "running", "progress": Progress(), "error": None, "lease": None}
        call.write(clone.model_copy(update=again), "started")


async def clone_repository(given: CloneRepository, call: Call) -> Cloned:
    """Clone a git repository to the hub's machine, or fetch the clone that is there already. It answers at once how it stands, or waits
    for up to timeoutSeconds. Work in `path` then: create_codebase takes it into a workspace."""
    clone_id = source_of(given.url).id
    deadline = get_running_loop().time() + given.timeout_seconds
    cursor = await call.unit.latest()
    while True:
        clone = await call.need(Clone, clone_id)
        if clone.status == "failed":
            raise Refused(clone.error or "It could not be cloned.", cloneId=clone.id)
        if clone.status == "completed" or get_running_loop().time() >= deadline:
            return await _shown(clone, call)
        cursor = await changed(Filter(kinds=(Clone.kind,), record_id=clone_id), cursor, deadline, call)


async def get_clone(given: OneClone, call: Call) -> Cloned:
    """See how far a clone is: success tells that it is there, error why not."""
    return await _shown(await call.need(Clone, given.clone_id), call)


async def cancel_clone(given: CancelClone, call: Call) -> Cloned:
    """End a clone that is under way. Nothing of it is left."""
    clone = await call.need(Clone, given.clone_id)
    if clone.status == "running":
        clone = call.write(clone.model_copy(update={"status": "failed", "error": CANCELLED, "lease": None}), "failed", error=CANCELLED)
    return await _shown(clone, call)


async def list_clones(given: ListClones, call: Call) -> Clones:
    """List the cloned repositories that are there, each with its branches and whether it has local changes."""
    found = await call.unit.find(Clone, given.cursor, given.limit)
    turns = asyncio.Semaphore(LOOKS)
    seen = await asyncio.gather(*(_looked_at(clone, turns, call) for clone in found))
    more = found[-1].key if len(found) == given.limit else None
    return Clones(repos=tuple(one for one in seen if one), next_cursor=more)


async def _looked_at(clone: Clone, turns: asyncio.Semaphore, call: Call) -> ClonedRepository | None:
    """None: it is not there yet, or no longer, or cannot be read in time."""
    path = call.all_repositories.clone_path(clone.id, call.caller.tenant)
    try:
        async with turns:
            names, standing = await (await call.repository(str(path))).branches.look()
    except HubError:
        return None
    about = {"id": clone.id, "name": clone.name, "url": clone.url, "path": str(path), "dir_name": path.name}
    return ClonedRepository(**about, branch=names.current, branches=names.local, status=standing)


async def _shown(clone: Clone, call: Call) -> Cloned:
    about = Cloned(
        id=clone.id, success=clone.status == "completed", name=clone.name, url=clone.url, status=clone.status, error=clone.error
    )  # fmt: skip
    if clone.status == "running":
        said = clone.progress
        return about.model_copy(update={"phase": said.phase, "percent": said.percent, "message": said.message, "next": GOES_ON})
    if clone.status == "failed":
        return about
    path = str(call.all_repositories.clone_path(clone.id, call.caller.tenant))
    try:
        names = await (await call.repository(path)).branches.names()
    except Invalid:
        return about.model_copy(update={"success": False, "error": GONE})
    return about.model_copy(update={"path": path, "branch": names.current, "branches": names.local, "existed": clone.existed})


OPERATIONS = (
    Operation(clone_repository, "clones.write", writes=True, repeatable=True, waits=True, first=begin_clone),
    Operation(list_clones, "clones.read"),
    Operation(get_clone, "clones.read"),
    Operation(cancel_clone, "clones.write", writes=True, destructive=True, repeatable=True),
)
