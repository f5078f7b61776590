"""`client`: a typed client of the hub's web API, written in one file that needs nothing else."""

from pathlib import Path

import click

from hub.cli.options import Failure, examples

LANGUAGES = ("typescript", "python")


@click.command(epilog=examples("trivium client typescript --output src/trivium.ts", "trivium client python > trivium_client.py"))
@click.argument("language", type=click.Choice(LANGUAGES, case_sensitive=False))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to write it; else standard output.")
def client(language: str, output: Path | None) -> None:
    """Write a typed client of the web API in LANGUAGE: one file with all calls, streams, and events with what they say."""
    from protocols.rest.clients.python import python
    from protocols.rest.clients.typescript import typescript

    text = typescript() if language == "typescript" else python()
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(f"--output: cannot write {output}: {error.strerror}. Name a file in a folder that is there.") from None
    click.echo(f"{output} is written. Make it again after an upgrade of the hub.")
