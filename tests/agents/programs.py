"""The real agents, as locked, each set up in a folder of its own: nothing of the person's who runs the tests is read or changed."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.node import modules, node

HERE = Path(__file__).parent


@dataclass(frozen=True)
class RealAgent:
    command: str
    args: list[str]
    env: Mapping[str, str]
    """The whole environment: an agent inherits nothing."""


def opencode(model: str, home: Path) -> RealAgent:
    """It asks before it runs a shell command, and before it calls a tool of the hub."""
    provider = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": f"{model}/v1", "apiKey": "fake"}, "models": {"fake-model": {}}}
    config = {
        "provider": {"fake": provider},
        "enabled_providers": ["fake"],
        "model": "fake/fake-model",
        "small_model": "fake/fake-model",
        "permission": {"bash": "ask", "trivium_*": "ask"},
    }
    folder = home / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.json").write_bytes(orjson.dumps(config))
    program = modules(HERE) / "opencode-linux-x64-baseline" / "bin" / "opencode"
    return RealAgent(str(program), ["acp"], _home(home) | {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"})


def claude(model: str, home: Path) -> RealAgent:
    """It asks before it runs a shell command that changes something, and before it calls a tool of the hub."""
    program = modules(HERE) / "@agentclientprotocol" / "claude-agent-acp" / "dist" / "index.js"
    settings = {
        "ANTHROPIC_BASE_URL": model,
        "ANTHROPIC_API_KEY": "sk-fake",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "ENABLE_TOOL_SEARCH": "false",  # else its model has to look for the tools of MCP servers before it is offered them
    }
    return RealAgent(str(node(HERE)), [str(program)], _home(home) | settings)


AGENTS: dict[str, Callable[[str, Path], RealAgent]] = {"opencode": opencode, "claude": claude}


def acpx(agent: Sequence[str], *arguments: str) -> list[str]:
    """The command of a client that drives any agent: here the one that the command `agent` starts."""
    return [str(node(HERE)), str(modules(HERE) / "acpx" / "dist" / "cli.js"), "--agent", shlex.join(agent), *arguments]


def _home(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
    }
