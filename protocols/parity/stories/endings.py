"""What was made is taken away again."""

from protocols.parity.stories.base import call

CALLS = (
    call("DELETE /api/canvas/{canvas}"),
    call("DELETE /api/specialists?id=parity-{tag}"),
    call("DELETE /api/mcp-servers?id=parity-{tag}"),
    call("DELETE /api/webhooks/configs?id={config}"),
    call("DELETE /api/workflows/parity-{tag}"),
    call("DELETE /api/schedules/{schedule}"),
    call("DELETE /api/background-tasks/{job}?force=true"),
    call("POST /api/sessions/{session}/disconnect"),
    call("DELETE /api/sessions/{session}"),
    call("DELETE /api/worktrees/{worktree}?deleteBranch=true"),
    call("DELETE /api/workspaces/{workspace}/codebases/{codebase}"),
    call("POST /api/workspaces/{workspace}/codebases", {"repoPath": "{other}", "label": "parity"}, keep={"spare": "codebase.id"}),
    call("DELETE /api/codebases/{spare}"),
    call("DELETE /api/notes/{workspace}/{note}"),
    call("POST /api/notes", {"noteId": "last", "title": "A note", "workspaceId": "{workspace}"}),
    call("DELETE /api/notes?noteId=last&workspaceId={workspace}"),
    call("DELETE /api/tasks/{second}"),
    call("DELETE /api/tasks?workspaceId={workspace}"),
    call("DELETE /api/agents/{agent}"),
    call("DELETE /api/workspaces/{archive}"),
)
