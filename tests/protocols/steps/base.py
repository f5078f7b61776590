"""What a step is."""

from typing import NamedTuple

from hub.domain.errors import Kind
from hub.ports import Json


class Step(NamedTuple):
    operation: str
    arguments: Json
    fails: Kind | None = None
    label: str = ""


def ok(operation: str, arguments: Json | None = None, label: str = "") -> Step:
    return Step(operation, arguments or {}, None, label)


def no(kind: Kind, operation: str, arguments: Json) -> Step:
    return Step(operation, arguments, kind)
