"""`ask`: give an agent work and follow it on the terminal. `agents add`: an agent elsewhere becomes one of the hub's."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from hub.cli.options import (
    INTERRUPTED,
    Failure,
    database_option,
    examples,
    finish,
    settings_of_existing,
    settings_of_shared,
    standard_input_text,
)
from hub.cli.tables import rendered
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.app import Hub
    from hub.cli.conversations import Conversation
    from protocols.a2a.client import Peer
    from protocols.a2a.service import Service

PATIENCE = 10.0
"""Seconds for which a hub may be out of reach."""


@click.command(epilog=examples('trivium ask Ada "Write the release notes"', "trivium ask far - --url http://hub.example.com < task.md"))
@click.argument("agent")
@click.argument("message")
@click.option("--url", metavar="URL", help="A running hub to ask over HTTP, instead of the database.")
@click.option("--token", metavar="TOKEN", envvar="TRIVIUM_TOKEN", help="For that hub, if it wants one (default: TRIVIUM_TOKEN).")
@click.option("--context", metavar="ID", help="Go on with what was said in this context; --json tells its id.")
@click.option("--json", "as_json", is_flag=True, help="Print what happens as A2A tells it, an object a line.")
@database_option
def ask(agent: str, message: str, url: str | None, token: str | None, context: str | None, as_json: bool, db: str | None) -> None:
    """Give AGENT (its id or name) a task, and show what comes of it as it comes; MESSAGE - reads standard input.

    Without --url it needs no port: the task goes into the database, and a hub that runs on it has it done. What the agent asks, you
    answer on the terminal. Exit code 0: completed; 1: failed, or an error; 3: turned down; 4: cancelled; 5: it asks, and nobody answers.
    """
    text = standard_input_text() if message == "-" else message
    from hub.cli.conversations import Conversation

    conversation = Conversation(as_json)
    with suppress(KeyboardInterrupt):
        if url:
            sys.exit(finish(_asked_over_http(url, agent, token, text, context, conversation)))
        sys.exit(finish(_asked_here(settings_of_shared(db), agent, text, context, conversation)))
    sys.exit(INTERRUPTED)


@click.command(epilog=examples("trivium agents add https://agents.example.com", "trivium agents add http://127.0.0.1:9000 --id far --json"))
@click.argument("url")
@click.option("--id", "id_", metavar="ID", help="An id of your own choice.")
@click.option("--name", metavar="NAME", help="Instead of what its card says.")
@click.option("--token", metavar="TOKEN", help="It is sent as Authorization: Bearer, and kept as a secret.")
@click.option("--header", "headers", metavar="NAME=VALUE", multiple=True, help="Sent with every request, and kept as a secret. Repeatable.")
@click.option("--origin", "origins", metavar="ORIGIN", multiple=True, help="Another origin that its card may name. Repeatable.")
@click.option("--workspace-id", metavar="ID", default="default", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print its record as JSON.")
@database_option
def add(
    url: str, id_: str | None, name: str | None, token: str | None, headers: tuple[str, ...], origins: tuple[str, ...], workspace_id: str,
    as_json: bool, db: str | None,
) -> None:  # fmt: skip
    """Make an agent elsewhere one of the hub's, by the URL of its A2A card or of its server. Exit code 1 when it cannot be used yet."""
    given: dict[str, Any] = {"url": url, "id": id_, "name": name, "token": token, "workspaceId": workspace_id, "origins": origins}
    pairs = [header.partition("=") for header in headers]
    if wrong := next((header for header, (_, equals, _) in zip(headers, pairs, strict=True) if not equals), None):
        raise Failure(f"--header: {wrong.partition(':')[0]!r} has no value. Write NAME=VALUE.")
    given["headers"] = {key: value for key, _, value in pairs}
    remote = finish(_added(settings_of_existing(db), {key: value for key, value in given.items() if value is not None}))
    click.echo(json.dumps(remote, ensure_ascii=False) if as_json else rendered(json.dumps({**remote, "card": None}, ensure_ascii=False)))
    if remote["status"] != "ready":
        raise Failure(
            f"It is registered, and cannot be used yet: {remote['reason']}. `trivium remote-agents update {remote['id']}` tries anew."
        )
    click.echo(f'`trivium ask {remote["id"]} "…"` gives it work.', err=True)


class HereLine:
    """Through the database."""

    def __init__(self, service: "Service", agent_id: str) -> None:
        from hub.access import LOCAL
        from protocols.a2a.service import Asked

        self._service, self._asked = service, Asked(LOCAL, agent_id)

    async def send(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        async with aclosing(self._service.stream(request, self._asked)) as updates:
            async for update in updates:
                if update:
                    yield update.event

    async def cancel(self, task_id: str) -> None:
        await self._service.cancel({"id": task_id}, self._asked)


class HttpLine:
    def __init__(self, peer: "Peer") -> None:
        self._peer = peer

    async def send(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        async with aclosing(self._peer.events(request, request["message"].get("taskId"))) as events:
            async for event in events:
                yield event

    async def cancel(self, task_id: str) -> None:
        await self._peer.ask("cancel", {"id": task_id})


class NoCards:
    async def extended(self, _: object) -> None:
        """Nobody asks for one here."""


async def _asked_here(settings: Settings, agent: str, text: str, context: str | None, conversation: "Conversation") -> int:
    from hub.cli.conversations import hold
    from hub.main import hub_on, opened
    from protocols.a2a.errors import A2AError
    from protocols.a2a.service import Service

    async with opened(settings) as store:
        hub = hub_on(store, settings)
        service = Service(hub, NoCards())
        try:
            return await hold(HereLine(service, await _agent_id(hub, agent)), text, context, conversation)
        except A2AError as error:
            raise Failure(error.message) from None
        finally:
            await service.close()


async def _asked_over_http(url: str, agent: str, token: str | None, text: str, context: str | None, conversation: "Conversation") -> int:
    from hub.cli.conversations import hold
    from hub.domain.remote_agents import RemoteAgent, RemoteInterface
    from protocols.a2a.client import Breaker, Peer
    from protocols.a2a.client_links import Refusal, Trouble
    from protocols.outbound import client

    async def tell(*_: object) -> None:
        """Nobody keeps it."""

    address = f"{url.rstrip('/')}/agents/{quote(agent, safe='')}"
    interface = RemoteInterface(url=address, binding="JSONRPC", version="1.0")
    remote = RemoteAgent(
        url=address, workspace_id="", status="ready", card={"capabilities": {"streaming": True}}, interfaces=(interface,),
        interface=interface, patience_seconds=PATIENCE,
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client("all") as http:
        try:
            return await hold(HttpLine(Peer(http, "all", remote, headers, tell, Breaker())), text, context, conversation)
        except Trouble as trouble:
            raise Failure(f"The hub at {url} cannot be asked: {trouble.reason}.") from None
        except Refusal as refusal:
            raise Failure(refusal.message) from None


async def _agent_id(hub: "Hub", agent: str) -> str:
    """Of an id or a name."""
    from hub.access import LOCAL_TENANT
    from hub.domain.agents import Agent
    from hub.domain.model import instant, utc_now
    from hub.unit import UnitOfWork

    if await hub.store.get(LOCAL_TENANT, Agent, agent):
        return agent
    unit = UnitOfWork(hub.store, LOCAL_TENANT, instant(utc_now()))
    named = [one.id async for one in unit.every(Agent) if one.name.casefold() == agent.casefold()]
    if len(named) > 1:
        raise Failure(f"Several agents are called {agent[:80]!r}. Give an id: {', '.join(named[:10])}.")
    if not named:
        raise Failure(f"There is no agent {agent[:80]!r}. `trivium agents list` shows those that there are.")
    return named[0]


async def _added(settings: Settings, given: dict[str, Any]) -> dict[str, Any]:
    from hub.access import LOCAL, LOCAL_TENANT
    from hub.main import hub_on, opened
    from protocols.a2a.client_peers import Peers

    async with opened(settings) as store:
        hub = hub_on(store, settings)
        made = json.loads((await hub.call("register_remote_agent", given, LOCAL)).to_json())
        peers = Peers(hub, LOCAL_TENANT)
        try:
            await peers.connect(made["id"])
        finally:
            await peers.close()
        remote: dict[str, Any] = json.loads((await hub.call("get_remote_agent", {"agentId": made["id"]}, LOCAL)).to_json())
        return remote
