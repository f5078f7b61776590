"""Task states, both ways without loss (specification 1.0 §4.1.3).

| A2A | the hub's task |
|---|---|
| TASK_STATE_SUBMITTED | PENDING; NEEDS_FIX without a failure: a verdict sent it back |
| TASK_STATE_WORKING | IN_PROGRESS, REVIEW_REQUIRED, BLOCKED |
| TASK_STATE_INPUT_REQUIRED | not ended, and its oldest open question is of the kind input |
| TASK_STATE_AUTH_REQUIRED | not ended, and its oldest open question is of the kind authorization |
| TASK_STATE_COMPLETED | COMPLETED |
| TASK_STATE_FAILED | NEEDS_FIX with a failure |
| TASK_STATE_CANCELED | CANCELLED |
| TASK_STATE_REJECTED | CANCELLED with a failure that says rejected |
"""

from hub.domain.tasks import TaskState

SUBMITTED, WORKING = "TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"
INPUT_REQUIRED, AUTH_REQUIRED = "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"
COMPLETED, FAILED = "TASK_STATE_COMPLETED", "TASK_STATE_FAILED"
CANCELED, REJECTED = "TASK_STATE_CANCELED", "TASK_STATE_REJECTED"
UNSPECIFIED = "TASK_STATE_UNSPECIFIED"

STATES: dict[TaskState, str] = {
    "submitted": SUBMITTED, "working": WORKING, "input_required": INPUT_REQUIRED, "authorization_required": AUTH_REQUIRED,
    "completed": COMPLETED, "failed": FAILED, "cancelled": CANCELED, "rejected": REJECTED,
}  # fmt: skip
OF_STATE: dict[str, TaskState] = {name: state for state, name in STATES.items()}
NUMBERS = (UNSPECIFIED, SUBMITTED, WORKING, COMPLETED, FAILED, CANCELED, INPUT_REQUIRED, REJECTED, AUTH_REQUIRED)
"""By their numbers in a2a.proto."""
TERMINAL = frozenset({COMPLETED, FAILED, CANCELED, REJECTED})
INTERRUPTED = frozenset({INPUT_REQUIRED, AUTH_REQUIRED})
"""The task waits for whoever gave it."""
SETTLED = TERMINAL | INTERRUPTED
"""What a blocking SendMessage waits for."""
