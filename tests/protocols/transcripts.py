"""What a door answered to the script, without what differs from run to run: ids become numbers, instants and commits one word."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from hub.ports import Json
from tests.protocols.steps.base import Step

Ask = Callable[[str, Json], Awaitable[tuple[bool, Any]]]
"""A door: whether it went well, and the answer or the error document."""

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-([0-9a-f]{12})")
TOKEN = re.compile(r"\btrv_[0-9a-f]{32}_[0-9a-f]{64}\b")
MEASURED = re.compile(r'"(usedMb|totalMb|usagePercent|objects|collected)": [\d.]+')
SECRET = re.compile(r"\b[0-9a-f]{64}\b")
SHA = re.compile(r"\b[0-9a-f]{40}\b")
STAMP = re.compile(r"\b\d{8}T\d{12}Z")
END_OF_ID = re.compile(r"\btask-([0-9a-f]{12})\b")
PATTERNS = {SECRET: "<secret>", MEASURED: "<measured>", SHA: "<sha>", STAMP: "<stamp>", INSTANT: "<instant>", TOKEN: "<token>"}


async def transcript(ask: Ask, steps: Iterable[Step]) -> list[str]:
    """A line for each step. Every step must end as the script says."""
    seen: dict[str, Any] = {}
    lines = []
    for step in steps:
        went_well, answer = await ask(step.operation, filled(step.arguments, seen))
        ending = None if went_well else answer["kind"]
        assert ending == step.fails, f"{step.operation} {step.arguments}: {answer}"
        if step.label:
            seen[step.label] = answer
        lines.append(f"{step.operation} {ending or 'ok'} {json.dumps(answer, sort_keys=True, ensure_ascii=False)}")
    return normalised(lines)


def normalised(lines: Iterable[str]) -> list[str]:
    """Ids are numbered by their first appearance, so the same id is the same number everywhere."""
    numbers: dict[str, str] = {}

    def number(end: str) -> str:
        return numbers.setdefault(end, f"<id {len(numbers) + 1}>")

    def one(line: str) -> str:
        for pattern, word in PATTERNS.items():
            line = pattern.sub(word, line)
        line = ID.sub(lambda found: number(found.group(1)), line)
        return END_OF_ID.sub(lambda found: f"task-{number(found.group(1))}", line)

    return [one(line) for line in lines]


def filled(value: Any, seen: Json) -> Any:
    """With every `$label.field` replaced by what was answered."""
    if isinstance(value, dict):
        return {name: filled(one, seen) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, seen) for one in value]
    if isinstance(value, str) and value.startswith("$"):
        label, *path = value[1:].split(".")
        found = seen[label]
        for part in path:
            found = found[int(part) if isinstance(found, list) else part]
        return found
    return value
