"""Boards, and what is written on them."""

from protocols.parity.stories.base import call

CALLS = (
    call("GET /api/kanban/boards?workspaceId={workspace}"),
    call("POST /api/kanban/boards", {"workspaceId": "{workspace}", "name": "Parity"}, keep={"board": "board.id"}),
    call("GET /api/kanban/boards/{board}"),
    call("PATCH /api/kanban/boards/{board}", {"name": "Parity, renamed"}),
    call("POST /api/kanban/decompose", {
        "boardId": "{board}", "workspaceId": "{workspace}", "columnId": "backlog",
        "tasks": [{"title": "A card", "description": "What it says.", "priority": "low", "labels": ["parity"]}],
    }),
    call("GET /api/kanban/events?workspaceId={workspace}"),
    call("GET /api/kanban/export?workspaceId={workspace}", keep={"exported": ""}),
    call("POST /api/kanban/import", {"yamlContent": "{exported}", "workspaceId": "{workspace}"}),
    call("POST /api/kanban/import", {"yamlContent": "[", "workspaceId": "{workspace}"}, expects=400),
)  # fmt: skip
