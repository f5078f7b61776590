"""Agents of the ACP registry."""

from tests.protocols.steps.base import no, ok

STEPS = (
    ok("list_registry_agents"),
    ok("list_registry_agents", {"refresh": True}),
    ok("get_registry_agent", {"agentId": "poet-agent"}),
    no("not_found", "get_registry_agent", {"agentId": "nobody"}),
    ok("install_agent", {"agentId": "poet-agent", "distributionType": "npx"}),
    no("conflict", "install_agent", {"agentId": "poet-agent"}),
    no("invalid", "install_agent", {"agentId": "poet-agent", "distributionType": "binary"}),
    no("not_found", "install_agent", {"agentId": "nobody"}),
    ok("get_registry_agent", {"agentId": "poet-agent"}),
    ok("uninstall_agent", {"agentId": "poet-agent"}),
    no("not_found", "uninstall_agent", {"agentId": "poet-agent"}),
    ok("get_runtimes"),
    ok("check_runtime", {"runtime": "uvx"}),
    ok("warm_up_provider", {"agentId": "vibe"}),
    no("not_found", "warm_up_provider", {"agentId": "nobody"}),
    ok("get_warmups"),
    ok("get_warmups", {"agentId": "vibe"}),
    no("not_found", "get_warmups", {"agentId": "nobody"}),
    ok("list_provider_models", {"provider": "opencode"}),
    ok("list_provider_models"),
    no("invalid", "list_provider_models", {"provider": ""}),
)
