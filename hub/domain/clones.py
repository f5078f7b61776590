"""A clone is a git repository brought to the hub's machine from elsewhere. There is one of each, however often it is asked for."""

import re
from hashlib import sha256
from typing import ClassVar, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from hub.domain.errors import Invalid
from hub.domain.model import Instant, Record, Value

CloneStatus = Literal["running", "completed", "failed"]
ClonePhase = Literal["starting", "counting", "compressing", "receiving", "resolving", "writing", "fetching"]
"""fetching: it was there already, and is brought up to date."""
Scheme = Literal["https", "http", "ssh"]

ALLOWED = "Give an address like https://github.com/owner/name.git, git@github.com:owner/name.git or owner/name."
GITHUB = "github.com"
SHORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
SCP = re.compile(r"(?P<user>[A-Za-z0-9][A-Za-z0-9._-]*)@(?P<host>[^/:@]+):(?P<path>[^:].*)")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9.])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SEGMENT = re.compile(r"[A-Za-z0-9._~+%@][A-Za-z0-9._~+%@-]*")
"""Of a path. None begins with a dash: what does may be taken for an option on its way."""
LONGEST = 100
"""Characters of an address in the name of a folder."""


class Source(NamedTuple):
    """Where a repository comes from."""

    url: str
    """For git; there is no secret in it."""
    scheme: Scheme
    host: str
    port: int | None
    name: str
    """Like `owner/name`."""

    @property
    def id(self) -> str:
        """The same for every way to write a repository of GitHub, and the name of its folder."""
        if self.host == GITHUB:
            return self.name.lower().replace("/", "--")
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", f"{self.host}-{self.name}")[:LONGEST].strip("-.")
        return f"{readable}-{sha256(self.url.encode()).hexdigest()[:12]}"


class Progress(Value):
    phase: ClonePhase = "starting"
    percent: int = 0
    """Of this phase."""
    message: str = "Waiting for its turn"


class CloneLease(Value):
    """The right of one worker to bring it, until `expires_at`."""

    worker: str
    expires_at: Instant


class Clone(Record):
    kind: ClassVar[str] = "clone"
    plural: ClassVar[str] = "clones"
    columns: ClassVar[tuple[str, ...]] = ("status",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("status",),)

    url: str
    name: str
    status: CloneStatus = "running"
    progress: Progress = Progress()
    existed: bool = False
    """The repository was there before somebody asked for it this time."""
    error: str | None = None
    lease: CloneLease | None = None
    lease_count: int = 0
    """The number of the lease, by which a worker that stood still is found out."""

    def leased_at(self, now: Instant) -> bool:
        return self.lease is not None and now < self.lease.expires_at


def source_of(text: str) -> Source:
    """What somebody means by an address of a repository, or by `owner/name` on GitHub. Raises Invalid."""
    given = text.strip()
    if SHORT.fullmatch(given):
        return _source("https", GITHUB, None, given, "")
    if given.lower().startswith(f"{GITHUB}/"):
        given = f"https://{given}"
    if "://" not in given and (match := SCP.fullmatch(given)):
        return _source("ssh", match["host"], None, match["path"], given)
    parts = _parts(given)
    if parts.scheme not in ("https", "http", "ssh"):
        raise Invalid(f"url: only https and ssh are cloned from. {ALLOWED}")
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise Invalid("url: it must hold no user or password. Give them to git on the hub's machine: git help credentials.")
    if parts.username is not None and not USER.fullmatch(parts.username):
        raise Invalid(f"url: {parts.username[:80]!r} is no user of an ssh server. {ALLOWED}")
    scheme: Scheme = "ssh" if parts.scheme == "ssh" else "http" if parts.scheme == "http" else "https"
    return _source(scheme, parts.hostname or "", parts.port, parts.path, given if scheme == "ssh" else "")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_is_one = parts.port != 0
    except ValueError:
        port_is_one = False
    if not port_is_one or not url.isprintable() or " " in url or "\\" in url:
        raise Invalid(f"url: this is no address of a repository. {ALLOWED}")
    return parts


def _source(scheme: Scheme, host: str, port: int | None, path: str, ssh: str) -> Source:
    """`ssh`: the address as it was given, which says whether the path begins at the user's home."""
    segments = [one for one in path.removesuffix("/").removesuffix(".git").split("/") if one]
    host = host.lower().rstrip(".")
    if host in (GITHUB, f"www.{GITHUB}"):
        scheme, host, port = ("ssh" if ssh else "https"), GITHUB, None
        segments = [one.removesuffix(".git") for one in segments[:2]]  # a page of it may have been copied
    if not HOST.fullmatch(host) or not segments or any(one in (".", "..") or not SEGMENT.fullmatch(one) for one in segments):
        raise Invalid(f"url: this is no address of a repository. {ALLOWED}")
    if host == GITHUB and len(segments) != 2:
        raise Invalid("url: a repository on GitHub has an owner and a name, like https://github.com/owner/name")
    name = "/".join(segments)
    if ssh:
        return Source(ssh, "ssh", host, port, name)
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port else ""
    ending = ".git" if host == GITHUB or path.removesuffix("/").endswith(".git") else ""
    return Source(f"{scheme}://{place}/{name}{ending}", scheme, host, port, name)
