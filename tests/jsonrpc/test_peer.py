"""A two-way JSON-RPC connection: order, ids of both sides, cancellation, what is no message, floods, and the end."""

import asyncio
import logging
from contextlib import suppress
from itertools import count
from typing import Any

import anyio
import orjson
import pytest

from hub.ports import Json
from protocols.jsonrpc import peer as module
from protocols.jsonrpc.peer import (
    BUSY,
    CANCELLED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Closed,
    Peer,
    RpcError,
)
from tests.jsonrpc.conftest import Answers, Wire
from tests.jsonrpc.streams import memory_pair


async def echo(params: Json) -> Json:
    return params


async def never(params: Json) -> None:
    await asyncio.Event().wait()


async def test_both_sides_ask_and_answer_at_once() -> None:
    ours, theirs = Answers(), Answers()
    here, there = memory_pair()
    left, right = Peer(here, ours), Peer(there, theirs)

    async def ask_back(params: Json) -> Any:
        return [await right.request("echo", params), params]

    ours.methods["echo"], theirs.methods["twice"] = echo, ask_back
    async with asyncio.TaskGroup() as group:
        group.create_task(left.run())
        group.create_task(right.run())
        with anyio.fail_after(5):
            answers = await asyncio.gather(*(left.request("twice", {"n": n}) for n in range(300)))
        assert answers == [[{"n": n}, {"n": n}] for n in range(300)]
        await left.close()


async def test_ten_thousand_notifications_are_handled_in_order_also_by_a_handler_that_waits(
    served: Answers, peer: Peer, wire: Wire
) -> None:
    async def wait(method: str, params: Json) -> None:
        for _ in range(params["n"] % 3):
            await anyio.lowlevel.checkpoint()

    served.on_notification = wait
    await wire.say(*({"method": "session/update", "params": {"n": n}} for n in range(10_000)), {"id": 1, "method": "unknown"})
    assert (await wire.heard())["id"] == 1
    assert [params["n"] for _, params in served.told] == list(range(10_000))


async def test_a_response_is_handed_over_after_what_came_before_it(served: Answers, peer: Peer, wire: Wire) -> None:
    async def slow(method: str, params: Json) -> None:
        await anyio.lowlevel.checkpoint()

    served.on_notification = slow
    asking = asyncio.create_task(peer.request("session/load", {}))
    asked = await wire.heard()
    await wire.say(*({"method": "session/update", "params": {"n": n}} for n in range(100)), {"id": asked["id"], "result": None})
    assert await asking is None
    assert len(served.told) == 100


async def test_a_request_takes_its_first_step_before_the_next_message_is_handled(served: Answers, peer: Peer, wire: Wire) -> None:
    begun: list[str] = []

    async def prompt(params: Json) -> str:
        begun.append("prompt")
        return "done"

    both = asyncio.Event()

    async def note(method: str, params: Json) -> None:
        await both.wait()
        begun.append(method)

    served.methods["session/prompt"], served.on_notification = prompt, note
    await wire.say({"method": "wait"}, {"id": 0, "method": "session/prompt"}, {"method": "session/cancel"})
    both.set()
    assert await wire.heard() == {"id": 0, "result": "done"}
    assert begun == ["wait", "prompt", "session/cancel"]


async def test_a_long_request_holds_nothing_up(served: Answers, peer: Peer, wire: Wire) -> None:
    served.methods |= {"long": never, "echo": echo}
    await wire.say({"id": 1, "method": "long"}, {"id": 2, "method": "echo", "params": {"a": 1}})
    assert await wire.heard() == {"id": 2, "result": {"a": 1}}


async def test_ids_of_the_two_sides_are_apart(served: Answers, peer: Peer, wire: Wire) -> None:
    served.methods["echo"] = echo
    asking = asyncio.create_task(peer.request("a", {}))
    ours = (await wire.heard())["id"]
    for id_ in (0, ours, str(ours), "x", None):
        await wire.say({"id": id_, "method": "echo", "params": {"id": id_}})
        assert await wire.heard() == {"id": id_, "result": {"id": id_}}
    await wire.say({"id": ours, "result": {"theirs": True}})
    assert await asking == {"theirs": True}


async def test_params_may_be_absent_and_must_be_an_object(served: Answers, peer: Peer, wire: Wire) -> None:
    served.methods["echo"] = echo
    await wire.say({"id": 1, "method": "echo"}, {"id": 2, "method": "echo", "params": None})
    assert [await wire.heard() for _ in range(2)] == [{"id": 1, "result": {}}, {"id": 2, "result": {}}]
    await wire.say({"method": "told", "params": [1]}, {"method": "told"}, {"id": 3, "method": "echo", "params": [1]})
    assert (await wire.heard())["error"]["code"] == INVALID_PARAMS
    assert served.told == [("told", {})]


@pytest.mark.parametrize("id_", [True, 1.5, [1], {"a": 1}])
async def test_an_id_that_is_none_is_refused(served: Answers, peer: Peer, wire: Wire, id_: object) -> None:
    await wire.say({"id": id_, "method": "echo"})
    refused = await wire.heard()
    assert refused["id"] is None
    assert refused["error"]["code"] == INVALID_REQUEST


async def test_an_id_in_progress_is_refused_and_may_be_used_again_afterwards(served: Answers, peer: Peer, wire: Wire) -> None:
    go = asyncio.Event()

    async def wait(params: Json) -> bool:
        return await go.wait()

    served.methods["wait"] = wait
    await wire.say({"id": 1, "method": "wait"}, {"id": 1, "method": "wait"})
    assert (await wire.heard())["error"]["code"] == INVALID_REQUEST
    go.set()
    assert await wire.heard() == {"id": 1, "result": True}
    await wire.say({"id": 1, "method": "wait"})
    assert await wire.heard() == {"id": 1, "result": True}


async def test_fields_that_are_not_known_pass_through(served: Answers, peer: Peer, wire: Wire) -> None:
    odd = {"sessionId": "s", "_meta": {"x": [1, {"y": None}]}, "update": {"sessionUpdate": "_mine", "text": "\u2028 ✓"}, "big": 2**60}
    served.methods["echo"] = echo
    await wire.say({"id": 1, "method": "echo", "params": odd, "extra": 1}, {"method": "told", "params": odd, "extra": 1})
    assert await wire.heard() == {"id": 1, "result": odd}
    asking = asyncio.create_task(peer.request("a", odd))
    asked = await wire.heard()
    assert asked["params"] == odd
    await wire.say({"id": asked["id"], "result": odd, "extra": 1})
    assert await asking == odd
    assert served.told == [("told", odd)]


async def test_errors_pass_with_their_code_and_data(served: Answers, peer: Peer, wire: Wire) -> None:
    await wire.say({"id": 1, "method": "none"})
    assert await wire.heard() == {
        "id": 1,
        "error": {"code": METHOD_NOT_FOUND, "message": "There is no method 'none'", "data": {"known": []}},
    }
    asking = asyncio.create_task(peer.request("a", {}))
    await wire.say({"id": (await wire.heard())["id"], "error": {"code": -32002, "message": "No such session", "data": {"id": "s"}}})
    with pytest.raises(RpcError) as raised:
        await asking
    assert (raised.value.code, raised.value.message, raised.value.data) == (-32002, "No such session", {"id": "s"})


@pytest.mark.parametrize("response", [{}, {"error": "no"}, {"error": {"code": "x"}}, {"error": []}])
async def test_a_response_that_is_neither_a_result_nor_an_error_fails_its_request(peer: Peer, wire: Wire, response: Json) -> None:
    asking = asyncio.create_task(peer.request("a", {}))
    await wire.say({"id": (await wire.heard())["id"], **response})
    with pytest.raises(RpcError, match="neither"):
        await asking


async def test_a_defect_is_logged_and_answered_without_what_it_says(
    served: Answers, peer: Peer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> Any:
        raise ValueError("secret 123")

    async def unspeakable(params: Json) -> object:
        return object()

    served.methods |= {"broken": broken, "unspeakable": unspeakable, "echo": echo}
    served.on_notification = broken
    await wire.say({"method": "told"}, {"id": 1, "method": "broken"}, {"id": 2, "method": "unspeakable"}, {"id": 3, "method": "echo"})
    for answer in [await wire.heard() for _ in range(2)]:
        assert answer["error"]["code"] == INTERNAL_ERROR
        assert "secret" not in answer["error"]["message"]
    assert await wire.heard() == {"id": 3, "result": {}}
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3


async def test_what_is_no_message_disturbs_nothing(served: Answers, peer: Peer, wire: Wire) -> None:
    asking = asyncio.create_task(peer.request("a", {}))
    id_ = (await wire.heard())["id"]
    noise: list[Json | bytes] = [
        b"Starting up ...", b"", b"\xff\xfe{", b"[]", b"1", b'"text"', b"null", b'{"jsonrpc":', b"[" * 100_000, b'[{"method":"a","id":1}]',
        {}, {"method": 1}, {"id": 99, "result": 1}, {"id": str(id_), "result": 1}, {"id": None, "error": {}}, {"id": [1], "result": 1},
    ]  # fmt: skip
    await wire.say(*noise)
    await wire.say({"id": id_, "result": "first"}, {"id": id_, "result": "second"}, {"method": "last"}, {"id": 7, "method": "unknown"})
    assert (await wire.heard())["id"] == 7
    assert await asking == "first"
    assert served.told == [("last", {})]
    assert peer.ignored == len(noise) + 1


async def test_a_character_that_was_cut_in_two_loses_no_message(served: Answers, peer: Peer, wire: Wire) -> None:
    await wire.say(b'{"method": "told", "params": {"text": "cut \\ud83d \xc3\xa9 whole \\ud83d\\ude00"}}', {"id": 1, "method": "unknown"})
    await wire.heard()
    assert served.told == [("told", {"text": "cut ? é whole 😀"})]


async def test_the_other_side_withdraws_its_request(served: Answers, peer: Peer, wire: Wire) -> None:
    ended = asyncio.Event()

    async def hang(params: Json) -> None:
        try:
            await never(params)
        finally:
            ended.set()

    served.methods["hang"] = hang
    ids: list[object] = [0, [], None, "r"]
    cancels: list[Json] = [{"method": "$/cancel_request", "params": {"requestId": id_}} for id_ in ids]
    await wire.say({"id": "r", "method": "hang"}, *cancels)
    answer = await wire.heard()
    assert answer["id"] == "r"
    assert answer["error"]["code"] == CANCELLED
    assert ended.is_set()
    await wire.say({"id": 1, "method": "unknown"})
    assert (await wire.heard())["id"] == 1
    assert served.told == []


async def test_a_handler_may_answer_its_cancellation_with_a_result(served: Answers, peer: Peer, wire: Wire) -> None:
    async def prompt(params: Json) -> Json:
        with suppress(asyncio.CancelledError):
            await never(params)
        return {"stopReason": "cancelled"}

    served.methods["session/prompt"] = prompt
    await wire.say({"id": 1, "method": "session/prompt"}, {"method": "$/cancel_request", "params": {"requestId": 1}})
    assert await wire.heard() == {"id": 1, "result": {"stopReason": "cancelled"}}


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_request_that_nobody_waits_for_any_more_is_withdrawn(peer: Peer, wire: Wire, how: str) -> None:
    asking = asyncio.create_task(peer.request("a", {}, None if how == "cancelled" else 0.01))
    id_ = (await wire.heard())["id"]
    if how == "cancelled":
        asking.cancel()
    assert await wire.heard() == {"method": "$/cancel_request", "params": {"requestId": id_}}
    with pytest.raises(asyncio.CancelledError if how == "cancelled" else TimeoutError):
        await asking
    await wire.say({"id": id_, "error": {"code": CANCELLED, "message": "late"}}, {"id": 1, "method": "unknown"})
    assert (await wire.heard())["id"] == 1


async def test_a_request_that_was_never_written_is_given_up_without_a_word() -> None:
    here, there = memory_pair(1)
    peer = Peer(here, Answers())
    await peer.notify("fills the stream", {})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(peer.request("a", {"n": n}) for n in range(50))), 0.01)
    last = asyncio.create_task(peer.notify("last", {}))
    with anyio.fail_after(5):
        messages = there.receive()
        methods = [orjson.loads(await anext(messages))["method"] for _ in range(3)]
        assert methods == ["fills the stream", "$/cancel_request", "last"], "only the one whose turn it was may have been written"
        await last
        await peer.close()
        assert [message async for message in messages] == []


async def test_too_many_requests_are_refused_and_cancellations_and_answers_get_through(
    served: Answers, peer: Peer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_PROGRESS", 10)

    async def ask_back(params: Json) -> Any:
        return await peer.request("back", params)

    served.methods["ask"] = ask_back
    await wire.say(*({"id": n, "method": "ask"} for n in range(30)))
    heard = [await wire.heard() for _ in range(30)]
    asked, refused = [one for one in heard if "method" in one], [one for one in heard if "error" in one]
    assert [one["id"] for one in refused] == list(range(10, 30))
    assert {one["error"]["code"] for one in refused} == {BUSY}
    await wire.say({"method": "$/cancel_request", "params": {"requestId": 0}})
    withdrawn = {str(one.get("method")): one for one in [await wire.heard() for _ in range(2)]}
    assert withdrawn["None"]["error"]["code"] == CANCELLED
    assert withdrawn["$/cancel_request"]["params"] == {"requestId": asked[0]["id"]}
    await wire.say(*({"id": one["id"], "result": "r"} for one in asked[1:]), {"id": 50, "method": "ask"})
    assert [await wire.heard() for _ in range(9)] == [{"id": n, "result": "r"} for n in range(1, 10)]
    assert (await wire.heard())["method"] == "back"


async def test_who_does_not_read_its_answers_is_held_up_and_the_connection_still_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_PROGRESS", 10)
    served = Answers()
    served.methods["echo"] = echo
    here, there = memory_pair(5)
    peer = Peer(here, served)
    running = asyncio.create_task(peer.run())
    sent = []

    async def flood() -> None:
        for id_ in count():
            await there.send(orjson.dumps({"id": id_, "method": "echo"}))
            sent.append(id_)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flood(), 0.1)
    assert len(sent) < 30
    with anyio.fail_after(5):
        await peer.close()
        await running


@pytest.mark.parametrize("ending", ["theirs", "ours", "cancelled"])
async def test_the_end_fails_what_waits_ends_what_runs_and_closes_the_stream(ending: str) -> None:
    served, ended = Answers(), asyncio.Event()

    async def hang(params: Json) -> None:
        try:
            await never(params)
        finally:
            ended.set()

    served.methods["hang"] = hang
    here, there = memory_pair()
    peer, wire = Peer(here, served), Wire(there)
    running = asyncio.create_task(peer.run())
    await wire.say({"id": 1, "method": "hang"})
    asking = [asyncio.create_task(peer.request("a", {})) for _ in range(3)]
    assert [(await wire.heard())["method"] for _ in asking] == ["a"] * 3
    with anyio.fail_after(5):
        if ending == "theirs":
            await there.close()
        elif ending == "ours":
            await peer.close("we are done")
        else:
            running.cancel()
        for task in asking:
            with pytest.raises(Closed, match="we are done" if ending == "ours" else "connection"):
                await task
        await asyncio.wait((running,))
        assert ended.is_set()
    with pytest.raises(Closed):
        await peer.request("a", {})
    with pytest.raises(Closed):
        await peer.notify("a", {})
    with pytest.raises(Closed):
        await here.send(b"the stream is closed, too")


@pytest.mark.parametrize("how", ["request", "notification"])
async def test_a_notification_or_a_request_may_close_its_connection(served: Answers, peer: Peer, wire: Wire, how: str) -> None:
    both = asyncio.Event()

    async def close(*_: object) -> None:
        await both.wait()
        await peer.close()

    if how == "request":
        served.methods["close"] = close
        await wire.say({"id": 1, "method": "close"})
    else:
        served.on_notification = close
        await wire.say({"method": "told"}, {"method": "not any more"})
    both.set()
    with anyio.fail_after(5):
        with pytest.raises(Closed):
            await peer.request("a", {})
        await peer.close()
    assert [method for method, _ in served.told] == ([] if how == "request" else ["told"])


async def test_a_notification_that_hangs_and_a_handler_that_will_not_end_do_not_hold_up_the_end(
    served: Answers, wire: Wire, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.05)
    go = asyncio.Event()

    async def stubborn(params: Json) -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    served.methods["stubborn"], served.on_notification = stubborn, hang
    await wire.say({"id": 1, "method": "stubborn"}, {"method": "told"})
    asking = asyncio.create_task(peer.request("a", {}))
    await wire.heard()
    with anyio.fail_after(5):
        await peer.close()
        with pytest.raises(Closed):
            await asking
    go.set()
