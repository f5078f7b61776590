"""Where GitHub sends its events: the raw body and its signature, for nobody's token but that of the webhook's secret."""

import orjson
from aiohttp import web

from hub.access import LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Invalid, NotFound, Refused
from hub.domain.webhooks import WebhookConfig
from hub.ports import Find
from protocols.bodies import body_of

GRANTS = frozenset({"github_events.write"})
HEADERS = {"event": "X-GitHub-Event", "delivery": "X-GitHub-Delivery", "signature": "X-Hub-Signature-256"}
NOBODYS = Forbidden("No webhook config is for this. The address of another tenant than the hub's own ends in ?tenant= and its name.")


class GithubEvents:
    """What it refuses it answers with 200, too, and with the reason, which GitHub shows beside the delivery. What may yet succeed fails."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def handle(self, request: web.Request) -> web.Response:
        try:
            answer = await self._answer(request)
        except (Invalid, Forbidden, NotFound, Refused) as error:
            answer = orjson.dumps({"ok": False, "error": error.message})
        return web.Response(body=answer, content_type="application/json", headers={"Cache-Control": "no-store"})

    async def _answer(self, request: web.Request) -> bytes:
        arguments = {name: request.headers.get(header, "") for name, header in HEADERS.items()}
        for name in ("event", "delivery"):
            if not arguments[name]:
                raise Invalid(f"The header {HEADERS[name]} is missing. GitHub sends it.")
        if not arguments["signature"]:
            raise Forbidden("It is not signed. Give the webhook at GitHub the secret of its config here.")
        try:
            arguments["body"] = (await body_of(request)).decode()
        except UnicodeDecodeError:
            raise Invalid("The body is not UTF-8, which JSON is written in.") from None
        caller = await self._caller(request.query.get("tenant") or LOCAL_TENANT)
        given = {**arguments, "idempotencyKey": arguments["delivery"]}
        return (await self._hub.call("receive_github_event", given, caller)).to_json().encode()

    async def _caller(self, tenant: str) -> Caller:
        """Raises Forbidden: nothing is made for a tenant that whoever asks has only thought of."""
        if not tenant.isprintable() or not await self._hub.store.find(tenant, Find(WebhookConfig, limit=1)):
            raise NOBODYS
        return Caller(tenant, "github", GRANTS)
