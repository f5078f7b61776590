"""Providers: programs that speak ACP, and that the hub can start to work in a session."""

from typing import ClassVar, Literal

from hub.domain.mcp_servers import MASK
from hub.domain.model import Record

ProviderSource = Literal["static", "registry", "custom"]
"""Built in; made from an entry of the ACP registry; made by hand."""
PROVIDER_ID = "[a-z0-9][a-z0-9._-]{0,99}"
VERSION = ("--version",)


class Provider(Record):
    """Those that are built in are no stored records: their version is 0."""

    kind: ClassVar[str] = "provider"
    plural: ClassVar[str] = "providers"

    name: str
    description: str | None = None
    command: str
    """A program's name, which is looked for on the hub's PATH, or its whole path."""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    """The program's variables, beyond those that it inherits. The values are sealed."""
    env_names: tuple[str, ...] = ()
    """Variables of the hub's environment that the program inherits, where they are set, beyond what every program does."""
    presets: dict[str, str] = {}
    """Variables that it is started with, where neither the hub's environment nor `env` says otherwise."""
    version_args: tuple[str, ...] = ()
    """With which the program says its version, and ends. None: it is not asked."""
    install: str | None = None
    """What to install: a command or an address."""
    homepage: str | None = None
    mode: str | None = None
    """The session mode to set after session/new, if the agent offers it: one in which it asks before it acts."""
    source: ProviderSource = "custom"

    def shown(self) -> "Provider":
        """As a caller may see it."""
        return self.model_copy(update={"env": dict.fromkeys(self.env, MASK)})


ANTHROPIC = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL")
OPENAI = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
GOOGLE = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
MANY = (*ANTHROPIC, *OPENAI, *GOOGLE, "OPENROUTER_API_KEY")
"""For agents that take any model."""

_PROVIDERS = (
    Provider(
        id="auggie", name="Auggie", description="Augment Code's agent", command="auggie", args=("--acp",),
        env_names=("AUGMENT_SESSION_AUTH",), version_args=VERSION, install="npm install -g @augmentcode/auggie", homepage="https://www.augmentcode.com",
    ),
    Provider(
        id="claude", name="Claude Code", description="Anthropic's Claude Code, over its ACP adapter", command="claude-agent-acp",
        env_names=(
            *ANTHROPIC, "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
            "ENABLE_TOOL_SEARCH",
        ),
        presets={"ENABLE_TOOL_SEARCH": "false"},  # else its model is not offered the hub's tools until it looks for them
        version_args=VERSION, install="npm install -g @agentclientprotocol/claude-agent-acp",
        homepage="https://github.com/agentclientprotocol/claude-agent-acp", mode="default",
    ),
    Provider(
        id="codex", name="Codex", description="OpenAI's Codex, over its ACP adapter", command="codex-acp",
        env_names=(*OPENAI, "CODEX_API_KEY", "CODEX_HOME"), version_args=VERSION, install="npm install -g @agentclientprotocol/codex-acp",
        homepage="https://github.com/agentclientprotocol/codex-acp", mode="agent",
    ),
    Provider(
        id="copilot", name="GitHub Copilot", description="GitHub's Copilot CLI", command="copilot", args=("--acp",),
        env_names=("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"), version_args=VERSION, install="npm install -g @github/copilot",
        homepage="https://github.com/github/copilot-cli",
    ),
    Provider(
        id="cursor", name="Cursor", description="Cursor's agent", command="cursor-agent", args=("acp",), env_names=("CURSOR_API_KEY",),
        version_args=VERSION, install="https://cursor.com/cli", homepage="https://cursor.com/docs/cli/acp",
    ),
    Provider(
        id="fast-agent", name="fast-agent", description="An agent for any model", command="fast-agent-acp",
        env_names=(*MANY, "FAST_AGENT_MODEL"), install="uv tool install fast-agent-acp", homepage="https://fast-agent.ai",
    ),
    Provider(
        id="gemini", name="Gemini", description="Google's Gemini CLI", command="gemini", args=("--acp",),
        env_names=(*GOOGLE, "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_APPLICATION_CREDENTIALS"),
        version_args=VERSION, install="npm install -g @google/gemini-cli", homepage="https://geminicli.com", mode="default",
    ),
    Provider(
        id="goose", name="goose", description="Block's agent for any model", command="goose", args=("acp",),
        env_names=(*MANY, "GOOSE_PROVIDER", "GOOSE_MODEL"), version_args=VERSION, install="https://block.github.io/goose/",
        homepage="https://block.github.io/goose/",
    ),
    Provider(
        id="kimi", name="Kimi", description="Moonshot AI's Kimi CLI", command="kimi", args=("acp",),
        env_names=("KIMI_API_KEY", "KIMI_BASE_URL", "KIMI_MODEL_NAME"), version_args=VERSION, install="uv tool install kimi-cli",
        homepage="https://moonshotai.github.io/kimi-cli/",
    ),
    Provider(
        id="kiro", name="Kiro", description="Amazon's Kiro CLI", command="kiro-cli", args=("acp",), env_names=("KIRO_API_KEY",),
        version_args=VERSION, install="https://kiro.dev/docs/cli/", homepage="https://kiro.dev/docs/cli/acp/",
    ),
    Provider(
        id="opencode", name="OpenCode", description="The open source agent for any model", command="opencode", args=("acp",),
        env_names=(*MANY, "OPENCODE_CONFIG", "OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_MODELS_FETCH"), version_args=VERSION,
        install="npm install -g opencode-ai", homepage="https://opencode.ai",
    ),
    Provider(
        id="qoder", name="Qoder", description="Qoder's CLI", command="qodercli", args=("--acp",),
        env_names=("QODER_PERSONAL_ACCESS_TOKEN", "QODER_CONFIG_DIR"), version_args=VERSION, install="npm install -g @qoder-ai/qodercli",
        homepage="https://qoder.com/cli",
    ),
    Provider(
        id="qwen", name="Qwen Code", description="Alibaba's Qwen Code", command="qwen", args=("--acp",),
        env_names=(*OPENAI, "OPENAI_MODEL", "DASHSCOPE_API_KEY", "QWEN_HOME"), version_args=VERSION,
        install="npm install -g @qwen-code/qwen-code", homepage="https://github.com/QwenLM/qwen-code", mode="default",
    ),
    Provider(
        id="vibe", name="Mistral Vibe", description="Mistral's agent", command="vibe-acp", env_names=("MISTRAL_API_KEY", "VIBE_HOME"),
        version_args=VERSION, install="uv tool install mistral-vibe", homepage="https://mistral.ai/products/vibe", mode="ask",
    ),
)  # fmt: skip

BUILT_IN = {provider.id: provider.model_copy(update={"source": "static"}) for provider in _PROVIDERS}
ALIASES = {
    "claude-code": "claude", "claude-acp": "claude", "codex-acp": "codex", "github-copilot-cli": "copilot", "mistral-vibe": "vibe",
    "qwen-code": "qwen",
}  # fmt: skip
"""What the built-in ones are called elsewhere, in the ACP registry above all."""
