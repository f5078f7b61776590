"""`connect`: how a client reaches the hub, shown or written into the client's own file."""

import re

import click

from hub.addresses import MCP, base_url
from hub.cli.options import Failure, examples, settings_from
from hub.clients import CLIENTS, WriteError, write
from hub.settings import PORT

BEARER = re.compile("[A-Za-z0-9._~+/=-]*")
"""What a header may carry as a bearer token (RFC 6750 §2.1)."""


@click.command(epilog=examples("trivium connect claude", "trivium connect gemini --write"))
@click.argument("client", type=click.Choice([*CLIENTS], case_sensitive=False))
@click.option("--write", "do_write", is_flag=True, help="Put it into the client's file, keeping what is there (and a FILE.bak).")
@click.option("--url", help="Where the hub listens, if not where these settings say.", metavar="URL")
@click.option("--token", default="", metavar="TOKEN", help="A token for it, from `trivium tokens create`; it goes into the client's file.")
def connect(client: str, do_write: bool, url: str | None, token: str) -> None:
    """Show how CLIENT connects to the hub: over MCP, or over ACP where the hub is an editor's agent (zed, jetbrains)."""
    if not BEARER.fullmatch(token):
        raise Failure("--token: that is no token. `trivium tokens create --name NAME` makes one.")
    chosen, address = CLIENTS[client], mcp_url(url)
    if do_write:
        try:
            backup = write(chosen, address, token)
        except WriteError as error:
            raise Failure(str(error)) from None
        where = "in this project, and only in it," if chosen.of_project else "in every project"
        was = f" As it was, it is {backup.name}." if backup else ""
        secret = " The token stands in it: keep it out of version control." if token else ""
        click.echo(f"{chosen.title} finds the hub {where} through {chosen.path.absolute()}.{was}{secret}")
        return
    if command := chosen.own_command(address, token):
        click.echo(f"Run:\n\n{command}\n\nor put this into {chosen.file}, which `trivium connect {client} --write` does:\n")
    else:
        click.echo(f"Put this into {chosen.file}, or let `trivium connect {client} --write` do it:\n")
    click.echo(chosen.snippet(address, token))


def mcp_url(url: str | None) -> str:
    if url is None:
        settings = settings_from()
        url = base_url(settings.host, settings.port or PORT)
    if not url.startswith(("http://", "https://")):
        raise Failure(f"--url: {url!r} is not allowed. Give the hub's address, like http://127.0.0.1:3210.")
    return url if url.rstrip("/").endswith(MCP) else f"{url.rstrip('/')}{MCP}"
