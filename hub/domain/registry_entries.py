"""Entries of the public ACP registry, as its file registry.json holds them, and how their programs are started.

The format: https://github.com/agentclientprotocol/registry/blob/main/FORMAT.md
"""

import platform
import sys
from typing import Annotated, NamedTuple

from pydantic import Field

from hub.domain.errors import Invalid
from hub.domain.model import Value
from hub.domain.providers import PROVIDER_ID

SYSTEMS = {"win32": "windows"}
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
"""Other names of what the registry calls so."""
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Package = Annotated[str, Field(min_length=1, max_length=400, pattern="^[^-]")]
"""It never looks like an option of the program that runs it."""


class Invocation(Value):
    args: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    env: Annotated[dict[str, str], Field(max_length=100)] = {}


class PackageDistribution(Invocation):
    package: Package
    cmd: Package | None = None
    """Which of the package's programs; None: the one that is called like it."""


class BinaryDistribution(Invocation):
    archive: Text
    cmd: Annotated[Text, Field(pattern=r"[^/\\]$")]
    """Its place in the archive."""


class Distribution(Value):
    npx: PackageDistribution | None = None
    uvx: PackageDistribution | None = None
    binary: dict[str, BinaryDistribution] = {}
    """By the platform, like linux-x86_64."""


class Start(NamedTuple):
    command: str
    args: tuple[str, ...]
    env: dict[str, str]
    install: str


class RegistryEntry(Value):
    id: Annotated[str, Field(pattern=f"^{PROVIDER_ID}$")]
    name: Text
    version: Text | None = None
    description: Text | None = None
    website: Text | None = None
    repository: Text | None = None
    distribution: Distribution

    def start(self, place: str) -> Start:
        """How it is started on a platform: what npx and uvx fetch by themselves first, and an archive that was unpacked by hand last.

        Raises Invalid.
        """
        ways = self.distribution
        if npx := ways.npx:
            chosen = ("--package", npx.package, npx.cmd) if npx.cmd else (npx.package,)
            return Start("npx", ("-y", *chosen, *npx.args), npx.env, "Node.js, which npx comes with: https://nodejs.org")
        if uvx := ways.uvx:
            chosen = ("--from", uvx.package, uvx.cmd) if uvx.cmd else (uvx.package,)
            return Start("uvx", (*chosen, *uvx.args), uvx.env, "uv, which uvx comes with: https://docs.astral.sh/uv/")
        if binary := ways.binary.get(place):
            program = binary.cmd.replace("\\", "/").rpartition("/")[2]
            return Start(program, binary.args, binary.env, f"{binary.archive}, unpacked into a folder on the hub's PATH")
        there = f" It has programs for {', '.join(sorted(ways.binary))[:400]}." if ways.binary else ""
        raise Invalid(f"registryEntry.distribution: it must have npx, uvx, or a binary for {place}.{there}")


def this_platform() -> str:
    """As the registry calls it."""
    machine = platform.machine().lower()
    return f"{SYSTEMS.get(sys.platform, sys.platform)}-{MACHINES.get(machine, machine)}"
