"""Boards as a file: how a workspace's boards are set up, without their cards and secrets."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, ValidationError

from hub.domain.boards import Board
from hub.domain.errors import Invalid
from hub.domain.model import Value
from hub.domain.workspaces import DEFAULT
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Result
from hub.operations.boards import Columns, default_board, distinct, make_default
from hub.operations.yaml_texts import LONGEST, json_of

MOST_BOARDS = 50
SETTINGS = ("auto_provider_id", "session_concurrency_limit", "dev_session_supervision", "history_memory_policy")
KEPT = ("id", "name", "isDefault", "columns", "autoProviderId", "sessionConcurrencyLimit", "devSessionSupervision", "historyMemoryPolicy")


class ExportBoards(Input):
    workspace_id: Id


class ImportBoards(Mutation):
    yaml_content: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    workspace_id: Id | None = None
    """Left out: the one that the file names, else the default one."""


class BoardFile(Result):
    yaml: str


class AppliedBoard(Value):
    board_id: str
    requested_board_id: str
    board_name: str
    action: Literal["created", "updated"]
    columns: int


class ImportedBoards(Result):
    workspace_id: str
    imported_boards: int
    applied: tuple[AppliedBoard, ...]


class _BoardEntry(Value):
    id: Id | None = None
    name: Name
    is_default: bool = False
    columns: Columns
    auto_provider_id: Id | None = None
    session_concurrency_limit: Annotated[int, Field(ge=1, le=100)] | None = None
    dev_session_supervision: dict[str, Any] | None = None
    history_memory_policy: dict[str, Any] | None = None


class _File(Value):
    workspace_id: Id | None = None
    boards: Annotated[tuple[_BoardEntry, ...], Field(min_length=1, max_length=MOST_BOARDS)]


async def export_boards(given: ExportBoards, call: Call) -> BoardFile:
    """Write down how a workspace's boards are set up, as YAML that import_boards reads."""
    import yaml

    await call.within(given.workspace_id)
    found = [board async for board in call.unit.every(Board, workspace_id=given.workspace_id)]
    boards = sorted(found, key=lambda board: not board.is_default)
    said = [orjson.loads(board.to_json()) for board in boards]
    described = [{name: board[name] for name in KEPT if name in board} for board in said]
    document = {"workspaceId": given.workspace_id, "boards": described}
    return BoardFile(yaml=yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


async def import_boards(given: ImportBoards, call: Call) -> ImportedBoards:
    """Set up a workspace's boards as a file from export_boards says: a board with the same id, or name, is changed, others are made."""
    file = _read(given.yaml_content)
    workspace = await call.workspace(given.workspace_id or file.workspace_id or DEFAULT)
    there = [board async for board in call.unit.every(Board, workspace_id=workspace.id)] or [await default_board(workspace.id, call)]
    for name, several in (("name", [one.name for one in file.boards]), ("id", [one.id for one in file.boards if one.id])):
        if len({*several}) < len(several):
            raise Invalid(f"yamlContent: two boards in it have the same {name}. Name each once.")
    applied = []
    for entry in file.boards:
        known = next((one for one in there if one.id == entry.id), None) or next((one for one in there if one.name == entry.name), None)
        settings = {name: value for name in SETTINGS if (value := getattr(entry, name)) is not None}
        changed = {"name": entry.name, "lanes": distinct(entry.columns), **settings}
        board = call.update(known, **changed) if known else call.create(Board(workspace_id=workspace.id, **changed))
        if entry.is_default and not board.is_default:
            await make_default(call.update(board, is_default=True), call)
        applied.append(_applied(board, entry, known is not None))
    return ImportedBoards(workspace_id=workspace.id, imported_boards=len(applied), applied=tuple(applied))


def _applied(board: Board, entry: _BoardEntry, known: bool) -> AppliedBoard:
    return AppliedBoard(
        board_id=board.id, requested_board_id=entry.id or board.id, board_name=board.name, action="updated" if known else "created",
        columns=len(board.lanes),
    )  # fmt: skip


def _read(text: str) -> _File:
    try:
        return _File.model_validate_json(json_of(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Invalid(f"yamlContent.{where}: {first['msg']}. export_boards shows what such a file looks like.") from None


OPERATIONS = (
    Operation(export_boards, "boards.read"),
    Operation(import_boards, "boards.write", writes=True, repeatable=True),
)
