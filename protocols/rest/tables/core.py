"""Workspaces, agents, tasks and notes."""

from protocols.rest import answers, event_streams
from protocols.rest.renderings import (
    agent_created,
    agent_status_updated,
    note_deleted,
    task_status_updated,
    tasks_deleted,
    with_codebases,
)  # fmt: skip
from protocols.rest.route import AGENT, ALL, LEGACY_TASK, TASK, WORKSPACE, Route, Stream

STREAMS = (
    Stream("/events", "events", "Every event, as it is in the log", event_streams.events, ("workspaceId", "kinds", "recordId")),
    Stream("/notes/events", "noteEvents", "Changes of notes", event_streams.note_events, ("workspaceId",)),
)

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
    Route("POST", "/agents", "create_agent", status=201, render=agent_created, shape=answers.AgentCreated, rpc="agents.create"),
    Route("GET", "/agents/{id}", "get_agent", names=AGENT, rpc="agents.get"),
    Route("DELETE", "/agents/{id}", "delete_agent", names=AGENT, rpc="agents.delete"),
    Route(
        "POST", "/agents/{id}/status", "update_agent", names=AGENT, render=agent_status_updated, shape=answers.AgentStatusUpdated,
        rpc="agents.updateStatus",
    ),
    Route("GET", "/tasks", "list_tasks", fixed=ALL, ignored=frozenset({"expand"}), rpc="tasks.list"),
    Route("POST", "/tasks", "create_task", "task", 201, rpc="tasks.create"),
    Route("DELETE", "/tasks", "delete_task", when="taskId", ignored=frozenset({"workspaceId"})),
    Route("DELETE", "/tasks", "delete_tasks", render=tasks_deleted, shape=answers.TasksDeleted),
    Route("GET", "/tasks/ready", "list_ready_tasks", fixed={"limit": 500}, rpc="tasks.findReady"),
    Route("GET", "/tasks/{id}", "get_task", "task", names=TASK, ignored=frozenset({"expand"}), rpc="tasks.get"),
    Route("PATCH", "/tasks/{id}", "update_task", "task", names=TASK, ignored=LEGACY_TASK, rpc="tasks.update"),
    Route("DELETE", "/tasks/{id}", "delete_task", names=TASK, rpc="tasks.delete"),
    Route(
        "POST", "/tasks/{id}/status", "set_task_status", names=TASK, render=task_status_updated, shape=answers.Updated,
        rpc="tasks.updateStatus",
    ),
    Route("GET", "/tasks/{id}/artifacts", "list_artifacts", names={**TASK, "artifact_type": "type"}, fixed=ALL, rpc="tasks.listArtifacts"),
    Route("POST", "/tasks/{id}/artifacts", "provide_artifact", "artifact", 201, names=TASK, rpc="tasks.provideArtifact"),
    Route("GET", "/notes", "get_note", "note", when="noteId", ignored=frozenset({"type", "sessionId"})),
    Route("GET", "/notes", "list_notes", fixed=ALL, rpc="notes.list"),
    Route("POST", "/notes", "save_note", "note", replaces=True, rpc="notes.create"),
    Route("DELETE", "/notes", "delete_note", render=note_deleted, shape=answers.NoteDeleted, rpc="notes.delete"),
    Route("GET", "/notes/{workspaceId}/{noteId}", "get_note", "note", rpc="notes.get"),
    Route("DELETE", "/notes/{workspaceId}/{noteId}", "delete_note", render=note_deleted, shape=answers.NoteDeleted),
    Route("GET", "/search", "search", rpc="search"),
)  # fmt: skip
