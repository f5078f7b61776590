"""A board shows a workspace's tasks as cards in columns, and says what a card must have before it moves on."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from hub.domain.model import Record, Value
from hub.domain.readiness import TaskField
from hub.domain.tasks import COLUMN_OF_STATUS, ArtifactType, Task, TaskStatus

Stage = Literal["backlog", "todo", "dev", "review", "blocked", "done"]
STATUS_OF_STAGE: dict[Stage, TaskStatus] = {
    "backlog": "PENDING", "todo": "PENDING", "dev": "IN_PROGRESS", "review": "REVIEW_REQUIRED", "blocked": "BLOCKED", "done": "COMPLETED",
}  # fmt: skip


class Given(Value):
    """Read from what is kept as it was given: what has a default need not stand there, and other things may."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        needed = [field.alias or name for name, field in cls.model_fields.items() if field.is_required()]
        handler.resolve_ref_schema(described).update(required=needed, additionalProperties=True)
        return described


class DeliveryRules(Given):
    require_committed_changes: bool = False
    require_clean_worktree: bool = False
    require_pull_request_ready: bool = False


class Automation(Given):
    """What a column asks of a card, as far as the hub reads it. Who works on the cards in it is kept, and read by nobody yet."""

    enabled: bool
    provider_id: str | None = None
    role: str | None = None
    specialist_id: str | None = None
    specialist_name: str | None = None
    transition_type: Literal["entry", "exit", "both"] | None = None
    auto_advance_on_success: bool | None = None
    required_artifacts: tuple[ArtifactType, ...] = ()
    required_task_fields: tuple[TaskField, ...] = ()
    required_checklist: tuple[str, ...] = ()
    required_human_approval: bool = False
    gate_mode: Literal["blocking", "warning"] = "blocking"
    delivery_rules: DeliveryRules | None = None


class AsAutomation:
    """Describes a plain object by what the hub reads in it."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        known = Automation.__get_pydantic_json_schema__(Automation.__pydantic_core_schema__, handler)
        return {**handler.resolve_ref_schema(known)}


def _readable(automation: dict[str, JsonValue]) -> dict[str, JsonValue]:
    Automation.model_validate(automation)
    return automation


class Column(Value):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=400)]
    color: Annotated[str, Field(max_length=100)] | None = None
    position: int = 0
    stage: Stage
    visible: bool | None = None
    width: Literal["compact", "standard", "wide"] | None = None
    automation: Annotated[dict[str, JsonValue], AfterValidator(_readable), AsAutomation()] | None = None
    """Kept as it was given: the frontend's rules are more than those that the hub reads (`Automation`)."""

    @property
    def rules(self) -> Automation | None:
        """What it asks of a card that comes into it, while that is switched on."""
        rules = Automation.model_validate(self.automation) if self.automation else None
        return rules if rules and rules.enabled else None


class Board(Record):
    kind: ClassVar[str] = "board"
    plural: ClassVar[str] = "boards"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)
    remembered: ClassVar[bool] = True

    workspace_id: str
    name: str
    is_default: bool = False
    """One of a workspace is: new tasks go there."""
    lanes: tuple[Column, ...] = Field(alias="columns")
    auto_provider_id: str | None = None
    session_concurrency_limit: int = 1
    dev_session_supervision: dict[str, JsonValue] = Field(default_factory=lambda: {**SUPERVISION})
    history_memory_policy: dict[str, JsonValue] = Field(default_factory=lambda: {**HISTORY})
    github_token: str | None = None
    """Sealed."""

    def lane(self, column_id: str) -> Column | None:
        return next((lane for lane in self.lanes if lane.id == column_id), None)

    def lane_after(self, column_id: str) -> Column | None:
        places = [lane.id for lane in self.lanes]
        at = places.index(column_id) + 1
        return self.lanes[at] if at < len(places) else None

    def lane_of(self, stage: str) -> Column | None:
        """The first one of the stage."""
        return next((lane for lane in self.lanes if lane.stage == stage), None)


def column_of(task: Task, board: Board) -> str:
    """Where it is shown: in its column, or in the first one of its stage where the board has no such column (any more)."""
    if board.lane(task.column_id):
        return task.column_id
    return (board.lane_of(COLUMN_OF_STATUS[task.status]) or board.lanes[0]).id


SUPERVISION: dict[str, JsonValue] = {
    "mode": "watchdog_retry", "inactivityTimeoutMinutes": 10, "maxRecoveryAttempts": 1, "completionRequirement": "turn_complete",
}  # fmt: skip
HISTORY: dict[str, JsonValue] = {
    "mode": "auto", "minMatchedSessions": 2, "minMatchedFiles": 3, "minFeatureCandidates": 1, "minConfidence": "medium",
}  # fmt: skip


def _step(id_: str, role: str, specialist: str, name: str) -> dict[str, JsonValue]:
    return {"id": id_, "role": role, "specialistId": specialist, "specialistName": name}


def _automation(*steps: dict[str, JsonValue], advance: bool = False, **rules: Any) -> dict[str, JsonValue]:
    """Of the first step the frontend reads who works there, too."""
    first = {name: value for name, value in steps[0].items() if name != "id"}
    return {"enabled": True, "steps": [*steps], "transitionType": "entry", **rules, "autoAdvanceOnSuccess": advance, **first}


DELIVERED: dict[str, JsonValue] = {"requireCommittedChanges": True, "requireCleanWorktree": True}
COLUMNS: Sequence[Column] = (
    Column(
        id="backlog", name="Backlog", color="slate", position=0, stage="backlog",
        automation=_automation(_step("backlog-refiner", "CRAFTER", "kanban-backlog-refiner", "Backlog Refiner"), advance=True),
    ),
    Column(
        id="todo", name="Todo", color="sky", position=1, stage="todo",
        automation=_automation(
            _step("todo-orchestrator", "CRAFTER", "kanban-todo-orchestrator", "Todo Orchestrator"),
            contractRules={"requireCanonicalStory": True, "loopBreakerThreshold": 2},
        ),
    ),
    Column(
        id="dev", name="Dev", color="amber", position=2, stage="dev",
        automation=_automation(
            _step("dev-executor", "CRAFTER", "kanban-dev-executor", "Dev Crafter"),
            requiredTaskFields=["scope", "acceptance_criteria", "verification_plan"],
        ),
    ),
    Column(
        id="review", name="Review", color="slate", position=3, stage="review",
        automation=_automation(
            _step("qa-frontend", "GATE", "kanban-qa-frontend", "QA Frontend"),
            _step("review-guard", "GATE", "kanban-review-guard", "Review Guard"),
            requiredArtifacts=["screenshot", "test_results"], deliveryRules=DELIVERED,
        ),
    ),
    Column(
        id="done", name="Done", color="emerald", position=4, stage="done",
        automation=_automation(
            _step("done-reporter", "GATE", "kanban-done-reporter", "Done Reporter"),
            deliveryRules={**DELIVERED, "requirePullRequestReady": True},
        ),
    ),
    Column(id="blocked", name="Blocked", color="rose", position=5, stage="blocked"),
)  # fmt: skip
"""Of a board for which nobody names others."""


def first_board(workspace_id: str, title: str) -> Board:
    """The default one, which a workspace has from the beginning. Its id follows from the workspace's, so that no two make it."""
    return Board(id=f"board-{workspace_id}", workspace_id=workspace_id, name=f"{title} Board", is_default=True, lanes=tuple(COLUMNS))
