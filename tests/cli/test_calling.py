"""`trivium call`: JSON in, JSON out."""

import json

from hub.operations import OPERATIONS
from tests.cli.conftest import Trivium

TASK = {"title": "Login", "objective": "A page — with ümlauts"}


async def test_the_answer_is_json_and_what_was_written_is_there_afterwards(trivium: Trivium) -> None:
    task = await trivium.json("call", "create_task", "--json", json.dumps(TASK))
    assert await trivium.json("call", "get_task", "--json", json.dumps({"taskId": task["id"]})) == task
    assert (await trivium.json("call", "list_tasks"))["tasks"] == [task]


async def test_the_input_can_come_from_standard_input(trivium: Trivium) -> None:
    task = await trivium.json("call", "create_task", "--json", "-", stdin=json.dumps(TASK, ensure_ascii=False))
    assert task["objective"] == TASK["objective"]


async def test_an_idempotency_key_holds_from_one_process_to_the_next(trivium: Trivium) -> None:
    given = json.dumps(TASK | {"idempotencyKey": "once"})
    assert await trivium.json("call", "create_task", "--json", given) == await trivium.json("call", "create_task", "--json", given)


async def test_an_error_is_a_document_on_standard_output_and_a_line_for_people(trivium: Trivium) -> None:
    done = await trivium("call", "get_task", "--json", '{"taskId": "nope"}')
    assert done.code == 1
    assert done.json.items() >= {"kind": "not_found", "details": {"noun": "task", "id": "nope"}}.items()
    assert done.json["error"].startswith("There is no task 'nope'.")
    assert done.err == f"error: {done.json['error']}\n"


async def test_input_that_is_no_json_object_is_invalid(trivium: Trivium) -> None:
    for wrong in ("{", "[]", "1", "\udcff"):
        done = await trivium("call", "list_tasks", "--json", wrong)
        assert (done.code, done.json["kind"]) == (1, "invalid"), wrong


async def test_an_unknown_operation_is_told_with_one_that_is_like_it(trivium: Trivium) -> None:
    done = await trivium("call", "creat_task")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: There is no operation 'creat_task'. Did you mean create_task? `trivium call --help` lists them all.\n"


async def test_the_help_lists_every_operation(trivium: Trivium) -> None:
    done = await trivium("call", "--help")
    words = done.out.replace(",", " ").split()
    assert set(OPERATIONS) <= set(words)
