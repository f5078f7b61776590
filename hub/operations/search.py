"""Search: full text over what agents write."""

from re import findall
from typing import Annotated, Literal

import orjson
from pydantic import Field

from hub.domain.conversations import Message
from hub.domain.errors import Invalid
from hub.domain.mail import Letter
from hub.domain.model import Record, Value
from hub.domain.notes import Note
from hub.domain.tasks import Task
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.ports import Hit
from hub.ports import Search as Query

SearchKind = Literal["task", "note", "message", "letter"]
SEARCHED: dict[SearchKind, type[Record]] = {"task": Task, "note": Note, "message": Message, "letter": Letter}
SNIPPET = 160
MOST_WORDS = 16


class Search(Input):
    query: Annotated[str, Field(min_length=1, max_length=400)]
    """Every word must occur."""
    workspace_id: Id | None = None
    kinds: tuple[SearchKind, ...] = ()
    cursor: Annotated[int, Field(ge=0, le=10_000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class Found(Value):
    kind: SearchKind
    id: str
    workspace_id: str
    title: str
    snippet: str


class SearchResult(Result):
    hits: tuple[Found, ...]
    next_cursor: int | None = None


async def search(given: Search, call: Call) -> SearchResult:
    """Search tasks, notes, messages and letters for words, the best hits first. get_task or get_note reads one."""
    words = tuple(dict.fromkeys(word.lower() for word in findall(r"\w+", given.query)))[:MOST_WORDS]
    if not words:
        raise Invalid("query: it needs at least one word of letters or digits")
    types = tuple(SEARCHED[kind] for kind in given.kinds or SEARCHED)
    hits = await call.unit.search(Query(types, words, given.workspace_id, given.cursor, given.limit + 1))
    more = given.cursor + given.limit if len(hits) > given.limit else None
    return SearchResult(hits=tuple(_found(hit, words) for hit in hits[: given.limit]), next_cursor=more)


def _found(hit: Hit, words: tuple[str, ...]) -> Found:
    body = orjson.loads(hit.body)
    title = body.get("title") or body.get("subject") or body.get("content", "")[:60]
    text = " ".join((body.get("content") or body.get("objective") or "").split())
    at = max(0, min((place for word in words if (place := text.lower().find(word)) >= 0), default=0) - SNIPPET // 4)
    return Found(kind=hit.kind, id=body["id"], workspace_id=body["workspaceId"], title=title, snippet=text[at : at + SNIPPET])


OPERATIONS = (Operation(search, "search.read", profiles=frozenset({"core", "kanban"}), titled="Search everything"),)
