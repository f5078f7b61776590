"""JSON made shorter: it keeps its shape, so that a schema that it followed still holds."""

from typing import Any

import orjson

from hub.ports import Json

LEAST = 200
"""Bytes that a member of an object is never pressed below."""


def dumped(value: object) -> str:
    return orjson.dumps(value).decode()


def shortened(value: Any, room: int) -> Any:
    """What of it fits into so many bytes of JSON: of texts the beginning, of lists the first elements, of objects all members that fit.

    An object shares the room among its members, so one with few of them keeps them all.
    """
    if len(orjson.dumps(value)) <= room:
        return value
    if isinstance(value, str):
        return _text(value, room)
    if isinstance(value, list):
        return _elements(value, room)
    return _members(value, room) if isinstance(value, dict) else value


def _text(text: str, room: int) -> str:
    """Its beginning and an ellipsis. Escapes and letters beyond ASCII take more than a byte, so it is measured."""
    room -= len('"…"'.encode())
    text = text[: max(room, 0)]
    while text and (size := len(orjson.dumps(text)) - 2) > room:
        text = text[: len(text) * room // size]
    return text + "…"


def _elements(elements: list[Any], room: int) -> list[Any]:
    kept, left = [], room - 2
    for element in elements:
        left -= len(orjson.dumps(element)) + 1
        if left < 0:
            break
        kept.append(element)
    return kept or [shortened(elements[0], room - 2)]


def _members(members: Json, room: int) -> Json:
    share, left = max(room // len(members), LEAST), room - 2
    kept = {}
    for name, member in members.items():
        overhead = len(orjson.dumps(name)) + 2
        short = shortened(member, share - overhead)
        left -= len(orjson.dumps(short)) + overhead
        if left < 0:
            break
        kept[name] = short
    return kept
