"""Agent cards of 0.3 (§5.5) and of 1.0 (§4.4.1), and one card for both.

A 0.3 card has one `url` with its transport, and further interfaces; a 1.0 card lists all of them with their versions. Which version
a client of the hub talks follows from what it finds there, so a card that serves both has the fields of both (`union`).
"""

from collections.abc import Mapping
from typing import Any

from hub.domain.errors import Invalid
from hub.ports import Json
from protocols.a2a.v03 import each, expect_object, picked, renamed

VERSION = "0.3.0"
SAME = ("name", "description", "version", "provider", "documentationUrl", "iconUrl", "defaultInputModes", "defaultOutputModes")
SKILL = ("id", "name", "description", "tags", "examples", "inputModes", "outputModes")
CAPABILITIES = ("streaming", "pushNotifications", "extensions", "stateTransitionHistory")
SCHEMES = {
    "apiKey": "apiKeySecurityScheme", "http": "httpAuthSecurityScheme", "oauth2": "oauth2SecurityScheme",
    "openIdConnect": "openIdConnectSecurityScheme", "mutualTLS": "mtlsSecurityScheme",
}  # fmt: skip
"""The `type` of 0.3 -> the one field of 1.0."""
FLOWS = ("authorizationCode", "clientCredentials", "implicit", "password")
"""What 0.3 knows; the device code is 1.0's alone."""


def card_to_v03(card: Json) -> Json:
    """The card for who talks 0.3: its interfaces of that version, the first of them the preferred one. Raises Invalid if there is none.

    It has no signatures: they are over the other card.
    """
    interfaces = [one for one in card.get("supportedInterfaces", ()) if is_v03(one.get("protocolVersion", ""))]
    if not interfaces:
        raise Invalid("supportedInterfaces: none of them speaks 0.3")
    capabilities = card.get("capabilities", {})
    made = {"protocolVersion": VERSION, "defaultInputModes": [], "defaultOutputModes": [], "description": "", **picked(card, *SAME)}
    made |= {
        "url": interfaces[0]["url"], "preferredTransport": interfaces[0]["protocolBinding"],
        "additionalInterfaces": [{"url": one["url"], "transport": one["protocolBinding"]} for one in interfaces],
        "capabilities": picked(capabilities, *CAPABILITIES), "skills": [_skill_to_v03(skill) for skill in card.get("skills", ())],
    }  # fmt: skip
    if "extendedAgentCard" in capabilities:
        made["supportsAuthenticatedExtendedCard"] = capabilities["extendedAgentCard"]
    if "securitySchemes" in card:
        made["securitySchemes"] = {name: scheme_to_v03(scheme) for name, scheme in card["securitySchemes"].items()}
    if "securityRequirements" in card:
        made["security"] = [_security_to_v03(one) for one in card["securityRequirements"]]
    return made


def card_from_v03(given: Any) -> Json:
    """A 0.3 card as a 1.0 card whose interfaces all speak 0.3. Raises Invalid. A card of both kinds is read by its 1.0 fields."""
    card = expect_object(given, "card")
    if not isinstance(card.get("url"), str):
        raise Invalid("card.url: it must be the address of the agent")
    others = each(card.get("additionalInterfaces") or [], expect_object, "card.additionalInterfaces")
    first = {"url": card["url"], "transport": card.get("preferredTransport") or "JSONRPC"}
    rest = [picked(one, "url", "transport") for one in others]
    interfaces = [first, *(one for one in rest if one != first)]
    capabilities = picked(expect_object(card.get("capabilities") or {}, "card.capabilities"), *CAPABILITIES)
    capabilities |= renamed(card, {"supportsAuthenticatedExtendedCard": "extendedAgentCard"})
    made = {
        **picked(card, *SAME, "signatures"), "capabilities": capabilities,
        "skills": each(card.get("skills") or [], _skill_from_v03, "card.skills"),
        "supportedInterfaces": [
            {"url": one.get("url"), "protocolBinding": one.get("transport"), "protocolVersion": "0.3"} for one in interfaces
        ],
    }  # fmt: skip
    if card.get("securitySchemes") is not None:
        schemes = expect_object(card["securitySchemes"], "card.securitySchemes")
        made["securitySchemes"] = {name: scheme_from_v03(scheme, f"card.securitySchemes.{name}") for name, scheme in schemes.items()}
    if card.get("security") is not None:
        made["securityRequirements"] = each(card["security"], _security_from_v03, "card.security")
    return made


def union(card: Json) -> Json:
    """The 1.0 card with what a client of 0.3 looks for beside it. A card without an interface of 0.3 stays as it is."""
    try:
        old = card_to_v03(card)
    except Invalid:
        return card
    both: Json = _merged(card, old)
    return both


def is_v03(version: str) -> bool:
    """Whether an interface's or a header's version is 0.3; one that says nothing is, too (1.0 §3.6)."""
    return not version or version == "0.3" or version.startswith("0.3.")


def scheme_from_v03(given: Any, at: str) -> Json:
    scheme = expect_object(given, at)
    field = SCHEMES.get(str(scheme.get("type")))
    if field is None:
        raise Invalid(f"{at}.type: it is one of {', '.join(SCHEMES)}")
    return {field: {("location" if name == "in" else name): value for name, value in scheme.items() if name != "type"}}


def scheme_to_v03(scheme: Json) -> Json:
    for type_, field in SCHEMES.items():
        if field in scheme:
            made = {("in" if name == "location" else name): value for name, value in scheme[field].items()}
            if "flows" in made:
                made["flows"] = {name: _flow_to_v03(flow) for name, flow in made["flows"].items() if name in FLOWS}
            return {"type": type_, **made}
    raise Invalid(f"securitySchemes: each has one of {', '.join(SCHEMES.values())}")


def _flow_to_v03(flow: Json) -> Json:
    return {"scopes": {}, **{name: value for name, value in flow.items() if name != "pkceRequired"}}


def _skill_from_v03(given: Any, at: str) -> Json:
    skill = expect_object(given, at)
    made = picked(skill, *SKILL)
    if skill.get("security") is not None:
        made["securityRequirements"] = each(skill["security"], _security_from_v03, f"{at}.security")
    return made


def _skill_to_v03(skill: Json) -> Json:
    needed = {"security": [_security_to_v03(one) for one in skill["securityRequirements"]]} if "securityRequirements" in skill else {}
    return {"tags": [], **picked(skill, *SKILL), **needed}


def _security_from_v03(given: Any, at: str) -> Json:
    return {"schemes": {name: {"list": scopes} if scopes else {} for name, scopes in expect_object(given, at).items()}}


def _security_to_v03(requirement: Json) -> Json:
    return {name: list(scopes.get("list", ())) for name, scopes in requirement.get("schemes", {}).items()}


def _merged(new: Any, old: Any) -> Any:
    """What the new one says, and from the old one what it does not say; objects go together by name, lists by place."""
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        return {**new, **{name: _merged(new[name], value) if name in new else value for name, value in old.items()}}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_merged(one, other) for one, other in zip(new, old, strict=True)]
    return new
