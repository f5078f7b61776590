"""An answer for people: a table of the records in a list, or a record field by field."""

import json
from collections.abc import Iterator
from typing import Any

import click

FIRST = (
    "cursor", "number", "turn", "id", "kind", "name", "title", "status", "role", "priority", "presence",
    "path", "agentId", "fromAgentId", "subject", "content", "snippet",
)  # fmt: skip
"""The columns of a table, as far as the records have them; the others come after, while there is room."""
LEFT_OUT = (
    "version", "createdAt", "updatedAt", "workspaceId", "agentId", "boardId", "columnId", "position", "claimCount", "messageCount",
    "textVersion", "documentId", "generation",
)  # fmt: skip
INSTEAD = {
    "title": {"objective", "content"},
    "number": {"id"},
    "path": {"id"},
}
"""What a record needs not show beside the one that tells it apart."""
COLUMNS = 8
LEAST = 12
"""A column that is cut keeps this much; ids are never cut, because they are copied."""
UNSEEN = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
"""Control characters, and those that turn the direction: what agents wrote must not steer the reader's terminal, nor look like else."""


def rendered(answer: str, width: int | None = None) -> str:
    """`width` is the terminal's; nothing is cut where there is none."""
    document: dict[str, Any] = json.loads(answer)
    lists = [name for name, value in document.items() if isinstance(value, list) and all(isinstance(item, dict) for item in value)]
    if "id" in document or len(lists) != 1:
        return _fields(document)
    (name,) = lists
    beside = [f"{key}: {_cell(value)}" for key, value in _lines(document) if key != name]
    return "\n".join([_table(document[name], width) if document[name] else f"No {name}.", *beside])


def _lines(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What stands below a table: values that are one line each, and lists of such."""
    for key, value in document.items():
        if not isinstance(value, list | dict):
            yield key, value
        elif isinstance(value, list):
            yield from ((key.removesuffix("s"), item) for item in value if not isinstance(item, list | dict))


def _table(rows: list[dict[str, Any]], room: int | None) -> str:
    names = _names(rows)
    lines = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = _fitted(names, [max(len(line[at]) for line in lines) for at in range(len(names))], room)
    shown = (zip(line, widths, strict=False) for line in lines)  # the last columns may have no room
    head, *body = ["  ".join(_cut(cell, width).ljust(width) for cell, width in line).rstrip() for line in shown]
    return "\n".join([click.style(head, bold=True), *body])


def _names(rows: list[dict[str, Any]]) -> list[str]:
    """The columns in which something stands, the important ones first."""
    filled = [name for row in rows for name, value in row.items() if value not in (None, "") and not isinstance(value, list | dict)]
    without = {*LEFT_OUT} - ({"agentId"} if "path" in filled else set())
    without |= {name for told, others in INSTEAD.items() if told in filled for name in others}
    present = [name for name in dict.fromkeys(filled) if name not in without]
    return sorted(present, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))[:COLUMNS]


def _fitted(names: list[str], widths: list[int], room: int | None) -> list[int]:
    """The widest columns get narrower first; when that is not enough, the last columns go."""
    if room is None:
        return widths
    least = [width if name.lower().endswith("id") else min(width, LEAST) for name, width in zip(names, widths, strict=True)]
    shown = len(names)
    while shown > 1 and _total(least[:shown]) > room:
        shown -= 1
    fitted = widths[:shown]
    while _total(fitted) > room and (wide := [at for at in range(shown) if fitted[at] > least[at]]):
        fitted[max(wide, key=lambda at: fitted[at])] -= 1
    return fitted


def _total(widths: list[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _fields(document: dict[str, Any]) -> str:
    """What is empty is left out; text of several lines stands below."""
    shown = {name: value for name, value in document.items() if value not in ([], {}, None, "")}
    below = [name for name, value in shown.items() if isinstance(value, str) and "\n" in value]
    width = max((len(name) for name in shown if name not in below), default=0)
    lines = [f"{click.style(name.ljust(width), bold=True)}  {_cell(value)}" for name, value in shown.items() if name not in below]
    return "\n".join([*lines, *(f"\n{click.style(name, bold=True)}\n{shown[name].translate(UNSEEN)}" for name in below)])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split()).translate(UNSEEN)
