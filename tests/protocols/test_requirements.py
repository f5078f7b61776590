"""The check of a requirements table notices what is missing on either side."""

from types import ModuleType

from tests.protocols.requirements import Requirement, meets, mismatches

ROWS = (Requirement("a", "§1", "a"), Requirement("b", "§2", "b"))


def module(**tests: object) -> ModuleType:
    made = ModuleType("tests")
    made.__dict__.update(tests)
    return made


@meets("a", "b")
def both() -> None: ...


@meets("a")
def one() -> None: ...


@meets("c")
def another() -> None: ...


def unmarked() -> None: ...


def test_a_table_whose_sides_agree_has_nothing_to_tell() -> None:
    assert mismatches(ROWS, module(test_both=both)) == []
    assert mismatches(ROWS[:1], module(test_one=one), module(test_other=one, helper=unmarked)) == []


def test_what_is_missing_on_either_side_is_told() -> None:
    assert mismatches(ROWS, module(test_one=one)) == ["b has no test"]
    assert mismatches(ROWS, module(test_both=both, test_more=unmarked)) == ["test_more names no row"]
    assert mismatches(ROWS, module(test_both=both, test_more=another)) == ["c is no row"]
    assert mismatches((*ROWS, ROWS[0]), module(test_both=both)) == ["a stands in the table twice"]
