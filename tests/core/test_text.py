"""The text of a note, without a hub: edits, and what they make of a Yjs document."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from hub.domain.errors import Invalid
from hub.domain.text import MOST_PARTS, check, edits, merge, read, rewrite

PIECES = [
    "a",
    "b",
    "word ",
    "other ",
    "\n",
    "\r\n",
    "\n\n",
    "# Head\n",
    "ü",
    "日本",
    "🜁",
    "e\u0301",
    "👩‍👩‍👧",
    "\u2028",
    "\t",
    "- [ ] ",
    "x" * 50,
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
)


@st.composite
def changed_texts(draw: st.DrawFn) -> tuple[str, str]:
    """A text and what became of it: some of it is the same."""
    pieces = draw(st.lists(st.sampled_from(PIECES), max_size=40))
    kept = [piece for piece in pieces if draw(st.integers(0, 4))]
    at = draw(st.integers(0, len(kept)))
    return "".join(pieces), "".join([*kept[:at], draw(texts), *kept[at:]])


def applied(old: str, new: str) -> str:
    parts, at = [], 0
    for start, end, replacement in edits(old, new):
        assert at <= start <= end
        parts += [old[at:start], replacement]
        at = end
    return "".join([*parts, old[at:]])


@settings(max_examples=300, deadline=None)
@given(st.one_of(changed_texts(), st.tuples(texts, texts)))
def test_the_edits_applied_to_the_old_text_give_the_new_one(pair: tuple[str, str]) -> None:
    assert applied(*pair) == pair[1]


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_rewriting_again_and_again_gives_each_text_and_any_editor_reads_it(versions: list[str]) -> None:
    history: list[bytes] = []
    for version in versions:
        history.append(rewrite(history, version))
        assert read(history) == version
    assert read([merge(history)]) == versions[-1]
    document: Doc[Text] = Doc()
    for update in history:
        document.apply_update(update)
    assert str(document.get("content", type=Text)) == versions[-1]


@settings(max_examples=150, deadline=None)
@given(texts, texts, texts, st.randoms(use_true_random=False))
def test_edits_from_one_base_end_in_one_text_in_whatever_order_they_come(base: str, one: str, other: str, random: object) -> None:
    history = [rewrite([], base)]
    updates = [rewrite(history, one), rewrite(history, other, newest=False), rewrite(history, base + "!", newest=False)]
    assert read([*history, *updates]) == read([*history, *reversed(updates)]) == read([merge([*history, *updates])])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["alpha", "beta", "gamma", "ü", "🜁"]), min_size=3, max_size=8))
def test_edits_of_different_lines_both_survive(words: list[str]) -> None:
    lines = [f"{at} {word}\n" for at, word in enumerate(words)]
    history = [rewrite([], "".join(lines))]
    top, bottom = ["first\n", *lines[1:]], [*lines[:-1], "last\n"]
    history += [rewrite(history, "".join(top)), rewrite(history, "".join(bottom), newest=False)]
    assert read(history) == "".join(["first\n", *lines[1:-1], "last\n"])


def test_an_edit_touches_only_the_words_that_changed() -> None:
    old = "# Title\n\nThe quick brown fox.\nThe end.\n"
    assert list(edits(old, old.replace("quick", "slow").replace("end", "very end"))) == [(13, 18, "slow"), (33, 33, " very")]
    assert list(edits(old, old)) == list(edits("", "")) == []
    assert list(edits("", "new")) == [(0, 0, "new")]
    assert list(edits("old", "")) == [(0, 3, "")]


def test_a_rewrite_of_a_huge_text_is_coarse_but_right() -> None:
    old = "".join(f"line {at}\n" for at in range(3 * MOST_PARTS))
    new = "".join(f"line {at}{'!' if at % 2 else ''}\n" for at in range(3 * MOST_PARTS))
    assert applied(old, new) == new
    word = "word " * (3 * MOST_PARTS)
    assert applied(word, word.replace("word ", "other ")) == word.replace("word ", "other ")
    assert SequenceMatcher(None, old[:50], new[:50]).ratio() > 0


def test_a_text_written_from_start_to_end_costs_its_characters_and_a_few_bytes_an_edit() -> None:
    history: list[bytes] = []
    text = ""
    for at in range(300):
        text += f"line {at}\n"
        history.append(rewrite(history, text))
    assert len(merge(history)) < len(text) + 8 * len(history)


@pytest.mark.parametrize("update", [b"", b"\x01", b"\xff" * 10, b"\x01\x01\x01\x04\x01", b"letters"])
def test_bytes_that_are_no_update_are_invalid(update: bytes) -> None:
    with pytest.raises(Invalid, match="v1 encoding"):
        check(update)
