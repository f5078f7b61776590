"""Differences that are meant: each with its reason, each at its place, and none that is so no more."""

from pathlib import Path

import pytest
import yaml

from protocols.parity import findings, report
from protocols.parity.contracts import NoContract
from protocols.parity.examining import Examined, examined
from protocols.parity.findings import Acceptance, Finding, accepted
from tests.parity.backends import answering, backend
from tests.parity.contracts import TEXT, contract, object_of
from tests.parity.contracts import answering as described

HEALTH = described(object_of("status", status=TEXT))
TYPE = Acceptance("GET /api/health", "answer 200 status", "type", "It is a number here.")
FILE = """
contracts: [mine]
differences:
  - reason: It is a number here.
    kind: type
    at:
      - GET /api/health: answer 200 status
      - GET /api/skills: answer 200 skills[].id
  - reason: Only there.
    kind: status
    contracts: [another]
    at:
      - POST /api/tasks: status 200
"""


async def seen(*entries: Acceptance) -> Examined:
    wanted = contract(get_health=HEALTH)
    async with answering({"GET /api/health": lambda _: {"status": 1}}) as url, backend(url, has=wanted) as one:
        return await examined(wanted, entries, one)


async def test_what_is_accepted_is_no_difference_and_its_reason_is_told() -> None:
    found = await seen(TYPE)
    assert found.ok
    assert (found.tiers[0].differs, found.tiers[0].accepted, found.tiers[0].valid) == (0, 1, 1)
    assert "answer 200 status It is a number here." in report.told(found, everything=True)
    assert not (await seen()).ok


@pytest.mark.parametrize(
    "other", [TYPE._replace(kind="enumeration"), TYPE._replace(where="answer 200"), TYPE._replace(operation="GET /api/skills")]
)
async def test_it_hides_nothing_else(other: Acceptance) -> None:
    found = await seen(other)
    assert [one.where for one in found.findings.unexplained] == ["answer 200 status"]


async def test_what_is_so_no_more_is_stale() -> None:
    gone = Acceptance("GET /api/health", "query deep", "parameter", "It had one.")
    found = await seen(TYPE, gone)
    assert not found.ok
    assert [*found.findings.stale] == [gone]
    assert "GET /api/health: query deep (parameter)" in report.told(found)


async def test_nothing_is_stale_where_nothing_was_looked_at() -> None:
    assert (await seen(TYPE, Acceptance("GET /api/skills", "query name", "parameter", "Not in this contract."))).ok


async def test_an_operation_that_is_not_lacking_any_more_makes_its_entry_stale() -> None:
    entry = Acceptance("GET /api/health", "operation", "operation", "It was not needed.")
    assert [*(await seen(TYPE, entry)).findings.stale] == [entry]


def test_an_entry_is_of_its_contract(tmp_path: Path) -> None:
    (tmp_path / "accepted.yaml").write_text(FILE)
    assert accepted(tmp_path / "accepted.yaml", "mine") == [
        TYPE,
        TYPE._replace(operation="GET /api/skills", where="answer 200 skills[].id"),
    ]
    assert accepted(tmp_path / "accepted.yaml", "another") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "no mapping with `differences`"), ("differences: {}", "no mapping with `differences`"), ("{", "cannot be read as YAML"),
        ("differences: [{kind: type, at: [{a: b}]}]", "entry 1 needs a reason"),
        ("differences: [{kind: all, reason: r, at: [{a: b}]}]", "entry 1 needs a reason, a kind"),
        ("differences: [{kind: type, reason: r, at: []}]", "entry 1 needs a reason"),
        ("differences: [{kind: type, reason: r, at: [GET /a]}]", "each line of `at` is an operation and where"),
        ("differences: [{kind: type, reason: r, at: [{a: b}], path: c}]", "no mapping of reason, kind and at"),
        ("differences: [{kind: type, reason: r, at: [{a: b}, {a: b}]}]", "a | b | type stands there twice"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_told_in_a_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "accepted.yaml").write_text(text)
    with pytest.raises(NoContract) as error:
        accepted(tmp_path / "accepted.yaml", "mine")
    assert told in str(error.value)


def test_the_hubs_own_file_can_be_read_and_is_of_named_contracts_alone() -> None:
    source = Path(findings.__file__).with_name("accepted.yaml")
    named = yaml.safe_load(source.read_text())["contracts"]
    assert all(accepted(None, name) for name in named)
    assert accepted(None, "mine") == []


def test_what_is_found_twice_is_told_once() -> None:
    one = Finding("GET /a", "answer 200", "type", "first", "live")
    assert [*findings.sort([one, one._replace(text="second")], [], lambda _: True).unexplained] == [one]
