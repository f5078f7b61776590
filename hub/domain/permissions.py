"""A permission request of an agent is a decision that somebody has to make: a policy, a person, or the time that runs out."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import ClassVar, Literal

from pydantic import JsonValue

from hub.domain.model import Instant, Record, Value
from hub.domain.reservations import overlap

PermissionStatus = Literal["pending", "allowed", "denied", "cancelled", "expired"]
Effect = Literal["allow", "ask", "deny"]
OptionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
PATIENCE = 1_800
"""Seconds for which a question waits for an answer, where no policy says otherwise; then the answer is no."""


class PermissionOption(Value):
    """One of the answers that the agent offers."""

    option_id: str
    name: str = ""
    kind: str
    """An OptionKind; one that a newer agent has means no."""


class Permission(Record):
    kind: ClassVar[str] = "permission"
    plural: ClassVar[str] = "permissions"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "session_id", "status")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("session_id",), ("workspace_id",), ("status",))

    workspace_id: str
    session_id: str
    agent_id: str
    title: str
    tool_call_id: str | None = None
    tool_kind: str = "other"
    """As in ACP: read, edit, delete, move, search, execute, think, fetch, switch_mode or other."""
    paths: tuple[str, ...] = ()
    """What it would touch, relative to the session's folder where it lies in it."""
    command: str | None = None
    tool_call: dict[str, JsonValue]
    """As the agent sent it: with its diff, its input."""
    options: tuple[PermissionOption, ...]
    status: PermissionStatus = "pending"
    option_id: str | None = None
    """The option that was taken."""
    decided_by: str | None = None
    """The subject of whoever answered, or `policy:` and the policy's id."""
    decided_at: Instant | None = None
    reason: str | None = None
    """Why it was denied, for the person who reads it."""
    expires_at: Instant

    def option_for(self, allow: bool) -> PermissionOption | None:
        """The one that goes the least far. Options of one kind: the first."""
        wanted = ("allow_once", "allow_always") if allow else ("reject_once", "reject_always")
        return next((option for kind in wanted for option in self.options if option.kind == kind), None)


class PermissionPolicy(Record):
    """What is answered to which requests. A field that is left out fits every request."""

    kind: ClassVar[str] = "permission_policy"
    plural: ClassVar[str] = "permission_policies"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    agent_id: str | None = None
    provider: str | None = None
    tool_kind: str | None = None
    path: str | None = None
    """A glob, relative to the session's folder. It fits a request of which every path matches; a request without paths never."""
    command: str | None = None
    """A glob over the whole command: `*` stands for any text, `?` for a character."""
    effect: Effect
    patience_seconds: int | None = None
    """With ask: for how long; then the answer is no."""

    @property
    def specificity(self) -> tuple[bool, bool, bool, bool, int]:
        """Paths and commands count most, then the agent, its provider, the tool."""
        named = self.path is not None or self.command is not None
        return named, self.agent_id is not None, self.provider is not None, self.tool_kind is not None, len(self.path or self.command or "")


SHELL = frozenset(";&|<>`$()\n\r\\")
"""With these a command is more than one, or other than it looks."""
STRICTEST: dict[Effect, int] = {"deny": 2, "ask": 1, "allow": 0}


def deciding(permission: Permission, provider: str, policies: Iterable[PermissionPolicy]) -> PermissionPolicy | None:
    """The most specific policy that fits; of equally specific ones the strictest. None: it is asked."""
    fitting = [policy for policy in policies if _fits(policy, permission, provider)]
    return max(fitting, key=lambda policy: (policy.specificity, STRICTEST[policy.effect]), default=None)


def _fits(policy: PermissionPolicy, permission: Permission, provider: str) -> bool:
    return (
        policy.agent_id in (None, permission.agent_id) and policy.provider in (None, provider)
        and policy.tool_kind in (None, permission.tool_kind)
        and (policy.path is None or _paths_match(policy, permission.paths))
        and (policy.command is None or _command_matches(policy, permission.command))
    )  # fmt: skip


def _paths_match(policy: PermissionPolicy, paths: tuple[str, ...]) -> bool:
    """To allow, every path has to match; to deny or to ask, one is enough."""
    assert policy.path is not None
    matches = [policy.path.startswith("/") == path.startswith("/") and overlap(policy.path, path) for path in paths]
    return bool(matches) and (all(matches) if policy.effect == "allow" else any(matches))


def _command_matches(policy: PermissionPolicy, command: str | None) -> bool:
    """What a glob allows is one command: where the shell would run another, or write elsewhere, it does not fit."""
    assert policy.command is not None
    if command is None:
        return False
    if policy.effect == "allow" and command != policy.command and not SHELL.isdisjoint(command):
        return False
    return fnmatchcase(command, policy.command.replace("[", "[[]"))
