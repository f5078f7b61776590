"""Boards and their cards."""

from protocols.rest import tasks
from protocols.rest.board_streams import board_events
from protocols.rest.renderings import board_file
from protocols.rest.route import ALL, Route, Stream

BOARD = "/kanban/boards/{boardId}"

STREAMS = (
    Stream("/kanban/events", "kanbanEvents", "Changes of boards, their cards, and what works on these", board_events, ("workspaceId",)),
)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/kanban/boards", "list_boards", fixed=ALL, rpc="kanban.listBoards"),
    Route("POST", "/kanban/boards", "create_board", "board", 201, rpc="kanban.createBoard"),
    Route("GET", BOARD, "get_board", "board", rpc="kanban.getBoard"),
    Route(
        "PATCH", BOARD, "update_board", "board", ignored=frozenset({"id", "workspaceId"}), rpc="kanban.updateBoard",
    ),
    Route("DELETE", BOARD, "delete_board", rpc="kanban.deleteBoard"),
    Route("POST", "/kanban/decompose", "decompose_tasks", render=tasks.cards, shape=tasks.Cards, rpc="kanban.decomposeTasks"),
    Route("GET", "/kanban/export", "export_boards", render=board_file, media="application/yaml", file="kanban.yaml"),
    Route("POST", "/kanban/import", "import_boards"),
)  # fmt: skip
