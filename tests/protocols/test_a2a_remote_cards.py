"""Cards of remote agents: where they are found, what they say that is not so, who signed them, and where secrets go."""

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
from aiohttp import ThreadedResolver

from hub.access import LOCAL, LOCAL_TENANT
from hub.app import Hub
from hub.domain.mcp_servers import MASK
from hub.domain.remote_agents import RemoteAgent
from hub.ports import Filter, Json
from protocols.a2a.client_cards import interfaces_of, places
from protocols.a2a.client_peers import Peers
from protocols.a2a.remote_runner import RemoteRunner
from protocols.a2a.signing import Signer
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, names_of_events
from tests.protocols.a2a_peers import DIALECTS, A2APeer, peer_at_work, served
from tests.protocols.requirements import meets
from tests.protocols.test_a2a_remote import artifacts, give, waited, worker_of

SECRET = "hush-hush-0123456789"


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def peers(hub: Hub) -> AsyncIterator[Peers]:
    made = Peers(hub, LOCAL_TENANT)
    yield made
    await made.close()


async def register(hub: Hub, peers: Peers, url: str, id_: str = "far", **fields: Any) -> Json:
    """Registered, and its card read."""
    await ask(hub, "register_remote_agent", **{"url": url, "id": id_, **fields})
    with anyio.fail_after(10):
        await peers.connect(id_)
    return await ask(hub, "get_remote_agent", agentId=id_)


async def done(hub: Hub, text: str = "echo hello") -> Json:
    return await waited(hub, await give(hub, text))


@meets("card read")
async def test_an_agent_that_is_registered_becomes_ready_by_itself_and_is_called_as_its_card_says(hub: Hub) -> None:
    async with peer_at_work() as peer, worker_of(hub):
        made = await ask(hub, "register_remote_agent", url=peer.url, id="far")
        assert made["status"] == "connecting"
        with anyio.fail_after(10):
            async for page in hub.follow(LOCAL, 0, Filter(kinds=("remote_agent",)), 1):
                if any(event.name == "remote_agent.connected" for event in page.events):
                    break
        remote = await ask(hub, "get_remote_agent", agentId="far")
        assert remote["status"] == "ready"
        assert remote["interface"] == {"url": peer.url, "binding": "JSONRPC", "version": "1.0", "tenant": ""}
        agent = await ask(hub, "get_agent", agentId="far")
        modes = {"inputModes": "text/plain", "outputModes": "text/plain"}
        assert (agent["name"], agent["metadata"]) == ("Peer", {"runner": "a2a", "description": "does what it is told", **modes})


@meets("card read")
async def test_a_name_that_was_given_stays(hub: Hub, peers: Peers) -> None:
    async with peer_at_work() as peer:
        await register(hub, peers, peer.url, name="Ann")
        assert (await ask(hub, "get_agent", agentId="far"))["name"] == "Ann"


@meets("card read")
def test_a_card_is_looked_for_at_its_url_and_at_the_well_known_places() -> None:
    assert places("https://a.example/x/card.json?v=1") == ["https://a.example/x/card.json?v=1"]
    assert places("https://a.example/agents/ann/") == [
        "https://a.example/agents/ann/.well-known/agent-card.json", "https://a.example:443/.well-known/agent-card.json",
        "https://a.example/agents/ann/", "https://a.example:443/.well-known/agent.json",
    ]  # fmt: skip


@meets("interfaces")
def test_interfaces_are_preferred_by_version_and_binding_and_what_the_hub_does_not_speak_is_left_out() -> None:
    def named(binding: str, version: str, url: str = "https://a.example/a") -> Json:
        return {"url": url, "protocolBinding": binding, "protocolVersion": version}

    listed = [
        named("GRPC", "1.0"), named("HTTP+JSON", "0.3"), named("JSONRPC", "0.3.0"), named("HTTP+JSON", "1.0"), named("JSONRPC", "2.0"),
        named("JSONRPC", "1.0.1"), named("JSONRPC", "1.0", "file:///etc/passwd"), {"url": 7},
    ]  # fmt: skip
    found = [(one.binding, one.version) for one in interfaces_of({"supportedInterfaces": listed})]
    assert found == [("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"), ("JSONRPC", "0.3"), ("HTTP+JSON", "0.3")]
    assert interfaces_of({"supportedInterfaces": "none"}) == interfaces_of({}) == ()


@meets("card cache")
async def test_a_card_is_read_again_only_when_it_may_have_changed(hub: Hub, peers: Peers) -> None:
    async with peer_at_work() as peer:
        await register(hub, peers, peer.url)
        await peers.connect("far")
        assert peer.card_reads == [200]
        remote = await hub.store.get(LOCAL_TENANT, RemoteAgent, "far")
        assert remote
        old = {"agentId": "far", "url": peer.url, "freshUntil": "2020-01-01T00:00:00.000Z", "etag": remote.etag}
        await hub.call("report_remote_agent", {**old, "interface": remote.interface.model_dump() if remote.interface else None}, LOCAL)
        await peers.connect("far")
        assert peer.card_reads == [200, 304]
        await ask(hub, "update_remote_agent", agentId="far")
        await peers.connect("far")
        assert peer.card_reads == [200, 304, 200]


@meets("lies")
@pytest.mark.parametrize("lie", ["a path that is not there", "methods that are not there", "no A2A at all"])
@pytest.mark.parametrize("honest", DIALECTS)
async def test_what_a_card_says_that_is_not_so_is_found_out_and_told_and_the_next_interface_taken(hub: Hub, lie: str, honest: str) -> None:
    async with peer_at_work(honest) as peer, peer_at_work("HTTP+JSON 0.3") as other, worker_of(hub):
        url = {"a path that is not there": f"{peer.url}/nowhere", "methods that are not there": other.url}.get(
            lie, f"{peer.url}/.well-known/"
        )
        peer.extra = [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]
        if honest.endswith("0.3"):
            peer.extra.append({"url": peer.url, "protocolBinding": honest.split()[0], "protocolVersion": "0.3"})
            peer.dialects = (honest, "JSONRPC 2.0")
        await ask(hub, "register_remote_agent", url=f"{peer.url}/.well-known/agent-card.json", id="far")
        task = await done(hub)
        assert task["status"] == "COMPLETED"
        assert await artifacts(hub, task["id"]) == [[{"text": "hello"}]]
        remote = await ask(hub, "get_remote_agent", agentId="far")
        assert (remote["status"], remote["interface"]["url"]) == ("ready", peer.url)
        assert remote["reason"].startswith(f"its card names JSONRPC 1.0 at {url}, and ")


@meets("lies")
async def test_a_card_that_names_nothing_true_fails_the_task_with_what_it_says(hub: Hub) -> None:
    async with peer_at_work() as peer, worker_of(hub):
        peer.extra, peer.dialects = [{"url": f"{peer.url}/x", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}], ("GRPC 1.0",)
        await ask(hub, "register_remote_agent", url=peer.url, id="far")
        failure = (await done(hub))["failure"]["message"]
        assert f"its card names JSONRPC 1.0 at {peer.url}/x, and HTTP 404 is the answer there" in failure
        assert (await ask(hub, "get_remote_agent", agentId="far"))["status"] == "unreachable"


@meets("lies")
async def test_an_agent_that_says_it_streams_and_does_not_is_looked_at_instead(hub: Hub) -> None:
    async with peer_at_work(streaming=False) as peer, worker_of(hub):
        card = peer.card()
        peer.signer = lambda _: {**card, "capabilities": {"streaming": True}}
        await ask(hub, "register_remote_agent", url=peer.url, id="far")
        assert (await done(hub, "count 3"))["status"] == "COMPLETED"


@meets("lies")
@pytest.mark.parametrize("answer", ["<html>", "[]", '{"name": "No interfaces", "supportedInterfaces": []}', '{"name": 1, "url": 2}'])
async def test_what_is_no_card_is_told(hub: Hub, peers: Peers, answer: str) -> None:
    async with peer_at_work() as peer:
        peer.card_text = answer
        remote = await register(hub, peers, peer.url)
        assert remote["status"] == "unreachable"
        assert remote["reason"].startswith(("there is no card at", "its card names no interface that the hub speaks"))


def signer_of(peer: A2APeer) -> Callable[[Json], Json]:
    signer = Signer(vault.ephemeral())
    peer.keys = signer.published()["keys"]
    return lambda card: signer.signed(card, peer.url)


@meets("signed")
async def test_a_card_that_is_signed_is_used_when_its_signature_holds(hub: Hub, peers: Peers) -> None:
    async with peer_at_work() as peer:
        assert not (await register(hub, peers, peer.url, "plain"))["signed"]
        peer.signer = signer_of(peer)
        remote = await register(hub, peers, peer.url, "signed")
        assert (remote["status"], remote["signed"]) == ("ready", True)


def changed(card: Json) -> Json:
    return {**card, "description": "changed"}


def another_key(card: Json) -> Json:
    signature = card["signatures"][0]
    return {**card, "signatures": [{**signature, "signature": signature["signature"][::-1]}]}


def no_signature(card: Json) -> Json:
    return {**card, "signatures": [{"protected": "e30", "signature": ""}, 7]}


@meets("signed")
@pytest.mark.parametrize("spoil", [changed, another_key, no_signature])
async def test_a_card_that_is_not_signed_as_it_says_is_not_used(hub: Hub, peers: Peers, spoil: Callable[[Json], Json]) -> None:
    async with peer_at_work() as peer:
        sign = signer_of(peer)
        peer.signer = lambda card: spoil(sign(card))
        remote = await register(hub, peers, peer.url)
        assert (remote["status"], remote["reason"]) == ("unreachable", "its card is not signed as it says, so it is not used")
        assert remote.get("card") is None


@meets("signed")
async def test_what_of_a_card_is_not_signed_does_not_count(hub: Hub, peers: Peers) -> None:
    async with peer_at_work() as peer:
        sign = signer_of(peer)
        peer.signer = lambda card: {**sign(card), "url": "http://evil.example/", "preferredTransport": "JSONRPC"}
        remote = await register(hub, peers, peer.url)
        assert remote["signed"]
        assert "url" not in remote["card"]


@meets("signed")
async def test_a_key_that_is_elsewhere_is_trusted_only_when_its_origin_is_registered(hub: Hub, peers: Peers) -> None:
    async with peer_at_work() as peer, peer_at_work() as other:
        signer = Signer(vault.ephemeral())
        other.keys = signer.published()["keys"]
        peer.signer = lambda card: signer.signed(card, other.url)
        remote = await register(hub, peers, peer.url)
        assert f"is at {other.url}, which is trusted only when" in remote["reason"]
        await ask(hub, "update_remote_agent", agentId="far", origins=[other.url])
        await peers.connect("far")
        assert (await ask(hub, "get_remote_agent", agentId="far"))["signed"]


@meets("credentials")
async def test_secrets_reach_the_agent_and_nobody_else(hub: Hub, peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    async with peer_at_work(token=SECRET) as peer, peer_at_work() as other, worker_of(hub):
        remote = await register(hub, peers, peer.url, token=SECRET, headers={"X-Key": "also-a-secret"})
        assert remote["headers"] == {"Authorization": MASK, "X-Key": MASK}
        assert (await done(hub))["status"] == "COMPLETED"
        assert peer.headers[-1]["X-Key"] == "also-a-secret"
        peer.extra, peer.dialects = [{"url": other.url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}], ("GRPC 1.0",)
        await ask(hub, "update_remote_agent", agentId="far")
        await peers.connect("far")
        remote = await ask(hub, "get_remote_agent", agentId="far")
        assert remote["reason"].startswith(f"its card sends callers to {other.url}, and its secrets go there only when")
        assert other.headers == []
        await ask(hub, "update_remote_agent", agentId="far", origins=[other.url])
        assert (await waited(hub, await give(hub, "echo there", messageId="m-2")))["status"] == "COMPLETED"
        assert other.headers[-1]["X-Key"] == "also-a-secret"
    told = str(await ask(hub, "list_events", limit=500)) + caplog.text + str(await ask(hub, "list_remote_agents"))
    assert SECRET not in told
    assert "also-a-secret" not in told
    assert "remote_agent.connected" in await names_of_events(hub)


@meets("credentials")
async def test_credentials_that_are_refused_are_told_with_what_to_do(hub: Hub) -> None:
    async with peer_at_work(token=SECRET) as peer, worker_of(hub):
        await ask(hub, "register_remote_agent", url=peer.url, id="far", token="another")
        assert (await done(hub))["failure"]["message"] == (
            "The remote agent cannot be used: it refuses the hub's credentials (HTTP 401); update_remote_agent gives it others."
        )


@meets("reach")
async def test_an_agent_at_a_private_address_is_not_called_unless_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(MemoryStore(), reach="public")
    addresses = ["93.184.215.14"]

    async def resolve(self: ThreadedResolver, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
        return [
            {"hostname": host, "host": one, "port": port, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}
            for one in addresses
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    peers, open_peers = Peers(hub, LOCAL_TENANT), Peers(Hub(hub.store), LOCAL_TENANT)
    async with served() as serving:
        peer = serving.peer
        public = peer.url.replace("127.0.0.1", "looks-public.example.com")
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254"):
            addresses[:] = [address]
            remote = await register(hub, peers, public, f"at-{address}")
            assert (remote["status"], "TRIVIUM_UPSTREAMS=all" in remote["reason"]) == ("unreachable", True)
        assert peer.card_reads == []
        addresses[:] = ["127.0.0.1"]
        await open_peers.connect("at-10.0.0.1")
        remote = await ask(hub, "get_remote_agent", agentId="at-10.0.0.1")
        assert remote["status"] == "ready"
        with pytest.raises(Exception, match="its address is one that this hub does not call"):  # its card names 127.0.0.1 itself
            await (await peers.get("at-10.0.0.1")).ask("get", {"id": "x"})
    await peers.close()
    await open_peers.close()


@meets("reach")
async def test_the_runner_of_a_hub_that_calls_nobody_fails_its_tasks() -> None:
    hub = Hub(MemoryStore())
    await ask(hub, "register_remote_agent", url="http://127.0.0.1:9", id="far")
    async with worker_of(Hub(hub.store, reach="none")) as runner:
        assert isinstance(runner, RemoteRunner)
        assert "TRIVIUM_UPSTREAMS" in (await done(hub))["failure"]["message"]
