"""The composition root: Settings -> store, hub, doors, server. The only module that knows all names."""

import asyncio
import errno
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from hub.access import LOCAL, Caller
from hub.addresses import DOORS, HEALTH, base_url
from hub.app import Hub
from hub.databases import SettingsError, driver_of, key_path, sqlite_path
from hub.domain import KINDS
from hub.domain.errors import Unauthenticated
from hub.ports import HubStore, Library, Vault
from hub.programs import PathPrograms
from hub.repositories import Repositories
from hub.settings import Settings
from hub.upstreams import Upstreams
from hub.version import VERSION
from hub.workers import tools_over_http, tools_over_stdio, workers_of

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

    from hub.work.functions import Function
    from hub.work.tenants import Workers
    from protocols.a2a.grpc import Port

log = logging.getLogger("hub")

GARBAGE = 20_000
"""New objects after which cycles among them are looked for."""

T = TypeVar("T")
Started = dict[str, Any]
"""What whoever started the hub needs to know: url, pid, version, database (without its password), doors."""


class StartError(Exception):
    """The hub cannot listen. One line, with the next step."""


async def open_store(settings: Settings) -> HubStore:
    """Raises Unavailable with the next step. Only the driver that is needed is imported."""
    match driver_of(settings.database):
        case "memory":
            from stores.memory import MemoryStore

            return MemoryStore()
        case "sqlite":
            from stores.sqlite import SqliteStore

            path = sqlite_path(settings.database)
            with suppress(OSError):  # the store says better what is wrong
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not path.exists():  # what SQLite makes beside it has the mode that it has
                    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            return await SqliteStore.open(path, KINDS, settings.durability)
        case "postgres":
            from stores.postgres import PostgresStore

            return await PostgresStore.open(settings.database, KINDS)


def hub_on(store: HubStore, settings: Settings) -> Hub:
    return Hub(
        store, vault=_vault(settings), reach=settings.reach, programs=PathPrograms(settings.environment), library=_library(settings),
        repositories=_repositories(settings), upstreams=_upstreams(settings),
    )  # fmt: skip


def _vault(settings: Settings) -> Vault:
    """Its key is looked for when the first secret is kept or used."""
    from stores import vault

    if settings.secret_key:
        return vault.of_texts(*settings.secret_key)
    if path := key_path(settings.database):
        return vault.of_file(path)
    return vault.ephemeral() if driver_of(settings.database) == "memory" else vault.of_texts()


def _library(settings: Settings) -> Library:
    """Nothing is read before somebody asks."""
    from stores.library import FileLibrary

    return FileLibrary(settings.specialists, settings.skills)


def _repositories(settings: Settings) -> Repositories:
    from stores.git.repositories import GitRepositories

    return GitRepositories(settings.environment, settings.folders, settings.session_folder)


def _upstreams(settings: Settings) -> Upstreams:
    from protocols.agent_registry import PublicRegistry
    from protocols.asking import Asking
    from protocols.github import GitHubApi
    from protocols.skills_sh import SkillsSh

    github = GitHubApi(Asking("GitHub", settings.github_api, settings.reach))
    skills = SkillsSh(Asking("skills.sh", settings.skills_catalog, settings.reach))
    return Upstreams(PublicRegistry(settings.agent_registry, settings.reach), github, skills, settings.github_token or None)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[HubStore]:
    store = await open_store(settings)
    try:
        yield store
    finally:
        await store.close()


async def serve(settings: Settings, ready: Callable[[Started], None], agents: "Mapping[str, Function] | None" = None) -> None:
    """Serve every HTTP door until SIGTERM or SIGINT, then finish what was begun. Raises StartError, Unavailable.

    `ready` is called once the hub answers. `agents` are functions to be run as agents, beside those that the settings name.
    """
    stop = _stop_signal()
    functions = {**_functions(settings), **(agents or {})}
    store = await open_store(settings)
    try:
        hub, url = hub_on(store, settings), ""
        workers = await workers_of(hub, settings, functions, lambda token: tools_over_http(url, token))
        runner, port = await _listen(hub, settings)
        url = _address(settings, runner)
        await workers.start()
        _settle_memory()
        ready(_started(settings, runner, port))
        async with _pushing(hub):
            await stop.wait()
        log.info("stopping: finishing what was begun, for at most %g seconds; a second signal stops at once", settings.shutdown_seconds)
    except BaseException:
        await store.close()
        raise
    await _drain(runner, port, workers, store, settings.shutdown_seconds)


async def stdio(settings: Settings, profile: str) -> None:
    """Serve MCP on standard input and output until the client closes it or a signal comes."""
    from protocols.mcp import stdio as door
    from protocols.processes import end_processes

    stop = _stop_signal()
    async with opened(settings) as store:
        hub = hub_on(store, settings)
        caller = await _caller(hub, settings.token)
        serving = asyncio.ensure_future(door.serve(hub, caller.profile or profile, caller))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
    if not serving.done():
        end_processes()
        os._exit(0)  # a thread waits for the client's next line, and nothing can end that
    await serving


async def acp(settings: Settings, agent: str | None, workspace_id: str | None) -> None:
    """Serve an editor over ACP on standard input and output until it closes them or a signal comes; the agents run in this process, or
    in a `trivium serve` beside it. Raises StartError."""
    from protocols.acp import stdio as door
    from protocols.acp.agent import Start

    stop = _stop_signal()
    async with opened(settings) as store:
        hub = hub_on(store, settings)
        caller = await _caller(hub, settings.token)
        workers = await workers_of(hub, settings, _functions(settings), partial(tools_over_stdio, settings))
        await workers.start()
        serving = asyncio.ensure_future(door.serve(hub, caller, Start(agent, workspace_id)))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        for one in (serving, stopping):
            one.cancel()
        ended, _ = await asyncio.gather(serving, stopping, return_exceptions=True)
        await workers.aclose(settings.shutdown_seconds * 0.3)
    if isinstance(ended, door.NoPipe):
        raise StartError(str(ended))
    if isinstance(ended, Exception):
        raise ended


async def _caller(hub: Hub, token: str) -> Caller:
    """Whose calls come over standard input: those of the token's subject, if there is one. Raises StartError."""
    if not token:
        return LOCAL
    from protocols.identity import caller_of_token

    try:
        return await caller_of_token(hub, token)
    except Unauthenticated:
        raise StartError(
            "TRIVIUM_TOKEN: this is no token of this hub, or it is revoked or expired. `trivium tokens create --name NAME` makes one; "
            "without any you are the person at this machine."
        ) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    """On uvloop where there is one."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def _settle_memory() -> None:
    """What was imported stays; a request makes hundreds of objects and leaves few in cycles: by default each is followed by a look."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)


def _functions(settings: Settings) -> "dict[str, Function]":
    """Raises StartError."""
    if not settings.agents:
        return {}
    from hub.work.functions import load

    try:
        return load(settings.agents)
    except SettingsError as error:
        raise StartError(str(error)) from error


@asynccontextmanager
async def _pushing(hub: Hub) -> AsyncIterator[None]:
    """What is due to receivers of push notifications is sent."""
    from hub.work.push import Pushes
    from protocols.a2a.push import HttpPushSender, PushWords

    async with HttpPushSender(hub.reach) as sender, Pushes(hub, sender, PushWords(hub)):
        yield


def _grpc(hub: Hub, settings: Settings) -> "Port | None":
    """The port of A2A over gRPC, bound; it answers when it is started. Raises StartError."""
    if settings.grpc_port is None:
        return None
    from protocols.http import oauth_of
    from protocols.identity import Credentials

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its core writes to standard error by itself
    try:
        from protocols.a2a.grpc import Port
    except ImportError:
        raise StartError("A2A over gRPC needs the extra `grpc`: pip install 'trivium-hub[grpc]'. Or leave --grpc-port out.") from None
    try:
        credentials = Credentials(hub, settings.auth_required, oauth_of(settings))
        return Port(hub, credentials, settings.host, settings.grpc_port, settings.max_body_bytes)
    except OSError:
        raise StartError(
            f"port {settings.grpc_port} of {settings.host} cannot be listened on: it is in use, or not this user's to take. "
            "`trivium serve --grpc-port 0` takes a free port."
        ) from None


async def _listen(hub: Hub, settings: Settings) -> "tuple[AppRunner, Port | None]":
    from aiohttp.web import AppRunner, TCPSite

    from protocols.http import application

    if settings.ui and not (settings.ui / "index.html").is_file():
        raise StartError(f"--ui: there is no index.html in {settings.ui}. Give the folder of a frontend's static export, like ./out.")
    port = _grpc(hub, settings)
    if port:
        settings = replace(settings, grpc_port=port.number)
    runner = AppRunner(
        application(hub, settings), handle_signals=False, handler_cancellation=True, auto_decompress=False, access_log=None,
        shutdown_timeout=settings.shutdown_seconds * 0.5,
    )  # fmt: skip
    await runner.setup()
    try:
        await TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        await runner.cleanup()
        raise StartError(_why_not(error, settings)) from None
    if port:
        await port.start(settings.public_url or _address(settings, runner), settings)
    return runner, port


def _why_not(error: OSError, settings: Settings) -> str:
    place = f"port {settings.port} of {settings.host}"
    match error.errno:
        case errno.EADDRINUSE:
            seen = f"{base_url(settings.host, settings.port)}{HEALTH}"
            return f"{place} is in use, maybe by another hub ({seen} tells). `trivium serve --port 0` takes a free port."
        case errno.EACCES | errno.EPERM:
            return f"{place} may not be listened on by this user. Take a port above 1023, like --port 3210."
        case _:
            known = error.errno is not None and error.errno > 0  # the loop's own text says more than once what it was
            why = os.strerror(error.errno or 0) if known else error.strerror or error
            return f"cannot listen on {place}: {why}. Give an address of this machine with --host, like 127.0.0.1."


def _address(settings: Settings, runner: "AppRunner") -> str:
    """With port 0 each address of a name has a port of its own: then it is the first address that is told."""
    bound, port = runner.addresses[0][:2]
    return base_url(settings.host if settings.port else bound, port)


def _started(settings: Settings, runner: "AppRunner", port: "Port | None") -> Started:
    url = _address(settings, runner)
    doors = {name: f"{url}{path}" for name, path in DOORS.items()}
    if port:
        doors["grpc"] = urlsplit(base_url(settings.host, port.number)).netloc
    return {"url": url, "pid": os.getpid(), "version": VERSION, "database": settings.shown_database, "doors": doors}


async def _drain(runner: "AppRunner", port: "Port | None", workers: "Workers", store: HubStore, seconds: float) -> None:
    """End the agents' turns and what waits for the log, stop accepting, end the streams, finish the requests, close the store."""
    try:
        async with asyncio.timeout(seconds):
            await workers.aclose(seconds * 0.3)
            store.silence()
            if port:
                await port.close(seconds * 0.2)
            await runner.cleanup()
            await store.close()
    except TimeoutError:
        log.warning("not everything was finished within %g seconds", seconds)


def _stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second one ends the process, which would wait for the store's threads otherwise."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stopped() -> None:
        stop.set()
        for name in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):
                loop.remove_signal_handler(name)
                signal.signal(name, signal.SIG_DFL)

    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stopped)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stopped))
    return stop
