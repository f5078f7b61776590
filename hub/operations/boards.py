"""Boards: the columns in which a workspace's tasks are shown as cards. What is done with cards stands in `cards`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue

from hub.domain.boards import COLUMNS, STATUS_OF_STAGE, Board, Column, Stage, column_of, first_board
from hub.domain.errors import Duplicate, Invalid, NotFound, Refused
from hub.domain.model import Instant, new_id
from hub.domain.tasks import COLUMN_OF_STATUS, Task
from hub.domain.workspaces import DEFAULT, Workspace
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Name, Operation, Page, Result, changes, expect_version
from hub.operations.dependencies import remove_tasks

MOST_COLUMNS = 50
Secret = Annotated[str, Field(min_length=1, max_length=1_000)]


def _numbered(given: Any) -> Any:
    """A column may be named by its name alone, and its place in the list is its position unless it says another one."""
    if not isinstance(given, list | tuple):
        return given
    columns = [{"name": one} if isinstance(one, str) else one for one in given]
    return [_named({"position": at} | one) if isinstance(one, dict) else one for at, one in enumerate(columns)]


def _named(column: dict[str, Any]) -> dict[str, Any]:
    id_ = column.get("id") or "-".join(str(column.get("name", "")).lower().split())
    return {"stage": id_ if id_ in {one.id for one in COLUMNS} else "backlog"} | column | {"id": id_}


Columns = Annotated[tuple[Column, ...], BeforeValidator(_numbered), Field(min_length=1, max_length=MOST_COLUMNS)]


class ListBoards(Page):
    workspace_id: Id = DEFAULT


class GetBoard(Input):
    board_id: Id


class CreateBoard(Mutation):
    workspace_id: Id = DEFAULT
    name: Name
    is_default: bool = False
    columns: Columns | None = None
    """By their names, or in full; left out: backlog, todo, dev, review, done and blocked."""


class UpdateBoard(Mutation):
    board_id: Id
    name: Name | None = None
    columns: Columns | None = None
    """All of them."""
    is_default: bool | None = None
    github_token: Secret | None = None
    """For the repository's issues and pull requests. It is never shown again."""
    clear_git_hub_token: bool = False
    auto_provider_id: Id | None = None
    session_concurrency_limit: Annotated[int, Field(ge=1, le=100)] | None = None
    dev_session_supervision: dict[str, JsonValue] | None = None
    history_memory_policy: dict[str, JsonValue] | None = None
    expected_version: int | None = None


class DeleteBoard(Mutation):
    board_id: Id


class CreateColumn(Mutation):
    board_id: Id
    name: Name
    color: Name | None = None
    stage: Stage = "backlog"
    """What its cards are in."""


class DeleteColumn(Mutation):
    board_id: Id
    column_id: Id
    delete_cards: bool = False
    """Its cards are deleted, too; else they go to the board's first column."""


class Queue(Result):
    """Of sessions with agents that work on the board's cards. The hub starts none by itself, so nothing waits in it."""

    board_id: str
    running_count: int = 0
    running_cards: tuple[str, ...] = ()
    queued_count: int = 0
    queued_card_ids: tuple[str, ...] = ()
    queued_cards: tuple[str, ...] = ()
    queued_positions: dict[str, int] = {}


class BoardView(Result):
    id: str
    workspace_id: str
    name: str
    is_default: bool
    columns: tuple[Column, ...]
    auto_provider_id: str | None = None
    session_concurrency_limit: int
    dev_session_supervision: dict[str, JsonValue]
    history_memory_policy: dict[str, JsonValue]
    github_token_configured: bool
    queue: Queue
    version: int
    created_at: Instant
    updated_at: Instant


class Boards(Result):
    boards: tuple[BoardView, ...]
    next_cursor: str | None = None


async def list_boards(given: ListBoards, call: Call) -> Boards:
    """List a workspace's boards with their columns, the default one first. New tasks go there."""
    await call.within(given.workspace_id)
    page = await call.list(Board, given, workspace_id=given.workspace_id)
    if not page.bodies and not given.cursor:
        return Boards(boards=(view(await default_board(given.workspace_id, call)),))
    boards = sorted(page.records(), key=lambda board: not board.is_default)
    return Boards(boards=tuple(map(view, boards)), next_cursor=page.next_cursor)


async def get_board(given: GetBoard, call: Call) -> BoardView:
    """Read a board. list_cards_by_column shows what is in it."""
    return view(await call.need(Board, given.board_id))


async def create_board(given: CreateBoard, call: Call) -> BoardView:
    """Create a board, with columns of its own or the usual ones."""
    workspace = await call.workspace(given.workspace_id)
    board = Board(workspace_id=workspace.id, name=given.name, lanes=distinct(given.columns or tuple(COLUMNS)))
    board = call.create(board.model_copy(update={"is_default": given.is_default}))
    if given.is_default:
        await make_default(board, call)
    return view(board)


async def update_board(given: UpdateBoard, call: Call) -> BoardView:
    """Change a board's name, columns or settings. Cards in a column that is left out are shown by list_cards_by_column all the same."""
    board = await call.need(Board, given.board_id)
    expect_version(board, given.expected_version)
    changed = {name: value for name, value in changes(given, Board).items() if name not in ("github_token", "is_default")}
    if given.columns is not None:
        changed["lanes"] = distinct(given.columns)
    if given.github_token is not None:
        changed["github_token"] = call.seal(given.github_token, Board, board.id)
    if given.clear_git_hub_token:
        changed["github_token"] = None
    if given.is_default is False and board.is_default:
        raise Refused("A workspace has one default board. Make another one the default instead.")
    if given.is_default and not board.is_default:
        changed["is_default"] = True
        await make_default(board, call)
    return view(call.update(board, **changed))


async def delete_board(given: DeleteBoard, call: Call) -> Deleted:
    """Delete a board that is not the default one. Its cards go to the default board."""
    board = await call.need(Board, given.board_id)
    if board.is_default:
        raise Refused("The default board stays. Make another one the default first, with update_board.")
    home = await default_board(board.workspace_id, call)
    for task in [task async for task in call.unit.every(Task, workspace_id=board.workspace_id) if task.board_id == board.id]:
        call.update(task, board_id=home.id)
    call.delete(board)
    return Deleted(id=board.id)


async def create_column(given: CreateColumn, call: Call) -> BoardView:
    """Add a column at a board's end."""
    board = await call.need(Board, given.board_id)
    if len(board.lanes) == MOST_COLUMNS:
        raise Refused(f"A board has at most {MOST_COLUMNS} columns. Delete one first.")
    position = max(lane.position for lane in board.lanes) + 1
    id_ = "-".join(given.name.lower().split())
    if board.lane(id_) or id_ in STATUS_OF_STAGE:
        id_ = new_id()
    column = Column(id=id_, name=given.name, color=given.color, position=position, stage=given.stage)
    return view(call.update(board, lanes=distinct((*board.lanes, column))))


async def delete_column(given: DeleteColumn, call: Call) -> BoardView:
    """Take a column off a board. Its cards go to another column of its stage, or else to the first, unless deleteCards is true."""
    board = await call.need(Board, given.board_id)
    column = board.lane(given.column_id)
    if column is None:
        raise NotFound("column", given.column_id)
    cards = await cards_in(board, column, call)
    rest = tuple(lane for lane in board.lanes if lane != column)
    if not rest:
        raise Refused("A board has one column at least.")
    left = board.model_copy(update={"lanes": distinct(rest)})
    if given.delete_cards:
        await remove_tasks(cards, call)
    else:
        target = left.lane_of(column.stage) or left.lanes[0]
        for task in cards:
            follows = {} if target.stage == column.stage else {"status": STATUS_OF_STAGE[target.stage]}
            call.update(task, column_id=target.id, **follows)
    return view(call.update(board, lanes=left.lanes))


async def default_board(workspace_id: str, call: Call) -> Board:
    """The workspace's. One that was made before there were boards gets it now."""
    workspace = await call.need(Workspace, workspace_id)
    if workspace.default_board_id:
        return await call.need(Board, workspace.default_board_id)
    board = first_board(workspace.id, workspace.title)
    call.unit.put(workspace.model_copy(update={"default_board_id": board.id}))
    return call.create(board)


async def cards_in(board: Board, column: Column, call: Call) -> list[Task]:
    """In the order of the column."""
    at_home = {status for status, stage in COLUMN_OF_STATUS.items() if stage == column.stage or column == board.lanes[0]}
    statuses = at_home | {STATUS_OF_STAGE[column.stage]}
    found = [task for status in statuses async for task in call.unit.every(Task, workspace_id=board.workspace_id, status=status)]
    here = [task for task in found if task.board_id == board.id and column_of(task, board) == column.id]
    return sorted(here, key=lambda task: (task.position, task.id))


def view(board: Board) -> BoardView:
    known = {name: getattr(board, name) for name in BoardView.model_fields if name in Board.model_fields}
    return BoardView(**known, columns=board.lanes, github_token_configured=bool(board.github_token), queue=Queue(board_id=board.id))


def distinct(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """In order, and the first one of each stage by the stage's name. Raises Duplicate, Invalid."""
    if len({column.id for column in columns}) < len(columns):
        raise Duplicate("Two of the columns have the same id. Name each once.")
    if misnamed := next((one for one in columns if one.id in STATUS_OF_STAGE and one.stage != one.id), None):
        raise Invalid(f"columns: the id {misnamed.id!r} is that of a column of the stage {misnamed.id}. Give the column another id.")
    ordered, named = [], {column.id for column in columns}
    for column in sorted(columns, key=lambda one: one.position):
        first = column.stage not in named
        named.add(column.stage)
        ordered.append(column.model_copy(update={"id": column.stage}) if first else column)
    return tuple(ordered)


async def make_default(board: Board, call: Call) -> None:
    """The other one no longer is."""
    workspace = await call.workspace(board.workspace_id)
    former = await call.unit.get(Board, workspace.default_board_id) if workspace.default_board_id else None
    if former and former.id != board.id:
        call.update(former, is_default=False)
    call.update(workspace, default_board_id=board.id)


OPERATIONS = (
    Operation(list_boards, "boards.read", profiles=frozenset({"kanban"})),
    Operation(get_board, "boards.read", profiles=frozenset({"kanban"})),
    Operation(create_board, "boards.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(update_board, "boards.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(delete_board, "boards.write", writes=True, destructive=True, repeatable=True),
    Operation(create_column, "boards.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(delete_column, "boards.write", writes=True, destructive=True, repeatable=True, profiles=frozenset({"kanban"})),
)
