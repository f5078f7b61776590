"""The ACP registry: agents that can be had, and what this machine needs for them."""

from typing import Literal

from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.model import Value
from hub.domain.providers import ALIASES, BUILT_IN, Provider
from hub.domain.registry_entries import Distribution, RegistryEntry, this_platform
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Operation, Result
from hub.operations.providers import CreateProvider, DeleteProvider, create_provider, delete_provider, effective, missing
from hub.ports import Program

DistributionType = Literal["npx", "uvx", "binary"]
Runtime = Literal["npx", "uvx"]
RUNTIMES: dict[Runtime, str] = {"npx": "Node.js: https://nodejs.org", "uvx": "uv: https://docs.astral.sh/uv/"}
VERSION = ("--version",)


class ListRegistryAgents(Input):
    refresh: bool = False
    """Ask the registry again, though it was asked within the hour."""


class GetRegistryAgent(Input):
    agent_id: Id


class InstallAgent(Mutation):
    agent_id: Id
    distribution_type: DistributionType | None = None
    """Which of its distributions; left out: npx or uvx before an archive that is unpacked by hand."""


class UninstallAgent(Mutation):
    agent_id: Id


class GetRuntimes(Input):
    pass


class CheckRuntime(Input):
    runtime: Runtime


class WarmUpProvider(Input):
    agent_id: Id


class GetWarmups(Input):
    agent_id: Id | None = None


class RegistryAgent(Result):
    agent: RegistryEntry
    available: bool
    """It can be started now: its program, or what fetches it, is on this machine."""
    installed: bool
    """The hub has a provider of it."""
    uninstallable: bool
    """That provider is not built in."""
    distribution_types: tuple[DistributionType, ...]


class RuntimeAvailability(Value):
    npx: bool
    uvx: bool


class RegistryAgents(Result):
    agents: tuple[RegistryAgent, ...]
    platform: str
    runtime_availability: RuntimeAvailability
    version: str
    problem: str | None = None
    """Why the registry could not be asked just now."""


class InstalledAgent(Result):
    success: bool = True
    agent_id: str
    distribution_type: DistributionType
    installed_path: str
    """The program that starts it."""
    message: str


class RuntimeView(Result):
    runtime: Runtime
    available: bool
    version: str | None = None
    message: str


class Runtimes(Result):
    platform: str
    runtimes: tuple[RuntimeView, ...]


class WarmedUp(Result):
    agent_id: str
    started: bool
    message: str


class Warmup(Value):
    agent_id: str
    state: Literal["warm", "cold", "unavailable"]
    """warm: its program was started once, and said its version."""
    message: str | None = None


class Warmups(Result):
    statuses: tuple[Warmup, ...]


async def list_registry_agents(given: ListRegistryAgents, call: Call) -> RegistryAgents:
    """List the agents of the public ACP registry, and which of them this hub can run. install_agent makes one a provider."""
    known = await call.elsewhere().registry.entries(given.refresh)
    found = await _programs({*RUNTIMES}, call)
    runtimes = RuntimeAvailability(npx="npx" in found, uvx="uvx" in found)
    agents = [await _agent(entry, call) for entry in known.entries]
    return RegistryAgents(
        agents=tuple(agents), platform=this_platform(), runtime_availability=runtimes, version=known.version, problem=known.problem
    )


async def get_registry_agent(given: GetRegistryAgent, call: Call) -> RegistryAgent:
    """Read one agent of the public ACP registry."""
    return await _agent(await _entry(given.agent_id, call), call)


async def install_agent(given: InstallAgent, call: Call) -> InstalledAgent:
    """Make an agent of the public ACP registry a provider, so that start_session can run it. npx and uvx fetch it at its first start."""
    entry = await _entry(given.agent_id, call)
    kind = given.distribution_type or next(iter(_types(entry)), None)
    if kind is None or kind not in _types(entry):
        there = ", ".join(_types(entry)) or "none"
        raise Invalid(f"distributionType: {entry.id} has none of that for {this_platform()}. It has: {there}.")
    chosen = entry.model_copy(update={"distribution": Distribution(**{kind: getattr(entry.distribution, kind)})})
    provider = await create_provider(CreateProvider(registry_entry=chosen), call)
    program = (await _programs({provider.command}, call)).get(provider.command)
    return InstalledAgent(
        agent_id=provider.id, distribution_type=kind, installed_path=program.path if program else provider.command,
        message=f"{provider.name} is a provider now." + ("" if program else f" {missing(provider)}"),
    )  # fmt: skip


async def uninstall_agent(given: UninstallAgent, call: Call) -> Deleted:
    """Forget the provider that install_agent made. What npx or uvx have fetched stays in their caches."""
    return await delete_provider(DeleteProvider(provider_id=given.agent_id), call)


async def get_runtimes(given: GetRuntimes, call: Call) -> Runtimes:
    """Tell which programs that fetch agents are on this machine."""
    found = await _programs({*RUNTIMES}, call)
    views = [await _runtime(runtime, found.get(runtime), call) for runtime in RUNTIMES]
    return Runtimes(platform=this_platform(), runtimes=tuple(views))


async def check_runtime(given: CheckRuntime, call: Call) -> RuntimeView:
    """Look whether a program that fetches agents is there. The hub installs none: when it is missing, the answer says where to get it."""
    return await _runtime(given.runtime, (await _programs({given.runtime}, call)).get(given.runtime), call)


async def warm_up_provider(given: WarmUpProvider, call: Call) -> WarmedUp:
    """Start a provider's program once beforehand, so that its first session opens sooner. It goes on by itself; get_warmups tells."""
    provider, program = await _program_of(given.agent_id, call)
    if program is None or call.programs is None:
        return WarmedUp(agent_id=given.agent_id, started=False, message=missing(provider))
    call.programs.known_version(program, provider.version_args or VERSION)
    return WarmedUp(agent_id=given.agent_id, started=True, message=f"{provider.name} is being started once.")


async def get_warmups(given: GetWarmups, call: Call) -> Warmups:
    """Tell which providers' programs were started once already."""
    ids = [given.agent_id] if given.agent_id else [*BUILT_IN]
    return Warmups(statuses=tuple([await _warmup(id_, call) for id_ in ids]))


async def _warmup(id_: str, call: Call) -> Warmup:
    provider, program = await _program_of(id_, call)
    if program is None or call.programs is None:
        return Warmup(agent_id=id_, state="unavailable", message=missing(provider))
    version = call.programs.known_version(program, provider.version_args) if provider.version_args else None
    return Warmup(agent_id=id_, state="warm" if version else "cold")


async def _entry(id_: str, call: Call) -> RegistryEntry:
    known = await call.elsewhere().registry.entries()
    found = next((entry for entry in known.entries if entry.id == id_), None)
    if found is None:
        if known.problem and not known.entries:
            raise Refused(f"The agent is not known here: {known.problem} Try again, or register it with create_provider.")
        raise NotFound("agent of the ACP registry", id_)
    return found


async def _agent(entry: RegistryEntry, call: Call) -> RegistryAgent:
    own = await call.unit.get(Provider, entry.id)
    built_in = BUILT_IN.get(ALIASES.get(entry.id, entry.id))
    types = _types(entry)
    commands = {built_in.command} if built_in else set()
    commands |= {own.command} if own else {kind for kind in types if kind != "binary"}
    found = await _programs(commands, call)
    return RegistryAgent(
        agent=entry, available=bool(found), installed=own is not None or built_in is not None, uninstallable=own is not None,
        distribution_types=types,
    )  # fmt: skip


def _types(entry: RegistryEntry) -> tuple[DistributionType, ...]:
    """Those that there are for this machine."""
    ways = entry.distribution
    packages: dict[DistributionType, bool] = {"npx": ways.npx is not None, "uvx": ways.uvx is not None}
    return tuple(kind for kind, there in (packages | {"binary": this_platform() in ways.binary}).items() if there)


async def _program_of(id_: str, call: Call) -> tuple[Provider, Program | None]:
    provider = await effective(id_, lambda key: call.unit.get(Provider, key))
    if provider is None:
        raise NotFound("provider", id_)
    return provider, (await _programs({provider.command}, call)).get(provider.command)


async def _runtime(runtime: Runtime, program: Program | None, call: Call) -> RuntimeView:
    if program is None or call.programs is None:
        lacking = f"There is no {runtime} on the hub's PATH. It comes with {RUNTIMES[runtime]}"
        return RuntimeView(runtime=runtime, available=False, message=lacking)
    version = await call.programs.version(program, VERSION)
    return RuntimeView(runtime=runtime, available=True, version=version, message=f"{runtime} is there.")


async def _programs(commands: set[str], call: Call) -> dict[str, Program]:
    """None where no programs are started."""
    if call.programs is None or call.reach != "all":
        return {}
    return dict(await call.programs.find(commands))


OPERATIONS = (
    Operation(list_registry_agents, "providers.read"),
    Operation(get_registry_agent, "providers.read"),
    Operation(install_agent, "providers.write", writes=True),
    Operation(uninstall_agent, "providers.write", writes=True, destructive=True, repeatable=True),
    Operation(get_runtimes, "providers.read"),
    Operation(check_runtime, "providers.read"),
    Operation(warm_up_provider, "providers.read"),
    Operation(get_warmups, "providers.read"),
)
