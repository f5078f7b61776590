"""Boards and their cards."""

from hub.app import Hub
from tests.core.support import ask
from tests.protocols.cases.base import case

BOARD = "/kanban/boards/{boardId}"
KEYS = "board"


async def prepare(hub: Hub) -> dict[str, str]:
    board = await ask(hub, "create_board", name="Site")
    exported = await ask(hub, "export_boards", workspaceId="default")
    return {"board": board["id"], "yaml": exported["yaml"]}


CASES = (
    case("GET", "/kanban/boards", "/kanban/boards?workspaceId=default", 200, "boards"),
    case("POST", "/kanban/boards", "/kanban/boards", 201, "board", {"workspaceId": "default", "name": "Another", "isDefault": True}),
    case("GET", BOARD, "/kanban/boards/{board}", 200, "board"),
    case("PATCH", BOARD, "/kanban/boards/{board}", 200, "board", {
        "name": "Site!", "columns": [{"id": "dev", "name": "Dev", "position": 0, "stage": "dev", "automation": {"enabled": True}}],
        "sessionConcurrencyLimit": 3,
    }),
    case("DELETE", BOARD, "/kanban/boards/{board}", 200, "deleted id deletedCount"),
    case("POST", "/kanban/decompose", "/kanban/decompose", 200, "count cards",
         {"boardId": "{board}", "workspaceId": "default", "tasks": [{"title": "Dig"}], "columnId": "backlog"}),
    case("POST", "/kanban/import", "/kanban/import", 200, "workspaceId importedBoards applied",
         {"yamlContent": "{yaml}", "workspaceId": "default"}),
)  # fmt: skip
