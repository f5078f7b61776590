"""Which folders are repositories, and whose."""

from pathlib import Path

import pytest

from hub.access import LOCAL_TENANT
from hub.domain.errors import Invalid, Refused
from stores.git import files
from stores.git.command import ENVIRONMENT
from stores.git.repositories import GitRepositories
from tests.core.support import refusal
from tests.repositories import Tree, new_repository, repositories


async def test_a_repository_is_opened_at_its_top_whatever_leads_to_it(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree.path)
    for path in (tree.path, tree.path / "src", tmp_path / "link", tree.path / "src" / ".." / ".." / "house"):
        assert (await repositories().open(str(path), LOCAL_TENANT)).path == tree.path.resolve()


async def test_a_linked_worktree_is_a_repository_of_its_own(tree: Tree, tmp_path: Path) -> None:
    tree.git("worktree", "add", "--quiet", str(tmp_path / "second"), "feature")
    second = await repositories().open(str(tmp_path / "second"), LOCAL_TENANT)
    assert (second.path, await second.branch()) == (tmp_path / "second", "feature")


async def test_what_is_no_repository_is_told_apart(tree: Tree, tmp_path: Path) -> None:
    tree.git("clone", "--quiet", "--bare", str(tree.path), str(tmp_path / "bare.git"))
    (tmp_path / "plain").mkdir()
    for path, said in (
        ("bare.git", "bare"), ("plain", "git init"), ("nothing", "no folder"), ("house/README.md", "no folder"), ("house/.git", "bare"),
    ):  # fmt: skip
        error = await refusal(repositories().open(str(tmp_path / path), LOCAL_TENANT))
        assert isinstance(error, Invalid)
        assert said in error.message, path


@pytest.mark.parametrize("path", ["", "house", "./house", "../house", "file:///house", "\0"])
async def test_a_path_that_is_not_absolute_is_refused(path: str) -> None:
    assert isinstance(await refusal(repositories().open(path, LOCAL_TENANT)), Invalid)
    assert isinstance(await refusal(repositories().files(path, LOCAL_TENANT)), Invalid)


async def test_what_belongs_to_somebody_else_is_refused_with_the_way_to_allow_it(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for call in (repositories().open(str(tree.path), LOCAL_TENANT), repositories().files(str(tree.path), LOCAL_TENANT)):
        error = await refusal(call)
        assert isinstance(error, Refused)
        assert "safe.directory" in error.message


async def test_folders_bound_where_repositories_may_lie_and_links_do_not_lead_out(tree: Tree, tmp_path: Path) -> None:
    inside, tenants = new_repository(tmp_path / "allowed" / "one"), tmp_path / "tenants"
    (tmp_path / "allowed" / "link").symlink_to(tree.path)
    bound = GitRepositories({}, (tmp_path / "allowed",), tenants)
    assert (await bound.open(str(inside.path), LOCAL_TENANT)).path == inside.path
    for path in (tree.path, tmp_path / "allowed" / "link", tmp_path / "allowed" / ".." / "house", tmp_path / "allowed2"):
        assert isinstance(await refusal(bound.open(str(path), LOCAL_TENANT)), Refused)
        assert isinstance(await refusal(bound.files(str(path), LOCAL_TENANT)), Refused)


async def test_another_tenant_has_its_own_folder_and_nothing_besides(tree: Tree, tmp_path: Path) -> None:
    blue, other = new_repository(tmp_path / "tenants" / "blue" / "one"), new_repository(tmp_path / "tenants" / "other" / "one")
    stores = repositories(tmp_path / "tenants")
    assert (await stores.open(str(blue.path), "blue")).path == blue.path
    for path in (tree.path, other.path, tmp_path / "tenants"):
        assert isinstance(await refusal(stores.open(str(path), "blue")), Refused)
        assert isinstance(await refusal(stores.files(str(path), "blue")), Refused)
    assert isinstance(await refusal(stores.open(str(tmp_path / "tenants" / "blue"), "../blue")), Refused)


async def test_what_the_hub_makes_for_two_tenants_lies_apart_and_neither_names_a_place_of_the_other(tmp_path: Path) -> None:
    tenants = tmp_path / "tenants"
    stores = repositories(tenants)
    for tenant, other in (("blue", "green"), ("green", "blue")):
        assert stores.clone_path("c", tenant).is_relative_to(tenants / tenant)
        assert (await stores.worktree_folder(None, tenant)).is_relative_to(tenants / tenant)
        (tenants / tenant).mkdir(parents=True)
        (tenants / tenant / "link").symlink_to(tenants / other)
        theirs = (tenants / other, stores.clone_path("c", other), await stores.worktree_folder(None, other), tenants / tenant / "link")
        for place in theirs:
            assert isinstance(await refusal(stores.worktree_folder(str(place), tenant)), Refused)
            assert isinstance(await refusal(stores.open(str(place), tenant)), Refused)


async def test_a_repository_around_a_tenants_folder_or_one_that_a_file_in_it_names_is_not_its_own(tree: Tree) -> None:
    own = tree.path / "tenants" / "blue"
    (own / "plain").mkdir(parents=True)
    (own / "pointed").mkdir()
    (own / "pointed" / ".git").write_text(f"gitdir: {tree.path}/.git\n")
    elsewhere = new_repository(own / "elsewhere")
    elsewhere.git("config", "core.worktree", str(tree.path))
    for name in ("plain", "pointed", "elsewhere"):
        stores = repositories(tree.path / "tenants")
        assert isinstance(await refusal(stores.open(str(own / name), "blue")), Refused), name
        assert isinstance(await refusal(stores.files(str(own / name), "blue")), Refused), name


async def test_files_are_those_that_git_does_not_ignore_in_a_repository_or_a_part_of_it(tree: Tree) -> None:
    tree.write("loose.txt", "")
    tree.write("ignored.log", "")
    tree.write("ünï\n.txt", "")
    found = await repositories().files(str(tree.path), LOCAL_TENANT)
    assert (set(found.paths), found.whole) == ({".gitignore", "README.md", "src/walls.py", "loose.txt", "ünï\n.txt"}, True)
    assert (await repositories().files(str(tree.path / "src"), LOCAL_TENANT)).paths == ["walls.py"]


async def test_a_folder_without_git_is_walked_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "sub/b.txt", "node_modules/x.js", ".hidden/y", "sub/.z"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    found = await repositories().files(str(tmp_path), LOCAL_TENANT)
    assert (found.paths, found.whole) == (["a.txt", "sub/.z", "sub/b.txt"], True)
    monkeypatch.setattr(files, "MOST_WALKED", 2)
    found = await repositories().files(str(tmp_path), LOCAL_TENANT)
    assert (len(found.paths), found.whole) == (2, False)


async def test_a_look_at_files_holds_for_a_moment(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(files, "monotonic", lambda: now)
    stores = repositories()
    before = await stores.files(str(tree.path), LOCAL_TENANT)
    tree.write("later.txt", "")
    assert await stores.files(str(tree.path), LOCAL_TENANT) is before
    now += files.FRESH + 1
    assert "later.txt" in (await stores.files(str(tree.path), LOCAL_TENANT)).paths
