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
    provider: str
    """The hub's id of it; its program is on the PATH."""
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
    settings = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
    program = modules(HERE) / "opencode-linux-x64-baseline" / "bin" / "opencode"
    return RealAgent("opencode", str(program), ["acp"], _home(home, opencode=program) | settings)


def claude(model: str, home: Path) -> RealAgent:
    """It asks before it runs a shell command that changes something, and before it calls a tool of the hub."""
    program = modules(HERE) / "@agentclientprotocol" / "claude-agent-acp" / "dist" / "index.js"
    settings = {
        "ANTHROPIC_BASE_URL": model,
        "ANTHROPIC_API_KEY": "sk-fake",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "ENABLE_TOOL_SEARCH": "false",  # else its model has to look for the tools of MCP servers before it is offered them
    }
    return RealAgent("claude", str(node(HERE)), [str(program)], _home(home, **{"claude-agent-acp": program, "node": node(HERE)}) | settings)


AGENTS: dict[str, Callable[[str, Path], RealAgent]] = {"opencode": opencode, "claude": claude}


def acpx(agent: Sequence[str], *arguments: str) -> list[str]:
    """The command of a client that drives any agent: here the one that the command `agent` starts."""
    return [str(node(HERE)), str(modules(HERE) / "acpx" / "dist" / "cli.js"), "--agent", shlex.join(agent), *arguments]


def _home(home: Path, **programs: Path) -> dict[str, str]:
    """With these programs before all others, by their names."""
    (home / "bin").mkdir()
    for name, program in programs.items():
        (home / "bin" / name).symlink_to(program)
    return {
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
    }
