"""Registering webhooks at GitHub: with whose token and secret, at which address, and what is told when GitHub refuses."""

from typing import Any

import pytest

from hub.access import LOCAL, READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused, Upstream
from hub.domain.webhooks import WebhookConfig
from hub.operations.base import secret_place
from hub.ports import Json
from protocols import asking
from stores.memory import MemoryStore
from tests.core.support import ask, refusal
from tests.protocols.conftest import asking_at
from tests.protocols.github import HOOK, TOKEN, answering, asked
from tests.protocols.steps.jobs import CONFIG, REGISTERED, SECRET

AT = "https://hub.example.com/api/webhooks/github"


@pytest.fixture(autouse=True)
def forgotten() -> None:
    asked.clear()
    answering.clear()


async def register(hub: Hub, caller: Caller = LOCAL, /, **fields: Any) -> Json:
    return await ask(hub, "register_webhook", caller, **REGISTERED | fields)


async def test_a_webhook_has_the_token_the_secret_and_the_events_of_its_config(hub: Hub) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    assert await register(hub) == {"id": HOOK, "url": AT, "events": ["issues"], "active": True}
    config = {"url": AT, "content_type": "json", "secret": SECRET, "insecure_ssl": "0"}
    assert asked == [{"name": "web", "active": True, "events": ["issues"], "config": config}]


async def test_a_secret_that_the_hub_has_made_goes_to_github_and_to_nobody_else(hub: Hub) -> None:
    made = await ask(hub, "create_webhook_config", **CONFIG | {"webhookSecret": ""})
    await register(hub, secret=made["webhookSecret"])
    config = await hub.store.get("local", WebhookConfig, made["id"])
    assert config
    assert hub.vault
    kept = hub.vault.open(config.webhook_secret, secret_place("local", WebhookConfig, config.id))
    assert asked[0]["config"]["secret"] == kept
    assert len(kept) == 64


async def test_what_is_given_counts_before_what_the_config_has(hub: Hub) -> None:
    await ask(hub, "create_webhook_config", **CONFIG | {"githubToken": "ghp_old"})
    await register(hub, token=TOKEN, secret="mine", events=["push", "release"])
    assert (asked[0]["config"]["secret"], asked[0]["events"]) == ("mine", ["push", "release"])


async def test_without_a_config_all_of_it_is_given(hub: Hub) -> None:
    tries: tuple[tuple[Json, str], ...] = (
        ({}, "token: "),
        ({"token": TOKEN}, "secret: "),
        ({"token": "gh p\n", "secret": "s"}, "token: "),
    )
    for fields, told in tries:
        error = await refusal(register(hub, **fields))
        assert isinstance(error, Invalid)
        assert error.message.startswith(told)
    assert (await register(hub, token=TOKEN, secret="s"))["events"] == ["push"]


async def test_the_address_of_another_tenant_names_it(hub: Hub) -> None:
    other = Caller(tenant="acme & co")
    await register(hub, other, token=TOKEN, secret="s")
    await register(hub, other, token=TOKEN, secret="s", webhookUrl=f"{AT}?by=us")
    assert [one["config"]["url"] for one in asked] == [f"{AT}?tenant=acme%20%26%20co", f"{AT}?by=us&tenant=acme%20%26%20co"]


async def test_webhooks_are_listed_and_forgotten(hub: Hub) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    listed = await ask(hub, "list_registered_webhooks", repo="ACME/shop")
    assert listed == {"hooks": [{"id": HOOK, "url": "https://hub.example.com/", "events": ["push"], "active": True}]}
    assert (await ask(hub, "unregister_webhook", repo="acme/shop", hookId=HOOK))["deleted"] is True
    assert isinstance(await refusal(ask(hub, "unregister_webhook", repo="acme/shop", hookId=8)), NotFound)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"token": "wrong"}, "401: Bad credentials"), ({"repo": "acme/other"}, "404: Not Found"),
        ({"webhookUrl": "https://a.example.com/twice"}, "422: Validation Failed; Hook already exists on this repository"),
        ({"webhookUrl": "https://a.example.com/odd"}, "no webhook"), ({"webhookUrl": "https://a.example.com/long"}, "too long"),
        ({"webhookUrl": "https://a.example.com/elsewhere"}, "307"),
    ],
)  # fmt: skip
async def test_what_github_says_is_told_and_no_secret(hub: Hub, fields: Json, told: str) -> None:
    error = await refusal(register(hub, **{"token": TOKEN, "secret": "hush-hush"} | fields))
    assert isinstance(error, Upstream)
    assert told in error.message
    assert not any(secret in error.message for secret in ("hush", TOKEN, "127.0.0.1"))


async def test_github_is_not_waited_for_without_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    error = await refusal(register(hub, token=TOKEN, secret="s", webhookUrl="https://a.example.com/slow"))
    answering.set()
    assert isinstance(error, Upstream)
    assert "in time" in error.message


async def test_a_github_that_is_not_there_is_told(hub: Hub) -> None:
    alone = Hub(MemoryStore(), upstreams=asking_at("http://127.0.0.1:1"))
    error = await refusal(register(alone, token=TOKEN, secret="s"))
    assert isinstance(error, Upstream)
    assert "GitHub cannot be asked: nothing answers" in error.message


async def test_a_hub_that_calls_nobody_says_so(hub: Hub, github: str) -> None:
    shut = Hub(MemoryStore(), reach="none", upstreams=asking_at(github, "none"))
    assert isinstance(await refusal(register(shut, token=TOKEN, secret="s")), Forbidden)
    public = Hub(MemoryStore(), reach="public", upstreams=asking_at(github.replace("127.0.0.1", "localhost"), "public"))
    error = await refusal(register(public, token=TOKEN, secret="s"))
    assert isinstance(error, Upstream)
    assert "TRIVIUM_UPSTREAMS" in error.message
    assert isinstance(await refusal(register(Hub(MemoryStore()), token=TOKEN, secret="s")), Refused)
    assert asked == []


@pytest.mark.parametrize("repo", ["acme", "acme/", "/shop", "acme/..", "a/b/c", "acme/shop?x", "acme/sh op", "../acme", "acme/shop\n"])
async def test_what_is_no_repository_is_asked_for_nowhere(hub: Hub, repo: str) -> None:
    assert isinstance(await refusal(register(hub, repo=repo, token=TOKEN, secret="s")), Invalid)
    assert asked == []


async def test_who_may_write_registers_nothing(hub: Hub) -> None:
    agent = Caller(subject="agent", grants=frozenset({READ, WRITE}))
    for name, fields in (("register_webhook", REGISTERED), ("list_registered_webhooks", {"repo": "acme/shop"})):
        assert isinstance(await refusal(ask(hub, name, agent, **fields, token=TOKEN)), Forbidden)
