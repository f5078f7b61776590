"""Skills: whose are shown to whom."""

from pathlib import Path

import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Invalid, NotFound
from hub.ports import Json
from stores.library import FileLibrary
from stores.memory import MemoryStore
from tests.core.support import ask, refusal


def write(folder: Path, name: str, content: str, head: str = "") -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: About {name}.\n{head}---\n{content}\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "skills"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project with a skill of its own, and one that its user has, too."""
    made = tmp_path / "project"
    write(made / ".agents" / "skills", "release", "Release it.")
    write(made / ".claude" / "skills", "tidy", "The project's.")
    return made


@pytest.fixture
def hub(folder: Path) -> Hub:
    write(folder, "tidy", "The user's.", "license: MIT\nmetadata:\n  short-description: Tidies\n  version: 1.0\n")
    return Hub(MemoryStore(), library=FileLibrary([], [folder]))


async def names(hub: Hub, caller: Caller = LOCAL, **arguments: str | bool) -> list[str]:
    return [skill["name"] for skill in (await ask(hub, "list_skills", caller, **arguments))["skills"]]


async def test_a_list_tells_what_skills_are_for_and_one_is_read_whole(hub: Hub) -> None:
    entry = {"name": "tidy", "description": "About tidy.", "shortDescription": "Tidies", "license": "MIT"}
    assert await ask(hub, "list_skills") == {"skills": [entry]}
    whole = {**entry, "metadata": {"short-description": "Tidies", "version": "1.0"}, "content": "The user's."}
    assert await ask(hub, "get_skill", name="tidy") == whole
    assert isinstance(await refusal(ask(hub, "get_skill", name="untidy")), NotFound)


async def test_a_repositorys_skills_come_behind_the_users(hub: Hub, repository: Path) -> None:
    assert await names(hub, repository=str(repository)) == ["release", "tidy"]
    assert await names(hub) == ["tidy"]
    found: list[Json] = [await ask(hub, "get_skill", name=name, repository=str(repository)) for name in ("release", "tidy")]
    assert [one["content"] for one in found] == ["Release it.", "The user's."]


@pytest.mark.parametrize("path", ["relative", "/no/such/folder", "/etc/hostname", "~", "x" * 400])
async def test_a_repository_that_is_no_folder_is_refused(hub: Hub, path: str) -> None:
    assert isinstance(await refusal(ask(hub, "list_skills", repository=path)), Invalid)


async def test_other_tenants_and_callers_from_elsewhere_look_into_no_folder(hub: Hub, repository: Path, folder: Path) -> None:
    other = Caller(tenant="other")
    assert await names(hub, other) == []
    assert isinstance(await refusal(ask(hub, "get_skill", other, name="tidy")), NotFound)
    assert isinstance(await refusal(ask(hub, "list_skills", other, repository=str(repository))), Forbidden)
    reached = Hub(MemoryStore(), reach="public", library=FileLibrary([], [folder]))
    assert await names(reached) == ["tidy"]
    assert isinstance(await refusal(ask(reached, "get_skill", name="release", repository=str(repository))), Forbidden)


async def test_a_hub_without_a_library_has_none() -> None:
    assert await ask(Hub(MemoryStore()), "list_skills") == {"skills": []}
