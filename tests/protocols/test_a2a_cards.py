"""Agent cards: the hub's own and each agent's, cached, signed, for one version or both, with and without a token."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import orjson
import pytest

from hub.app import Hub
from hub.ports import Json
from hub.settings import Settings
from protocols.a2a.errors import NoSuch
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import Clock, ask, new_agent
from tests.protocols import test_a2a, test_a2a_bad_input, test_a2a_streams
from tests.protocols.a2a_requirements import ROWS
from tests.protocols.conftest import Http, serving
from tests.protocols.requirements import meets, mismatches

CARD = "/.well-known/agent-card.json"
NEW_ONLY = Settings(database="memory:", a2a_versions=("1.0",))
NEEDED = {
    "name", "description", "supportedInterfaces", "version", "capabilities", "defaultInputModes", "defaultOutputModes", "skills",
}  # fmt: skip


async def card_of(http: Http, path: str = "") -> Json:
    async with http.get(f"{path}{CARD}") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        card: Json = await response.json()
        return card


@asynccontextmanager
async def a_hub(settings: Settings = NEW_ONLY) -> AsyncIterator[tuple[Hub, Http]]:
    hub = Hub(MemoryStore(), vault=vault.of_texts("k" * 40))
    async with serving(hub, settings) as http:
        yield hub, http


@meets("card", "card interfaces")
async def test_the_hub_and_each_of_two_hundred_agents_have_a_card_of_their_own() -> None:
    async with a_hub() as (hub, http):
        ids = [await new_agent(hub, f"Agent {number}") for number in range(200)]
        for number, id_ in enumerate(ids):
            card = await card_of(http, f"/agents/{id_}")
            assert card.keys() >= NEEDED
            assert card["name"] == f"Agent {number}"
            url = str(http.make_url(f"/agents/{id_}"))
            assert [(one["url"], one["protocolBinding"], one["protocolVersion"]) for one in card["supportedInterfaces"]] == [
                (url, "JSONRPC", "1.0"), (url, "HTTP+JSON", "1.0"),
            ]  # fmt: skip
        own = await card_of(http)
        assert own["supportedInterfaces"][0]["url"] == str(http.make_url("/a2a"))


@meets("card interfaces")
async def test_a_public_address_is_what_the_card_names() -> None:
    async with a_hub(Settings(database="memory:", public_url="https://hub.example.com/x", auth="off")) as (_, http):
        card = await card_of(http)
        assert {one["url"] for one in card["supportedInterfaces"]} == {"https://hub.example.com/x/a2a"}


@meets("card", "no agent")
async def test_an_agent_that_is_not_there_has_no_card() -> None:
    async with a_hub() as (_, http), http.get(f"/agents/nobody{CARD}") as response:
        assert (response.status, (await response.json())["error"]["status"]) == (404, NoSuch.status)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, {"description": "Does the work.", "skills": ["Coder"]}),
        ({"description": "Writes Rust.", "skills": "rust, tests"}, {"description": "Writes Rust.", "skills": ["rust", "tests"]}),
        ({"skills": json.dumps([{"id": "a", "name": "A", "tags": ["t"]}, {"name": "no id"}, 3])}, {"skills": ["A"]}),
        ({"skills": "[broken"}, {"skills": ["Coder"]}),
        ({"inputModes": "image/png", "outputModes": "text/plain, image/png"}, {"defaultInputModes": ["image/png"]}),
        ({"version": "2.1", "iconUrl": "https://x.example/i.png"}, {"version": "2.1", "iconUrl": "https://x.example/i.png"}),
    ],
)
@meets("card from agent")
async def test_an_agents_card_says_what_its_record_says(metadata: dict[str, str], expected: Json) -> None:
    async with a_hub() as (hub, http):
        card = await card_of(http, f"/agents/{await new_agent(hub, 'Coder', metadata=metadata)}")
        found = card | {"skills": [skill["name"] for skill in card["skills"]]}
        assert {name: found[name] for name in expected} == expected
        assert all({"id", "name", "description", "tags"} <= skill.keys() for skill in card["skills"])


@meets("card cache")
async def test_a_card_that_a_client_has_is_not_sent_again_until_it_changes() -> None:
    clock = Clock()
    hub = Hub(MemoryStore(), clock)
    async with serving(hub, NEW_ONLY) as http:
        id_ = await new_agent(hub, "Coder")

        async def read(**headers: str) -> Any:
            async with http.get(f"/agents/{id_}{CARD}", headers=headers) as response:
                await response.read()
                return response

        first = await read()
        tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
        assert (modified, first.headers["Cache-Control"]) == ("Thu, 01 Jan 2026 00:00:00 GMT", "public, max-age=60")
        for condition in ({"If-None-Match": tag}, {"If-None-Match": f'"other", {tag}'}, {"If-Modified-Since": modified}):
            assert (await read(**condition)).status == 304
        clock.turn(60)
        await ask(hub, "heartbeat_agent", agentId=id_)
        assert (await read(**{"If-None-Match": tag})).headers["Last-Modified"] == modified
        await ask(hub, "update_agent", agentId=id_, name="Better coder")
        changed = await read(**{"If-None-Match": tag, "If-Modified-Since": modified})
        assert (changed.status, changed.headers["Last-Modified"]) == (200, "Thu, 01 Jan 2026 00:01:00 GMT")


@meets("union card")
async def test_a_card_of_both_versions_is_a_switch() -> None:
    for versions, old in ((("1.0",), set[str]()), (("1.0", "0.3"), {"url", "preferredTransport", "protocolVersion"})):
        async with a_hub(Settings(database="memory:", a2a_versions=versions)) as (_, http):
            card = await card_of(http)
            assert card.keys() & {"url", "preferredTransport", "protocolVersion"} == old
            assert {one["protocolVersion"] for one in card["supportedInterfaces"]} == {*versions}


@pytest.mark.parametrize("versions", [("1.0",), ("1.0", "0.3")])
@meets("signed card")
async def test_a_signed_card_is_verified_by_the_official_sdk(versions: tuple[str, ...]) -> None:
    from a2a.types import AgentCard
    from a2a.utils.signing import InvalidSignaturesError, create_signature_verifier
    from google.protobuf.json_format import ParseDict
    from jwt.api_jwk import PyJWK

    async with a_hub(Settings(database="memory:", a2a_versions=versions, a2a_cards="signed", auth="required")) as (hub, http):
        agent = await new_agent(hub, "Größe ✓", metadata={"description": "Ünïcode \u2028 & <tags>"})
        keys = {key["kid"]: key for key in (await (await http.get("/.well-known/jwks.json")).json())["keys"]}
        jwks_url = str(http.make_url("/.well-known/jwks.json"))

        def key_for(kid: str | None, jku: str | None) -> PyJWK:
            assert (kid in keys, jku) == (True, jwks_url)
            return PyJWK(keys[str(kid)])

        verify = create_signature_verifier(key_for, ["ES256"])
        for path in ("", f"/agents/{agent}"):
            card = await card_of(http, path)
            verify(ParseDict(card, AgentCard(), ignore_unknown_fields=True))
            with pytest.raises(InvalidSignaturesError):
                verify(ParseDict({**card, "name": "Mallory"}, AgentCard(), ignore_unknown_fields=True))


@meets("signed card")
async def test_a_hub_with_a_new_secret_key_still_publishes_the_old_public_key() -> None:
    async def published(*texts: str) -> list[str]:
        hub = Hub(MemoryStore(), vault=vault.of_texts(*texts))
        async with serving(hub, Settings(database="memory:", a2a_cards="signed")) as http:
            keys = (await (await http.get("/.well-known/jwks.json")).json())["keys"]
            assert "d" not in orjson.dumps([[*key] for key in keys]).decode().split('"')
            return [key["kid"] for key in keys]

    [old], [new, still] = await published("o" * 40), await published("n" * 40, "o" * 40)
    assert (still, new != old) == (old, True)


@meets("signed card")
async def test_a_hub_that_signs_nothing_publishes_no_keys() -> None:
    async with a_hub() as (_, http):
        assert "signatures" not in await card_of(http)
        assert (await http.get("/.well-known/jwks.json")).status == 404


@meets("open cards", "security schemes")
async def test_cards_are_open_and_nothing_else_is_where_tokens_are_required() -> None:
    settings = Settings(database="memory:", auth="required")
    async with a_hub(settings) as (hub, http):
        agent = await new_agent(hub)
        for path in ("", f"/agents/{agent}"):
            card = await card_of(http, path)
            assert card["securitySchemes"]["bearer"]["httpAuthSecurityScheme"]["scheme"] == "Bearer"
            assert card["securityRequirements"] == [{"schemes": {"bearer": {"list": ["read", "write"]}}}]
        for path in ("/a2a/tasks", f"/agents/{agent}/tasks", f"/agents/{agent}/extendedAgentCard", f"/agents/{agent}/x{CARD}"):
            response = await http.get(path, headers={"A2A-Version": "1.0"})
            assert response.status in (401, 403, 404), path
            assert "agent" not in (await response.json()).get("result", "")


def test_every_requirement_of_a2a_has_its_test() -> None:
    assert mismatches(ROWS, test_a2a, test_a2a_bad_input, test_a2a_streams, import_module(__name__)) == []
