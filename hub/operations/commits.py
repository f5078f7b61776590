"""The commits of a codebase's branch: read, and the branch moved. As in `code_changes`, no record is written."""

from typing import Annotated

from pydantic import Field

from hub.domain.model import Value
from hub.operations.base import Call, Input, Mutation, Operation, Result
from hub.operations.code_changes import Done, File, Place, changed, place_of, saved_name
from hub.operations.worktrees import Ref, restoring
from hub.repository_changes import Moved, ResetMode


class ListCommits(Place, Input):
    limit: Annotated[int, Field(ge=1, le=500)] = 20
    since: Annotated[str, Field(max_length=100)] | None = None
    """Only newer ones, as git reads dates: 2026-11-21, or 2 weeks ago."""


class GetCommitDiff(Place, Input):
    sha: Ref
    path: File | None = None
    """Only this file's part."""


class PullChanges(Place, Mutation):
    remote: Ref | None = None
    """One that the repository has; none: the branch's own, or origin."""
    branch: Ref | None = None
    """None: the one that the branch follows, or one of the same name."""


class RebaseBranch(Place, Mutation):
    onto: Ref
    """A branch, a tag or a commit."""


class ResetBranch(Place, Mutation):
    to: Ref
    """A branch, a tag or a commit, like HEAD~1."""
    mode: ResetMode = "soft"
    """`soft`: what the commits left behind did is staged; `mixed`: it stands in the working tree; `hard`: it and all changes are gone."""


class Commit(Value):
    sha: str
    short_sha: str
    message: str
    summary: str
    """The message's first line."""
    author_name: str
    author_email: str
    authored_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    additions: int
    deletions: int
    parents: tuple[str, ...]


class Commits(Result):
    commits: tuple[Commit, ...]
    count: int


class CommitDiff(Result):
    sha: str
    path: str | None = None
    diff: str


class BranchMoved(Done):
    sha: str
    """Where the branch is now."""
    saved_ref: str | None = None
    """A ref of the repository that keeps what was left behind; none: nothing was."""
    restore: str | None = None
    """How to have it back."""


async def list_commits(given: ListCommits, call: Call) -> Commits:
    """List the newest commits of the codebase's branch. get_commit_diff shows what one did."""
    _, repository = await place_of(given, call)
    found = await repository.history.commits(given.limit, given.since)
    commits = tuple(Commit(**one._asdict(), summary=one.message.partition("\n")[0]) for one in found)
    return Commits(commits=commits, count=len(commits))


async def get_commit_diff(given: GetCommitDiff, call: Call) -> CommitDiff:
    """Read what a commit says and did; of a merge, what it brought to its branch."""
    _, repository = await place_of(given, call)
    return CommitDiff(sha=given.sha, path=given.path, diff=await repository.history.diff(given.sha, given.path))


async def pull_changes(given: PullChanges, call: Call) -> BranchMoved:
    """Fetch a branch of a configured remote and move forward to it. Where both sides have commits it refuses; then rebase_branch."""
    codebase, repository = await place_of(given, call)
    moved = await repository.history.pull(given.remote, given.branch, call.terms)
    changed(codebase, call, "pull", sha=moved.sha)
    return _moved(moved)


async def rebase_branch(given: RebaseBranch, call: Call) -> BranchMoved:
    """Put the branch's own commits behind another branch. A conflict changes nothing and names the files. Nothing may be uncommitted."""
    codebase, repository = await place_of(given, call)
    moved = await repository.history.rebase(given.onto, saved_name(given))
    changed(codebase, call, "rebase", sha=moved.sha)
    return _moved(moved)


async def reset_branch(given: ResetBranch, call: Call) -> BranchMoved:
    """Move the branch to another commit. What is left behind, and with mode=hard every change and new file that git does not ignore, is
    kept under savedRef. Ask the user first."""
    codebase, repository = await place_of(given, call)
    moved = await repository.history.reset(given.to, given.mode, saved_name(given))
    changed(codebase, call, "reset", sha=moved.sha)
    return _moved(moved)


def _moved(moved: Moved) -> BranchMoved:
    return BranchMoved(sha=moved.sha, saved_ref=moved.saved, restore=restoring(moved.saved))


OPERATIONS = (
    Operation(list_commits, "codebases.read"),
    Operation(get_commit_diff, "codebases.read"),
    Operation(pull_changes, "git.write", writes=True, acts=True),
    Operation(rebase_branch, "git.write", writes=True, acts=True, destructive=True),
    Operation(reset_branch, "git.write", writes=True, acts=True, destructive=True),
)
