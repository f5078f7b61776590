"""`@@@task` blocks: tasks written down in a note, to be turned into records.

@@@task
# Title
## Objective
## Scope
## Definition of Done
## Verification
@@@
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_BLOCK = re.compile(r"^@@@(?:tasks?)?[ \t]*\n(.*?)^@@@[ \t]*$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_SECTION = re.compile(r"^## +(.+?)[ \t]*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
INVALID = "<!-- invalid task block: it needs a line '# Title' -->"


@dataclass(frozen=True, slots=True)
class TaskBlock:
    title: str
    objective: str
    scope: str | None
    acceptance_criteria: tuple[str, ...] | None
    verification_commands: tuple[str, ...] | None


def parse(body: str) -> TaskBlock | None:
    """None for a block without a title. Without an Objective section the whole body is the objective."""
    title = _TITLE.search(body)
    if title is None:
        return None
    sections = {name.strip().lower(): text.strip() for name, text in _SECTION.findall(body)}
    rest = (body[: title.start()] + body[title.end() :]).strip()
    return TaskBlock(
        title=title.group(1).strip(),
        objective=sections.get("objective") or rest or title.group(1).strip(),
        scope=sections.get("scope") or None,
        acceptance_criteria=_lines(sections.get("definition of done")),
        verification_commands=_lines(sections.get("verification")),
    )


def replace_blocks(content: str, replacement: Callable[[TaskBlock], str]) -> str:
    """The content with every block replaced by what is said of that very block. An invalid one keeps its text, with a remark."""

    def replaced(found: re.Match[str]) -> str:
        block = parse(found.group(1))
        return replacement(block) if block else f"{INVALID}\n{found.group(1)}".rstrip("\n")

    return _BLOCK.sub(replaced, content)


def blocks(content: str) -> list[TaskBlock | None]:
    return [parse(body) for body in _BLOCK.findall(content)]


def _lines(section: str | None) -> tuple[str, ...] | None:
    return tuple(line.strip() for line in (section or "").splitlines() if line.strip()) or None
