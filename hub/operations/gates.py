"""What a board's column asks of a card before it comes in.

Only whoever moves a card is asked: an agent that says how its task stands is never stopped by a board. What needs the state of a
repository (delivery rules) or belongs to the work of agents in a column (lane steps, canonical stories) is not asked yet.
"""

from typing import Any

from hub.domain.boards import STATUS_OF_STAGE, Board, Column
from hub.domain.errors import GateClosed
from hub.domain.model import new_id
from hub.domain.readiness import artifact_summary, story_readiness
from hub.domain.tasks import STATUS_OF_COLUMN, Comment, Task
from hub.operations.base import Call


async def expect_admitted(task: Task, column_id: str, call: Call) -> str | None:
    """Raises GateClosed. What a column only warns of is answered: it belongs into a comment."""
    if task.board_id is None or column_id == task.column_id:
        return None
    board = await call.unit.get(Board, task.board_id)
    column = board.lane(column_id) if board else None
    rules = column.rules if column else None
    if column is None or rules is None:
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


async def placed(task: Task, changed: dict[str, Any], call: Call) -> dict[str, Any]:
    """What becomes of a task whose column, or verdict in review, is changed by somebody at the board. Raises GateClosed."""
    column_id = changed.get("column_id")
    if column_id is None:
        sent_back = task.status == "REVIEW_REQUIRED" and changed.get("verification_verdict") == "NOT_APPROVED" and "status" not in changed
        return changed | {"column_id": "dev"} if sent_back else changed
    if warning := await expect_admitted(task.model_copy(update={**changed, "column_id": task.column_id}), column_id, call):
        comment = Comment(id=new_id(), body=warning, created_at=call.now, source="update_card")
        changed = changed | {"comments": (*task.comments, comment)}
    if column_id in STATUS_OF_COLUMN or "status" in changed or task.board_id is None:
        return changed
    board = await call.unit.get(Board, task.board_id)
    column = board.lane(column_id) if board else None
    return changed | {"status": STATUS_OF_STAGE[column.stage]} if column else changed
