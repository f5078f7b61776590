"""Cards: a workspace's tasks as a board shows them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, JsonValue

from hub.domain.boards import STATUS_OF_STAGE, Board, Column
from hub.domain.errors import NotFound, Refused
from hub.domain.model import Value, new_id
from hub.domain.tasks import Comment, Task, TaskPriority
from hub.domain.workspaces import DEFAULT
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Result, Text
from hub.operations.boards import cards_in, default_board
from hub.operations.gates import expect_admitted

MOST_AT_ONCE = 200
NOT_BEGUN = ("PENDING", "NEEDS_FIX", "CANCELLED")
"""In these what a card is about may still be changed on the board."""
Labels = Annotated[tuple[Id, ...], Field(max_length=100)]


class Draft(Value):
    title: Name
    description: Text | None = None
    priority: TaskPriority | None = None
    labels: Labels = ()
    context_search_spec: dict[str, JsonValue] | None = None


class CreateCard(Mutation):
    title: Name
    description: Text | None = None
    board_id: Id | None = None
    """Left out: the workspace's default board."""
    column_id: Id | None = None
    """Left out: the board's first column."""
    workspace_id: Id = DEFAULT
    priority: TaskPriority | None = None
    labels: Labels = ()
    context_search_spec: dict[str, JsonValue] | None = None


class MoveCard(Mutation):
    card_id: Id
    target_column_id: Id
    position: Annotated[int, Field(ge=0)] | None = None
    """Its place in the column, from 0; left out: the last."""


class UpdateCard(Mutation):
    card_id: Id
    title: Name | None = None
    description: Text | None = None
    """What is to be done; not once the work has begun."""
    comment: Text | None = None
    """Added to its comments."""
    priority: TaskPriority | None = None
    labels: Labels | None = None


class ListCardsByColumn(Input):
    column_id: Id
    board_id: Id | None = None
    """Left out: the workspace's default board."""
    workspace_id: Id = DEFAULT


class DecomposeTasks(Mutation):
    board_id: Id | None = None
    workspace_id: Id = DEFAULT
    tasks: Annotated[tuple[Draft, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
    column_id: Id | None = None


class Cards(Result):
    cards: tuple[Task, ...]
    count: int


async def create_card(given: CreateCard, call: Call) -> Task:
    """Create a task as a card of a board. move_card moves it on."""
    board = await _board(given.board_id, given.workspace_id, call)
    draft = Draft(**{name: getattr(given, name) for name in Draft.model_fields})
    return (await _created(board, given.column_id, [draft], call))[0]


async def move_card(given: MoveCard, call: Call) -> Task:
    """Move a card to a column of its board, or within its column. Its status follows. A column may want something of it first."""
    task = await call.need(Task, given.card_id)
    if task.board_id is None:
        raise Refused("This task is on no board. Put it on one with update_task and boardId.")
    board = await call.need(Board, task.board_id)
    column = _column(board, given.target_column_id)
    warning = await expect_admitted(task, column.id, call)
    others = [card for card in await cards_in(board, column.id, call) if card.id != task.id]
    place = len(others) if given.position is None else min(given.position, len(others))
    for at, card in enumerate([*others[:place], None, *others[place:]]):
        if card and card.position != at:
            call.update(card, position=at)
    changed: dict[str, Any] = {"column_id": column.id, "position": place}
    if column.id != task.column_id:
        changed |= {"status": STATUS_OF_STAGE[column.stage]}
        changed |= {} if column.stage == "dev" else {"claim": None}
    if warning:
        changed |= {"comments": (*task.comments, _comment(warning, call))}
    return call.update(task, **changed)


async def update_card(given: UpdateCard, call: Call) -> Task:
    """Change what a card says, or add a comment. What is to be done stays as it is once the work has begun: comment on it then."""
    task = await call.need(Task, given.card_id)
    changed: dict[str, Any] = {
        name: value for name in ("title", "priority", "labels") if (value := getattr(given, name)) is not None
    }  # fmt: skip
    if given.description is not None:
        if task.status not in NOT_BEGUN:
            raise Refused(f"The card is {task.status}: its description stays as it is. Add a comment instead.")
        changed["objective"] = given.description
    if given.comment is not None:
        changed["comments"] = (*task.comments, _comment(given.comment, call))
    return call.update(task, **changed)


async def list_cards_by_column(given: ListCardsByColumn, call: Call) -> Cards:
    """List the cards in a column of a board, in their order."""
    board = await _board(given.board_id, given.workspace_id, call)
    cards = await cards_in(board, _column(board, given.column_id).id, call)
    return Cards(cards=tuple(cards), count=len(cards))


async def decompose_tasks(given: DecomposeTasks, call: Call) -> Cards:
    """Create many cards at once: all of them, or none."""
    board = await _board(given.board_id, given.workspace_id, call)
    cards = await _created(board, given.column_id, given.tasks, call)
    return Cards(cards=tuple(cards), count=len(cards))


async def _created(board: Board, column_id: str | None, drafts: Sequence[Draft], call: Call) -> list[Task]:
    await call.workspace(board.workspace_id)
    column = _column(board, column_id) if column_id else board.lanes[0]
    tasks = [
        Task(
            title=draft.title, objective=draft.description or draft.title, workspace_id=board.workspace_id, board_id=board.id,
            column_id=column.id, status=STATUS_OF_STAGE[column.stage], priority=draft.priority, labels=draft.labels,
            context_search_spec=draft.context_search_spec, creation_source="agent",
        )
        for draft in drafts
    ]  # fmt: skip
    for task in tasks:
        await expect_admitted(task.model_copy(update={"column_id": board.lanes[0].id}), column.id, call)
    return [call.create(task) for task in tasks]


async def _board(board_id: str | None, workspace_id: str, call: Call) -> Board:
    if board_id is None:
        return await default_board(workspace_id, call)
    return await call.need(Board, board_id)


def _column(board: Board, id_: str) -> Column:
    column = board.lane(id_)
    if column is None:
        raise NotFound("column", id_)
    return column


def _comment(body: str, call: Call) -> Comment:
    return Comment(id=new_id(), body=body, created_at=call.now, source="update_card")


OPERATIONS = (
    Operation(create_card, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(move_card, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(update_card, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(list_cards_by_column, "tasks.read", profiles=frozenset({"kanban"})),
    Operation(decompose_tasks, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
)
