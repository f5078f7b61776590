"""Reservations: who edits what, told before two do."""

import asyncio
from collections.abc import Sequence
from fnmatch import fnmatchcase
from time import process_time

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.reservations import Reservation, overlap
from hub.ports import Find
from stores.memory import MemoryStore
from tests.core.support import Clock, ask, kinds, names_of_events, new_agent, on_memory, refusal


async def reserve(hub: Hub, agent: str, *paths: str, **options: object) -> list[str]:
    answer = await ask(hub, "reserve_files", agentId=agent, paths=paths, **options)
    return [one["path"] for one in answer["reservations"]]


async def held(hub: Hub, **filters: str) -> list[str]:
    return sorted(one["path"] for one in (await ask(hub, "list_reservations", **filters))["reservations"])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a", "a", True), ("a", "b", False), ("a", "a/b", False), ("a/b", "a/b", True), ("A", "a", False),
        ("*", "a", True), ("*", "a/b", False), ("a/*", "a/b", True), ("a/*", "b/*", False), ("a/*", "*/b", True),
        ("*.py", "a.py", True), ("*.py", "a.md", False), ("*.py", "a.*", True), ("a*", "*b", True), ("a*c", "a*b", False),
        ("a?c", "abc", True), ("a?c", "ac", False), ("a?", "?b", True), ("??", "???", False), ("?*", "a", True),
        ("**", "a", True), ("**", "a/b/c", True), ("**", "**", True), ("a/**", "a", True), ("a/**", "a/b/c", True), ("a/**", "b/a", False),
        ("**/a", "a", True), ("**/a", "b/c/a", True), ("**/a", "b/c", False), ("a/**/z", "a/z", True), ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/b/c", False), ("**/x/**", "a/x/b", True), ("**/x/**", "**/y/**", True), ("src/**/*.py", "src/a/b.py", True),
        ("src/**/*.py", "src/a/b.md", False), ("src/**/test_*", "**/*_util.py", True), ("a**b", "axb", True), ("a**b", "a/b", False),
        ("[ab]", "a", True), ("[ab]", "ab", False), ("x[0-9]y", "x5y", True), ("x[!a]y", "xy", False), ("[]]", "]", True),
        ("[a", "[a", True),
        ("[a", "a", False), ("a[b]*", "ab.py", True), ("*[0-9].py", "*a.py", True), ("*[0-9].py", "a.md", False),
        ("ü*", "üx", True), ("a b/*", "a b/c", True),
    ],
)  # fmt: skip
def test_two_globs_overlap_when_some_path_matches_both(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is expected


GLOBS = st.lists(st.sampled_from(["a", "b", "?", "*", "ab", "a*", "**", "*b", "?a"]), min_size=1, max_size=4).map("/".join)
PATHS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


def matches(glob: Sequence[str], path: Sequence[str]) -> bool:
    """The slow and plain way."""
    if not glob:
        return not path
    if glob[0] == "**":
        return any(matches(glob[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], glob[0]) and matches(glob[1:], path[1:])


@settings(max_examples=500, deadline=None)
@given(GLOBS, GLOBS, PATHS)
@example("**/a", "a/**", "a")
def test_globs_that_share_a_path_overlap(one: str, other: str, path: str) -> None:
    if matches(one.split("/"), path.split("/")) and matches(other.split("/"), path.split("/")):
        assert overlap(one, other)
    assert overlap(one, path) is matches(one.split("/"), path.split("/"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("*a" * 150, "*b" * 150, False), ("**/a/" * 60, "**/b/" * 60, False), ("x" * 300, "x" * 300, True), ("?*" * 150, "*?" * 150, True),
        ("/".join("x" * 150), "/".join("x" * 150), True), ("*a*b" * 75, "*b*a" * 75, False),
    ],
)  # fmt: skip
def test_the_longest_globs_are_compared_in_no_time(one: str, other: str, expected: bool) -> None:
    began = process_time()
    assert overlap(one, other) is expected
    assert process_time() - began < 2


async def test_an_exclusive_reservation_keeps_others_out_and_names_the_holder(hub: Hub) -> None:
    mine, other = await new_agent(hub), await new_agent(hub)
    assert await reserve(hub, mine, "src/**", "README.md") == ["src/**", "README.md"]
    error = await refusal(reserve(hub, other, "docs/a.md", "src/hub/app.py"))
    assert isinstance(error, Refused)
    assert mine in error.message
    assert error.details == {"conflicts": [{"path": "src/**", "agentId": mine, "expiresAt": "2026-01-01T01:00:00.000Z"}]}
    assert await held(hub) == ["README.md", "src/**"]
    assert await reserve(hub, other, "docs/a.md") == ["docs/a.md"]
    assert await held(hub, agentId=other) == ["docs/a.md"]


@on_memory
async def test_shared_reservations_stand_together_but_not_beside_an_exclusive_one(hub: Hub) -> None:
    one, two, three = [await new_agent(hub) for _ in range(3)]
    await reserve(hub, one, "a", exclusive=False)
    await reserve(hub, two, "*", exclusive=False)
    assert isinstance(await refusal(reserve(hub, three, "a")), Refused)
    assert isinstance(await refusal(reserve(hub, one, "a")), Refused)
    await ask(hub, "release_files", agentId=two)
    await reserve(hub, one, "a")
    assert isinstance(await refusal(reserve(hub, three, "a", exclusive=False)), Refused)


@on_memory
async def test_an_agent_never_conflicts_with_itself_and_reserving_again_prolongs(hub: Hub, clock: Clock) -> None:
    agent, other = await new_agent(hub), await new_agent(hub)
    await reserve(hub, agent, "a", "a", "*", ttlSeconds=60)
    clock.turn(59)
    await reserve(hub, agent, "a", ttlSeconds=60)
    clock.turn(2)
    assert await held(hub) == ["a"]
    assert isinstance(await refusal(reserve(hub, other, "a")), Refused)
    assert await reserve(hub, other, "b") == ["b"]


async def test_a_reservation_that_ran_out_is_no_longer_in_force(hub: Hub, clock: Clock) -> None:
    mine, other = await new_agent(hub), await new_agent(hub)
    await reserve(hub, mine, "a", ttlSeconds=60)
    clock.turn(59.999)
    assert isinstance(await refusal(reserve(hub, other, "a")), Refused)
    clock.turn(0.001)
    assert await held(hub) == []
    assert await reserve(hub, other, "a") == ["a"]
    assert isinstance(await refusal(reserve(hub, mine, "a")), Refused)
    assert len(await hub.store.find("local", Find(Reservation))) == 1


@on_memory
async def test_codebases_and_workspaces_are_reserved_apart(hub: Hub) -> None:
    one, two = await new_agent(hub), await new_agent(hub)
    await ask(hub, "create_workspace", id="v", title="v")
    await reserve(hub, one, "a", codebaseId="x")
    await reserve(hub, two, "a", codebaseId="y")
    await reserve(hub, two, "a")
    await reserve(hub, one, "a", workspaceId="v")
    assert isinstance(await refusal(reserve(hub, two, "a", codebaseId="x")), Refused)
    assert await held(hub, codebaseId="y") == ["a"]
    assert isinstance(await refusal(reserve(hub, two, "a", workspaceId="nowhere")), NotFound)
    assert isinstance(await refusal(reserve(hub, "nobody", "a")), NotFound)


@on_memory
async def test_an_agent_releases_what_it_names_or_everything_but_nothing_of_others(hub: Hub) -> None:
    mine, other = await new_agent(hub), await new_agent(hub)
    await reserve(hub, mine, "a", "b", "c")
    await reserve(hub, other, "d")
    assert (await ask(hub, "release_files", agentId=mine, paths=["./b/", "d"]))["released"] == ["b"]
    assert sorted((await ask(hub, "release_files", agentId=mine))["released"]) == ["a", "c"]
    assert await held(hub) == ["d"]
    assert (await names_of_events(hub, kinds=["reservation"])).count("reservation.released") == 3


@on_memory
@pytest.mark.parametrize(("given_", "kept"), [("./src/a.py", "src/a.py"), ("src\\a.py", "src/a.py"), ("src/", "src"), ("..a/b", "..a/b")])
async def test_a_path_is_kept_relative_and_with_slashes(hub: Hub, given_: str, kept: str) -> None:
    assert await reserve(hub, await new_agent(hub), given_) == [kept]


@on_memory
@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../b", "a/..", "", ".//", "C:\\x", "\\\\host\\share", "x" * 301])
async def test_a_path_outside_the_codebase_is_invalid(hub: Hub, path: str) -> None:
    error = await refusal(reserve(hub, await new_agent(hub), path))
    assert isinstance(error, Invalid)
    assert "paths.0" in error.message


async def test_of_ten_that_reserve_what_overlaps_exactly_one_wins(hub: Hub) -> None:
    agents = [await new_agent(hub) for _ in range(10)]
    for paths in (["src/**", "src/a.py"], ["**", "x/y"], ["*.md", "README.*"]):
        outcomes = await kinds(reserve(hub, agent, paths[at % 2] if at else paths[0]) for at, agent in enumerate(agents))
        exclusive = outcomes.count("ok")
        assert outcomes == ["conflict"] * (10 - exclusive) + ["ok"] * exclusive
        assert exclusive == 1
        for agent in agents:
            await ask(hub, "release_files", agentId=agent)


async def test_ten_that_reserve_different_paths_all_win(hub: Hub) -> None:
    agents = [await new_agent(hub) for _ in range(10)]
    assert await kinds(reserve(hub, agent, f"src/{at}/**") for at, agent in enumerate(agents)) == ["ok"] * 10
    assert len(await held(hub)) == 10


async def test_no_one_slips_in_between_the_look_at_the_reservations_and_the_commit() -> None:
    """The second agent reserves in the very moment in which the first has seen that nothing is reserved."""
    looked, go_on = asyncio.Event(), asyncio.Event()

    class Slow(MemoryStore):
        async def find(self, tenant: str, query: Find) -> Sequence[str]:
            found = await super().find(tenant, query)
            if query.type is Reservation and not looked.is_set():
                looked.set()
                await go_on.wait()
            return found

    hub = Hub(Slow())
    first, second = await new_agent(hub), await new_agent(hub)
    with anyio.fail_after(5):
        slow = asyncio.create_task(reserve(hub, first, "src/**"))
        await looked.wait()
        await reserve(hub, second, "src/a.py")
        go_on.set()
        assert isinstance(await refusal(slow), Refused)
    assert await held(hub) == ["src/a.py"]
