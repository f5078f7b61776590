"""What the tests of real agents share: a model that costs nothing, and each agent set up to ask it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from tests.agents.fake_model import FakeModel
from tests.agents.programs import AGENTS, RealAgent


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
async def model_url(model: FakeModel) -> AsyncIterator[str]:
    async with TestServer(model.app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's folder, which nobody has used yet."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest, model_url: str, home: Path) -> RealAgent:
    """Each of them."""
    return AGENTS[request.param](model_url, home)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an agent works."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"
