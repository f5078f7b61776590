"""Branches of repositories on the hub's machine."""

from typing import Annotated, Literal

from pydantic import Field

from hub.domain.errors import HubError
from hub.domain.model import Value
from hub.domain.repositories import TreeStatus
from hub.operations.base import Call, Input, Mutation, Operation, Result
from hub.repositories import Repository
from hub.repository_changes import Branches

Path = Annotated[str, Field(min_length=1, max_length=4_096)]
BranchName = Annotated[str, Field(min_length=1, max_length=250)]


class OfRepository(Input):
    repo_path: Path
    """A folder of the hub's machine."""


class ChangesRepository(Mutation):
    repo_path: Path
    """A folder of the hub's machine."""


class OpenRepository(Input):
    path: Path
    """A folder of the hub's machine: a repository's, or in one."""


class CheckOutBranch(ChangesRepository):
    branch: BranchName
    """One of the repository's, or one that only its remote has yet."""
    pull: bool = False
    """Also bring it up to date, where nothing is in the way."""
    create: bool = False
    """Make it, if there is none."""


class DeleteBranch(ChangesRepository):
    branch: BranchName
    force: bool = False
    """Also when it has commits that are merged nowhere."""


class ResetWorkingTree(ChangesRepository):
    action: Literal["reset"] = "reset"


class BranchStatus(Value):
    ahead: int
    behind: int
    has_uncommitted_changes: bool


class BranchView(Result):
    current: str
    """HEAD: none is checked out."""
    local: tuple[str, ...]
    remote: tuple[str, ...]
    status: BranchStatus
    """Of the current one."""


class OpenedRepository(Result):
    success: bool = True
    name: str
    path: str
    branch: str
    branches: tuple[str, ...]
    status: TreeStatus


class CheckedOut(Result):
    success: bool = True
    branch: str
    branches: tuple[str, ...]
    status: BranchStatus
    pulled: bool | None = None
    problem: str | None = None
    """Why it was not pulled."""


class DeletedBranch(Result):
    success: bool = True
    deleted_branch: str
    saved: str
    """A ref that keeps its commits: `git branch NAME REF` brings it back."""
    current: str
    branches: tuple[str, ...]


class Reset(Result):
    success: bool = True
    action: Literal["reset"] = "reset"
    branch: str
    branches: tuple[str, ...]
    saved: str | None = None
    """A ref that keeps what was discarded, as a commit."""
    status: BranchStatus
    repo_status: TreeStatus


async def open_repository(given: OpenRepository, call: Call) -> OpenedRepository:
    """See whether a folder of the hub's machine is a git repository, and how it stands. create_codebase takes it into a workspace."""
    repository = await call.repository(given.path)
    names, standing = await repository.branches.look()
    path = repository.path
    return OpenedRepository(name=path.name, path=str(path), branch=names.current, branches=names.local, status=standing)


async def get_branches(given: OfRepository, call: Call) -> BranchView:
    """See a repository's branches, as far as they are known here; fetch_branches asks its remotes first."""
    return await _view((await call.repository(given.repo_path)).branches)


async def fetch_branches(given: ChangesRepository, call: Call) -> BranchView:
    """Fetch from a repository's remotes, then see its branches."""
    branches = (await call.repository(given.repo_path)).branches
    await branches.fetch(call.terms)
    return await _view(branches)


async def check_out_branch(given: CheckOutBranch, call: Call) -> CheckedOut:
    """Check a branch out. Local changes go along, or are in the way: commit them first. With pull, `problem` says why it was not pulled."""
    repository = await call.repository(given.repo_path)
    await repository.branches.check_out(given.branch, given.create)
    problem = await _pull_problem(repository, call) if given.pull else None
    view = await _view(repository.branches)
    pulled = problem is None if given.pull else None
    return CheckedOut(branch=view.current, branches=view.local, status=view.status, pulled=pulled, problem=problem)


async def delete_branch(given: DeleteBranch, call: Call) -> DeletedBranch:
    """Delete a local branch that is checked out nowhere. A saved ref keeps its commits."""
    branches = (await call.repository(given.repo_path)).branches
    saved = await branches.delete(given.branch, given.force)
    names = await branches.names()
    return DeletedBranch(deleted_branch=given.branch, saved=saved, current=names.current, branches=names.local)


async def reset_working_tree(given: ResetWorkingTree, call: Call) -> Reset:
    """Discard all local changes of a working tree, untracked files too. A saved ref keeps them; what is ignored stays."""
    branches = (await call.repository(given.repo_path)).branches
    saved = await branches.discard_changes()
    names, standing = await branches.look()
    return Reset(
        branch=names.current, branches=names.local, saved=saved, status=_branch_status(standing), repo_status=standing
    )  # fmt: skip


async def _pull_problem(repository: Repository, call: Call) -> str | None:
    """Why not. The branch is checked out all the same, which is what was asked for first."""
    try:
        await repository.history.pull(None, None, call.terms)
    except HubError as error:
        return error.message
    return None


async def _view(branches: Branches) -> BranchView:
    names, standing = await branches.look()
    return BranchView(current=names.current, local=names.local, remote=names.remote, status=_branch_status(standing))


def _branch_status(standing: TreeStatus) -> BranchStatus:
    return BranchStatus(ahead=standing.ahead, behind=standing.behind, has_uncommitted_changes=not standing.clean)


OPERATIONS = (
    Operation(open_repository, "codebases.read"),
    Operation(get_branches, "codebases.read"),
    Operation(fetch_branches, "git.write", writes=True, acts=True, repeatable=True),
    Operation(check_out_branch, "git.write", writes=True, acts=True, repeatable=True),
    Operation(delete_branch, "git.write", writes=True, acts=True, destructive=True, repeatable=True),
    Operation(reset_working_tree, "git.write", writes=True, acts=True, destructive=True, repeatable=True),
)
