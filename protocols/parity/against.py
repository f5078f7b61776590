"""Two backends that were asked the same: how their answers differ once ids, times and folders are taken out."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from protocols.parity.contracts import shape_of
from protocols.parity.findings import Finding
from protocols.parity.live import Answer, Told
from protocols.parity.shapes import below
from protocols.parity.world import World

ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
STAMP = re.compile(r"\b\d{8}T\d{6,12}Z?\b")
"""A time in the name of something."""
LONGEST = 80
Differing = tuple[str, str]
"""Where, and how."""


def compared(one: Sequence[Told], other: Sequence[Told], worlds: tuple[World, World]) -> Iterator[Finding]:
    """Of the calls that were made to both."""
    for first, second in zip(one, other, strict=True):
        if first.answer and second.answer:
            name = first.operation.name if first.operation else f"{first.call.method} {shape_of(first.call.url.partition('?')[0])}"
            for where, text in dict(_differences(first.answer, second.answer, worlds, first.call.common)).items():
                yield Finding(name, where, "unlike", text, "against")


def _differences(one: Answer, other: Answer, worlds: tuple[World, World], common: bool) -> Iterator[Differing]:
    if one.status != other.status:
        yield "status", f"is {one.status} here and {other.status} there"
        return
    where = f"answer {one.status}"
    if one.media != other.media:
        yield where, f"is {one.media or 'nothing'} here and {other.media or 'nothing'} there"
        return
    values = [_plain(answer.value, world) for answer, world in zip((one, other), worlds, strict=True)]
    for place, text in _unlike(values[0], values[1], "", common):
        yield f"{where} {place}".rstrip(), text


def _unlike(one: Any, other: Any, where: str, common: bool) -> Iterator[Differing]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() ^ other.keys():
            yield below(where, name), f"is there {'only here' if name in one else 'only at the other one'}"
        for name in one.keys() & other.keys():
            yield from _unlike(one[name], other[name], below(where, name), common)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other) and not common:
            yield where, f"has {len(one)} items here and {len(other)} there"
        for first, second in list(zip(one, other, strict=False))[: 1 if common else None]:
            yield from _unlike(first, second, f"{where}[]", common)
    elif type(one) is not type(other) or (one != other and not common):
        yield where, f"is {_shown(one)} here and {_shown(other)} there"


def _plain(value: Any, world: World) -> Any:
    """Without what no two backends have in common."""
    if isinstance(value, dict):
        return {name: _plain(one, world) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, world) for one in value]
    if not isinstance(value, str):
        return value
    for name, known in sorted(world.names.items(), key=lambda pair: -len(pair[1])):
        if len(known) >= len("parity"):  # a shorter one may stand anywhere by chance
            value = value.replace(known, f"<{name}>")
    return STAMP.sub("<time>", TIME.sub("<time>", ID.sub("<id>", value)))


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
