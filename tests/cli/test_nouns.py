"""The commands made from the catalogue: a group for each noun, tables for people, JSON for programs."""

import json
from typing import Any

import click
import pytest

from hub.cli.nouns import OperationCommand, nouns
from hub.cli.tables import rendered
from hub.operations import OPERATIONS
from tests.cli.conftest import Trivium


def _commands() -> dict[str, OperationCommand]:
    """By what is typed."""
    found: dict[str, OperationCommand] = {}
    for noun, made in nouns().items():
        inner = made.commands.items() if isinstance(made, click.Group) else [("", made)]
        found |= {f"{noun} {name}".strip(): command for name, command in inner if isinstance(command, OperationCommand)}
    return found


def test_every_operation_of_the_catalogue_is_one_command() -> None:
    assert sorted(command.operation.name for command in _commands().values()) == sorted(OPERATIONS)


@pytest.mark.parametrize(
    ("typed", "operation"),
    [
        ("tasks list", "list_tasks"), ("tasks show", "get_task"), ("tasks create", "create_task"), ("tasks claim", "claim_task"),
        ("tasks delete", "delete_task"), ("tasks delete-tasks", "delete_tasks"), ("tasks set-verdict", "set_verdict"),
        ("notes show", "get_note"), ("notes append", "append_to_note"), ("notes set-content", "set_note_content"),
        ("mail read", "read_inbox"), ("mail send", "send_message"),
        ("reservations reserve", "reserve_files"), ("reservations release", "release_files"),
        ("mcp-servers create", "create_mcp_server"), ("mcp-servers show", "get_mcp_server"), ("mcp-servers list", "list_mcp_servers"),
        ("specialists list", "list_specialists"), ("specialists show", "get_specialist"), ("skills show", "get_skill"),
        ("clones clone-repository", "clone_repository"), ("clones list", "list_clones"), ("git stage-files", "stage_files"),
        ("events subscribe", "subscribe_to_events"), ("search", "search"), ("health", "get_health"),
    ],
)  # fmt: skip
def test_commands_have_the_names_that_one_would_type(typed: str, operation: str) -> None:
    assert _commands()[typed].operation.name == operation


@pytest.mark.parametrize("typed", sorted(_commands()))
def test_every_field_of_the_input_is_an_option(typed: str) -> None:
    command = _commands()[typed]
    options = {option for parameter in command.get_params(click.Context(command)) for option in parameter.opts}
    fields = command.operation.input.model_fields
    assert {"--" + name.replace("_", "-") for name in fields} <= options


async def test_a_newcomer_finds_the_commands_the_nouns_and_examples_in_the_help(trivium: Trivium) -> None:
    top = (await trivium("--help")).out
    for word in ("serve", "connect", "doctor", "export", "import", "call", "mcp", "tasks", "notes", "mail", "search"):
        assert f"\n  {word} " in top
    assert (
        '\n  Example:\n    trivium tasks create --title Login --objective "A login page that works" --priority high\n'
        in (await trivium("tasks", "--help")).out
    )
    for noun in ("codebases", "git", "permission-policies"):
        assert f"\n  {noun.replace('-', ' ').capitalize()}: " in (await trivium(noun, "--help")).out
    one = (await trivium("tasks", "create", "--help")).out
    assert "--title TEXT" in one
    assert "[required]" in one
    assert "[low|medium|high|urgent]" in one


async def test_work_goes_from_command_to_command(trivium: Trivium) -> None:
    agent = await trivium.json("agents", "create", "--name", "Ada", "--role", "developer", "--metadata", '{"shift": "day"}', "--json")
    assert agent["metadata"] == {"shift": "day"}
    given = ("--title", "Login", "--objective", "A page", "--priority", "HIGH", "--labels", "web", "--labels", "ui")
    task = await trivium.json("tasks", "create", *given, "--json")
    assert (task["priority"], task["labels"]) == ("high", ["web", "ui"])
    table = (await trivium("tasks", "list")).out.splitlines()
    assert table[0].split()[:4] == ["id", "title", "status", "priority"]
    assert table[1].split()[:4] == [task["id"], "Login", "PENDING", "high"]
    claimed = await trivium.json("tasks", "claim", "--agent-id", agent["id"], "--json")
    assert claimed["claim"]["agentId"] == agent["id"]
    shown = (await trivium("tasks", "show", task["id"])).out
    assert "IN_PROGRESS" in shown
    assert (await trivium("search", "login")).out.count(task["id"]) == 1
    deleted = await trivium("tasks", "delete", "--task-id", task["id"])
    assert (deleted.code, (await trivium("tasks", "list")).out) == (0, "No tasks.\n")


async def test_json_is_exactly_what_call_prints(trivium: Trivium) -> None:
    await trivium("notes", "append", "spec", "--content", "-", stdin="line 1\nline 2 ü\n")
    assert (await trivium("notes", "show", "spec", "--json")).out == (await trivium("call", "get_note", "--json", '{"noteId": "spec"}')).out
    assert "\ncontent\nline 1\nline 2 ü\n" in (await trivium("notes", "show", "spec")).out


async def test_a_failure_is_one_line_for_people_and_a_document_with_json(trivium: Trivium) -> None:
    done = await trivium("tasks", "show", "nope")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("error: There is no task 'nope'.")
    done = await trivium("tasks", "show", "nope", "--json")
    assert (done.code, done.json["kind"]) == (1, "not_found")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tasks", "show"), "Missing argument 'TASK_ID'"),
        (("search",), "Missing argument 'QUERY'"),
        (("tasks", "create", "--title", "a"), "Missing option '--objective'"),
        (("tasks", "create", "--title", "a", "--objective", "b", "--priority", "top"), "'low', 'medium', 'high', 'urgent'"),
        (("tasks", "list", "--limit", "0"), "0 is not in the range 1<=x<="),
        (("agents", "create", "--name", "a", "--role", "GATE", "--metadata", "{"), "is not JSON"),
        (("tasks", "lsit"), "No such command 'lsit'"),
        (("taks", "list"), "No such command 'taks'"),
        (("tasks", "update", "one", "--task-id", "other", "--title", "t"), "TASK_ID and --task-id are not the same"),
    ],
)  # fmt: skip
async def test_wrong_usage_says_what_is_right(trivium: Trivium, arguments: tuple[str, ...], told: str) -> None:
    done = await trivium(*arguments)
    assert done.code == 2
    assert told in done.err


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"tasks": []}, "No tasks."),
        ({"tasks": [{"id": "1", "title": "a\nb"}], "nextCursor": "1"}, "id  title\n1   a b\nnextCursor: 1"),
        ({"id": "1", "labels": [], "data": {"a": 1}}, 'id    1\ndata  {"a": 1}'),
        ({"id": "1", "content": "a\x1b[31m\nb"}, "id  1\n\ncontent\na\ufffd[31m\nb"),
        ({"tasks": [{"id": "1", "title": "\x9b2J" + "x" * 80}]}, f"id  title\n1   \ufffd2J{'x' * 80}"),
        ({"tasks": [{"id": "1", "title": "a", "objective": "b", "scope": ""}]}, "id  title\n1   a"),
        ({"tasks": [{"taskId": "1", "title": "a"}], "note": {"id": "spec"}, "blocks": 0}, "title  taskId\na      1\nblocks: 0"),
        ({"reservations": [{"id": "1", "path": "src/**", "agentId": "ada"}]}, "path    agentId\nsrc/**  ada"),
    ],
)  # fmt: skip
def test_answers_are_shown_as_tables_that_cannot_steer_the_terminal(answer: dict[str, Any], shown: str) -> None:
    assert click.unstyle(rendered(json.dumps(answer))) == shown


def test_what_went_wrong_beside_a_list_stands_below_its_table() -> None:
    answer = {"skills": [{"name": "tidy"}], "problems": ["a: no", "b: no"], "count": 1}
    assert click.unstyle(rendered(json.dumps(answer))).splitlines() == ["name", "tidy", "problem: a: no", "problem: b: no", "count: 1"]


async def test_what_stands_in_the_users_folders_is_shown(trivium: Trivium) -> None:
    for folder, name, text in (
        (".config/trivium/specialists", "critic.md", "name: Critic\nrole: GATE"),
        (".agents/skills/tidy", "SKILL.md", "name: tidy\ndescription: d"),
        (".config/trivium/specialists", "king.md", "role: KING"),
    ):  # fmt: skip
        (trivium.home / folder).mkdir(parents=True, exist_ok=True)
        (trivium.home / folder / name).write_text(f"---\n{text}\n---\nDo it well.\n")
    listed = (await trivium("specialists", "list")).out
    assert "critic     Critic" in listed
    assert "problem: specialists/king.md: role: Input should be" in listed
    assert str(trivium.home) not in listed
    for noun, name in (("specialists", "critic"), ("skills", "tidy")):
        assert "Do it well." in (await trivium(noun, "show", name)).out


def test_a_table_fits_the_terminal_and_never_cuts_an_id() -> None:
    one = {"id": "i" * 36, "title": "t" * 90, "status": "PENDING", "by": "b" * 90}
    lines = click.unstyle(rendered(json.dumps({"tasks": [one, one]}), 80)).splitlines()
    assert {len(line) for line in lines[1:]} == {80}
    assert lines[1].split()[0] == one["id"]
    assert lines[0].split() == ["id", "title", "status", "by"]
    narrow = click.unstyle(rendered(json.dumps({"tasks": [one]}), 40)).splitlines()
    assert narrow == ["id", one["id"]]


async def test_the_help_promises_no_default_that_a_change_does_not_apply_and_hides_what_only_the_web_says(trivium: Trivium) -> None:
    update, create = [(await trivium("tasks", name, "--help")).out for name in ("update", "create")]
    assert "[default:" not in update
    assert "Another way to give TASK_ID." in update
    assert "[default: pending]" in create
    assert create.index("--objective") < create.index("--scope")
    for hidden in ("--create-git-hub-issue", "--repo-path", "--sync-to-git-hub"):
        assert hidden not in update + create


async def test_the_whole_name_of_an_operation_works_too(trivium: Trivium) -> None:
    agent = await trivium.json("agents", "create", "--name", "Ada", "--role", "developer", "--json")
    done = await trivium("reservations", "reserve-files", "--agent-id", agent["id"], "--paths", "src/**")
    assert agent["id"] in done.out
    assert "reserve-files" not in (await trivium("reservations", "--help")).out


async def test_text_that_is_not_utf8_is_refused(trivium: Trivium) -> None:
    done = await trivium("notes", "append", "spec", "--content", "-", stdin=b"a\xffb")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: Standard input is not UTF-8: byte 2 is 0xff. Convert it first.\n"


async def test_the_tasks_made_of_a_note_are_a_table(trivium: Trivium) -> None:
    await trivium("notes", "append", "spec", "--content", "-", stdin="@@@task\n# Do X\nwell\n@@@\n")
    first = (await trivium("notes", "convert-task-blocks", "spec")).out
    assert first.splitlines()[0].split() == ["title", "taskId", "noteId"]
    assert "note:" not in first
    assert (await trivium("notes", "convert-task-blocks", "spec")).out.startswith("No tasks.\n")
