"""Looking for files by name."""

import re
from asyncio import to_thread
from collections.abc import Iterator
from heapq import nsmallest
from typing import Annotated

from pydantic import Field

from hub.domain.codebases import Codebase
from hub.domain.errors import Invalid
from hub.domain.model import Value
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.operations.codebases import FolderPath, codebases_of
from hub.repositories import Files

SAME, BEGINS, NAMED, HELD, SCATTERED = 1000, 900, 800, 700, 600
"""What was asked for is the file's name or path; begins its name; is in its name; is in its path; its letters are in there in order."""


class SearchFiles(Input):
    query: Annotated[str, Field(max_length=200)] = ""
    """A part of a name or path, or letters of it in their order; none: the first files."""
    repo_path: FolderPath | None = None
    """A folder on the hub's machine."""
    codebase_id: Id | None = None
    workspace_id: Id | None = None
    """Its default codebase, where no other is named."""
    limit: Annotated[int, Field(ge=1, le=500)] = 20


class FoundFile(Value):
    path: str
    full_path: str
    name: str
    score: int
    """Higher is better."""


class FoundFiles(Result):
    files: tuple[FoundFile, ...]
    total: int
    """So many fit."""
    query: str
    scanned: int


async def search_files(given: SearchFiles, call: Call) -> FoundFiles:
    """Find files of a repository or folder by parts of their names, the best first. What git ignores is not looked at."""
    files = await call.files(await _folder(given, call))
    query = given.query.strip()
    return await to_thread(_best, files, query, given.limit)


async def _folder(given: SearchFiles, call: Call) -> str:
    if given.repo_path:
        return given.repo_path
    if given.codebase_id:
        return (await call.need(Codebase, given.codebase_id)).repo_path
    known = await codebases_of(await call.within(given.workspace_id), call) if given.workspace_id else []
    found = next((one for one in known if one.is_default), None)
    if found is None:
        raise Invalid("Name a repoPath, a codebaseId, or a workspaceId that has a codebase.")
    return found.repo_path


def _best(files: Files, query: str, limit: int) -> FoundFiles:
    if not query:
        best, total = [(0, path) for path in files.paths[:limit]], len(files.paths)
    else:
        fitting = list(_scored(query.casefold(), files))
        best, total = nsmallest(limit, fitting, key=lambda one: (-one[0], len(one[1]), one[1])), len(fitting)
    found = tuple(
        FoundFile(path=path, full_path=str(files.folder / path), name=path.rpartition("/")[2], score=score) for score, path in best
    )
    return FoundFiles(files=found, total=total, query=query, scanned=len(files.paths))


def _scored(query: str, files: Files) -> Iterator[tuple[int, str]]:
    in_order = re.compile(re.escape(query[0]) + "".join(f"[^{letter}]*{letter}" for letter in map(re.escape, query[1:])))
    for path in files.paths:
        folded = path.casefold()
        name = folded.rpartition("/")[2]
        if query in folded:
            yield SAME if query in (folded, name) else BEGINS if name.startswith(query) else NAMED if query in name else HELD, path
        elif match := in_order.search(folded):
            yield SCATTERED - min(match.end() - match.start() - len(query), SCATTERED - 1), path


OPERATIONS = (Operation(search_files, "codebases.read"),)
