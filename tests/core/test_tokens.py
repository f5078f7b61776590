"""Tokens: what a maker may give away, what is kept, and what is told."""

import pytest

from hub.access import LOCAL, LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Invalid, NotFound
from hub.domain.outcomes import Outcome
from hub.domain.tokens import Token, TokenText, digest_of
from hub.ports import Find, HubStore
from tests.core.support import Clock, ask, names_of_events, refusal


@pytest.fixture
def store_kind() -> str:
    """No store can change these rules."""
    return "memory"


def caller(*grants: str, tenant: str = LOCAL_TENANT) -> Caller:
    return Caller(tenant, "somebody", frozenset(grants), credential="c")


async def test_a_secret_is_told_once_and_only_its_digest_is_kept(hub: Hub, store: HubStore) -> None:
    made = await ask(hub, "create_token", name="ci")
    text = TokenText.read(made["token"])
    assert text is not None
    assert (text.tenant, text.id) == (None, made["id"])
    [body] = await store.find(LOCAL_TENANT, Find(Token))
    assert text.secret not in body
    kept = await store.get(LOCAL_TENANT, Token, made["id"])
    assert kept is not None
    assert kept.digest == digest_of(text.secret)
    assert kept.is_of(text.secret)
    assert not kept.is_of(text.secret[:-1] + ("0" if text.secret[-1] != "0" else "1"))
    [listed] = (await ask(hub, "list_tokens"))["tokens"]
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert "digest" not in listed


@pytest.mark.parametrize("tenant", [LOCAL_TENANT, "blue", "a_b.c-d", "0_1"])
async def test_the_text_of_a_token_tells_where_its_record_is(hub: Hub, tenant: str) -> None:
    made = await ask(hub, "create_token", caller("*", tenant=tenant), name="ci")
    read = TokenText.read(made["token"])
    assert read is not None
    assert (read.tenant or LOCAL_TENANT, read.id) == (tenant, made["id"])
    assert read.written() == made["token"]


@pytest.mark.parametrize("text", ["", "trv_", "trv_1_2", "trv__", "trv_\u00fc", "trv_" + "0" * 32, "trv_" + "0" * 32 + "_" + "0" * 63])
def test_what_is_no_token_is_not_read_as_one(text: str) -> None:
    assert TokenText.read(text) is None


async def test_an_unnamed_choice_opens_what_agents_do_and_no_administration(hub: Hub) -> None:
    made = await ask(hub, "create_token", name="ci")
    assert (made["grants"], made["subject"], "expiresAt" in made) == (["write"], "ci", False)
    writer = caller("write")
    assert all(writer.opens(grant) for grant in ("tasks.read", "tasks.write", "tokens.read", "events.read"))
    assert not any(writer.opens(grant) for grant in ("tokens.write", "mcp_servers.write"))


@pytest.mark.parametrize(
    ("maker", "grants", "lacking"),
    [
        (("tokens.write",), ("*",), "*"),
        (("tokens.write",), ("read",), "read"),
        (("tokens.write", "read"), ("write",), "write"),
        (("tokens.write", "read"), ("tasks.read", "tasks.write"), "tasks.write"),
        (("tokens.write", "write"), ("*",), "*"),
        (("tokens.write", "write"), ("mcp_servers.write",), "mcp_servers.write"),
    ],
)
async def test_a_token_opens_no_more_than_its_maker_has(hub: Hub, maker: tuple[str, ...], grants: tuple[str, ...], lacking: str) -> None:
    error = await refusal(ask(hub, "create_token", caller(*maker), name="more", grants=grants))
    assert isinstance(error, Forbidden)
    assert f"you lack {lacking}." in error.message
    assert (await ask(hub, "list_tokens"))["tokens"] == []


@pytest.mark.parametrize(
    ("maker", "grants"),
    [
        (("tokens.write",), ("tokens.write",)), (("tokens.write", "read"), ("read", "notes.read")),
        (("tokens.write", "write"), ("write", "read", "tasks.write", "tokens.write")), (("*",), ("*", "write", "tokens.write")),
    ],
)  # fmt: skip
async def test_a_maker_gives_away_what_it_has(hub: Hub, maker: tuple[str, ...], grants: tuple[str, ...]) -> None:
    assert (await ask(hub, "create_token", caller(*maker), name="as much", grants=grants))["grants"] == [*grants]


@pytest.mark.parametrize("operation", ["create_token", "revoke_token"])
async def test_what_agents_may_do_is_not_to_make_tokens(hub: Hub, operation: str) -> None:
    assert isinstance(await refusal(ask(hub, operation, caller("write"), name="x", tokenId="y")), Forbidden)


async def test_only_an_operator_makes_tokens_of_another_tenant(hub: Hub) -> None:
    assert (await ask(hub, "create_token", name="blue's first", tenant="blue"))["tenant"] == "blue"
    for maker in (caller("*", tenant="red"), caller("tokens.write", "write")):
        assert isinstance(await refusal(ask(hub, "create_token", maker, name="n", tenant="blue", grants=["write"])), Forbidden)
    assert (await ask(hub, "create_token", caller("*", tenant="red"), name="own", tenant="red"))["tenant"] == "red"


async def test_a_tenant_sees_and_revokes_the_tokens_that_were_made_in_it(hub: Hub) -> None:
    red, blue = caller("*", tenant="red"), caller("*", tenant="blue")
    made = await ask(hub, "create_token", red, name="red's")
    assert [one["id"] for one in (await ask(hub, "list_tokens", red))["tokens"]] == [made["id"]]
    for other in (blue, LOCAL):
        assert (await ask(hub, "list_tokens", other))["tokens"] == []
        assert isinstance(await refusal(ask(hub, "revoke_token", other, tokenId=made["id"])), NotFound)


async def test_a_revoked_token_stays_revoked_from_the_first_time_on(hub: Hub, clock: Clock) -> None:
    id_ = (await ask(hub, "create_token", name="ci"))["id"]
    first = await ask(hub, "revoke_token", tokenId=id_)
    clock.turn(60)
    assert await ask(hub, "revoke_token", tokenId=id_) == first
    assert await names_of_events(hub, kinds=["token"]) == ["token.created", "token.revoked"]


async def test_a_token_expires_when_its_time_is_over(hub: Hub, store: HubStore, clock: Clock) -> None:
    made = await ask(hub, "create_token", name="short", ttlSeconds=60)
    token = await store.get(LOCAL_TENANT, Token, made["id"])
    assert token is not None
    assert token.refusal_at("2026-01-01T00:00:59.999Z") is None
    assert token.refusal_at("2026-01-01T00:01:00.000Z") == "expired at 2026-01-01T00:01:00.000Z"


async def test_no_idempotency_key_keeps_a_secret(hub: Hub, store: HubStore) -> None:
    """The outcome of a key is stored as it was answered, and this answer must not be."""
    error = await refusal(ask(hub, "create_token", name="ci", idempotencyKey="k"))
    assert isinstance(error, Invalid)
    assert "idempotencyKey" in error.message
    assert await store.find(LOCAL_TENANT, Find(Outcome)) == []
    assert (await ask(hub, "list_tokens"))["tokens"] == []


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("grants", ["task.read"], "tasks.read"), ("grants", [], "grants"), ("profile", "everything", "core, coordination"),
        ("ttlSeconds", 0, "ttlSeconds"), ("tenant", "a/b", "tenant"), ("name", "", "name"),
    ],
)  # fmt: skip
async def test_what_means_nothing_is_refused_with_what_is_allowed(hub: Hub, field: str, value: object, told: str) -> None:
    error = await refusal(ask(hub, "create_token", **{"name": "n", field: value}))
    assert isinstance(error, Invalid)
    assert told in error.message


async def test_the_listing_goes_on_where_a_page_ended(hub: Hub) -> None:
    made = [(await ask(hub, "create_token", name=f"token {number}"))["id"] for number in range(3)]
    first = await ask(hub, "list_tokens", limit=2)
    rest = await ask(hub, "list_tokens", limit=2, cursor=first["nextCursor"])
    assert [one["id"] for one in (*first["tokens"], *rest["tokens"])] == made
    assert "nextCursor" not in rest
