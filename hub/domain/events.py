"""The facts. An event says in the past tense what happened to one record; the log gives it its cursor."""

from pydantic import JsonValue

from hub.domain.model import Instant, Record, Value
from hub.domain.tasks import Task


class Event(Value):
    name: str
    """`<kind>.<what happened>`: `task.created`, `note.updated`."""
    record_id: str
    version: int
    """The record's version when it happened; for a removal, the last one that it had."""
    workspace_id: str | None = None
    session_id: str | None = None
    """The session that the record belongs to."""
    agent_id: str | None = None
    """The agent that a task is given to; who did something to it stands in the data."""
    state: str | None = None
    """What a task was in from then on (`Task.state`)."""
    generation: int | None = None
    """Which of a task's events it is, counted from 1 (`Task.generation`)."""
    at: Instant
    by: str
    """The caller's subject."""
    data: dict[str, JsonValue] | None = None

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]


def fact(record: Record, what: str, *, at: Instant, by: str, data: dict[str, JsonValue] | None = None) -> Event:
    fields = record.__dict__
    workspace_id = record.id if record.kind == "workspace" else fields.get("workspace_id")
    name = f"{record.kind}.{what}"
    session_id, agent_id = fields.get("session_id"), fields.get("assigned_to")
    state, generation = (record.state, record.generation) if isinstance(record, Task) else (None, None)
    return Event.trusted(
        name=name, record_id=record.id, version=record.version, workspace_id=workspace_id, session_id=session_id, agent_id=agent_id,
        state=state, generation=generation, at=at, by=by, data=data,
    )  # fmt: skip
