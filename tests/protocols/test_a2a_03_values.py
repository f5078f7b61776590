"""What 0.3 says becomes 1.0 and comes back as it was, and means what the official SDK takes it for."""

from copy import deepcopy
from typing import Any

import pytest
from a2a.client.card_resolver import parse_agent_card
from a2a.compat.v0_3 import a2a_v0_3_pb2 as proto03
from a2a.compat.v0_3 import conversions, types
from a2a.compat.v0_3.proto_utils import FromProto
from a2a.types import a2a_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from hypothesis import assume, given, settings

from hub.domain.errors import Invalid
from protocols.a2a import v03
from protocols.a2a.v03_cards import card_from_v03, card_to_v03, union
from protocols.a2a.v03_proto import card_to_proto, event_to_proto, push_from_proto, push_to_proto, send_from_proto, task_to_proto
from protocols.a2a.v03_requests import push_from_v03, push_to_v03, send_from_v03, send_to_v03
from tests.protocols import a2a_03_values as values

often = settings(max_examples=150, deadline=None)


def canonical(message: Message) -> dict[str, Any]:
    return MessageToDict(message)


@often
@given(values.events)
def test_what_0_3_answers_and_streams_comes_back_as_it_was(event: dict[str, Any]) -> None:
    assert v03.event_to_v03(v03.event_from_v03(event)) == event


@often
@given(values.events)
def test_an_event_of_0_3_is_the_event_of_1_0_that_the_sdk_makes_of_it(event: dict[str, Any]) -> None:
    theirs = conversions.to_core_stream_response(types.SendStreamingMessageSuccessResponse.model_validate({"result": event}))
    ours = ParseDict(v03.event_from_v03(event), a2a_pb2.StreamResponse())
    assert without_empty(canonical(ours)) == without_empty(canonical(theirs))


@often
@given(values.sends)
def test_a_request_of_0_3_comes_back_as_it_was_and_is_the_sdks(params: dict[str, Any]) -> None:
    request = send_from_v03(params)
    assert send_to_v03(request) == params
    theirs = conversions.to_core_send_message_request(types.SendMessageRequest.model_validate({"id": "1", "params": params}))
    assert without_empty(canonical(ParseDict(request, a2a_pb2.SendMessageRequest()))) == without_empty(canonical(theirs))


@often
@given(values.push_configs, values.ids)
def test_a_push_configuration_of_0_3_comes_back_as_it_was(config: dict[str, Any], task_id: str) -> None:
    named = {"taskId": task_id, "pushNotificationConfig": config}
    assert push_to_v03(push_from_v03(named)) == named
    assert push_from_proto({"parent": f"tasks/{task_id}", "config": push_to_proto(push_from_v03(named))}, task_id) == push_from_v03(named)


@often
@given(values.cards)
def test_a_card_of_0_3_comes_back_as_it_was_and_is_the_sdks(card: dict[str, Any]) -> None:
    made = card_from_v03(card)
    assert card_to_v03(made) == card
    types.AgentCard.model_validate(card_to_v03(made))
    ParseDict(card_to_proto(made), proto03.AgentCard(), ignore_unknown_fields=True)


@often
@given(values.events)
def test_over_rest_the_sdk_reads_the_same_event(event: dict[str, Any]) -> None:
    """But for files: it takes their bytes for text in base64 once more, where ProtoJSON means the bytes themselves."""
    assume("'bytes': " not in repr(event))
    new = v03.event_from_v03(event)
    read = FromProto.stream_response(ParseDict(event_to_proto(new), proto03.StreamResponse()))
    theirs = v03.event_to_v03(new)
    assert read.kind == theirs["kind"]
    if "status" in theirs:
        assert read.status.state == theirs["status"]["state"]  # type: ignore[union-attr]
    assert getattr(read, "final", None) == theirs.get("final")


def test_over_rest_requests_are_read_in_every_spelling() -> None:
    wanted = {
        "message": {"messageId": "m", "taskId": "t", "role": "ROLE_USER", "parts": PARTS},
        "configuration": {"historyLength": 3, "returnImmediately": True},
    }  # fmt: skip
    snake = {
        "request": {"message_id": "m", "task_id": "t", "role": "ROLE_USER", "content": SNAKE},
        "configuration": {"history_length": 3, "blocking": False},
    }  # fmt: skip
    camel = {
        "message": {"messageId": "m", "taskId": "t", "role": "ROLE_USER", "content": CAMEL},
        "configuration": {"historyLength": 3, "blocking": False},
    }  # fmt: skip
    kinds = {"message": {"messageId": "m", "taskId": "t", "role": "user", "parts": KINDS}, "configuration": camel["configuration"]}
    assert send_from_proto(snake) == send_from_proto(camel) == send_from_proto(kinds) == wanted


PARTS = [{"text": "a"}, {"raw": "AAE=", "mediaType": "image/png", "filename": "f"}, {"url": "http://a"}, {"data": {"a_b": {"x_y": 1}}}]
SNAKE = [
    {"text": "a"}, {"file": {"file_with_bytes": "AAE=", "mime_type": "image/png", "name": "f"}}, {"file": {"file_with_uri": "http://a"}},
    {"data": {"data": {"a_b": {"x_y": 1}}}},
]  # fmt: skip
CAMEL = [
    {"text": "a"}, {"file": {"fileWithBytes": "AAE=", "mimeType": "image/png", "name": "f"}}, {"file": {"fileWithUri": "http://a"}},
    {"data": {"data": {"a_b": {"x_y": 1}}}},
]  # fmt: skip
KINDS = [
    {"kind": "text", "text": "a"}, {"kind": "file", "file": {"bytes": "AAE=", "mimeType": "image/png", "name": "f"}},
    {"kind": "file", "file": {"uri": "http://a"}}, {"kind": "data", "data": {"a_b": {"x_y": 1}}},
]  # fmt: skip


def test_a_task_over_rest_is_what_the_proto_of_0_3_says() -> None:
    task = {
        "id": "t", "contextId": "c", "status": {"state": "TASK_STATE_CANCELED", "message": {"role": "ROLE_AGENT", "parts": PARTS}},
        "history": [{"messageId": "m", "role": "ROLE_USER", "parts": PARTS}], "artifacts": [{"artifactId": "a", "parts": PARTS}],
    }  # fmt: skip
    said = task_to_proto(task)
    assert MessageToDict(ParseDict(said, proto03.Task())) == said
    assert said["status"]["state"] == "TASK_STATE_CANCELLED"
    assert said["history"][0]["content"] == CAMEL
    assert said["artifacts"][0]["parts"] == CAMEL


def test_a_card_of_both_versions_is_read_by_both() -> None:
    old = {"url": "http://a/old", "protocolBinding": "JSONRPC", "protocolVersion": "0.3"}
    new = {"url": "http://a/new", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
    card = {
        "name": "n", "description": "d", "version": "1", "supportedInterfaces": [new, old], "capabilities": {"extendedAgentCard": True},
        "securitySchemes": {"bearer": {"httpAuthSecurityScheme": {"scheme": "bearer"}}}, "skills": [],
        "securityRequirements": [{"schemes": {"bearer": {}}}], "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
        "signatures": [{"protected": "p", "signature": "s"}],
    }  # fmt: skip
    both = union(card)
    read = types.AgentCard.model_validate(both)
    assert (read.url, read.supports_authenticated_extended_card) == ("http://a/old", True)
    assert read.security_schemes is not None
    assert isinstance(read.security_schemes["bearer"].root, types.HTTPAuthSecurityScheme)
    assert ParseDict(both, a2a_pb2.AgentCard(), ignore_unknown_fields=True) == ParseDict(card, a2a_pb2.AgentCard())
    resolved = parse_agent_card(deepcopy(both))
    assert resolved.security_schemes["bearer"].http_auth_security_scheme.scheme == "bearer"
    assert [one.protocol_version for one in resolved.supported_interfaces] == ["1.0", "0.3"]
    assert "signatures" not in card_to_v03(card)
    assert union({**card, "supportedInterfaces": [new]}) == {**card, "supportedInterfaces": [new]}


@pytest.mark.parametrize(
    ("params", "where"),
    [
        (None, "params"), ({}, "message"), ({"message": []}, "message"), ({"message": {"role": "user"}}, "message.parts"),
        ({"message": {"role": "ROLE_USER", "parts": []}}, "message.role"), ({"message": {"role": ["user"], "parts": []}}, "message.role"),
        ({"message": {"role": "user", "parts": [{"text": "no kind"}]}}, "message.parts[0]"),
        ({"message": {"role": "user", "parts": ["text"]}}, "message.parts[0]"),
        ({"message": {"role": "user", "parts": [{"kind": "data", "data": "text"}]}}, "message.parts[0]"),
        ({"message": {"role": "user", "parts": [{"kind": "file", "file": {"bytes": "AA==", "uri": "u"}}]}}, "message.parts[0].file"),
        ({"message": {"role": "user", "parts": []}, "configuration": {"historyLength": "3"}}, "historyLength"),
        ({"message": {"role": "user", "parts": []}, "configuration": []}, "configuration"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named(params: Any, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        send_from_v03(params)
    assert refused.value.message.startswith(f"{where}: ")


def without_empty(value: Any) -> Any:
    """The SDK leaves empty objects out; they say nothing."""
    if isinstance(value, dict):
        return {name: without_empty(one) for name, one in value.items() if name != "metadata" or one}
    return [without_empty(one) for one in value] if isinstance(value, list) else value
