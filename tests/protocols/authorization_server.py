"""A real authorization server as a process of its own, and the keys that it signs with, so that tests can sign, too."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from hub.ports import Json
from tests import node
from tests.postgres import free_port


@dataclass(frozen=True)
class Key:
    """A private key with its id."""

    id: str
    algorithm: str
    jwk: Json

    @classmethod
    def new(cls, id_: str, algorithm: str = "RS256") -> "Key":
        if algorithm == "RS256":
            jwk = RSAAlgorithm.to_jwk(rsa.generate_private_key(65_537, 2_048), as_dict=True)
        else:
            jwk = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
        return cls(id_, algorithm, {**jwk, "kid": id_, "use": "sig", "alg": algorithm})

    def signed(self, claims: Json, **header: Any) -> str:
        named = {"kid": self.id, "typ": "at+jwt", **header}
        return jwt.encode(claims, jwt.PyJWK(self.jwk).key, algorithm=self.algorithm, headers=named)


@dataclass(frozen=True)
class AuthorizationServer:
    url: str
    key: Key

    def token(self, resource: str, scope: str = "read write", client: str = "agent") -> str:
        """As the client gets it, by client credentials (RFC 6749 §4.4)."""
        form = {"grant_type": "client_credentials", "resource": resource, "scope": scope, "client_id": client, "client_secret": "secret"}
        asked = Request(f"{self.url}/token", urlencode(form).encode())
        try:
            with build_opener(ProxyHandler({})).open(asked, timeout=10) as answer:
                return str(json.loads(answer.read())["access_token"])
        except HTTPError as error:
            raise AssertionError(error.read().decode()) from None


@contextmanager
def authorization_server(key: Key, port: int = 0) -> Iterator[AuthorizationServer]:
    """Listening, until the end of the block."""
    port = port or free_port()
    said = json.dumps({"port": port, "keys": [key.jwk], "alg": key.algorithm})
    command = [str(node.node()), "authorization_server.mjs", said]
    process = subprocess.Popen(command, cwd=node.HERE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield AuthorizationServer(f"http://127.0.0.1:{port}", key)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
