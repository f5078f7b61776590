"""Workspaces: where agents, tasks and notes live together."""

from typing import Annotated, Literal

from pydantic import Field

from hub.domain import KINDS
from hub.domain.boards import first_board
from hub.domain.codebases import Codebase, Worktree
from hub.domain.errors import Duplicate, Refused
from hub.domain.tasks import Dependents, Task
from hub.domain.workspaces import DEFAULT, Workspace, WorkspaceStatus
from hub.operations.base import Call, Deleted, Id, Input, Listing, Mutation, Name, Operation, Page, Result, changes, expect_version
from hub.operations.dependencies import remove_tasks


class CreateWorkspace(Mutation):
    title: Name
    id: Annotated[Id, Field(pattern="^[^/]*$")] | None = None
    """Chosen by the hub unless given. It has no slash."""
    metadata: dict[str, str] = {}
    repo_path: str | None = None
    """Legacy: kept in the metadata."""
    branch: str | None = None
    """Legacy: kept in the metadata."""


class ListWorkspaces(Page):
    status: WorkspaceStatus | None = None


class GetWorkspace(Input):
    workspace_id: Id = DEFAULT


class WorkspaceDetails(Result):
    workspace: Workspace
    codebases: tuple[Codebase, ...]


class UpdateWorkspace(Mutation):
    workspace_id: Id
    title: Name | None = None
    status: Literal["active", "archived"] | None = None
    metadata: dict[str, str] | None = None
    """Merged into the metadata that is there."""
    expected_version: int | None = None


class ArchiveWorkspace(Mutation):
    workspace_id: Id
    archived: bool = True


class DeleteWorkspace(Mutation):
    workspace_id: Id


async def create_workspace(given: CreateWorkspace, call: Call) -> Workspace:
    """Create a workspace. Its id goes into the workspaceId of everything made in it."""
    metadata = given.metadata | {name: value for name, value in (("repoPath", given.repo_path), ("branch", given.branch)) if value}
    workspace = Workspace(title=given.title, metadata=metadata)
    if given.id is not None:
        if await call.unit.get(Workspace, given.id):
            raise Duplicate(f"There is a workspace {given.id!r} already. Take another id, or leave it out.")
        workspace = workspace.model_copy(update={"id": given.id})
    return call.create(with_board(workspace, call))


def with_board(workspace: Workspace, call: Call) -> Workspace:
    """A new workspace, and its board: that this was made with it, everybody knows."""
    board = call.unit.put(first_board(workspace.id, workspace.title))
    return workspace.model_copy(update={"default_board_id": board.id})


async def list_workspaces(given: ListWorkspaces, call: Call) -> Listing[Workspace]:
    """List the workspaces, oldest first."""
    return await call.list(Workspace, given, status=given.status)


async def get_workspace(given: GetWorkspace, call: Call) -> Workspace:
    """Read a workspace."""
    return await call.need(Workspace, given.workspace_id)


async def get_workspace_details(given: GetWorkspace, call: Call) -> WorkspaceDetails:
    """Read a workspace with the codebases that it works on."""
    workspace = await call.need(Workspace, given.workspace_id)
    codebases = [one async for one in call.unit.every(Codebase, workspace_id=workspace.id)]
    return WorkspaceDetails(workspace=workspace, codebases=tuple(codebases))


async def update_workspace(given: UpdateWorkspace, call: Call) -> Workspace:
    """Change a workspace's title, status or metadata."""
    workspace = await _kept(given.workspace_id, call)
    expect_version(workspace, given.expected_version)
    changed = changes(given, Workspace)
    if given.metadata is not None:
        changed["metadata"] = workspace.metadata | given.metadata
    return call.update(workspace, **changed)


async def archive_workspace(given: ArchiveWorkspace, call: Call) -> Workspace:
    """Archive a workspace, or bring it back with archived=false. Nothing in it is lost."""
    workspace = await _kept(given.workspace_id, call)
    return call.update(workspace, status="archived" if given.archived else "active")


async def _kept(id_: str, call: Call) -> Workspace:
    workspace = await call.need(Workspace, id_)
    if workspace.status == "deleting":
        raise Refused("It is being deleted. delete_workspace finishes that.")
    return workspace


async def close_workspace(given: DeleteWorkspace, call: Call) -> None:
    """Whoever makes something in a workspace guards it: from here on nothing more comes into it. A worktree's folder would be left
    behind with nobody to know of it."""
    workspace = await call.unit.get(Workspace, given.workspace_id)
    if workspace is None or workspace.id == DEFAULT:
        return
    if worktrees := await call.unit.find(Worktree, limit=1, workspace_id=workspace.id):
        raise Refused(f"The workspace has worktrees, like {worktrees[0].branch!r}. Delete them first: list_worktrees, delete_worktree.")
    if workspace.status != "deleting":
        call.update(workspace, status="deleting")


async def delete_workspace(given: DeleteWorkspace, call: Call) -> Deleted:
    """Delete a workspace and everything in it, beyond recall; its worktrees must be deleted first. archive_workspace keeps it."""
    if given.workspace_id == DEFAULT:
        raise Refused("The default workspace stays. Archive it, or delete what is in it.")
    workspace = await call.need(Workspace, given.workspace_id)
    inside = [
        record for kind in KINDS if "workspace_id" in kind.columns async for record in call.unit.every(kind, workspace_id=workspace.id)
    ]
    await remove_tasks([record for record in inside if isinstance(record, Task)], call)
    for record in inside:
        if not isinstance(record, Task | Dependents):
            call.unit.remove(record)
    call.delete(workspace)
    return Deleted(id=workspace.id, deleted_count=len(inside) + 1)


OPERATIONS = (
    Operation(create_workspace, "workspaces.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(list_workspaces, "workspaces.read", profiles=frozenset({"kanban"})),
    Operation(get_workspace, "workspaces.read", profiles=frozenset({"kanban"})),
    Operation(get_workspace_details, "workspaces.read"),
    Operation(update_workspace, "workspaces.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(archive_workspace, "workspaces.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(delete_workspace, "workspaces.write", writes=True, destructive=True, repeatable=True, first=close_workspace),
)
