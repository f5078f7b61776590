"""Issues and pull requests of a workspace's codebases, as GitHub tells them."""

from pathlib import PurePath
from typing import Literal

from hub.access import LOCAL_TENANT
from hub.domain.boards import Board
from hub.domain.codebases import Codebase
from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.github import Issue, Pull, repository_of
from hub.domain.model import Value
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.operations.codebases import codebases_of
from hub.upstreams import IssueState

TokenSource = Literal["board", "env", "none"]


class OfRepository(Input):
    workspace_id: Id
    codebase_id: Id | None = None
    """Left out: the workspace's default one."""
    board_id: Id | None = None
    """With whose GitHub token it is asked, if the board has one."""
    state: IssueState = "open"


class ListGithubIssues(OfRepository):
    pass


class ListGithubPulls(OfRepository):
    pass


class GetGithubAccess(Input):
    board_id: Id | None = None


class GithubCodebase(Value):
    id: str
    label: str


class GithubIssues(Result):
    repo: str
    """owner/name"""
    codebase: GithubCodebase
    issues: tuple[Issue, ...]


class GithubPulls(Result):
    repo: str
    """owner/name"""
    codebase: GithubCodebase
    pulls: tuple[Pull, ...]


class GithubAccess(Result):
    available: bool
    """There is a token. Without one only what is public can be read, and not often."""
    source: TokenSource
    """The board's, or the hub's own, from its settings."""


async def list_github_issues(given: ListGithubIssues, call: Call) -> GithubIssues:
    """List the issues of a codebase's repository on GitHub, the newest first, at most 100. create_task makes one a task."""
    codebase, repo = await _repository(given, call)
    issues = await call.elsewhere().github.issues(repo, given.state, (await _token(given.board_id, given.workspace_id, call))[0])
    return GithubIssues(repo=repo, codebase=_shown(codebase), issues=tuple(issues))


async def list_github_pulls(given: ListGithubPulls, call: Call) -> GithubPulls:
    """List the pull requests of a codebase's repository on GitHub, the newest first, at most 100."""
    codebase, repo = await _repository(given, call)
    pulls = await call.elsewhere().github.pulls(repo, given.state, (await _token(given.board_id, given.workspace_id, call))[0])
    return GithubPulls(repo=repo, codebase=_shown(codebase), pulls=tuple(pulls))


async def get_github_access(given: GetGithubAccess, call: Call) -> GithubAccess:
    """See whether GitHub is asked with a token, and with whose. The token itself is told to nobody."""
    token, source = await _token(given.board_id, None, call)
    return GithubAccess(available=token is not None, source=source)


async def _repository(given: OfRepository, call: Call) -> tuple[Codebase, str]:
    """The codebase, and its repository on GitHub. Raises NotFound, Invalid."""
    codebases = await codebases_of(await call.within(given.workspace_id), call)
    if not codebases:
        raise NotFound("codebase in the workspace", given.workspace_id)
    by_default = next((one for one in codebases if one.is_default), codebases[0])
    codebase = next((one for one in codebases if one.id == given.codebase_id), None) if given.codebase_id else by_default
    if codebase is None:
        raise NotFound("codebase", given.codebase_id or "")
    repo = repository_of(codebase.source_url) or repository_of(await _remote(codebase, call))
    if repo is None:
        raise Invalid(
            f"Codebase {codebase.id!r} is no repository on GitHub. Say with update_codebase which one it is: "
            "sourceUrl like https://github.com/owner/name."
        )
    return codebase, repo


async def _remote(codebase: Codebase, call: Call) -> str | None:
    try:
        return await (await call.repository(codebase.repo_path)).remote_url()
    except (Invalid, Refused):
        return None


async def _token(board_id: str | None, workspace_id: str | None, call: Call) -> tuple[str | None, TokenSource]:
    """The board's, else the hub's own for its own tenant. Raises NotFound."""
    board = await call.need(Board, board_id) if board_id else None
    if board and workspace_id not in (None, board.workspace_id):
        raise NotFound("board", board.id)
    if board and board.github_token:
        token = call.unseal(board.github_token, Board, board.key)
        if not (token.isascii() and token.isprintable()):
            raise Invalid("The board's GitHub token has characters that no token has. Give it another one with update_board.")
        return token, "board"
    own = call.upstreams.github_token if call.upstreams and call.caller.tenant == LOCAL_TENANT else None
    return (own, "env") if own else (None, "none")


def _shown(codebase: Codebase) -> GithubCodebase:
    return GithubCodebase(id=codebase.id, label=codebase.label or PurePath(codebase.repo_path).name or codebase.repo_path)


OPERATIONS = (
    Operation(list_github_issues, "github.read", profiles=frozenset({"kanban"})),
    Operation(list_github_pulls, "github.read", profiles=frozenset({"kanban"})),
    Operation(get_github_access, "github.read"),
)
