"""What a task has to show, and whether its story is told well enough to be worked on: summaries of the task alone.

What a board asks for, artifacts and fields, is given by the caller: the task does not know it.
"""

from collections.abc import Sequence
from typing import Literal

from hub.domain.invest import InvestValidation, invest_validation
from hub.domain.model import Value
from hub.domain.stories import Story, story_of
from hub.domain.tasks import ArtifactType, Task, Verdict

TaskField = Literal["scope", "acceptance_criteria", "verification_commands", "test_cases", "verification_plan", "dependencies_declared"]
RunStatus = Literal["running", "completed", "failed", "timed_out", "transitioned", "unknown"]
RUN_STATUSES: tuple[RunStatus, ...] = ("running", "completed", "failed", "timed_out", "transitioned", "unknown")


class ArtifactSummary(Value):
    total: int
    by_type: dict[str, int]
    required_satisfied: bool
    missing_required: tuple[str, ...]


class VerificationEvidence(Value):
    has_verdict: bool
    verdict: Verdict | None = None
    has_report: bool


class CompletionEvidence(Value):
    has_summary: bool


class RunEvidence(Value):
    total: int
    latest_status: Literal["idle"] | RunStatus


class EvidenceSummary(Value):
    artifact: ArtifactSummary
    verification: VerificationEvidence
    completion: CompletionEvidence
    runs: RunEvidence


class StoryChecks(Value):
    scope: bool
    acceptance_criteria: bool
    verification_commands: bool
    test_cases: bool
    verification_plan: bool
    """There are commands or test cases."""
    dependencies_declared: bool


class StoryReadiness(Value):
    ready: bool
    missing: tuple[TaskField, ...]
    required_task_fields: tuple[TaskField, ...]
    checks: StoryChecks


class Readiness(Value):
    artifact_summary: ArtifactSummary
    evidence_summary: EvidenceSummary
    story_readiness: StoryReadiness
    invest_validation: InvestValidation


def readiness(task: Task, artifacts: Sequence[ArtifactType] = (), fields: Sequence[TaskField] = ()) -> Readiness:
    """All of it, for a task that needs these artifacts and fields before it goes on."""
    story, evidence = story_of(task.objective), evidence_summary(task, artifacts)
    return Readiness.trusted(
        artifact_summary=evidence.artifact, evidence_summary=evidence,
        story_readiness=story_readiness(task, fields, story), invest_validation=invest_validation(task, story),
    )  # fmt: skip


def artifact_summary(task: Task, required: Sequence[ArtifactType] = ()) -> ArtifactSummary:
    by_type = {**(task.artifact_counts or {})}
    if task.outputs:
        by_type["output"] = by_type.get("output", 0) + len(task.outputs)
    missing = tuple(one for one in required if one not in by_type)
    return ArtifactSummary.trusted(total=sum(by_type.values()), by_type=by_type, required_satisfied=not missing, missing_required=missing)


def evidence_summary(task: Task, required: Sequence[ArtifactType] = ()) -> EvidenceSummary:
    verdict = task.verification_verdict
    return EvidenceSummary.trusted(
        artifact=artifact_summary(task, required),
        verification=VerificationEvidence.trusted(has_verdict=bool(verdict), verdict=verdict, has_report=bool(task.verification_report)),
        completion=CompletionEvidence.trusted(has_summary=bool(task.completion_summary)),
        runs=_runs(task),
    )


def story_readiness(task: Task, required: Sequence[TaskField] = (), story: Story | None = None) -> StoryReadiness:
    """`story` is the canonical one in its objective, if it has one."""
    commands, cases = bool(task.verification_commands), bool(task.test_cases)
    checks = StoryChecks.trusted(
        scope=bool(task.scope), acceptance_criteria=bool(task.acceptance_criteria), verification_commands=commands, test_cases=cases,
        verification_plan=commands or cases, dependencies_declared=bool(task.dependencies or (story and story.sequenced)),
    )  # fmt: skip
    missing = tuple(one for one in required if not getattr(checks, one))
    return StoryReadiness.trusted(ready=not missing, missing=missing, required_task_fields=tuple(required), checks=checks)


def run_status(task: Task) -> RunStatus:
    """How the work on it stands, whoever does it."""
    if task.status == "COMPLETED":
        return "completed"
    if task.failure or task.status == "CANCELLED":
        return "failed"
    return "running" if task.claim else "unknown"


def session_ids(task: Task) -> tuple[str, ...]:
    """The sessions that the task names as started for it, each once, the oldest first; those of its lanes are not among them."""
    lanes = {lane.get("sessionId") for lane in task.lane_sessions}
    named = dict.fromkeys([*task.session_ids, *([task.trigger_session_id] if task.trigger_session_id else [])])
    return tuple(one for one in named if one not in lanes)


def _runs(task: Task) -> RunEvidence:
    lanes = task.lane_sessions
    if not lanes:
        total = len(session_ids(task)) or task.claim_count
        return RunEvidence.trusted(total=total, latest_status=run_status(task) if total else "idle")
    said = lanes[-1].get("status")
    latest = next((one for one in RUN_STATUSES if one == said), "unknown")
    return RunEvidence.trusted(total=len(lanes) + len(session_ids(task)), latest_status=latest)
