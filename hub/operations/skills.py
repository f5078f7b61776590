"""Skills: instructions for one sort of work, out of folders in the Agent Skills format."""

from hub.access import LOCAL_TENANT
from hub.domain.errors import Forbidden, NotFound
from hub.domain.skills import Skill, SkillEntry
from hub.operations.base import Call, Id, Input, Name, Operation, Result
from hub.ports import Shelf


class ListSkills(Input):
    repository: Name | None = None
    """A folder of the hub's machine, as an absolute path: its skills, too."""
    own: bool = True
    """With those that the hub has itself."""


class GetSkill(Input):
    name: Id
    repository: Name | None = None
    """A folder of the hub's machine, as an absolute path: its skills are looked through, too."""


class Skills(Result):
    skills: tuple[SkillEntry, ...]
    problems: tuple[str, ...] | None = None
    """A line for each folder that is no skill."""


async def list_skills(given: ListSkills, call: Call) -> Skills:
    """List the skills: what there are instructions for. Read one with get_skill before you begin such work."""
    shelf = await _shelf(given.repository, call, given.own)
    return Skills(skills=tuple(shelf.found[name].entry for name in sorted(shelf.found)), problems=shelf.problems or None)


async def get_skill(given: GetSkill, call: Call) -> Skill:
    """Read a skill. Its content says how to do the work: follow it."""
    skill = (await _shelf(given.repository, call)).found.get(given.name)
    if skill is None:
        raise NotFound("skill", given.name)
    return skill


async def _shelf(repository: str | None, call: Call, own: bool = True) -> Shelf[Skill]:
    """The folders are those of whoever runs the hub: no other tenant sees them, and callers from elsewhere name none."""
    if repository is not None:
        expect_folders_read(call)
    return await call.library.skills(repository, own) if call.library and call.caller.tenant == LOCAL_TENANT else Shelf()


def expect_folders_read(call: Call) -> None:
    """Raises Forbidden."""
    if call.caller.tenant != LOCAL_TENANT or call.reach != "all":
        raise Forbidden("This hub reads no folders for its callers. Leave repository out.")


OPERATIONS = (
    Operation(list_skills, "skills.read", profiles=frozenset({"coordination"})),
    Operation(get_skill, "skills.read", profiles=frozenset({"coordination"})),
)
