"""Tasks as the web API answers them: each with the summaries of what it has to show."""

from hashlib import sha256
from sys import intern

import orjson

from hub.domain.invest import InvestValidation
from hub.domain.model import Value
from hub.domain.readiness import ArtifactSummary, EvidenceSummary, StoryReadiness, readiness
from hub.domain.tasks import Task
from hub.operations.base import Listing, Output
from hub.operations.cards import Cards as CardsMade

MOST = 20_000
"""Tasks whose summaries are kept: more than one list has."""

_kept: dict[bytes, str] = {}
"""By the digest of a task's JSON what goes on behind its own fields. Boards are read again and again, and few of their tasks change
meanwhile."""


class WebTask(Task):
    artifact_summary: ArtifactSummary
    evidence_summary: EvidenceSummary
    story_readiness: StoryReadiness
    invest_validation: InvestValidation


class OneTask(Value):
    task: WebTask


class Tasks(Value):
    tasks: tuple[WebTask, ...]
    next_cursor: str | None = None


class Cards(Value):
    count: int
    cards: tuple[WebTask, ...]


def cards(output: Output) -> str:
    assert isinstance(output, CardsMade)
    return f'{{"count":{output.count},"cards":[{",".join(_whole(card.to_json(), card) for card in output.cards)}]}}'


def task(output: Output) -> str:
    assert isinstance(output, Task)
    return f'{{"task":{_whole(output.to_json(), output)}}}'


def tasks(output: Output) -> str:
    assert isinstance(output, Listing)
    cursor = f',"nextCursor":{orjson.dumps(output.next_cursor).decode()}' if output.next_cursor else ""
    return f'{{"tasks":[{",".join(map(_whole, output.bodies))}]{cursor}}}'


def _whole(body: str, known: Task | None = None) -> str:
    """The task's JSON with the summaries behind its own fields. `known` saves reading it."""
    key = sha256(body.encode()).digest()
    summaries = _kept.get(key)
    if summaries is None:
        if len(_kept) >= MOST:
            _kept.clear()
        made = readiness(known or Task.model_validate_json(body)).to_json()
        summaries = _kept[key] = intern(f",{made[1:]}")  # most tasks have the same as others
    return body[:-1] + summaries
