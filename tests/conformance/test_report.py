"""What the command makes of the suite's results."""

import json
from pathlib import Path

from tests.conformance import report, suite
from tests.conformance.deviations import Deviation
from tests.conformance.suite import Check

PASSED = Check("2026-07-28", "caching", "ttl", "SUCCESS", "")
WARNED = Check("2026-07-28", "caching", "scope", "WARNING", "no scope")
KNOWN = Deviation(*WARNED[:4], reason="It is meant.")


def test_what_does_not_succeed_needs_a_reason() -> None:
    assert [*report.unexpected([PASSED, WARNED], [])] == ["2026-07-28 caching scope: WARNING no scope"]
    assert [*report.unexpected([PASSED, WARNED], [KNOWN])] == []


def test_a_reason_is_for_one_status() -> None:
    failed = WARNED._replace(status="FAILURE")
    assert len([*report.unexpected([failed], [KNOWN])]) == 2


def test_a_reason_for_what_does_not_happen_any_more_is_unexpected() -> None:
    assert "did not happen" in next(report.unexpected([PASSED], [KNOWN]))


def test_a_new_scenario_is_run_or_has_a_reason() -> None:
    assert [line.split()[2] for line in report.unknown([PASSED], {"caching", "brand-new", "sep-2640-skills-manifest"})] == ["brand-new"]


def test_every_status_is_counted() -> None:
    page = report.document([PASSED, PASSED, WARNED, PASSED._replace(status="SKIPPED")], "1.2.3")
    assert "| caching | 2 | 0 | 1 | 0 | 1 |" in page
    assert "`@modelcontextprotocol/conformance` 1.2.3" in page


def test_results_are_read_from_a_folder_for_each_scenario(tmp_path: Path) -> None:
    results = tmp_path / "server-server-sse-polling-2026-11-21T06-50-32-839Z"
    results.mkdir()
    traffic, check = {"id": "outgoing-request", "status": "INFO"}, {"id": "retry", "status": "FAILURE", "errorMessage": "none"}
    (results / "checks.json").write_text(json.dumps([traffic, check]))
    assert [*suite.read("2025-11-25", tmp_path)] == [Check("2025-11-25", "server-sse-polling", "retry", "FAILURE", "none")]
