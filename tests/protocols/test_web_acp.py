"""/api/acp: what the web frontend asks of a session, on every store."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, get_args

import anyio
import pytest

from hub.app import Hub
from hub.domain.sessions import SessionStatus
from hub.operations.base import Call, Input, Operation, Result
from hub.ports import HubStore, Json
from protocols.acp import web_methods
from protocols.web_sessions import STATUS
from stores import vault
from tests.core.support import ask, names_of_events, on_memory
from tests.protocols.conftest import Http, serving
from tests.protocols.working import FakeWorker, new_session


@pytest.fixture
def hub(store: HubStore) -> Hub:
    return Hub(store, vault=vault.ephemeral())


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


async def posted(http: Http, body: Any) -> tuple[int, Any]:
    async with http.post("/api/acp", json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def rpc(http: Http, method: str, **params: Any) -> Json:
    """The result, or the error under `error`."""
    status, answer = await posted(http, {"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    assert (status, answer["jsonrpc"], answer["id"]) == (200, "2.0", 7)
    result: Json = answer.get("result") if "result" in answer else {"error": answer["error"]}
    return result


async def code(http: Http, method: str, **params: Any) -> int:
    return int((await rpc(http, method, **params))["error"]["code"])


@on_memory
async def test_the_frontend_is_greeted_at_once(http: Http) -> None:
    assert await rpc(http, "initialize", protocolVersion=1) == {
        "protocolVersion": 1, "agentCapabilities": {"loadSession": True}, "agentInfo": {"name": "routa-acp", "version": "0.1.0"},
    }  # fmt: skip
    assert (await rpc(http, "initialize"))["protocolVersion"] == 1
    assert (await rpc(http, "initialize", protocolVersion={"a": 1}))["protocolVersion"] == 1


async def test_a_new_session_is_there_at_once_and_connecting(hub: Hub, http: Http) -> None:
    await ask(hub, "create_specialist", id="cook", name="Cook", role="GATE", systemPrompt="Cook.")
    made = await rpc(
        http, "session/new", workspaceId="default", cwd="/src", branch="main", name="Kitchen", role="DEVELOPER", model="m-1", mode="plan",
        specialistId="cook", toolMode="essential", allowedNativeTools=[], crafterProvider="", autoApprovePermissions=True,
        mcpServers=[{"name": "n", "type": "http", "url": "http://127.0.0.1:1", "headers": [{"name": "k", "value": "secret"}]}],
    )  # fmt: skip
    assert made == {
        "sessionId": made["sessionId"], "provider": "opencode", "role": "DEVELOPER", "model": "m-1", "acpStatus": "connecting",
        "executionMode": "embedded",
    }  # fmt: skip
    session = await ask(hub, "get_session", sessionId=made["sessionId"])
    assert (session["cwd"], session["branch"], session["name"], session["modeId"]) == ("/src", "main", "Kitchen", "plan")
    assert (session["specialistId"], session["workspaceId"], session["status"]) == ("cook", "default", "connecting")
    child = await rpc(http, "session/new", workspaceId="default", parentSessionId=session["id"], provider="claude")
    assert (await ask(hub, "get_session", sessionId=child["sessionId"]))["parentSessionId"] == session["id"]


async def test_a_new_session_is_made_once_for_a_key(hub: Hub, http: Http) -> None:
    given: Json = {"workspaceId": "default", "idempotencyKey": "k"}
    assert await rpc(http, "session/new", **given) == await rpc(http, "session/new", **given)
    assert len((await ask(hub, "list_sessions"))["sessions"]) == 1


async def test_a_prompt_is_answered_when_its_turn_has_ended(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    usage, shown = {"inputTokens": 3, "outputTokens": 5}, {"input_tokens": 3, "output_tokens": 5}
    for status, said, result in (
        ("completed", {"usage": usage}, {"stopReason": "end_turn", "usage": shown}), ("cancelled", {}, {"stopReason": "cancelled"}),
    ):  # fmt: skip
        asked = asyncio.create_task(rpc(http, "session/prompt", sessionId=session, prompt=[{"type": "text", "text": "Cook"}]))
        number = await taken(hub, worker)
        assert not asked.done()
        await worker.end(number, status, **said)
        with anyio.fail_after(5):
            assert await asked == result


async def taken(hub: Hub, worker: FakeWorker) -> int:
    """The next prompt's number, once there is one."""
    with anyio.fail_after(5):
        cursor = await hub.store.latest()
        while "session.prompted" not in (await names_of_events(hub, kinds=["session"]))[-1:]:
            await hub.store.beyond(cursor, 0.1)
            cursor = await hub.store.latest()
    return await worker.take()


async def test_a_turn_that_fails_is_an_error_with_its_reason(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    asked = asyncio.create_task(rpc(http, "session/prompt", sessionId=session, prompt="Cook"))
    await worker.end(await taken(hub, worker), "failed", reason="The stove is cold.")
    with anyio.fail_after(5):
        assert await asked == {"error": {"code": -32000, "message": "The stove is cold."}}


async def test_a_slow_turn_is_answered_as_pending_and_goes_on(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_methods, "PATIENCE", 0.01)
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    assert await rpc(http, "session/prompt", sessionId=session, prompt="Cook") == {"sessionId": session, "pending": True}
    await worker.end(await worker.take())
    assert [one["status"] for one in (await ask(hub, "list_prompts", sessionId=session))["prompts"]] == ["completed"]


async def test_a_prompt_waits_on_while_its_agent_asks_for_permission(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    asked = asyncio.create_task(rpc(http, "session/prompt", sessionId=session, prompt="Cook"))
    number = await taken(hub, worker)
    permission = await worker.ask()
    answer = {"sessionId": session, "toolCallId": f"request-permission-{permission}", "response": {"decision": "deny"}}
    assert await rpc(http, "session/respond_user_input", **answer) == {"ok": True}
    assert not asked.done()
    await worker.end(number)
    with anyio.fail_after(5):
        assert (await asked)["stopReason"] == "end_turn"


async def test_a_client_that_leaves_cancels_no_turn(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    asked = asyncio.create_task(rpc(http, "session/prompt", sessionId=session, prompt="Cook"))
    number = await taken(hub, worker)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await worker.end(number)
    [prompt] = (await ask(hub, "list_prompts", sessionId=session))["prompts"]
    assert (prompt["status"], prompt["stopReason"]) == ("completed", "end_turn")
    assert "session.cancelled" not in await names_of_events(hub, kinds=["session"])


@pytest.mark.parametrize("ending", ["disconnect_session", "close_session"])
async def test_a_prompt_wakes_a_session_that_sleeps_or_was_closed(
    hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(web_methods, "PATIENCE", 0)
    session = await new_session(hub)
    await ask(hub, ending, sessionId=session)
    await rpc(http, "session/prompt", sessionId=session, prompt="Cook")
    woken = await ask(hub, "get_session", sessionId=session)
    assert (woken["status"], woken["queue"]) == ("connecting", [1])


@on_memory
async def test_a_skill_stands_before_the_prompt(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_methods, "PATIENCE", 0)
    session = await new_session(hub)
    for prompt in ("Cook", [{"type": "text", "text": "Cook"}]):
        await rpc(http, "session/prompt", sessionId=session, prompt=prompt, skillName="stew", skillContent="Slowly.")
    await rpc(http, "session/prompt", sessionId=session, prompt="Cook", skillName="stew")
    contents = [[block["text"] for block in one["content"]] for one in (await ask(hub, "list_prompts", sessionId=session))["prompts"]]
    assert contents == [["Use the skill stew:\n\nSlowly.", "Cook"]] * 2 + [["Cook"]]


async def test_a_session_is_loaded_as_far_as_its_agent_can(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    loaded = await rpc(http, "session/load", sessionId=session, cwd="/elsewhere", mcpServers=[])
    assert loaded == {
        "sessionId": session, "provider": "opencode", "role": "CRAFTER", "acpStatus": "connecting", "resumeMode": "attached",
        "executionMode": "embedded",
    }  # fmt: skip
    await ask(hub, "disconnect_session", sessionId=session)
    assert (await rpc(http, "session/load", sessionId=session))["resumeMode"] == "recreated"
    await FakeWorker.of(hub, session)
    loaded = await rpc(http, "session/load", sessionId=session)
    assert (loaded["acpStatus"], loaded["resumeMode"], loaded["ownerInstanceId"]) == ("ready", "attached", "w-1")
    await ask(hub, "close_session", sessionId=session)
    loaded = await rpc(http, "session/load", sessionId=session)
    assert (loaded["acpStatus"], loaded["resumeMode"]) == ("connecting", "native")
    assert loaded["resumeCapabilities"] == {"supported": True, "supportsFork": True, "mode": "both"}


async def test_a_turn_is_cancelled_and_a_mode_is_set(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await worker.report(modes={"currentModeId": "build", "availableModes": [{"id": "build"}, {"id": "plan"}]})
    await ask(hub, "prompt_session", sessionId=session, prompt="Cook")
    await worker.take()
    assert await rpc(http, "session/cancel", sessionId=session) == {}
    assert await rpc(http, "session/set_mode", sessionId=session, modeId="plan") == {}
    read = await ask(hub, "get_session", sessionId=session)
    assert (read["cancelling"], read["modeId"]) == (True, "plan")
    assert await code(http, "session/set_mode", sessionId=session, modeId="sleep") == -32602


@pytest.mark.parametrize(
    ("response", "status", "option"),
    [
        ({}, "allowed", "yes"), ({"decision": "approve", "scope": "turn"}, "allowed", "yes"), ({"decision": "deny"}, "denied", "no"),
        ({"decision": "approve", "scope": "session"}, "allowed", "always"), ({"optionId": "always"}, "allowed", "always"),
    ],
)  # fmt: skip
async def test_a_permission_request_is_answered_once(hub: Hub, http: Http, response: Json, status: str, option: str) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    permission = await worker.ask()
    answer = {"sessionId": session, "toolCallId": f"request-permission-{permission}", "response": response}
    assert await rpc(http, "session/respond_user_input", **answer) == {"ok": True}
    read = await ask(hub, "get_permission", permissionId=permission)
    assert (read["status"], read["optionId"]) == (status, option)
    assert await code(http, "session/respond_user_input", **answer) == -32000


@on_memory
async def test_what_a_session_is_asked_wrongly_gets_the_documented_code(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    permission = await (await FakeWorker.of(hub, session)).ask()
    call = f"request-permission-{permission}"
    for method, params, expected in (
        ("session/new", {}, -32602), ("session/new", {"workspaceId": ""}, -32602), ("session/new", {"workspaceId": "nowhere"}, -32004),
        ("session/new", {"workspaceId": 7}, -32602), ("session/new", {"workspaceId": "default", "role": "KING"}, -32602),
        ("session/new", {"workspaceId": "default", "mcpServers": "x"}, -32602),
        ("session/new", {"workspaceId": "default", "cwd": 1}, -32602),
        ("session/new", {"workspaceId": "default", "parentSessionId": "nothing"}, -32004),
        ("session/prompt", {"prompt": "?"}, -32602), ("session/prompt", {"sessionId": "nothing", "prompt": "?"}, -32004),
        ("session/prompt", {"sessionId": session}, -32602), ("session/prompt", {"sessionId": session, "prompt": 7}, -32602),
        ("session/prompt", {"sessionId": session, "prompt": []}, -32602),
        ("session/prompt", {"sessionId": session, "prompt": {"a": 1}, "skillContent": "s"}, -32602),
        ("session/prompt", {"sessionId": session, "prompt": [{"type": "smell"}]}, -32602),
        ("session/prompt", {"sessionId": ["a"], "prompt": "?"}, -32602), ("session/load", {"sessionId": "nothing"}, -32004),
        ("session/load", {}, -32602), ("session/cancel", {"sessionId": "nothing"}, -32004), ("session/cancel", {}, -32602),
        ("session/set_mode", {"sessionId": "nothing", "modeId": "plan"}, -32004), ("session/set_mode", {"sessionId": session}, -32602),
        ("session/respond_user_input", {"sessionId": session, "toolCallId": "request-permission-x", "response": {}}, -32000),
        ("session/respond_user_input", {"sessionId": session, "toolCallId": call, "response": "yes"}, -32602),
        ("session/respond_user_input", {"sessionId": session, "toolCallId": call, "response": {"decision": "maybe"}}, -32602),
        ("session/respond_user_input", {"sessionId": session, "toolCallId": call, "response": {"optionId": "maybe"}}, -32602),
        ("session/respond_user_input", {"sessionId": session, "response": {}}, -32602),
        ("terminal/write", {"sessionId": session, "terminalId": "t", "data": "ls\n"}, -32000),
        ("terminal/resize", {"sessionId": session, "terminalId": "t", "cols": 80, "rows": 24}, -32000),
        ("session/dance", {}, -32601), ("_providers/dance", {}, -32601), ("", {}, -32601),
    ):  # fmt: skip
        assert await code(http, method, **params) == expected, (method, params)
    assert (await ask(hub, "get_permission", permissionId=permission))["status"] == "pending"


@on_memory
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", -32700), (b"", -32700), (b"[]", -32600), (b'[{"jsonrpc":"2.0","id":1,"method":"initialize"}]', -32600), (b"7", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"initialize"}', -32600), (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"initialize"}', -32600), (b'{"jsonrpc":"2.0","id":true,"method":"initialize"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":[1]}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":"x"}', -32600),
    ],
)  # fmt: skip
async def test_what_is_no_request_is_an_error_of_status_200_without_an_id(http: Http, body: bytes, expected: int) -> None:
    async with http.post("/api/acp", data=body, headers={"Content-Type": "application/json"}) as response:
        answer = await response.json()
    assert (response.status, answer["id"], answer["error"]["code"]) == (200, None, expected)


@on_memory
async def test_a_notification_is_done_and_not_answered(hub: Hub, http: Http) -> None:
    session = await new_session(hub)
    worker = await FakeWorker.of(hub, session)
    await ask(hub, "prompt_session", sessionId=session, prompt="Cook")
    await worker.take()
    assert await posted(http, {"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": session}}) == (204, None)
    assert (await ask(hub, "get_session", sessionId=session))["cancelling"] is True


@on_memory
async def test_a_body_that_is_not_json_by_its_header_is_refused(http: Http) -> None:
    async with http.post("/api/acp", data=b"{}", headers={"Content-Type": "text/plain"}) as response:
        assert (await response.json())["error"]["code"] == -32015


class Providers(Result):
    providers: tuple[Json, ...]
    has_more: bool = False


async def list_providers(given: Input, call: Call) -> Providers:
    """As the catalogue's own answers."""
    return Providers(providers=({"id": "opencode", "name": "OpenCode", "command": "opencode", "status": "available", "source": "static"},))


@on_memory
async def test_providers_are_those_of_the_catalogue(store: HubStore) -> None:
    hub = Hub(store, operations={"list_providers": Operation(list_providers, "sessions.read")})
    async with serving(hub) as http:
        [provider] = (await rpc(http, "_providers/list"))["providers"]
    assert (provider["id"], provider["status"]) == ("opencode", "available")


def test_every_status_of_a_session_has_one_for_pages() -> None:
    assert STATUS.keys() == {*get_args(SessionStatus)}
