"""`trivium export` and `trivium import`: everything, from any kind of database into any other."""

import asyncio
import json
from itertools import count
from pathlib import Path

import anyio
import pytest

from hub.access import Caller
from hub.app import Hub
from hub.domain import KINDS
from hub.ports import HubStore
from stores.sqlite import SqliteStore
from tests.cli.conftest import Trivium

MANY = 1_203
"""More than two batches."""
ADA, BOB = Caller("local", "ada"), Caller('other/team "x"', "bob")


@pytest.fixture
async def filled(trivium: Trivium) -> str:
    """A database with two tenants, every road into the log, and texts that are hard to keep."""
    path = trivium.home / "filled.db"
    store = await SqliteStore.open(path, KINDS, "normal")
    hub = Hub(store)
    for caller in (ADA, BOB):
        agent = json.loads((await hub.call("create_agent", {"name": "Ada", "role": "GATE"}, caller)).to_json())
        await hub.call("append_to_note", {"noteId": "spec", "content": 'ü\u2028"\\\n\x7f😀'}, caller)
        await hub.call("send_message", {"fromAgentId": agent["id"], "toAgentIds": agent["id"], "content": "hi"}, caller)
        await hub.call("create_task", b'{"title": "t", "objective": "o", "contextSearchSpec": {"n": %d, "f": 1e300}}' % (2**70), caller)
        await hub.call("delete_task", {"taskId": await _new_task(hub, caller, 0)}, caller)
        await hub.call("create_task", {"title": "once", "objective": "o", "idempotencyKey": "k"}, caller)
    for number in range(MANY):
        await _new_task(hub, ADA, number)
    await store.close()
    return f"sqlite:{path}"


async def _new_task(hub: Hub, caller: Caller, number: int) -> str:
    return str(json.loads((await hub.call("create_task", {"title": f"task {number}", "objective": "o"}, caller)).to_json())["id"])


async def test_nothing_is_lost_from_sqlite_to_postgres_and_back(trivium: Trivium, filled: str, postgres_url: str) -> None:
    first = await _exported(trivium, filled)
    assert len(first) > 2 * MANY
    done = await trivium("import", "-", "--db", postgres_url, stdin="".join(first))
    assert done.code == 0, done.err
    assert done.err.startswith(f"Imported {json.loads(first[-1])['records']} records")
    second = await _exported(trivium, postgres_url)
    assert sorted(second[1:]) == sorted(first[1:])
    (trivium.home / "back.jsonl").write_text("".join(second))
    assert (await trivium("import", "back.jsonl", "--db", "sqlite:back.db")).code == 0
    assert sorted((await _exported(trivium, "sqlite:back.db"))[1:]) == sorted(first[1:])


async def test_a_hub_goes_on_where_the_archive_ended(trivium: Trivium, filled: str) -> None:
    lines = await _exported(trivium, filled)
    await trivium("import", "-", "--db", "sqlite:new.db", stdin="".join(lines))
    events = [json.loads(line)["event"] for line in lines if line.startswith('{"event"')]
    known = await trivium.json("call", "create_task", "--db", "sqlite:new.db", "--json", json.dumps({"title": "n", "objective": "o"}))
    page = await trivium.json("call", "list_events", "--db", "sqlite:new.db", "--json", json.dumps({"after": events[-1]}))
    assert [(event["cursor"], event["recordId"]) for event in page["events"]] == [(events[-1] + 1, known["id"])]
    assert (await trivium("search", "1202", "--db", "sqlite:new.db")).out.count("task 1202") == 1


async def test_an_export_goes_into_a_file_for_its_owner_alone_and_never_over_another(trivium: Trivium, filled: str) -> None:
    assert (await trivium("export", "out.jsonl", "--db", filled)).code == 0
    file = trivium.home / "out.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    before = file.read_bytes()
    done = await trivium("export", "out.jsonl", "--db", filled)
    assert (done.code, done.err) == (1, "error: out.jsonl is there already. Name another file, or remove it first.\n")
    assert file.read_bytes() == before


HEAD = '{"format": "trivium-archive", "version": 1}\n'
WORKSPACE = '{"record":"workspace","tenant":"local","body":{"id":"w","version":1,"createdAt":"a","updatedAt":"a","title":"W"}}\n'
EVENT = '{"event":%d,"tenant":"local","body":{"name":"workspace.created","recordId":"w","version":1,"at":"a","by":"x"}}\n'


def _end(records: int, events: int, head: object = 0) -> str:
    return json.dumps({"end": True, "records": records, "events": events, "head": head}) + "\n"


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        ("", "This is no Trivium archive."),
        ("root:x:0:0::/root:/bin/sh\n", "This is no Trivium archive."),
        ('{"format": "trivium-archive", "version": 2}\n', "The archive has format 2, and Trivium"),
        (HEAD + WORKSPACE, "The archive is cut off"),
        (HEAD + WORKSPACE[:-20], "Line 2 of the archive is cut off or damaged."),
        (HEAD + WORKSPACE + "\x00\n" + _end(1, 0), "Line 3 of the archive is cut off or damaged."),
        (HEAD + WORKSPACE + _end(2, 0), "Line 3: the archive lacks lines"),
        (HEAD + WORKSPACE + _end(1, 0) + WORKSPACE, "Line 4: something stands behind the archive's end."),
        (HEAD + EVENT % 2 + EVENT % 2 + _end(0, 2), "Line 3: event 2 stands behind event 2."),
        (HEAD + EVENT % 7 + _end(0, 1, 6), "Line 3: the archive lacks lines"),
        (HEAD + EVENT % 7 + _end(0, 1, "7"), "Line 3: the archive lacks lines"),
        (HEAD + WORKSPACE + '{"end": true, "records": 1, "events": 0}\n', "Line 3: the archive lacks lines"),
        (HEAD + WORKSPACE.replace("workspace", "planet") + _end(1, 0), "Line 2: this is neither a record nor an event that Trivium"),
        (HEAD + WORKSPACE.replace("title", "name") + _end(1, 0), "Line 2: this is no Workspace as Trivium"),
        (HEAD + WORKSPACE.replace('"title"', '"colour":"red","title"') + _end(1, 0), "would lose colour."),
    ],
)  # fmt: skip
async def test_an_archive_that_is_not_whole_changes_nothing(trivium: Trivium, archive: str, told: str) -> None:
    done = await trivium("import", "-", "--db", "sqlite:new.db", stdin=archive)
    assert done.code == 1
    assert told in done.err
    assert done.err.count("\n") == 1
    assert list(trivium.home.glob("new.db*")) == []
    done = await trivium("import", "-", "--db", "sqlite:new.db", stdin=HEAD + WORKSPACE + EVENT % 7 + _end(1, 1, 7))
    assert (done.code, done.err) == (0, "Imported 1 records and 1 events.\n")


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (WORKSPACE.replace('"version":1', f'"version":{2**70}'), "error: The import failed: "),
        (WORKSPACE.replace('"w"', '"w7"'), "w7"),
    ],
    ids=["a number too large", "one of them twice"],
)  # fmt: skip
async def test_an_import_that_the_database_breaks_off_leaves_nothing_and_may_be_repeated(
    trivium: Trivium, postgres_url: str, last: str, told: str
) -> None:
    await _empty_sqlite(trivium, "there.db")
    lines = [WORKSPACE.replace('"w"', f'"w{at}"') for at in range(MANY)]
    for database in ("sqlite:new.db", "sqlite:there.db", postgres_url):
        done = await trivium("import", "-", "--db", database, stdin=HEAD + "".join(lines) + last + _end(MANY + 1, 0))
        assert done.code == 1
        assert told in done.err
        assert done.err.count("\n") == 1
        assert len(await _exported(trivium, database) if "new" not in database else "--") == 2
    assert list(trivium.home.glob("new.db*")) == []
    for database in ("sqlite:there.db", postgres_url):
        done = await trivium("import", "-", "--db", database, stdin=HEAD + "".join(lines) + _end(MANY, 0, 40))
        assert (done.code, done.err) == (0, f"Imported {MANY} records and 0 events.\n")
        assert json.loads((await _exported(trivium, database))[-1]) == {"end": True, "records": MANY, "events": 0, "head": 40}
        done = await trivium("import", "-", "--db", database, stdin=HEAD + _end(0, 0))
        assert "empty database only" in done.err


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_a_hub_that_eight_write_to_is_exported_as_it_was_at_one_moment(trivium: Trivium, store: HubStore, database: str) -> None:
    hub = Hub(store)

    async def write(name: int) -> None:
        for number in count():
            id_ = await _new_task(hub, ADA, number)
            await hub.call("update_task", {"taskId": id_, "title": f"{name}"}, ADA)

    with anyio.fail_after(40):
        writing = [asyncio.create_task(write(name)) for name in range(8)]
        await store.beyond(1000, 40)
        lines = await _exported(trivium, database)
        for writer in writing:
            writer.cancel()
        assert {type(outcome) for outcome in await asyncio.gather(*writing, return_exceptions=True)} == {asyncio.CancelledError}
    head = json.loads(lines[-1])["head"]
    events = [line for line in map(json.loads, lines) if "event" in line]
    versions = {line["body"]["recordId"]: line["body"]["version"] for line in events if line["body"]["name"].startswith("task.")}
    tasks = [line["body"] for line in map(json.loads, lines) if line.get("record") == "task"]
    assert [line["event"] for line in events] == list(range(1, head + 1))
    assert {task["id"]: task["version"] for task in tasks} == versions
    assert (await trivium("import", "-", "--db", "sqlite:new.db", stdin="".join(lines))).code == 0


async def test_only_an_empty_database_takes_an_archive(trivium: Trivium) -> None:
    await trivium.json("call", "get_health")
    done = await trivium("import", "-", stdin=HEAD + _end(0, 0))
    assert done.code == 1
    assert "empty database only" in done.err
    assert (await trivium("doctor", "--port", "0")).code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("export", "-", "--db", "memory:"), "The memory store holds nothing beyond one process."),
        (("import", "-", "--db", "memory:"), "The memory store holds nothing beyond one process."),
        (("export", "-", "--db", "sqlite:none.db"), "There is no database"),
        (("import", "none.jsonl"), "Cannot read none.jsonl: No such file or directory."),
        (("export", "none/out.jsonl"), "There is no database"),
    ],
)  # fmt: skip
async def test_what_cannot_be_moved_says_why(trivium: Trivium, arguments: tuple[str, ...], told: str) -> None:
    done = await trivium(*arguments)
    assert done.code == 1
    assert done.err.startswith(f"error: {told}")
    assert done.err.count("\n") == 1
    assert not any(Path(trivium.home).rglob("*.db"))


async def _empty_sqlite(trivium: Trivium, name: str) -> None:
    await (await SqliteStore.open(trivium.home / name, KINDS, "normal")).close()


async def _exported(trivium: Trivium, database: str) -> list[str]:
    done = await trivium("export", "-", "--db", database)
    assert done.code == 0, done.err
    return [line + "\n" for line in done.out.split("\n")[:-1]]
