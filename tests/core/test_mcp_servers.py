"""MCP servers: how they are registered, what stays secret, and where the hub may connect to."""

from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.access import LOCAL_TENANT, WRITE, Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.archive import export
from hub.domain import KINDS
from hub.domain.errors import Duplicate, Forbidden, Invalid, Refused
from hub.domain.mcp_servers import MASK, McpServer
from hub.operations.base import secret_place
from hub.ports import EVERY_EVENT, Find, HubStore, Vault
from stores import vault
from stores.memory import MemoryStore
from stores.sqlite import SqliteStore
from tests.core.support import ask, refusal

SECRET = "hush-hush-0123456789"


@pytest.fixture
def store_kind() -> str:
    """No store can change these rules."""
    return "memory"


@pytest.fixture
def safe() -> Vault:
    return vault.ephemeral()


@pytest.fixture
def hub(store: HubStore, safe: Vault) -> Hub:
    return Hub(store, vault=safe)


async def new_server(hub: Hub, **fields: Any) -> Any:
    return await ask(hub, "create_mcp_server", **{"name": "Tools", "type": "http", "url": "https://tools.example.com/mcp"} | fields)


async def kept(hub: Hub, id_: str) -> McpServer:
    server = await hub.store.get(LOCAL_TENANT, McpServer, id_)
    assert server is not None
    return server


async def opened(hub: Hub, id_: str) -> dict[str, str]:
    """The secrets of a server as it would be sent them."""
    server, place = await kept(hub, id_), secret_place(LOCAL_TENANT, McpServer, id_)
    assert hub.vault
    return {name: hub.vault.open(value, place) for name, value in (server.headers | server.env).items()}


async def test_of_a_secret_every_answer_tells_only_that_it_is_set(hub: Hub) -> None:
    made = await new_server(hub, id="t", headers={"Authorization": SECRET}, env={"KEY": SECRET}, idempotencyKey="k")
    assert (made["headers"], made["env"]) == ({"Authorization": MASK}, {"KEY": MASK})
    assert await new_server(hub, id="t", headers={"Authorization": SECRET}, env={"KEY": SECRET}, idempotencyKey="k") == made
    assert await ask(hub, "get_mcp_server", mcpServerId="t") == made
    assert (await ask(hub, "list_mcp_servers"))["servers"] == [made]
    changed = await ask(hub, "update_mcp_server", mcpServerId="t", name="Other")
    assert (changed["headers"], changed["env"]) == (made["headers"], made["env"])
    assert await opened(hub, "t") == {"Authorization": SECRET, "KEY": SECRET}


async def test_a_value_that_was_read_back_stays_and_the_others_are_replaced(hub: Hub) -> None:
    await new_server(hub, id="t", env={"KEEP": "one-secret", "CHANGE": "two-secret", "DROP": "three-secret"})
    await ask(hub, "update_mcp_server", mcpServerId="t", env={"KEEP": MASK, "CHANGE": "new-secret", "ADD": "four-secret"})
    assert await opened(hub, "t") == {"KEEP": "one-secret", "CHANGE": "new-secret", "ADD": "four-secret"}
    assert isinstance(await refusal(ask(hub, "update_mcp_server", mcpServerId="t", env={"OTHER": MASK})), Invalid)
    assert isinstance(await refusal(new_server(hub, headers={"X-Key": MASK})), Invalid)


async def test_secrets_are_in_no_event_no_record_no_archive_and_not_in_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = await SqliteStore.open(tmp_path / "hub.db", KINDS)
    hub = Hub(store, vault=vault.of_file(tmp_path / vault.KEY_FILE))
    await new_server(hub, id="t", headers={"Authorization": SECRET}, idempotencyKey="k")
    await ask(hub, "update_mcp_server", mcpServerId="t", headers={"Authorization": SECRET, "X-More": SECRET})
    assert "Authorization" in (await store.find(LOCAL_TENANT, Find(McpServer)))[0]
    events = await store.after(0, LOCAL_TENANT, EVERY_EVENT, 100)
    assert "mcp_server.updated" in [event.name for event in events.events]
    assert not any(SECRET in event.body for event in events.events)
    archive = BytesIO()
    await export(store, archive.write)
    assert b"Authorization" in archive.getvalue()
    assert SECRET.encode() not in archive.getvalue()
    await store.close()
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
    assert SECRET not in caplog.text


async def test_a_secret_does_not_follow_the_address_to_somebody_else(hub: Hub) -> None:
    await new_server(hub, id="t", headers={"Authorization": SECRET})
    await ask(hub, "update_mcp_server", mcpServerId="t", url="https://tools.example.com/other")
    for url in ("https://elsewhere.example.com/mcp", "http://tools.example.com/mcp", "https://tools.example.com:8443/mcp"):
        assert isinstance(await refusal(ask(hub, "update_mcp_server", mcpServerId="t", url=url)), Invalid)
        read_back = ask(hub, "update_mcp_server", mcpServerId="t", url=url, headers={"Authorization": MASK})
        assert isinstance(await refusal(read_back), Invalid)
    moved = await ask(hub, "update_mcp_server", mcpServerId="t", url="https://new.example.com/", headers={"Authorization": "given anew"})
    assert moved["url"] == "https://new.example.com/"
    assert await opened(hub, "t") == {"Authorization": "given anew"}


async def test_without_a_vault_only_servers_without_secrets_are_registered(store: HubStore) -> None:
    hub = Hub(store)
    await new_server(hub)
    assert isinstance(await refusal(new_server(hub, headers={"Authorization": SECRET})), Refused)


async def test_names_become_prefixes_each_once(hub: Hub) -> None:
    names = ["GitHub Tools!", "github-tools", "__", "日本語", "a" * 60, "A" * 60]
    made = [(await new_server(hub, name=name))["prefix"] for name in names]
    assert made == ["github-tools", "github-tools-2", "mcp", "mcp-2", "a" * 24, "a" * 22 + "-2"]
    assert isinstance(await refusal(new_server(hub, prefix="mcp")), Duplicate)
    assert isinstance(await refusal(ask(hub, "update_mcp_server", mcpServerId=(await new_server(hub))["id"], prefix="mcp")), Duplicate)
    for odd in ("two__parts", "Big", "end_", "-begin", "", "a" * 25, "a.b"):
        assert isinstance(await refusal(new_server(hub, prefix=odd)), Invalid)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "stdio", "command": None}, {"url": None}, {"url": "tools.example.com"}, {"url": "ftp://a/b"}, {"url": "http://"},
        {"url": "http://user:word@tools.example.com/"}, {"url": "http://a:99999/"}, {"url": "http://[::1/"}, {"type": "carrier pigeon"},
        {"headers": {"Mcp-Session-Id": "x"}}, {"headers": {"Host": "x"}}, {"headers": {"two words": "x"}},
        {"headers": {"X-Key": "a\r\nX-Other: b"}}, {"env": {"1A": "x"}}, {"env": {"A=B": "x"}}, {"id": "a/b"}, {"callSeconds": 0},
    ],
)  # fmt: skip
async def test_what_cannot_work_is_refused_at_once(hub: Hub, fields: dict[str, Any]) -> None:
    assert isinstance(await refusal(new_server(hub, **fields)), Invalid)


PRIVATE = [
    "http://127.0.0.1/", "http://localhost:3000/mcp", "http://LOCALHOST./", "http://10.1.2.3/", "http://192.168.0.1/", "http://[::1]/",
    "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::a00:1]/", "http://[fd00::1]/", "http://printer.local/",
]  # fmt: skip
NEVER = [
    "http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/",
    "http://100.100.100.200/", "http://[fd00:ec2::254]/", "http://224.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize(
    ("reach", "allowed", "refused"),
    [
        ("all", ["https://mcp.example.com/", "http://93.184.215.14/", *PRIVATE], NEVER),
        ("public", ["https://mcp.example.com/", "http://93.184.215.14/"], [*PRIVATE, *NEVER]),
        ("none", [], ["https://mcp.example.com/", *PRIVATE, *NEVER]),
    ],
)
async def test_the_hub_reaches_as_far_as_its_operator_says(reach: Reach, allowed: list[str], refused: list[str]) -> None:
    hub = Hub(MemoryStore(), reach=reach)
    for url in allowed:
        await new_server(hub, url=url)
    for url in refused:
        error = await refusal(new_server(hub, url=url))
        assert isinstance(error, Forbidden), url
        assert "TRIVIUM_UPSTREAMS" in error.message
    program = new_server(hub, type="stdio", command="true")
    if reach == "all":
        await program
    else:
        assert isinstance(await refusal(program), Forbidden)


async def test_who_may_write_everything_else_may_not_say_what_the_hub_runs(hub: Hub) -> None:
    agent = Caller(subject="agent", grants=frozenset({WRITE}))
    registering = ask(hub, "create_mcp_server", agent, name="Mine", type="stdio", command="true")
    assert isinstance(await refusal(registering), Forbidden)
    assert (await ask(hub, "list_mcp_servers", agent))["servers"] == []
    admin = Caller(subject="admin", grants=frozenset({"mcp_servers.write"}))
    assert (await ask(hub, "create_mcp_server", admin, name="Mine", type="stdio", command="true"))["prefix"] == "mine"


async def test_the_fields_left_out_stay_and_null_takes_away(hub: Hub) -> None:
    made = await new_server(hub, description="d", args=["a"], callSeconds=5)
    changed = await ask(hub, "update_mcp_server", mcpServerId=made["id"], description=None, args=None, enabled=False, expectedVersion=1)
    assert changed == {**{name: value for name, value in made.items() if name != "description"}, "enabled": False, "version": 2,
                       "updatedAt": changed["updatedAt"]}  # fmt: skip
    assert orjson.loads((await hub.store.find(LOCAL_TENANT, Find(McpServer)))[0])["callSeconds"] == 5
