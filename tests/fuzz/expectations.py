"""What holds of every answer, whatever was asked."""

import json
from typing import Any

import orjson

from hub.ports import Json
from protocols.mcp.messages import request_id
from protocols.wire import CODES
from tests.fuzz.wire import STREAM, Answer, Request
from tests.protocols.refusals import tells_nothing

NOTHING = object()


def check(request: Request, answer: Answer, alone: bool = True) -> None:
    """Not alone: another request may have taken the answer over. Raises AssertionError."""
    text = answer.body.decode()
    assert tells_nothing(text), "an answer tells nothing of the inside"
    busy = answer.status == 503 and json.loads(text)["kind"] in ("busy", "unavailable")
    assert answer.status < 500 or busy, "no request is the hub's fault"
    if answer.kind == STREAM:
        _check_stream(text, request, answer.ended and alone)
    elif answer.kind == "application/json" and request.method != "HEAD" and text:
        _check_document(answer.status, json.loads(text), request)
    else:
        assert not text or _is_of_the_http_server(answer) or answer.status == 302, "what the hub says is JSON"


def asked_id(body: bytes) -> Any:
    """The request's id as any JSON parser reads it; NOTHING, if it is none."""
    try:
        given = orjson.loads(body)
    except ValueError:
        return NOTHING
    id_ = request_id(given.get("id")) if isinstance(given, dict) else None
    return NOTHING if id_ is None else id_


def _check_document(status: int, document: Any, request: Request) -> None:
    if isinstance(document, list):
        assert status == 200
        assert document, "no batch is answered by nothing"
        for one in document:
            _check_response(one)
        return
    if "jsonrpc" not in document:
        if "/tools" in request.target and status == 200:
            return
        assert isinstance(document["error"], str), document
        assert document["kind"] in CODES, document
        return
    _check_response(document)
    asked, encoded = asked_id(request.body), bool(request.named(b"Content-Encoding"))
    if not encoded and request.length is None:
        expected = (asked,) if "result" in document or status == 200 else (asked, None)
        assert document["id"] in expected, f"the answer has the id {document['id']!r:.80}"
        assert type(document["id"]) in map(type, expected), "a number is no text"


def _check_response(document: Json) -> None:
    assert document["jsonrpc"] == "2.0"
    assert ("result" in document) != ("error" in document), "an answer is a result or an error"
    assert set(document) <= {"jsonrpc", "id", "result", "error"}
    if "error" in document:
        error = document["error"]
        assert set(error) <= {"code", "message", "data"}
        assert isinstance(error["code"], int)
        assert isinstance(error["message"], str)
        assert error["code"] != -32603, f"an error inside: {error['message']}"
    else:
        assert isinstance(document["result"], dict)


def _check_stream(text: str, request: Request, whole: bool) -> None:
    messages = [json.loads(line[6:]) for line in text.split("\n") if line.startswith("data: ") and line != "data: "]
    for told in messages:
        assert told["jsonrpc"] == "2.0"
        assert ("method" in told) != ("result" in told or "error" in told), told
        if "method" not in told:
            _check_response(told)
            assert request.method == "GET" or told["id"] == asked_id(request.body)
            assert told is messages[-1], "behind the answer nothing comes"
    if whole and messages and request.method == "POST":
        assert "method" not in messages[-1], "a stream ends with its answer"


def _is_of_the_http_server(answer: Answer) -> bool:
    """What is no HTTP is refused before the hub sees it."""
    return answer.status in (400, 417) and answer.kind in ("text/plain", "text/html")
