"""A task is a piece of work with an objective, dependencies, a claim while somebody works on it, and a verdict in the end."""

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from hub.domain.agents import AgentRole
from hub.domain.model import Instant, Record, Value
from hub.domain.task_messages import Part

TaskStatus = Literal["PENDING", "IN_PROGRESS", "REVIEW_REQUIRED", "COMPLETED", "NEEDS_FIX", "BLOCKED", "CANCELLED"]
TaskPriority = Literal["low", "medium", "high", "urgent"]
Verdict = Literal["APPROVED", "NOT_APPROVED", "BLOCKED"]
CreationSource = Literal["manual", "agent", "api", "session"]
ArtifactType = Literal["screenshot", "test_results", "code_diff", "logs", "canvas", "output"]
InputKind = Literal["input", "authorization"]
TaskState = Literal["submitted", "working", "input_required", "authorization_required", "completed", "failed", "cancelled", "rejected"]
ArtifactStatus = Literal["pending", "provided", "expired"]

COLUMN_OF_STATUS: dict[TaskStatus, str] = {
    "IN_PROGRESS": "dev", "REVIEW_REQUIRED": "review", "BLOCKED": "blocked", "COMPLETED": "done",
    "PENDING": "backlog", "NEEDS_FIX": "backlog", "CANCELLED": "backlog",
}  # fmt: skip
STATUS_OF_COLUMN: dict[str, TaskStatus] = {
    "backlog": "PENDING", "todo": "PENDING", "dev": "IN_PROGRESS", "review": "REVIEW_REQUIRED", "blocked": "BLOCKED", "done": "COMPLETED",
}  # fmt: skip
STATUS_OF_VERDICT: dict[Verdict, TaskStatus] = {"APPROVED": "COMPLETED", "NOT_APPROVED": "NEEDS_FIX", "BLOCKED": "BLOCKED"}
URGENCY: dict[TaskPriority | None, int] = {"urgent": 0, "high": 1, "medium": 2, None: 2, "low": 3}


class Claim(Value):
    """The right to work on a task until `expires_at`. The token rises with each claim, so an old holder is found out."""

    agent_id: str
    token: int
    expires_at: Instant
    worker: str | None = None
    """Which of the agent's workers has it, where there are several."""


class Comment(Value):
    id: str
    body: str
    created_at: Instant
    source: Literal["legacy_import", "update_card"] | None = None
    agent_id: str | None = None
    session_id: str | None = None


class InputRequest(Value):
    """A question about a task to whoever gave it. Its id is never another question's."""

    id: str
    kind: InputKind = "input"
    """authorization: something is to be allowed elsewhere, and the answer is that it was."""
    message: str
    form: dict[str, JsonValue] = Field(alias="schema")
    """What the answer has to look like; see `forms`."""
    agent_id: str | None = None
    asked_at: Instant
    answered_at: Instant | None = None
    response: dict[str, JsonValue] | None = None
    """The answer; None while there is none, and when it was declined."""
    declined: bool = False


class Failure(Value):
    """Why a task came to nothing."""

    message: str
    code: int | None = None
    """Of a JSON-RPC error that ended it; None: the work was tried, and failed."""
    data: JsonValue = None
    rejected: bool = False
    """Whoever it was given to did not take it on."""


class FallbackAgent(Value):
    provider_id: str | None = None
    role: AgentRole | None = None
    specialist_id: str | None = None
    specialist_name: str | None = None


class Task(Record):
    kind: ClassVar[str] = "task"
    plural: ClassVar[str] = "tasks"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "status", "assigned_to", "session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("workspace_id",), ("status", "workspace_id"), ("assigned_to", "workspace_id"), ("session_id", "workspace_id"),
    )  # fmt: skip
    searchable: ClassVar[tuple[str, ...]] = ("title", "objective", "scope", "completion_summary")
    remembered: ClassVar[bool] = True

    title: str
    objective: str
    workspace_id: str
    status: TaskStatus = "PENDING"
    scope: str | None = None
    acceptance_criteria: tuple[str, ...] | None = None
    verification_commands: tuple[str, ...] | None = None
    test_cases: tuple[str, ...] | None = None
    assigned_to: str | None = None
    dependencies: tuple[str, ...] = ()
    parallel_group: str | None = None
    session_id: str | None = None
    completion_summary: str | None = None
    result: dict[str, JsonValue] | None = None
    """What came out of it, for machines."""
    failure: Failure | None = None
    """Set while it has failed and nobody has taken it up again."""
    input_requests: tuple[InputRequest, ...] = ()
    message_count: int = 0
    """How many messages its history has."""
    generation: int = 0
    """How many events there were of it; each event has its number. A version may have several, or none."""
    outputs: dict[str, int] = {}
    """The artifacts that came out of it, in their order, by their ids, each with its version."""
    artifact_counts: dict[ArtifactType, int] | None = None
    """How many artifacts were given for it as evidence, by their type; outputs are not among them."""
    metadata: dict[str, JsonValue] | None = None
    """Of whoever gave it; the hub keeps it and reads nothing in it."""
    verification_verdict: Verdict | None = None
    verification_report: str | None = None
    claim: Claim | None = None
    claim_count: int = 0
    comment: str | None = None
    comments: tuple[Comment, ...] = ()
    board_id: str | None = None
    column_id: str = "backlog"
    position: int = 0
    priority: TaskPriority | None = None
    labels: tuple[str, ...] = ()
    assignee: str | None = None
    assigned_provider: str | None = None
    assigned_role: AgentRole | None = None
    assigned_specialist_id: str | None = None
    assigned_specialist_name: str | None = None
    fallback_agent_chain: tuple[FallbackAgent, ...] | None = None
    enable_automatic_fallback: bool | None = None
    max_fallback_attempts: int | None = None
    trigger_session_id: str | None = None
    session_ids: tuple[str, ...] = ()
    lane_sessions: tuple[dict[str, JsonValue], ...] = ()
    lane_handoffs: tuple[dict[str, JsonValue], ...] = ()
    github_id: str | None = None
    github_number: int | None = None
    github_url: str | None = None
    github_repo: str | None = None
    github_state: str | None = None
    github_synced_at: str | None = None
    last_sync_error: str | None = None
    is_pull_request: bool | None = None
    creation_source: CreationSource | None = None
    codebase_ids: tuple[str, ...] = ()
    worktree_id: str | None = None
    context_search_spec: dict[str, JsonValue] | None = None
    jit_context_snapshot: dict[str, JsonValue] | None = None
    delivery_snapshot: dict[str, JsonValue] | None = None

    @property
    def soon_again(self) -> bool:
        """It is in work, or was just now."""
        return self.claim is not None or self.generation > 1

    @property
    def ended(self) -> bool:
        """Nothing more comes of it unless somebody takes it up again. What a verdict sent back has not ended."""
        return self.status in ("COMPLETED", "CANCELLED") or (self.status == "NEEDS_FIX" and self.failure is not None)

    @property
    def questions(self) -> tuple[InputRequest, ...]:
        """Those that wait for an answer, the oldest first. An ended task asks nothing."""
        return () if self.ended else tuple(one for one in self.input_requests if one.answered_at is None)

    @property
    def state(self) -> TaskState:
        """What whoever gave it needs to know, in one word: the status, and whether it failed or asks something."""
        if self.questions:
            return "authorization_required" if self.questions[0].kind == "authorization" else "input_required"
        match self.status:
            case "COMPLETED":
                return "completed"
            case "CANCELLED":
                return "rejected" if self.failure and self.failure.rejected else "cancelled"
            case "NEEDS_FIX" | "PENDING":
                return "failed" if self.ended else "submitted"
            case _:
                return "working"

    def claimed_at(self, now: Instant) -> bool:
        return self.claim is not None and now < self.claim.expires_at

    def claimable_at(self, now: Instant) -> bool:
        """Pending and nobody's, or in work under a claim that has run out. Dependencies are another matter."""
        if self.status == "PENDING":
            return not self.claimed_at(now)
        return self.status == "IN_PROGRESS" and self.claim is not None and not self.claimed_at(now)


def unclaimed(task: Task) -> Task:
    """The task given back: nobody's, and pending if it was in work."""
    changed: dict[str, object] = {"claim": None, "assigned_to": None}
    if task.status == "IN_PROGRESS":
        changed |= {"status": "PENDING", "column_id": COLUMN_OF_STATUS["PENDING"]}
    return task.model_copy(update=changed)


def by_priority(task: Task) -> tuple[int, str]:
    """Urgent first; among equals the oldest."""
    return URGENCY[task.priority], task.id


class Dependents(Record):
    """Which tasks depend on a task: its id is that task's. A task that is depended on is not deleted."""

    kind: ClassVar[str] = "dependents"
    plural: ClassVar[str] = "dependents"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    tasks: tuple[str, ...] = ()


class Artifact(Record):
    """What comes out of a task, and the evidence on it: a screenshot, test results, a diff, logs."""

    remembered: ClassVar[bool] = True

    kind: ClassVar[str] = "artifact"
    plural: ClassVar[str] = "artifacts"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "task_id", "type")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("task_id",), ("workspace_id",))

    type: ArtifactType
    task_id: str
    workspace_id: str
    status: ArtifactStatus = "provided"
    provided_by_agent_id: str | None = None
    requested_by_agent_id: str | None = None
    request_id: str | None = None
    content: str | None = None
    """As text; of an output what is text in its parts."""
    context: str | None = None
    expires_at: Instant | None = None
    metadata: dict[str, JsonValue] | None = None
    name: str | None = None
    description: str | None = None
    parts: tuple[Part, ...] = ()
    """Of an output. While it grows (status pending) they stand in its chunks."""
    chunk_count: int = 0
    extensions: tuple[str, ...] = ()
