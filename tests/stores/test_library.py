"""Definitions in files: what is taken, what is told of those that are none, and how often they are read."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.domain.errors import Busy
from hub.domain.specialists import Specialist
from hub.ports import Shelf
from stores import definitions, library
from stores.definitions import LARGEST
from stores.library import MOST, FileLibrary

BUNDLED = {"crafter", "developer", "gate", "routa"}
GOOD = "---\nname: Good\nrole: GATE\n---\nBe good.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "specialists"
    made.mkdir()
    return made


@pytest.fixture
def files(folder: Path) -> FileLibrary:
    return FileLibrary([folder], [])


def own(shelf: Shelf[Specialist]) -> dict[str, Specialist]:
    return {id_: one for id_, one in shelf.found.items() if one.source == "file"}


async def only(files: FileLibrary) -> Specialist:
    shelf = await files.specialists(own=True)
    assert shelf.problems == ()
    [one] = own(shelf).values()
    return one


async def told(files: FileLibrary) -> str:
    """The one problem. The others are there all the same, and it names no folder of this machine."""
    shelf = await files.specialists(own=True)
    assert shelf.found.keys() >= BUNDLED
    [problem] = shelf.problems
    assert "/tmp" not in problem
    return problem


async def test_markdown_with_front_matter_is_a_specialist(folder: Path, files: FileLibrary) -> None:
    (folder / "critic.md").write_text(
        "\ufeff---\r\nname: Critic\r\ndescription: \r\nrole: gate\r\nmodelTier: fast\r\nroleReminder: Be fair.\r\nlocale: en\r\n"
        "enabled: no\r\ndefaultProvider: opencode\r\nmodel: 5\r\n---\r\n\r\n# Critic\r\n\r\n---\r\nBe fair.\r\n"
    )
    one = await only(files)
    assert one.model_dump(exclude={"created_at", "updated_at"}, exclude_none=True) == {
        "id": "critic", "version": 0, "name": "Critic", "role": "GATE", "default_model_tier": "FAST", "role_reminder": "Be fair.",
        "system_prompt": "# Critic\n\n---\nBe fair.", "locale": "en", "enabled": False, "default_provider": "opencode", "model": "5",
        "source": "file",
    }  # fmt: skip
    assert one.created_at == one.updated_at > "2026"


async def test_yaml_alone_is_one_too_and_a_file_may_say_another_id(folder: Path, files: FileLibrary) -> None:
    (folder / "a.yaml").write_text("id: critic\nrole: GATE\nsystemPrompt: |\n  Be fair.\n  Be brief.\n")
    one = await only(files)
    assert (one.id, one.name, one.system_prompt) == ("critic", "a", "Be fair.\nBe brief.\n")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.md", "no front matter", "There is no front matter. It begins with ---, lines like `name: A name`, and --- again."),
        ("a.md", "---\nname: open", "There is no front matter."),
        ("a.md", "---\n- a list\n---\nx", "It names no fields."),
        ("a.md", "---\nname: A\nrole: a: b\n---\nx", "It is no YAML at line 3: mapping values are not allowed here."),
        ("a.md", "---\nname: A\nrole: GATE\n---\n", "systemPrompt: String should have at least 1 character"),
        ("a.md", "---\nname: A\n---\nx", "role: Field required"),
        ("a.md", "---\nname: A\nrole: KING\n---\nx", "role: Input should be 'ROUTA'"),
        ("a.md", "---\nrole: GATE\nkind: good\n---\nx", "kind: there is no such field. Allowed: id, name,"),
        ("a.md", "---\nrole: GATE\nworkspaceId: w\n---\nx", "workspaceId: what a file defines is there in every workspace."),
        ("a.md", "---\nid: ../a\nrole: GATE\n---\nx", "id: String should match"),
        ("a b.md", GOOD, "id: String should match"),
        ("a.md", "---\nrole: GATE\n---\n\0", "The input holds a NUL"),
        ("a.md", '---\nrole: GATE\nname: "\\0"\n---\nx', "The input holds a NUL"),
        ("a.md", '---\nrole: GATE\nname: "\\ud800"\n---\nx', "The input is not JSON"),
        ("a.yaml", "a: &a [x]\nb: *a\n", "aliases (*name) are not taken"),
        ("a.yaml", "a: &a [x, x]\nb: &b [*a, *a]\n<<: *b\n", "aliases (*name) are not taken"),
        ("a.yaml", "name: !!python/object/apply:os.getcwd []\nrole: GATE\nsystemPrompt: x\n", "name: Input should be a valid string"),
        ("a.yaml", "[" * 5_000, "It is no YAML"),
        ("a.yaml", "? {a: b}\n: c\n", "It is no YAML"),
        ("a.yaml", "a: b\n---\nc: d\n", "It is no YAML"),
        ("a.yaml", f"role: GATE\nsystemPrompt: {'x' * 64_000}", "longer than 64000 characters"),
        ("a.yaml", "", "It names no fields."),
    ],
)  # fmt: skip
async def test_a_file_that_is_none_is_told_of_with_the_reason(folder: Path, files: FileLibrary, name: str, text: str, problem: str) -> None:
    (folder / name).write_text(text)
    said = await told(files)
    assert said.startswith(f"specialists/{name}: ")
    assert problem in said


async def test_neither_size_nor_sort_of_a_file_stops_the_others(folder: Path, files: FileLibrary) -> None:
    (folder / "good.md").write_text(GOOD)
    with (folder / "large.md").open("wb") as file:
        file.truncate(10_000_000)
    (folder / "latin.md").write_bytes(GOOD.encode() + b"\xe9")
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    (folder / "notes.txt").write_text("not meant")
    (folder / ".hidden.md").write_text("not meant")
    shelf = await files.specialists(own=True)
    assert own(shelf).keys() == {"good"}
    assert shelf.problems == (
        "specialists/folder.md: It is no file.", f"specialists/large.md: It is larger than {LARGEST} bytes.",
        "specialists/latin.md: It is not UTF-8.", "specialists/pipe.md: It is no file.",
    )  # fmt: skip


async def test_a_link_may_lead_to_a_file_of_a_folder_and_no_further(tmp_path: Path, folder: Path) -> None:
    (other := tmp_path / "other").mkdir()
    (other / "there.md").write_text(GOOD)
    (tmp_path / "secret.md").write_text(GOOD)
    (folder / "there.md").symlink_to(other / "there.md")
    (folder / "secret.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "nowhere.md").symlink_to(folder / "nothing.md")
    shelf = await FileLibrary([folder, other], []).specialists(own=True)
    assert own(shelf).keys() == {"there"}
    assert [problem.partition(": ")[0] for problem in shelf.problems] == [
        "specialists/loop.md", "specialists/nowhere.md", "specialists/secret.md"
    ]  # fmt: skip
    assert "specialists/secret.md: It is a link that leads out of its folder." in shelf.problems
    (whole := tmp_path / "linked").symlink_to(folder)
    assert own(await FileLibrary([whole, other], []).specialists(own=True)).keys() == {"there"}


async def test_two_files_with_one_id_are_told_of_and_the_first_counts(folder: Path, files: FileLibrary) -> None:
    (folder / "a.md").write_text(GOOD)
    (folder / "b.md").write_text("---\nid: a\nrole: GATE\n---\nAnother.\n")
    shelf = await files.specialists(own=True)
    assert own(shelf)["a"].system_prompt == "Be good."
    assert shelf.problems == ("specialists/b.md: 'a' is defined in specialists/a.md already. Give one of them another id.",)


async def test_an_earlier_folder_counts_before_a_later_one_and_all_before_what_is_bundled(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second", "missing")]
    for place in folders[:2]:
        place.mkdir()
        (place / "gate.md").write_text(GOOD.replace("Be good.", place.name))
    files = FileLibrary(folders, [])
    shelf = await files.specialists(own=True)
    assert shelf.found["gate"].system_prompt == "first"
    assert shelf.problems == ()
    assert (await files.specialists(own=False)).found["gate"].source == "bundled"


async def test_of_a_folder_without_end_the_beginning_is_read(folder: Path, files: FileLibrary) -> None:
    for number in range(MOST + 2):
        (folder / f"s{number:04}.md").write_text(GOOD)
    shelf = await files.specialists(own=True)
    assert len(own(shelf)) == MOST
    assert shelf.problems == (f"specialists/s{MOST:04}.md: The files from here on are not read: a folder may have {MOST}.",)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that are opened meanwhile."""
    opened: list[str] = []
    read = library._text

    def counting(path: Path, found: os.stat_result) -> str:
        opened.append(path.name)
        return read(path, found)

    with monkeypatch.context() as patch:
        patch.setattr(library, "_text", counting)
        yield opened


async def test_a_file_is_read_once_and_again_when_it_has_changed(folder: Path, files: FileLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "good.md").write_text(GOOD)
    (folder / "bad.md").write_text("bad")
    await files.specialists(own=True)
    with counted(monkeypatch) as opened:
        assert own(await files.specialists(own=True))["good"].system_prompt == "Be good."
        assert opened == []
        (folder / "bad.md").write_text(GOOD)
        os.utime(folder / "good.md", ns=(1, 1))
        shelf = await files.specialists(own=True)
        assert sorted(opened) == ["bad.md", "good.md"]
        assert own(shelf)["good"].updated_at == "1970-01-01T00:00:00.000Z"
        (folder / "good.md").unlink()
        assert own(await files.specialists(own=True)).keys() == {"bad"}


async def test_a_folder_that_does_not_answer_holds_up_only_those_who_ask_for_it(
    files: FileLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "good.md").write_text(GOOD)
    answers, readers = threading.Event(), set[int]()
    read = library._text

    def stuck(path: Path, found: os.stat_result) -> str:
        readers.add(threading.get_ident())
        answers.wait()
        return read(path, found)

    with monkeypatch.context() as patch:
        patch.setattr(library, "PATIENCE", 0.02)
        patch.setattr(library, "_text", stuck)
        asked = await asyncio.gather(*(files.specialists(own=True) for _ in range(5)), return_exceptions=True)
        assert {type(one) for one in asked} == {Busy}
        assert len(readers) == 1
        answers.set()
    assert own(await files.specialists(own=True)).keys() == {"good"}


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ("name: Tidy\ndescription: d", "name: String should match"), ("name: -a\ndescription: d", "name: String should match"),
        ("name: a--b\ndescription: d", "name: String should match"), ("name: tidy", "description: Field required"),
        (f"name: tidy\ndescription: {'d' * 1025}", "description: String should have at most 1024"),
        (f"name: {'t' * 65}\ndescription: d", "name: String should have at most 64"),
        ("name: tidy\ndescription: [d]", "description: Input should be a valid string"),
    ],
)  # fmt: skip
async def test_a_skill_is_what_the_format_says(tmp_path: Path, head: str, problem: str) -> None:
    place = tmp_path / "skills" / "tidy"
    place.mkdir(parents=True)
    (place / "SKILL.md").write_text(f"---\n{head}\n---\nTidy.\n")
    shelf = await FileLibrary([], [tmp_path / "skills"]).skills(None)
    assert shelf.found == {}
    [said] = shelf.problems
    assert said.startswith(f"skills/tidy/SKILL.md: {problem}")


async def test_what_the_format_leaves_to_others_is_no_problem(tmp_path: Path) -> None:
    place = tmp_path / "skills" / "tidy"
    place.mkdir(parents=True)
    (place / "scripts").mkdir()
    (tmp_path / "skills" / "README.md").write_text("Skills.")
    head = "name: tidy\ndescription: d\nallowed-tools: Bash\nversion: 1\nmetadata: {a: b, c: [d]}\n"
    (place / "SKILL.md").write_text(f"---\n{head}---\nTidy.\n")
    shelf = await FileLibrary([], [tmp_path / "skills"]).skills(None)
    assert shelf.problems == ()
    assert shelf.found["tidy"].metadata == {"a": "b"}


async def test_a_skill_that_is_linked_from_one_folder_to_another_is_one(tmp_path: Path) -> None:
    (real := tmp_path / "agents" / "tidy").mkdir(parents=True)
    (real / "SKILL.md").write_text("---\nname: tidy\ndescription: d\n---\nTidy.\n")
    (linked := tmp_path / "claude").mkdir()
    (linked / "tidy").symlink_to("../agents/tidy")
    shelf = await FileLibrary([], [tmp_path / "agents", linked]).skills(None)
    assert shelf.found.keys() == {"tidy"}
    assert shelf.problems == ()
    alone = await FileLibrary([], [linked]).skills(None)
    assert alone.problems == ("claude/tidy/SKILL.md: It is a link that leads out of its folder.",)


def test_yaml_is_read_without_its_types() -> None:
    assert definitions._yaml("a: 1.0\nb: no\nc: 2026-01-01\nd:\n") == {"a": "1.0", "b": "no", "c": "2026-01-01"}
