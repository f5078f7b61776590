"""Push configurations: how they are made, what is secret, what goes with a task. On every store."""

from pathlib import Path
from typing import Any

import pytest

from hub.access import LOCAL_TENANT, Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.domain import KINDS
from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.mcp_servers import MASK
from hub.domain.push_configs import MOST_PUSH_CONFIGS, PushConfig, push_key
from hub.operations.base import secret_place
from hub.ports import EVERY_EVENT, Find, HubStore, Vault
from stores import vault
from stores.memory import MemoryStore
from stores.sqlite import SqliteStore
from tests.core.support import Clock, ask, names_of_events, new_task, on_memory, refusal

SECRET = "hush-hush-0123456789"
URL = "https://client.example.com/told"
BEARER = {"scheme": "Bearer", "credentials": SECRET}


@pytest.fixture
def safe() -> Vault:
    return vault.ephemeral()


@pytest.fixture
def hub(store: HubStore, clock: Clock, safe: Vault) -> Hub:
    return Hub(store, clock, vault=safe)


async def new_config(hub: Hub, task_id: str, caller: Caller | None = None, /, **fields: Any) -> Any:
    return await ask(hub, "create_push_config", *([caller] if caller else []), **{"taskId": task_id, "url": URL} | fields)


async def kept(hub: Hub, task_id: str, id_: str) -> PushConfig | None:
    return await hub.store.get(LOCAL_TENANT, PushConfig, push_key(task_id, id_))


async def test_a_configuration_is_the_tasks_own_under_the_clients_id(hub: Hub) -> None:
    one, other = await new_task(hub), await new_task(hub)
    made = await new_config(hub, one, id="a/b", token=SECRET, authentication=BEARER)
    assert (made["id"], made["taskId"], made["url"], made["status"], made["delivered"]) == ("a/b", one, URL, "active", 1)
    again = await new_config(hub, other, id="a/b", url=f"{URL}/other")
    assert await ask(hub, "get_push_config", taskId=one, pushConfigId="a/b") == made
    assert await ask(hub, "get_push_config", taskId=other, pushConfigId="a/b") == again
    ids = ["a/b", (await new_config(hub, one))["id"], (await new_config(hub, one, id="c"))["id"]]
    listed = await ask(hub, "list_push_configs", taskId=one, limit=2)
    rest = await ask(hub, "list_push_configs", taskId=one, limit=2, cursor=listed["nextCursor"])
    assert {config["id"] for config in listed["pushConfigs"] + rest["pushConfigs"]} == set(ids)
    assert "nextCursor" not in rest


async def test_a_configuration_made_again_is_replaced_and_goes_on_where_it_was(hub: Hub) -> None:
    task = await new_task(hub)
    await new_config(hub, task, id="c", token=SECRET)
    await ask(hub, "set_task_status", taskId=task, status="IN_PROGRESS")
    made = await new_config(hub, task, id="c", url=f"{URL}/new", authentication=BEARER)
    assert (made["url"], made["delivered"], made["authentication"]) == (f"{URL}/new", 1, {"scheme": "Bearer", "credentials": MASK})
    assert "token" not in made
    assert len((await ask(hub, "list_push_configs", taskId=task))["pushConfigs"]) == 1


async def test_deleting_it_again_changes_nothing(hub: Hub) -> None:
    task = await new_task(hub)
    await new_config(hub, task, id="c")
    answers = [await ask(hub, "delete_push_config", taskId=task, pushConfigId="c") for _ in range(2)]
    assert [answer["deleted"] for answer in answers] == [True, False]
    assert isinstance(await refusal(ask(hub, "get_push_config", taskId=task, pushConfigId="c")), NotFound)
    assert (await names_of_events(hub)).count("push_config.deleted") == 1


async def test_configurations_go_with_their_task_and_with_their_workspace(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    tasks = [await new_task(hub), await new_task(hub, workspaceId="lab"), await new_task(hub)]
    for task in tasks:
        await new_config(hub, task, id="c")
    await ask(hub, "delete_task", taskId=tasks[0])
    await ask(hub, "delete_workspace", workspaceId="lab")
    assert [config is not None for config in [await kept(hub, task, "c") for task in tasks]] == [False, False, True]
    await ask(hub, "delete_tasks", workspaceId="default")
    assert await hub.store.find(LOCAL_TENANT, Find(PushConfig)) == []


@on_memory
async def test_a_task_has_a_limited_number_of_them(hub: Hub) -> None:
    task = await new_task(hub)
    for number in range(MOST_PUSH_CONFIGS):
        await new_config(hub, task, id=f"c{number}")
    assert isinstance(await refusal(new_config(hub, task)), Refused)
    await new_config(hub, task, id="c0")


@on_memory
async def test_an_ended_task_has_nothing_to_tell_unless_its_end_is_news(hub: Hub) -> None:
    task = await new_task(hub)
    await ask(hub, "finish_task", taskId=task)
    assert (await new_config(hub, task))["status"] == "done"
    news = await new_config(hub, task, knownVersion=1)
    assert (news["status"], news["whole"]) == ("active", True)
    assert (await new_config(hub, task, knownVersion=2))["whole"] is False


@on_memory
async def test_a_tenant_sees_its_own_and_grants_decide_within(hub: Hub) -> None:
    task = await new_task(hub)
    await new_config(hub, task, id="c")
    stranger = Caller(tenant="other")
    for operation in ("get_push_config", "delete_push_config", "resume_push_config"):
        foreign = await refusal(ask(hub, operation, stranger, taskId=task, pushConfigId="c"))
        unknown = await refusal(ask(hub, operation, stranger, taskId="nothing", pushConfigId="c"))
        assert (foreign.kind, foreign.message.replace(task, "")) == (unknown.kind, unknown.message.replace("nothing", ""))
    assert isinstance(await refusal(new_config(hub, task, stranger)), NotFound)
    assert isinstance(await refusal(ask(hub, "list_push_configs", stranger, taskId=task)), NotFound)
    reader = Caller(subject="reader", grants=frozenset({"tasks.read"}))
    assert (await ask(hub, "get_push_config", reader, taskId=task, pushConfigId="c"))["owner"] == "local"
    assert (await refusal(new_config(hub, task, reader))).kind == "forbidden"
    assert (await refusal(ask(hub, "delete_push_config", reader, taskId=task, pushConfigId="c"))).kind == "forbidden"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_secrets_are_in_no_answer_no_event_and_not_in_the_file(tmp_path: Path, safe: Vault, store: HubStore) -> None:
    await store.close()
    opened = await SqliteStore.open(tmp_path / "secrets.db", KINDS)
    hub = Hub(opened, vault=safe)
    task = await new_task(hub)
    given: dict[str, Any] = {"id": "c", "token": SECRET, "authentication": BEARER, "idempotencyKey": "k"}
    made = [await new_config(hub, task, **given) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["token"], made[0]["authentication"]) == (MASK, {"scheme": "Bearer", "credentials": MASK})
    shown = [await ask(hub, "get_push_config", taskId=task, pushConfigId="c"), await ask(hub, "list_push_configs", taskId=task)]
    events = await opened.after(0, LOCAL_TENANT, EVERY_EVENT, 100)
    assert SECRET not in str([made, shown, events])
    config = await kept(hub, task, "c")
    assert config is not None
    assert safe.open(config.token or "", secret_place(LOCAL_TENANT, PushConfig, push_key(task, "c"))) == SECRET
    await opened.close()
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name


@on_memory
async def test_without_a_vault_only_what_holds_no_secret_is_taken(store: HubStore) -> None:
    hub = Hub(store)
    task = await new_task(hub)
    await new_config(hub, task)
    assert isinstance(await refusal(new_config(hub, task, token=SECRET)), Refused)


@on_memory
@pytest.mark.parametrize(
    "fields",
    [
        {"url": ""}, {"url": "client.example.com"}, {"url": "ftp://client.example.com/"}, {"url": "http://"}, {"url": "http://a:99999/"},
        {"url": "http://ada:word@client.example.com/"}, {"url": "https://client.example.com/\r\nHost: x"}, {"url": "file:///etc/passwd"},
        {"url": f"https://client.example.com/{'x' * 2_000}"}, {"token": "a\r\nX-Other: b"}, {"token": "Ünïcode"}, {"token": MASK},
        {"authentication": {"scheme": "two words"}}, {"authentication": {"scheme": "Bearer", "credentials": "a\nb"}},
        {"authentication": {"credentials": "x"}}, {"protocolVersion": "2.0"}, {"knownVersion": -1}, {"id": ""},
    ],
)  # fmt: skip
async def test_what_cannot_work_is_refused_and_nothing_is_stored(hub: Hub, fields: dict[str, Any]) -> None:
    task = await new_task(hub)
    assert isinstance(await refusal(new_config(hub, task, **fields)), Invalid)
    assert await hub.store.find(LOCAL_TENANT, Find(PushConfig)) == []


PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost:3000/",
    "http://10.1.2.3/",
    "http://[::1]/",
    "http://[::ffff:192.168.0.1]/",
    "http://a.local/",
]
NEVER = ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://100.100.100.200/", "http://[64:ff9b::a9fe:a9fe]/"]


@pytest.mark.parametrize(
    ("reach", "allowed", "refused"),
    [("all", [URL, *PRIVATE], NEVER), ("public", [URL], [*PRIVATE, *NEVER]), ("none", [], [URL, *PRIVATE, *NEVER])],
)
async def test_the_hub_reaches_as_far_as_its_operator_says(reach: Reach, allowed: list[str], refused: list[str]) -> None:
    hub = Hub(MemoryStore(), reach=reach)
    task = await new_task(hub)
    for url in allowed:
        await new_config(hub, task, url=url)
    for url in refused:
        error = await refusal(new_config(hub, task, url=url))
        assert isinstance(error, Invalid), url
        assert "TRIVIUM_UPSTREAMS" in error.message
