"""The graph beside a list of commits."""

from collections.abc import Sequence

from hub.repositories import Repository
from stores.git.graph import rows
from tests.repositories import Tree

Drawn = list[tuple[int, list[tuple[int, int]]]]


def drawn(*commits: Sequence[str]) -> Drawn:
    return [(lane, [(one.from_lane, one.to_lane) for one in edges]) for lane, edges in rows(tuple(one) for one in commits)]


def test_a_straight_history_is_one_line() -> None:
    assert drawn("cb", "ba", "a") == [(0, [(0, 0)]), (0, [(0, 0)]), (0, [])]


def test_a_merge_opens_a_lane_that_ends_where_the_branches_part() -> None:
    assert drawn("mab", "ao", "bo", "o") == [
        (0, [(0, 0), (0, 1)]), (0, [(1, 1), (0, 0)]), (1, [(0, 0), (1, 0)]), (0, []),
    ]  # fmt: skip
    [(_, (first, second)), *_] = rows([("m", "a", "b")])
    assert (first.is_merge, second.is_merge) == (None, True)


def test_branches_that_are_not_merged_have_lanes_of_their_own_and_a_free_lane_is_taken_again() -> None:
    assert [lane for lane, _ in drawn("ao", "bo", "co", "o")] == [0, 1, 1, 0]
    assert [lane for lane, _ in drawn("ax", "by", "cz", "y", "dx", "x", "z")] == [0, 1, 2, 1, 1, 0, 2]
    assert [lane for lane, _ in drawn("xo", "yo", "o", "z")] == [0, 1, 0, 0]


async def test_a_page_goes_on_where_the_one_before_ended(tree: Tree, house: Repository) -> None:
    tree.git("merge", "--quiet", "--no-edit", "feature")
    tree.commit("After")
    whole = (await house.commits((), "", 0, 40)).commits
    assert [(one.summary, one.lane) for one in whole][:2] == [("After", 0), ("Merge branch 'feature'", 0)]
    assert {one.lane for one in whole} == {0, 1}
    pages = [(await house.commits((), "", skip, 2)).commits for skip in (0, 2, 4)]
    assert tuple(one for page in pages for one in page) == whole
