"""Worktrees: second working trees of a codebase, each on a branch of its own, for sessions that work beside each other.

What is wanted is committed before git is asked (`creating`, `removing`), and what came of it behind that. Both sides can be done again:
after a crash between them the same call, or validate_worktree, goes on from what is there.
"""

import re
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from hub.domain.codebases import Codebase, Worktree
from hub.domain.errors import Duplicate, HubError, Invalid, NotFound, Refused
from hub.domain.model import new_id
from hub.domain.workspaces import DEFAULT, Workspace
from hub.operations.base import Call, Deleted, Id, Input, Listing, Mutation, Name, Operation, Page, Result
from hub.repositories import Repository

Ref = Annotated[str, Field(min_length=1, max_length=200)]
SLUG = re.compile(r"[^A-Za-z0-9._]+")


class CreateWorktree(Mutation):
    codebase_id: Id
    workspace_id: Id | None = None
    """The codebase's."""
    branch: Ref | None = None
    """It is made unless it is there; none: one is named after the label."""
    base_branch: Ref | None = None
    """What a new branch begins from: a branch, a tag or a commit; none: the branch that the codebase is on."""
    label: Name | None = None

    @cached_property
    def on(self) -> str:
        """The branch. One that the hub names is the same in the preparation, the handler, and a repeat with the same key."""
        if self.branch:
            return self.branch
        unique = sha256((self.idempotency_key or new_id()).encode()).hexdigest()[:8]
        return f"worktree/{_slug(self.label or '')[:60] or 'work'}-{unique}"


class ListWorktrees(Page):
    codebase_id: Id | None = None
    """Only this one's; none: all of the workspace."""
    workspace_id: Id | None = None


class OfWorktree(Input):
    worktree_id: Id


class ValidateWorktree(Mutation):
    worktree_id: Id


class DeleteWorktree(Mutation):
    worktree_id: Id
    delete_branch: bool = False


class Health(Result):
    healthy: bool
    error: str | None = None
    """What is wrong, and what mends it."""


class DeletedWorktree(Deleted):
    saved_ref: str | None = None
    """A ref of the repository that keeps what would have been lost; none: nothing would."""
    restore: str | None = None
    """How to have it back."""


async def begin_worktree(given: CreateWorktree, call: Call) -> None:
    """The record that says what is to be made. Its unique keys keep a second one away."""
    codebase = await codebase_of(given.codebase_id, given.workspace_id, call)
    workspace = await call.workspace(codebase.workspace_id)
    if await _on_branch(codebase, given.on, call):
        return
    repository = await call.repository(codebase.repo_path)
    path = await _folder(workspace, call) / _name(repository.path, given.on)
    base = await repository.working_trees.plan(path, given.on, given.base_branch)
    call.unit.guard(codebase)
    of = {"workspace_id": workspace.id, "codebase_id": codebase.id, "label": given.label}
    call.create(Worktree(**of, worktree_path=str(path), branch=given.on, base_branch=base))


async def create_worktree(given: CreateWorktree, call: Call) -> Worktree:
    """Make a git worktree of a codebase: a folder with a branch of its own. Start a session with cwd=worktreePath to work in it."""
    codebase = await codebase_of(given.codebase_id, given.workspace_id, call)
    worktree = await _on_branch(codebase, given.on, call)
    if worktree is None:
        raise NotFound("worktree", given.on)
    if worktree.status == "active":
        raise Duplicate(f"The branch {given.on!r} has a worktree already: {worktree.worktree_path}. Use that, or take another branch.")
    if worktree.status == "removing":
        raise Refused(f"The worktree of {given.on!r} is being removed. delete_worktree finishes that.")
    repository = await call.repository(codebase.repo_path)
    await repository.working_trees.add(Path(worktree.worktree_path), worktree.branch, given.base_branch or worktree.base_branch)
    return call.update(worktree, status="active", error_message=None)


async def creation_failed(given: CreateWorktree, call: Call, error: HubError) -> None:
    codebase = await call.need(Codebase, given.codebase_id)
    _note(await _on_branch(codebase, given.on, call), call, error)


async def list_worktrees(given: ListWorktrees, call: Call) -> Listing[Worktree]:
    """List the worktrees of a codebase or a workspace, oldest first. Work in those that are active."""
    if given.codebase_id:
        codebase = await codebase_of(given.codebase_id, given.workspace_id, call)
        return await call.list(Worktree, given, codebase_id=codebase.id)
    return await call.list(Worktree, given, workspace_id=await call.within(given.workspace_id or DEFAULT))


async def get_worktree(given: OfWorktree, call: Call) -> Worktree:
    """Read a worktree as the hub knows it. validate_worktree looks at its folder."""
    return await call.need(Worktree, given.worktree_id)


async def validate_worktree(given: ValidateWorktree, call: Call) -> Health:
    """Look whether a worktree is sound in its folder, and set its status right. What it answers says how to mend it."""
    worktree = await call.need(Worktree, given.worktree_id)
    problem = await _problem(worktree, call)
    broken = "removing" if worktree.status == "removing" else "error"
    status = broken if problem else "active"
    if (worktree.status, worktree.error_message) != (status, problem):
        call.update(worktree, status=status, error_message=problem)
    return Health(healthy=problem is None, error=problem)


async def begin_removal(given: DeleteWorktree, call: Call) -> None:
    worktree = await call.unit.get(Worktree, given.worktree_id)
    if worktree and worktree.status != "removing":
        call.update(worktree, status="removing")


async def delete_worktree(given: DeleteWorktree, call: Call) -> DeletedWorktree:
    """Remove a worktree with its folder; deleteBranch=true: with its branch. Changes and commits that would be lost are kept under
    savedRef; files that git ignores are not."""
    worktree = await call.need(Worktree, given.worktree_id)
    codebase = await call.need(Codebase, worktree.codebase_id)
    saved = None
    if repository := await _any_repository(call, codebase.repo_path, worktree.worktree_path):
        path, branch = Path(worktree.worktree_path), worktree.branch
        saved = await repository.working_trees.remove(path, branch, worktree.id, delete_branch=given.delete_branch)
    call.delete(worktree)
    return DeletedWorktree(id=worktree.id, saved_ref=saved, restore=restoring(saved))


async def removal_failed(given: DeleteWorktree, call: Call, error: HubError) -> None:
    _note(await call.unit.get(Worktree, given.worktree_id), call, error)


async def codebase_of(codebase_id: str, workspace_id: str | None, call: Call) -> Codebase:
    """The codebase, which is in that workspace when one is named."""
    codebase = await call.need(Codebase, codebase_id)
    if workspace_id not in (None, codebase.workspace_id):
        raise NotFound("codebase", codebase_id)
    return codebase


def restoring(saved: str | None) -> str | None:
    return f"git switch --create restored {saved}" if saved else None


def _note(worktree: Worktree | None, call: Call, error: HubError) -> None:
    """If the hub was at work on it. Whoever else is, too, finds what is there and goes on."""
    if worktree and worktree.status in ("creating", "removing"):
        call.update(worktree, status="error", error_message=error.message)


async def _on_branch(codebase: Codebase, branch: str, call: Call) -> Worktree | None:
    found = await call.unit.find(Worktree, codebase_id=codebase.id, branch=branch, limit=1)
    return found[0] if found else None


async def _folder(workspace: Workspace, call: Call) -> Path:
    root = workspace.metadata.get("worktreeRoot")
    folder = await call.worktree_folder(root)
    return folder if root else folder / quote(workspace.id, safe="")


async def _problem(worktree: Worktree, call: Call) -> str | None:
    codebase = await call.need(Codebase, worktree.codebase_id)
    try:
        repository = await call.repository(codebase.repo_path)
        return await repository.working_trees.problem(Path(worktree.worktree_path))
    except (Invalid, Refused) as error:
        return error.message


async def _any_repository(call: Call, *paths: str) -> Repository | None:
    """None: there is no folder of it any more, and nothing to remove but the record."""
    for path in paths:
        try:
            return await call.repository(path)
        except Invalid:
            continue
    return None


def _name(repository: Path, branch: str) -> str:
    """To be told apart by people; the digest keeps others of the same name apart, like a/b and a-b."""
    digest = sha256(f"{repository}\n{branch}".encode()).hexdigest()[:6]
    return f"{_slug(repository.name)[:60]}-{_slug(branch)[:60]}-{digest}"


def _slug(text: str) -> str:
    return SLUG.sub("-", text).strip("-.")


TO_LEADS = frozenset({"coordination"})
OPERATIONS = (
    Operation(
        create_worktree, "worktrees.write", writes=True, profiles=TO_LEADS, first=begin_worktree, failed=creation_failed, acts=True
    ),
    Operation(list_worktrees, "worktrees.read", profiles=TO_LEADS),
    Operation(get_worktree, "worktrees.read", profiles=TO_LEADS),
    Operation(validate_worktree, "worktrees.write", writes=True, repeatable=True, profiles=TO_LEADS),
    Operation(
        delete_worktree, "worktrees.write", writes=True, destructive=True, repeatable=True, profiles=TO_LEADS,
        first=begin_removal, failed=removal_failed, acts=True,
    ),
)  # fmt: skip
