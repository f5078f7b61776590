"""Hubs behind their HTTP doors, in this process."""

import atexit
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import uuid4

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from hub.addresses import Reach
from hub.app import Hub
from hub.domain.model import utc_now
from hub.ports import Clock, HubStore
from hub.programs import PathPrograms
from hub.settings import Settings
from hub.upstreams import Upstreams
from protocols.agent_registry import PublicRegistry
from protocols.asking import Asking
from protocols.github import GitHubApi
from protocols.http import application
from protocols.skills_sh import SkillsSh
from stores import vault
from stores.library import FileLibrary
from stores.memory import MemoryStore
from tests.postgres import Server
from tests.protocols.github import fake_github
from tests.repositories import repositories

Http = TestClient[Request, Application]
NewDatabase = Callable[[str], Awaitable[str]]

NOBODY = "http://127.0.0.1:9"
SETTINGS = Settings(database="memory:")
LIBRARY = Path(__file__).parents[1] / "library"
"""A specialist, a skill, and one of each that is broken."""


def upstreams() -> Upstreams:
    """A copy of the ACP registry, and what stands for GitHub."""
    return asking_at(os.environ["TRIVIUM_GITHUB_API"], registry=str(LIBRARY / "registry.json"))


def asking_at(github: str, reach: Reach = "all", registry: str = "registry.json") -> Upstreams:
    """The catalogue of skills is at the same address as GitHub."""
    return Upstreams(
        PublicRegistry(registry, reach), GitHubApi(Asking("GitHub", github, reach)), SkillsSh(Asking("skills.sh", github, reach))
    )


def library(installed: Path | None = None) -> FileLibrary:
    """`installed`: where it puts skills, unless that may be the folder of all in this process."""
    return FileLibrary([LIBRARY / "specialists"], [installed or installed_skills(), LIBRARY / "skills"])


@cache
def installed_skills() -> Path:
    """A folder for those that are installed, there until the process ends."""
    made = Path(mkdtemp(prefix="skills-"))
    atexit.register(rmtree, made, ignore_errors=True)
    return made


def furnished(store: HubStore) -> Hub:
    """With all that a hub may ask outside of its store."""
    return Hub(
        store, vault=vault.ephemeral(), programs=PathPrograms(os.environ), library=library(), repositories=repositories(),
        upstreams=upstreams(),
    )  # fmt: skip


@asynccontextmanager
async def serving(hub: Hub, settings: Settings = SETTINGS, clock: Clock = utc_now, port: int = 0) -> AsyncIterator[Http]:
    """As `trivium serve` does it, on a free port unless one is named."""
    server = TestServer(application(hub, settings, clock), port=port)
    await server.start_server(shutdown_timeout=2.0, auto_decompress=False)
    async with TestClient(server) as http:
        yield http


@pytest.fixture(scope="session", autouse=True)
def github() -> Iterator[str]:
    """The address of what stands for GitHub, also for hubs that read the settings themselves."""
    with fake_github() as url, pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRIVIUM_GITHUB_API", url)
        patched.setenv("TRIVIUM_SKILLS_CATALOG", url)
        yield url


@pytest.fixture
def hub(github: str) -> Hub:
    """On a memory store: what a door does with an answer is the same on all of them."""
    return furnished(MemoryStore())


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Makes the `--db` of an empty store of a kind, as many as are wanted."""

    async def make(store_kind: str) -> str:
        name = f"hub_{uuid4().hex}"
        if store_kind == "memory":
            return "memory:"
        if store_kind == "sqlite":
            return f"sqlite:{tmp_path / name}.db"
        server: Server = request.getfixturevalue("postgres_server")
        connection = await asyncpg.connect(server.url)
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return f"{server.url.rpartition('/')[0]}/{name}"

    return make
