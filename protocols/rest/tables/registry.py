"""Which agents can be had, and what this machine needs for them."""

from protocols.rest import shapes
from protocols.rest.renderings import agent_uninstalled, registry_refreshed
from protocols.rest.route import Route

AGENT = {"id": "agentId"}

ROUTES: tuple[Route, ...] = (
    Route("GET", "/providers/models", "list_provider_models"),
    Route("GET", "/acp/registry", "get_registry_agent", names=AGENT, when="id", ignored=frozenset({"refresh"})),
    Route("GET", "/acp/registry", "list_registry_agents"),
    Route(
        "POST", "/acp/registry", "list_registry_agents", fixed={"refresh": True}, render=registry_refreshed,
        shape=shapes.RegistryRefreshed,
    ),
    Route("POST", "/acp/install", "install_agent"),
    Route("DELETE", "/acp/install", "uninstall_agent", render=agent_uninstalled, shape=shapes.AgentUninstalled),
    Route("GET", "/acp/runtime", "get_runtimes"),
    Route("POST", "/acp/runtime", "check_runtime"),
    Route("GET", "/acp/warmup", "get_warmups"),
    Route("POST", "/acp/warmup", "warm_up_provider"),
)  # fmt: skip
