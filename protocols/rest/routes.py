"""The web API as a table: method, path, operation, envelope. What the table cannot say is a rendering in `renderings`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.domain.errors import Invalid
from hub.operations import OPERATIONS
from hub.operations.base import Operation, Output
from protocols.rest import sessions, traces
from protocols.rest.renderings import (
    agent_created,
    agent_status_updated,
    mcp_server_created,
    mcp_server_deleted,
    mcp_server_updated,
    note_deleted,
    skills_reloaded,
    specialist_created,
    specialist_deleted,
    specialist_updated,
    specialists_synced,
    task_status_updated,
    tasks_deleted,
    with_codebases,
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One row. Several rows may share method and path: the first whose `when` is in the query, or in the body, is taken."""

    method: str
    path: str
    operation: str
    envelope: str | None = None
    """The key that the answer is put under; None for the answer as it is."""
    status: int = 200
    names: Mapping[str, str] = field(default_factory=dict)
    """The web API's names of fields -> the operation's."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that the web API does not know."""
    ignored: frozenset[str] = frozenset()
    """What the web frontend sends and the hub has no use for."""
    required: frozenset[str] = frozenset()
    """What the web API insists on and the operation does not."""
    when: str | None = None
    render: Callable[[Output], str] | None = None
    replaces: bool = False
    """It makes or replaces: 201 for what is new, 200 for what was there."""
    rpc: str | None = None
    """The web API's JSON-RPC method for the same thing."""

    @property
    def row(self) -> Operation:
        return OPERATIONS[self.operation]

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The web API's names made the operation's. Raises Invalid."""
        if missing := self.required - given.keys():
            raise Invalid(f"{min(missing)}: it must be given")
        named = {self.names.get(name, name): value for name, value in given.items() if name not in self.ignored}
        return {**self.fixed, **named}

    def answer(self, output: Output) -> str:
        if self.render:
            return self.render(output)
        body = output.to_json()
        return f'{{"{self.envelope}":{body}}}' if self.envelope else body

    def status_of(self, output: Output) -> int:
        return 201 if self.replaces and getattr(output, "version", 0) == 1 else self.status


ALL = {"limit": 10_000}
"""The web API does not page."""
AGENT, TASK, WORKSPACE = {"id": "agentId"}, {"id": "taskId"}, {"id": "workspaceId"}
MCP_SERVER, SESSION = {"id": "mcpServerId"}, {"id": "sessionId"}
PERMISSION = {"id": "permissionId"}
SPECIALIST, SKILL = {"id": "specialistId"}, {"repoPath": "repository"}
STAMPS = frozenset({"version", "createdAt", "updatedAt"})
LEGACY_TASK = frozenset({"expand", "retryTrigger", "retryProviderId", "deliverySnapshot"})

ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", "get_health"),
    Route("GET", "/workspaces", "list_workspaces", fixed=ALL, rpc="workspaces.list"),
    Route("POST", "/workspaces", "create_workspace", "workspace", 201, rpc="workspaces.create"),
    Route("GET", "/workspaces/{id}", "get_workspace", names=WORKSPACE, render=with_codebases, rpc="workspaces.get"),
    Route("PATCH", "/workspaces/{id}", "update_workspace", "workspace", names=WORKSPACE, ignored=frozenset({"repoPath", "branch"})),
    Route("DELETE", "/workspaces/{id}", "delete_workspace", names=WORKSPACE, rpc="workspaces.delete"),
    Route(
        "POST", "/workspaces/{id}/archive", "archive_workspace", "workspace",
        names={**WORKSPACE, "archive": "archived"}, rpc="workspaces.archive",
    ),
    Route("GET", "/agents", "get_agent", names=AGENT, when="id", ignored=frozenset({"summary", "workspaceId"})),
    Route("GET", "/agents", "list_agents", fixed=ALL, rpc="agents.list"),
    Route("POST", "/agents", "create_agent", status=201, render=agent_created, rpc="agents.create"),
    Route("GET", "/agents/{id}", "get_agent", names=AGENT, rpc="agents.get"),
    Route("DELETE", "/agents/{id}", "delete_agent", names=AGENT, rpc="agents.delete"),
    Route("POST", "/agents/{id}/status", "update_agent", names=AGENT, render=agent_status_updated, rpc="agents.updateStatus"),
    Route("GET", "/tasks", "list_tasks", fixed=ALL, ignored=frozenset({"expand"}), rpc="tasks.list"),
    Route("POST", "/tasks", "create_task", "task", 201, rpc="tasks.create"),
    Route("DELETE", "/tasks", "delete_task", when="taskId", ignored=frozenset({"workspaceId"})),
    Route("DELETE", "/tasks", "delete_tasks", render=tasks_deleted),
    Route("GET", "/tasks/ready", "list_ready_tasks", fixed={"limit": 500}, rpc="tasks.findReady"),
    Route("GET", "/tasks/{id}", "get_task", "task", names=TASK, ignored=frozenset({"expand"}), rpc="tasks.get"),
    Route("PATCH", "/tasks/{id}", "update_task", "task", names=TASK, ignored=LEGACY_TASK, rpc="tasks.update"),
    Route("DELETE", "/tasks/{id}", "delete_task", names=TASK, rpc="tasks.delete"),
    Route("POST", "/tasks/{id}/status", "set_task_status", names=TASK, render=task_status_updated, rpc="tasks.updateStatus"),
    Route("GET", "/tasks/{id}/artifacts", "list_artifacts", names={**TASK, "artifact_type": "type"}, fixed=ALL, rpc="tasks.listArtifacts"),
    Route("POST", "/tasks/{id}/artifacts", "provide_artifact", "artifact", 201, names=TASK, rpc="tasks.provideArtifact"),
    Route("GET", "/notes", "get_note", "note", when="noteId", ignored=frozenset({"type", "sessionId"})),
    Route("GET", "/notes", "list_notes", fixed=ALL, rpc="notes.list"),
    Route("POST", "/notes", "save_note", "note", replaces=True, rpc="notes.create"),
    Route("DELETE", "/notes", "delete_note", render=note_deleted, rpc="notes.delete"),
    Route("GET", "/notes/{workspaceId}/{noteId}", "get_note", "note", rpc="notes.get"),
    Route("DELETE", "/notes/{workspaceId}/{noteId}", "delete_note", render=note_deleted),
    Route("GET", "/search", "search", rpc="search"),
    Route("GET", "/sessions", "list_teams", fixed=ALL, ignored=frozenset({"surface"}), when="surface", render=sessions.teams),
    Route("GET", "/sessions", "list_recent_sessions", fixed={"limit": 1_000}, render=sessions.sessions),
    Route("GET", "/sessions/{id}", "get_session", names=SESSION, render=sessions.session),
    Route("PATCH", "/sessions/{id}", "update_session", names=SESSION, required=frozenset({"name"}), render=sessions.done),
    Route("DELETE", "/sessions/{id}", "delete_session", names=SESSION, render=sessions.done),
    Route(
        "GET", "/sessions/{id}/history", "read_session_history", names={**SESSION, "limit": "lastN"}, fixed={"lastN": 1_000},
        ignored=frozenset({"consolidated"}), render=sessions.history,
    ),
    Route("GET", "/sessions/{id}/transcript", "get_session_transcript", names={**SESSION, "limit": "lastN"}, render=sessions.transcript),
    Route("GET", "/sessions/{id}/context", "get_session_context", names=SESSION, render=sessions.context),
    Route("POST", "/sessions/{id}/disconnect", "disconnect_session", names=SESSION, render=sessions.done),
    Route("POST", "/sessions/{id}/fork", "fork_session", names=SESSION, render=sessions.fork),
    Route("GET", "/permissions", "list_permissions", fixed=ALL),
    Route("GET", "/permissions/{id}", "get_permission", "permission", names=PERMISSION),
    Route("POST", "/permissions/{id}", "answer_permission", "permission", names=PERMISSION),
    Route("GET", "/traces", "list_recent_entries", fixed={"limit": 1_000}, render=traces.traces),
    Route("GET", "/traces/stats", "count_session_entries", render=traces.stats),
    Route("GET", "/traces/{sessionId}.{number}", "get_session_entry", render=traces.trace),
    Route("GET", "/providers", "list_providers", fixed=ALL, ignored=frozenset({"registry"})),
    Route("GET", "/mcp-servers", "get_mcp_server", names=MCP_SERVER, when="id", ignored=frozenset({"workspaceId"})),
    Route("GET", "/mcp-servers", "list_mcp_servers", fixed=ALL),
    Route("POST", "/mcp-servers", "create_mcp_server", status=201, render=mcp_server_created),
    Route(
        "PUT", "/mcp-servers", "update_mcp_server", names=MCP_SERVER, render=mcp_server_updated,
        ignored=STAMPS | {"workspaceId"},
    ),
    Route("DELETE", "/mcp-servers", "delete_mcp_server", names=MCP_SERVER, render=mcp_server_deleted),
    Route("GET", "/specialists", "get_specialist", names=SPECIALIST, when="id", ignored=frozenset({"locale"})),
    Route("GET", "/specialists", "list_specialists", fixed={"prompts": True}, ignored=frozenset({"locale"})),
    Route(
        "POST", "/specialists", "list_specialists", when="action", fixed={"prompts": True}, ignored=frozenset({"action"}),
        render=specialists_synced,
    ),
    Route("POST", "/specialists", "create_specialist", status=201, render=specialist_created, ignored=STAMPS | {"source"}),
    Route("PUT", "/specialists", "update_specialist", names=SPECIALIST, render=specialist_updated, ignored=STAMPS | {"source"}),
    Route("DELETE", "/specialists", "delete_specialist", names=SPECIALIST, render=specialist_deleted),
    Route("GET", "/skills", "get_skill", names=SKILL, when="name"),
    Route("GET", "/skills", "list_skills", names=SKILL),
    Route("POST", "/skills", "list_skills", names=SKILL, render=skills_reloaded),
)  # fmt: skip

METHODS = {route.rpc: route for route in ROUTES if route.rpc}
"""The web API's JSON-RPC methods."""
