"""What agents ask permission for, put to whoever sits at the terminal."""

import asyncio
import sys
from typing import Literal

import click

from hub.cli.keyboard import Keyboard
from hub.cli.transcripts import Json, Screen, lines_of_permission, one_line
from hub.cli.ways import Declined, Way, every

Decision = Literal["allow", "deny"]
LETTERS = {"y": "allow_once", "a": "allow_always", "n": "reject_once"}
"""What may be typed instead of a number, where the agent offers it."""
NOBODY = (
    "Denied, because nobody sits at a terminal to answer. --allow or --deny decides beforehand, and so does a policy: "
    "`trivium permission-policies save --help`."
)


class Questions:
    """One after the other, each until it is answered, here or anywhere: the first answer counts."""

    def __init__(self, way: Way, screen: Screen, decision: Decision | None = None, piped: bool = False) -> None:
        """`decision` is the answer to all of them; `piped`: answers may come through a pipe, too."""
        self._way, self._screen, self._decision = way, screen, decision
        self._keyboard = Keyboard() if piped or sys.stdin.isatty() else None
        self._coming: asyncio.Queue[str] = asyncio.Queue()
        self._open: set[str] = set()
        self._asked: tuple[str, asyncio.Task[bool]] | None = None
        self.unanswered = False
        """Something was denied because nobody was there."""

    def hear(self, fact: Json) -> None:
        """An event of a permission."""
        id_ = fact["recordId"]
        if fact["name"] == "permission.requested":
            self._add(id_)
        elif id_ in self._open:
            self._open.discard(id_)
            if self._asked and self._asked[0] == id_:
                self._asked[1].cancel()

    async def find(self, **where: str | None) -> None:
        """Those that wait already."""
        async for permission in every(self._way, "list_permissions", "permissions", status="pending", **where):
            self._add(permission["id"])

    async def put(self) -> None:
        """Until there is nobody any more who answers."""
        while True:
            id_ = await self._coming.get()
            if id_ not in self._open:
                continue
            task = asyncio.create_task(self._put(id_))
            self._asked = id_, task
            try:
                await asyncio.wait([task])
            finally:
                task.cancel()
            self._asked = None
            if task.cancelled():
                self._screen.ask("", "It is answered elsewhere.")  # on a line of its own
            elif not task.result():
                self._screen.tell("Nobody answered. `trivium permissions list` shows what is asked.")
                return

    def _add(self, id_: str) -> None:
        if id_ not in self._open:
            self._open.add(id_)
            self._coming.put_nowait(id_)

    async def _put(self, id_: str) -> bool:
        permission = await self._way.call("get_permission", permissionId=id_)
        if permission["status"] != "pending":
            return True
        self._show(permission)
        answer = await self._answer(permission)
        if answer is None:
            return False
        self._open.discard(id_)  # what is heard of it from now on is this answer
        try:
            answered = await self._way.call("answer_permission", permissionId=id_, **answer)
        except Declined as declined:
            self._screen.tell(declined.message)
        else:
            self._screen.tell(f"{answered['status'].capitalize()}.")
        return True

    def _show(self, permission: Json) -> None:
        lines = lines_of_permission(permission)
        if self._decision or self._keyboard is None:
            self._screen.tell(*lines)
        else:
            self._screen.ask(*lines)

    async def _answer(self, permission: Json) -> dict[str, str] | None:
        """The arguments of answer_permission. None: the input has ended."""
        if self._decision:
            possible = any(str(option["kind"]).startswith("allow") for option in permission["options"])
            return {"decision": self._decision if possible else "deny"}
        if self._keyboard is None:
            self.unanswered = True
            self._screen.tell(NOBODY)
            return {"decision": "deny", "reason": "Nobody was there to answer."}
        return await self._typed(permission["options"], self._keyboard)

    async def _typed(self, options: list[Json], keyboard: Keyboard) -> dict[str, str] | None:
        kinds = {str(option["kind"]): option["optionId"] for option in reversed(options)}
        keys = {key: kinds[kind] for key, kind in LETTERS.items() if kind in kinds}
        keys |= {str(at): option["optionId"] for at, option in enumerate(options, 1)}
        letters = {id_: f" ({key})" for key, id_ in keys.items() if key in LETTERS}
        shown = [
            f"  {at}{letters.get(option['optionId'], '')}  {one_line(option.get('name') or option['kind'])}"
            for at, option in enumerate(options, 1)
        ]
        while True:
            self._screen.ask(*shown)
            if sys.stdin.isatty():
                click.echo("> ", nl=False, err=True)
            line = await keyboard.line()
            if line is None:
                return None
            if chosen := keys.get(line.strip().lower()):
                return {"optionId": chosen}
            self._screen.ask(f"Type one of {', '.join(keys)}.")
