"""Cards: a workspace's tasks as a board shows them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, JsonValue

from hub.domain.boards import STATUS_OF_STAGE, Board
from hub.domain.errors import NotFound, Refused
from hub.domain.model import Value, new_id
from hub.domain.tasks import Comment, Task, TaskPriority
from hub.domain.workspaces import DEFAULT
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Result, Text
from hub.operations.boards import cards_in, default_board
from hub.operations.placing import lane_in, placed
from hub.operations.tasks import moved

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
    board = await _board(given, call)
    draft = Draft(**{name: getattr(given, name) for name in Draft.model_fields})
    return (await _created(board, given.column_id, [draft], call))[0]


async def move_card(given: MoveCard, call: Call) -> Task:
    """Move a card to a column of its board, or within its column. Its status follows. A column may want something of it first."""
    task = await call.need(Task, given.card_id)
    if task.board_id is None:
        raise Refused("This task is on no board. Put it on one with update_task and boardId.")
    board = await call.need(Board, task.board_id)
    column = lane_in(board, given.target_column_id)
    others = [card for card in await cards_in(board, column, call) if card.id != task.id]
    place = len(others) if given.position is None else min(given.position, len(others))
    changed = moved(await placed(task, {"column_id": column.id, "position": place}, call))
    for at, card in enumerate([*others[:place], None, *others[place:]]):
        if card and card.position != at:
            call.update(card, position=at)
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
    board = await _board(given, call)
    cards = await cards_in(board, lane_in(board, given.column_id), call)
    return Cards(cards=tuple(cards), count=len(cards))


async def decompose_tasks(given: DecomposeTasks, call: Call) -> Cards:
    """Create many cards at once: all of them, or none."""
    board = await _board(given, call)
    cards = await _created(board, given.column_id, given.tasks, call)
    return Cards(cards=tuple(cards), count=len(cards))


async def _created(board: Board, column_id: str | None, drafts: Sequence[Draft], call: Call) -> list[Task]:
    """Behind those that are there."""
    await call.workspace(board.workspace_id)
    column = lane_in(board, column_id) if column_id else board.lanes[0]
    last = len(await cards_in(board, column, call))
    return [
        call.create(Task(
            title=draft.title, objective=draft.description or draft.title, workspace_id=board.workspace_id, board_id=board.id,
            column_id=column.id, status=STATUS_OF_STAGE[column.stage], position=last + at, priority=draft.priority, labels=draft.labels,
            context_search_spec=draft.context_search_spec, creation_source="agent",
        ))
        for at, draft in enumerate(drafts)
    ]  # fmt: skip


async def _board(given: CreateCard | ListCardsByColumn | DecomposeTasks, call: Call) -> Board:
    if given.board_id is None:
        return await default_board(given.workspace_id, call)
    board = await call.need(Board, given.board_id)
    if "workspace_id" in given.model_fields_set and given.workspace_id != board.workspace_id:
        raise NotFound("board", given.board_id)
    return board


def _comment(body: str, call: Call) -> Comment:
    return Comment(id=new_id(), body=body, created_at=call.now, source="update_card")


OPERATIONS = (
    Operation(create_card, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(move_card, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(update_card, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(list_cards_by_column, "tasks.read", profiles=frozenset({"kanban"})),
    Operation(decompose_tasks, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
)
