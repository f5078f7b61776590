"""For every row of the web API a request and what comes back: status, envelope and shape."""

from hub.app import Hub
from tests.protocols.cases import boards, clones, codebases, core, evidence, jobs, registry, shared_sessions, skills, worktrees
from tests.protocols.cases.base import Case

PARTS = (
    boards,
    clones,
    codebases,
    core,
    evidence,
    jobs,
    registry,
    shared_sessions,
    skills,
    worktrees,
)
"""Each with its CASES, and with `prepare`, which makes what their addresses name."""

CASES: tuple[Case, ...] = tuple(case for part in PARTS for case in part.CASES)


async def prepared(case: Case, hub: Hub) -> Case:
    """With the names of what it needs, which has been made in the hub."""
    part = next(part for part in PARTS if case in part.CASES)
    made = await part.prepare(hub)
    body = {name: made.get(value[1:-1], value) if isinstance(value, str) else value for name, value in (case.body or {}).items()}
    return case._replace(url=case.url.format(**made), body=None if case.body is None else body)
