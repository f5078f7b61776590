"""Permission requests: the editor is asked as everybody else may be, and the first answer counts."""

import asyncio
import logging
from typing import Any

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Conflict, Forbidden, HubError, NotFound
from hub.domain.permissions import Permission
from hub.ports import Json
from protocols.acp.attached import Attached
from protocols.acp.renderings import permission_request
from protocols.jsonrpc.peer import Closed, Peer, RpcError

log = logging.getLogger("acp")


class Questions:
    """Those that one editor is asked. What it does not answer stays to be answered elsewhere."""

    def __init__(self, hub: Hub, caller: Caller, peer: Peer) -> None:
        self._hub, self._caller, self._peer = hub, caller, peer

    async def requested(self, attached: Attached, permission_id: str) -> None:
        try:
            permission = await self._hub.call("get_permission", {"permissionId": permission_id}, self._caller)
        except (NotFound, Forbidden):
            return
        assert isinstance(permission, Permission)
        self.ask(attached, permission)

    def ask(self, attached: Attached, permission: Permission) -> None:
        if permission.status == "pending" and permission.id not in attached.asking and self._caller.opens("permissions.write"):
            attached.asking[permission.id] = asyncio.create_task(self._ask(attached, permission))

    def decided(self, attached: Attached, permission_id: str) -> None:
        """Somebody was first, or it needs no answer any more: the editor's request is withdrawn."""
        if asking := attached.asking.pop(permission_id, None):
            asking.cancel()

    def leave(self, attached: Attached) -> None:
        for permission_id in [*attached.asking]:
            self.decided(attached, permission_id)

    async def _ask(self, attached: Attached, permission: Permission) -> None:
        try:
            answer = await self._peer.request("session/request_permission", permission_request(permission))
        except (RpcError, Closed) as error:
            log.info("the editor does not answer permission request %s: %s", permission.id, error)
            return
        attached.asking.pop(permission.id, None)
        if (given := _chosen(answer)) is None:
            log.info("the editor's answer to permission request %s is none", permission.id)
            return
        try:
            await self._hub.call("answer_permission", {"permissionId": permission.id, **given}, self._caller)
        except (Conflict, NotFound):
            pass  # somebody else was first
        except HubError as error:
            log.warning("the editor's answer to permission request %s is refused: %s", permission.id, error.message)


def _chosen(answer: Any) -> Json | None:
    """What answer_permission is told. An editor that cancels without its turn being cancelled does not want it done."""
    outcome = answer.get("outcome") if isinstance(answer, dict) else None
    match outcome:
        case {"outcome": "selected", "optionId": str(option_id)} if option_id:
            return {"optionId": option_id}
        case {"outcome": "cancelled"}:
            return {"decision": "deny", "reason": "It was dismissed in the editor."}
    return None
