"""Lists that are too long for one answer: the elements that fit, and the argument with which the next call goes on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, get_origin

import orjson
from pydantic.alias_generators import to_camel

from hub.operations import OPERATIONS
from hub.operations.base import Listing, Output, Page
from hub.ports import Json
from protocols.mcp.shortening import dumped, shortened

ENVELOPE = 1_000
"""Bytes kept for what stands around the elements."""


class Way(NamedTuple):
    """How a list is read on."""

    elements: str
    """The answer's field that holds them."""
    argument: str
    """What the next call gives."""
    told: str
    """The answer's field that says it."""
    after: Callable[[Json, int, Mapping[str, Any]], Any]
    """Its value behind the last element shown, of how many shown, for a call with these arguments."""


WAYS: dict[str, Way] = {
    "read_inbox": Way("letters", "cursor", "cursor", lambda last, *_: last["number"]),
    "read_conversation": Way("messages", "startTurn", "nextTurn", lambda last, *_: last["turn"] + 1),
    "list_events": Way("events", "after", "cursor", lambda last, *_: last["cursor"]),
    "drain_events": Way("events", "acknowledged", "cursor", lambda last, *_: last["cursor"]),
    "list_changed_tasks": Way("tasks", "cursor", "nextCursor", lambda last, *_: f"{last['updatedAt']}|{last['id']}"),
    "list_git_commits": Way("commits", "skip", "nextSkip", lambda _, shown, given: int(given.get("skip", 0)) + shown),
    "search": Way("hits", "cursor", "nextCursor", lambda _, shown, given: int(given.get("cursor", 0)) + shown),
}
"""Of those that go on in a way of their own. The others are asked with a Page, whose cursor is the key of a record."""


class Cut(NamedTuple):
    text: str
    shown: int
    """So many elements."""
    hint: str


def way(name: str, output: Output) -> Way | None:
    """None: the answer is no list, or one that cannot be read on."""
    if name in WAYS or not issubclass(OPERATIONS[name].input, Page):
        return WAYS.get(name)
    if isinstance(output, Listing):
        type_ = output.type
        return Way(to_camel(type_.plural), "cursor", "nextCursor", lambda last, *_: type_.model_validate(last).key)
    elements = next(field.alias or own for own, field in type(output).model_fields.items() if get_origin(field.annotation) is tuple)
    return Way(elements, "cursor", "nextCursor", lambda last, *_: last["id"])


def cut(name: str, output: Output, text: str, arguments: Mapping[str, Any], room: int) -> Cut | None:
    """The first elements of the answer, at least one, and where to go on; None when there is no way to."""
    how = way(name, output)
    if how is None:
        return None
    rest: Json = {} if isinstance(output, Listing) else orjson.loads(text)
    elements = output.bodies if isinstance(output, Listing) else [dumped(one) for one in rest.pop(how.elements)]
    shown = list(elements[: _fitting(elements, room - ENVELOPE)])
    hint = f"{max(len(shown), 1)} of these {len(elements)} fit."
    if not shown:
        shown = [dumped(shortened(orjson.loads(elements[0]), room - ENVELOPE))]
        hint += f" It is cut itself: {name} with the same arguments, limit=1 and offset=0 reads it whole."
    after = how.after(orjson.loads(elements[len(shown) - 1]), len(shown), arguments)
    around = dumped({**rest, how.told: after})
    hint += f" Call {name} again with the same arguments and {how.argument}={dumped(after)} for the next."
    return Cut(f'{{"{how.elements}":[{",".join(shown)}],{around[1:]}', len(shown), hint)


def size(text: str) -> int:
    """Bytes of UTF-8: what a text costs a model goes by them rather than by characters."""
    return len(text) if text.isascii() else len(text.encode())


def _fitting(elements: Sequence[str], room: int) -> int:
    for count, element in enumerate(elements):
        room -= size(element) + 1
        if room < 0:
            return count
    return len(elements)
