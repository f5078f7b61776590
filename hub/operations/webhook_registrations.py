"""Registering webhooks at GitHub. What is registered stands there; the hub asks, and keeps nothing of it."""

from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from hub.access import LOCAL_TENANT
from hub.addresses import http_parts
from hub.domain.errors import Forbidden, Invalid
from hub.domain.mcp_servers import MASK
from hub.domain.webhooks import GithubHook, WebhookConfig
from hub.operations.base import Call, Input, Mutation, Operation, Removed, Result, secret_place
from hub.operations.outgoing import ASK
from hub.operations.webhook_configs import Events, Repo, Secret
from hub.upstreams import GitHub

NOT_LET_IN = "token: give one of GitHub's that may administer the repository's webhooks, or keep it in a webhook config of the repository."
UNSIGNED = "secret: give what GitHub is to sign with, or make a webhook config of the repository first, which has one."


class ListRegisteredWebhooks(Input):
    repo: Repo
    token: Secret | None = None
    """GitHub's. Left out: that of the repository's webhook config."""


class RegisterWebhook(Mutation):
    repo: Repo
    webhook_url: Annotated[str, Field(max_length=2_000)]
    """Where GitHub reaches this hub: https://HUB/api/webhooks/github."""
    token: Secret | None = None
    """GitHub's. Left out: that of the repository's webhook config."""
    secret: Secret | None = None
    """What GitHub signs with. Left out, or as it was read back (••••): that of the repository's webhook config."""
    events: Events | None = None
    """Left out: those of the repository's webhook config."""


class UnregisterWebhook(Mutation):
    repo: Repo
    hook_id: Annotated[int, Field(ge=1, lt=2**63)]
    token: Secret | None = None
    """GitHub's. Left out: that of the repository's webhook config."""


class RegisteredWebhooks(Result):
    hooks: tuple[GithubHook, ...]


async def list_registered_webhooks(given: ListRegisteredWebhooks, call: Call) -> RegisteredWebhooks:
    """Ask GitHub which webhooks a repository has."""
    token = _token(given.token, await _config(given.repo, call), call)
    return RegisteredWebhooks(hooks=tuple(await _github(call).hooks(given.repo, token)))


async def register_webhook(given: RegisterWebhook, call: Call) -> GithubHook:
    """Have GitHub send a repository's events to this hub. create_webhook_config says what becomes of them."""
    parts = http_parts(given.webhook_url)
    if parts is None or parts.fragment or not given.webhook_url.isprintable():
        raise Invalid("webhookUrl: give the address under which GitHub reaches this hub, like https://hub.example.com/api/webhooks/github")
    config = await _config(given.repo, call)
    token, secret = _token(given.token, config, call), given.secret if given.secret != MASK else None
    if not (secret or config):
        raise Invalid(UNSIGNED)
    secret = secret or _opened(config.webhook_secret if config else None, config, call)
    events = given.events or (config.event_types if config else ("push",))
    address = _addressed(given.webhook_url, bool(parts.query), call)
    return await _github(call).create_hook(given.repo, token, address, secret, events)


async def unregister_webhook(given: UnregisterWebhook, call: Call) -> Removed:
    """Have GitHub forget a webhook of a repository. list_registered_webhooks tells their ids."""
    await _github(call).delete_hook(given.repo, _token(given.token, await _config(given.repo, call), call), given.hook_id)
    return Removed(id=str(given.hook_id))


def _github(call: Call) -> GitHub:
    if call.reach == "none":
        raise Forbidden(f"This hub calls no other servers. {ASK}=public or all.")
    return call.elsewhere().github


async def _config(repo: str, call: Call) -> WebhookConfig | None:
    """The repository's first one."""
    found = await call.unit.find(WebhookConfig, limit=1, repo=repo.lower())
    return found[0] if found else None


def _token(given: str | None, config: WebhookConfig | None, call: Call) -> str:
    token = given or _opened(config.github_token if config else None, config, call)
    if not token:
        raise Invalid(NOT_LET_IN)
    if not (token.isascii() and token.isprintable()):
        raise Invalid("token: it goes into a header, which takes printable ASCII characters only.")
    return token


def _opened(sealed: str | None, config: WebhookConfig | None, call: Call) -> str:
    """Empty for none."""
    if not (sealed and config and call.vault):
        return ""
    return call.vault.open(sealed, secret_place(call.caller.tenant, WebhookConfig, config.key))


def _addressed(url: str, has_query: bool, call: Call) -> str:
    """With the tenant in it, unless it is the hub's own: see `protocols/rest/github_events.py`."""
    tenant = call.caller.tenant
    return url if tenant == LOCAL_TENANT else f"{url}{'&' if has_query else '?'}tenant={quote(tenant, safe='')}"


OPERATIONS = (
    Operation(list_registered_webhooks, "webhooks.write"),
    Operation(register_webhook, "webhooks.write", writes=True),
    Operation(unregister_webhook, "webhooks.write", writes=True, destructive=True, repeatable=True),
)
