"""Tokens: who may use the hub from elsewhere, and for what. Made and revoked here; read by `protocols/identity.py`."""

from typing import Annotated

from pydantic import AfterValidator, Field

from hub.access import EVERYTHING, LOCAL_TENANT, READ, USE_TOOLS, WRITE
from hub.domain.errors import Forbidden, Invalid
from hub.domain.model import Instant, later
from hub.domain.tokens import TENANT, Token, TokenText, digest_of, new_secret
from hub.operations.base import PROFILES, Call, Id, Mutation, Name, Operation, Page, Result

WIDE = ("*", READ, WRITE)


def _grant(grant: str) -> str:
    from hub.operations import OPERATIONS  # the catalogue has this module in it

    known = {USE_TOOLS, *(row.grant for row in OPERATIONS.values())}
    if grant not in known and grant not in WIDE:
        raise ValueError(f"there is no grant {grant[:80]!r}; allowed: {', '.join((*WIDE, *sorted(known)))}")
    return grant


def _profile(profile: str) -> str:
    if profile not in PROFILES:
        raise ValueError(f"it must be one of {', '.join(PROFILES)}")
    return profile


class CreateToken(Mutation):
    name: Name
    """What it is for: ci, ada's laptop."""
    grants: Annotated[tuple[Annotated[str, AfterValidator(_grant)], ...], Field(min_length=1, max_length=100)] = (WRITE,)
    """What it opens: tasks.read, tasks.write and so on; read: all that reads; write: all that agents do; *: everything."""
    subject: Name | None = None
    """Who acts with it, as events tell. Its name, unless given."""
    profile: Annotated[str, AfterValidator(_profile)] | None = None
    """The tools that MCP shows to it: core, coordination, kanban or full."""
    ttl_seconds: Annotated[int, Field(ge=1, le=315_360_000)] | None = None
    """Seconds until it expires. Left out: never."""
    tenant: Annotated[str, Field(pattern=f"^{TENANT}$")] | None = None
    """Whose records it opens. Only an operator of the hub may name another tenant than its own."""
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Refused: the secret is told once and kept nowhere, so no repeat could answer it."""


class ListTokens(Page):
    pass


class RevokeToken(Mutation):
    token_id: Id


class TokenView(Result):
    """A token as it is shown: without anything of its secret."""

    id: str
    name: str
    subject: str
    tenant: str
    grants: tuple[str, ...]
    profile: str | None = None
    created_at: Instant
    expires_at: Instant | None = None
    revoked_at: Instant | None = None


class NewToken(TokenView):
    token: str
    """The secret itself, shown this once."""


class Tokens(Result):
    tokens: tuple[TokenView, ...]
    next_cursor: str | None = None


async def create_token(given: CreateToken, call: Call) -> NewToken:
    """Create a token that lets a caller in. The answer holds its secret, which is shown this once: keep it."""
    if given.idempotency_key is not None:
        raise Invalid("create_token takes no idempotencyKey: its secret is told once. Revoke the token whose answer was lost.")
    caller = call.caller
    if lacking := sorted(grant for grant in given.grants if not caller.covers(grant)):
        raise Forbidden(f"A token opens no more than its maker has, and you lack {', '.join(lacking)}. Name fewer grants.")
    tenant = given.tenant or caller.tenant
    if tenant != caller.tenant and not (caller.tenant == LOCAL_TENANT and caller.grants >= EVERYTHING):
        raise Forbidden("Only an operator of the hub makes tokens of another tenant: run `trivium tokens create` where the hub is.")
    secret = new_secret()
    token = call.create(
        Token(
            name=given.name, digest=digest_of(secret), subject=given.subject or given.name, tenant=tenant, grants=given.grants,
            profile=given.profile, expires_at=later(call.now, given.ttl_seconds) if given.ttl_seconds else None,
        )
    )  # fmt: skip
    return told_once(token, secret, call)


async def list_tokens(given: ListTokens, call: Call) -> Tokens:
    """List the tokens that were made in this tenant, oldest first, also those that are expired or revoked."""
    listing = await call.list(Token, given)
    return Tokens(tokens=tuple(_view(token) for token in listing.records()), next_cursor=listing.next_cursor)


async def revoke_token(given: RevokeToken, call: Call) -> TokenView:
    """Revoke a token: within a second it lets nobody in, on any node. Beyond recall."""
    token = await call.need(Token, given.token_id)
    return _view(token if token.revoked_at else call.write(token.model_copy(update={"revoked_at": call.now}), "revoked"))


def told_once(token: Token, secret: str, call: Call) -> NewToken:
    """A token that was just made, with its secret."""
    kept_in = None if call.caller.tenant == LOCAL_TENANT else call.caller.tenant
    return NewToken(**_shown(token), token=TokenText(kept_in, token.id, secret).written())


def _view(token: Token) -> TokenView:
    return TokenView(**_shown(token))


def _shown(token: Token) -> dict[str, object]:
    return token.model_dump(include=set(TokenView.model_fields))


OPERATIONS = (
    Operation(create_token, "tokens.write", writes=True),
    Operation(list_tokens, "tokens.read"),
    Operation(revoke_token, "tokens.write", writes=True, destructive=True, repeatable=True),
)
