"""Who may come in over HTTP, and as whom: the hub's own tokens at every door."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import anyio
import orjson
import pytest
from aiohttp.test_utils import make_mocked_request

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import Unauthenticated
from hub.ports import Json
from hub.settings import Settings
from protocols import identity
from protocols.identity import Credentials, InvalidToken, caller_of, caller_of_token
from stores.memory import MemoryStore
from tests.core.support import Clock, ask, new_task
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.sse import Stream

REQUIRED = replace(SETTINGS, auth="required")
RPC = {"jsonrpc": "2.0", "id": 1, "method": "list_tasks"}
UNKNOWN = "trv_" + "0" * 32 + "_" + "0" * 64
DOORS = (
    ("GET", "/api/tasks"), ("POST", "/api/tasks"), ("POST", "/api/rpc"), ("GET", "/api/rpc/methods"), ("GET", "/api/events"),
    ("GET", "/api/notes/events"), ("POST", "/mcp"), ("GET", "/mcp"), ("DELETE", "/mcp"), ("POST", "/api/mcp"), ("GET", "/api/mcp/tools"),
    ("GET", "/nowhere"), ("POST", "/api/health/x"),
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return Hub(MemoryStore(), clock)


@pytest.fixture
async def guarded(hub: Hub, clock: Clock) -> AsyncIterator[Http]:
    """A hub that asks for tokens."""
    async with serving(hub, REQUIRED, clock) as client:
        yield client


async def new_token(hub: Hub, *grants: str, **fields: Any) -> str:
    named = {"grants": grants} if grants else {}
    return str((await ask(hub, "create_token", **{"name": "ci"} | named | fields))["token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(http: Http, headers: dict[str, str], path: str = "/api/tasks") -> int:
    async with http.get(path, headers=headers) as response:
        return response.status


async def rpc(http: Http, token: str, operation: str, **params: Any) -> Json:
    async with http.post("/api/rpc", json={**RPC, "method": operation, "params": params}, headers=bearer(token)) as response:
        assert response.status == 200
        answer: Json = await response.json()
        return answer


@pytest.mark.parametrize(
    ("given", "required"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "hub.example.com"}, True),
        ({"host": "0.0.0.0", "auth": "off"}, False),
        ({"auth": "required"}, True),
        ({"public_url": "https://hub.example.com"}, True),
        ({"public_url": "http://localhost:3210"}, False),
        ({"oauth_issuer": "https://auth.example.com"}, True),
        ({"oauth_issuer": "https://auth.example.com", "auth": "off"}, False),
    ],
)
def test_a_hub_that_others_can_reach_asks_for_tokens_unless_it_is_told_not_to(given: dict[str, Any], required: bool) -> None:
    assert Settings(database="memory:", **given).auth_required is required


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_without_a_token_no_door_opens_and_the_answer_says_how_to_get_one(guarded: Http, method: str, path: str) -> None:
    async with guarded.request(method, path, json={} if method == "POST" else None) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer scope="read write"'
        answer = await response.json()
    assert answer["kind"] == "unauthenticated"
    assert "`trivium tokens create --name NAME`" in answer["error"]


@pytest.mark.parametrize("headers", [{}, bearer(UNKNOWN), bearer("x"), {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize("path", ["/api/health", "/api/docs", "/api/openapi.json", "/"])
async def test_what_tells_nothing_of_anybody_is_open(guarded: Http, path: str, headers: dict[str, str]) -> None:
    assert await status(guarded, headers, path) == 200
    assert await status(guarded, headers, "/.well-known/oauth-protected-resource") == 404


async def test_a_token_opens_every_door(hub: Hub, guarded: Http) -> None:
    token = await new_token(hub, subject="ada")
    assert await status(guarded, bearer(token)) == 200
    made = (await rpc(guarded, token, "create_task", title="t", objective="o"))["result"]
    [*_, event] = (await ask(hub, "list_events", limit=500))["events"]
    assert (event["recordId"], event["by"]) == (made["id"], "ada")
    async with guarded.get("/api/mcp/tools", headers=bearer(token)) as response:
        assert response.status == 200
    async with guarded.get("/api/events", headers=bearer(token)) as response:
        assert response.status == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
async def test_the_scheme_is_told_in_any_case(hub: Hub, guarded: Http, scheme: str) -> None:
    assert await status(guarded, {"Authorization": f"{scheme} {await new_token(hub)}"}) == 200


@pytest.mark.parametrize("where", ["access_token", "token", "authorization"])
async def test_a_token_in_the_address_is_none(hub: Hub, guarded: Http, where: str) -> None:
    async with guarded.get("/api/tasks", params={where: await new_token(hub)}) as response:
        assert response.status == 401


@pytest.mark.parametrize("settings", [SETTINGS, REQUIRED], ids=["not required", "required"])
async def test_a_token_that_is_not_good_lets_nobody_in_not_even_as_the_person_at_this_machine(
    hub: Hub, clock: Clock, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good, short = await new_token(hub), await new_token(hub, ttlSeconds=5)
    revoked = await ask(hub, "create_token", name="revoked")
    await ask(hub, "revoke_token", tokenId=revoked["id"])
    clock.turn(5)
    other_secret = good[:-1] + ("0" if good[-1] != "0" else "1")
    other_tenant = good.replace("trv_", "trv_blue_")
    async with serving(hub, settings, clock) as http:
        assert await status(http, bearer(good)) == 200
        for bad, told in (
            (UNKNOWN, "does not know"), (other_secret, "does not know"), (other_tenant, "does not know"), ("trv_", "does not know"),
            ("trv_ü", "does not know"), (short, "expired at 2026-01-01T00:00:05.000Z"), (revoked["token"], "was revoked at"),
        ):  # fmt: skip
            async with http.get("/api/tasks", headers=bearer(bad)) as response:
                assert (response.status, response.headers["WWW-Authenticate"]) == (
                    401, 'Bearer error="invalid_token", scope="read write"',
                ), bad  # fmt: skip
                assert told in (await response.json())["error"]
    assert "trv_" not in caplog.text


@pytest.mark.parametrize("credentials", ["Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer", "Bearer ", "Basic eDp5", "x"])
async def test_credentials_that_nobody_here_could_know_count_as_none(hub: Hub, http: Http, guarded: Http, credentials: str) -> None:
    assert await status(http, {"Authorization": credentials}) == 200
    assert await status(guarded, {"Authorization": credentials}) == 401


async def test_a_revoked_token_lets_nobody_in_a_second_later(hub: Hub, guarded: Http, clock: Clock) -> None:
    made = await ask(hub, "create_token", name="ci")
    assert await status(guarded, bearer(made["token"])) == 200
    await ask(hub, "revoke_token", tokenId=made["id"])
    clock.turn(1)
    assert await status(guarded, bearer(made["token"])) == 401


async def test_what_a_token_lacks_is_forbidden_and_the_answer_says_what_it_is(hub: Hub, guarded: Http) -> None:
    token = await new_token(hub, "tasks.read")
    assert await status(guarded, bearer(token)) == 200
    task = {"title": "t", "objective": "o"}
    async with guarded.post("/api/tasks", json=task, headers=bearer(token)) as response:
        assert response.status == 403
        assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="tasks.write"'
        assert (await response.json())["details"] == {"grant": "tasks.write"}
    assert (await rpc(guarded, token, "create_task", **task))["error"]["code"] == -32011
    assert await status(guarded, bearer(token), "/api/events") == 403
    assert await status(guarded, bearer(token), "/api/search?query=x") == 403


async def test_the_stream_of_notes_needs_both_the_events_and_the_notes(hub: Hub, guarded: Http) -> None:
    for grants, expected in ((["events.read"], 403), (["notes.read"], 403), (["events.read", "notes.read"], 200)):
        async with guarded.get("/api/notes/events", headers=bearer(await new_token(hub, *grants))) as response:
            assert response.status == expected, grants


@pytest.mark.parametrize(
    ("grants", "opened"),
    [(["read"], {"list_tasks"}), (["write"], {"list_tasks", "create_task"}), (["*"], {"list_tasks", "create_task", "create_token"})],
)
async def test_wide_grants_open_what_they_say(hub: Hub, guarded: Http, grants: list[str], opened: set[str]) -> None:
    token = await new_token(hub, *grants)
    answers = {
        "list_tasks": await rpc(guarded, token, "list_tasks"),
        "create_task": await rpc(guarded, token, "create_task", title="t", objective="o"),
        "create_token": await rpc(guarded, token, "create_token", name="n", grants=["tasks.read"]),
    }
    assert {name for name, answer in answers.items() if "result" in answer} == opened


async def test_tenants_see_nothing_of_each_other_through_any_door(hub: Hub, guarded: Http) -> None:
    red, blue = await new_token(hub, tenant="red"), await new_token(hub, tenant="blue")
    task = (await rpc(guarded, red, "create_task", title="red's secret", objective="o"))["result"]["id"]
    note = {"title": "red's note", "noteId": "plan", "content": "red's words"}
    assert "result" in await rpc(guarded, red, "create_note", **note)
    for token, found in ((red, 200), (blue, 404)):
        assert await status(guarded, bearer(token), f"/api/tasks/{task}") == found
        assert await status(guarded, bearer(token), "/api/notes/default/plan") == found
    assert (await rpc(guarded, blue, "list_tasks"))["result"]["tasks"] == []
    assert (await rpc(guarded, blue, "search", query="secret words"))["result"]["hits"] == []
    assert [event["name"] for event in (await rpc(guarded, blue, "list_events"))["result"]["events"]] == ["workspace.created"]
    assert (await rpc(guarded, blue, "update_task", taskId=task, title="blue's"))["error"]["data"]["kind"] == "not_found"
    assert (await ask(hub, "list_tasks"))["tasks"] == []


@pytest.mark.parametrize("path", ["/api/events", "/api/notes/events"])
async def test_a_stream_tells_its_own_tenant_alone(hub: Hub, guarded: Http, path: str) -> None:
    red, blue = await new_token(hub, tenant="red"), await new_token(hub, tenant="blue")
    async with guarded.get(path, headers=bearer(blue)) as response:
        stream = Stream(response)
        await stream.frame()
        for token, title in ((red, "red's"), (blue, "blue's")):
            await rpc(guarded, token, "create_note", title=title, noteId="plan")
        names = [frame.data for frame in await stream.frames(2 if path == "/api/events" else 1)]
    assert "red" not in orjson.dumps(names).decode()


async def test_a_stream_tells_nothing_more_once_its_token_is_revoked(hub: Hub, guarded: Http, clock: Clock) -> None:
    made = await ask(hub, "create_token", name="listener")
    async with guarded.get("/api/events", headers=bearer(made["token"])) as response:
        stream = Stream(response)
        await stream.frame()
        await new_task(hub, "before")
        assert (await stream.frames(1))[0].event == "task.created"
        await ask(hub, "revoke_token", tokenId=made["id"])
        assert (await stream.frames(1))[0].event == "token.revoked"
        clock.turn(1)
        await new_task(hub, "after")
        with pytest.raises(EOFError):
            await stream.frames(1)


class Counting(MemoryStore):
    reads = 0

    async def get(self, tenant: str, type_: Any, key: str) -> Any:
        self.reads += type_.kind == "token"
        return await super().get(tenant, type_, key)


async def admitted(credentials: Credentials, token: str | None) -> Caller:
    request = make_mocked_request("GET", "/api/tasks", headers=bearer(token) if token else {})
    await credentials.admit(request)
    return caller_of(request)


async def test_a_token_is_read_once_a_second_and_its_caller_stays_the_same_object(clock: Clock) -> None:
    store = Counting()
    hub = Hub(store, clock)
    token, credentials = await new_token(hub), Credentials(hub, False, None, clock)
    first = await admitted(credentials, token)
    for _ in range(10):
        assert await admitted(credentials, token) is first
    assert store.reads == 1
    clock.turn(1)
    assert await admitted(credentials, token) is first
    assert store.reads == 2
    clock.turn(-3600)
    await admitted(credentials, token)
    assert store.reads == 3, "a clock that is set back must not make a token live longer"


async def test_only_so_many_callers_are_remembered(hub: Hub, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MOST", 3)
    credentials = Credentials(hub, False, None, clock)
    for _ in range(10):
        await admitted(credentials, await new_token(hub))
        assert len(credentials._remembered) <= 3


async def test_two_tokens_of_one_subject_are_two_credentials(hub: Hub, clock: Clock) -> None:
    credentials = Credentials(hub, False, None, clock)
    one, other = [await admitted(credentials, await new_token(hub, subject="ada", profile="full")) for _ in range(2)]
    assert (one.tenant, one.subject, one.grants, one.profile) == (other.tenant, other.subject, other.grants, other.profile)
    assert one != other
    assert (one.profile, one.grants) == ("full", frozenset({"write"}))


async def test_who_comes_without_a_token_is_the_person_at_this_machine_or_nobody(hub: Hub) -> None:
    assert await admitted(Credentials(hub, required=False), None) is LOCAL
    with pytest.raises(Unauthenticated):
        await admitted(Credentials(hub, required=True), None)


async def test_a_token_is_known_without_http_too(hub: Hub) -> None:
    token = await new_token(hub, "*", tenant="blue")
    with anyio.fail_after(5):
        caller = await caller_of_token(hub, token)
    assert (caller.tenant, caller.subject, caller.grants) == ("blue", "ci", frozenset({"*"}))
    for bad in (UNKNOWN, "", "trv_", token[:-1]):
        with pytest.raises(InvalidToken):
            await caller_of_token(hub, bad)


async def test_an_operators_token_makes_tokens_and_another_tenants_everything_does_not(hub: Hub, guarded: Http) -> None:
    operator, red = await new_token(hub, "*"), await new_token(hub, "*", tenant="red")
    assert "result" in await rpc(guarded, operator, "create_token", name="n", tenant="blue")
    assert (await rpc(guarded, red, "create_token", name="n", tenant="blue"))["error"]["code"] == -32011
    assert (await rpc(guarded, red, "create_token", name="n"))["result"]["token"].startswith("trv_red_")
