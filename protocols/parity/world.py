"""What the calls to a backend know: what they have made there, and what was made for them here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from protocols.parity.stories.base import ELSEWHERE, Upload

NAME = re.compile(r"{(\w+)}")
WHY = {
    "repository": ELSEWHERE, "other": ELSEWHERE, "folder": ELSEWHERE, "sha": ELSEWHERE,
    "provider": "a session would start an agent there: name one with --provider",
}  # fmt: skip


class Missing(Exception):
    """Why a call cannot be made."""


@dataclass
class World:
    """The names that stand in braces in the stories, and their values."""

    names: dict[str, str] = field(default_factory=dict)
    unmade: dict[str, str] = field(default_factory=dict)
    """Names that have no value, and why."""

    @classmethod
    def new(cls, **names: str) -> "World":
        tag = uuid4().hex[:12]
        return cls({"tag": tag, "absent": f"parity-nobody-{tag}", **names})

    def filled(self, value: Any) -> Any:
        """With the values of all names. Raises Missing."""
        match value:
            case str():
                return NAME.sub(self._value, value)
            case Upload():
                return value
            case list():
                return [self.filled(one) for one in value]
            case Mapping():
                return {name: self.filled(one) for name, one in value.items()}
        return value

    def _value(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self.names:
            raise Missing(WHY.get(name) or f"it needs {name}: {self.unmade.get(name, 'nothing makes one')}")
        return self.names[name]

    def keep(self, wanted: Mapping[str, str], answer: Any, text: str, headers: Mapping[str, str]) -> None:
        for name, where in wanted.items():
            found = headers.get(where.removeprefix("header ")) if where.startswith("header ") else _at(answer, where) if where else text
            if isinstance(found, str | int) and found != "":
                self.names[name] = str(found)


def _at(answer: Any, where: str) -> Any:
    for part in where.split("."):
        if isinstance(answer, list):
            answer = answer[int(part)] if int(part) < len(answer) else None
        else:
            answer = answer.get(part) if isinstance(answer, dict) else None
    return answer
