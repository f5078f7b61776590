"""Git repositories of the hub's machine: their refs and commits, and what is changed in those of a workspace."""

from asyncio import gather
from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from hub.domain.codebases import Codebase
from hub.domain.errors import HubError
from hub.domain.repositories import ChangedFile, CommitDetail, CommitPage, Refs, TreeStatus
from hub.domain.workspaces import DEFAULT
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.operations.codebases import FolderPath, codebases_of

RefName = Annotated[str, Field(max_length=250)]
"""A branch, a tag, or a commit's sha."""
CONTEXT = 3
"""Lines of a patch around each change."""
CLEAN = TreeStatus(clean=True, ahead=0, behind=0, modified=0, untracked=0)


class ListCodebaseChanges(Input):
    workspace_id: Id = DEFAULT


class ListGitRefs(Input):
    repo_path: FolderPath


class ListGitCommits(Input):
    repo_path: FolderPath
    branches: Annotated[tuple[RefName, ...], Field(max_length=50)] = ()
    """Only their commits; none: those of all refs."""
    search: Annotated[str, Field(max_length=200)] = ""
    """A text in sha, summary or author, in any case. The newest 5000 commits are looked through."""
    limit: Annotated[int, Field(ge=1, le=200)] = 40
    skip: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class GetGitCommit(Input):
    repo_path: FolderPath
    sha: Annotated[str, Field(min_length=1, max_length=250)]
    patch: bool = False
    """With what it does to them, cut after a megabyte."""


class CodebaseChanges(Result):
    codebase_id: str
    repo_path: str
    label: str
    branch: str
    status: TreeStatus
    files: tuple[ChangedFile, ...]
    error: str | None = None
    """Why nothing can be said of it; status and files are then empty."""


class WorkspaceChanges(Result):
    workspace_id: str
    repos: tuple[CodebaseChanges, ...]


async def list_codebase_changes(given: ListCodebaseChanges, call: Call) -> WorkspaceChanges:
    """Show for each codebase of a workspace its branch and the files that are changed since its last commit."""
    codebases = await codebases_of(await call.within(given.workspace_id), call)
    return WorkspaceChanges(workspace_id=given.workspace_id, repos=tuple(await gather(*(_changes(one, call) for one in codebases))))


async def list_git_refs(given: ListGitRefs, call: Call) -> Refs:
    """List the branches and tags of a git repository. list_git_commits shows what is on them."""
    return await (await call.repository(given.repo_path)).refs()


async def list_git_commits(given: ListGitCommits, call: Call) -> CommitPage:
    """List commits of a git repository, the newest first. get_git_commit shows the files of one; nextSkip is the skip of the next page."""
    repository = await call.repository(given.repo_path)
    return await repository.commits([name for name in given.branches if name], given.search.strip(), given.skip, given.limit)


async def get_git_commit(given: GetGitCommit, call: Call) -> CommitDetail:
    """Read a commit: its message, and the files that it changes with the numbers of their lines."""
    repository = await call.repository(given.repo_path)
    found = await repository.commit(given.sha)
    if not given.patch:
        return found
    diff = await repository.commit_diff(found.commit.sha, CONTEXT)
    return found.model_copy(update={"patch": diff.patch, "truncated": diff.truncated})


async def _changes(codebase: Codebase, call: Call) -> CodebaseChanges:
    """One that cannot be looked at does not hide the others."""
    about = {"codebase_id": codebase.id, "repo_path": codebase.repo_path, "label": label_of(codebase)}
    try:
        seen = await (await call.repository(codebase.repo_path)).changes()
    except HubError as error:
        return CodebaseChanges(**about, branch=codebase.branch or "unknown", status=CLEAN, files=(), error=error.message)
    return CodebaseChanges.trusted(**about, branch=seen.branch, status=seen.status, files=seen.files, error=None)


def label_of(codebase: Codebase) -> str:
    return codebase.label or PurePath(codebase.repo_path).name or codebase.repo_path


OPERATIONS = (
    Operation(list_codebase_changes, "codebases.read", profiles=frozenset({"kanban"})),
    Operation(list_git_refs, "codebases.read"),
    Operation(list_git_commits, "codebases.read"),
    Operation(get_git_commit, "codebases.read"),
)
