"""Values of A2A 0.3 as hypothesis strategies: what its JSON-RPC carries, each field there or not."""

from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from protocols.a2a.states import SETTLED
from protocols.a2a.v03 import STATES, WRAPPED

Values = st.SearchStrategy[Any]

texts = st.text(st.characters(codec="utf-8"), max_size=12)
ids = st.text("abc-123", min_size=1, max_size=8)
plain = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | texts
anything = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6)
objects = st.dictionaries(texts, anything, max_size=3)
names = st.lists(texts, min_size=1, max_size=3)
instants = st.sampled_from(["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.123Z"])


def some(needed: dict[str, Values], **optional: Values) -> Values:
    return st.fixed_dictionaries(needed, optional=optional)


def kind(name: str, needed: dict[str, Values], **optional: Values) -> Values:
    return some({"kind": st.just(name), **needed}, **optional)


raw = st.binary(max_size=8).map(lambda data: b64encode(data).decode())
files = some({"bytes": raw}, name=texts, mimeType=texts) | some({"uri": texts}, name=texts, mimeType=texts)
wrapped = st.builds(
    lambda value, metadata: {"kind": "data", "data": {"value": value}, "metadata": {**metadata, WRAPPED: True}}, plain | names, objects
)
parts = (
    kind("text", {"text": texts}, metadata=objects)
    | kind("file", {"file": files}, metadata=objects)
    | kind("data", {"data": objects}, metadata=objects)
    | wrapped
)
messages = kind(
    "message", {"messageId": ids, "role": st.sampled_from(["user", "agent"]), "parts": st.lists(parts, max_size=3)},
    contextId=ids, taskId=ids, metadata=objects, extensions=names, referenceTaskIds=st.lists(ids, min_size=1, max_size=2),
)  # fmt: skip
artifacts = some(
    {"artifactId": ids, "parts": st.lists(parts, max_size=3)}, name=texts, description=texts, metadata=objects, extensions=names
)
statuses = some({"state": st.sampled_from([*STATES])}, message=messages, timestamp=instants)
tasks = kind(
    "task", {"id": ids, "contextId": ids, "status": statuses},
    history=st.lists(messages, max_size=2), artifacts=st.lists(artifacts, max_size=2), metadata=objects,
)  # fmt: skip
status_updates = kind("status-update", {"taskId": ids, "contextId": ids, "status": statuses}, metadata=objects).map(
    lambda event: {**event, "final": STATES[event["status"]["state"]] in SETTLED}
)
artifact_updates = kind(
    "artifact-update", {"taskId": ids, "contextId": ids, "artifact": artifacts},
    append=st.booleans(), lastChunk=st.booleans(), metadata=objects,
)  # fmt: skip
events = tasks | messages | status_updates | artifact_updates
authentications = some({"schemes": st.lists(ids, max_size=1)}, credentials=ids)
push_configs = some({"url": ids}, id=ids, token=ids, authentication=authentications)
sends = some(
    {"message": messages}, metadata=objects,
    configuration=some(
        {"blocking": st.booleans()}, acceptedOutputModes=names, historyLength=st.integers(1, 100), pushNotificationConfig=push_configs
    ),
)  # fmt: skip

scopes = st.dictionaries(ids, texts, max_size=2)
flows = (
    some({"authorizationCode": some({"authorizationUrl": ids, "tokenUrl": ids, "scopes": scopes}, refreshUrl=ids)})
    | some({"clientCredentials": some({"tokenUrl": ids, "scopes": scopes})})
    | some({"password": some({"tokenUrl": ids, "scopes": scopes})})
    | some({"implicit": some({"authorizationUrl": ids, "scopes": scopes})})
)
"""1.0 has room for one."""


def typed(name: str, needed: dict[str, Values], **optional: Values) -> Values:
    return some({"type": st.just(name), **needed}, description=texts, **optional)


schemes = (
    typed("apiKey", {"in": st.sampled_from(["header", "query", "cookie"]), "name": ids})
    | typed("http", {"scheme": ids}, bearerFormat=ids)
    | typed("oauth2", {"flows": flows}, oauth2MetadataUrl=ids)
    | typed("openIdConnect", {"openIdConnectUrl": ids})
    | typed("mutualTLS", {})
)
security = st.lists(st.dictionaries(ids, st.lists(ids, max_size=2), max_size=2), max_size=2)
skills = some(
    {"id": ids, "name": texts, "description": texts, "tags": st.lists(ids, max_size=2)},
    examples=names, inputModes=names, outputModes=names, security=security,
)  # fmt: skip
interfaces = some({"url": ids, "transport": st.sampled_from(["JSONRPC", "GRPC", "HTTP+JSON"])})
extensions = st.lists(some({"uri": ids}, description=texts, required=st.booleans(), params=objects), max_size=1)
cards = some(
    {
        "protocolVersion": st.just("0.3.0"), "name": texts, "description": texts, "version": ids, "url": ids,
        "preferredTransport": st.sampled_from(["JSONRPC", "HTTP+JSON"]), "defaultInputModes": names, "defaultOutputModes": names,
        "skills": st.lists(skills, max_size=2), "additionalInterfaces": st.lists(interfaces, max_size=2, unique_by=repr),
        "capabilities": some({}, streaming=st.booleans(), pushNotifications=st.booleans(), extensions=extensions),
    },
    provider=st.fixed_dictionaries({"organization": texts, "url": ids}), documentationUrl=ids, iconUrl=ids,
    supportsAuthenticatedExtendedCard=st.booleans(), securitySchemes=st.dictionaries(ids, schemes, max_size=3), security=security,
).map(
    lambda card: {
        **card, "additionalInterfaces": [
            {"url": card["url"], "transport": card["preferredTransport"]},
            *(one for one in card["additionalInterfaces"] if one != {"url": card["url"], "transport": card["preferredTransport"]}),
        ],
    }
)  # fmt: skip
"""With the preferred interface among the others, as 0.3 advises (§5.5.5)."""
