"""`parity`: how far a hub, or any other backend of the web API, is what a contract says."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hub.cli.options import INTERRUPTED, Failure, examples, finish

if TYPE_CHECKING:
    from protocols.parity.examining import Examined

CONTRACT = click.Path(exists=True, dir_okay=False, path_type=Path)
WRONG = 2
"""The exit code when nothing could be compared."""


@click.command(
    epilog=examples("trivium parity contract.yaml", "trivium parity contract.yaml --base-url http://127.0.0.1:3210 --against http://127.0.0.1:3000")
)  # fmt: skip
@click.argument("contract", type=CONTRACT)
@click.option("--base-url", "url", metavar="URL", help="The backend to look at (default: a hub that is started for it, and forgotten).")
@click.option("--against", metavar="URL", help="Another backend, to be asked the same: where do they answer differently?")
@click.option("--token", metavar="TOKEN", envvar="TRIVIUM_TOKEN", help="For --base-url, where a token is needed.")
@click.option("--against-token", metavar="TOKEN", help="For --against, where a token is needed.")
@click.option("--provider", metavar="ID", help="Sessions are started with this coding agent there (default: only on a hub of its own).")
@click.option("--accepted", type=CONTRACT, help="Differences that are meant, as YAML (default: those of this hub).")
@click.option("--all", "everything", is_flag=True, help="Tell what is accepted, and what is not called, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def parity(contract: Path, accepted: Path | None, everything: bool, as_json: bool, **given: str | None) -> None:
    """Hold a backend against CONTRACT, an OpenAPI document of the web API.

    Its own description is compared with the contract, and every operation that can be called is called: with data that is made for it,
    in a workspace of its own, and taken away again. Nothing else is touched.

    Exit code 0: as the contract says, or different in accepted ways alone; 1: it differs; 2: it cannot be compared.
    """
    from protocols.parity import report
    from protocols.parity.contracts import NoContract

    try:
        found = finish(_examined(contract, accepted, **given))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (NoContract, Failure) as error:
        Failure(str(error)).show()
        sys.exit(WRONG)
    click.echo(json.dumps(report.document(found)) if as_json else report.told(found, everything))
    sys.exit(0 if found.ok else 1)


async def _examined(path: Path, file: Path | None, **given: Any) -> "Examined":
    from protocols.parity.contracts import read
    from protocols.parity.examining import examined
    from protocols.parity.findings import accepted
    from protocols.parity.opening import Asked, opened

    contract = read(path)
    entries = accepted(file, path.stem)
    async with opened(Asked(**given)) as (one, other):
        return await examined(contract, entries, one, other)
