"""From a request's path, query, body and headers to an operation's arguments."""

from functools import lru_cache
from typing import Any

from aiohttp import web

from hub.operations.base import Input
from hub.validation import Arguments
from protocols.bodies import parsed
from protocols.rest.route import Route

IDEMPOTENCY_KEY = "Idempotency-Key"


def arguments_of(request: web.Request, route: Route, body: bytes) -> Arguments:
    """A plain body goes on as the bytes that it is; everything else is put together first."""
    key = request.headers.get(IDEMPOTENCY_KEY) if route.row.writes else None
    if body and key is None and not (route.names or route.ignored or route.fixed or route.required or request.match_info or request.query):
        return body
    given = parsed(body) if body else {}
    if request.query:
        given |= _query(request, route.row.input)
    given |= request.match_info
    if key is not None:
        given["idempotencyKey"] = key
    return route.arguments(given)


def _query(request: web.Request, model: type[Input]) -> dict[str, Any]:
    """Query strings are text; a list is a repeated name or words with commas."""
    lists = _list_fields(model)
    return {
        name: [part for value in request.query.getall(name) for part in value.split(",")] if name in lists else request.query[name]
        for name in request.query
    }


@lru_cache(128)
def _list_fields(model: type[Input]) -> frozenset[str]:
    properties = model.model_json_schema(by_alias=True)["properties"] if model.model_fields else {}
    return frozenset(
        name for name, schema in properties.items()
        if schema.get("type") == "array" or any(one.get("type") == "array" for one in schema.get("anyOf", ()))
    )  # fmt: skip
