"""A day in the life of a hub as steps, each an operation and its arguments, in an order in which every step can be taken.

`$label.field.0.field` stands for a part of an earlier answer. A step either succeeds or fails with the kind it names.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pycrdt import Doc, Text

from hub.domain.errors import Kind
from hub.domain.notes import encode
from hub.operations import OPERATIONS
from hub.ports import Json


class Step(NamedTuple):
    operation: str
    arguments: Json
    fails: Kind | None = None
    label: str = ""


def yjs_update(text: str, client: int) -> str:
    """What an editor sends that writes this into an empty text."""
    document: Doc[Text] = Doc(client_id=client)
    document.get("content", type=Text).insert(0, text)
    return encode(document.get_update())


def ok(operation: str, arguments: Json | None = None, label: str = "") -> Step:
    return Step(operation, arguments or {}, None, label)


def no(kind: Kind, operation: str, arguments: Json) -> Step:
    return Step(operation, arguments, kind)


BLOCKS = "@@@task\n# Login\n## Objective\nA page\n## Definition of Done\n- it works\n@@@\nkept\n@@@task\nno title\n@@@\n"

WORKSPACES = (
    ok("get_health"),
    ok("create_workspace", {"title": "Lab", "id": "lab", "metadata": {"team": "blue"}, "repoPath": "/src"}, "lab"),
    ok("create_workspace", {"title": "Other", "idempotencyKey": "w-1"}, "other"),
    ok("create_workspace", {"title": "Other", "idempotencyKey": "w-1"}),
    no("invalid", "create_workspace", {"title": "Another", "idempotencyKey": "w-1"}),
    no("conflict", "create_workspace", {"title": "Lab", "id": "lab"}),
    no("invalid", "create_workspace", {"title": "Slash", "id": "a/b"}),
    ok("get_workspace", {"workspaceId": "lab"}),
    no("not_found", "get_workspace", {"workspaceId": "nowhere"}),
    ok("update_workspace", {"workspaceId": "lab", "title": "Laboratory", "metadata": {"floor": "2"}, "expectedVersion": 1}),
    no("conflict", "update_workspace", {"workspaceId": "lab", "title": "Late", "expectedVersion": 1}),
    no("not_found", "update_workspace", {"workspaceId": "nowhere", "title": "x"}),
    ok("archive_workspace", {"workspaceId": "$other.id"}),
    ok("list_workspaces", {"status": "archived"}),
    ok("archive_workspace", {"workspaceId": "$other.id", "archived": False}),
    no("not_found", "archive_workspace", {"workspaceId": "nowhere"}),
    ok("list_workspaces", {"limit": 2}, "page"),
    ok("list_workspaces", {"limit": 2, "cursor": "$page.nextCursor"}),
    no("invalid", "list_workspaces", {"limit": "many"}),
    no("invalid", "list_workspaces", {"status": "gone"}),
)

AGENTS = (
    ok("create_agent", {"name": "Routa", "role": "ROUTA", "metadata": {"provider": "opencode"}}, "routa"),
    ok("create_agent", {"name": "Crafter", "role": "CRAFTER", "parentId": "$routa.id", "modelTier": "FAST"}, "crafter"),
    ok("create_agent", {"name": "Gate", "role": "GATE", "parentId": "$crafter.id"}, "gate"),
    ok("create_agent", {"name": "Named", "role": "DEVELOPER", "agentId": "named-1.2_x"}, "named"),
    no("conflict", "create_agent", {"name": "Named", "role": "DEVELOPER", "agentId": "$named.id"}),
    no("invalid", "create_agent", {"name": "Named", "role": "DEVELOPER", "agentId": "../etc"}),
    no("conflict", "create_agent", {"name": "Too deep", "role": "CRAFTER", "parentId": "$gate.id"}),
    no("invalid", "create_agent", {"name": "Odd", "role": "KING"}),
    no("not_found", "create_agent", {"name": "Lost", "role": "GATE", "workspaceId": "nowhere"}),
    ok("update_agent", {"agentId": "$gate.id", "status": "active"}),
    no("invalid", "update_agent", {"agentId": "$gate.id", "status": "asleep"}),
    no("not_found", "update_agent", {"agentId": "nobody", "status": "ACTIVE"}),
    ok("heartbeat_agent", {"agentId": "$crafter.id", "ttlSeconds": 600}),
    no("not_found", "heartbeat_agent", {"agentId": "nobody"}),
    no("invalid", "heartbeat_agent", {"agentId": "$crafter.id", "ttlSeconds": 0}),
    ok("list_agents", {"workspaceId": "default"}),
    ok("list_agents", {"role": "GATE", "status": "ACTIVE"}),
    no("invalid", "list_agents", {"role": "KING"}),
)

TASKS = (
    ok("create_task", {"title": "Foundation", "objective": "dig", "priority": "urgent", "labels": ["ground"]}, "foundation"),
    ok("create_task", {"title": "Ünïcode ☃ 𝄞", "objective": 'walls\nand\ttabs "quoted"', "dependencies": ["$foundation.id"]}, "walls"),
    ok("create_task", {"title": "Roof", "objective": "tiles", "acceptanceCriteria": ["dry"], "columnId": "todo"}, "roof"),
    no("not_found", "create_task", {"title": "Floating", "objective": "?", "dependencies": ["nothing"]}),
    no("invalid", "create_task", {"title": "Odd", "objective": "?", "status": "PENDING", "columnId": "done"}),
    no("invalid", "create_task", {"title": "Odd", "objective": "?", "priority": "whenever"}),
    no("not_found", "create_task", {"title": "Lost", "objective": "?", "workspaceId": "nowhere"}),
    ok("get_task", {"taskId": "$walls.id"}),
    no("not_found", "get_task", {"taskId": "nothing"}),
    ok("list_ready_tasks"),
    no("invalid", "list_ready_tasks", {"workspaceId": "default", "limit": "0"}),
    ok("update_task", {"taskId": "$roof.id", "title": "Roof!", "priority": "low", "assignee": "ada", "expectedVersion": 1}),
    ok("update_task", {"taskId": "$roof.id", "assignee": None}),
    no("conflict", "update_task", {"taskId": "$roof.id", "title": "Late", "expectedVersion": 1}),
    no("conflict", "update_task", {"taskId": "$roof.id", "title": "Late", "claimToken": 7}),
    no("invalid", "update_task", {"taskId": "$foundation.id", "dependencies": ["$walls.id"]}),
    no("not_found", "update_task", {"taskId": "nothing", "title": "x"}),
    ok("list_tasks", {"status": "pending"}),
    no("invalid", "list_tasks", {"status": "done"}),
    ok("set_task_status", {"taskId": "$roof.id", "status": "review_required"}),
    no("not_found", "set_task_status", {"taskId": "nothing", "status": "PENDING"}),
    no("invalid", "set_task_status", {"taskId": "$roof.id", "status": "finished"}),
    ok("add_comment", {"taskId": "$roof.id", "body": "Mind the rain.", "agentId": "$gate.id"}),
    no("not_found", "add_comment", {"taskId": "nothing", "body": "?"}),
    no("conflict", "delete_task", {"taskId": "$foundation.id"}),
    no("not_found", "delete_task", {"taskId": "nothing"}),
)

CLAIMS = (
    ok("claim_task", {"agentId": "$crafter.id"}, "claimed"),
    no("conflict", "claim_task", {"agentId": "$gate.id", "taskId": "$claimed.id"}),
    no("conflict", "claim_task", {"agentId": "$gate.id", "taskId": "$walls.id"}),
    no("not_found", "claim_task", {"agentId": "nobody"}),
    ok("renew_claim", {"taskId": "$claimed.id", "claimToken": "$claimed.claim.token", "leaseSeconds": 60}),
    no("conflict", "renew_claim", {"taskId": "$claimed.id", "claimToken": 99}),
    no("not_found", "renew_claim", {"taskId": "nothing", "claimToken": 1}),
    no("conflict", "delegate_task", {"taskId": "$claimed.id", "agentId": "$gate.id", "callerAgentId": "$routa.id"}),
    no("conflict", "release_claim", {"taskId": "$claimed.id", "claimToken": 99}),
    ok("release_claim", {"taskId": "$claimed.id", "claimToken": 1}),
    no("not_found", "release_claim", {"taskId": "nothing", "claimToken": 1}),
    ok("delegate_task", {"taskId": "$claimed.id", "agentId": "$crafter.id", "callerAgentId": "$routa.id", "message": "Go."}),
    no("not_found", "delegate_task", {"taskId": "$claimed.id", "agentId": "nobody", "callerAgentId": "$routa.id"}),
    ok("claim_task", {"agentId": "$crafter.id", "taskId": "$claimed.id"}, "again"),
    no("conflict", "claim_task", {"agentId": "$crafter.id", "taskId": "$claimed.id", "worker": "another"}),
    no("conflict", "report_to_parent", {"agentId": "$crafter.id", "taskId": "$again.id", "summary": "?", "success": True, "claimToken": 1}),
    ok("report_to_parent", {
        "agentId": "$crafter.id", "taskId": "$again.id", "summary": "Dug.", "success": True, "claimToken": "$again.claim.token",
        "filesModified": ["ground.txt"], "verificationResults": "deep",
    }),
    no("not_found", "report_to_parent", {"agentId": "nobody", "taskId": "$again.id", "summary": "?", "success": False}),
    ok("set_verdict", {"taskId": "$roof.id", "verdict": "NOT_APPROVED", "report": "It leaks.", "agentId": "$gate.id"}),
    no("not_found", "set_verdict", {"taskId": "nothing", "verdict": "APPROVED"}),
    no("invalid", "set_verdict", {"taskId": "$roof.id", "verdict": "MAYBE"}),
    ok("provide_artifact", {"taskId": "$roof.id", "type": "logs", "content": "drip", "agentId": "$gate.id"}, "artifact"),
    no("not_found", "provide_artifact", {"taskId": "nothing", "type": "logs", "content": "?"}),
    no("invalid", "provide_artifact", {"taskId": "$roof.id", "type": "song", "content": "?"}),
    ok("list_artifacts", {"taskId": "$roof.id", "type": "logs"}),
    no("not_found", "list_artifacts", {"taskId": "nothing"}),
    no("invalid", "list_artifacts", {"taskId": "$roof.id", "type": "song"}),
    ok("get_artifact", {"artifactId": "$artifact.id"}),
    no("not_found", "get_artifact", {"artifactId": "nothing"}),
    ok("create_task", {"title": "Door", "objective": "oak", "status": "IN_PROGRESS"}, "door"),
    ok("wait_for_task", {"taskId": "$door.id", "timeoutSeconds": 0.01}),
    ok("wait_for_task", {"taskId": "$again.id", "until": "ended"}),
    no("invalid", "wait_for_task", {"taskId": "$door.id", "timeoutSeconds": 301}),
    no("not_found", "wait_for_task", {"taskId": "nothing"}),
    ok("request_input", {"taskId": "$door.id", "message": "Which way does it open?", "agentId": "$gate.id"}, "asked"),
    no("invalid", "request_input", {"taskId": "$door.id", "message": "?", "schema": {"type": "string"}}),
    no("conflict", "request_input", {"taskId": "$door.id", "message": "?", "claimToken": 7}),
    no("not_found", "request_input", {"taskId": "nothing", "message": "?"}),
    ok("wait_for_task", {"taskId": "$door.id"}),
    no("invalid", "provide_input", {"taskId": "$door.id", "inputRequestId": "$asked.inputRequests.0.id", "response": {"answer": 1}}),
    no("invalid", "provide_input", {"taskId": "$door.id", "inputRequestId": "$asked.inputRequests.0.id"}),
    ok("provide_input", {"taskId": "$door.id", "inputRequestId": "$asked.inputRequests.0.id", "response": {"answer": "Outwards."}}),
    no("conflict", "provide_input", {"taskId": "$door.id", "inputRequestId": "$asked.inputRequests.0.id", "declined": True}),
    no("not_found", "provide_input", {"taskId": "$door.id", "inputRequestId": "nothing", "declined": True}),
    ok("wait_for_task", {"taskId": "$door.id", "until": "answered"}),
    no("invalid", "finish_task", {"taskId": "$door.id", "result": {}, "failure": {"message": "?"}}),
    ok("finish_task", {"taskId": "$door.id", "failure": {"message": "It jams.", "code": -32603, "data": [1, None]}}),
    no("conflict", "finish_task", {"taskId": "$door.id", "result": {"hinges": [2.5, None]}}),
    ok("set_task_status", {"taskId": "$door.id", "status": "PENDING"}),
    ok("finish_task", {"taskId": "$door.id", "result": {"hinges": [2.5, None]}, "summary": "It opens.", "output": [{"text": "It opens."}]}),
    no("not_found", "finish_task", {"taskId": "nothing"}),
    ok("cancel_task", {"taskId": "$door.id"}),
    no("not_found", "cancel_task", {"taskId": "nothing"}),
    ok("get_agent", {"agentId": "$crafter.id"}),
    ok("get_agent", {"agentId": "$routa.id"}),
    no("not_found", "get_agent", {"agentId": "nobody"}),
)  # fmt: skip

NOTES = (
    ok("get_note", {"noteId": "spec"}, "spec"),
    ok("create_note", {"title": "Plan", "content": "one\ntwo\n", "noteId": "plan", "sessionId": "s-1"}, "plan"),
    no("conflict", "create_note", {"title": "Plan", "noteId": "plan"}),
    no("not_found", "create_note", {"title": "Lost", "workspaceId": "nowhere"}),
    ok("save_note", {"title": "Plan B", "content": "one\ntwo\nthree\n", "noteId": "plan", "source": "user"}),
    ok("save_note", {"title": "Fresh", "noteId": "fresh", "type": "task"}),
    no("invalid", "save_note", {"title": "Odd", "type": "poem"}),
    ok("set_note_content", {"noteId": "plan", "content": "ONE\ntwo\n", "baseVersion": 1}),
    no("invalid", "set_note_content", {"noteId": "plan", "content": "", "baseVersion": 99}),
    no("not_found", "set_note_content", {"noteId": "nothing", "content": ""}),
    ok("append_to_note", {"noteId": "plan", "content": "four"}),
    no("not_found", "append_to_note", {"noteId": "nothing", "content": ""}),
    ok("edit_note", {"noteId": "plan", "oldText": "two", "newText": "2"}),
    no("conflict", "edit_note", {"noteId": "plan", "oldText": "seven", "newText": "7"}),
    no("not_found", "edit_note", {"noteId": "nothing", "oldText": "a", "newText": "b"}),
    ok("update_note", {"noteId": "plan", "title": "Plan C", "metadata": {"type": "general", "custom": {"a": [1, 2.5, None]}}}),
    no("conflict", "update_note", {"noteId": "plan", "title": "Late", "expectedVersion": 1}),
    no("not_found", "update_note", {"noteId": "nothing", "title": "x"}),
    ok("apply_note_update", {"noteId": "fresh", "update": yjs_update("from an editor", 77)}),
    no("invalid", "apply_note_update", {"noteId": "fresh", "update": "%%%"}),
    no("not_found", "apply_note_update", {"noteId": "nothing", "update": yjs_update("x", 78)}),
    ok("get_note_state", {"noteId": "fresh"}),
    no("not_found", "get_note_state", {"noteId": "nothing"}),
    ok("create_note", {"title": "Blocks", "content": BLOCKS, "noteId": "blocks"}),
    ok("convert_task_blocks", {"noteId": "blocks"}),
    no("not_found", "convert_task_blocks", {"noteId": "nothing"}),
    ok("list_notes", {"type": "general"}),
    no("invalid", "list_notes", {"type": "poem"}),
    ok("get_note", {"noteId": "plan", "workspaceId": "default"}),
    no("not_found", "get_note", {"noteId": "nothing", "workspaceId": "default"}),
    ok("delete_note", {"noteId": "fresh", "workspaceId": "default"}),
    no("not_found", "delete_note", {"noteId": "fresh", "workspaceId": "default"}),
)

MESSAGES = (
    ok(
        "send_task_message",
        {"messageId": "m-1", "agentId": "$gate.id", "parts": [{"text": "Paint the door\nin blue"}], "metadata": {"a": 1}},
        "door",
    ),
    ok("send_task_message", {"messageId": "m-1", "agentId": "$gate.id", "parts": [{"text": "Paint the door\nin blue"}]}),
    ok(
        "send_task_message",
        {
            "messageId": "m-2",
            "taskId": "$door.id",
            "contextId": "$door.sessionId",
            "parts": [{"data": {"shade": 5}}, {"url": "https://example.com/x"}],
        },
    ),
    no("invalid", "send_task_message", {"messageId": "m-3", "taskId": "$door.id", "contextId": "another", "parts": [{"text": "?"}]}),
    no("invalid", "send_task_message", {"messageId": "m-3", "parts": [{"text": "?", "url": "x"}]}),
    no("not_found", "send_task_message", {"messageId": "m-3", "taskId": "nothing", "parts": [{"text": "?"}]}),
    no("not_found", "send_task_message", {"messageId": "m-3", "agentId": "nobody", "parts": [{"text": "?"}]}),
    ok("add_task_message", {"taskId": "$door.id", "messageId": "a-1", "agentId": "$gate.id", "parts": [{"text": "At it."}]}),
    no("not_found", "add_task_message", {"taskId": "nothing", "parts": [{"text": "?"}]}),
    no("invalid", "add_task_message", {"taskId": "$door.id", "parts": []}),
    ok("list_task_messages", {"taskId": "$door.id", "limit": 2}, "said"),
    ok("list_task_messages", {"taskId": "$door.id", "cursor": "$said.nextCursor"}),
    no("not_found", "list_task_messages", {"taskId": "nothing"}),
    ok(
        "append_artifact",
        {"taskId": "$door.id", "name": "plan", "chunks": [[{"text": "Blue "}], [{"text": "door"}]], "last": False},
        "plan",
    ),
    ok("get_task_state", {"taskId": "$door.id", "historyLength": 1}, "state"),
    ok("append_artifact", {"taskId": "$door.id", "artifactId": "$plan.id", "chunks": [[{"text": "."}]], "append": True}),
    ok("append_artifact", {"taskId": "$door.id", "artifactId": "$plan.id", "chunks": [[{"text": "Green."}]]}),
    no("invalid", "append_artifact", {"taskId": "$door.id", "chunks": [[]]}),
    no("not_found", "append_artifact", {"taskId": "nothing", "chunks": [[{"text": "?"}]]}),
    ok("get_task_state", {"taskId": "$door.id"}),
    no("not_found", "get_task_state", {"taskId": "nothing"}),
    ok("request_input", {"taskId": "$door.id", "message": "Sign in at the shop?", "kind": "authorization"}),
    ok("send_task_message", {"messageId": "m-4", "taskId": "$door.id", "parts": [{"text": "Done"}]}),
    ok("finish_task", {"taskId": "$door.id", "failure": {"message": "Not my work.", "rejected": True}}),
    no("conflict", "send_task_message", {"messageId": "m-5", "taskId": "$door.id", "parts": [{"text": "?"}]}),
    ok("list_changed_tasks", {"workspaceId": "default", "limit": 2}, "changed"),
    ok("list_changed_tasks", {"workspaceId": "default", "limit": 2, "cursor": "$changed.nextCursor", "statuses": ["CANCELLED", "PENDING"]}),
    no("invalid", "list_changed_tasks", {"cursor": "nonsense"}),
)

PUSHES = (
    ok("create_push_config", {"taskId": "$foundation.id", "url": "http://127.0.0.1:1/a"}, "push"),
    ok("create_push_config", {
        "taskId": "$foundation.id", "id": "mine", "url": "https://client.example.com/told", "protocolVersion": "0.3", "knownVersion": 1,
        "authentication": {"scheme": "Negotiate"},
    }),
    no("not_found", "create_push_config", {"taskId": "nothing", "url": "https://client.example.com/told"}),
    no("invalid", "create_push_config", {"taskId": "$foundation.id", "url": "ftp://client.example.com/"}),
    no("invalid", "create_push_config", {"taskId": "$foundation.id", "url": "http://169.254.169.254/"}),
    ok("get_push_config", {"taskId": "$foundation.id", "pushConfigId": "mine"}),
    no("not_found", "get_push_config", {"taskId": "$roof.id", "pushConfigId": "mine"}),
    no("not_found", "get_push_config", {"taskId": "nothing", "pushConfigId": "mine"}),
    ok("list_push_configs", {"taskId": "$foundation.id", "limit": 1}, "pushes"),
    ok("list_push_configs", {"taskId": "$foundation.id", "cursor": "$pushes.nextCursor"}),
    no("not_found", "list_push_configs", {"taskId": "nothing"}),
    ok("resume_push_config", {"taskId": "$foundation.id", "pushConfigId": "$push.id"}),
    no("not_found", "resume_push_config", {"taskId": "$foundation.id", "pushConfigId": "nothing"}),
    ok("delete_push_config", {"taskId": "$foundation.id", "pushConfigId": "mine"}),
    ok("delete_push_config", {"taskId": "$foundation.id", "pushConfigId": "mine"}),
    no("not_found", "delete_push_config", {"taskId": "nothing", "pushConfigId": "mine"}),
)  # fmt: skip

TALK = (
    ok("append_message", {"agentId": "$gate.id", "role": "TOOL", "content": "ran", "toolName": "bash", "toolArgs": "ls"}),
    no("not_found", "append_message", {"agentId": "nobody", "role": "USER", "content": "?"}),
    no("invalid", "append_message", {"agentId": "$gate.id", "role": "KING", "content": "?"}),
    ok("read_conversation", {"agentId": "$crafter.id", "lastN": 5}),
    ok("read_conversation", {"agentId": "$routa.id"}),
    no("not_found", "read_conversation", {"agentId": "nobody"}),
    ok("send_message", {"fromAgentId": "$routa.id", "toAgentIds": ["$gate.id", "$crafter.id"], "content": "Hello"}, "letter"),
    ok("send_message", {"fromAgentId": "$gate.id", "toAgentIds": "$routa.id", "content": "Yes?", "subject": "Re", "replyTo": "$letter.id"}),
    no("not_found", "send_message", {"fromAgentId": "$gate.id", "toAgentIds": ["nobody"], "content": "?"}),
    ok("read_thread", {"threadId": "$letter.id"}),
    no("not_found", "read_thread", {"threadId": "nothing"}),
    ok("read_inbox", {"agentId": "$gate.id"}),
    ok("acknowledge_messages", {"agentId": "$gate.id", "numbers": [1]}),
    no("not_found", "acknowledge_messages", {"agentId": "$gate.id", "numbers": [9]}),
    ok("read_inbox", {"agentId": "$gate.id"}),
    ok("read_inbox", {"agentId": "$gate.id", "includeAcknowledged": True}),
    no("not_found", "read_inbox", {"agentId": "nobody"}),
    ok("reserve_files", {"agentId": "$gate.id", "paths": ["src/**", "./docs\\a.md"], "reason": "refactoring"}),
    no("conflict", "reserve_files", {"agentId": "$crafter.id", "paths": ["src/a.py"]}),
    no("invalid", "reserve_files", {"agentId": "$crafter.id", "paths": ["../secret"]}),
    no("not_found", "reserve_files", {"agentId": "nobody", "paths": ["a"]}),
    ok("list_reservations", {"agentId": "$gate.id"}),
    no("invalid", "list_reservations", {"agentId": ""}),
    ok("release_files", {"agentId": "$gate.id", "paths": ["src/**"]}),
    no("invalid", "release_files", {"agentId": "$gate.id", "paths": [""]}),
)

TOKENS = (
    ok("create_token", {"name": "ci", "grants": ["tasks.read", "tasks.write"], "profile": "core", "ttlSeconds": 3600}, "token"),
    ok("create_token", {"name": "blue", "tenant": "blue", "subject": "ada"}),
    no("invalid", "create_token", {"name": "odd", "grants": ["tasks.eat"]}),
    no("invalid", "create_token", {"name": "again", "idempotencyKey": "t-1"}),
    ok("list_tokens"),
    no("invalid", "list_tokens", {"limit": 0}),
    ok("revoke_token", {"tokenId": "$token.id"}),
    no("not_found", "revoke_token", {"tokenId": "nothing"}),
)

MCP_SERVERS = (
    ok("create_mcp_server", {"id": "tools", "name": "Some Tools", "type": "stdio", "command": "some-tools", "args": ["--all"]}),
    ok("create_mcp_server", {"name": "Some tools", "type": "http", "url": "http://localhost:1/mcp", "callSeconds": 5}, "http"),
    no("conflict", "create_mcp_server", {"id": "tools", "name": "Again", "type": "stdio", "command": "true"}),
    no("conflict", "create_mcp_server", {"name": "Again", "type": "stdio", "command": "true", "prefix": "some-tools"}),
    no("invalid", "create_mcp_server", {"name": "No program", "type": "stdio"}),
    no("invalid", "create_mcp_server", {"name": "No address", "type": "sse", "url": "ftp://a"}),
    no("not_found", "create_mcp_server", {"name": "Lost", "type": "stdio", "command": "true", "workspaceId": "nowhere"}),
    ok("list_mcp_servers", {"workspaceId": "default"}),
    no("not_found", "list_mcp_servers", {"workspaceId": "nowhere"}),
    ok("update_mcp_server", {"mcpServerId": "$http.id", "name": "Web tools", "enabled": False, "expectedVersion": 1}),
    no("conflict", "update_mcp_server", {"mcpServerId": "$http.id", "name": "Late", "expectedVersion": 1}),
    no("invalid", "update_mcp_server", {"mcpServerId": "$http.id", "url": "http://a:b@c/"}),
    no("not_found", "update_mcp_server", {"mcpServerId": "nothing", "name": "x"}),
    ok("get_mcp_server", {"mcpServerId": "$http.id"}),
    no("not_found", "get_mcp_server", {"mcpServerId": "nothing"}),
    ok("delete_mcp_server", {"mcpServerId": "tools"}),
    no("not_found", "delete_mcp_server", {"mcpServerId": "tools"}),
)

ENTRY = {
    "id": "far-agent", "name": "Far agent", "version": "1.0.0", "description": "An agent", "authors": ["Ann"],
    "distribution": {"npx": {"package": "no-such-agent@1.0.0", "args": ["--acp"]}},
}  # fmt: skip
PROVIDERS = (
    ok("create_provider", {"id": "mine", "command": "no-such-agent", "args": ["acp"], "envNames": ["MINE_KEY"], "versionArgs": ["-V"]}),
    ok("create_provider", {"registryEntry": ENTRY}),
    ok("create_provider", {"id": "vibe", "command": "no-such-vibe"}),
    no("conflict", "create_provider", {"id": "mine", "command": "no-such-agent"}),
    no("invalid", "create_provider", {"id": "other"}),
    no("invalid", "create_provider", {"id": "other", "command": "no-such-agent acp"}),
    no("invalid", "create_provider", {"registryEntry": {**ENTRY, "distribution": {}}}),
    ok("list_providers"),
    ok("list_providers", {"limit": 3}, "providers"),
    ok("list_providers", {"limit": 3, "cursor": "$providers.nextCursor"}),
    no("invalid", "list_providers", {"check": "maybe"}),
    ok("get_provider", {"providerId": "mine"}),
    ok("get_provider", {"providerId": "mistral-vibe"}),
    no("not_found", "get_provider", {"providerId": "nothing"}),
    ok("update_provider", {"providerId": "mine", "name": "Mine", "args": [], "expectedVersion": 1}),
    no("conflict", "update_provider", {"providerId": "mine", "expectedVersion": 1}),
    no("conflict", "update_provider", {"providerId": "opencode", "name": "Mine"}),
    no("invalid", "update_provider", {"providerId": "mine", "command": "bin/agent"}),
    no("not_found", "update_provider", {"providerId": "nothing"}),
    ok("delete_provider", {"providerId": "vibe"}),
    no("conflict", "delete_provider", {"providerId": "vibe"}),
    no("not_found", "delete_provider", {"providerId": "nothing"}),
)

CARD = {"name": "Elsewhere", "description": "A carpenter", "version": "1"}
INTERFACE = {"url": "http://localhost:1/a2a", "binding": "JSONRPC", "version": "1.0"}
REMOTE_AGENTS = (
    ok("register_remote_agent", {"url": "http://localhost:1", "id": "far", "role": "CRAFTER", "patienceSeconds": 60}, "far"),
    ok("register_remote_agent", {"url": "https://agents.example.com/a", "name": "Ann", "origins": ["https://x.example.com"]}, "ann"),
    no("conflict", "register_remote_agent", {"url": "http://localhost:1", "id": "far"}),
    no("invalid", "register_remote_agent", {"url": "ftp://localhost"}),
    no("invalid", "register_remote_agent", {"url": "http://localhost:1", "headers": {"Host": "x"}}),
    no("not_found", "register_remote_agent", {"url": "http://localhost:1", "workspaceId": "nowhere"}),
    ok("report_remote_agent", {"agentId": "far", "url": "http://localhost:1", "card": CARD, "interface": INTERFACE}),
    no("conflict", "report_remote_agent", {"agentId": "far", "url": "http://localhost:2", "reason": "late"}),
    no("not_found", "report_remote_agent", {"agentId": "nobody", "url": "http://localhost:1"}),
    ok("get_remote_agent", {"agentId": "far"}),
    no("not_found", "get_remote_agent", {"agentId": "nobody"}),
    ok("list_remote_agents"),
    no("not_found", "list_remote_agents", {"workspaceId": "nowhere"}),
    ok("update_remote_agent", {"agentId": "far", "patienceSeconds": 5, "expectedVersion": 2}),
    no("conflict", "update_remote_agent", {"agentId": "far", "expectedVersion": 2}),
    no("invalid", "update_remote_agent", {"agentId": "far", "url": "localhost:3"}),
    no("not_found", "update_remote_agent", {"agentId": "nobody"}),
    ok("create_task", {"title": "Far away", "objective": "a chair", "assignedTo": "far", "status": "IN_PROGRESS"}, "chair"),
    ok("record_remote_task", {"taskId": "$chair.id", "agentId": "far", "remoteTaskId": "r-1", "remoteContextId": "c-1", "sent": 1}),
    ok("record_remote_task", {"taskId": "$chair.id", "agentId": "far", "again": True}),
    no("conflict", "record_remote_task", {"taskId": "$chair.id", "agentId": "far", "claimToken": 7}),
    no("not_found", "record_remote_task", {"taskId": "nothing", "agentId": "far"}),
    ok("get_remote_task", {"taskId": "$chair.id"}),
    no("not_found", "get_remote_task", {"taskId": "nothing"}),
    ok("delete_remote_agent", {"agentId": "$ann.id"}),
    no("not_found", "delete_remote_agent", {"agentId": "$ann.id"}),
    ok("delete_remote_agent", {"agentId": "far"}),
    no("not_found", "get_agent", {"agentId": "far"}),
    ok("delete_task", {"taskId": "$chair.id"}),
)

ALLOW = {"optionId": "once", "name": "Allow", "kind": "allow_once"}
REJECT = {"optionId": "no", "name": "Reject", "kind": "reject_once"}
ASKED = {"title": "Run npm test", "toolKind": "execute", "toolCall": {"toolCallId": "t-1"}, "options": [ALLOW, REJECT]}
HELD = {"sessionId": "$session.id", "claimToken": 1}
SESSIONS = (
    ok("start_session", {"provider": "opencode", "name": "Kitchen", "cwd": "/tmp", "role": "DEVELOPER"}, "session"),
    no("invalid", "start_session", {"name": "Nobody"}),
    no("not_found", "start_session", {"provider": "opencode", "specialistId": "nobody"}),
    ok("start_session", {"provider": "opencode", "specialistId": "crafter"}, "crafting"),
    ok("delete_session", {"sessionId": "$crafting.id"}),
    no("not_found", "start_session", {"provider": "opencode", "workspaceId": "nowhere"}),
    no("not_found", "start_session", {"provider": "opencode", "parentSessionId": "nothing"}),
    ok("claim_session", {"sessionId": "$session.id", "worker": "w-1", "leaseSeconds": 3600}, "held"),
    no("conflict", "claim_session", {"sessionId": "$session.id", "worker": "w-2"}),
    no("conflict", "claim_session", {"sessionId": "$session.id", "worker": "w-1", "claimToken": 99}),
    no("not_found", "claim_session", {"sessionId": "nothing", "worker": "w-1"}),
    ok("report_session", {
        **HELD, "status": "ready", "agentSessionId": "a-1", "capabilities": ["fork", "resume"],
        "modes": {"currentModeId": "build", "availableModes": [{"id": "build", "name": "Build"}, {"id": "plan", "name": "Plan"}]},
    }),
    no("conflict", "report_session", {"sessionId": "$session.id", "claimToken": 9, "status": "failed"}),
    no("not_found", "report_session", {"sessionId": "nothing", "claimToken": 1}),
    ok("prompt_session", {"sessionId": "$session.id", "prompt": "Cook the peas", "messageId": "m-1"}, "peas"),
    ok("prompt_session", {"sessionId": "$session.id", "prompt": [{"type": "text", "text": "and the beans"}]}),
    no("invalid", "prompt_session", {"sessionId": "$session.id", "prompt": [{"type": "smell"}]}),
    no("not_found", "prompt_session", {"sessionId": "nothing", "prompt": "?"}),
    ok("take_prompt", HELD),
    no("conflict", "take_prompt", {"sessionId": "$session.id", "claimToken": 9}),
    ok("issue_session_token", HELD),
    no("conflict", "issue_session_token", {"sessionId": "$session.id", "claimToken": 9}),
    no("not_found", "issue_session_token", {"sessionId": "nothing", "claimToken": 1}),
    no("not_found", "take_prompt", {"sessionId": "nothing", "claimToken": 1}),
    no("conflict", "prompt_session", {"sessionId": "$session.id", "prompt": "now", "delivery": "steer"}),
    ok("withdraw_prompt", {"sessionId": "$session.id", "number": 2}),
    no("conflict", "withdraw_prompt", {"sessionId": "$session.id", "number": 1}),
    no("not_found", "withdraw_prompt", {"sessionId": "$session.id", "number": 7}),
    ok("save_permission_policy", {"effect": "deny", "toolKind": "execute", "command": "rm *"}, "policy"),
    no("invalid", "save_permission_policy", {"effect": "allow"}),
    no("not_found", "save_permission_policy", {"effect": "ask", "policyId": "nothing"}),
    ok("list_permission_policies"),
    no("not_found", "list_permission_policies", {"workspaceId": "nowhere"}),
    ok("request_permission", {**HELD, **ASKED, "command": "rm -rf peas"}),
    ok("request_permission", {**HELD, **ASKED, "command": "npm test", "toolCallId": "t-1"}, "asked"),
    no("conflict", "request_permission", {**HELD, **ASKED, "claimToken": 9}),
    no("not_found", "request_permission", {**ASKED, "sessionId": "nothing", "claimToken": 1}),
    ok("list_permissions", {"sessionId": "$session.id", "status": "pending"}),
    no("invalid", "list_permissions", {"status": "maybe"}),
    ok("get_permission", {"permissionId": "$asked.id"}),
    no("not_found", "get_permission", {"permissionId": "nothing"}),
    ok("wait_for_prompt", {"sessionId": "$session.id", "number": 1, "timeoutSeconds": 0}),
    ok("expire_permission", {"permissionId": "$asked.id"}),
    no("not_found", "expire_permission", {"permissionId": "nothing"}),
    no("invalid", "answer_permission", {"permissionId": "$asked.id", "optionId": "maybe"}),
    ok("answer_permission", {"permissionId": "$asked.id", "decision": "allow", "reason": "Go."}),
    no("conflict", "answer_permission", {"permissionId": "$asked.id", "decision": "deny"}),
    no("not_found", "answer_permission", {"permissionId": "nothing", "decision": "deny"}),
    ok("delete_permission_policy", {"policyId": "$policy.id"}),
    no("not_found", "delete_permission_policy", {"policyId": "$policy.id"}),
    ok("check_file_write", {**HELD, "path": "peas.txt"}),
    no("conflict", "check_file_write", {**HELD, "path": "docs/a.md"}),
    no("not_found", "check_file_write", {"sessionId": "nothing", "claimToken": 1, "path": "peas.txt"}),
    ok("report_session", {
        **HELD,
        "entries": [
            {"number": 1, "update": {"sessionUpdate": "agent_message", "content": [{"type": "text", "text": "Cooked."}]}},
            {"number": 2, "update": {"sessionUpdate": "tool_call", "toolCallId": "t-1", "status": "pending"}},
        ],
        "updates": [{"sessionUpdate": "agent_message_chunk", "messageId": "x", "content": {"type": "text", "text": "Cooked."}}],
    }),
    ok("report_session", {
        **HELD, "entries": [{"number": 2, "update": {"status": "completed"}, "patch": True}],
        "ended": {"number": 1, "status": "completed", "stopReason": "end_turn"},
    }),
    ok("wait_for_prompt", {"sessionId": "$session.id", "number": 1}),
    no("not_found", "wait_for_prompt", {"sessionId": "nothing"}),
    ok("list_prompts", {"sessionId": "$session.id"}),
    no("not_found", "list_prompts", {"sessionId": "nothing"}),
    ok("read_session_history", {"sessionId": "$session.id", "limit": 1}, "history"),
    ok("read_session_history", {"sessionId": "$session.id", "cursor": "$history.nextCursor"}),
    ok("read_session_history", {"sessionId": "$session.id", "lastN": 1}),
    no("not_found", "read_session_history", {"sessionId": "nothing"}),
    ok("list_recent_entries", {"sessionId": "$session.id", "limit": 1}),
    ok("list_recent_entries", {"workspaceId": "default"}),
    no("invalid", "list_recent_entries", {"limit": 0}),
    ok("get_session_entry", {"sessionId": "$session.id", "number": 2}),
    no("not_found", "get_session_entry", {"sessionId": "$session.id", "number": 9}),
    ok("count_session_entries", {"sessionId": "$session.id"}),
    ok("count_session_entries"),
    ok("update_session", {"sessionId": "$session.id", "name": "The kitchen", "modeId": "plan"}),
    no("not_found", "update_session", {"sessionId": "$session.id", "agentId": "nobody"}),
    no("invalid", "update_session", {"sessionId": "$session.id", "agentId": "$crafter.id"}),
    no("invalid", "update_session", {"sessionId": "$session.id", "modeId": "sleep"}),
    no("not_found", "update_session", {"sessionId": "nothing", "name": "x"}),
    ok("fork_session", {"sessionId": "$session.id"}, "fork"),
    no("conflict", "fork_session", {"sessionId": "$fork.id"}),
    no("not_found", "fork_session", {"sessionId": "nothing"}),
    ok("cancel_session", {"sessionId": "$session.id", "queued": True}),
    no("not_found", "cancel_session", {"sessionId": "nothing"}),
    ok("list_sessions", {"parentSessionId": "$session.id"}),
    ok("list_recent_sessions", {"workspaceId": "default", "limit": 1}),
    no("invalid", "list_recent_sessions", {"limit": 0}),
    ok("list_teams", {"workspaceId": "default"}),
    no("invalid", "list_teams", {"limit": 0}),
    ok("get_session_context", {"sessionId": "$fork.id"}),
    no("not_found", "get_session_context", {"sessionId": "nothing"}),
    ok("get_session_transcript", {"sessionId": "$session.id", "lastN": 1}),
    ok("get_session_transcript", {"sessionId": "nothing"}),
    no("invalid", "get_session_transcript", {"sessionId": "$session.id", "lastN": 0}),
    no("invalid", "list_sessions", {"status": "asleep"}),
    ok("disconnect_session", {"sessionId": "$session.id"}),
    no("not_found", "disconnect_session", {"sessionId": "nothing"}),
    ok("resume_session", {"sessionId": "$session.id"}),
    no("not_found", "resume_session", {"sessionId": "nothing"}),
    ok("close_session", {"sessionId": "$session.id"}),
    no("conflict", "prompt_session", {"sessionId": "$session.id", "prompt": "more"}),
    no("not_found", "close_session", {"sessionId": "nothing"}),
    ok("get_session", {"sessionId": "$session.id"}),
    no("not_found", "get_session", {"sessionId": "nothing"}),
    ok("delete_session", {"sessionId": "$session.id"}),
    no("not_found", "delete_session", {"sessionId": "$session.id"}),
)  # fmt: skip
WHOLE = {"prompts": True}
SPECIALIST = {"id": "poet", "name": "Poet", "role": "CRAFTER", "systemPrompt": "Rhyme."}
SPECIALISTS = (
    ok("list_specialists", WHOLE),
    ok("list_specialists", WHOLE),
    no("not_found", "list_specialists", {"workspaceId": "nowhere"}),
    ok("create_specialist", {**SPECIALIST, "description": "Verses", "defaultModelTier": "FAST", "locale": "en-GB"}, "poet"),
    ok("create_specialist", {**SPECIALIST, "name": "Lab's poet", "workspaceId": "lab", "roleReminder": "Rhyme!"}),
    no("conflict", "create_specialist", SPECIALIST),
    no("invalid", "create_specialist", {**SPECIALIST, "id": "king", "role": "KING"}),
    no("invalid", "create_specialist", {**SPECIALIST, "id": "a/b"}),
    no("not_found", "create_specialist", {**SPECIALIST, "workspaceId": "nowhere"}),
    ok("get_specialist", {"specialistId": "poet", "workspaceId": "lab"}),
    ok("get_specialist", {"specialistId": "poet", "workspaceId": "default"}),
    ok("get_specialist", {"specialistId": "scribe"}),
    no("not_found", "get_specialist", {"specialistId": "nobody"}),
    ok("update_specialist", {"specialistId": "poet", "name": "Bard", "expectedVersion": 1}),
    ok("update_specialist", {"specialistId": "scribe", "enabled": False}),
    ok("update_specialist", {"specialistId": "gate", "model": "opus", "workspaceId": "lab"}),
    no("conflict", "update_specialist", {"specialistId": "poet", "name": "Late", "expectedVersion": 1}),
    no("invalid", "update_specialist", {"specialistId": "poet", "role": "KING"}),
    no("not_found", "update_specialist", {"specialistId": "nobody", "name": "x"}),
    ok("list_specialists", {**WHOLE, "workspaceId": "lab"}),
    ok("delete_specialist", {"specialistId": "scribe"}),
    no("conflict", "delete_specialist", {"specialistId": "scribe"}),
    no("not_found", "delete_specialist", {"specialistId": "nobody"}),
    ok("list_skills"),
    ok("list_skills"),
    no("invalid", "list_skills", {"repository": "here"}),
    ok("get_skill", {"name": "tidy"}),
    no("not_found", "get_skill", {"name": "nothing"}),
)

ENDINGS = (
    ok("subscribe_to_events", {"agentId": "$gate.id", "kinds": ["task"], "after": 0}, "subscription"),
    no("not_found", "subscribe_to_events", {"agentId": "nobody"}),
    ok("drain_events", {"subscriptionId": "$subscription.id", "limit": 3}, "drained"),
    ok("drain_events", {"subscriptionId": "$subscription.id", "limit": 2, "acknowledged": "$drained.cursor"}),
    no("not_found", "drain_events", {"subscriptionId": "nothing"}),
    ok("unsubscribe_from_events", {"subscriptionId": "$subscription.id"}),
    no("not_found", "unsubscribe_from_events", {"subscriptionId": "$subscription.id"}),
    ok("search", {"query": "leaks dug", "kinds": ["task"]}),
    ok("search", {"query": "hello", "limit": 5}),
    no("invalid", "search", {"query": "!!!"}),
    no("invalid", "search", {"query": "a", "limit": 101}),
    ok("delete_task", {"taskId": "$walls.id"}),
    ok("delete_task", {"taskId": "$foundation.id"}),
    ok("delete_tasks", {"workspaceId": "default"}),
    ok("list_tasks"),
    ok("delete_agent", {"agentId": "$gate.id"}),
    no("not_found", "delete_agent", {"agentId": "$gate.id"}),
    ok("delete_workspace", {"workspaceId": "lab"}),
    no("not_found", "delete_workspace", {"workspaceId": "lab"}),
    no("conflict", "delete_workspace", {"workspaceId": "default"}),
    ok("list_events", {"limit": 500}),
    ok("list_events", {"after": 3, "kinds": ["note", "letter"], "workspaceId": "default"}),
    no("invalid", "list_events", {"after": -1}),
    ok("get_health"),
)


def shapeless() -> Sequence[Step]:
    """For every operation: nothing but a field that it does not know, and its required fields with values of no use."""
    steps = []
    for name, row in OPERATIONS.items():
        required: list[str] = row.input.model_json_schema(by_alias=True).get("required", [])
        steps.append(no("invalid", name, {"noSuchField": 1}))
        if required:
            useless: Any = {"of": ["no", "use"]}
            steps.append(no("invalid", name, dict.fromkeys(required, useless)))
    return steps


SCRIPT: tuple[Step, ...] = (
    *WORKSPACES, *AGENTS, *TASKS, *CLAIMS, *MESSAGES, *PUSHES, *NOTES, *TALK, *TOKENS, *MCP_SERVERS, *PROVIDERS, *REMOTE_AGENTS,
    *SPECIALISTS, *SESSIONS, *ENDINGS, *shapeless(),
)  # fmt: skip
