"""Webhook configs: which events of which repository on GitHub become work here. Their secrets are sealed."""

from secrets import token_hex
from typing import Annotated

from pydantic import Field

from hub.domain.errors import Invalid
from hub.domain.mcp_servers import MASK
from hub.domain.model import new_id
from hub.domain.webhooks import REPO, WebhookConfig
from hub.domain.workflows import Workflow
from hub.operations.background_tasks import Prompt
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Page, Removed, Result, changes, expect_version

Repo = Annotated[str, Field(max_length=200, pattern=REPO)]
"""owner/name."""
Secret = Annotated[str, Field(max_length=10_000)]
Event = Annotated[str, Field(max_length=100, pattern="^[a-z_]+$")]
Events = Annotated[tuple[Event, ...], Field(min_length=1, max_length=100)]
Labels = Annotated[tuple[Name, ...], Field(max_length=100)]


class CreateWebhookConfig(Mutation):
    name: Name
    repo: Repo
    """owner/name."""
    github_token: Secret | None = None
    """To register the webhook at GitHub with. Kept as a secret."""
    webhook_secret: Secret | None = None
    """What GitHub signs with. Left out, the hub makes one, which it gives to GitHub when it registers the webhook. Kept as a secret."""
    event_types: Events
    """GitHub's names: issues, pull_request, push …"""
    label_filter: Labels = ()
    """Only events of what has one of these labels."""
    trigger_agent_id: Id
    """Of the provider or the specialist that the background tasks are for."""
    workflow_id: Id | None = None
    """The workflow to run instead of a single background task."""
    workspace_id: Id = "default"
    enabled: bool = True
    prompt_template: Prompt | None = None
    """With {event}, {action}, {repo}, {sender}, {title}, {number}, {url}, {body} and {payload} filled in."""


class ListWebhookConfigs(Page):
    workspace_id: Id | None = None


class GetWebhookConfig(Input):
    webhook_config_id: Id


class UpdateWebhookConfig(Mutation):
    webhook_config_id: Id
    name: Name | None = None
    repo: Repo | None = None
    github_token: Secret | None = None
    """Null takes it away. One that was read back (••••), or is empty, stays as it is."""
    webhook_secret: Secret | None = None
    """One that was read back (••••), or is empty, stays as it is."""
    event_types: Events | None = None
    label_filter: Labels | None = None
    trigger_agent_id: Id | None = None
    workflow_id: Id | None = None
    enabled: bool | None = None
    prompt_template: Prompt | None = None
    expected_version: int | None = None


class DeleteWebhookConfig(Mutation):
    webhook_config_id: Id


class WebhookConfigs(Result):
    configs: tuple[WebhookConfig, ...]
    next_cursor: str | None = None


async def create_webhook_config(given: CreateWebhookConfig, call: Call) -> WebhookConfig:
    """Have events of a repository on GitHub made background tasks, or runs of a workflow. Secrets are never shown again."""
    await call.workspace(given.workspace_id)
    id_ = new_id()
    fields = {name: getattr(given, name) for name in WebhookConfig.model_fields if name in type(given).model_fields}
    fields |= {"id": id_, "github_token": _sealed("githubToken", given.github_token, id_, call)}
    fields["webhook_secret"] = _sealed("webhookSecret", given.webhook_secret or token_hex(32), id_, call)
    config = WebhookConfig(**fields)
    await _expect_workflow(config, call)
    return call.create(config).shown()


async def list_webhook_configs(given: ListWebhookConfigs, call: Call) -> WebhookConfigs:
    """List the webhook configs, the oldest first. Of a secret they tell only that it is set."""
    workspace_id = await call.within(given.workspace_id) if given.workspace_id else None
    found = await call.unit.find(WebhookConfig, given.cursor, given.limit, workspace_id=workspace_id)
    more = found[-1].key if len(found) == given.limit else None
    return WebhookConfigs(configs=tuple(config.shown() for config in found), next_cursor=more)


async def get_webhook_config(given: GetWebhookConfig, call: Call) -> WebhookConfig:
    """Read a webhook config. Of a secret it tells only that it is set."""
    return (await call.need(WebhookConfig, given.webhook_config_id)).shown()


async def update_webhook_config(given: UpdateWebhookConfig, call: Call) -> WebhookConfig:
    """Change a webhook config, or switch it off with enabled=false."""
    config = await call.need(WebhookConfig, given.webhook_config_id)
    expect_version(config, given.expected_version)
    changed = changes(given, WebhookConfig)
    for name, wire in (("github_token", "githubToken"), ("webhook_secret", "webhookSecret")):
        if (secret := changed.get(name)) in ("", MASK):
            del changed[name]
        elif secret:
            changed[name] = _sealed(wire, secret, config.id, call)
    await _expect_workflow(config.model_copy(update=changed), call)
    return call.update(config, **changed).shown()


async def delete_webhook_config(given: DeleteWebhookConfig, call: Call) -> Removed:
    """Delete a webhook config and its secrets. What GitHub still sends is refused from then on; the logs stay."""
    config = await call.need(WebhookConfig, given.webhook_config_id)
    call.delete(config)
    return Removed(id=config.id)


def _sealed(field: str, secret: str | None, id_: str, call: Call) -> str | None:
    if secret == MASK:
        raise Invalid(f"{field}: this is what stands in the place of a secret. Give the secret itself.")
    return call.seal(secret, WebhookConfig, id_) if secret else None


async def _expect_workflow(config: WebhookConfig, call: Call) -> None:
    if config.workflow_id:
        await call.need(Workflow, config.workflow_id)


OPERATIONS = (
    Operation(create_webhook_config, "webhooks.write", writes=True),
    Operation(list_webhook_configs, "webhooks.read"),
    Operation(get_webhook_config, "webhooks.read"),
    Operation(update_webhook_config, "webhooks.write", writes=True, repeatable=True),
    Operation(delete_webhook_config, "webhooks.write", writes=True, destructive=True, repeatable=True),
)
