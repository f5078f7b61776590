"""Push configurations: who is told over HTTP of what happens to a task. How it is done stands in `push_deliveries`."""

from typing import Annotated

from pydantic import Field

from hub.addresses import http_parts
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused
from hub.domain.mcp_servers import MASK
from hub.domain.model import Value, new_id
from hub.domain.push_configs import MOST_PUSH_CONFIGS, PushAuthentication, PushConfig, PushVersion, push_key
from hub.domain.tasks import Task
from hub.operations.base import Call, Id, Input, Mutation, Operation, Page, Result
from hub.operations.outgoing import HEADER, expect_reachable

Secret = Annotated[str, Field(max_length=10_000)]


class GivenAuthentication(Value):
    scheme: Annotated[str, Field(min_length=1, max_length=100)]
    """Bearer, Basic …"""
    credentials: Secret | None = None
    """Kept as a secret."""


class CreatePushConfig(Mutation):
    task_id: Id
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    """Where notifications are sent to, with POST."""
    id: Id | None = None
    """Your own id of it; left out: one is made. The one that the task has already under this id is replaced."""
    token: Secret | None = None
    """Sent along with each notification, so that you know it. Kept as a secret."""
    authentication: GivenAuthentication | None = None
    protocol_version: PushVersion = "1.0"
    known_version: Annotated[int, Field(ge=0)] | None = None
    """The task's version that you have seen. If it has changed since, the first notification says how the whole task stands.
    Left out: what happens from now on is told.
    """


class GetPushConfig(Input):
    task_id: Id
    push_config_id: Id


class ListPushConfigs(Page):
    task_id: Id


class DeletePushConfig(Mutation):
    task_id: Id
    push_config_id: Id


class ResumePushConfig(Mutation):
    task_id: Id
    push_config_id: Id


class DeletedPushConfig(Result):
    deleted: bool
    """False: there was none any more."""
    id: str
    deleted_count: int


class PushConfigs(Result):
    push_configs: tuple[PushConfig, ...]
    next_cursor: str | None = None


async def create_push_config(given: CreatePushConfig, call: Call) -> PushConfig:
    """Have an address told, with POST, of everything that happens to a task until it ends. Secrets are never shown again."""
    _check_address(given.url, call)
    _check_secrets(given)
    cursor = await call.unit.latest()  # before the task is read, so that nothing is between the two
    task = await call.need(Task, given.task_id)
    call.unit.guard(task)
    known = await call.unit.get(PushConfig, push_key(task.id, given.id)) if given.id else None
    if known is None and len(await call.unit.find(PushConfig, limit=MOST_PUSH_CONFIGS, task_id=task.id)) == MOST_PUSH_CONFIGS:
        raise Refused(f"The task has {MOST_PUSH_CONFIGS} push configurations, as many as it may have. Delete one first.")
    config = known or PushConfig(
        id=given.id or new_id(), task_id=task.id, workspace_id=task.workspace_id, url=given.url, owner=call.caller.subject,
        delivered=task.version, known=task.version, cursor=cursor, state=task.state,
    )  # fmt: skip
    whole = config.whole or (given.known_version is not None and given.known_version < task.version)
    done = task.ended and not whole and (known is None or known.status == "done")
    changed = {"url": given.url, "protocol_version": given.protocol_version, "owner": call.caller.subject, "whole": whole}
    changed |= {"status": "done" if done else "active", **UNTRIED, **_sealed(given, config, call)}
    stored = config.model_copy(update=changed)
    return call.write(stored, "updated" if known else "created", taskId=task.id).shown()


async def get_push_config(given: GetPushConfig, call: Call) -> PushConfig:
    """Read how a task's notifications go: up to where they were delivered, what failed last, why it is disabled if it is."""
    return (await _need(given, call)).shown()


async def list_push_configs(given: ListPushConfigs, call: Call) -> PushConfigs:
    """List a task's push configurations, by id."""
    await call.need(Task, given.task_id)
    after = push_key(given.task_id, given.cursor) if given.cursor else ""
    configs = await call.unit.find(PushConfig, after, given.limit, task_id=given.task_id)
    more = configs[-1].id if len(configs) == given.limit else None
    return PushConfigs(push_configs=tuple(config.shown() for config in configs), next_cursor=more)


async def delete_push_config(given: DeletePushConfig, call: Call) -> DeletedPushConfig:
    """Send no more notifications of a task there. Deleting it again changes nothing."""
    task = await call.need(Task, given.task_id)
    config = await call.unit.get(PushConfig, push_key(task.id, given.push_config_id))
    if config is None:
        return DeletedPushConfig(deleted=False, id=given.push_config_id, deleted_count=0)
    call.unit.remove(config)
    call.emit(config, "deleted", taskId=task.id)
    return DeletedPushConfig(deleted=True, id=config.id, deleted_count=1)


async def resume_push_config(given: ResumePushConfig, call: Call) -> PushConfig:
    """Try the deliveries again at once that failed, also after the hub has given up. What was missed is told in order."""
    config = await _need(given, call)
    if not config.failures:
        return config.shown()
    stored = config.model_copy(update={"status": "active", **UNTRIED})
    return call.write(stored, "resumed", taskId=config.task_id).shown()


UNTRIED = {"failures": 0, "last_error": None, "next_at": None, "disabled_reason": None, "lease": None}
"""Also a delivery that is under way is begun again."""


async def _need(given: GetPushConfig | ResumePushConfig, call: Call) -> PushConfig:
    task = await call.need(Task, given.task_id)
    config = await call.unit.get(PushConfig, push_key(task.id, given.push_config_id))
    if config is None:
        raise NotFound("push config", given.push_config_id)
    return config


def _check_address(url: str, call: Call) -> None:
    parts = http_parts(url)
    if parts and (parts.username or parts.password):
        raise Invalid("url: it must hold no user or password. Give them as authentication, where they are kept as a secret.")
    try:
        expect_reachable(url if url.isprintable() else None, call, "https://client.example.com/notifications")
    except Forbidden as forbidden:  # the caller may do it, with another address
        raise Invalid(forbidden.message) from None


def _check_secrets(given: CreatePushConfig) -> None:
    authentication = given.authentication
    if authentication and not HEADER.fullmatch(authentication.scheme):
        raise Invalid("authentication.scheme: it is no name of a scheme. Bearer and Basic are such.")
    for name, secret in (("token", given.token), ("authentication.credentials", authentication and authentication.credentials)):
        if secret and not (secret.isascii() and secret.isprintable()):
            raise Invalid(f"{name}: it goes into a header, which takes printable ASCII characters only.")
        if secret == MASK:
            raise Invalid(f"{name}: this is what stands in the place of a secret. Give the secret itself.")


def _sealed(given: CreatePushConfig, config: PushConfig, call: Call) -> dict[str, object]:
    def seal(secret: str | None) -> str | None:
        return call.seal(secret, PushConfig, config.key) if secret else None

    said = given.authentication
    authentication = PushAuthentication(scheme=said.scheme, credentials=seal(said.credentials)) if said else None
    return {"token": seal(given.token), "authentication": authentication}


OPERATIONS = (
    Operation(create_push_config, "tasks.write", writes=True),
    Operation(get_push_config, "tasks.read"),
    Operation(list_push_configs, "tasks.read"),
    Operation(delete_push_config, "tasks.write", writes=True, destructive=True, repeatable=True),
    Operation(resume_push_config, "tasks.write", writes=True, repeatable=True),
)
