"""What a task has changed: in its worktree, or in the codebase that it works on."""

from asyncio import gather
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from hub.domain.codebases import Codebase, Worktree
from hub.domain.errors import HubError, Invalid
from hub.domain.repositories import CommitChange, CommitDiff, FileDiff, FileStats, FileStatus
from hub.domain.tasks import Task
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.operations.codebases import codebases_of
from hub.operations.repositories import CLEAN, CodebaseChanges, label_of
from hub.repositories import Repository

FilePath = Annotated[str, Field(min_length=1, max_length=4096)]
"""Relative to the repository's top folder."""
USUAL = ("main", "master")
"""What a branch began from where nothing says it."""
AROUND = {"preview": 3, "full": 1_000_000}
"""Lines shown around each change."""


class GetTaskChanges(Input):
    task_id: Id


class GetTaskFileDiff(Input):
    task_id: Id
    path: FilePath
    status: FileStatus = "modified"
    """As get_task_changes tells it."""
    previous_path: FilePath | None = None


class GetTaskCommitDiff(Input):
    task_id: Id
    sha: Annotated[str, Field(min_length=1, max_length=250)]
    context: Literal["preview", "full"] = "preview"
    """full: with the whole files around the changes."""


class GetTaskChangeStats(Input):
    task_id: Id
    paths: Annotated[tuple[FilePath, ...], Field(min_length=1, max_length=100)]


class TaskChanges(CodebaseChanges):
    mode: Literal["worktree", "commits"]
    """commits: there are commits beyond what the branch began from. The files are those that are not committed, in both."""
    base_ref: str | None = None
    remote_url: str | None = None
    commits: tuple[CommitChange, ...] = ()
    """Beyond baseRef, the newest first, 100 at most."""
    source: Literal["worktree", "repo"]
    worktree_id: str | None = None
    worktree_path: str | None = None


class TaskChangeStats(Result):
    stats: tuple[FileStats, ...]
    requested: int
    successful: int


class Place(NamedTuple):
    """Where a task's changes are."""

    codebase: Codebase | None
    worktree: Worktree | None

    async def repository(self, call: Call) -> Repository:
        path = self.worktree.worktree_path if self.worktree else self.codebase.repo_path if self.codebase else ""
        if not path:
            raise Invalid("No repository belongs to this task. Name one in its codebaseIds, or give its workspace one.")
        return await call.repository(path)

    @property
    def bases(self) -> tuple[str, ...]:
        known = self.worktree.base_branch if self.worktree else self.codebase.branch if self.codebase else None
        return (known, *USUAL) if known else USUAL


async def get_task_changes(given: GetTaskChanges, call: Call) -> TaskChanges:
    """Show what a task has changed: the files that are not committed, and the commits beyond what its branch began from.
    get_task_file_diff and get_task_commit_diff show one of them.
    """
    place = await _place(given.task_id, call)
    try:
        repository = await place.repository(call)
        seen, url, base = await gather(repository.changes(), repository.remote_url(), repository.beyond(place.bases))
    except HubError as error:
        branch = (place.codebase and place.codebase.branch) or "unknown"
        return TaskChanges(**_about(place), branch=branch, status=CLEAN, files=(), mode="worktree", error=error.message)
    commits = base.commits if base else ()
    return TaskChanges(
        **_about(place), branch=seen.branch, status=seen.status, files=seen.files, mode="commits" if commits else "worktree",
        base_ref=base.ref if base else None, remote_url=url, commits=commits,
    )  # fmt: skip


async def get_task_file_diff(given: GetTaskFileDiff, call: Call) -> FileDiff:
    """Show how a file of a task's repository differs from the last commit, as a patch."""
    repository = await (await _place(given.task_id, call)).repository(call)
    return await repository.file_diff(given.path, given.status, given.previous_path)


async def get_task_commit_diff(given: GetTaskCommitDiff, call: Call) -> CommitDiff:
    """Show what a commit of a task's repository changes, as a patch."""
    repository = await (await _place(given.task_id, call)).repository(call)
    return await repository.commit_diff(given.sha, AROUND[given.context])


async def get_task_change_stats(given: GetTaskChangeStats, call: Call) -> TaskChangeStats:
    """Count the lines added and taken away in up to 100 files of a task's repository since the last commit."""
    repository = await (await _place(given.task_id, call)).repository(call)
    stats = await repository.file_stats(given.paths)
    return TaskChangeStats(stats=tuple(stats), requested=len(stats), successful=sum(one.error is None for one in stats))


async def _place(task_id: str, call: Call) -> Place:
    """Its worktree once that is there, else the first codebase that it names, else its workspace's default one."""
    task = await call.need(Task, task_id)
    worktree = await call.unit.get(Worktree, task.worktree_id) if task.worktree_id else None
    if worktree and worktree.status == "active":
        return Place(await call.unit.get(Codebase, worktree.codebase_id), worktree)
    if task.codebase_ids:
        return Place(await call.unit.get(Codebase, task.codebase_ids[0]), None)
    known = await codebases_of(task.workspace_id, call)
    return Place(next((one for one in known if one.is_default), None), None)


def _about(place: Place) -> dict[str, Any]:
    codebase, worktree = place
    return {
        "codebase_id": codebase.id if codebase else "", "label": label_of(codebase) if codebase else "repo",
        "repo_path": worktree.worktree_path if worktree else codebase.repo_path if codebase else "",
        "source": "worktree" if worktree else "repo",
        "worktree_id": worktree.id if worktree else None, "worktree_path": worktree.worktree_path if worktree else None,
    }  # fmt: skip


OPERATIONS = (
    Operation(get_task_changes, "codebases.read", profiles=frozenset({"coordination", "kanban"})),
    Operation(get_task_file_diff, "codebases.read", profiles=frozenset({"coordination", "kanban"})),
    Operation(get_task_commit_diff, "codebases.read", profiles=frozenset({"kanban"})),
    Operation(get_task_change_stats, "codebases.read"),
)
