"""Background tasks, schedules, workflows, webhooks and polling."""

import hmac
import json

from hub.ports import Json
from tests.protocols.github import TOKEN
from tests.protocols.steps.base import no, ok

TASK = {"prompt": "Count the\n  leaves", "agentId": "opencode", "workspaceId": "default"}
BACKGROUND_TASKS = (
    ok("create_background_task", TASK, "job"),
    ok("create_background_task", {**TASK, "priority": "HIGH", "dependsOnTaskIds": ["$job.id"], "idempotencyKey": "b-1"}, "later"),
    no("not_found", "create_background_task", {**TASK, "workspaceId": "nowhere"}),
    no("not_found", "create_background_task", {**TASK, "dependsOnTaskIds": ["nothing"]}),
    no("invalid", "create_background_task", {**TASK, "workspaceId": "lab", "dependsOnTaskIds": ["$job.id"]}),
    no("invalid", "create_background_task", {**TASK, "maxAttempts": 0}),
    no("invalid", "create_background_task", {**TASK, "priority": "urgent"}),
    ok("update_background_task", {"backgroundTaskId": "$job.id", "title": "Leaves", "priority": "LOW", "expectedVersion": 1}),
    no("conflict", "update_background_task", {"backgroundTaskId": "$job.id", "title": "Late", "expectedVersion": 1}),
    no("not_found", "update_background_task", {"backgroundTaskId": "nothing"}),
    ok("process_background_tasks"),
    ok("process_background_tasks", {"workspaceId": "lab"}),
    no("conflict", "start_background_task", {"backgroundTaskId": "$later.id"}),
    no("conflict", "finish_background_task", {"backgroundTaskId": "$job.id"}),
    ok("start_background_task", {"backgroundTaskId": "$job.id", "sessionId": "s-1"}),
    no("invalid", "update_background_task", {"backgroundTaskId": "$job.id", "title": "Too late"}),
    no("conflict", "start_background_task", {"backgroundTaskId": "$job.id"}),
    no("not_found", "start_background_task", {"backgroundTaskId": "nothing"}),
    no("invalid", "retry_background_task", {"backgroundTaskId": "$job.id"}),
    ok("finish_background_task", {"backgroundTaskId": "$job.id", "status": "FAILED", "errorMessage": "Wind."}),
    no("not_found", "finish_background_task", {"backgroundTaskId": "nothing"}),
    no("invalid", "finish_background_task", {"backgroundTaskId": "$job.id", "status": "PENDING"}),
    ok("retry_background_task", {"backgroundTaskId": "$job.id"}),
    no("not_found", "retry_background_task", {"backgroundTaskId": "nothing"}),
    ok("start_background_task", {"backgroundTaskId": "$job.id"}),
    ok("delete_background_task", {"backgroundTaskId": "$job.id"}),
    ok("list_background_tasks", {"workspaceId": "default", "limit": 50}),
    ok("list_background_tasks", {"status": "CANCELLED"}),
    no("not_found", "list_background_tasks", {"workspaceId": "nowhere"}),
    no("invalid", "list_background_tasks", {"status": "asleep"}),
    ok("get_background_task", {"backgroundTaskId": "$later.id"}),
    ok("delete_background_tasks", {"workspaceId": "default", "status": "CANCELLED"}),
    no("not_found", "delete_background_tasks", {"workspaceId": "nowhere", "status": "CANCELLED"}),
    no("invalid", "delete_background_tasks", {"workspaceId": "default", "status": "RUNNING"}),
    no("not_found", "get_background_task", {"backgroundTaskId": "$job.id"}),
    ok("delete_background_task", {"backgroundTaskId": "$later.id", "force": True}),
    no("not_found", "delete_background_task", {"backgroundTaskId": "$later.id"}),
)

SCHEDULE = {"name": "Daily", "cronExpr": "0 9 * * MON-FRI", "taskPrompt": "Look.", "agentId": "gate", "workspaceId": "default"}
SCHEDULES = (
    ok("create_schedule", {**SCHEDULE, "promptTemplate": "{scheduleName}, {cronExpr}: look."}, "schedule"),
    ok("create_schedule", {**SCHEDULE, "enabled": False}, "off"),
    no("not_found", "create_schedule", {**SCHEDULE, "workspaceId": "nowhere"}),
    no("invalid", "create_schedule", {**SCHEDULE, "cronExpr": "every day"}),
    no("invalid", "create_schedule", {**SCHEDULE, "cronExpr": "0 0 30 2 *"}),
    ok("list_schedules", {"workspaceId": "default"}),
    no("not_found", "list_schedules", {"workspaceId": "nowhere"}),
    no("invalid", "list_schedules", {"limit": 0}),
    ok("run_schedule", {"scheduleId": "$schedule.id"}),
    no("invalid", "run_schedule", {"scheduleId": "$off.id"}),
    no("not_found", "run_schedule", {"scheduleId": "nothing"}),
    ok("tick_schedules"),
    ok("tick_schedules"),
    ok("tick_schedules"),
    ok("get_schedule", {"scheduleId": "$off.id"}),
    no("not_found", "get_schedule", {"scheduleId": "nothing"}),
    ok("update_schedule", {"scheduleId": "$schedule.id", "enabled": False, "promptTemplate": None, "expectedVersion": 2}),
    no("conflict", "update_schedule", {"scheduleId": "$schedule.id", "name": "Late", "expectedVersion": 2}),
    no("invalid", "update_schedule", {"scheduleId": "$schedule.id", "cronExpr": "* * * *"}),
    no("not_found", "update_schedule", {"scheduleId": "nothing", "name": "x"}),
    ok("delete_schedule", {"scheduleId": "$schedule.id"}),
    no("not_found", "delete_schedule", {"scheduleId": "$schedule.id"}),
)

FLOW = """\
# kept
name: Review
version: 1.0
variables: {tone: kind}
steps:
  - {name: read, specialist: gate, input: "Read ${trigger.payload}, be ${variables.tone}.", parallel_group: first}
  - {name: count, specialist: crafter, parallel_group: first}
  - {name: tell, specialist: routa, input: "Tell ${steps.read.output}.", on_failure: retry, max_retries: 2}
"""
RUN = {"workflowId": "review", "workspaceId": "default"}
WORKFLOWS = (
    ok("create_workflow", {"id": "review", "yamlContent": FLOW}),
    no("conflict", "create_workflow", {"id": "review", "yamlContent": FLOW}),
    no("invalid", "create_workflow", {"id": "a/b", "yamlContent": FLOW}),
    no("invalid", "create_workflow", {"id": "other", "yamlContent": "name: Other\nsteps:\n  - name: first\n"}),
    no("invalid", "create_workflow", {"id": "other", "yamlContent": "a: [b"}),
    ok("update_workflow", {"workflowId": "review", "yamlContent": FLOW.replace("version: 1.0", "version: '1.1'")}),
    no("invalid", "update_workflow", {"workflowId": "review", "yamlContent": "[]"}),
    no("not_found", "update_workflow", {"workflowId": "nothing", "yamlContent": FLOW}),
    ok("list_workflows", {"limit": 1}, "workflows"),
    ok("list_workflows"),
    no("invalid", "list_workflows", {"limit": 0}),
    ok("get_workflow", {"workflowId": "review"}),
    no("not_found", "get_workflow", {"workflowId": "nothing"}),
    ok("trigger_workflow", {**RUN, "triggerPayload": "the diff"}, "run"),
    no("not_found", "trigger_workflow", {**RUN, "workflowId": "nothing"}),
    no("not_found", "trigger_workflow", {**RUN, "workspaceId": "nowhere"}),
    ok("list_background_tasks", {"workflowRunId": "$run.workflowRunId"}),
    ok("start_background_task", {"backgroundTaskId": "$run.taskIds.0"}),
    ok("finish_background_task", {"backgroundTaskId": "$run.taskIds.0", "output": "Fine."}),
    ok("get_workflow_run", {"workflowRunId": "$run.workflowRunId"}),
    no("not_found", "get_workflow_run", {"workflowRunId": "nothing"}),
    ok("list_workflow_runs", {"workflowId": "review", "status": "RUNNING"}),
    no("not_found", "list_workflow_runs", {"workspaceId": "nowhere"}),
    no("invalid", "list_workflow_runs", {"status": "asleep"}),
    ok("delete_workflow", {"workflowId": "review"}),
    no("not_found", "delete_workflow", {"workflowId": "review"}),
)

SECRET = "hush"
CONFIG = {
    "name": "Bugs", "repo": "Acme/shop", "githubToken": TOKEN, "webhookSecret": SECRET, "eventTypes": ["issues"],
    "labelFilter": ["bug"], "triggerAgentId": "crafter", "workspaceId": "default",
}  # fmt: skip
REGISTERED = {"repo": "Acme/shop", "webhookUrl": "https://hub.example.com/api/webhooks/github"}
ISSUE = {
    "action": "opened", "repository": {"full_name": "acme/Shop"}, "sender": {"login": "ada"},
    "issue": {"number": 7, "title": "It leaks", "body": "Water.", "html_url": "https://example.com/7", "labels": [{"name": "bug"}]},
}  # fmt: skip


def signature(body: str, secret: str = SECRET) -> str:
    return "sha256=" + hmac.digest(secret.encode(), body.encode(), "sha256").hex()


def sent(payload: Json, delivery: str, event: str = "issues") -> Json:
    body = json.dumps(payload)
    return {"event": event, "delivery": delivery, "signature": signature(body), "body": body, "idempotencyKey": delivery}


WEBHOOKS = (
    ok("create_webhook_config", CONFIG, "hook"),
    no("invalid", "create_webhook_config", {**CONFIG, "repo": "shop"}),
    no("invalid", "create_webhook_config", {**CONFIG, "eventTypes": []}),
    no("not_found", "create_webhook_config", {**CONFIG, "workspaceId": "nowhere"}),
    no("not_found", "create_webhook_config", {**CONFIG, "workflowId": "nothing"}),
    ok("receive_github_event", sent(ISSUE, "d-1")),
    ok("receive_github_event", sent(ISSUE, "d-1")),
    ok("receive_github_event", sent({**ISSUE, "issue": {}}, "d-2")),
    ok("receive_github_event", sent(ISSUE, "d-3", "ping")),
    no("forbidden", "receive_github_event", {**sent(ISSUE, "d-4"), "signature": signature("", "other")}),
    no("invalid", "receive_github_event", {**sent(ISSUE, "d-5"), "body": "payload=%7B%7D"}),
    ok("register_webhook", REGISTERED, "registered"),
    ok("register_webhook", {**REGISTERED, "token": TOKEN, "secret": "••••", "events": ["push"]}),
    no("invalid", "register_webhook", {**REGISTERED, "webhookUrl": "hub.example.com"}),
    no("invalid", "register_webhook", {**REGISTERED, "repo": "acme/unknown"}),
    no("upstream", "register_webhook", {**REGISTERED, "token": "wrong"}),
    ok("list_registered_webhooks", {"repo": "acme/shop"}),
    no("invalid", "list_registered_webhooks", {"repo": "shop"}),
    no("upstream", "list_registered_webhooks", {"repo": "acme/shop", "token": "wrong"}),
    ok("unregister_webhook", {"repo": "acme/shop", "hookId": "$registered.id"}),
    no("not_found", "unregister_webhook", {"repo": "acme/shop", "hookId": 1}),
    no("invalid", "unregister_webhook", {"repo": "acme/shop", "hookId": 0}),
    ok("update_webhook_config", {"webhookConfigId": "$hook.id", "webhookSecret": "••••", "githubToken": None, "enabled": False}),
    no("conflict", "update_webhook_config", {"webhookConfigId": "$hook.id", "name": "Late", "expectedVersion": 1}),
    no("invalid", "update_webhook_config", {"webhookConfigId": "$hook.id", "githubToken": "••••", "repo": "a b"}),
    no("not_found", "update_webhook_config", {"webhookConfigId": "nothing", "name": "x"}),
    no("forbidden", "receive_github_event", sent(ISSUE, "d-6")),
    ok("get_webhook_config", {"webhookConfigId": "$hook.id"}),
    no("not_found", "get_webhook_config", {"webhookConfigId": "nothing"}),
    ok("list_webhook_configs", {"limit": 1}),
    ok("list_webhook_configs", {"workspaceId": "default"}),
    no("not_found", "list_webhook_configs", {"workspaceId": "nowhere"}),
    no("invalid", "list_webhook_configs", {"limit": 0}),
    ok("list_webhook_logs", {"configId": "$hook.id", "limit": 50}),
    ok("list_webhook_logs", {"workspaceId": "default"}),
    no("not_found", "list_webhook_logs", {"workspaceId": "nowhere"}),
    no("invalid", "list_webhook_logs", {"limit": 0}),
    ok("delete_webhook_config", {"webhookConfigId": "$hook.id"}),
    no("not_found", "delete_webhook_config", {"webhookConfigId": "$hook.id"}),
)

POLLING = (
    ok("get_polling_config"),
    ok("update_polling_config", {"enabled": True, "intervalSeconds": 60}),
    no("invalid", "update_polling_config", {"intervalSeconds": 1}),
    ok("get_polling_config"),
    ok("check_polling"),
    ok("check_polling"),
    no("invalid", "check_polling", {"repo": "acme/shop"}),
    no("invalid", "get_polling_config", {"repo": "acme/shop"}),
)

JOBS = (*BACKGROUND_TASKS, *SCHEDULES, *WORKFLOWS, *WEBHOOKS, *POLLING)
