"""Workspaces, agents, tasks, artifacts and notes."""

from protocols.parity.stories.base import call

AGENT = {"name": "Parity", "role": "CRAFTER", "workspaceId": "{workspace}", "modelTier": "FAST"}
TASK = {"title": "A task", "objective": "To be looked at.", "workspaceId": "{workspace}"}
RICH = {
    "scope": "This", "acceptanceCriteria": ["It works."], "verificationCommands": ["make test"], "priority": "high", "labels": ["parity"],
    "assignee": "ada", "assignedRole": "CRAFTER", "columnId": "backlog", "position": 0,
}  # fmt: skip
NOTE = {"noteId": "parity", "title": "A note", "content": "Text.", "workspaceId": "{workspace}", "type": "general"}

CALLS = (
    call("GET /api/health", common=True),
    call("POST /api/workspaces", {"title": "Parity {tag}", "metadata": {"of": "parity"}}, keep={"workspace": "workspace.id"},
         undo="DELETE /api/workspaces/{workspace}"),
    call("POST /api/workspaces", {"title": "Parity, archived {tag}"}, keep={"archive": "workspace.id"},
         undo="DELETE /api/workspaces/{archive}"),
    call("GET /api/workspaces", common=True),
    call("GET /api/workspaces/{workspace}"),
    call("PATCH /api/workspaces/{workspace}", {"title": "Parity, renamed {tag}"}),
    call("POST /api/workspaces/{archive}/archive", {"archive": True}),
    call("POST /api/agents", AGENT, keep={"agent": "agentId"}),
    call("GET /api/agents?workspaceId={workspace}"),
    call("GET /api/agents?id={agent}&workspaceId={workspace}"),
    call("GET /api/agents/{agent}"),
    call("POST /api/agents/{agent}/status", {"status": "ACTIVE"}),
    call("POST /api/tasks", TASK | RICH, keep={"task": "task.id"}),
    call("POST /api/tasks", {**TASK, "title": "Another task", "dependencies": ["{task}"]}, keep={"second": "task.id"}),
    call("GET /api/tasks?workspaceId={workspace}"),
    call("GET /api/tasks?workspaceId={workspace}&status=PENDING"),
    call("GET /api/tasks/{task}"),
    call("PATCH /api/tasks/{task}", {"title": "A task with another title", "priority": "low", "labels": []}),
    call("GET /api/tasks/ready?workspaceId={workspace}"),
    call("POST /api/tasks/{task}/status", {"status": "NEEDS_FIX"}),
    call("POST /api/tasks/{task}/artifacts", {"agentId": "{agent}", "type": "logs", "content": "All well.", "metadata": {"of": "parity"}}),
    call("GET /api/tasks/{task}/artifacts"),
    call("GET /api/tasks/{task}/artifacts?artifact_type=logs"),
    call("GET /api/tasks/{task}/runs"),
    call("POST /api/notes", NOTE, keep={"note": "note.id"}),
    call("POST /api/notes", {**NOTE, "content": "Another text."}),
    call("GET /api/notes?workspaceId={workspace}"),
    call("GET /api/notes?workspaceId={workspace}&noteId={note}"),
    call("GET /api/notes/{workspace}/{note}"),
    call("GET /api/notes/events?workspaceId={workspace}"),
)  # fmt: skip
