"""From what an agent streams to entries and news: nothing is lost, doubled or out of order, whenever it is taken."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.transcripts import LONGEST_SEGMENT, MOST_KNOWN, Transcript, Update

TEXT = st.builds(lambda text: {"type": "text", "text": text}, st.text(st.characters(exclude_characters="|"), max_size=3))
OTHER = st.sampled_from([{"type": "image", "data": "x"}, {"type": "text", "text": "!", "annotations": {}}])
CHUNKS = st.builds(
    lambda kind, id_, content: {"sessionUpdate": kind, "content": content, **({"messageId": id_} if id_ else {})},
    st.sampled_from(["agent_message_chunk", "agent_thought_chunk"]), st.sampled_from([None, "a", "b"]), TEXT | OTHER,
)  # fmt: skip
TAKE, TURN = "take", "turn"
STEPS = st.lists(CHUNKS | st.sampled_from([TAKE, TURN, {"sessionUpdate": "tick"}]), max_size=40)


def texts(blocks: list[dict[str, Any]]) -> str:
    """Blocks as one text, with a mark for each that is no plain text."""
    return "".join(block["text"] if block.keys() == {"type", "text"} else f"<{block['type']}>" for block in blocks)


def played(steps: list[Any]) -> tuple[list[Update], list[Update]]:
    """The entries as they stand in the end, and all that was told."""
    transcript, entries, told = Transcript(0, {}), dict[int, Update](), list[Update]()
    for step in [*steps, TAKE]:
        if step == TURN:
            transcript.turn()
        elif step != TAKE:
            transcript.add(step)
        else:
            news = transcript.take()
            entries |= {change.number: change.update for change in news.changes}
            told += news.updates
    assert sorted(entries) == list(range(1, transcript.entry_count + 1))
    return [entries[number] for number in sorted(entries)], told


@given(STEPS)
def test_what_came_is_in_the_entries_and_was_told_in_its_order(steps: list[Any]) -> None:
    entries, told = played(steps)
    came = [step for step in steps if isinstance(step, dict)]
    wanted = "".join(texts([one["content"]]) if "content" in one else "|" for one in came)
    assert "".join(texts([one["content"]]) if "content" in one else "|" for one in told) == wanted
    assert "".join(texts(one["content"]) for one in entries if "content" in one) == wanted.replace("|", "")
    assert sum("content" not in one for one in entries) == wanted.count("|")


def test_a_long_message_goes_on_in_another_entry_under_the_same_id() -> None:
    chunk = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "x" * 1_000}}
    entries, told = played([chunk] * 40)
    assert [len(texts(one["content"])) for one in entries] == [LONGEST_SEGMENT, LONGEST_SEGMENT, 40_000 - 2 * LONGEST_SEGMENT]
    assert len({one["messageId"] for one in entries}) == 1
    assert len(told) == len(entries)


def test_tool_calls_that_never_end_are_known_up_to_a_number() -> None:
    calls = [{"sessionUpdate": "tool_call", "toolCallId": str(number), "status": "pending"} for number in range(MOST_KNOWN + 10)]
    entries, _ = played([*calls, TURN])
    assert [one["status"] for one in entries] == ["pending"] * 10 + ["failed"] * MOST_KNOWN
