"""Which database the hub uses: the one place that knows how the settings for it play together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

Driver = Literal["memory", "sqlite", "postgres"]
MEMORY = "memory:"
SQLITE = "sqlite:"
POSTGRES = "postgresql://"
ALLOWED = "memory:, sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"
MASK = "***"


class SettingsError(Exception):
    """A setting that cannot be used. One line: which one, what it was, what is allowed."""


def driver_of(database: str) -> Driver:
    """Of a normalised database."""
    if database == MEMORY:
        return "memory"
    return "sqlite" if database.startswith(SQLITE) else "postgres"


def sqlite_path(database: str) -> Path:
    return Path(database.removeprefix(SQLITE))


def key_path(database: str) -> Path | None:
    """Where the key that seals secrets is kept when no setting has one: beside a SQLite database, and nowhere else."""
    return sqlite_path(database).with_name("secret.key") if driver_of(database) == "sqlite" else None


def masked(text: str) -> str:
    """The database as it may be shown: without its password, also when it is no proper URL."""
    scheme, sign, rest = text.partition("://")
    if not sign:
        return text
    login, at, place = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    address, mark, query = place.partition("?")
    pairs = [(name, MASK if "password" in name else value) for name, value in parse_qsl(query, keep_blank_values=True)]
    return f"{scheme}://{user.partition('?')[0]}{colon and f':{MASK}'}{at}{address}{mark}{urlencode(pairs, safe='*/')}"


def choose(option: str | None, environ: Mapping[str, str], from_file: str | None, file_name: str, default: Path) -> str:
    """The normalised database: `--db`, TRIVIUM_DB, the driver, DATABASE_URL or a path in the environment, the file, the default.

    Raises SettingsError, also for settings that contradict each other.
    """
    driver = _driver(environ)
    explicit = next(((source, text) for source, text in (("--db", option), ("TRIVIUM_DB", environ.get("TRIVIUM_DB"))) if text), None)
    if explicit:
        return _agreeing(*explicit, driver)
    if driver:
        return _of_driver(driver[1], environ, default)
    path, url = _one_of(environ, "TRIVIUM_DB_PATH", "ROUTA_DB_PATH"), environ.get("DATABASE_URL")
    if path and url:
        raise SettingsError(f"{path[0]} and DATABASE_URL are both set. Say which one with TRIVIUM_DB_DRIVER: sqlite or postgres.")
    if url:
        return _postgres("DATABASE_URL", url)
    if path:
        return _sqlite(path[0], path[1])
    return normalised(file_name, from_file) if from_file else f"{SQLITE}{default}"


def normalised(source: str, text: str) -> str:
    """`source` is the name of the setting that said it."""
    if text.lower() in ("memory", MEMORY):
        return MEMORY
    if text.lower().startswith(SQLITE):
        return _sqlite(source, text[len(SQLITE) :])
    if text.startswith(("postgres:", "postgresql:")):
        return _postgres(source, text)
    raise SettingsError(f"{source}: {masked(text)!r} is no database. Allowed: {ALLOWED}.")


def _driver(environ: Mapping[str, str]) -> tuple[str, Driver] | None:
    named = _one_of(environ, "TRIVIUM_DB_DRIVER", "ROUTA_DB_DRIVER")
    if named is None:
        return None
    match named[1].lower():
        case "sqlite" | "memory" | "postgres" as driver:
            return named[0], driver
        case _:
            raise SettingsError(f"{named[0]}: {named[1]!r} is no driver. Allowed: sqlite, memory or postgres.")


def _one_of(environ: Mapping[str, str], own: str, legacy: str) -> tuple[str, str] | None:
    """A setting that has two names, which must not disagree."""
    if environ.get(own) and environ.get(legacy) and environ[own].lower() != environ[legacy].lower():
        raise SettingsError(f"{own} is {environ[own]!r}, but {legacy} is {environ[legacy]!r}. Unset one of them.")
    return next(((name, environ[name]) for name in (own, legacy) if environ.get(name)), None)


def _agreeing(source: str, text: str, driver: tuple[str, Driver] | None) -> str:
    database = normalised(source, text)
    if driver and driver[1] != driver_of(database):
        raise SettingsError(f"{source} is {masked(database)!r}, but {driver[0]} is {driver[1]!r}. Unset {driver[0]}, or let both agree.")
    return database


def _of_driver(driver: Driver, environ: Mapping[str, str], default: Path) -> str:
    if driver == "memory":
        return MEMORY
    if driver == "sqlite":
        path = _one_of(environ, "TRIVIUM_DB_PATH", "ROUTA_DB_PATH")
        return _sqlite(*path) if path else f"{SQLITE}{default}"
    if url := environ.get("DATABASE_URL"):
        return _postgres("DATABASE_URL", url)
    raise SettingsError("The driver is postgres, but DATABASE_URL is not set. Set it to postgresql://USER:PASSWORD@HOST:PORT/NAME.")


def _sqlite(source: str, path: str) -> str:
    if not path or path == MEMORY or path.startswith(("//", ":")):
        raise SettingsError(f"{source}: {path!r} is no path of a file. Write sqlite:hub.db or sqlite:/srv/hub.db, or memory: for no file.")
    return f"{SQLITE}{Path(path).expanduser().absolute()}"


def _postgres(source: str, url: str) -> str:
    """The URL itself is never in the message: what is wrong with it may be its password."""
    scheme, _, rest = url.partition("://")
    try:
        usable = scheme in ("postgres", "postgresql") and bool(rest) and urlsplit(url).port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"{source}: this is no Postgres URL. Allowed: postgresql://USER:PASSWORD@HOST:PORT/NAME, an @ in the password as %40."
        )
    return f"{POSTGRES}{rest}"
