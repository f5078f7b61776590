"""Resources: what is listed, read and completed by address, and which addresses an event changes."""

import json
from asyncio import gather
from typing import Any

import pytest
from mcp import Client

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import HubError, NotFound
from hub.ports import EVERY_EVENT, Json, Logged
from protocols.mcp import resources
from protocols.mcp.readings import LONGEST_EVIDENCE, read
from protocols.mcp.uris import TEMPLATES, Address, changes_list, parse, touched, uri, variables
from tests.core.support import ask, new_agent, new_task
from tests.protocols.mcp_clients import connected, every_era, everywhere, refused
from tests.protocols.mcp_messages import MODERN
from tests.protocols.requirements import meets
from tests.protocols.script import SCRIPT
from tests.protocols.transcripts import transcript

ODD = "plan ü/50%?#{x}"


async def new_note(hub: Hub, note_id: str, content: str = "", **fields: Any) -> None:
    await ask(hub, "create_note", title=note_id, noteId=note_id, content=content, **fields)


async def text_of(client: Client, where: str) -> str:
    [contents] = (await client.read_resource(where)).contents
    assert contents.uri == where
    assert not hasattr(contents, "blob")
    return str(getattr(contents, "text"))  # noqa: B009


async def json_of(client: Client, where: str) -> Any:
    return json.loads(await text_of(client, where))


@meets("resource capabilities")
@everywhere
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_there_is_is_declared(hub: Hub, mode: str, over: str) -> None:
    async with connected(hub, mode, over) as client:
        declared = client.server_capabilities
    assert declared.resources
    assert declared.resources.subscribe
    assert declared.prompts
    assert declared.completions
    if over == "http":  # in memory the SDK introduces the server
        assert declared.resources.list_changed
        assert declared.tools
        assert declared.tools.list_changed


@meets("resource list", "resource annotations")
@everywhere
@every_era
async def test_the_list_shows_each_workspaces_views_and_then_what_changed_last(hub: Hub, mode: str, over: str) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    task = await new_task(hub, title="Dig", workspaceId="lab")
    await new_note(hub, "spec", "# ünder")
    await ask(hub, "update_task", taskId=task, title="Dig deep")
    async with connected(hub, mode, over) as client:
        first = await client.list_resources()
        assert first == await client.list_resources()
    views = [uri(place, workspaceId=id_) for id_ in ("default", "lab") for place in ("workspace", "ready", "tasks", "agents", "notes")]
    records = [uri("task", taskId=task), uri("note", workspaceId="default", noteId="spec")]
    assert [one.uri for one in first.resources] == ["hub://workspaces", *views, *records]
    by_uri = {one.uri: one for one in first.resources}
    shown, note = by_uri[records[0]], by_uri[records[1]]
    assert (shown.title, shown.name, shown.mime_type) == ("Task: Dig deep", f"tasks/{task}", "application/json")
    assert shown.annotations
    assert shown.annotations.last_modified == (await ask(hub, "get_task", taskId=task))["updatedAt"]
    assert shown.annotations.audience == ["user", "assistant"]
    assert shown.annotations.priority == 0.7
    assert (note.mime_type, note.size) == ("text/markdown", len("# ünder".encode()))
    assert len({one.name for one in first.resources}) == len(first.resources)


@meets("resource pages", "resource list")
@every_era
async def test_the_list_comes_in_pages_and_ends(hub: Hub, mode: str) -> None:
    ids = [f"w{number:02d}" for number in range(resources.PAGE * 2)]
    for id_ in ids:
        await ask(hub, "create_workspace", id=id_, title=id_)
    await ask(hub, "archive_workspace", workspaceId="w00")
    task = await new_task(hub)
    async with connected(hub, mode) as client:
        pages = [await client.list_resources()]
        while pages[-1].next_cursor is not None:
            pages.append(await client.list_resources(cursor=pages[-1].next_cursor))
        again = await client.list_resources(cursor=pages[0].next_cursor)
    assert again == pages[1]
    assert len(pages) == 3
    listed = [one.uri for page in pages for one in page.resources]
    assert len(set(listed)) == len(listed)
    assert [one for one in listed if one.endswith("/notes")] == [uri("notes", workspaceId=id_) for id_ in ("default", *ids[1:])]
    assert listed[-1] == uri("task", taskId=task)


@meets("resource pages")
@every_era
@pytest.mark.parametrize("cursor", ["", "x", "w01", "../workspaces/"])
async def test_a_cursor_that_the_hub_did_not_give_is_refused(hub: Hub, mode: str, cursor: str) -> None:
    async with connected(hub, mode) as client:
        for list_ in (client.list_resources, client.list_resource_templates):
            assert (await refused(list_(cursor=cursor))).error.code == -32602


@meets("resource list")
async def test_a_record_is_listed_once_at_its_last_change_and_not_when_it_is_gone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "REACHES", (2, 4, 1_000))
    monkeypatch.setattr(resources, "RECENT", 3)
    tasks = [await new_task(hub) for _ in range(5)]
    await ask(hub, "update_task", taskId=tasks[2], title="x")
    await ask(hub, "delete_task", taskId=tasks[4])
    for _ in range(3):
        await ask(hub, "update_task", taskId=tasks[0], title="y")
    async with connected(hub) as client:
        listed = [one.uri for one in (await client.list_resources()).resources]
    assert [one for one in listed if one.startswith("hub://tasks/")] == [uri("task", taskId=tasks[number]) for number in (0, 2, 3)]


@meets("resource templates", "resource annotations")
@everywhere
@every_era
async def test_the_templates_name_every_kind_of_address(hub: Hub, mode: str, over: str) -> None:
    async with connected(hub, mode, over) as client:
        listed = (await client.list_resource_templates()).resource_templates
    assert [one.uri_template for one in listed] == [template for place, template in TEMPLATES.items() if variables(place)]
    assert {one.name: one.mime_type for one in listed}["note"] == "text/markdown"
    assert all(one.title and one.description and one.annotations for one in listed)


@meets("resource read")
@everywhere
@every_era
async def test_a_record_is_read_as_its_operation_answers_it(hub: Hub, mode: str, over: str) -> None:
    agent, task = await new_agent(hub), await new_task(hub, title="Ünïcode ☃")
    async with connected(hub, mode, over) as client:
        assert await json_of(client, f"hub://tasks/{task}") == await ask(hub, "get_task", taskId=task)
        assert await json_of(client, f"hub://agents/{agent}") == await ask(hub, "get_agent", agentId=agent)
        assert await json_of(client, "hub://workspaces/default") == await ask(hub, "get_workspace")
        assert await json_of(client, "hub://workspaces") == await ask(hub, "list_workspaces")
        assert await json_of(client, "hub://workspaces/default/tasks") == await ask(hub, "list_tasks")
        assert await json_of(client, "hub://workspaces/default/tasks/ready") == await ask(hub, "list_ready_tasks")
        assert await json_of(client, "hub://workspaces/default/agents") == await ask(hub, "list_agents")


@meets("resource notes")
@everywhere
@every_era
async def test_a_note_is_its_text_with_the_versions_beside_it(hub: Hub, mode: str, over: str) -> None:
    await new_note(hub, ODD, "# Plan\n☃")
    where = uri("note", workspaceId="default", noteId=ODD)
    async with connected(hub, mode, over) as client:
        [contents] = (await client.read_resource(where)).contents
        [shown] = (await json_of(client, "hub://workspaces/default/notes"))["notes"]
        empty = uri("note", workspaceId="default", noteId="empty")
        await new_note(hub, "empty")
        assert await text_of(client, empty) == ""
    assert (contents.uri, contents.mime_type, getattr(contents, "text", None)) == (where, "text/markdown", "# Plan\n☃")
    assert contents.meta
    assert contents.meta["textVersion"] == 1
    assert (shown["uri"], shown["textVersion"]) == (where, 1)
    assert "content" not in shown


@meets("resource lists")
async def test_long_evidence_is_left_out_of_the_list_of_artifacts(hub: Hub) -> None:
    task = await new_task(hub)
    for length in (LONGEST_EVIDENCE, LONGEST_EVIDENCE + 1):
        await ask(hub, "provide_artifact", taskId=task, type="logs", content="x" * length)
    async with connected(hub) as client:
        short, long = (await json_of(client, f"hub://tasks/{task}/artifacts"))["artifacts"]
    assert len(short["content"]) == LONGEST_EVIDENCE
    assert "content" not in long
    assert long["contentLength"] == LONGEST_EVIDENCE + 1


@meets("resource sessions")
@every_era
async def test_a_session_shows_its_tasks_and_notes_in_all_workspaces(hub: Hub, mode: str) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    tasks = [await new_task(hub, workspaceId=id_, sessionId="s/1") for id_ in ("default", "lab")]
    await new_task(hub, sessionId="another")
    await new_note(hub, "plan", "long", sessionId="s/1", workspaceId="lab")
    async with connected(hub, mode) as client:
        session = await json_of(client, "hub://sessions/s%2F1")
        assert (await refused(client.read_resource("hub://sessions/none"))).error.message == "There is no session 'none'."
    assert session["sessionId"] == "s/1"
    assert [task["id"] for task in session["tasks"]] == tasks
    assert [note["uri"] for note in session["notes"]] == ["hub://notes/lab/plan"]


MISSING = [
    "hub://tasks/none", "hub://agents/none", "hub://notes/default/none", "hub://notes/none/spec", "hub://workspaces/none",
    "hub://workspaces/none/tasks", "hub://tasks/none/artifacts", "hub://sessions/none", "hub://tasks/" + "x" * 201,
    "hub://", "hub://tasks", "hub://tasks/", "hub://tasks/a/b", "hub://things/a", "hub://tasks/%ff", "hub://tasks/%00",
    "file:///etc/passwd", "",
]  # fmt: skip


@meets("resource missing")
@everywhere
@pytest.mark.parametrize(("mode", "code"), [("legacy", -32002), (MODERN, -32602)])
async def test_what_is_not_there_is_an_error_that_names_it_never_an_empty_answer(hub: Hub, mode: str, code: int, over: str) -> None:
    async with connected(hub, mode, over) as client:
        for where in MISSING:
            error = (await refused(client.read_resource(where))).error
            assert (error.code, error.data) == (code, {"uri": where})
            assert error.message


@meets("resource grants")
async def test_a_caller_sees_and_reads_what_its_grants_open(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    await new_note(hub, "plan")
    reader = Caller(grants=frozenset({"workspaces.read", "tasks.read", "events.read"}))
    async with connected(hub, caller=reader) as client:
        listed = {one.uri for one in (await client.list_resources()).resources}
        assert (await refused(client.read_resource(f"hub://agents/{agent}"))).error.code == -32011
        assert (await json_of(client, f"hub://tasks/{task}"))["id"] == task
    assert f"hub://tasks/{task}" in listed
    assert "hub://workspaces/default/tasks" in listed
    assert listed.isdisjoint({"hub://notes/default/plan", "hub://workspaces/default/agents", "hub://workspaces/default/notes"})
    async with connected(hub, caller=Caller(grants=frozenset({"tasks.read"}))) as client:
        assert [one.uri for one in (await client.list_resources()).resources] == []


@meets("resource tenants")
async def test_another_tenants_records_are_not_there(hub: Hub) -> None:
    task = await new_task(hub, title="secret")
    async with connected(hub, caller=Caller(tenant="other")) as client:
        assert (await refused(client.read_resource(f"hub://tasks/{task}"))).error.code == -32602
        assert "secret" not in str(await client.list_resources())


@meets("resource caching")
async def test_an_answer_says_how_long_it_may_be_kept_and_for_whom(hub: Hub) -> None:
    async with connected(hub) as client:
        records, templates, prompts = await client.list_resources(), await client.list_resource_templates(), await client.list_prompts()
        assert (records.ttl_ms, records.cache_scope) == (5_000, "private")
        assert (templates.ttl_ms, templates.cache_scope) == (prompts.ttl_ms, prompts.cache_scope) == (3_600_000, "public")
        read_ = await client.read_resource("hub://workspaces")
        assert (read_.ttl_ms, read_.cache_scope) == (0, "private")


@meets("resource addresses")
@pytest.mark.parametrize("place", TEMPLATES)
def test_an_address_is_written_and_read_the_same_whatever_the_id(place: Any) -> None:
    for id_ in (ODD, "a", "%2F", "..", "名前", "a b+c"):
        ids = dict.fromkeys(variables(place), id_)
        where = uri(place, **ids)
        assert where.isascii()
        assert parse(where) == Address(place, ids)
        assert parse(where).uri == where


@meets("resource addresses")
def test_an_address_that_was_encoded_otherwise_is_the_same() -> None:
    for written in ("hub://tasks/a%2fb", "hub://tasks/%61%2Fb"):
        assert parse(written).uri == "hub://tasks/a%2Fb"
    assert parse("hub://notes/default/plan b").uri == "hub://notes/default/plan%20b"
    with pytest.raises(NotFound, match="resources/templates/list"):
        parse("hub://nothing/here")


LISTED = ("workspace", "task", "note")
UNTOLD = {"renew_claim", "heartbeat_agent"}
"""They put a time off, which is no event: a claim's or a heartbeat's."""


@meets("resource changes")
async def test_every_change_of_a_resource_is_told_by_an_event_that_touches_it(hub: Hub) -> None:
    """The day of a hub, step by step: what reads otherwise than before is among what the step's events touch."""
    known: dict[str, str | None] = {}
    cursor = 0

    async def step(operation: str, arguments: Json) -> tuple[bool, Any]:
        nonlocal cursor
        try:
            went_well, answer = True, json.loads((await hub.call(operation, arguments, LOCAL)).to_json())
        except HubError as error:
            went_well, answer = False, error.document()
        page = await hub.store.after(cursor, LOCAL.tenant, EVERY_EVENT, 10_000)
        cursor = page.cursor
        told = frozenset[str]().union(*map(touched, page.events))
        where = sorted({*known, *(one for one in told if not one.startswith("hub://sessions/"))})
        now = dict(zip(where, await gather(*(shown(hub, one) for one in where)), strict=True))
        changed = {one for one in where if now[one] != known.get(one)}
        gone = {one for one in changed if now[one] is None} if operation == "delete_workspace" else set()
        assert operation in UNTOLD or changed - gone <= told, f"{operation} {arguments}"
        if {one for one in changed if parse(one).place in LISTED and None in (now[one], known.get(one))}:
            assert any(map(changes_list, page.events))
        known.update(now)
        return went_well, answer

    await transcript(step, [one for one in SCRIPT if "noSuchField" not in one.arguments])
    assert len(known) >= 20


async def shown(hub: Hub, where: str) -> str | None:
    try:
        return (await read(hub, LOCAL, parse(where))).text
    except NotFound:
        return None


@meets("resource changes")
def test_a_task_tells_of_its_agents_and_its_session() -> None:
    body = {"recordId": "t", "workspaceId": "w", "agentId": "own", "sessionId": "s", "data": {"agentId": "judge"}}
    event = Logged(1, "task.judged", "t", json.dumps(body))
    lists = {"hub://workspaces/w/tasks", "hub://workspaces/w/tasks/ready"}
    assert touched(event) == {"hub://tasks/t", "hub://agents/own", "hub://agents/judge", "hub://sessions/s", *lists}
    assert not changes_list(event)


@meets("resource changes")
@pytest.mark.parametrize(("name", "changes"), [
    ("task.created", True), ("note.deleted", True), ("workspace.created", True), ("workspace.updated", True),
    ("agent.created", False), ("task.updated", False), ("message.created", False), ("letter.sent", False), ("artifact.created", False),
])  # fmt: skip
def test_the_list_changes_when_something_that_it_shows_comes_or_goes(name: str, changes: bool) -> None:
    assert changes_list(Logged(1, name, "t", "{}")) is changes


@meets("resource run")
@every_era
async def test_a_session_that_the_hub_runs_shows_how_it_stands_and_what_was_said_last(hub: Hub, mode: str) -> None:
    session = await ask(hub, "start_session", provider="opencode")
    claimed = await ask(hub, "claim_session", sessionId=session["id"], worker="w")
    said = {"sessionUpdate": "agent_message", "messageId": "m", "content": [{"type": "text", "text": "Done."}]}
    held = {"sessionId": session["id"], "claimToken": claimed["claim"]["token"]}
    await ask(hub, "report_session", **held, status="ready", entries=[{"number": 1, "update": said}])
    async with connected(hub, mode) as client:
        shown = await json_of(client, f"hub://sessions/{session['id']}")
    assert (shown["session"]["status"], shown["history"], shown["tasks"]) == ("ready", [said], [])
