"""A hub with a provider whose program is there, and a worker that runs fake agents."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.app import Hub
from hub.ports import HubStore
from hub.work.sessions import Sessions
from hub.work.worker import Worker
from stores import vault
from stores.library import FileLibrary
from tests.core.programs import Folder, programs_in
from tests.editors.editor import Desk, Editor
from tests.editors.fake_agents import FakeHost


@pytest.fixture
def programs(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "bin")
    folder.add("opencode")
    return folder


@pytest.fixture
def hub(store: HubStore, programs: Folder) -> Hub:
    return Hub(store, vault=vault.ephemeral(), programs=programs_in(programs), library=FileLibrary([], []))


@pytest.fixture
async def host(hub: Hub) -> AsyncIterator[FakeHost]:
    """Runs the hub's sessions."""
    host = FakeHost()
    worker = Worker(hub, [], listeners=[Sessions(hub, host)])
    await worker.start()
    yield host
    await worker.aclose(2.0)


@pytest.fixture
async def desk(hub: Hub, host: FakeHost) -> AsyncIterator[Desk]:
    desk = Desk(hub)
    yield desk
    await desk.close()


@pytest.fixture
async def editor(desk: Desk) -> Editor:
    return await desk.editor()
