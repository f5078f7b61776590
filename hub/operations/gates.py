"""What a board's column asks of a card before it comes in.

Only whoever moves a card is asked: an agent that says how its task stands is never stopped by a board. What needs the state of a
repository (delivery rules) or belongs to the work of agents in a column (lane steps, canonical stories) is not asked yet.
"""

from hub.domain.boards import Column
from hub.domain.errors import GateClosed
from hub.domain.readiness import artifact_summary, story_readiness
from hub.domain.tasks import Task


def expect_admitted(task: Task, column: Column) -> str | None:
    """Raises GateClosed. What a column only warns of is answered: it belongs into a comment."""
    rules = column.rules
    if rules is None:
        return None
    evidence = artifact_summary(task, rules.required_artifacts)
    if evidence.missing_required:
        text = _closed(column, f"the artifacts {', '.join(evidence.missing_required)}. provide_artifact adds them")
        raise GateClosed(text, missingArtifacts=[*map(str, evidence.missing_required)])
    story = story_readiness(task, rules.required_task_fields)
    if story.missing:
        text = _closed(column, f"the fields {', '.join(story.missing)}. update_task sets them")
        shown = story.model_dump(mode="json", by_alias=True, exclude_none=True)
        raise GateClosed(text, missingTaskFields=[*map(str, story.missing)], storyReadiness=shown)
    return _transition(task, column)


def _transition(task: Task, column: Column) -> str | None:
    """The checklist is ticked in the task's verification report, and approval is its verdict."""
    rules = column.rules
    assert rules is not None
    report = (task.verification_report or "").lower()
    unticked = [one for one in rules.required_checklist if one.lower() not in report]
    unapproved = rules.required_human_approval and task.verification_verdict != "APPROVED"
    if not unticked and not unapproved:
        return None
    wanted = [
        *([f"in its verification report: {', '.join(unticked)}"] if unticked else []),
        *(["the verdict APPROVED"] if unapproved else []),
    ]
    text = _closed(column, f"{' and '.join(wanted)}. set_verdict gives them")
    if rules.gate_mode == "warning":
        return text
    raise GateClosed(text, transitionGate={"checklist": [*unticked], "humanApproval": unapproved})


def _closed(column: Column, wanted: str) -> str:
    return f"The column {column.name!r} wants {wanted}."
