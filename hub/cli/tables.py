"""An answer for people: a table of the records in a list, or a record field by field."""

import json
from typing import Any

import click

FIRST = ("cursor", "number", "turn", "id", "kind", "name", "title", "status", "role", "priority", "presence")
"""The columns of a table, as far as the records have them; the others come after, while there is room."""
LEFT_OUT = (
    "version", "createdAt", "updatedAt", "workspaceId", "agentId", "columnId", "position", "claimCount", "textVersion", "documentId",
)  # fmt: skip
WIDEST, COLUMNS = 60, 8


UNSEEN = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\ufffd")
"""Control characters: what agents wrote must not steer the reader's terminal."""


def rendered(answer: str) -> str:
    document: dict[str, Any] = json.loads(answer)
    lists = [name for name, value in document.items() if isinstance(value, list) and all(isinstance(item, dict) for item in value)]
    if "id" in document or len(lists) != 1:
        return _fields(document)
    (name,) = lists
    beside = [f"{key}: {_cell(value)}" for key, value in document.items() if key != name]
    return "\n".join([_table(document[name]) if document[name] else f"No {name}.", *beside])


def _table(rows: list[dict[str, Any]]) -> str:
    present = list(dict.fromkeys(name for row in rows for name, value in row.items() if not isinstance(value, list | dict)))
    names = [name for name in FIRST if name in present]
    names += [name for name in present if name not in FIRST and name not in LEFT_OUT][: max(0, COLUMNS - len(names))]
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    short = [[cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…" for cell in line] for line in cells]
    widths = [max(len(line[at]) for line in [names, *short]) for at in range(len(names))]
    head, *lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in [names, *short]]
    return "\n".join([click.style(head, bold=True), *lines])


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
