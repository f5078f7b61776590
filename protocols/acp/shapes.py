"""What an editor asks with: the params of ACP 1, as far as the hub reads them."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from hub.operations.base import Id, Input


def _absolute(path: str) -> str:
    if not (PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()):
        raise ValueError("it must be an absolute path")
    return path


Folder = Annotated[str, Field(max_length=4_000), AfterValidator(_absolute)]
McpServers = Annotated[tuple[dict[str, JsonValue], ...], Field(max_length=50)]
Blocks = Annotated[tuple[dict[str, JsonValue], ...], Field(min_length=1, max_length=100)]


class Params(Input):
    """Fields that the hub does not know are a newer protocol's."""

    model_config = ConfigDict(extra="ignore")


class ConfigOptions(Params):
    boolean: dict[str, JsonValue] | bool | None = None


class SessionCapabilities(Params):
    config_options: ConfigOptions | None = None


class ClientCapabilities(Params):
    session: SessionCapabilities | None = None


class Initialize(Params):
    protocol_version: int
    client_capabilities: ClientCapabilities = ClientCapabilities()

    @property
    def booleans(self) -> bool:
        """Whether it shows config options that are on or off."""
        session = self.client_capabilities.session
        return bool(session and session.config_options and session.config_options.boolean not in (None, False))


class Nothing(Params):
    pass


class NewSession(Params):
    cwd: Folder
    mcp_servers: McpServers = ()


class OpenSession(Params):
    """To load, resume or fork. The session goes on in its own folder, with the MCP servers that it has."""

    session_id: Id
    cwd: Folder


class OneSession(Params):
    session_id: Id


class ListSessions(Params):
    cwd: Folder | None = None
    cursor: str | None = None


class SetMode(Params):
    session_id: Id
    mode_id: Id


class SetConfigOption(Params):
    session_id: Id
    config_id: Id
    value: str | bool


class PromptSession(Params):
    session_id: Id
    prompt: Blocks
