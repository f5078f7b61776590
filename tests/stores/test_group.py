"""The grouping by itself: back-pressure, shutdown, cancellation, failure."""

import asyncio
from collections.abc import Sequence

import anyio
import pytest

from hub.domain.errors import Busy, Conflict, HubError, Unavailable
from stores.group import Group


class Rounds:
    """A `run` that waits at every round until the test lets it go."""

    def __init__(self) -> None:
        self.gate, self.seen = asyncio.Event(), list[list[int]]()
        self.at_once = self.most_at_once = 0

    async def __call__(self, asks: Sequence[int]) -> Sequence[int | HubError]:
        self.seen.append(list(asks))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        if 13 in asks:
            raise OSError("the disk is full")
        if 14 in asks:
            raise Busy("locked")
        return [Conflict("odd") if ask % 2 else ask for ask in asks]


async def asked(group: Group[int, int], *asks: int) -> "list[asyncio.Task[int]]":
    """Each ask has arrived when this returns, and a first round has begun."""
    tasks = [asyncio.create_task(group.ask(ask)) for ask in asks]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def types(outcomes: Sequence[object]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


async def test_what_arrives_during_a_round_goes_together_in_the_next_and_failures_are_single() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    tasks = await asked(group, 0) + await asked(group, 1, 2, 3, 4)
    rounds.gate.set()
    assert types(await asyncio.gather(*tasks, return_exceptions=True)) == [int, Conflict, int, Conflict, int]
    assert rounds.seen == [[0], [1, 2, 3, 4]]
    assert rounds.most_at_once == 1


async def test_a_round_is_no_larger_than_allowed() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds, largest=3)
    tasks = await asked(group, 0) + await asked(group, *range(2, 18, 2))
    rounds.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert rounds.seen == [[0], [2, 4, 6], [8, 10, 12], [14, 16]]


async def test_as_many_rounds_go_at_once_as_allowed() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds, rounds=2)
    tasks = [*await asked(group, 0), *await asked(group, 2), *await asked(group, 4, 6)]
    assert rounds.seen == [[0], [2]]
    rounds.gate.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6]
    assert rounds.most_at_once == 2


async def test_a_full_queue_refuses_and_does_nothing() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds, waiting=3)
    tasks = await asked(group, 0) + await asked(group, 2, 4, 6, 8)
    rounds.gate.set()
    assert types(await asyncio.gather(*tasks, return_exceptions=True)) == [int, int, int, int, Busy]
    assert rounds.seen == [[0], [2, 4, 6]]
    assert await group.ask(10) == 10


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    tasks = await asked(group, 0) + await asked(group, 2)
    closing = asyncio.create_task(group.close())
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await group.ask(4)
    assert not closing.done()
    rounds.gate.set()
    with anyio.fail_after(5):
        await closing
    assert [task.result() for task in tasks] == [0, 2]
    assert rounds.seen == [[0], [2]]


async def test_closing_what_was_never_asked_ends_at_once() -> None:
    group: Group[int, int] = Group(Rounds())
    with anyio.fail_after(5):
        await group.close()
        await group.close()


async def test_a_caller_that_leaves_before_its_round_is_left_out() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    (first,) = await asked(group, 0)
    second, third = await asked(group, 2, 4)
    second.cancel()
    await asyncio.sleep(0)
    rounds.gate.set()
    assert (await first, await third) == (0, 4)
    assert rounds.seen == [[0], [4]]


async def test_a_round_that_everybody_left_is_not_run() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    (first,) = await asked(group, 0)
    (second,) = await asked(group, 2)
    second.cancel()
    await asyncio.sleep(0)
    rounds.gate.set()
    await first
    assert await group.ask(4) == 4
    assert rounds.seen == [[0], [4]]


async def test_a_caller_that_leaves_during_its_round_takes_nothing_from_the_others() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    left, stayed = await asked(group, 2, 4)
    left.cancel()
    await asyncio.sleep(0)
    rounds.gate.set()
    assert await stayed == 4
    assert left.cancelled()
    assert rounds.seen == [[2, 4]]


async def test_what_a_round_raises_is_unavailable_for_all_of_it_and_the_next_goes_on() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    tasks = await asked(group, 0) + await asked(group, 12, 13)
    rounds.gate.set()
    assert types(await asyncio.gather(*tasks, return_exceptions=True)) == [int, Unavailable, Unavailable]
    assert await group.ask(2) == 2


async def test_a_failure_that_the_round_names_reaches_every_caller_as_it_is() -> None:
    rounds = Rounds()
    group: Group[int, int] = Group(rounds)
    tasks = await asked(group, 0) + await asked(group, 14, 16)
    rounds.gate.set()
    assert types(await asyncio.gather(*tasks, return_exceptions=True)) == [int, Busy, Busy]
