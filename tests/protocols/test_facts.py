"""Every event has a name that is known, and says what belongs to it."""

from hub.domain import KINDS
from hub.domain.events import Event
from hub.domain.facts import FACTS, facts
from hub.ports import EVERY_EVENT
from tests.protocols.doors import opened, through
from tests.protocols.script import SCRIPT
from tests.protocols.transcripts import transcript


async def test_what_happens_in_a_day_is_as_it_is_said_of_events() -> None:
    known = facts(KINDS)
    async with opened("memory:") as hub:
        await transcript(through(hub), SCRIPT)
        page = await hub.store.after(0, "local", EVERY_EVENT, 10_000)
    assert len(page.events) > 100
    for logged in page.events:
        event = Event.model_validate_json(logged.body)
        data = known[event.name]
        if data is None:
            assert event.data is None, event
        else:
            names = {field.alias for field in data.model_fields.values()}
            assert (event.data or {}).keys() <= names, event
            data.model_validate(event.data or {})


def test_every_fact_is_one_of_a_kind_of_record() -> None:
    kinds = {kind.kind for kind in KINDS}
    assert {name.partition(".")[0] for name in FACTS} <= kinds
