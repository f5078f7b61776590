"""The hub as an OAuth resource server, against a real authorization server."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from time import time
from typing import Any

import jwt
import pytest

from hub.access import LOCAL
from hub.app import Hub
from hub.databases import SettingsError
from hub.domain.errors import Busy
from hub.ports import Json
from hub.settings import Settings, load
from protocols import issuers
from protocols.identity import InvalidToken
from protocols.issuers import Issuer, metadata_urls
from protocols.oauth import OAuth
from tests.core.support import ask
from tests.postgres import free_port
from tests.protocols.authorization_server import AuthorizationServer, Key, authorization_server
from tests.protocols.conftest import SETTINGS, Http, serving

TASK = {"title": "t", "objective": "o"}
OTHER = Key.new("other")
"""Nobody's."""


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with authorization_server(Key.new("first")) as running:
        yield running


@dataclass(frozen=True)
class Guarded:
    """A hub that asks for the server's access tokens."""

    http: Http
    url: str
    server: AuthorizationServer

    def token(self, scope: str = "read write", client: str = "agent", at: str = "/mcp") -> str:
        return self.server.token(f"{self.url}{at}", scope, client)

    def forged(self, key: Key | None = None, header: Json | None = None, **claims: Any) -> str:
        """A token as the server gives it, but for this; signed with the server's own key unless another is given."""
        own: Json = jwt.decode(self.token(), options={"verify_signature": False})
        kept = {name: value for name, value in (own | claims).items() if value is not None}
        return (key or self.server.key).signed(kept, **(header or {}))

    async def asked(self, token: str, method: str = "GET", path: str = "/api/tasks", body: Json | None = None) -> tuple[int, str, Json]:
        """The status, the challenge and the answer."""
        async with self.http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status, response.headers.get("WWW-Authenticate", ""), await response.json()


@pytest.fixture
async def guarded(hub: Hub, server: AuthorizationServer) -> AsyncIterator[Guarded]:
    port = free_port()
    settings = replace(SETTINGS, port=port, oauth_issuer=server.url)
    async with serving(hub, settings, port=port) as http:
        yield Guarded(http, settings.url, server)


async def test_an_access_token_lets_its_subject_do_what_its_scopes_open(hub: Hub, guarded: Guarded) -> None:
    status, _, _ = await guarded.asked(guarded.token(), "POST", body=TASK)
    assert status == 201
    assert (await ask(hub, "list_events", kinds=["task"]))["events"][0]["by"] == "agent"


@pytest.mark.parametrize("at", ["", "/", "/mcp"])
async def test_a_token_may_be_for_the_hub_or_for_its_door(guarded: Guarded, at: str) -> None:
    assert (await guarded.asked(guarded.token(at=at)))[0] == 200


async def test_what_the_scopes_do_not_open_is_forbidden_with_the_scope_to_ask_for(guarded: Guarded) -> None:
    token = guarded.token("tasks.read openid")
    assert (await guarded.asked(token))[0] == 200
    status, challenge, _ = await guarded.asked(token, "POST", body=TASK)
    metadata = f'resource_metadata="{guarded.url}/.well-known/oauth-protected-resource"'
    assert (status, challenge) == (403, f'Bearer error="insufficient_scope", scope="tasks.write", {metadata}')


async def test_no_scope_is_everything(guarded: Guarded) -> None:
    """A client asks for the scopes that it likes, and many authorization servers give all that exist."""
    token = guarded.token("* read write")
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "create_token", "params": {"name": "n"}}
    assert (await guarded.asked(token, "POST", "/api/rpc", rpc))[2]["error"]["code"] == -32011
    named = guarded.token("tokens.write read write")
    assert "result" in (await guarded.asked(named, "POST", "/api/rpc", rpc))[2]


SCOPES: list[tuple[Json, int]] = [
    ({"scope": None, "scp": ["read"]}, 200), ({"scope": None, "scp": "read openid"}, 200), ({"scope": ["tasks.read"]}, 200),
    ({"scope": None}, 403), ({"scope": 7}, 403), ({"scope": ""}, 403), ({"scope": "tasks.write"}, 403), ({"scope": [["read"]]}, 403),
]  # fmt: skip


@pytest.mark.parametrize(("claims", "expected"), SCOPES)
async def test_scopes_are_a_text_or_a_list_in_scope_or_scp(guarded: Guarded, claims: Json, expected: int) -> None:
    assert (await guarded.asked(guarded.forged(**claims)))[0] == expected


def unsigned(token: str) -> str:
    claims = token.split(".")[1]
    return f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{claims}."


def confused(guarded: Guarded) -> str:
    """Signed with the public key as if it were a shared secret (RFC 8725 §2.1)."""
    public = {name: guarded.server.key.jwk[name] for name in ("kty", "n", "e")}
    pem = jwt.PyJWK(public).key.public_bytes(*_pem())
    body = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'first'})}.{guarded.token().split('.')[1]}"
    return f"{body}.{text_of(hmac.new(pem, body.encode(), sha256).digest())}"


def _pem() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return Encoding.PEM, PublicFormat.SubjectPublicKeyInfo


def encoded(document: Json) -> str:
    return text_of(json.dumps(document).encode())


def text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def tampered(token: str) -> str:
    head, _, signature = token.split(".")
    claims: Json = jwt.decode(token, options={"verify_signature": False})
    return f"{head}.{encoded(claims | {'scope': 'tokens.write'})}.{signature}"


BAD: dict[str, tuple[Callable[[Guarded], str], str]] = {
    "for another resource": (lambda one: one.server.token("https://other.example.com/mcp"), "for another resource"),
    "for another hub here": (lambda one: one.server.token("http://127.0.0.1:1/mcp"), "for another resource"),
    "for nobody": (lambda one: one.forged(aud=None), "not valid"),
    "for a longer address": (lambda one: one.forged(aud=f"{one.url}/mcp/x"), "for another resource"),
    "of another issuer": (lambda one: one.forged(iss="https://evil.example.com"), "not valid"),
    "of the issuer's neighbour": (lambda one: one.forged(iss=f"{one.server.url}/"), "not valid"),
    "of no issuer": (lambda one: one.forged(iss=None), "not valid"),
    "expired": (lambda one: one.forged(exp=int(time()) - 60), "expired"),
    "without an end": (lambda one: one.forged(exp=None), "not valid"),
    "not yet": (lambda one: one.forged(nbf=int(time()) + 600), "not valid"),
    "whose": (lambda one: one.forged(sub=None, client_id=None), "whose it is"),
    "tampered": (lambda one: tampered(one.token()), "not signed by its issuer"),
    "cut off": (lambda one: one.token()[:-4], "Get a new access token"),
    "unsigned": (lambda one: unsigned(one.token()), "not accepted"),
    "shared secret": (confused, "not accepted"),
    "forged key": (lambda one: one.forged(Key.new("first")), "not signed by its issuer"),
    "key of another kind": (lambda one: one.forged(Key.new("first", "ES256")), "not signed by its issuer"),
    "a key of its own": (lambda one: one.forged(OTHER, {"jwk": public_part(OTHER), "kid": "other"}), "not signed by its issuer"),
    "an id token": (lambda one: one.forged(header={"typ": "logout+jwt"}), "not accepted"),
    "no token": (lambda one: "abc", "no access token"),
    "nothing in it": (lambda one: "..", "no access token"),
}


def public_part(key: Key) -> Json:
    return {name: key.jwk[name] for name in ("kty", "n", "e")}


@pytest.mark.parametrize("bad", BAD)
async def test_a_token_that_is_not_good_lets_nobody_in(guarded: Guarded, bad: str) -> None:
    assert (await guarded.asked(guarded.token()))[0] == 200
    make, told = BAD[bad]
    status, challenge, answer = await guarded.asked(make(guarded))
    assert status == 401
    assert challenge.startswith('Bearer error="invalid_token", scope="read write", resource_metadata="')
    assert told in answer["error"]


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -5), ("nbf", 5), ("iat", 5)])
async def test_clocks_may_differ_a_little(guarded: Guarded, claim: str, seconds: int) -> None:
    changed: Json = {claim: int(time()) + seconds}
    assert (await guarded.asked(guarded.forged(**changed)))[0] == 200


async def test_a_token_may_be_for_many(guarded: Guarded) -> None:
    assert (await guarded.asked(guarded.forged(aud=["https://elsewhere.example.com", f"{guarded.url}/mcp"])))[0] == 200


async def test_a_key_without_an_id_is_found_among_those_of_its_kind(guarded: Guarded) -> None:
    claims = jwt.decode(guarded.token(), options={"verify_signature": False})
    key = jwt.PyJWK(guarded.server.key.jwk).key
    assert (await guarded.asked(jwt.encode(claims, key, "RS256")))[0] == 200
    assert (await guarded.asked(jwt.encode(claims, jwt.PyJWK(OTHER.jwk).key, "RS256")))[0] == 401


async def test_an_elliptic_key_does_as_well(hub: Hub) -> None:
    with authorization_server(Key.new("curve", "ES256")) as server:
        oauth = OAuth(Issuer(server.url), "http://127.0.0.1:1")
        try:
            caller = await oauth.caller(server.token("http://127.0.0.1:1/mcp", "read"))
        finally:
            await oauth._issuer.close()
    assert (caller.tenant, caller.subject, caller.grants) == ("local", "agent", frozenset({"read"}))


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class CountingIssuer(Issuer):
    fetches = 0

    async def _fetch(self) -> None:
        self.fetches += 1
        await super()._fetch()


async def test_a_key_that_is_new_is_fetched_and_unknown_ones_do_not_have_it_fetched_again_and_again() -> None:
    url, port, ticks = "http://127.0.0.1:1", free_port(), Ticks()
    issuer = CountingIssuer(f"http://127.0.0.1:{port}", ticks)
    oauth = OAuth(issuer, url)
    try:
        with authorization_server(Key.new("old"), port) as server:
            old = server.token(url)
            await asyncio.gather(*(oauth.caller(old) for _ in range(20)))
            assert issuer.fetches == 1, "those who wait together ask once"
        with authorization_server(Key.new("new"), port) as server:
            fresh = server.token(url)
            ticks.now += issuers.RETRY
            assert (await oauth.caller(fresh)).subject == "agent"
            with pytest.raises(InvalidToken):
                await oauth.caller(old)
            forged = OTHER.signed(jwt.decode(fresh, options={"verify_signature": False}))
            for _ in range(10):
                with pytest.raises(InvalidToken):
                    await oauth.caller(forged)
            assert issuer.fetches == 2
            ticks.now += issuers.FRESH + 1
            await oauth.caller(fresh)
            assert issuer.fetches == 3, "a key that was taken back is forgotten in time"
        ticks.now += issuers.FRESH + 1
        assert (await oauth.caller(fresh)).subject == "agent", "known keys do while the server is away"
        ticks.now += issuers.STALE
        with pytest.raises(Busy):
            await oauth.caller(fresh)
    finally:
        await issuer.close()


async def test_an_authorization_server_that_is_away_is_told_as_that(hub: Hub, server: AuthorizationServer) -> None:
    issuer, port = f"http://127.0.0.1:{free_port()}", free_port()
    settings = replace(SETTINGS, port=port, oauth_issuer=issuer)
    async with serving(hub, settings, port=port) as http:
        status, challenge, answer = await Guarded(http, settings.url, server).asked(server.token(f"{settings.url}/mcp"))
        own = (await ask(hub, "create_token", name="ci"))["token"]
        assert (await Guarded(http, settings.url, server).asked(own))[0] == 200
    assert (status, challenge, answer["kind"]) == (503, "", "busy")
    assert "authorization server does not answer" in answer["error"]


async def test_an_authorization_server_that_calls_itself_otherwise_is_not_believed(server: AuthorizationServer) -> None:
    issuer = Issuer(server.url.replace("127.0.0.1", "localhost"))
    try:
        with pytest.raises(Busy):
            await issuer.keys("first")
    finally:
        await issuer.close()


@pytest.mark.parametrize(
    ("issuer", "paths"),
    [
        ("https://a.example", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
        ("https://a.example/", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
        (
            "https://a.example/t/1",
            [
                "/.well-known/oauth-authorization-server/t/1", "/.well-known/openid-configuration/t/1",
                "/t/1/.well-known/openid-configuration",
            ],
        ),
    ],
)  # fmt: skip
def test_the_metadata_is_looked_for_where_the_specifications_put_it(issuer: str, paths: list[str]) -> None:
    assert metadata_urls(issuer) == [f"https://a.example{path}" for path in paths]


async def test_the_tenant_is_the_one_that_the_claim_names(hub: Hub, server: AuthorizationServer) -> None:
    port = free_port()
    settings = replace(SETTINGS, port=port, oauth_issuer=server.url, oauth_tenant_claim="org")
    async with serving(hub, settings, port=port) as http:
        guarded = Guarded(http, settings.url, server)
        assert (await guarded.asked(guarded.token(client="blue"), "POST", body=TASK))[0] == 201
        assert [one["title"] for one in (await guarded.asked(guarded.token(client="blue")))[2]["tasks"]] == ["t"]
        assert (await guarded.asked(guarded.forged(org="red")))[2]["tasks"] == []
        for nobody in (guarded.token(), guarded.forged(org=None), guarded.forged(org=7)):
            status, _, answer = await guarded.asked(nobody)
            assert (status, "'org'" in answer["error"]) == (401, True)
    assert (await ask(hub, "list_tasks"))["tasks"] == []


async def test_an_audience_that_is_named_is_the_only_one(hub: Hub, server: AuthorizationServer) -> None:
    port = free_port()
    settings = replace(SETTINGS, port=port, oauth_issuer=server.url, oauth_audience="https://hub.example.com/mcp")
    async with serving(hub, settings, port=port) as http:
        guarded = Guarded(http, settings.url, server)
        assert (await guarded.asked(server.token("https://hub.example.com/mcp")))[0] == 200
        assert (await guarded.asked(guarded.token()))[0] == 401


@pytest.mark.parametrize("at", ["", "/mcp"])
async def test_the_metadata_tells_the_resource_and_who_gives_tokens_for_it(guarded: Guarded, at: str) -> None:
    async with guarded.http.get(f"/.well-known/oauth-protected-resource{at}") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        document = await response.json()
    assert document == {
        "resource": f"{guarded.url}{at}", "authorization_servers": [guarded.server.url], "scopes_supported": ["read", "write"],
        "bearer_methods_supported": ["header"], "resource_name": "Trivium",
    }  # fmt: skip


async def test_a_public_address_is_what_the_hub_calls_itself(hub: Hub, server: AuthorizationServer) -> None:
    settings = replace(SETTINGS, oauth_issuer=server.url, public_url="https://hub.example.com/trivium")
    async with serving(hub, settings) as http:
        public = {"Host": "hub.example.com"}
        async with http.get("/.well-known/oauth-protected-resource/mcp", headers=public) as response:
            assert (await response.json())["resource"] == "https://hub.example.com/trivium/mcp"
        async with http.post("/mcp", json={}, headers=public) as response:
            where = "https://hub.example.com/trivium/.well-known/oauth-protected-resource/mcp"
            assert f'resource_metadata="{where}"' in response.headers["WWW-Authenticate"]


async def test_each_subject_and_client_is_a_credential_of_its_own(server: AuthorizationServer) -> None:
    url = "http://127.0.0.1:1"
    oauth = OAuth(Issuer(server.url), url)
    try:
        one, again = [await oauth.caller(server.token(url)) for _ in range(2)]
        other = await oauth.caller(server.token(url, client="other"))
    finally:
        await oauth._issuer.close()
    assert one == again
    assert one.credential != other.credential
    assert one != LOCAL


def test_an_issuer_needs_an_address_that_tokens_can_be_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = {"oauth_issuer": "https://auth.example.com/", "db": "memory:"}
    for given in ({"port": 0}, {"host": "0.0.0.0"}):
        with pytest.raises(SettingsError, match="--public-url"):
            load({}, issuer | given)
    settings = load({}, issuer | {"host": "0.0.0.0", "public_url": "https://hub.example.com/"})
    assert (settings.url, settings.oauth_issuer) == ("https://hub.example.com", "https://auth.example.com/")
    assert Settings(database="memory:").url == "http://127.0.0.1:3210"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("auth", "maybe"), ("public_url", "http://hub.example.com"), ("public_url", "hub.example.com"), ("public_url", 'https://a"b'),
        ("oauth_issuer", "http://auth.example.com"), ("oauth_issuer", "https://auth.example.com/?x"), ("oauth_audience", "a b"),
        ("oauth_tenant_claim", "a\nb"),
    ],
)  # fmt: skip
def test_an_address_over_which_tokens_would_be_read_is_refused(setting: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"TRIVIUM_{setting.upper()}"):
        load({f"TRIVIUM_{setting.upper()}": value}, {"db": "memory:"})
