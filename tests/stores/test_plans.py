"""A filtered list costs what it shows, however many other records there are: it starts from an index that knows the filter."""

from pathlib import Path

import pytest

from hub.domain import KINDS
from hub.domain.tasks import Task
from hub.ports import Find
from stores import sql
from stores.sqlite import DIALECT, SqliteStore, _hop


@pytest.mark.parametrize("filters", [(), ("status",), ("assigned_to",), ("session_id",), ("status", "session_id")])
async def test_tasks_are_found_through_an_index_of_their_filter_and_come_in_order(tmp_path: Path, filters: tuple[str, ...]) -> None:
    store = await SqliteStore.open(tmp_path / "hub.db", KINDS)
    text, values = sql.find("local", Find(Task, tuple((name, "x") for name in ("workspace_id", *filters))), DIALECT)
    plan = await _hop(store._reader, lambda raw: [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {text}", values)])
    await store.close()
    [step] = plan  # a second one would sort
    assert f"{filters[-1] if filters else 'workspace_id'}=?" in step
    assert "id>?" in step
