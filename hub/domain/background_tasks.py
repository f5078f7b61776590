"""A background task is a prompt that waits for an agent: given by hand, by a schedule, by a webhook, or as a step of a workflow."""

from collections.abc import Container
from typing import ClassVar, Literal

from hub.domain.model import Instant, Record

BackgroundStatus = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
TriggerSource = Literal["manual", "schedule", "webhook", "polling", "fleet", "workflow"]
BackgroundPriority = Literal["HIGH", "NORMAL", "LOW"]
URGENCY: tuple[BackgroundPriority, ...] = ("HIGH", "NORMAL", "LOW")
LONGEST_TITLE = 60
"""Characters of a prompt that make a title."""


class BackgroundTask(Record):
    kind: ClassVar[str] = "background_task"
    plural: ClassVar[str] = "tasks"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "status", "workflow_run_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("status",), ("workflow_run_id",))

    workspace_id: str
    title: str
    prompt: str
    agent_id: str
    """Of the provider or the specialist that it is for."""
    status: BackgroundStatus = "PENDING"
    triggered_by: str = "user"
    trigger_source: TriggerSource = "manual"
    priority: BackgroundPriority = "NORMAL"
    result_session_id: str | None = None
    """The session in which it is or was done."""
    error_message: str | None = None
    attempts: int = 0
    """How often it was begun."""
    max_attempts: int = 3
    started_at: Instant | None = None
    completed_at: Instant | None = None
    workflow_run_id: str | None = None
    workflow_step_name: str | None = None
    depends_on_task_ids: tuple[str, ...] = ()
    """It waits until all of these are completed."""
    task_output: str | None = None

    @property
    def retries(self) -> bool:
        """Whether it has failed and may be tried again."""
        return self.status == "FAILED" and self.attempts < self.max_attempts

    def waits(self, completed: Container[str]) -> bool:
        return not all(id_ in completed for id_ in self.depends_on_task_ids)


def title_of(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1] + "…"
