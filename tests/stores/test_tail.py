"""The end of the log in memory: what it knows without a gap, and what it says it does not know."""

from hub.ports import EVERY_EVENT, Filter
from stores.sql import Values
from stores.tail import MOST_CHARACTERS, MOST_EVENTS, Tail

TENANT = "acme"


def events(count: int, name: str = "task.created", body: str = "{}") -> list[Values]:
    return [(TENANT, name, name.partition(".")[0], f"r{at}", "w", body) for at in range(count)]


def cursors(tail: Tail, after: int, head: int, filter_: Filter = EVERY_EVENT, tenant: str = TENANT) -> list[int] | None:
    page = tail.page(after, head, tenant, filter_, 100)
    return None if page is None else [logged.cursor for logged in page.events]


def test_it_knows_what_was_added_behind_its_beginning() -> None:
    tail = Tail(10)
    tail.add(10, events(3))
    tail.add(13, events(2, "note.updated"))
    assert cursors(tail, 10, 15) == [11, 12, 13, 14, 15]
    assert cursors(tail, 13, 15) == [14, 15]
    assert cursors(tail, 10, 15, Filter(kinds=("note",))) == [14, 15]
    assert cursors(tail, 10, 15, Filter(record_id="r1")) == [12, 15]
    assert cursors(tail, 15, 15) == []
    assert cursors(tail, 9, 15) is None
    page = tail.page(10, 15, TENANT, EVERY_EVENT, 2)
    assert page is not None
    assert page.cursor == 12
    assert cursors(tail, 10, 15, tenant="other") == []


def test_it_does_not_know_what_another_process_wrote_and_begins_anew_behind_it() -> None:
    tail = Tail(10)
    tail.add(10, events(2))
    assert cursors(tail, 10, 13) is None
    tail.add(13, events(1))
    assert cursors(tail, 12, 14) is None
    assert cursors(tail, 13, 14) == [14]


def test_two_rounds_may_be_told_of_in_any_order() -> None:
    tail = Tail(0, rounds=2)
    tail.add(2, events(1))
    assert cursors(tail, 0, 3) is None
    tail.add(0, events(2))
    assert cursors(tail, 0, 3) == [1, 2, 3]
    tail.add(5, events(1))
    tail.add(6, events(1))
    assert cursors(tail, 5, 7) == [6, 7]
    assert cursors(tail, 3, 7) is None
    tail.add(4, events(1))
    assert cursors(tail, 5, 7) == [6, 7]


def test_it_holds_no_more_than_so_many_events_and_characters() -> None:
    tail = Tail(0)
    tail.add(0, events(MOST_EVENTS + 1))
    assert cursors(tail, 0, MOST_EVENTS + 1) is None
    assert cursors(tail, MOST_EVENTS, MOST_EVENTS + 1) == [MOST_EVENTS + 1]
    tail = Tail(0)
    for number in range(4):
        tail.add(number, events(1, body="x" * (MOST_CHARACTERS // 3)))
    assert cursors(tail, 0, 4) is None
    assert cursors(tail, 3, 4) == [4]
