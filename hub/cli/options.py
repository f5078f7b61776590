"""What several commands share: the options that are settings, and how a command fails."""

import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from hub.databases import SettingsError, driver_of, sqlite_path
from hub.settings import ROWS, Settings, default_database, load

T = TypeVar("T")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])

HELP = {
    "host": "Address to listen on. Beyond 127.0.0.1, callers need a token (see `trivium tokens`).",
    "port": "Port to listen on; 0 takes a free one.",
    "grpc_port": "Port of A2A over gRPC, which is off without it; needs the extra trivium-hub[grpc].",
    "durability": "full, or normal: quicker on SQLite, and a power cut may cost the last commits.",
    "max_body_bytes": "Largest request body.",
    "allowed_hosts": "Another name that the hub is called by (Host header). Repeatable.",
    "allowed_origins": "Another origin whose web pages may call the hub. Repeatable.",
    "ui": "Folder of a web frontend's static export, to be served beside the doors.",
    "auth": "auto, required or off: whether callers over HTTP need a token; auto: when others can reach the hub.",
    "public_url": "The hub's address for others, like https://hub.example.com, when a proxy stands before it.",
    "oauth_issuer": "An OAuth authorization server whose access tokens let callers in, like https://auth.example.com.",
    "oauth_audience": "What these access tokens must be made for, if not the hub's address.",
    "oauth_tenant_claim": "The claim of an access token that names the tenant.",
    "agents": "An async function of yours as an agent: NAME=module:function. Repeatable.",
    "log_format": "text or json; the log goes to standard error.",
    "log_level": "debug, info, warning or error.",
    "shutdown_seconds": "Time to finish what was begun when told to stop.",
}
METAVARS = {"ui": "DIR"}
"""Where the last word of the name does not say it."""
INTERRUPTED = 130
"""The exit code when the person at the terminal leaves."""
UNANSWERED = 5
"""The exit code when something is asked and nobody is there to answer."""
DATABASE_HELP = "Where it is kept: memory:, sqlite:PATH or postgresql://… (default: TRIVIUM_DB, DATABASE_URL, or a file of yours)."


class Failure(click.ClickException):
    """One line on standard error, and exit code 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"error: {' '.join(self.message.split())}", err=True)


def database_option(command: Decorated) -> Decorated:
    return click.option("--db", metavar="DATABASE", help=DATABASE_HELP)(command)


def setting_options(*names: str) -> Callable[[Decorated], Decorated]:
    """Options for these settings, in this order."""
    rows = {row.name: row for row in ROWS}

    def decorate(command: Decorated) -> Decorated:
        for name in reversed(names):
            metavar = METAVARS.get(name) or name.rpartition("_")[2].removesuffix("s" if rows[name].many else "").upper()
            command = click.option(rows[name].option, name, metavar=metavar, multiple=rows[name].many, help=HELP[name])(command)
        return command

    return decorate


def settings_from(**given: Any) -> Settings:
    try:
        return load(os.environ, given)
    except SettingsError as error:
        raise Failure(str(error)) from None


def settings_of_existing(db: str | None) -> Settings:
    """Only the file in the user's own data folder is made when it is not there: any other name may be mistyped."""
    settings = settings_from(db=db)
    if driver_of(settings.database) == "sqlite":
        path = sqlite_path(settings.database)
        if not os.path.exists(path) and path != default_database():
            raise Failure(f"There is no database {path}. `trivium serve --db sqlite:{path}` makes one.")
    return settings


def settings_of_shared(db: str | None) -> Settings:
    """Of a database that a hub may run on beside this process."""
    settings = settings_of_existing(db)
    if driver_of(settings.database) == "memory":
        raise Failure("A database in memory is its hub's alone. Give the hub's address with --url.")
    return settings


def examples(*lines: str) -> str:
    """An epilog with each command on a line of its own, as it can be copied."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end. What a caller may read of a failure becomes one line."""
    from hub.domain.errors import HubError  # the hub is imported only by commands that need it
    from hub.main import StartError, run

    try:
        return run(work)
    except (HubError, StartError) as error:
        raise Failure(str(error)) from None


def standard_input() -> bytes:
    if sys.stdin.isatty():
        click.echo("Reading from the terminal; end with Ctrl-D.", err=True)
    return sys.stdin.buffer.read()


def standard_input_text() -> str:
    try:
        return standard_input().decode()
    except UnicodeDecodeError as error:
        raise Failure(f"Standard input is not UTF-8: byte {error.start + 1} is {error.object[error.start]:#x}. Convert it first.") from None
