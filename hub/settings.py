"""Command line, environment and file -> one frozen Settings. Nobody else reads the environment."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from os.path import expanduser
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from hub.addresses import EVERYWHERE, LOOPBACK, REACHES, Reach, base_url, is_loopback
from hub.databases import SettingsError, choose, masked

Durability = Literal["full", "normal"]
Auth = Literal["auto", "required", "off"]
LogFormat = Literal["text", "json"]
APPLICATION = "trivium"
PREFIX = "TRIVIUM_"
PORT = 3210
SHORTEST_KEY = 32
SKILLS = ("~/.agents/skills", "~/.claude/skills")
"""Where agents at this machine look for theirs."""
AGENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})=([A-Za-z_][\w.]*:[A-Za-z_][\w.]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the hub was started with. `load` makes it."""

    host: str = "127.0.0.1"
    port: int = PORT
    """0: any free one."""
    grpc_port: int | None = None
    """Of the A2A door over gRPC, which has a port of its own; 0: any free one; None: there is no such door."""
    database: str
    """`memory:`, `sqlite:/PATH` or `postgresql://…`. It may hold a password: show `shown_database`."""
    durability: Durability = "full"
    """SQLite only. `normal` may lose the last commits when the power fails, never the file."""
    max_body_bytes: int = 1_000_000
    allowed_hosts: tuple[str, ...] = ()
    """Names in the Host header that are answered, beyond those of this machine's loopback and the host itself."""
    allowed_origins: tuple[str, ...] = ()
    """Origins whose pages may call the hub, beyond its own."""
    ui: Path | None = None
    """The folder of a frontend's static export, which is served beside the doors; None: the hub has a page of its own."""
    auth: Auth = "auto"
    """Whether a caller over HTTP must have a token; auto: as soon as the hub can be reached from elsewhere."""
    public_url: str = ""
    """Under which the doors are reached from elsewhere, where that is not what the hub listens on; without a slash at its end."""
    oauth_issuer: str = ""
    """The authorization server whose access tokens let callers in; none: only the hub's own tokens do."""
    oauth_audience: str = ""
    """What an access token must be made for; empty: this hub's addresses."""
    oauth_tenant_claim: str = ""
    """The claim that names the tenant; empty: all access tokens act in the hub's own."""
    a2a_versions: tuple[str, ...] = ("1.0", "0.3")
    """Of A2A that are spoken. With 0.3 the cards have the fields of both versions."""
    a2a_cards: Literal["plain", "signed"] = "plain"
    token: str = field(default="", repr=False)
    """Whose calls `trivium mcp` makes; none: those of the person at this machine. From TRIVIUM_TOKEN alone."""
    log_format: LogFormat = "text"
    log_level: str = "info"
    shutdown_seconds: float = 5.0
    """Within which a hub that is told to stop has stopped."""
    conformance: bool = False
    """Serve the conformance suite's fixtures at /mcp instead of the hub's own tools. Only the command line sets it."""
    secret_key: tuple[str, ...] = field(default=(), repr=False)
    """What seals the secrets that the hub keeps; the first one seals, all of them open. None: a key file beside the database."""
    agents: tuple[tuple[str, str], ...] = ()
    """Agents that are functions in this process: each one's name, and `module:function`."""
    lease_seconds: int = 30
    """For which an agent's claim on a task lasts, and so after which others take over the tasks of a node that died."""
    folders: tuple[Path, ...] = ()
    """In which agents may be started, beside those that the hub makes for them; none: in any."""
    session_idle_seconds: int = 1_800
    """Without a prompt the process of a session ends after this time; the next prompt starts it again."""
    sessions_at_once: int = 8
    """Agents that run at once in a workspace, on one node; the others wait in line."""
    sessions_memory_mb: int = 0
    """What the agents of a workspace may hold together, on one node; beyond it the largest is ended. 0: as much as they want."""
    specialists: tuple[Path, ...] = ()
    """Folders with specialists of the operator's own, the strongest first. `load` names the one beside the file of settings."""
    skills: tuple[Path, ...] = ()
    """Folders of skills, the strongest first. `load` names the one beside the file of settings, and those of agents at this machine."""
    agent_registry: str = "https://cdn.agentclientprotocol.com/registry/v1/latest/registry.json"
    """The file of the public registry of agents that speak ACP, or the path of a copy."""
    upstreams: Reach | None = None
    """Which MCP servers, remote agents and receivers of push notifications the hub calls: `reach` says it when nothing was said."""
    github_api: str = "https://api.github.com"
    """Of GitHub's REST API; a GitHub Enterprise Server has an address of its own."""
    github_token: str = field(default="", repr=False)
    """With which the hub's own tenant reads there where a board has no token; none: only what is public."""
    skills_catalog: str = "https://skills.sh"
    """The public catalogue of skills that is searched."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The hub's own: `hub.programs.environment` makes of it what a program that the hub starts may know."""

    @property
    def reach(self) -> Reach:
        """On loopback the callers are at this machine, which could run those programs themselves."""
        return self.upstreams or ("all" if self.host in LOOPBACK else "public")

    @property
    def session_folder(self) -> Path:
        """Where sessions get the folders that nobody named."""
        return default_database().parent / "sessions"

    @property
    def shown_database(self) -> str:
        return masked(self.database)

    @property
    def auth_required(self) -> bool:
        if self.auth != "auto":
            return self.auth == "required"
        return self.host not in LOOPBACK or bool(self.oauth_issuer) or (bool(self.public_url) and not is_loopback(self.public_url))

    @property
    def url(self) -> str:
        """Under which callers know the hub."""
        return self.public_url or base_url(self.host, self.port)


Reader = Callable[[str], Any]
"""From a setting's text to its value; raises ValueError."""


class Row(NamedTuple):
    """A setting: `name` is its field, TRIVIUM_NAME in the environment, a key of the file."""

    name: str
    read: Reader
    allowed: str
    many: bool = False
    """On the command line: one value an option, which may be repeated."""
    secret: bool = False
    """It is never shown, not even when it is wrong."""

    @property
    def variable(self) -> str:
        return f"{PREFIX}{self.name.upper()}"

    @property
    def option(self) -> str:
        return "--" + (self.name.removesuffix("s") if self.many else self.name).replace("_", "-")


def _whole(least: int, most: int) -> Reader:
    def read(text: str) -> int:
        if not least <= (value := int(text)) <= most:
            raise ValueError(text)
        return value

    return read


def _one_of(*names: str) -> Reader:
    def read(text: str) -> str:
        if text.lower() not in names:
            raise ValueError(text)
        return text.lower()

    return read


def _host(text: str) -> str:
    host = text.strip().removeprefix("[").removesuffix("]")
    if not host or any(sign in host for sign in " /@,"):
        raise ValueError(text)
    return host


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _hosts(text: str) -> tuple[str, ...]:
    hosts = _names(text)
    if any(sign in host for host in hosts for sign in " /@"):
        raise ValueError(text)
    return hosts


def _origins(text: str) -> tuple[str, ...]:
    origins = _names(text)
    if not all(origin.startswith(("http://", "https://")) for origin in origins):
        raise ValueError(text)
    return origins


def _url(text: str) -> str:
    """https, or http on this machine: a token that goes another way is anybody's."""
    url = text.strip().rstrip("/")
    secure = url.startswith("https://") or (url.startswith("http://") and is_loopback(url))
    if not secure or any(sign in url for sign in ' ?#@"\\,'):
        raise ValueError(text)
    return url


def _file_or_url(text: str) -> str:
    return _url(text) if "://" in text else str(Path(text).expanduser().absolute())


def _issuer(text: str) -> str:
    """Compared to the letter with what the tokens say, so a slash at its end stays."""
    _url(text)
    return text.strip()


def _word(text: str) -> str:
    if not text.isprintable() or " " in text:
        raise ValueError(text)
    return text


def _keys(text: str) -> tuple[str, ...]:
    keys = _names(text)
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise ValueError
    return keys


def _agents(text: str) -> tuple[tuple[str, str], ...]:
    named = {match[1]: match[2] for one in _names(text) if (match := AGENT.fullmatch(one))}
    if len(named) != len(_names(text)):
        raise ValueError(text)
    return tuple(named.items())


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(map(_folder, _names(text)))


def _versions(text: str) -> tuple[str, ...]:
    versions = _names(text)
    if versions not in (("1.0",), ("1.0", "0.3")):
        raise ValueError(text)
    return versions


def _seconds(text: str) -> float:
    if not 0.1 <= (value := float(text)) <= 600:
        raise ValueError(text)
    return value


ROWS = (
    Row("host", _host, "a host name or an address, like 127.0.0.1, ::1 or 0.0.0.0"),
    Row("port", _whole(0, 65_535), "a whole number from 0 to 65535; 0 takes a free port"),
    Row("grpc_port", _whole(0, 65_535), "a whole number from 0 to 65535; 0 takes a free port"),
    Row("durability", _one_of("full", "normal"), "full or normal"),
    Row("max_body_bytes", _whole(1_024, 1_000_000_000), "a whole number of bytes from 1024 to 1000000000"),
    Row("allowed_hosts", _hosts, "host names like hub.example.com, with commas between them", many=True),
    Row("allowed_origins", _origins, "origins like https://hub.example.com, with commas between them", many=True),
    Row("ui", _folder, "the folder of a frontend's static export, like ./out"),
    Row("auth", _one_of("auto", "required", "off"), "auto, required or off"),
    Row("public_url", _url, "an address like https://hub.example.com; http only on this machine"),
    Row("oauth_issuer", _issuer, "an authorization server's address like https://auth.example.com; http only on this machine"),
    Row("oauth_audience", _word, "a text without spaces, mostly an address like https://hub.example.com/mcp"),
    Row("oauth_tenant_claim", _word, "the name of a claim, like org_id"),
    Row("a2a_versions", _versions, "1.0, or 1.0,0.3: both"),
    Row("a2a_cards", _one_of("plain", "signed"), "plain or signed"),
    Row("log_format", _one_of("text", "json"), "text or json"),
    Row("log_level", _one_of("debug", "info", "warning", "error"), "debug, info, warning or error"),
    Row("shutdown_seconds", _seconds, "a number of seconds from 0.1 to 600"),
    Row("secret_key", _keys, f"at least {SHORTEST_KEY} characters, as `openssl rand -hex 32` makes; older keys after a comma", secret=True),
    Row("agents", _agents, "names of agents, each once and with its function, like echo=my_agents:echo", many=True),
    Row("lease_seconds", _whole(1, 3_600), "a whole number of seconds from 1 to 3600"),
    Row("folders", _folders, "absolute paths of folders, like /home/ada/projects", many=True),
    Row("session_idle_seconds", _whole(1, 604_800), "a whole number of seconds from 1 to 604800"),
    Row("sessions_at_once", _whole(1, 1_000), "a whole number from 1 to 1000"),
    Row("sessions_memory_mb", _whole(0, 10_000_000), "a whole number of megabytes; 0 for no limit"),
    Row("specialists", _folders, "folders, with commas between them", many=True),
    Row("skills", _folders, "folders, with commas between them", many=True),
    Row("agent_registry", _file_or_url, "an https:// address of a registry.json, or the path of a copy"),
    Row("upstreams", _one_of(*REACHES), "all (programs and any address), public (public addresses only) or none"),
    Row("github_api", _url, "an address like https://github.example.com/api/v3; http only on this machine"),
    Row("github_token", _word, "a token of GitHub, without spaces", secret=True),
    Row("skills_catalog", _url, "an address like https://skills.sh; http only on this machine"),
)

VARIABLES = ("TRIVIUM_CONFIG", "TRIVIUM_DB", "TRIVIUM_DB_DRIVER", "TRIVIUM_DB_PATH", "TRIVIUM_TOKEN")
"""Those that have no row."""


def load(environ: Mapping[str, str], given: Mapping[str, Any]) -> Settings:
    """The command line's values (`given`, None where nothing was said) win over the environment, and that over the file.

    Raises SettingsError.
    """
    path, from_file = _file(environ)
    beside = path.absolute().parent
    values: dict[str, Any] = {
        "specialists": (beside / "specialists",),
        "skills": (beside / "skills", *(Path(expanduser(folder)) for folder in SKILLS)),
    }
    for row in ROWS:
        sources = (
            (row.option, given.get(row.name)),
            (row.variable, environ.get(row.variable)),
            (f"{row.name} in {path}", from_file.get(row.name)),
        )
        for source, value in sources:
            if value not in (None, "", ()):
                values[row.name] = _read(row, source, value)
                break
    database = choose(given.get("db"), environ, cast(str | None, from_file.get("db")), f"db in {path}", default_database())
    return _consistent(Settings(database=database, token=environ.get("TRIVIUM_TOKEN", ""), environment=dict(environ), **values))


def _consistent(settings: Settings) -> Settings:
    if settings.oauth_issuer and not settings.public_url and (settings.port == 0 or settings.host in EVERYWHERE):
        raise SettingsError(
            "oauth_issuer: access tokens are made for one address, and this hub has none of its own. "
            "Give it with --public-url, like https://hub.example.com."
        )
    return settings


def is_own(name: str) -> bool:
    """Whether a variable holds what is the hub's alone: its settings, keys and database."""
    return name == "DATABASE_URL" or name.startswith((PREFIX, "ROUTA_", "PG"))


def unknown(environ: Mapping[str, str]) -> list[str]:
    """A line for each variable that looks like a setting and is none."""
    known = (*VARIABLES, *(row.variable for row in ROWS))
    strangers = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return [
        f"{name} is no setting of this version, and does nothing"
        + "".join(f"; {near} is one" for near in get_close_matches(name, known, 1))
        for name in strangers
    ]


def default_database() -> Path:
    from platformdirs import user_data_path  # a third of the time that reading the settings takes

    return user_data_path(APPLICATION, appauthor=False) / "hub.db"


def config_path(environ: Mapping[str, str]) -> Path:
    if named := environ.get("TRIVIUM_CONFIG"):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path(APPLICATION, appauthor=False) / "config.toml"


def _file(environ: Mapping[str, str]) -> tuple[Path, dict[str, Any]]:
    """The file and what it says: nothing when it is not there, unless it was named."""
    path = config_path(environ)
    if not path.is_file():
        if environ.get("TRIVIUM_CONFIG"):
            raise SettingsError(f"TRIVIUM_CONFIG: there is no file {path}. Name a TOML file, or unset it.")
        return path, {}
    import tomllib

    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"Cannot read {path}: {error}. It must be TOML, with lines like port = 3210.") from None
    known = ["db", *(row.name for row in ROWS)]
    if unknown := [name for name in said if name not in known]:
        raise SettingsError(f"{path}: there is no setting {unknown[0]!r}. Allowed: {', '.join(known)}.")
    if not isinstance(said.get("db", ""), str):
        raise SettingsError(f'db in {path}: it must be text, like db = "sqlite:hub.db".')
    return path, said


def _read(row: Row, source: str, value: Any) -> Any:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    try:
        return row.read(text)
    except ValueError:
        shown = "this" if row.secret else repr(text)
        raise SettingsError(f"{source}: {shown} is not allowed. Give {row.allowed}.") from None
