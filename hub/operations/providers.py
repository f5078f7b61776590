"""Providers: programs that speak ACP, which the hub starts to work in a session."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refused
from hub.domain.providers import ALIASES, BUILT_IN, PROVIDER_ID, Provider, ProviderSource
from hub.domain.registry_entries import RegistryEntry, this_platform
from hub.domain.sessions import Session
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Name, Operation, Page, Result, Text, changes, expect_version
from hub.operations.outgoing import NO_PROGRAMS, Secrets, expect_variable, sealed
from hub.ports import Find, Program
from hub.settings import is_own

LAST_SESSIONS = 200
"""That are looked through for what an agent told."""
UNTOLD = "An agent tells its models when a session with it opens, and none has told any. Call start_session with this provider first."
ProviderStatus = Literal["available", "unavailable"]
Arguments = Annotated[tuple[Text, ...], Field(max_length=200)]
Names = Annotated[tuple[Name, ...], Field(max_length=100)]


class ListProviders(Page):
    check: bool = False
    """Tell their versions, too. They are found out meanwhile, so the next list may tell more of them."""


class GetProvider(Input):
    provider_id: Id


class CreateProvider(Mutation):
    id: Annotated[str, Field(pattern=f"^{PROVIDER_ID}$")] | None = None
    """A built-in provider's: this one replaces it, and what is left out is as there. Left out: the registry entry's."""
    name: Name | None = None
    description: Text | None = None
    command: Name | None = None
    """The program: its name on the hub's PATH, or its whole path. What it is given goes into args."""
    args: Arguments | None = None
    """Those that make it speak ACP on standard input and output."""
    env: Secrets | None = None
    """The program's environment variables; the values are kept as secrets."""
    env_names: Names | None = None
    """Variables of the hub's own environment that it inherits, like MY_API_KEY."""
    version_args: Arguments | None = None
    """With which it says its version, like --version. Left out: it is not asked."""
    mode: Name | None = None
    """The session mode to begin with, if the agent offers it."""
    registry_entry: RegistryEntry | None = None
    """An agent of the ACP registry's file, as it stands there, instead of a command."""


class UpdateProvider(Mutation):
    provider_id: Id
    name: Name | None = None
    description: Text | None = None
    command: Name | None = None
    args: Arguments | None = None
    env: Secrets | None = None
    """Replaces all of them. A value that was read back (••••) stays as it is."""
    env_names: Names | None = None
    version_args: Arguments | None = None
    mode: Name | None = None
    expected_version: int | None = None


class DeleteProvider(Mutation):
    provider_id: Id


class ListProviderModels(Input):
    provider: Id | None = None


class ProviderModels(Result):
    models: tuple[str, ...]
    error: str | None = None
    """Why there are none."""
    cached: bool
    """The agent was not asked now."""


class ListedProvider(Result):
    id: str
    name: str
    description: str | None = None
    command: str
    status: ProviderStatus
    source: ProviderSource
    unavailable_reason: str | None = None
    program_version: str | None = None


class Providers(Result):
    providers: tuple[ListedProvider, ...]
    has_more: bool
    next_cursor: str | None = None


class ProviderView(Provider):
    """A provider as it is now."""

    status: ProviderStatus
    unavailable_reason: str | None = None
    program_version: str | None = None


async def list_providers(given: ListProviders, call: Call) -> Providers:
    """List the programs that can work in a session, and whether they are installed where the hub runs."""
    stored = (await call.list(Provider, given)).records()
    own = {provider.id for provider in stored}
    built_in = [provider for id_, provider in BUILT_IN.items() if id_ > given.cursor and id_ not in own]
    several = sorted([*stored, *built_in], key=lambda provider: provider.id)
    page = several[: given.limit]
    found = await _found(page, call)
    more = len(several) > given.limit or len(stored) == given.limit
    return Providers(
        providers=tuple(_listed(provider, found.get(provider.command), given.check, call) for provider in page),
        has_more=more, next_cursor=page[-1].id if more else None,
    )  # fmt: skip


async def get_provider(given: GetProvider, call: Call) -> ProviderView:
    """Read how a provider is started, whether its program is installed, and in which version. Of a secret it tells only that it is set."""
    provider = await effective(given.provider_id, lambda id_: call.unit.get(Provider, id_))
    if provider is None:
        raise NotFound("provider", given.provider_id)
    program = (await _found([provider], call)).get(provider.command)
    args = provider.version_args
    version = await call.programs.version(program, args) if call.programs and program and args else None
    return ProviderView(**provider.shown().__dict__, **_state(provider, program, call), program_version=version)


async def create_provider(given: CreateProvider, call: Call) -> Provider:
    """Register a program that speaks ACP, by its command or by its entry in the ACP registry. Secret values are never shown again."""
    draft = _draft(given)
    if await call.unit.get(Provider, draft.id):
        raise Duplicate(f"There is a provider {draft.id!r} of your own already. Change it with update_provider, or take another id.")
    said = {name: value for name in Provider.model_fields if name != "id" and (value := getattr(given, name, None)) is not None}
    if draft.command != said.get("command", draft.command):
        said["install"] = None
    said["env"] = _sealed({**draft.env, **(given.env or {})}, {}, draft.id, call)
    provider = draft.model_copy(update=said)
    _check(provider, call)
    return call.create(provider).shown()


async def update_provider(given: UpdateProvider, call: Call) -> Provider:
    """Change how a provider of your own is started. Sessions that run stay as they are."""
    provider = await _own(given.provider_id, call)
    expect_version(provider, given.expected_version)
    changed = changes(given, Provider)
    if "command" in changed:
        changed["install"] = None
    if "env" in changed:
        changed["env"] = _sealed(changed["env"], provider.env, provider.id, call)
    _check(provider.model_copy(update=changed), call)
    return call.update(provider, **changed).shown()


async def delete_provider(given: DeleteProvider, call: Call) -> Deleted:
    """Forget a provider of your own and its secrets. A built-in one that it replaced is there again."""
    provider = await _own(given.provider_id, call)
    call.delete(provider)
    return Deleted(id=provider.id)


async def effective(id_: str, stored: Callable[[str], Awaitable[Provider | None]]) -> Provider | None:
    """The provider of this id or alias: one of the tenant's own before one that is built in."""
    meant = ALIASES.get(id_, id_)
    return await stored(id_) or (await stored(meant) if meant != id_ else None) or BUILT_IN.get(meant)


def missing(provider: Provider) -> str:
    """Why it cannot be started, and what to do."""
    step = f"To install: {provider.install}" if provider.install else "Install it, or give another command with update_provider."
    return f"There is no program {provider.command!r} that the hub can start. {step}"


def _draft(given: CreateProvider) -> Provider:
    """What the provider is made of, before what was said of it by name."""
    entry = given.registry_entry
    id_ = given.id or (entry.id if entry else None)
    if id_ is None:
        raise Invalid("id: give one, like my-agent, or a registryEntry, which has one.")
    if entry:
        start = entry.start(this_platform())
        return Provider(
            id=id_, name=entry.name, description=entry.description, **start._asdict(), homepage=entry.website or entry.repository,
            source="registry",
        )  # fmt: skip
    if id_ in BUILT_IN:
        return BUILT_IN[id_].model_copy(update={"source": "custom"})
    if given.command is None:
        raise Invalid("command: give the program to start, or a registryEntry; what the program is given goes into args.")
    return Provider(id=id_, name=id_, command=given.command)


def _check(provider: Provider, call: Call) -> None:
    """It can be started as it says, and this hub starts programs."""
    if call.reach != "all":
        raise Forbidden(f"{NO_PROGRAMS}.")
    command, whole = provider.command, os.path.isabs(provider.command)
    if not command.isprintable() or (not whole and " " in command):
        raise Invalid(f"command: {command[:80]!r} is no program's name. Arguments go into args, each for itself.")
    if not whole and os.path.dirname(command):
        raise Invalid(f"command: {command[:80]!r} is neither a program's name, which is looked for on the hub's PATH, nor its whole path.")
    if any("\0" in text for text in (*provider.args, *provider.version_args)):
        raise Invalid("args: they hold a NUL, which no program can be given.")
    for name in provider.env_names:
        expect_variable("envNames", name)
        if is_own(name):
            raise Invalid(f"envNames: {name!r} is the hub's alone. Give the program a value of its own with env.")


def _sealed(given: Mapping[str, str], stored: Mapping[str, str], id_: str, call: Call) -> dict[str, str]:
    for name, value in given.items():
        expect_variable("env", name)
        if "\0" in value:
            raise Invalid(f"env.{name[:80]}: it holds a NUL, which no variable can.")
    return sealed("env", given, stored, (Provider, id_), call)


async def _own(id_: str, call: Call) -> Provider:
    """Raises NotFound, and Refused for one that is built in."""
    provider = await effective(id_, lambda key: call.unit.get(Provider, key))
    if provider is None:
        raise NotFound("provider", id_)
    if provider.source == "static":
        raise Refused(f"The provider {provider.id!r} is built in and stays as it is. create_provider with the same id replaces it.")
    return provider


async def _found(providers: list[Provider], call: Call) -> Mapping[str, Program]:
    """Their programs, by command; none where no programs are started."""
    if call.programs is None or call.reach != "all":
        return {}
    return await call.programs.find({provider.command for provider in providers})


def _state(provider: Provider, program: Program | None, call: Call) -> dict[str, Any]:
    if program:
        return {"status": "available"}
    return {"status": "unavailable", "unavailable_reason": missing(provider) if call.reach == "all" else f"{NO_PROGRAMS}."}


def _models(session: Session) -> list[str]:
    """Of the config option that chooses the model, whose values may stand in groups."""
    found: list[str] = []
    for option in session.config_options or ():
        choices = option.get("options") if option.get("category") == "model" else None
        waiting: list[Any] = list(choices) if isinstance(choices, list) else []
        for one in waiting:
            if isinstance(one, dict):
                waiting += one["options"] if isinstance(one.get("options"), list) else ()
                found += [one["value"]] if isinstance(one.get("value"), str) else ()
    return found


def _listed(provider: Provider, program: Program | None, check: bool, call: Call) -> ListedProvider:
    args = provider.version_args if check else ()
    version = call.programs.known_version(program, args) if call.programs and program and args else None
    return ListedProvider(
        id=provider.id, name=provider.name, description=provider.description, command=provider.command, source=provider.source,
        **_state(provider, program, call), program_version=version,
    )  # fmt: skip


async def list_provider_models(given: ListProviderModels, call: Call) -> ProviderModels:
    """List the models that a provider's agent offers, as it told in its last session. Without a provider: those of all."""
    named = ALIASES.get(given.provider, given.provider) if given.provider else None
    [bodies] = (await call.unit.look(Find(Session, limit=LAST_SESSIONS, last=True))).found
    models: dict[str, None] = {}
    told: set[str] = set()
    for session in (Session.model_validate_json(body) for body in reversed(bodies)):
        if session.provider not in told and named in (None, ALIASES.get(session.provider, session.provider)):
            offered = _models(session)
            told |= {session.provider} if offered else set()
            models |= dict.fromkeys(offered)
    return ProviderModels(models=tuple(models), cached=True, error=None if models else UNTOLD)


OPERATIONS = (
    Operation(list_providers, "providers.read"),
    Operation(get_provider, "providers.read"),
    Operation(list_provider_models, "providers.read"),
    Operation(create_provider, "providers.write", writes=True),
    Operation(update_provider, "providers.write", writes=True, repeatable=True),
    Operation(delete_provider, "providers.write", writes=True, destructive=True, repeatable=True),
)
