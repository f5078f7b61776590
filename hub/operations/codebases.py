"""Codebases: the git repositories that a workspace works on."""

from typing import Annotated

from pydantic import Field

from hub.domain.codebases import Codebase, SourceType, Worktree
from hub.domain.errors import Duplicate, NotFound, Refused
from hub.domain.workspaces import DEFAULT, Workspace
from hub.operations.base import Call, Deleted, Id, Input, Listing, Mutation, Name, Operation, Page, changes, expect_version

FolderPath = Annotated[str, Field(min_length=1, max_length=4096)]
"""Absolute, or beginning with ~/."""
BranchName = Annotated[str, Field(min_length=1, max_length=250)]
Url = Annotated[str, Field(max_length=2000)]


class CreateCodebase(Mutation):
    workspace_id: Id = DEFAULT
    repo_path: FolderPath
    """A folder of a git repository on the hub's machine."""
    branch: BranchName | None = None
    """What work begins from; left out: the branch that is checked out."""
    label: Name | None = None
    is_default: bool = False
    source_type: SourceType | None = None
    source_url: Url | None = None


class ListCodebases(Page):
    workspace_id: Id = DEFAULT


class GetCodebase(Input):
    codebase_id: Id


class UpdateCodebase(Mutation):
    codebase_id: Id
    repo_path: FolderPath | None = None
    branch: BranchName | None = None
    label: Name | None = None
    source_type: SourceType | None = None
    source_url: Url | None = None
    expected_version: int | None = None


class SetDefaultCodebase(Mutation):
    codebase_id: Id


class DeleteCodebase(Mutation):
    codebase_id: Id
    workspace_id: Id | None = None
    """Only if it belongs to this one."""


async def create_codebase(given: CreateCodebase, call: Call) -> Codebase:
    """Make a git repository on the hub's machine a codebase of a workspace. The first one is the default. list_codebase_changes shows
    what is changed in it.
    """
    workspace = await call.workspace(given.workspace_id)
    repository = await call.repository(given.repo_path)
    path, others = str(repository.path), await codebases_of(workspace.id, call)
    _expect_new(path, others)
    codebase = Codebase(
        workspace_id=workspace.id, repo_path=path, branch=given.branch or await repository.branch(), label=given.label,
        is_default=given.is_default or not others, source_type=given.source_type, source_url=given.source_url,
    )  # fmt: skip
    if codebase.is_default:
        _let_go(others, call)
    _one_at_a_time(workspace, call)
    return call.create(codebase)


async def list_codebases(given: ListCodebases, call: Call) -> Listing[Codebase]:
    """List the git repositories that a workspace works on. Their repoPath is what list_git_commits and search_files are asked with."""
    return await call.list(Codebase, given, workspace_id=await call.within(given.workspace_id))


async def get_codebase(given: GetCodebase, call: Call) -> Codebase:
    """Read a codebase."""
    return await call.need(Codebase, given.codebase_id)


async def update_codebase(given: UpdateCodebase, call: Call) -> Codebase:
    """Change a codebase's branch, label, source or folder; null takes an optional field away."""
    codebase = await call.need(Codebase, given.codebase_id)
    expect_version(codebase, given.expected_version)
    changed = changes(given, Codebase)
    if given.repo_path:
        changed["repo_path"] = path = str((await call.repository(given.repo_path)).path)
        if path != codebase.repo_path:
            _expect_new(path, await codebases_of(codebase.workspace_id, call))
            await _expect_no_worktrees(codebase, call)
    return call.update(codebase, **changed)


async def set_default_codebase(given: SetDefaultCodebase, call: Call) -> Codebase:
    """Make a codebase the one that its workspace's tasks work on unless they name others."""
    codebase = await call.need(Codebase, given.codebase_id)
    if codebase.is_default:
        return codebase
    _let_go(await codebases_of(codebase.workspace_id, call), call)
    _one_at_a_time(await call.workspace(codebase.workspace_id), call)
    return call.update(codebase, is_default=True)


async def delete_codebase(given: DeleteCodebase, call: Call) -> Deleted:
    """Take a codebase from its workspace; nothing on the disk is touched. Its worktrees must be deleted first. After the default one the
    oldest is the default.
    """
    codebase = await call.need(Codebase, given.codebase_id)
    if given.workspace_id not in (None, codebase.workspace_id):
        raise NotFound("codebase", codebase.id)
    await _expect_no_worktrees(codebase, call)
    others = [one for one in await codebases_of(codebase.workspace_id, call) if one.id != codebase.id]
    if codebase.is_default and others:
        call.update(others[0], is_default=True)
    _one_at_a_time(await call.workspace(codebase.workspace_id), call)
    call.delete(codebase)
    return Deleted(id=codebase.id)


async def codebases_of(workspace_id: str, call: Call) -> list[Codebase]:
    """The oldest first."""
    return [one async for one in call.unit.every(Codebase, workspace_id=workspace_id)]


def _expect_new(path: str, others: list[Codebase]) -> None:
    if known := next((one for one in others if one.repo_path == path), None):
        raise Duplicate(f"The workspace has this repository already: it is codebase {known.id!r}.", codebaseId=known.id)


async def _expect_no_worktrees(codebase: Codebase, call: Call) -> None:
    if worktrees := await call.unit.find(Worktree, limit=1, codebase_id=codebase.id):
        raise Refused(f"The codebase has worktrees, like {worktrees[0].branch!r}. Delete them first: list_worktrees, delete_worktree.")


def _let_go(codebases: list[Codebase], call: Call) -> None:
    for one in codebases:
        if one.is_default:
            call.update(one, is_default=False)


def _one_at_a_time(workspace: Workspace, call: Call) -> None:
    """A workspace has one default codebase while it has any: calls that could change which one it is meet in its record."""
    call.update(workspace)


OPERATIONS = (
    Operation(create_codebase, "codebases.write", writes=True),
    Operation(list_codebases, "codebases.read", profiles=frozenset({"coordination", "kanban"})),
    Operation(get_codebase, "codebases.read"),
    Operation(update_codebase, "codebases.write", writes=True, repeatable=True),
    Operation(set_default_codebase, "codebases.write", writes=True, repeatable=True),
    Operation(delete_codebase, "codebases.write", writes=True, destructive=True, repeatable=True),
)
