"""What is done later: background tasks, schedules, workflows, webhooks, polling."""

from protocols.parity.stories.base import INTERNET, OTHERS, call

NOBODY = "{absent}"
"""No agent is started for it."""
RETRY = "only a job that failed is run again, and none is made to fail"
JOB = {"prompt": "Nothing is to be done.", "agentId": NOBODY, "workspaceId": "{workspace}", "title": "Parity", "priority": "LOW"}
SCHEDULE = {"name": "Parity", "cronExpr": "0 0 1 1 *", "taskPrompt": "Nothing.", "agentId": NOBODY, "workspaceId": "{workspace}"}
WORKFLOW = """\
name: Parity
description: Nothing is done.
version: '1.0'
trigger:
  type: manual
steps:
  - name: only
    specialist: {absent}
    input: Nothing.
"""
CONFIG = {
    "name": "Parity {tag}", "repo": "parity/{tag}", "githubToken": "none", "webhookSecret": "none", "eventTypes": ["issues"],
    "labelFilter": [], "triggerAgentId": NOBODY, "workspaceId": "{workspace}", "enabled": False,
}  # fmt: skip

CALLS = (
    call("POST /api/background-tasks", JOB, keep={"job": "task.id"}, undo="DELETE /api/background-tasks/{job}?force=true"),
    call("PATCH /api/background-tasks/{job}", {"title": "Parity, renamed"}),
    call("GET /api/background-tasks?workspaceId={workspace}"),
    call("GET /api/background-tasks/{job}"),
    call("POST /api/background-tasks/process", own=OTHERS),
    call("POST /api/background-tasks/{job}/retry", never=RETRY),
    call("POST /api/schedules", SCHEDULE, keep={"schedule": "schedule.id"}, undo="DELETE /api/schedules/{schedule}"),
    call("GET /api/schedules?workspaceId={workspace}"),
    call("GET /api/schedules/{schedule}"),
    call("PATCH /api/schedules/{schedule}", {"name": "Parity, renamed"}),
    call("POST /api/schedules/{schedule}/run"),
    call("GET /api/schedules/tick", own=OTHERS),
    call("POST /api/schedules/tick", own=OTHERS),
    call("POST /api/workflows", {"id": "parity-{tag}", "yamlContent": WORKFLOW}, undo="DELETE /api/workflows/parity-{tag}"),
    call("GET /api/workflows", common=True),
    call("GET /api/workflows/parity-{tag}"),
    call("PUT /api/workflows/parity-{tag}", {"yamlContent": WORKFLOW}),
    call("POST /api/workflows/parity-{tag}/trigger", {"workspaceId": "{workspace}", "triggerPayload": "none"}),
    call("GET /api/workflows/{absent}", expects=404),
    call("POST /api/webhooks/configs", CONFIG, keep={"config": "config.id"}, undo="DELETE /api/webhooks/configs?id={config}"),
    call("GET /api/webhooks/configs", common=True),
    call("PUT /api/webhooks/configs", {"id": "{config}", "name": "Parity, renamed"}),
    call("GET /api/webhooks/register", never=INTERNET),
    call("POST /api/webhooks/register", {}, never=INTERNET),
    call("DELETE /api/webhooks/register", never=INTERNET),
    call("GET /api/webhooks/github", common=True),
    call("POST /api/webhooks/github", {"zen": "Nothing."}, headers={"X-GitHub-Event": "ping", "X-GitHub-Delivery": "parity"}, own=OTHERS),
    call("GET /api/webhooks/webhook-logs", common=True),
    call("GET /api/polling/config", common=True),
    call("POST /api/polling/config", {"enabled": False}, own=OTHERS),
    call("GET /api/polling/check", own=OTHERS),
    call("POST /api/polling/check", {}, own=OTHERS),
)  # fmt: skip
