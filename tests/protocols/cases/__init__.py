"""For every row of the web API a request and what comes back: status, envelope and shape."""

from hub.app import Hub
from tests.protocols.cases import codebases, core, worktrees
from tests.protocols.cases.base import Case

PARTS = (core, codebases, worktrees)
"""Each with its CASES, and with `prepare`, which makes what their addresses name."""

CASES: tuple[Case, ...] = tuple(case for part in PARTS for case in part.CASES)


async def url_of(case: Case, hub: Hub) -> str:
    """In a hub in which everything that it needs has been made."""
    part = next(part for part in PARTS if case in part.CASES)
    return case.url.format(**await part.prepare(hub))
