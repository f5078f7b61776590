"""The address that GitHub sends its events to: for whom it answers, and with what."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.ports import Json
from tests.core.support import ask
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.steps.jobs import CONFIG, ISSUE, signature

BODY = json.dumps(ISSUE)


@pytest.fixture
async def closed(hub: Hub) -> AsyncIterator[Http]:
    """A hub that lets nobody in without a token."""
    async with serving(hub, replace(SETTINGS, auth="required")) as http:
        yield http


async def post(http: Http, body: str | bytes = BODY, query: str = "", **headers: str) -> tuple[int, Any]:
    told = {
        "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-1", "Content-Type": "application/json",
        "X-Hub-Signature-256": signature(body if isinstance(body, str) else ""),
    }  # fmt: skip
    sent = {name: value for name, value in (told | headers).items() if value}
    async with http.post(f"/api/webhooks/github{query}", data=body, headers=sent) as response:
        return response.status, await response.json()


async def jobs(hub: Hub, caller: Caller = LOCAL) -> list[Json]:
    listed: list[Json] = (await ask(hub, "list_background_tasks", caller))["tasks"]
    return listed


async def test_github_needs_no_token_but_the_secret(hub: Hub, closed: Http) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    assert await post(closed) == (200, {"ok": True, "delivery": "d-1", "processed": 1, "skipped": 0})
    assert await post(closed) == (200, {"ok": True, "delivery": "d-1", "processed": 1, "skipped": 0})
    assert len(await jobs(hub)) == 1
    assert (await closed.get("/api/webhooks/github")).status == 401
    assert (await closed.post("/api/webhooks/configs", json=CONFIG)).status == 401


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"X-GitHub-Event": ""}, "X-GitHub-Event is missing"), ({"X-GitHub-Delivery": ""}, "X-GitHub-Delivery is missing"),
        ({"X-Hub-Signature-256": ""}, "not signed"), ({"X-Hub-Signature-256": "sha256=00"}, "No enabled webhook config"),
        ({"X-GitHub-Event": "x" * 201}, "event: "),
    ],
)  # fmt: skip
async def test_what_is_refused_is_answered_with_200_and_why(hub: Hub, http: Http, headers: dict[str, str], told: str) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    status, answer = await post(http, **headers)
    assert (status, answer["ok"]) == (200, False)
    assert told in answer["error"]
    assert await jobs(hub) == []


@pytest.mark.parametrize(
    ("body", "told"), [(b"\xff\xfe", "UTF-8"), ("payload=%7B%7D", "application/json"), ("[]  ", "JSON object"), ("", "body")]
)
async def test_a_body_that_is_no_event_is_refused(hub: Hub, http: Http, body: str | bytes, told: str) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    status, answer = await post(http, body)
    assert (status, answer["ok"]) == (200, False)
    assert told in answer["error"]


async def test_a_body_that_is_too_large_is_not_read(hub: Hub) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    async with serving(hub, replace(SETTINGS, max_body_bytes=1_000)) as http:
        assert (await post(http, json.dumps({**ISSUE, "more": "x" * 2_000})))[0] == 413


async def test_a_ping_is_answered_and_makes_nothing(hub: Hub, http: Http) -> None:
    await ask(hub, "create_webhook_config", **CONFIG)
    assert await post(http, **{"X-GitHub-Event": "ping"}) == (200, {"ok": True, "delivery": "d-1", "processed": 0, "skipped": 0})
    assert await jobs(hub) == (await ask(hub, "list_webhook_logs"))["logs"] == []


async def test_the_address_names_the_tenant_and_makes_nothing_for_one_that_is_none(hub: Hub, closed: Http) -> None:
    other = Caller(tenant="acme")
    await ask(hub, "create_webhook_config", other, **CONFIG)
    head = await hub.store.latest()
    for query in ("", "?tenant=nobody", "?tenant=%00", "?tenant=%F0%9F"):
        status, answer = await post(closed, query=query)
        assert (status, answer["ok"]) == (200, False)
    assert await hub.store.latest() == head
    assert (await post(closed, query="?tenant=acme"))[1]["processed"] == 1
    assert len(await jobs(hub, other)) == 1
    assert await jobs(hub) == []


async def test_the_secrets_of_one_tenant_open_nothing_of_another(hub: Hub, closed: Http) -> None:
    await ask(hub, "create_webhook_config", Caller(tenant="acme"), **CONFIG | {"webhookSecret": "theirs"})
    await ask(hub, "create_webhook_config", **CONFIG)
    assert (await post(closed, query="?tenant=acme"))[1]["ok"] is False
    assert (await post(closed))[1]["ok"] is True
