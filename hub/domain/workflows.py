"""A workflow is a list of steps, written in YAML; a run of it has a background task for each of them."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field, JsonValue

from hub.domain.background_tasks import TriggerSource
from hub.domain.model import Instant, Record, Value

RunStatus = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


class Written(Value):
    """A part of the YAML. Its fields have the names that they have there, on the wire too; those that the hub does not know are let be."""

    model_config = ConfigDict(alias_generator=None, coerce_numbers_to_str=True)


class WorkflowTrigger(Written):
    type: Literal["manual", "webhook", "schedule"] = "manual"
    source: str | None = None
    event: str | None = None
    cron: str | None = None


class WorkflowStep(Written):
    name: str = Field(min_length=1, max_length=200)
    specialist: str = Field(min_length=1, max_length=200)
    adapter: str | None = None
    config: dict[str, JsonValue] | None = None
    input: str | None = Field(None, max_length=100_000)
    actions: tuple[JsonValue, ...] | None = None
    output_key: str | None = None
    condition: str | None = Field(None, alias="if")
    parallel_group: str | None = None
    """Steps that follow each other and name the same one are done at once."""
    on_failure: Literal["stop", "continue", "retry"] | None = None
    max_retries: int | None = Field(None, ge=0, le=10)
    timeout_secs: int | None = Field(None, ge=1, le=86_400)

    @property
    def attempts(self) -> int:
        return 1 + (self.max_retries or 0) if self.on_failure == "retry" else 1


class WorkflowDefinition(Written):
    name: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=10_000)
    version: str | None = Field(None, max_length=100)
    trigger: WorkflowTrigger = WorkflowTrigger()
    variables: dict[str, JsonValue] | None = None
    steps: tuple[WorkflowStep, ...] = Field(min_length=1, max_length=50)


class Workflow(Record):
    kind: ClassVar[str] = "workflow"
    plural: ClassVar[str] = "workflows"

    yaml_content: str
    """To the letter, comments and all."""
    definition: WorkflowDefinition


class WorkflowRun(Record):
    kind: ClassVar[str] = "workflow_run"
    plural: ClassVar[str] = "runs"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "workflow_id", "status")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("workflow_id",))

    workspace_id: str
    workflow_id: str
    workflow_name: str
    workflow_version: str | None = None
    status: RunStatus = "PENDING"
    current_step_name: str | None = None
    """The one that was begun last."""
    trigger_payload: str | None = None
    trigger_source: TriggerSource = "manual"
    step_outputs: dict[str, str] = {}
    error_message: str | None = None
    total_steps: int
    completed_steps: int = 0
    started_at: Instant | None = None
    completed_at: Instant | None = None


def groups(steps: Sequence[WorkflowStep]) -> Iterator[Sequence[WorkflowStep]]:
    """Those that are done at once, in order: each waits for all before it."""
    numbered = enumerate(steps)
    for _, group in groupby(numbered, lambda one: one[1].parallel_group or one[0]):
        yield [step for _, step in group]
