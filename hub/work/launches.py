"""How a provider's program is started."""

from collections.abc import Mapping

from hub.app import Hub
from hub.domain.errors import Refused
from hub.domain.providers import BUILT_IN, Provider
from hub.hosting import Launch
from hub.operations.base import secret_place
from hub.operations.outgoing import NO_PROGRAMS
from hub.operations.providers import effective, missing
from hub.ports import Find
from hub.programs import environment

NAMED = 20
"""Providers of the tenant's own that an error names."""


async def launch(hub: Hub, tenant: str, provider_id: str, environ: Mapping[str, str]) -> Launch:
    """`environ`: the hub's own, of which the program inherits what the provider names. Raises Refused, saying what to do: no such
    provider, no such program, or a hub that starts none."""
    provider = await effective(provider_id, lambda id_: hub.store.get(tenant, Provider, id_))
    if provider is None:
        raise Refused(f"There is no provider {provider_id[:120]!r}. There are {', '.join(await _known(hub, tenant))}.")
    if hub.reach != "all" or hub.programs is None:
        raise Refused(f"{NO_PROGRAMS}.")
    program = (await hub.programs.find([provider.command])).get(provider.command)
    if program is None:
        raise Refused(missing(provider))
    secrets = _opened(provider, hub, tenant)
    env = {**provider.presets, **environment(provider.env_names, secrets, environ)}
    return Launch(program.path, provider.args, env, [*secrets.values()], provider.mode)


async def _known(hub: Hub, tenant: str) -> list[str]:
    own = [Provider.model_validate_json(body).id for body in await hub.store.find(tenant, Find(Provider, limit=NAMED))]
    return sorted({*BUILT_IN, *own})


def _opened(provider: Provider, hub: Hub, tenant: str) -> dict[str, str]:
    if not provider.env:
        return {}
    if hub.vault is None:
        raise Refused(f"This hub was started without a vault, so it cannot open the secrets of the provider {provider.id!r}.")
    place = secret_place(tenant, Provider, provider.id)
    return {name: hub.vault.open(value, place) for name, value in provider.env.items()}
