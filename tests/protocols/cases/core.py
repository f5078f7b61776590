"""Workspaces, agents, tasks, notes, sessions, and what agents are and may use."""

from hub.app import Hub
from tests.core.support import ask, new_agent, new_task
from tests.protocols.cases.base import case
from tests.protocols.working import FakeWorker, new_session, text, turn

SERVER_KEYS = "id version createdAt updatedAt name type prefix args url headers env enabled workspaceId connectSeconds callSeconds"


SPECIALIST_KEYS = (
    "id version createdAt updatedAt name description? role defaultModelTier systemPrompt roleReminder locale? defaultProvider? "
    "defaultAdapter? model? enabled source workspaceId?"
)

SKILL_KEYS = "name description shortDescription? license? compatibility? metadata content"


async def prepare(hub: Hub) -> dict[str, str]:
    """A workspace `lab`, an agent, a task with an artifact and one that waits for it, notes, and a session with a turn."""
    agent = await new_agent(hub)
    ready = await new_task(hub, "ready")
    task = await new_task(hub, "waiting", dependencies=[ready], assignedTo=agent, sessionId="s-1")
    await ask(hub, "create_workspace", title="Lab", id="lab")
    await ask(hub, "provide_artifact", taskId=task, type="logs", content="log")
    await ask(hub, "provide_artifact", taskId=task, type="code_diff", content="diff")
    await ask(hub, "save_note", title="A note", noteId="n", content="text")
    await ask(hub, "create_mcp_server", id="server", name="A server", type="http", url="http://127.0.0.1:1/mcp")
    await ask(hub, "create_specialist", id="poet", name="Poet", role="CRAFTER", systemPrompt="Rhyme.")
    session = await new_session(hub, name="Kitchen")
    worker = await FakeWorker.of(hub, session)
    await turn(hub, worker, session, "Cook", text("Cooked."))
    return {"agent": agent, "task": task, "ready": ready, "session": session, "permission": await worker.ask()}


TASK = {"title": "t", "objective": "o", "workspaceId": "default"}
AGENT_KEYS = "id agentId name role status modelTier workspaceId parentId? metadata presence version createdAt updatedAt"
TRANSCRIPT_KEYS = "sessionId history messages source historyMessageCount traceMessageCount"
CASES = (
    case("GET", "/health", "/health", 200, "status timestamp server version cursor"),
    case("GET", "/workspaces", "/workspaces", 200, "workspaces"),
    case("GET", "/workspaces", "/workspaces?status=archived", 200, "workspaces"),
    case("POST", "/workspaces", "/workspaces", 201, "workspace", {"title": "New", "metadata": {"a": "b"}}),
    case("GET", "/workspaces/{id}", "/workspaces/lab", 200, "workspace codebases"),
    case("PATCH", "/workspaces/{id}", "/workspaces/lab", 200, "workspace", {"title": "L", "repoPath": "/x", "branch": "main"}),
    case("DELETE", "/workspaces/{id}", "/workspaces/lab", 200, "deleted id deletedCount"),
    case("POST", "/workspaces/{id}/archive", "/workspaces/lab/archive", 200, "workspace", {"archived": True}),
    case("POST", "/workspaces/{id}/archive", "/workspaces/lab/archive", 200, "workspace", {"archive": True}),
    case("POST", "/workspaces/{id}/archive", "/workspaces/lab/archive", 200, "workspace"),
    case("GET", "/agents", "/agents?id={agent}&workspaceId=default", 200, f"{AGENT_KEYS} messageCount tasks", when="id"),
    case("GET", "/agents", "/agents?workspaceId=default", 200, "agents"),
    case("GET", "/agents", "/agents?role=CRAFTER&status=PENDING", 200, "agents"),
    case("POST", "/agents", "/agents", 201, "agentId agent name role status", {"name": "a", "role": "GATE", "workspaceId": "default"}),
    case("GET", "/agents/{id}", "/agents/{agent}", 200, f"{AGENT_KEYS} messageCount tasks"),
    case("DELETE", "/agents/{id}", "/agents/{agent}", 200, "deleted id deletedCount"),
    case("POST", "/agents/{id}/status", "/agents/{agent}/status", 200, "updated id status", {"status": "active"}),
    case("GET", "/tasks", "/tasks?workspaceId=default&expand=deliveryReadiness", 200, "tasks"),
    case("GET", "/tasks", "/tasks?workspaceId=default&status=PENDING&assignedTo={agent}&sessionId=s-1", 200, "tasks"),
    case("POST", "/tasks", "/tasks", 201, "task", TASK),
    case("POST", "/tasks", "/tasks", 201, "task", {**TASK, "priority": "high", "createGitHubIssue": False, "repoPath": "/x"}),
    case("DELETE", "/tasks", "/tasks?taskId={task}", 200, "deleted id deletedCount", when="taskId"),
    case("DELETE", "/tasks", "/tasks?workspaceId=default", 200, "deleted deletedCount"),
    case("GET", "/tasks/ready", "/tasks/ready?workspaceId=default", 200, "tasks"),
    case("GET", "/tasks/{id}", "/tasks/{task}", 200, "task"),
    case("PATCH", "/tasks/{id}", "/tasks/{task}", 200, "task", {"columnId": "todo", "worktreeId": None, "retryTrigger": True}),
    case("DELETE", "/tasks/{id}", "/tasks/{task}", 200, "deleted id deletedCount"),
    case("POST", "/tasks/{id}/status", "/tasks/{task}/status", 200, "updated", {"status": "in_progress"}),
    case("GET", "/tasks/{id}/artifacts", "/tasks/{task}/artifacts", 200, "artifacts"),
    case("GET", "/tasks/{id}/artifacts", "/tasks/{task}/artifacts?artifact_type=logs", 200, "artifacts"),
    case("POST", "/tasks/{id}/artifacts", "/tasks/{task}/artifacts", 201, "artifact",
         {"agentId": "a", "type": "test_results", "content": "ok", "source": "agent", "metadata": {"a": "b"}}),
    case("GET", "/notes", "/notes?workspaceId=default&noteId=n&type=general", 200, "note", when="noteId"),
    case("GET", "/notes", "/notes?workspaceId=default&noteId=spec", 200, "note", when="noteId"),
    case("GET", "/notes", "/notes?workspaceId=default&type=general", 200, "notes"),
    case("POST", "/notes", "/notes", 201, "note", {"title": "N", "workspaceId": "default", "source": "user", "type": "general"}),
    case("POST", "/notes", "/notes", 200, "note", {"noteId": "n", "title": "N", "content": "new", "workspaceId": "default"}),
    case("DELETE", "/notes", "/notes?noteId=n&workspaceId=default", 200, "deleted noteId"),
    case("GET", "/notes/{workspaceId}/{noteId}", "/notes/default/n", 200, "note"),
    case("DELETE", "/notes/{workspaceId}/{noteId}", "/notes/default/n", 200, "deleted noteId"),
    case("GET", "/mcp-servers", "/mcp-servers?id=server&workspaceId=default", 200, SERVER_KEYS, when="id"),
    case("GET", "/mcp-servers", "/mcp-servers", 200, "servers"),
    case("POST", "/mcp-servers", "/mcp-servers", 201, "server message", {
        "id": "mine", "name": "Mine", "type": "stdio", "command": "true", "args": ["-v"], "enabled": True, "workspaceId": "default",
        "description": "d", "env": {}, "headers": None, "url": None,
    }),
    case("PUT", "/mcp-servers", "/mcp-servers", 200, "server message", {"id": "server", "enabled": False, "workspaceId": "default"}),
    case("DELETE", "/mcp-servers", "/mcp-servers?id=server", 200, "success message"),
    case("GET", "/permissions", "/permissions?status=pending&sessionId={session}", 200, "permissions"),
    case("GET", "/permissions/{id}", "/permissions/{permission}", 200, "permission"),
    case("POST", "/permissions/{id}", "/permissions/{permission}", 200, "permission", {"decision": "allow"}),
    case("GET", "/sessions", "/sessions?workspaceId=default&surface=team", 200, "sessions", when="surface"),
    case("GET", "/sessions", "/sessions?workspaceId=default&limit=6", 200, "sessions"),
    case("GET", "/sessions", "/sessions?parentSessionId={session}", 200, "sessions"),
    case("GET", "/sessions/{id}", "/sessions/{session}", 200, "session"),
    case("PATCH", "/sessions/{id}", "/sessions/{session}", 200, "ok", {"name": "Larder"}),
    case("DELETE", "/sessions/{id}", "/sessions/{session}", 200, "ok deleted"),
    case("GET", "/sessions/{id}/history", "/sessions/{session}/history?consolidated=true", 200, "history"),
    case("GET", "/sessions/{id}/transcript", "/sessions/{session}/transcript", 200, f"{TRANSCRIPT_KEYS} latestEventKind"),
    case("GET", "/sessions/{id}/transcript", "/sessions/nothing/transcript", 200, TRANSCRIPT_KEYS),
    case("GET", "/sessions/{id}/context", "/sessions/{session}/context", 200, "current parent? children siblings recentInWorkspace"),
    case("POST", "/sessions/{id}/disconnect", "/sessions/{session}/disconnect", 200, "ok"),
    case("POST", "/sessions/{id}/fork", "/sessions/{session}/fork", 200,
         "sessionId parentSessionId name provider role cwd workspaceId createdAt", {"name": "Another"}),
    case("GET", "/traces", "/traces?sessionId={session}", 200, "traces count"),
    case("GET", "/traces", "/traces", 200, "traces count"),
    case("GET", "/traces", "/traces?eventType=tool_result&file=a&startDate=2026-01-01&endDate=2099-01-01&limit=5&offset=1", 200,
         "traces count"),
    case("POST", "/traces/export", "/traces/export", 200, "export format version", {"sessionId": "{session}", "format": "json"}),
    case("POST", "/traces/export", "/traces/export", 200, "export format version"),
    case("GET", "/traces/stats", "/traces/stats?sessionId={session}", 200, "stats"),
    case("GET", "/traces/{sessionId}.{number}", "/traces/{session}.1", 200, "trace"),
    case("GET", "/providers", "/providers", 200, "providers hasMore"),
    case("GET", "/providers", "/providers?check=true&registry=true", 200, "providers hasMore"),
    case("GET", "/specialists", "/specialists?id=poet&workspaceId=default&locale=en", 200, SPECIALIST_KEYS, when="id"),
    case("GET", "/specialists", "/specialists?id=routa", 200, SPECIALIST_KEYS, when="id"),
    case("GET", "/specialists", "/specialists?workspaceId=default&locale=en", 200, "specialists problems"),
    case("POST", "/specialists", "/specialists", 200, "success message", {"action": "sync"}, when="action"),
    case("POST", "/specialists", "/specialists", 201, "specialist message", {
        "id": "mine", "name": "Mine", "description": "d", "role": "GATE", "defaultModelTier": "SMART", "systemPrompt": "p",
        "roleReminder": "", "model": None, "source": "user", "enabled": True,
    }),
    case("PUT", "/specialists", "/specialists", 200, "specialist message", {"id": "poet", "enabled": False, "version": 7}),
    case("DELETE", "/specialists", "/specialists?id=poet", 200, "success deleted message"),
    case("GET", "/skills", "/skills?name=tidy", 200, SKILL_KEYS, when="name"),
    case("GET", "/skills", "/skills", 200, "skills problems"),
    case("POST", "/skills", "/skills", 200, "reloaded count"),
    *(one for path in ("/system/memory", "/memory") for one in (
        case("GET", path, f"{path}?history=true&cleanup=false", 200, "current objects"),
        case("POST", path, path, 200, "success collected before after", {"forceGC": True, "aggressive": False}),
        case("DELETE", path, path, 200, "success message"),
    )),
    case("GET", "/search", "/search?query=text&kinds=note,task&limit=5", 200, "hits nextCursor?"),
)  # fmt: skip
