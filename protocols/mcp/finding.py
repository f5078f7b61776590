"""Finding tools: the catalogue searched by words, and the names near to one that is wrong."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from re import findall

from pydantic.alias_generators import to_snake

from hub.operations import OPERATIONS
from hub.operations.base import Operation, Profile
from hub.ports import Json
from protocols.mcp.schemas import operation_input
from protocols.mcp.tools import FindTools

IN_NAME, IN_DESCRIPTION, IN_FIELDS = 6, 2, 1
"""What a word counts, by where it was found."""
STEM = 4
"""Letters from which on a word also stands for those that begin like it: task, tasks; delete, deleting."""


def find(given: FindTools, profile: Profile) -> Json:
    """The operations that match, the best first; without one, the names that look like it."""
    words, whole = _words(given.query), to_snake(given.query.strip()).lower()
    scored = sorted((-score, at) for at, name in enumerate(OPERATIONS) if (score := _score(words, name) + _named(whole, name)))
    rows = [*OPERATIONS.values()]
    found = [_found(rows[at], profile) for _, at in scored[: given.limit]]
    if found:
        return {"tools": found, "found": len(scored)}
    names = near(given.query, OPERATIONS) or ["create_task", "search", "send_message"]
    return {"tools": [], "found": 0, "next": [f"Nothing matches. Use other words, or a name such as {', '.join(names)}."]}


def near(name: str, known: Iterable[str]) -> list[str]:
    """Up to three names that look like it, whatever their case and underscores."""
    plain = {_bare(one): one for one in known}
    return [plain[one] for one in get_close_matches(_bare(name), plain, 3, 0.6)]


def _found(row: Operation, profile: Profile) -> Json:
    schema = operation_input(row, short=False)
    return {"name": row.name, "description": row.description, "inputSchema": schema, "inProfile": row.in_profile(profile)}


def _score(words: list[str], name: str) -> int:
    places = ((_index(name, part), weight) for part, weight in enumerate((IN_NAME, IN_DESCRIPTION, IN_FIELDS)))
    return sum(weight for known, weight in places for word in words if any(_same(word, one) for one in known))


def _named(whole: str, name: str) -> int:
    """The query is a field's name."""
    return IN_NAME if whole in OPERATIONS[name].input.model_fields else 0


@cache
def _index(name: str, part: int) -> frozenset[str]:
    row = OPERATIONS[name]
    texts = (name, row.description, " ".join(row.input.model_fields))
    return frozenset(_words(texts[part]))


def _words(text: str) -> list[str]:
    return [*dict.fromkeys(word for word in findall(r"[^\W_]+", to_snake(text).lower()) if len(word) > 1)]


def _same(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) >= STEM and longer.startswith(shorter.removesuffix("e")))


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
