"""A specification's requirements as a table, checked on both sides: every row has a test, and every test names a row.

A test function names its rows with `@meets("id", …)`.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Requirement(NamedTuple):
    id: str
    section: str
    says: str


def meets(*ids: str) -> Callable[[F], F]:
    def mark(test: F) -> F:
        test.__dict__["meets"] = ids
        return test

    return mark


def mismatches(rows: tuple[Requirement, ...], *modules: ModuleType) -> list[str]:
    """Rows without a test, tests without a row, tests of rows that are not there; empty when both sides agree.

    The one test that calls this is of no row.
    """
    tests = {
        name: test for module in modules for name, test in vars(module).items()
        if name.startswith("test_") and callable(test) and not name.startswith("test_every_requirement_")
    }  # fmt: skip
    known = [row.id for row in rows]
    met = {id_ for test in tests.values() for id_ in getattr(test, "meets", ())}
    return [
        *(f"{id_} stands in the table twice" for id_ in {one for one in known if known.count(one) > 1}),
        *(f"{id_} has no test" for id_ in known if id_ not in met),
        *(f"{name} names no row" for name, test in tests.items() if not getattr(test, "meets", ())),
        *(f"{id_} is no row" for id_ in sorted(met - set(known))),
    ]
