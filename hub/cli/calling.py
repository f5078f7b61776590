"""`call`: any operation of the catalogue, JSON in and JSON out."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import click

from hub.cli.options import Failure, database_option, examples, finish, settings_of_existing, standard_input
from hub.settings import Settings


class CallCommand(click.Command):
    """Its help lists the operations, which are imported only for that."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from hub.operations import OPERATIONS

        super().format_epilog(ctx, formatter)
        with formatter.section("Operations"):
            formatter.write_text(", ".join(OPERATIONS))


@click.command(cls=CallCommand, epilog=examples("""trivium call create_task --json '{"title": "Login", "objective": "A login page"}'"""))
@click.argument("operation")
@click.option("--json", "arguments", metavar="JSON", default="{}", help="The input, an object; - reads it from standard input.")
@database_option
def call(operation: str, arguments: str, db: str | None) -> None:
    """Run OPERATION and print its answer as JSON.

    When it fails, the error document is printed instead, the reason goes to standard error, and the exit code is 1.
    """
    from hub.operations import OPERATIONS

    if operation not in OPERATIONS:
        near = "".join(f" Did you mean {name}?" for name in get_close_matches(operation, OPERATIONS, 1))
        raise Failure(f"There is no operation {operation[:80]!r}.{near} `trivium call --help` lists them all.")
    settings = settings_of_existing(db)
    raw = standard_input() if arguments == "-" else arguments.encode(errors="surrogateescape")
    click.echo(answer(settings, operation, raw))


def answer(settings: Settings, operation: str, arguments: bytes | Mapping[str, Any], document: bool = True) -> str:
    """The output's JSON. A failure's document is printed, if it is wanted, before the command ends with it."""
    from json import dumps

    from hub.domain.errors import HubError

    try:
        return finish(called(settings, operation, arguments))
    except Failure as failure:
        if document and isinstance(failure.__context__, HubError):
            click.echo(dumps(failure.__context__.document(), ensure_ascii=False))
        raise


async def called(settings: Settings, operation: str, arguments: bytes | Mapping[str, Any]) -> str:
    """Run it on the store itself: no server is needed, and one that runs beside sees the change."""
    from hub.access import LOCAL
    from hub.main import hub_on, opened

    async with opened(settings) as store:
        return (await hub_on(store, settings).call(operation, arguments, LOCAL)).to_json()
