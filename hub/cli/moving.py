"""`export` and `import`: everything in a database, from one to another."""

import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import click

from hub.cli.options import Failure, database_option, examples, finish, settings_from
from hub.databases import driver_of, sqlite_path
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.archive import Counts

NOWHERE = "The memory store holds nothing beyond one process. Name a database with --db sqlite:PATH or --db postgresql://…"
EXPORTS = examples("trivium export backup.jsonl", "trivium export - --db postgresql://hub@old/trivium | gzip > hub.jsonl.gz")
IMPORTS = examples(
    "trivium import backup.jsonl --db sqlite:new.db", "zcat hub.jsonl.gz | trivium import - --db postgresql://hub@new/trivium"
)


@click.command(epilog=EXPORTS)
@click.argument("file")
@database_option
def export(file: str, db: str | None) -> None:
    """Write everything that the database holds at this moment to FILE (- is standard output), as lines of JSON.

    Hubs may go on working with it. `trivium import` brings it back, into any kind of database, without loss. Secrets stay sealed: take
    their key along, too, which is TRIVIUM_SECRET_KEY or the file secret.key beside the database.
    """
    settings = _kept(db)
    if driver_of(settings.database) == "sqlite" and not sqlite_path(settings.database).exists():
        raise Failure(f"There is no database {sqlite_path(settings.database)}. Name the one to export with --db sqlite:PATH.")
    if file == "-":
        _tell("Exported", finish(_exported(settings, sys.stdout.buffer)))
        return
    path, part = Path(file), Path(f"{file}.part")
    if path.exists():
        raise Failure(f"{path} is there already. Name another file, or remove it first.")
    try:
        with part.open("xb") as target:
            part.chmod(0o600)
            counts = finish(_exported(settings, target))
        part.replace(path)
    except OSError as error:
        raise Failure(f"Cannot write {path}: {error.strerror}. Name a file in a folder that you may write to.") from None
    finally:
        part.unlink(missing_ok=True)
    _tell("Exported", counts)


@click.command("import", epilog=IMPORTS)
@click.argument("file")
@database_option
def import_(file: str, db: str | None) -> None:
    """Bring what `trivium export` wrote to FILE (- is standard input) into an empty database.

    All of it, or nothing: one that is cut off or damaged changes nothing.
    """
    settings = _kept(db)
    try:
        with TemporaryFile() if file == "-" else Path(file).open("rb") as archive:
            if file == "-":
                while chunk := sys.stdin.buffer.read(1 << 20):
                    archive.write(chunk)
                archive.seek(0)
            _tell("Imported", _imported_or_undone(settings, archive))
    except OSError as error:
        raise Failure(f"Cannot read {file}: {error.strerror}. Name a file that `trivium export` wrote.") from None


def _kept(db: str | None) -> Settings:
    settings = settings_from(db=db)
    if driver_of(settings.database) == "memory":
        raise Failure(NOWHERE)
    return settings


def _imported_or_undone(settings: Settings, archive: IO[bytes]) -> "Counts":
    """A SQLite file that was not there before is taken away again when the import fails."""
    path = sqlite_path(settings.database) if driver_of(settings.database) == "sqlite" else None
    fresh = path is not None and not path.exists()
    try:
        return finish(_imported(settings, archive))
    except BaseException:
        if fresh and path:
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        raise


async def _exported(settings: Settings, target: IO[bytes]) -> "Counts":
    from hub.archive import export as exported
    from hub.main import opened

    async with opened(settings) as store:
        counts = await exported(store, target.write)
    target.flush()
    return counts


async def _imported(settings: Settings, archive: IO[bytes]) -> "Counts":
    from hub.archive import import_ as imported
    from hub.main import opened

    async with opened(settings) as store:
        return await imported(store, archive)


def _tell(done: str, counts: "Counts") -> None:
    with suppress(BrokenPipeError):
        click.echo(f"{done} {counts.records} records and {counts.events} events.", err=True)
