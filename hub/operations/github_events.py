"""Events that GitHub sends: checked by their signature, and made the work that webhook configs want of them."""

from hmac import compare_digest, digest
from typing import Annotated

import orjson
from pydantic import Field

from hub.domain.background_tasks import BackgroundTask
from hub.domain.errors import Forbidden, Invalid, NotFound
from hub.domain.webhooks import Payload, WebhookConfig, WebhookLog, kept, repo_of
from hub.operations.base import Call, Id, Input, Limit, Listing, Mutation, Operation, Result, secret_place
from hub.operations.workflows import TriggerWorkflow, begin_run

PING = "ping"
"""What GitHub sends when a webhook is made."""
Header = Annotated[str, Field(min_length=1, max_length=200)]


class ReceiveGithubEvent(Mutation):
    event: Header
    """Of the header X-GitHub-Event."""
    delivery: Header
    """Of the header X-GitHub-Delivery. Give it as idempotencyKey, too, and one that is sent again is not acted on twice."""
    signature: Header
    """Of the header X-Hub-Signature-256."""
    body: Annotated[str, Field(min_length=2, max_length=5_000_000)]
    """The JSON exactly as it was sent: that is what is signed."""


class ListWebhookLogs(Input):
    workspace_id: Id | None = None
    config_id: Id | None = None
    limit: Limit = 100


class Received(Result):
    ok: bool = True
    delivery: str
    processed: int
    """Webhook configs that made work of it."""
    skipped: int


async def receive_github_event(given: ReceiveGithubEvent, call: Call) -> Received:
    """Take an event that GitHub has sent. Only one that is signed with the secret of a webhook config of its repository counts."""
    payload = _payload(given.body)
    configs = [config async for config in call.unit.every(WebhookConfig, repo=repo_of(payload))]
    signed = [config for config in configs if config.enabled and _signed(config, given, call)]
    if not signed:
        raise Forbidden(
            "No enabled webhook config is for this repository and has the secret that this was signed with. "
            "Give GitHub the config's webhookSecret, or register the webhook with register_webhook."
        )
    if given.event == PING:
        return Received(delivery=given.delivery, processed=0, skipped=0)
    logs = [await _take(config, given, payload, call) for config in signed]
    processed = sum(log.outcome == "triggered" for log in logs)
    return Received(delivery=given.delivery, processed=processed, skipped=len(logs) - processed)


async def list_webhook_logs(given: ListWebhookLogs, call: Call) -> Listing[WebhookLog]:
    """List what GitHub has sent and what became of it, the newest first."""
    if given.workspace_id:
        await call.within(given.workspace_id)
    return await call.newest(WebhookLog, given.limit, workspace_id=given.workspace_id, config_id=given.config_id)


def _payload(body: str) -> Payload:
    try:
        payload = orjson.loads(body)
    except ValueError:
        raise Invalid("body: it is not JSON. Set the webhook's content type to application/json at GitHub.") from None
    if not isinstance(payload, dict):
        raise Invalid("body: it is no JSON object, as GitHub's events are.")
    return payload


def _signed(config: WebhookConfig, given: ReceiveGithubEvent, call: Call) -> bool:
    if call.vault is None:
        return False
    secret = call.vault.open(config.webhook_secret, secret_place(call.caller.tenant, WebhookConfig, config.key))
    made = "sha256=" + digest(secret.encode(), given.body.encode(), "sha256").hex()
    return compare_digest(made.encode(), given.signature.encode())


async def _take(config: WebhookConfig, given: ReceiveGithubEvent, payload: Payload, call: Call) -> WebhookLog:
    await call.workspace(config.workspace_id)
    action = payload.get("action")
    log = WebhookLog(
        workspace_id=config.workspace_id, config_id=config.id, delivery=given.delivery, event_type=given.event,
        event_action=str(action)[:200] if action else None, outcome="skipped",
    )  # fmt: skip
    if reason := config.skips(given.event, payload):
        return call.create(log.model_copy(update={"error_message": reason}))
    made: dict[str, object] = {"payload": payload if kept(payload) else None}
    try:
        made |= {"outcome": "triggered", **await _work(config, given, payload, call)}
    except (NotFound, Invalid) as error:  # the workflow was deleted, or is not for so much
        made |= {"outcome": "error", "error_message": error.message}
    return call.create(log.model_copy(update=made))


async def _work(config: WebhookConfig, given: ReceiveGithubEvent, payload: Payload, call: Call) -> dict[str, object]:
    """Stage it; the answer is what the log names."""
    prompt = config.prompt(given.event, payload)
    if config.workflow_id:
        wanted = TriggerWorkflow(workflow_id=config.workflow_id, workspace_id=config.workspace_id, trigger_payload=prompt[:100_000])
        run, _ = await begin_run(wanted, "webhook", call)
        return {"workflow_run_id": run.id}
    task = call.create(BackgroundTask(
        workspace_id=config.workspace_id, title=f"[GitHub {given.event}] {config.repo}"[:400], prompt=prompt, max_attempts=1,
        agent_id=config.trigger_agent_id, triggered_by=f"github:{given.event}", trigger_source="webhook",
    ))  # fmt: skip
    return {"background_task_id": task.id}


OPERATIONS = (
    Operation(receive_github_event, "github_events.write", writes=True, titled="Receive GitHub event"),
    Operation(list_webhook_logs, "webhooks.read"),
)
