"""How to connect each client: the command or the piece of configuration that it takes, and writing that into its file."""

import json
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "trivium"
"""What the hub is called in a client's configuration."""
ACP_COMMAND = {"command": "trivium", "args": ["acp"]}
"""What editors that speak ACP start: they need no address, and no token."""


@dataclass(frozen=True, slots=True)
class Client:
    """`entry` makes what stands in the client's file, as nested tables, from the hub's MCP address."""

    title: str
    file: str
    """`~/` is the home folder, `./` the folder of the project."""
    entry: Callable[[str], dict[str, Any]]
    command: Callable[[str], str] | None = None
    """The client's own command that does the same."""
    headers: str = "headers"
    """Under which key of its entry the HTTP headers stand; empty: it has none."""
    header_option: str = ""
    """How its own command takes a header; empty: it does not."""

    def server(self, url: str, token: str) -> dict[str, Any]:
        """The entry, with the header for a token unless that is empty."""
        entry = self.entry(url)
        if token and self.headers:
            ((_, servers),) = entry.items()
            servers[NAME][self.headers] = {"Authorization": f"Bearer {token}"}
        return entry

    def own_command(self, url: str, token: str) -> str | None:
        if self.command is None or (token and not self.header_option):
            return None
        return self.command(url) + (f' {self.header_option} "Authorization: Bearer {token}"' if token else "")

    @property
    def toml(self) -> bool:
        return self.file.endswith(".toml")

    def snippet(self, url: str, token: str = "") -> str:
        entry = self.server(url, token)
        return table(entry) if self.toml else json.dumps(entry, indent=2)

    @property
    def path(self) -> Path:
        return Path(self.file).expanduser()

    @property
    def of_project(self) -> bool:
        return self.file.startswith("./")

    def in_short(self, url: str) -> str:
        if self.command:
            return self.command(url)
        return f"{self.file}: {json.dumps(self.entry(url))}"


def table(entry: dict[str, Any]) -> str:
    """The one server of a TOML entry."""
    ((group, servers),) = entry.items()
    ((name, values),) = servers.items()
    return "\n".join([f"[{group}.{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items())])


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


CLIENTS = {
    "claude": Client(
        "Claude Code", "./.mcp.json", lambda url: {"mcpServers": {NAME: {"type": "http", "url": url}}},
        lambda url: f"claude mcp add --transport http {NAME} {url}", header_option="--header",
    ),
    "codex": Client(
        "Codex", "~/.codex/config.toml", lambda url: {"mcp_servers": {NAME: {"url": url}}}, lambda url: f"codex mcp add {NAME} --url {url}",
        headers="http_headers",
    ),
    "gemini": Client("Gemini CLI", "~/.gemini/settings.json", lambda url: {"mcpServers": {NAME: {"httpUrl": url}}}),
    "opencode": Client(
        "OpenCode", "~/.config/opencode/opencode.json", lambda url: {"mcp": {NAME: {"type": "remote", "url": url, "enabled": True}}}
    ),
    "cursor": Client("Cursor", "~/.cursor/mcp.json", lambda url: {"mcpServers": {NAME: {"url": url}}}),
    "zed": Client(
        "Zed", "~/.config/zed/settings.json", lambda url: {"agent_servers": {NAME: {"type": "custom", **ACP_COMMAND}}}, headers=""
    ),
    "jetbrains": Client("JetBrains", "~/.jetbrains/acp.json", lambda url: {"agent_servers": {NAME: {**ACP_COMMAND}}}, headers=""),
}  # fmt: skip


class WriteError(Exception):
    """The client's file was left as it is. One line, with the next step."""


def write(client: Client, url: str, token: str = "") -> Path | None:
    """Put the entry into the client's file, keeping all else. Answers where the file as it was is kept, None if nothing had to be.

    A file with a token in it is its owner's alone.

    Raises WriteError.
    """
    path = client.path.resolve()  # a link stays one
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        entry = client.server(url, token)
        after = _merged_toml(before, entry) if client.toml else _merged_json(before, entry)
        if after == before:
            return None
        backup = path.with_name(f"{path.name}.bak") if before else None
        if backup:
            shutil.copy2(path, backup)
        _replace(path, after, private=bool(token))
    except (OSError, ValueError) as error:
        raise WriteError(f"Cannot change {path}: {error}. Put this into it yourself: {' '.join(client.snippet(url).split())}") from None
    return backup


def _merged_json(before: str, entry: dict[str, Any]) -> str:
    known = json.loads(before) if before.strip() else {}
    ((group, servers),) = entry.items()
    ((name, values),) = servers.items()
    place = _table(known, group)
    if isinstance(place.get("servers"), dict):  # OpenCode's second format
        place = place["servers"]
    server = _table(place, name)
    old = () if "command" in values else ("command", "args", "env")
    wanted = _merged({key: value for key, value in server.items() if key not in old}, values)
    if server == wanted:
        return before
    place[name] = wanted
    return json.dumps(known, indent=2, ensure_ascii=False) + "\n"


def _merged(known: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """With these values; where both have a table, such as headers, with what stands in either."""
    both = {key: known[key] | value for key, value in values.items() if isinstance(value, dict) and isinstance(known.get(key), dict)}
    return known | values | both


def _table(document: Any, name: str) -> dict[str, Any]:
    """The object under this name, made when it is not there."""
    if not isinstance(document, dict) or not isinstance(document.get(name, {}), dict):
        raise ValueError(f"{name!r} is not where it should be")
    table: dict[str, Any] = document.setdefault(name, {})
    return table


def _merged_toml(before: str, entry: dict[str, Any]) -> str:
    """The text stays as it is, but for the lines of this one table: its comments and its order are the owner's."""
    ((group, servers),) = entry.items()
    ((name, values),) = servers.items()
    wanted = tomllib.loads(before)
    known = _table(_table(wanted, group), name)
    if known == values:
        return before
    lines = before.splitlines()
    heads = (f"[{group}.{name}]", f'[{group}."{name}"]')
    start = next((at for at, line in enumerate(lines) if line.strip() in heads), None)
    if start is not None:
        end = next((at for at in range(start + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
        inline = {line.partition("=")[0].strip() for line in lines[start:end]}
        values = _merged({key: value for key, value in known.items() if isinstance(value, dict) and key in inline}, values)
        lines[start:end] = [*table({group: {name: values}}).splitlines(), ""]
    else:
        lines += ["", *table(entry).splitlines()]
    after = "\n".join(lines).strip("\n") + "\n"
    wanted[group][name] = _merged({key: value for key, value in known.items() if isinstance(value, dict)}, values)
    if tomllib.loads(after) != wanted:
        raise ValueError(f"its table {group}.{name} is written in an unusual way")
    return after


def _replace(path: Path, text: str, private: bool) -> None:
    """In one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, "utf-8")
        if path.exists():
            shutil.copymode(path, fresh)
        if private:
            fresh.chmod(0o600)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
