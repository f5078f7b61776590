"""`providers add`: an agent of the ACP registry's file becomes a provider."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson

from hub.cli.calling import answer
from hub.cli.options import Failure, database_option, examples, settings_of_existing, standard_input
from hub.cli.tables import rendered


@click.command(
    "add", epilog=examples("trivium providers add goose --registry registry.json", "trivium providers add mine --registry - < agent.json")
)
@click.argument("id_", metavar="ID")
@click.option("--registry", metavar="FILE", required=True, help="registry.json, or one agent's agent.json; - reads standard input.")
@click.option("--as", "as_", metavar="ID", help="An id of your own choice.")
@click.option("--json", "as_json", is_flag=True, help="Print its record as JSON.")
@database_option
def add_provider(id_: str, registry: str, as_: str | None, as_json: bool, db: str | None) -> None:
    """Make the agent ID of an ACP registry a provider. The file is read from disk: nothing is fetched."""
    entry = _entry(id_, registry)
    given = {"registryEntry": entry, **({"id": as_} if as_ else {})}
    said = answer(settings_of_existing(db), "create_provider", given, document=as_json)
    click.echo(said if as_json else rendered(said))


def _entry(id_: str, registry: str) -> dict[str, Any]:
    try:
        said = orjson.loads(standard_input() if registry == "-" else Path(registry).read_bytes())
    except OSError as error:
        raise Failure(f"--registry: cannot read {registry}: {error.strerror}. Name a file like registry.json.") from None
    except ValueError:
        raise Failure(f"--registry: {registry} is not JSON. The ACP registry's registry.json is, and each agent's agent.json.") from None
    entries = {str(entry["id"]): entry for entry in _entries(said)}
    if id_ not in entries:
        there = f"It has {', '.join(sorted(entries)[:40])}." if entries else "It has no agents at all."
        raise Failure(f"--registry: there is no agent {id_[:80]!r} in {registry}. {there}")
    return entries[id_]


def _entries(said: Any) -> Iterator[dict[str, Any]]:
    """Those of a registry, or the one that stands alone."""
    agents = said.get("agents", [said]) if isinstance(said, dict) else said
    for agent in agents if isinstance(agents, list) else ():
        if isinstance(agent, dict) and "id" in agent:
            yield agent
