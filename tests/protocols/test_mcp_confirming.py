"""A person is asked before a workspace goes, where the client shows forms: input_required, elicitation, and what is tampered with."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.types import ElicitRequestParams, ElicitResult

from hub.app import Hub
from hub.ports import Json
from protocols.mcp import confirming
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import META, enveloped, headers_for, message
from tests.protocols.requirements import meets
from tests.protocols.test_mcp_clients import over_stdio

FORMS: Json = {f"{META}clientCapabilities": {"elicitation": {}}}
CONFIRMED = {"confirm": {"action": "accept", "content": {"confirm": True}}}


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


async def delete(http: Http, workspace: str, name: str = "delete_workspace", **more: Any) -> Json:
    call = enveloped(message("tools/call", {"name": name, "arguments": {"workspaceId": workspace}, **more}))
    call["params"]["_meta"] |= FORMS
    async with http.post("/mcp", json=call, headers=headers_for(call)) as response:
        assert response.status == 200
        return dict((await response.json())["result"])


async def there(hub: Hub) -> set[str]:
    listed = await ask(hub, "list_workspaces")
    return {one["id"] for one in listed["workspaces"]}


async def new_workspace(hub: Hub, id_: str) -> str:
    await ask(hub, "create_workspace", title=id_, id=id_)
    return id_


@meets("input required", "confirm")
async def test_the_question_is_the_result_and_the_answer_comes_with_the_next_call(hub: Hub, http: Http) -> None:
    shop = await new_workspace(hub, "shop")
    asked = await delete(http, shop)
    assert asked["resultType"] == "input_required"
    request = asked["inputRequests"]["confirm"]
    assert request["method"] == "elicitation/create"
    assert (request["params"]["mode"], "'shop'" in request["params"]["message"]) == ("form", True)
    assert shop in await there(hub)
    done = await delete(http, shop, requestState=asked["requestState"], inputResponses=CONFIRMED)
    assert (done["resultType"], done["isError"]) == ("complete", False)
    assert shop not in await there(hub)


REFUSALS: dict[str, Any] = {
    "declined": {"confirm": {"action": "decline"}},
    "cancelled": {"confirm": {"action": "cancel"}},
    "unticked": {"confirm": {"action": "accept", "content": {"confirm": False}}},
    "empty": {"confirm": {"action": "accept"}},
    "other key": {"other": CONFIRMED["confirm"]},
    "no object": {"confirm": "yes"},
    "no answers": None,
}


@meets("input required", "confirm")
@pytest.mark.parametrize("answers", REFUSALS.values(), ids=REFUSALS)
async def test_whoever_does_not_confirm_keeps_everything(hub: Hub, http: Http, answers: Any) -> None:
    shop = await new_workspace(hub, "shop")
    asked = await delete(http, shop)
    refused = await delete(http, shop, requestState=asked["requestState"], inputResponses=answers)
    assert refused["isError"] is True
    assert "did not confirm" in refused["content"][0]["text"]
    assert shop in await there(hub)


@meets("request state")
async def test_a_state_of_another_call_or_made_up_or_old_is_refused(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, other = await new_workspace(hub, "shop"), await new_workspace(hub, "other")
    state = (await delete(http, shop))["requestState"]
    tampered = state[:-3] + ("AAA" if not state.endswith("AAA") else "BBB")
    monkeypatch.setattr(confirming, "TIME", -1.0)
    old = (await delete(http, shop))["requestState"]
    for workspace, name, given in (
        (other, "delete_workspace", state),
        (shop, "delete_tasks", state),
        (shop, "delete_workspace", tampered),
        (shop, "delete_workspace", old),
        (shop, "delete_workspace", ""),
        (shop, "delete_workspace", 7),
    ):
        refused = await delete(http, workspace, name, requestState=given, inputResponses=CONFIRMED)
        assert refused["isError"] is True, given
        assert "requestState" in refused["content"][0]["text"]
    assert {shop, other} <= await there(hub)


@meets("confirm")
async def test_a_client_without_forms_is_not_asked(hub: Hub, http: Http) -> None:
    shop = await new_workspace(hub, "shop")
    call = enveloped(message("tools/call", {"name": "delete_workspace", "arguments": {"workspaceId": shop}}))
    async with http.post("/mcp", json=call, headers=headers_for(call)) as response:
        assert (await response.json())["result"]["isError"] is False
    assert shop not in await there(hub)


class Person:
    def __init__(self, answer: bool) -> None:
        self.answer, self.asked = answer, 0

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.asked += 1
        return ElicitResult(action="accept", content={"confirm": True}) if self.answer else ElicitResult(action="decline")


@meets("confirm")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("answer", [True, False])
async def test_the_official_client_asks_its_person_over_http(hub: Hub, http: Http, mode: str, answer: bool) -> None:
    shop, person = await new_workspace(hub, "shop"), Person(answer)
    with anyio.fail_after(20):
        async with Client(str(http.make_url("/mcp?profile=full")), mode=mode, elicitation_callback=person) as client:
            result = await client.call_tool("delete_workspace", {"workspaceId": shop})
    assert (person.asked, result.is_error) == (1, not answer)
    assert (shop in await there(hub)) is not answer


@meets("confirm")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_official_client_asks_its_person_over_standard_input(tmp_path: Path, mode: str) -> None:
    person = Person(answer=False)
    async with over_stdio(f"sqlite:{tmp_path / 'hub.db'}", mode, "--profile", "full", elicitation_callback=person) as client:
        await client.call_tool("create_workspace", {"id": "shop", "title": "shop"})
        result = await client.call_tool("delete_workspace", {"workspaceId": "shop"})
        assert (person.asked, result.is_error) == (1, True)
        person.answer = True
        assert not (await client.call_tool("delete_workspace", {"workspaceId": "shop"})).is_error


async def asked_permission(hub: Hub) -> str:
    session = await ask(hub, "start_session", provider="opencode")
    claimed = await ask(hub, "claim_session", sessionId=session["id"], worker="w")
    options = [{"optionId": "y", "kind": "allow_once"}, {"optionId": "n", "kind": "reject_once"}]
    given = {"sessionId": session["id"], "claimToken": claimed["claim"]["token"], "title": "Run tests", "command": "npm test"}
    return str((await ask(hub, "request_permission", **given, toolCall={}, options=options))["id"])


@meets("confirm permission")
async def test_an_agent_is_allowed_something_by_the_person_behind_the_client(hub: Hub, http: Http) -> None:
    permission = await asked_permission(hub)
    arguments = {"permissionId": permission, "decision": "allow"}

    async def answered(**more: Any) -> Json:
        call = enveloped(message("tools/call", {"name": "answer_permission", "arguments": arguments, **more}))
        call["params"]["_meta"] |= FORMS
        async with http.post("/mcp?profile=full", json=call, headers=headers_for(call)) as response:
            return dict((await response.json())["result"])

    asked = await answered()
    told = asked["inputRequests"]["confirm"]["params"]["message"]
    assert "Run tests" in told
    assert "npm test" in told
    refused = await answered(requestState=asked["requestState"], inputResponses={"confirm": {"action": "decline"}})
    assert refused["isError"]
    assert (await ask(hub, "get_permission", permissionId=permission))["status"] == "pending"
    assert not (await answered(requestState=asked["requestState"], inputResponses=CONFIRMED))["isError"]
    assert (await ask(hub, "get_permission", permissionId=permission))["status"] == "allowed"
