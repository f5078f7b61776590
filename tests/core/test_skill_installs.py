"""Installing skills: by whom, out of what, and what is told of those that are not."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused
from hub.ports import HubStore
from hub.work import worker as working
from stores.library import FileLibrary
from stores.memory import MemoryStore
from tests.core.support import ask, on_memory, refusal
from tests.core.test_clones import cloning
from tests.core.test_skill_archives import HEAD, zipped
from tests.core.test_skills import names, write
from tests.git_servers import GitServer, serving_git
from tests.protocols.steps.skills import ARCHIVE
from tests.repositories import Tree, new_tree, repositories


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "skills"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    write(made / ".agents" / "skills", "release", "Release it.")
    write(made / ".claude" / "skills", "tidy", "The project's.")
    return made


def hub_of(store: HubStore, folder: Path) -> Hub:
    return Hub(store, library=FileLibrary([], [folder]), repositories=repositories(folder.parent / "data" / "sessions"))


@pytest.fixture
def hub(folder: Path) -> Hub:
    return hub_of(MemoryStore(), folder)


async def test_an_archive_becomes_a_skill_that_agents_read(hub: Hub, folder: Path) -> None:
    made = await ask(hub, "install_skill_archive", archive=ARCHIVE)
    assert made == {"success": True, "installed": ["tidy"], "errors": [], "dest": str(folder), "message": "Installed: tidy."}
    assert (await ask(hub, "get_skill", name="tidy"))["shortDescription"] == "Tidy up"
    again = await refusal(ask(hub, "install_skill_archive", archive=ARCHIVE))
    assert isinstance(again, Refused)
    assert "replace=true" in again.message


async def test_all_skills_of_a_folder_are_taken_or_those_that_are_named(hub: Hub, project: Path) -> None:
    assert await names(hub, repository=str(project), own=False) == ["release", "tidy"]
    one = await ask(hub, "import_skills", repository=str(project), names=["release", "nothing"])
    assert (one["success"], one["installed"]) == (True, ["release"])
    assert [line.partition(":")[0] for line in one["errors"]] == ["nothing"]
    rest = await ask(hub, "import_skills", repository=str(project))
    assert (rest["installed"], [line.partition(":")[0] for line in rest["errors"]]) == (["tidy"], ["release"])
    assert await names(hub) == ["release", "tidy"]
    none = await ask(hub, "import_skills", repository=str(project.parent))
    assert (none["success"], none["message"]) == (False, "No skill was installed.")


async def test_skills_are_the_operators_to_install(hub: Hub, folder: Path, project: Path) -> None:
    """They tell agents what to do, so the wide grants do not open it, and no other tenant's callers may."""
    for caller in (Caller(grants=frozenset({READ, WRITE})), Caller(tenant="other")):
        for operation, given in (
            ("install_skill_archive", {"archive": ARCHIVE}), ("import_skills", {"repository": str(project)}),
            ("clone_skills", {"url": "ada/skills"}), ("install_skills", {"type": "github", "skills": ["tidy"]}),
        ):  # fmt: skip
            assert isinstance(await refusal(ask(hub, operation, caller, **given)), Forbidden)
    assert await ask(hub, "list_clones", Caller(tenant="other")) == {"repos": []}
    named = Caller(grants=frozenset({"skills.write"}))
    assert (await ask(hub, "install_skill_archive", named, archive=ARCHIVE))["success"] is True
    reached = Hub(MemoryStore(), reach="public", library=FileLibrary([], [folder]))
    assert isinstance(await refusal(ask(reached, "import_skills", repository=str(project))), Forbidden)


async def test_a_hub_without_a_folder_for_skills_says_what_its_operator_can_do(project: Path) -> None:
    for hub in (Hub(MemoryStore()), Hub(MemoryStore(), library=FileLibrary([], []))):
        refused = await refusal(ask(hub, "import_skills", repository=str(project)))
        assert isinstance(refused, Refused)
        assert "TRIVIUM_SKILLS" in refused.message


@pytest.mark.parametrize("archive", ["?", b64encode(b"no archive").decode(), b64encode(zipped(("README.md", HEAD))).decode()])
async def test_what_is_no_archive_of_a_skill_is_refused(hub: Hub, folder: Path, archive: str) -> None:
    assert isinstance(await refusal(ask(hub, "install_skill_archive", archive=archive)), Invalid)
    assert not folder.exists()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    served = tmp_path / "served"
    tree = new_tree(served / "ada" / "skills")
    write(tree.path / "skills", "tidy", "Tidy.")
    write(tree.path / "skills", "Untidy", "No name of a skill.")
    tree.commit("Skills")
    new_tree(served / "ada" / "empty").commit("Nothing")
    async with serving_git(served) as serving:
        yield serving


@pytest.fixture
def cloner(store: HubStore, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Its workers look at the log at once."""
    monkeypatch.setattr(working, "IDLE", 0.01)
    return hub_of(store, folder)


@on_memory
async def test_the_skills_of_a_repository_are_cloned_and_cloning_again_brings_them_up_to_date(
    cloner: Hub, server: GitServer, tmp_path: Path
) -> None:
    url, served = f"{server.url}/ada/skills", tmp_path / "served" / "ada" / "skills"
    async with cloning(cloner):
        made = await ask(cloner, "clone_skills", url=url, timeoutSeconds=15)
        assert (made["success"], made["imported"], made["count"], made["source"]) == (True, ["tidy"], 1, "ada/skills")
        assert Path(made["repoPath"]).is_dir()
        write(served / "skills", "tidier", "Tidier.")
        Tree(served).commit("Another one")
        again = await ask(cloner, "clone_skills", url=url, timeoutSeconds=15)
    assert again["imported"] == ["tidier", "tidy"]
    assert await names(cloner) == ["tidier", "tidy"]


@on_memory
async def test_a_repository_without_skills_and_a_clone_that_goes_on_are_told_of(cloner: Hub, server: GitServer) -> None:
    async with cloning(cloner):
        none = await refusal(ask(cloner, "clone_skills", url=f"{server.url}/ada/empty", timeoutSeconds=15))
        assert isinstance(none, NotFound)
        server.pause()
        going_on = await ask(cloner, "clone_skills", url=f"{server.url}/ada/skills")
        assert (going_on["success"], going_on["imported"], going_on["repoPath"]) == (False, [], "")
        assert "clone_skills again" in going_on["error"]
        server.flowing.set()
