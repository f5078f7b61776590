"""Agents of the ACP registry, and the models of providers."""

from hub.app import Hub
from tests.core.support import ask
from tests.protocols.cases.base import case


async def prepare(hub: Hub) -> dict[str, str]:
    await ask(hub, "create_provider", id="mine", command="true")
    return {}


CASES = (
    case("GET", "/providers/models", "/providers/models?provider=opencode", 200, "models error? cached"),
    case("GET", "/acp/registry", "/acp/registry?id=poet-agent&refresh=true", 200,
         "agent available installed uninstallable distributionTypes", when="id"),
    case("GET", "/acp/registry", "/acp/registry?refresh=true", 200, "agents platform runtimeAvailability version"),
    case("POST", "/acp/registry", "/acp/registry", 200, "success version agentCount message"),
    case("POST", "/acp/install", "/acp/install", 200, "success agentId distributionType installedPath message",
         {"agentId": "poet-agent", "distributionType": "npx"}),
    case("DELETE", "/acp/install", "/acp/install?agentId=mine", 200, "success agentId message"),
    case("GET", "/acp/runtime", "/acp/runtime", 200, "platform runtimes"),
    case("POST", "/acp/runtime", "/acp/runtime", 200, "runtime available version? message", {"runtime": "npx"}),
    case("GET", "/acp/warmup", "/acp/warmup?agentId=opencode", 200, "statuses"),
    case("POST", "/acp/warmup", "/acp/warmup", 200, "agentId started message", {"agentId": "opencode"}),
)  # fmt: skip
