"""Where a task is on its board, when somebody at the board says so.

Whoever says how a task stands need not know its board: on every board the first column of a stage has the stage's name (`boards`).
"""

from typing import Any

from hub.domain.boards import STATUS_OF_STAGE, Board, Column, column_of
from hub.domain.errors import Invalid, NotFound
from hub.domain.model import new_id
from hub.domain.tasks import COLUMN_OF_STATUS, Comment, Task
from hub.operations.base import Call
from hub.operations.gates import expect_admitted

PLACES = frozenset({"board_id", "column_id"})


async def placed(task: Task, changed: dict[str, Any], call: Call, *, gated: bool = True) -> dict[str, Any]:
    """What becomes of a task whose board or column is changed, or its verdict in review. Raises NotFound, Invalid, GateClosed."""
    if not changed.keys() & PLACES:
        sent_back = task.status == "REVIEW_REQUIRED" and changed.get("verification_verdict") == "NOT_APPROVED" and "status" not in changed
        return changed | {"status": "IN_PROGRESS"} if sent_back else changed
    board = await board_in(task.workspace_id, changed.get("board_id", task.board_id), call)
    if board is None:
        return changed
    column = lane_in(board, changed.get("column_id") or column_of(task, board))
    if gated and (board.id, column.id) != (task.board_id, task.column_id):
        changed = _admitted(task, changed, column, call)
    return changed | {"column_id": column.id} | _status(task, changed, column)


async def board_in(workspace_id: str, board_id: str | None, call: Call) -> Board | None:
    """Raises NotFound, also for one of another workspace."""
    if board_id is None:
        return None
    board = await call.need(Board, board_id)
    if board.workspace_id != workspace_id:
        raise NotFound("board", board_id)
    return board


def lane_in(board: Board, column_id: str) -> Column:
    column = board.lane(column_id)
    if column is None:
        raise NotFound("column", column_id)
    return column


def _admitted(task: Task, changed: dict[str, Any], column: Column, call: Call) -> dict[str, Any]:
    warning = expect_admitted(task.model_copy(update=changed), column)
    if warning is None:
        return changed
    comment = Comment(id=new_id(), body=warning, created_at=call.now, source="update_card")
    return changed | {"comments": (*task.comments, comment)}


def _status(task: Task, changed: dict[str, Any], column: Column) -> dict[str, Any]:
    """It follows the column, unless it is of the column's stage already."""
    status = changed.get("status")
    if status is None:
        return {} if COLUMN_OF_STATUS[task.status] == column.stage else {"status": STATUS_OF_STAGE[column.stage]}
    if COLUMN_OF_STATUS[status] != column.stage and STATUS_OF_STAGE[column.stage] != status:
        raise Invalid("columnId and status must describe the same workflow state")
    return {}
