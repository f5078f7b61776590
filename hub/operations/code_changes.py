"""Changes in a codebase that are in no commit yet: staged, committed, discarded, shown.

These act on files and write no record, so nothing can stand against their commit that would have them run a second time; what they
stage is the fact `codebase.changed`. What one with an idempotency key did is not done again, either.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from hub.domain.codebases import Codebase, Worktree
from hub.domain.errors import NotFound, Refused
from hub.operations.base import Call, Id, Input, Mutation, Operation, Result
from hub.operations.worktrees import codebase_of, restoring
from hub.repositories import Repository
from hub.repository_changes import Part

File = Annotated[str, Field(min_length=1, max_length=4_000)]
"""From the repository's top, like src/main.py; a folder stands for all in it."""
Files = Annotated[tuple[File, ...], Field(min_length=1, max_length=10_000)]
Message = Annotated[str, Field(max_length=100_000, pattern=r"\S")]


class Place(Input):
    """Where."""

    codebase_id: Id
    workspace_id: Id | None = None
    """The codebase's."""
    worktree_id: Id | None = None
    """In this worktree of the codebase; none: where the codebase itself lies."""


class StageFiles(Place, Mutation):
    files: Files


class UnstageFiles(Place, Mutation):
    files: Files


class CommitChanges(Place, Mutation):
    message: Message
    files: tuple[File, ...] = ()
    """Staged first. What was staged before is committed with them."""


class DiscardChanges(Place, Mutation):
    files: Files


class ExportChanges(Place, Input):
    files: tuple[File, ...] = ()
    """None: all."""
    format: Literal["patch", "diff"] = "patch"
    """`patch`: what is staged; `diff`: what is not."""


class GetFileDiff(Place, Input):
    path: File
    staged: bool = False


class Done(Result):
    success: bool = True


class Staged(Done):
    staged: tuple[str, ...]


class Unstaged(Done):
    unstaged: tuple[str, ...]


class Committed(Done):
    sha: str
    message: str


class Discarded(Done):
    discarded: tuple[str, ...]
    saved_ref: str
    """A ref of the repository that keeps what was discarded."""
    restore: str | None = None
    """How to have it back."""


class Exported(Done):
    patch: str
    """As git apply takes it."""
    filename: str


class FileDiff(Result):
    path: str
    staged: bool
    diff: str


async def stage_files(given: StageFiles, call: Call) -> Staged:
    """Stage changes of files for the next commit_changes. A file that was deleted is staged as that."""
    codebase, repository = await place_of(given, call)
    await repository.uncommitted.stage(given.files)
    changed(codebase, call, "stage")
    return Staged(staged=given.files)


async def unstage_files(given: UnstageFiles, call: Call) -> Unstaged:
    """Take files out of the next commit. Their changes stay in the working tree."""
    codebase, repository = await place_of(given, call)
    await repository.uncommitted.unstage(given.files)
    changed(codebase, call, "unstage")
    return Unstaged(unstaged=given.files)


async def commit_changes(given: CommitChanges, call: Call) -> Committed:
    """Commit what is staged, and the files named here. The repository's identity signs it, and its hooks run and may refuse."""
    codebase, repository = await place_of(given, call)
    sha = await repository.uncommitted.commit(given.message, given.files)
    changed(codebase, call, "commit", sha=sha)
    return Committed(sha=sha, message=given.message.strip())


async def discard_changes(given: DiscardChanges, call: Call) -> Discarded:
    """Put files back to what is staged or committed, and delete new ones. All of it is kept under savedRef. Ask the user first."""
    codebase, repository = await place_of(given, call)
    saved = await repository.uncommitted.discard(given.files, saved_name(given))
    changed(codebase, call, "discard", savedRef=saved)
    return Discarded(discarded=given.files, saved_ref=saved, restore=restoring(saved))


async def export_changes(given: ExportChanges, call: Call) -> Exported:
    """Read changes as a patch for git apply: what is staged, or with format=diff what is not, new files included."""
    _, repository = await place_of(given, call)
    part: Part = "staged" if given.format == "patch" else "unstaged"
    patch = await repository.uncommitted.patch(part, given.files)
    if not patch:
        raise Refused(f"Nothing of this is {part}, so there is nothing to export. format=patch has what is staged, diff what is not.")
    return Exported(patch=patch, filename=f"{repository.path.name}-{part}.patch")


async def get_file_diff(given: GetFileDiff, call: Call) -> FileDiff:
    """Read what has changed in a file: against what is staged, or with staged=true what is staged against the last commit."""
    _, repository = await place_of(given, call)
    diff = await repository.uncommitted.diff("staged" if given.staged else "unstaged", [given.path])
    return FileDiff(path=given.path, staged=given.staged, diff=diff)


async def place_of(given: Place, call: Call) -> tuple[Codebase, Repository]:
    codebase = await codebase_of(given.codebase_id, given.workspace_id, call)
    if given.worktree_id is None:
        return codebase, await call.repository(codebase.repo_path)
    worktree = await call.need(Worktree, given.worktree_id)
    if worktree.codebase_id != codebase.id:
        raise NotFound("worktree", given.worktree_id)
    return codebase, await call.repository(worktree.worktree_path)


def saved_name(given: Place) -> str:
    """Under which it is kept what an action takes away."""
    return given.worktree_id or given.codebase_id


def changed(codebase: Codebase, call: Call, action: str, **data: JsonValue) -> None:
    """The fact, for those who look at the codebase now."""
    call.emit(codebase, "changed", action=action, **data)


OPERATIONS = (
    Operation(stage_files, "git.write", writes=True, acts=True, repeatable=True),
    Operation(unstage_files, "git.write", writes=True, acts=True),
    Operation(commit_changes, "git.write", writes=True, acts=True),
    Operation(discard_changes, "git.write", writes=True, acts=True, destructive=True),
    Operation(export_changes, "codebases.read"),
    Operation(get_file_diff, "codebases.read"),
)
