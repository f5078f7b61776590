"""Webhook configs and what GitHub sends: whose signature counts, what becomes of an event, and what stays secret."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.archive import export
from hub.domain import KINDS
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused
from hub.domain.mcp_servers import MASK
from hub.ports import HubStore, Json
from stores import vault
from stores.sqlite import SqliteStore
from tests.core.support import Clock, ask, kinds, on_memory, refusal
from tests.protocols.steps.jobs import CONFIG, FLOW, ISSUE, sent, signature

LEAK: Json = {"labels": [{"name": "bug"}]}


@pytest.fixture
def hub(store: HubStore, clock: Clock) -> Hub:
    return Hub(store, clock, vault=vault.ephemeral())


async def new_config(hub: Hub, **fields: Any) -> Json:
    return await ask(hub, "create_webhook_config", **CONFIG | fields)


async def receive(hub: Hub, payload: Json, delivery: str = "d-1", event: str = "issues", **fields: Any) -> Json:
    return await ask(hub, "receive_github_event", **sent(payload, delivery, event) | fields)


async def logs(hub: Hub) -> list[Json]:
    listed: list[Json] = (await ask(hub, "list_webhook_logs"))["logs"]
    return listed


async def jobs(hub: Hub) -> list[Json]:
    listed: list[Json] = (await ask(hub, "list_background_tasks"))["tasks"]
    return listed


@on_memory
async def test_of_a_secret_every_answer_tells_only_that_it_is_set(hub: Hub) -> None:
    made = await new_config(hub, githubToken="ghp_hush", webhookSecret="hush-hush")
    assert (made["githubToken"], made["webhookSecret"]) == (MASK, MASK)
    bare = await new_config(hub, githubToken="", webhookSecret="")
    assert bare["webhookSecret"] == MASK
    assert "githubToken" not in bare
    told = [made, await ask(hub, "get_webhook_config", webhookConfigId=made["id"]), await ask(hub, "list_webhook_configs")]
    told += [await ask(hub, "update_webhook_config", webhookConfigId=made["id"], name="x"), await ask(hub, "list_events", limit=500)]
    assert "hush" not in json.dumps(told)


async def test_no_secret_is_in_the_database_or_its_archive(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "hub.db", KINDS)
    await new_config(Hub(store, vault=vault.ephemeral()), githubToken="ghp_hush", webhookSecret="hush-hush")
    archive = BytesIO()
    await export(store, archive.write)
    await store.close()
    assert b"acme/shop" in archive.getvalue().lower()
    assert b"hush" not in archive.getvalue()
    assert not any(b"hush" in one.read_bytes() for one in tmp_path.iterdir())


@on_memory
async def test_a_hub_without_a_vault_keeps_no_secrets(store: HubStore) -> None:
    assert isinstance(await refusal(new_config(Hub(store))), Refused)


@on_memory
async def test_a_secret_that_is_read_back_or_empty_stays_and_another_one_counts(hub: Hub) -> None:
    id_ = (await new_config(hub))["id"]
    for unchanged in (MASK, ""):
        await ask(hub, "update_webhook_config", webhookConfigId=id_, webhookSecret=unchanged, githubToken=unchanged)
        assert (await receive(hub, ISSUE, f"d-{unchanged}"))["processed"] == 1
    assert "githubToken" not in await ask(hub, "update_webhook_config", webhookConfigId=id_, githubToken=None)
    await ask(hub, "update_webhook_config", webhookConfigId=id_, webhookSecret="another")
    assert isinstance(await refusal(receive(hub, ISSUE, "d-2")), Forbidden)
    assert (await receive(hub, ISSUE, "d-3", signature=signature(json.dumps(ISSUE), "another")))["processed"] == 1
    for field in ("githubToken", "webhookSecret"):
        error = await refusal(new_config(hub, **{field: MASK}))
        assert isinstance(error, Invalid)
        assert error.message.startswith(field)


async def test_an_event_becomes_a_background_task_and_a_line_of_the_log(hub: Hub) -> None:
    config = await new_config(hub)
    assert await receive(hub, ISSUE) == {"ok": True, "delivery": "d-1", "processed": 1, "skipped": 0}
    [task], [log] = await jobs(hub), await logs(hub)
    told = {name: task[name] for name in ("title", "agentId", "triggerSource", "triggeredBy", "maxAttempts", "workspaceId")}
    assert told == {
        "title": "[GitHub issues] Acme/shop", "agentId": "crafter", "triggerSource": "webhook", "triggeredBy": "github:issues",
        "maxAttempts": 1, "workspaceId": "default",
    }  # fmt: skip
    assert task["prompt"] == "GitHub told of issues opened in Acme/shop, by ada: It leaks\nhttps://example.com/7\n\nWater."
    assert log | {"id": "", "createdAt": "", "updatedAt": ""} == {
        "id": "", "version": 1, "createdAt": "", "updatedAt": "", "workspaceId": "default", "configId": config["id"], "delivery": "d-1",
        "eventType": "issues", "eventAction": "opened", "payload": ISSUE, "backgroundTaskId": task["id"], "signatureValid": True,
        "outcome": "triggered",
    }  # fmt: skip


async def test_what_is_sent_again_even_at_once_and_to_another_node_is_acted_on_once(hub: Hub, store: HubStore, clock: Clock) -> None:
    await new_config(hub)
    other = Hub(store, clock, vault=hub.vault)
    assert await kinds(receive(node, ISSUE) for node in (hub, other, hub, other)) == ["ok"] * 4
    assert (await receive(hub, ISSUE))["processed"] == 1
    assert len(await jobs(hub)) == len(await logs(hub)) == 1
    assert isinstance(await refusal(receive(hub, {**ISSUE, "action": "closed"})), Invalid)


@on_memory
@pytest.mark.parametrize(
    "wrong", ["", "sha256=", "sha256=" + "0" * 64, signature("{}"), signature(json.dumps(ISSUE), "other"), "ü", "sha1=1"]
)
async def test_what_is_not_signed_with_the_secret_is_refused_and_leaves_nothing(hub: Hub, wrong: str) -> None:
    await new_config(hub)
    head = await hub.store.latest()
    error = await refusal(receive(hub, ISSUE, signature=wrong))
    assert isinstance(error, Forbidden if wrong else Invalid)
    assert await hub.store.latest() == head
    assert await logs(hub) == await jobs(hub) == []


@on_memory
async def test_the_text_is_signed_and_not_what_it_means(hub: Hub) -> None:
    await new_config(hub)
    body = json.dumps(ISSUE, indent=1, ensure_ascii=False).replace("It leaks", "Es läuft aus 𝄞")
    given = {"body": body, "signature": signature(body)}
    assert (await receive(hub, ISSUE, **given))["processed"] == 1
    assert isinstance(await refusal(receive(hub, ISSUE, "d-2", **given | {"body": json.dumps(json.loads(body))})), Forbidden)


@on_memory
async def test_each_config_of_the_repository_with_the_secret_says_what_it_wants(hub: Hub) -> None:
    wants: dict[str, Json] = {
        "labels": {}, "other label": {"labelFilter": ["feature"]}, "all": {"labelFilter": []}, "pushes": {"eventTypes": ["push"]},
        "off": {"enabled": False}, "other secret": {"webhookSecret": "other"}, "elsewhere": {"repo": "acme/elsewhere"},
    }  # fmt: skip
    names = {(await new_config(hub, name=name, **fields))["id"]: name for name, fields in wants.items()}
    assert await receive(hub, ISSUE) == {"ok": True, "delivery": "d-1", "processed": 2, "skipped": 2}
    told = {names[log["configId"]]: (log["outcome"], log.get("errorMessage")) for log in await logs(hub)}
    assert told == {
        "labels": ("triggered", None), "all": ("triggered", None), "other label": ("skipped", "None of its labels is there: feature."),
        "pushes": ("skipped", "It is for push."),
    }  # fmt: skip
    assert not any("payload" in log for log in await logs(hub) if log["outcome"] == "skipped")
    listed = (await ask(hub, "list_webhook_logs", configId=next(iter(names))))["logs"]
    assert [names[log["configId"]] for log in listed] == ["labels"]


@on_memory
@pytest.mark.parametrize(
    "payload",
    [{"issue": {"labels": [{"name": "bug"}]}}, {"pull_request": {"labels": [{"name": "bug"}]}}, {"label": {"name": "bug"}}],
)
async def test_a_label_is_found_wherever_github_says_it(hub: Hub, payload: Json) -> None:
    await new_config(hub)
    assert (await receive(hub, {"repository": {"full_name": "acme/shop"}, **payload}))["processed"] == 1


@on_memory
async def test_a_template_is_filled_in_once(hub: Hub) -> None:
    made = await new_config(hub, labelFilter=[], promptTemplate="{event}/{action}/{number}/{title}/{sender}/{unknown}/{url}")
    await receive(hub, {**ISSUE, "issue": {"title": "{sender}", "number": 7}})
    assert (await jobs(hub))[0]["prompt"] == "issues/opened/7/{sender}/ada/{unknown}/"
    await ask(hub, "update_webhook_config", webhookConfigId=made["id"], promptTemplate="{body}")
    await receive(hub, {"repository": ISSUE["repository"]}, "d-2")
    assert (await jobs(hub))[0]["prompt"] == "GitHub told of issues in Acme/shop."


@on_memory
async def test_a_long_payload_is_left_out_of_the_log_and_cut_in_the_prompt(hub: Hub) -> None:
    await new_config(hub, promptTemplate="{body}" * 100)
    await receive(hub, {**ISSUE, "issue": {**LEAK, "body": "x" * 1_000_000}})
    assert "payload" not in (await logs(hub))[0]
    assert len((await jobs(hub))[0]["prompt"]) < 500_000


@on_memory
@pytest.mark.parametrize(
    "payload",
    [
        {"repository": None}, {"repository": {"full_name": 7}}, {},
        {"repository": {"full_name": "acme/shop"}, "issue": [], "label": 1, "sender": "", "action": {}},
    ],
)  # fmt: skip
async def test_a_payload_of_another_shape_breaks_nothing(hub: Hub, payload: Json) -> None:
    await new_config(hub, labelFilter=[])
    assert await kinds([receive(hub, payload)]) in (["ok"], ["forbidden"])


async def test_an_event_runs_a_workflow_and_says_so_when_it_is_gone(hub: Hub) -> None:
    await ask(hub, "create_workflow", id="review", yamlContent=FLOW)
    assert isinstance(await refusal(new_config(hub, workflowId="nothing")), NotFound)
    await new_config(hub, workflowId="review")
    await receive(hub, ISSUE)
    [log] = await logs(hub)
    run = await ask(hub, "get_workflow_run", workflowRunId=log["workflowRunId"])
    assert (run["triggerSource"], run["totalSteps"]) == ("webhook", 3)
    assert "It leaks" in run["triggerPayload"]
    await ask(hub, "delete_workflow", workflowId="review")
    assert await receive(hub, ISSUE, "d-2") == {"ok": True, "delivery": "d-2", "processed": 0, "skipped": 1}
    [log, _] = await logs(hub)
    assert log["outcome"] == "error"
    assert "review" in log["errorMessage"]


async def test_a_config_goes_with_its_workspace_and_then_nothing_is_taken(hub: Hub) -> None:
    await ask(hub, "create_workspace", title="Lab", id="lab")
    await new_config(hub, workspaceId="lab")
    await receive(hub, ISSUE)
    await ask(hub, "delete_workspace", workspaceId="lab")
    assert isinstance(await refusal(receive(hub, ISSUE, "d-2")), Forbidden)
    assert await logs(hub) == await jobs(hub) == []


@on_memory
async def test_who_may_write_does_not_say_what_github_may_start(hub: Hub) -> None:
    agent = Caller(subject="agent", grants=frozenset({READ, WRITE}))
    assert (await ask(hub, "list_webhook_configs", agent))["configs"] == []
    assert isinstance(await refusal(ask(hub, "create_webhook_config", agent, **CONFIG)), Forbidden)
    assert isinstance(await refusal(ask(hub, "update_polling_config", agent, enabled=True)), Forbidden)
    await new_config(hub)
    assert isinstance(await refusal(ask(hub, "receive_github_event", Caller("other"), **sent(ISSUE, "d-1"))), Forbidden)


async def test_polling_is_set_and_says_that_nothing_is_asked_yet(hub: Hub) -> None:
    first = await ask(hub, "get_polling_config")
    assert {name: first["config"][name] for name in ("enabled", "intervalSeconds", "isRunning")} == {
        "enabled": False, "intervalSeconds": 30, "isRunning": False
    }  # fmt: skip
    await ask(hub, "update_polling_config", enabled=True)
    await ask(hub, "update_polling_config", intervalSeconds=10)
    config = (await ask(hub, "get_polling_config"))["config"]
    assert (config["enabled"], config["intervalSeconds"], config["isRunning"]) == (True, 10, False)
    checked = await ask(hub, "check_polling")
    assert checked["summary"] == {"reposChecked": 0, "totalEventsFound": 0, "totalEventsProcessed": 0, "totalEventsSkipped": 0}
    assert checked["results"] == []
    assert "not poll" in checked["message"]
