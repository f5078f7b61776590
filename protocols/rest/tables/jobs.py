"""What is done later, or again and again: background tasks, schedules, workflows, webhooks and polling.

Where GitHub sends its events to stands beside the table: see `protocols/rest/github_events.py`.
"""

from protocols.rest.route import ALL, BACKGROUND_TASK, SCHEDULE, STAMPS, WEBHOOK_CONFIG, WORKFLOW, Route

IN_WORKSPACE = frozenset({"workspaceId"})

ROUTES: tuple[Route, ...] = (
    Route("GET", "/background-tasks", "list_background_tasks", fixed=ALL),
    Route("POST", "/background-tasks", "delete_background_tasks", when="action", ignored=frozenset({"action"})),
    Route("POST", "/background-tasks", "create_background_task", "task", 201, required=IN_WORKSPACE),
    Route("POST", "/background-tasks/process", "process_background_tasks"),
    Route("GET", "/background-tasks/{id}", "get_background_task", "task", names=BACKGROUND_TASK),
    Route("PATCH", "/background-tasks/{id}", "update_background_task", "task", names=BACKGROUND_TASK),
    Route("DELETE", "/background-tasks/{id}", "delete_background_task", names=BACKGROUND_TASK),
    Route("POST", "/background-tasks/{id}/retry", "retry_background_task", "task", names=BACKGROUND_TASK),
    Route("GET", "/schedules", "list_schedules", fixed=ALL),
    Route("POST", "/schedules", "create_schedule", "schedule", 201, required=IN_WORKSPACE),
    Route("GET", "/schedules/tick", "tick_schedules"),
    Route("POST", "/schedules/tick", "tick_schedules"),
    Route("GET", "/schedules/{id}", "get_schedule", "schedule", names=SCHEDULE),
    Route("PATCH", "/schedules/{id}", "update_schedule", "schedule", names=SCHEDULE, ignored=STAMPS | IN_WORKSPACE),
    Route("DELETE", "/schedules/{id}", "delete_schedule", names=SCHEDULE),
    Route("POST", "/schedules/{id}/run", "run_schedule", "task", 201, names=SCHEDULE),
    Route("GET", "/workflows", "list_workflows", fixed=ALL),
    Route("POST", "/workflows", "create_workflow", "workflow", 201),
    Route("GET", "/workflows/{id}", "get_workflow", "workflow", names=WORKFLOW),
    Route("PUT", "/workflows/{id}", "update_workflow", "workflow", names=WORKFLOW),
    Route("DELETE", "/workflows/{id}", "delete_workflow", names=WORKFLOW),
    Route("POST", "/workflows/{id}/trigger", "trigger_workflow", status=201, names=WORKFLOW),
    Route("GET", "/webhooks/configs", "get_webhook_config", "config", names=WEBHOOK_CONFIG, when="id", ignored=IN_WORKSPACE),
    Route("GET", "/webhooks/configs", "list_webhook_configs", fixed=ALL),
    Route("POST", "/webhooks/configs", "create_webhook_config", "config", 201, ignored=STAMPS),
    Route("PUT", "/webhooks/configs", "update_webhook_config", "config", names=WEBHOOK_CONFIG, ignored=STAMPS | IN_WORKSPACE),
    Route("DELETE", "/webhooks/configs", "delete_webhook_config", names=WEBHOOK_CONFIG),
    Route("GET", "/webhooks/github", "list_webhook_configs", fixed=ALL),
    Route("GET", "/webhooks/register", "list_registered_webhooks"),
    Route("POST", "/webhooks/register", "register_webhook", "hook"),
    Route("DELETE", "/webhooks/register", "unregister_webhook"),
    Route("GET", "/webhooks/webhook-logs", "list_webhook_logs"),
    Route("GET", "/webhooks/logs", "list_webhook_logs"),
    Route("GET", "/polling/config", "get_polling_config"),
    Route("POST", "/polling/config", "update_polling_config"),
    Route("GET", "/polling/check", "check_polling"),
    Route("POST", "/polling/check", "check_polling"),
)
