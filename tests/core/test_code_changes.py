"""Changes of a codebase: staged, committed and discarded by name, whatever the names are, and nothing is lost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Invalid, NotFound, Refused
from hub.ports import Json
from stores.memory import MemoryStore
from tests.core.codebases import cancelled_when, new_codebase, program, saved
from tests.core.support import ask, kinds, names_of_events, refusal
from tests.repositories import Tree, new_repository, new_tree, repositories

ODD = [
    "a b.txt",
    "line\nbreak.txt",
    "\u00fcml\u00e4ut \u2603.txt",
    "-rf",
    "--all",
    ":(top)x",
    "*.txt",
    "quo\"te's.txt",
    "back\\slash",
    "tab\there",
]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return new_repository(tmp_path / "house")


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """What is done with git is the same on every store."""
    return Hub(MemoryStore(), repositories=repositories(tmp_path / "own"))


@pytest.fixture
async def codebase(hub: Hub, tree: Tree) -> str:
    return await new_codebase(hub, tree)


def staged(tree: Tree) -> list[str]:
    return sorted(filter(None, tree.git("diff", "--cached", "--name-only", "-z").split("\0")))


async def act(hub: Hub, operation: str, codebase: str, *files: str, **more: Any) -> Json:
    return await ask(hub, operation, codebaseId=codebase, **({"files": [*files]} if files else {}), **more)


async def refused(hub: Hub, operation: str, codebase: str, *files: str, **more: Any) -> HubError:
    return await refusal(act(hub, operation, codebase, *files, **more))


async def test_files_are_staged_and_unstaged_by_their_very_names(hub: Hub, codebase: str, tree: Tree) -> None:
    for name in [*ODD, "other.txt"]:
        tree.write(name, name)
    for name in ODD:
        assert await act(hub, "stage_files", codebase, name) == {"success": True, "staged": [name]}
        assert staged(tree) == [name]
        assert await act(hub, "unstage_files", codebase, name) == {"success": True, "unstaged": [name]}
        assert staged(tree) == []
    await act(hub, "stage_files", codebase, *ODD)
    assert staged(tree) == sorted(ODD)
    committed = await act(hub, "commit_changes", codebase, message="  Odd names\n\n# no comment\n")
    assert committed == {"success": True, "sha": tree.git("rev-parse", "HEAD"), "message": "Odd names\n\n# no comment"}
    assert tree.git("log", "-1", "--format=%B|%an") == "Odd names\n\n# no comment\n|Ada"
    assert [name for name in await names_of_events(hub) if name == "codebase.changed"] == ["codebase.changed"] * (2 * len(ODD) + 2)


async def test_folders_deletions_and_everything_are_staged(hub: Hub, codebase: str, tree: Tree) -> None:
    (tree.path / "src/walls.py").unlink()
    tree.write("src/new.py", "")
    tree.write("README.md", "other")
    await act(hub, "stage_files", codebase, "src/")
    assert staged(tree) == ["src/new.py", "src/walls.py"]
    await act(hub, "commit_changes", codebase, ".", message="Everything")
    assert tree.git("status", "--porcelain") == ""


async def test_a_link_is_staged_as_a_link_and_nothing_behind_it(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (tree.path / "link").symlink_to(outside)
    for operation in ("stage_files", "discard_changes"):
        assert isinstance(await refused(hub, operation, codebase, "link/secret.txt"), Invalid)
    assert "secret" not in (await act(hub, "get_file_diff", codebase, path="link/secret.txt"))["diff"]
    await act(hub, "stage_files", codebase, "link")
    assert tree.git("ls-files", "--stage", "link").startswith("120000")
    await act(hub, "unstage_files", codebase, "link")
    await act(hub, "discard_changes", codebase, "link")
    assert (outside / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "src/../../x", ".git/config", "src/.GIT/hooks", "", "a/.."])
async def test_names_stay_within_the_working_tree(hub: Hub, codebase: str, tree: Tree, name: str) -> None:
    for operation, given in (
        ("stage_files", {"files": [name]}), ("unstage_files", {"files": [name]}), ("discard_changes", {"files": ["README.md", name]}),
        ("commit_changes", {"files": [name], "message": "m"}), ("export_changes", {"files": [name]}), ("get_file_diff", {"path": name}),
        ("get_commit_diff", {"sha": "HEAD", "path": name or "../x"}),
    ):  # fmt: skip
        assert isinstance(await refusal(ask(hub, operation, codebaseId=codebase, **given)), Invalid), operation
    assert tree.git("status", "--porcelain") == ""


async def test_what_is_not_there_or_ignored_or_not_staged_is_told(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write("noise.log", "")
    for operation, name in (
        ("stage_files", "nothing"), ("stage_files", "noise.log"), ("unstage_files", "README.md"), ("discard_changes", "README.md"),
        ("discard_changes", "noise.log"), ("discard_changes", "nothing"),
    ):  # fmt: skip
        assert isinstance(await refused(hub, operation, codebase, name), Invalid), (operation, name)
    assert isinstance(await refused(hub, "commit_changes", codebase, message="nothing"), Refused)
    assert isinstance(await refused(hub, "commit_changes", codebase, message=" \n"), Invalid)
    assert isinstance(await refused(hub, "export_changes", codebase), Refused)


async def test_the_first_commit_of_all_is_staged_unstaged_and_made(hub: Hub, tmp_path: Path) -> None:
    tree = new_tree(tmp_path / "empty")
    codebase = await new_codebase(hub, tree)
    tree.write("a", "a")
    assert await act(hub, "list_commits", codebase) == {"commits": [], "count": 0}
    await act(hub, "stage_files", codebase, "a")
    await act(hub, "unstage_files", codebase, "a")
    assert staged(tree) == []
    ref = (await act(hub, "discard_changes", codebase, "a"))["savedRef"]
    assert tree.git("show", f"{ref}:a") == "a"
    assert not (tree.path / "a").exists()
    assert isinstance(await refused(hub, "reset_branch", codebase, to="HEAD"), Invalid)
    tree.write("b", "b")
    sha = (await act(hub, "commit_changes", codebase, "b", message="First"))["sha"]
    assert tree.git("rev-list", "HEAD") == sha


async def test_a_commit_of_nobody_is_refused_and_says_how_to_be_somebody(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    import os

    from stores.git.repositories import GitRepositories

    tree.git("config", "--unset", "user.email")
    nobody = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    hub.repositories = GitRepositories(nobody, (), tmp_path / "own")
    tree.write("a", "a")
    error = await refused(hub, "commit_changes", codebase, "a", message="m")
    assert isinstance(error, Refused)
    assert "git config user.email" in error.message
    assert (await act(hub, "reset_branch", codebase, to="v1", mode="hard"))["savedRef"]


async def test_a_hook_that_refuses_is_quoted(hub: Hub, codebase: str, tree: Tree) -> None:
    program(tree.path / ".git/hooks/pre-commit", "echo 'walls.py: too high' >&2", "exit 1")
    tree.write("a", "a")
    error = await refused(hub, "commit_changes", codebase, "a", message="m")
    assert isinstance(error, Refused)
    assert "walls.py: too high" in error.message
    assert staged(tree) == ["a"]


async def test_a_commit_that_is_cancelled_leaves_no_lock(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    told = tmp_path / "told"
    hook = program(tree.path / ".git/hooks/pre-commit", f"echo > {told}", "exec sleep 60")
    tree.write("a", "a")
    await cancelled_when(told, act(hub, "commit_changes", codebase, "a", message="m"))
    assert not (tree.path / ".git/index.lock").exists()
    hook.unlink()
    await act(hub, "commit_changes", codebase, message="m")
    assert tree.git("log", "-1", "--format=%s") == "m"


async def test_another_gits_lock_is_told_of(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write("README.md", "other")
    lock = tree.write(".git/index.lock", "")
    for operation, given in (
        ("stage_files", {"files": ["README.md"]}), ("discard_changes", {"files": ["README.md"]}),
        ("reset_branch", {"to": "v1", "mode": "hard"}),
    ):  # fmt: skip
        error = await refusal(ask(hub, operation, codebaseId=codebase, **given))
        assert isinstance(error, Refused), operation
        assert "index.lock" in error.message
    assert (tree.path / "README.md").read_text() == "other"
    lock.unlink()
    await act(hub, "stage_files", codebase, "README.md")


async def test_many_change_one_repository_at_once_and_none_meets_a_lock(hub: Hub, codebase: str, tree: Tree) -> None:
    for number in range(12):
        tree.write(f"f-{number}", "")
    assert await kinds(act(hub, "commit_changes", codebase, f"f-{number}", message=f"{number}") for number in range(12)) == ["ok"] * 12


async def test_each_commits_its_own_files(hub: Hub, codebase: str, tree: Tree) -> None:
    """Nobody else's come between the staging and the commit."""
    for number in range(8):
        tree.write(f"f-{number}", "")
    made = await asyncio.gather(*(act(hub, "commit_changes", codebase, f"f-{number}", message="m") for number in range(8)))
    for number, one in enumerate(made):
        assert tree.git("show", "--name-only", "--format=", one["sha"]) == f"f-{number}"


async def test_a_repeat_with_the_same_key_commits_nothing_twice(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write("a", "1")
    keyed: Json = {"codebaseId": codebase, "files": ["a"], "message": "m", "idempotencyKey": "k"}
    first = await ask(hub, "commit_changes", **keyed)
    tree.write("a", "2")
    assert await ask(hub, "commit_changes", **keyed) == first
    assert tree.git("rev-parse", "HEAD") == first["sha"]


async def test_what_is_discarded_is_kept(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write("README.md", b"\0changed\xff")
    tree.git("add", "README.md")
    tree.write("README.md", "again")
    (tree.path / "src/walls.py").unlink()
    tree.write("new/-x \u2603", "new")
    tree.write("new/stays", "stays")
    index = tree.git("ls-files", "--stage")
    answer = await act(hub, "discard_changes", codebase, "README.md", "src", "new/-x \u2603")
    assert (answer["success"], answer["discarded"]) == (True, ["README.md", "src", "new/-x \u2603"])
    assert (tree.path / "README.md").read_bytes() == b"\0changed\xff"
    assert (tree.path / "src/walls.py").exists()
    assert [one.name for one in (tree.path / "new").iterdir()] == ["stays"]
    assert tree.git("ls-files", "--stage") == index
    ref = answer["savedRef"]
    assert saved(tree) == [ref]
    assert tree.git("show", f"{ref}:README.md") == "again"
    assert tree.git("show", f"{ref}:new/-x \u2603") == "new"
    assert "src/walls.py" not in tree.git("ls-tree", "-r", "--name-only", ref)


async def test_a_conflict_is_not_discarded_by_half(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.git("switch", "--quiet", "--create", "side", "v1")
    tree.commit("Lower", {"src/walls.py": "height = 1\n"})
    tree.git("merge", "main", fails=True)
    tree.write("new", "new")
    assert isinstance(await refused(hub, "discard_changes", codebase, "src/walls.py"), Refused)
    assert "<<<<<<<" in (tree.path / "src/walls.py").read_text()
    tree.write("src/walls.py", "height = 2\n")
    await act(hub, "commit_changes", codebase, "src/walls.py", message="Between")
    assert len(tree.git("log", "-1", "--format=%P").split()) == 2


async def test_repositories_within_are_not_discarded(hub: Hub, codebase: str, tree: Tree) -> None:
    inner = new_repository(tree.path / "inner")
    assert isinstance(await refused(hub, "discard_changes", codebase, "."), Refused)
    assert (inner.path / "README.md").exists()


async def test_diffs_show_what_is_staged_what_is_not_and_what_is_new(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write("README.md", "staged\n")
    tree.git("add", "README.md")
    tree.write("README.md", "not staged\n")
    tree.write("new.txt", "new\n")
    tree.write("picture.png", b"\x89PNG\0\xff")

    async def diff(path: str, **more: Any) -> str:
        return str((await act(hub, "get_file_diff", codebase, path=path, **more))["diff"])

    assert "-staged\n+not staged" in await diff("README.md")
    assert "-# House\n+staged" in await diff("README.md", staged=True)
    assert "+new" in await diff("new.txt")
    assert "Binary files" in await diff("picture.png")
    assert (await diff("src/walls.py"), await diff("nothing")) == ("", "")
    assert staged(tree) == ["README.md"]


async def test_a_patch_applies_elsewhere(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    tree.write("picture.png", b"\x89PNG\0\xff")
    tree.git("add", "picture.png")
    tree.write("new \u2603.txt", "new\n")
    (tree.path / "README.md").unlink()
    patches = [await act(hub, "export_changes", codebase, format=format_) for format_ in ("patch", "diff")]
    assert [one["filename"] for one in patches] == ["house-staged.patch", "house-unstaged.patch"]
    other = new_repository(tmp_path / "other")
    for number, one in enumerate(patches):
        (tmp_path / f"{number}").write_text(one["patch"])
        other.git("apply", str(tmp_path / f"{number}"))
    assert (other.path / "picture.png").read_bytes() == b"\x89PNG\0\xff"
    assert (other.path / "new \u2603.txt").read_text() == "new\n"
    assert not (other.path / "README.md").exists()
    tree.write("latin.txt", b"caf\xe9\n")
    assert isinstance(await refused(hub, "export_changes", codebase, "latin.txt", format="diff"), Refused)


async def test_programs_that_a_repository_names_are_not_run_by_a_look(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    spy = program(tmp_path / "spy", f"touch {ran}", "cat")
    for name in ("diff.external", "diff.spy.textconv", "diff.spy.command", "core.fsmonitor", "core.pager", "pager.diff", "pager.log"):
        tree.git("config", name, str(spy))
    tree.write(".gitattributes", "* diff=spy\n")
    tree.write("README.md", "changed\n")
    await act(hub, "get_file_diff", codebase, path="README.md")
    await act(hub, "export_changes", codebase, format="diff")
    await act(hub, "get_commit_diff", codebase, sha="HEAD")
    await act(hub, "list_commits", codebase)
    assert not ran.exists()


async def test_it_is_done_in_the_worktree_that_is_named(hub: Hub, codebase: str, tree: Tree, tmp_path: Path) -> None:
    made = await ask(hub, "create_worktree", codebaseId=codebase, branch="roof")
    side = Tree(Path(made["worktreePath"]))
    side.write("new", "new")
    there: Json = {"worktreeId": made["id"]}
    await act(hub, "commit_changes", codebase, "new", message="There", **there)
    assert (side.git("log", "-1", "--format=%s"), tree.git("log", "-1", "--format=%s")) == ("There", "Higher")
    other = await new_codebase(hub, new_repository(tmp_path / "other"))
    assert isinstance(await refused(hub, "stage_files", other, "new", **there), NotFound)
    assert isinstance(await refused(hub, "stage_files", codebase, "new", workspaceId="nowhere"), NotFound)


async def test_to_run_a_repositorys_hooks_git_is_granted_by_name(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write("a", "")
    agent = Caller(subject="agent", grants=frozenset({READ, WRITE}))
    given: Json = {"codebaseId": codebase, "files": ["a"]}
    assert isinstance(await refusal(ask(hub, "stage_files", agent, **given)), Forbidden)
    assert (await ask(hub, "list_commits", agent, codebaseId=codebase))["count"] == 2
    assert await ask(hub, "stage_files", Caller(subject="git", grants=frozenset({"git.write"})), **given)


async def test_a_broken_repository_is_an_answer_and_no_defect_of_the_hub(hub: Hub, codebase: str, tree: Tree) -> None:
    tree.write(".git/index", "no index")
    tree.write("new", "new")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("stage_files", {"files": ["new"]}), ("unstage_files", {"files": ["new"]}), ("discard_changes", {"files": ["new"]}),
        ("commit_changes", {"message": "m"}), ("export_changes", {}), ("get_file_diff", {"path": "new"}),
        ("reset_branch", {"to": "v1", "mode": "hard"}), ("rebase_branch", {"onto": "v1"}),
    ]  # fmt: skip
    for operation, given in calls:
        error = await refusal(ask(hub, operation, codebaseId=codebase, **given))
        assert isinstance(error, Refused), operation
        assert "index" in error.message
    assert (tree.path / "new").read_text() == "new"


async def test_more_names_than_a_program_takes_are_refused(hub: Hub, codebase: str) -> None:
    assert isinstance(await refused(hub, "stage_files", codebase, *["x" * 3_000] * 100), Invalid)
