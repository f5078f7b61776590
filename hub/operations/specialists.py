"""Specialists: roles with prompts, for the sessions of agents."""

from typing import Annotated

from pydantic import Field

from hub.access import LOCAL_TENANT
from hub.domain.agents import AgentRole, ModelTier
from hub.domain.errors import Duplicate, NotFound, Refused
from hub.domain.model import Instant, Value
from hub.domain.specialists import Specialist, SpecialistSource, specialist_key
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Name, Operation, Result, Text, changes, expect_version
from hub.ports import Shelf

SpecialistId = Annotated[str, Field(min_length=1, max_length=100, pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Letters, digits, dots, dashes and underscores."""
Prompt = Annotated[str, Field(min_length=1, max_length=200_000)]
Reminder = Annotated[str, Field(max_length=10_000)]
Locale = Annotated[str, Field(max_length=35, pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]


class CreateSpecialist(Mutation):
    id: SpecialistId
    name: Name
    description: Text | None = None
    role: AgentRole
    default_model_tier: ModelTier = "SMART"
    system_prompt: Prompt
    role_reminder: Reminder = ""
    """Said again with every task."""
    locale: Locale | None = None
    default_provider: Name | None = None
    default_adapter: Name | None = None
    model: Name | None = None
    enabled: bool = True
    workspace_id: Id | None = None
    """Only for this workspace; none: for all."""


class ListSpecialists(Input):
    workspace_id: Id | None = None
    """Those that count in this workspace; none: those that are there in all."""
    prompts: bool = False
    """Whole, with their prompts."""


class GetSpecialist(Input):
    specialist_id: Id
    workspace_id: Id | None = None


class UpdateSpecialist(Mutation):
    specialist_id: Id
    workspace_id: Id | None = None
    """Only for this workspace; none: for all."""
    name: Name | None = None
    description: Text | None = None
    role: AgentRole | None = None
    default_model_tier: ModelTier | None = None
    system_prompt: Prompt | None = None
    role_reminder: Reminder | None = None
    locale: Locale | None = None
    default_provider: Name | None = None
    default_adapter: Name | None = None
    model: Name | None = None
    enabled: bool | None = None
    expected_version: int | None = None


class DeleteSpecialist(Mutation):
    specialist_id: Id
    workspace_id: Id | None = None


class SpecialistEntry(Value):
    """What tells whether to take it."""

    id: str
    name: str
    description: str | None = None
    role: AgentRole
    default_model_tier: ModelTier
    source: SpecialistSource
    enabled: bool
    updated_at: Instant


class Specialists(Result):
    specialists: tuple[Specialist | SpecialistEntry, ...]
    problems: tuple[str, ...] | None = None
    """A line for each file that is no specialist."""


async def list_specialists(given: ListSpecialists, call: Call) -> Specialists:
    """List the specialists that sessions can be started as. get_specialist has the prompt of one."""
    shelf = await _shelf(call)
    found = dict(shelf.found)
    for workspace_id in await _levels(given.workspace_id, call):
        found |= {one.id: one async for one in call.unit.every(Specialist, workspace_id=workspace_id or "")}
    ordered = [found[id_] for id_ in sorted(found)]
    shown = ordered if given.prompts else [_entry(one) for one in ordered]
    return Specialists(specialists=tuple(shown), problems=shelf.problems or None)


async def get_specialist(given: GetSpecialist, call: Call) -> Specialist:
    """Read a specialist as it counts in the workspace. Its systemPrompt says how to work in its role."""
    found = await _counting(given.specialist_id, given.workspace_id, call)
    if found is None:
        raise NotFound("specialist", given.specialist_id)
    return found


async def create_specialist(given: CreateSpecialist, call: Call) -> Specialist:
    """Make a specialist, for all workspaces or one. It counts instead of one of the same id that comes with the hub."""
    if given.workspace_id:
        await call.workspace(given.workspace_id)
    if await call.unit.get(Specialist, specialist_key(given.workspace_id, given.id)):
        raise Duplicate(f"There is a specialist {given.id!r} already. Take another id, or change it with update_specialist.")
    fields = {name: getattr(given, name) for name in Specialist.model_fields if name in type(given).model_fields}
    return call.create(Specialist(**fields, source=_source(given.workspace_id)))


async def update_specialist(given: UpdateSpecialist, call: Call) -> Specialist:
    """Change a specialist, or switch it off with enabled=false. Of one that is no record here a copy is made that counts from now on."""
    if given.workspace_id:
        await call.workspace(given.workspace_id)
    id_, workspace_id = given.specialist_id, given.workspace_id
    own = await call.unit.get(Specialist, specialist_key(workspace_id, id_))
    specialist = own or await get_specialist(GetSpecialist(specialist_id=id_, workspace_id=workspace_id), call)
    expect_version(specialist, given.expected_version)
    changed = {name: value for name, value in changes(given, Specialist).items() if name != "workspace_id"}
    if own:
        return call.update(own, **changed)
    place = {"version": 0, "created_at": "", "workspace_id": workspace_id, "source": _source(workspace_id)}
    return call.create(specialist.model_copy(update=changed | place))


async def delete_specialist(given: DeleteSpecialist, call: Call) -> Deleted:
    """Delete a specialist. One of the same id that it stood before counts again."""
    specialist = await call.unit.get(Specialist, specialist_key(given.workspace_id, given.specialist_id))
    if specialist is None:
        if await _counting(given.specialist_id, given.workspace_id, call):
            raise Refused("It is not defined here, so it cannot be deleted here. update_specialist with enabled=false switches it off.")
        raise NotFound("specialist", given.specialist_id)
    call.delete(specialist)
    return Deleted(id=specialist.id)


async def _levels(workspace_id: str | None, call: Call) -> tuple[str | None, ...]:
    """Whose records count there, the weakest first."""
    return (None, await call.within(workspace_id)) if workspace_id else (None,)


async def _counting(id_: str, workspace_id: str | None, call: Call) -> Specialist | None:
    for level in reversed(await _levels(workspace_id, call)):
        if stored := await call.unit.get(Specialist, specialist_key(level, id_)):
            return stored
    return (await _shelf(call)).found.get(id_)


async def _shelf(call: Call) -> Shelf[Specialist]:
    """Those in files. The folders of whoever runs the hub are no other tenant's to see."""
    return await call.library.specialists(call.caller.tenant == LOCAL_TENANT) if call.library else Shelf()


def _source(workspace_id: str | None) -> SpecialistSource:
    return "workspace" if workspace_id else "user"


def _entry(specialist: Specialist) -> SpecialistEntry:
    return SpecialistEntry.trusted(**{name: getattr(specialist, name) for name in SpecialistEntry.model_fields})


OPERATIONS = (
    Operation(list_specialists, "specialists.read", profiles=frozenset({"coordination"})),
    Operation(get_specialist, "specialists.read", profiles=frozenset({"coordination"})),
    Operation(create_specialist, "specialists.write", writes=True),
    Operation(update_specialist, "specialists.write", writes=True, repeatable=True),
    Operation(delete_specialist, "specialists.write", writes=True, destructive=True, repeatable=True),
)
