"""Background tasks, schedules, workflows, webhooks and polling."""

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.domain.model import instant, utc_now
from hub.domain.webhooks import WebhookConfig
from hub.unit import UnitOfWork
from tests.core.support import ask
from tests.protocols.cases.base import case
from tests.protocols.github import TOKEN
from tests.protocols.steps.jobs import CONFIG, FLOW, ISSUE, REGISTERED, SCHEDULE, TASK, sent


async def prepare(hub: Hub) -> dict[str, str]:
    """A background task that waits and one that failed, a schedule, a workflow with a run, and a webhook config that got an event."""
    job, failed = [(await ask(hub, "create_background_task", **TASK))["id"] for _ in range(2)]
    await ask(hub, "start_background_task", backgroundTaskId=failed)
    await ask(hub, "finish_background_task", backgroundTaskId=failed, status="FAILED")
    schedule = (await ask(hub, "create_schedule", **SCHEDULE))["id"]
    await ask(hub, "create_workflow", id="review", yamlContent=FLOW)
    config = (await ask(hub, "create_webhook_config", **CONFIG))["id"]
    await _put_under_a_name(hub, config)
    await ask(hub, "receive_github_event", **sent(ISSUE, "d-1"))
    return {"job": job, "failed": failed, "schedule": schedule, "config": config}


async def _put_under_a_name(hub: Hub, id_: str) -> None:
    """As `bugs`, for a body that has to name it."""
    unit = UnitOfWork(hub.store, LOCAL_TENANT, instant(utc_now()))
    config = await unit.get(WebhookConfig, id_)
    assert config
    unit.put(config.model_copy(update={"id": "bugs", "version": 0, "repo": "acme/elsewhere"}))
    await hub.store.commit(unit)


REMOVED = "success deleted id deletedCount"
CASES = (
    case("GET", "/background-tasks", "/background-tasks?workspaceId=default&limit=50", 200, "tasks"),
    case("GET", "/background-tasks", "/background-tasks?workspaceId=default&status=FAILED", 200, "tasks"),
    case("POST", "/background-tasks", "/background-tasks", 200, "success deleted message",
         {"action": "deleteByStatus", "status": "FAILED", "workspaceId": "default", "triggerSource": "manual"}, when="action"),
    case("POST", "/background-tasks", "/background-tasks", 201, "task", {
        **TASK, "title": "Leaves", "triggerSource": "manual", "triggeredBy": "user", "priority": "HIGH", "maxAttempts": 1,
    }),
    case("POST", "/background-tasks/process", "/background-tasks/process", 200, "ok dispatched ready message"),
    case("GET", "/background-tasks/{id}", "/background-tasks/{job}", 200, "task"),
    case("PATCH", "/background-tasks/{id}", "/background-tasks/{job}", 200, "task",
         {"title": "t", "prompt": "p", "agentId": "gate", "priority": "LOW"}),
    case("DELETE", "/background-tasks/{id}", "/background-tasks/{job}?force=true", 200, "success deleted"),
    case("POST", "/background-tasks/{id}/retry", "/background-tasks/{failed}/retry", 200, "task"),
    case("GET", "/schedules", "/schedules?workspaceId=default", 200, "schedules"),
    case("POST", "/schedules", "/schedules", 201, "schedule", {**SCHEDULE, "enabled": True, "promptTemplate": "{timestamp}"}),
    case("GET", "/schedules/tick", "/schedules/tick", 200, "fired scheduleIds"),
    case("POST", "/schedules/tick", "/schedules/tick", 200, "fired scheduleIds"),
    case("GET", "/schedules/{id}", "/schedules/{schedule}", 200, "schedule"),
    case("PATCH", "/schedules/{id}", "/schedules/{schedule}", 200, "schedule", {"enabled": False, "workspaceId": "default"}),
    case("DELETE", "/schedules/{id}", "/schedules/{schedule}", 200, REMOVED),
    case("POST", "/schedules/{id}/run", "/schedules/{schedule}/run", 201, "task"),
    case("GET", "/workflows", "/workflows", 200, "workflows"),
    case("POST", "/workflows", "/workflows", 201, "workflow", {"id": "another", "yamlContent": FLOW}),
    case("GET", "/workflows/{id}", "/workflows/review", 200, "workflow"),
    case("PUT", "/workflows/{id}", "/workflows/review", 200, "workflow", {"yamlContent": FLOW}),
    case("DELETE", "/workflows/{id}", "/workflows/review", 200, REMOVED),
    case("POST", "/workflows/{id}/trigger", "/workflows/review/trigger", 201, "workflowRunId taskIds",
         {"workspaceId": "default", "triggerPayload": "p"}),
    case("GET", "/webhooks/configs", "/webhooks/configs?id={config}&workspaceId=default", 200, "config", when="id"),
    case("GET", "/webhooks/configs", "/webhooks/configs", 200, "configs"),
    case("POST", "/webhooks/configs", "/webhooks/configs", 201, "config",
         {name: value for name, value in CONFIG.items() if name != "workspaceId"} | {"enabled": True, "webhookSecret": ""}),
    case("PUT", "/webhooks/configs", "/webhooks/configs", 200, "config", {"id": "bugs", "enabled": False}),
    case("DELETE", "/webhooks/configs", "/webhooks/configs?id={config}", 200, REMOVED),
    case("GET", "/webhooks/github", "/webhooks/github", 200, "configs"),
    case("GET", "/webhooks/register", f"/webhooks/register?repo=acme/shop&token={TOKEN}", 200, "hooks"),
    case("POST", "/webhooks/register", "/webhooks/register", 200, "hook",
         {**REGISTERED, "token": TOKEN, "secret": "••••", "events": ["issues"]}),
    case("DELETE", "/webhooks/register", "/webhooks/register?repo=acme/shop&hookId=7", 200, REMOVED),
    case("GET", "/webhooks/webhook-logs", "/webhooks/webhook-logs?limit=50", 200, "logs"),
    case("GET", "/webhooks/webhook-logs", "/webhooks/webhook-logs?configId={config}&workspaceId=default", 200, "logs"),
    case("GET", "/webhooks/logs", "/webhooks/logs?limit=50", 200, "logs"),
    case("GET", "/polling/config", "/polling/config", 200, "ok config"),
    case("POST", "/polling/config", "/polling/config", 200, "ok config", {"enabled": True, "intervalSeconds": 30}),
    case("GET", "/polling/check", "/polling/check", 200, "ok checkedAt summary results message"),
    case("POST", "/polling/check", "/polling/check", 200, "ok checkedAt summary results message"),
)  # fmt: skip
