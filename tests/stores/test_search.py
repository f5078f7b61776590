"""What a store is: full-text search."""

import pytest

from hub.domain.conversations import Message
from hub.domain.model import Record
from hub.domain.notes import Note
from hub.domain.tasks import Task
from hub.ports import HubStore, Search
from tests.stores.units import NOW, TENANT, put, remove, stored, task


def note(id_: str, title: str, content: str, workspace_id: str = "w") -> Note:
    return Note(id=id_, workspace_id=workspace_id, title=title, content=content, document_id=f"d-{id_}")


async def found(
    store: HubStore,
    *words: str,
    types: tuple[type[Record], ...] = (Task, Note),
    workspace: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> list[str]:
    by_kind = {type_.kind: type_ for type_ in types}
    hits = await store.search(TENANT, Search(types, words, workspace, offset, limit))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    return [by_kind[hit.kind].model_validate_json(hit.body).id for hit in hits]


async def test_a_word_in_the_title_counts_more_than_one_in_the_text(store: HubStore) -> None:
    await put(store, task("body", "something", objective="the parser is slow"), task("title", "the parser", objective="something"))
    await put(store, task("none", "else", objective="nothing of it"))
    assert await found(store, "parser") == ["title", "body"]


async def test_every_word_is_wanted_wherever_it_stands(store: HubStore) -> None:
    await put(store, task("both", "fix the lexer", objective="before friday"), task("one", "fix the parser", objective="before friday"))
    assert await found(store, "lexer", "friday") == ["both"]
    assert sorted(await found(store, "fix", "friday")) == ["both", "one"]
    assert await found(store, "lexer", "parser") == []


async def test_a_word_is_found_whole_and_in_any_case(store: HubStore) -> None:
    await put(store, task("t", "Parsers parse", objective="PARSING"))
    assert await found(store, "parse") == await found(store, "parsing") == ["t"]
    assert await found(store, "pars") == []


async def test_a_workspace_and_a_tenant_are_searched_alone(store: HubStore) -> None:
    await put(store, task("mine", "parser"), task("yours", "parser", workspace_id="v"))
    await put(store, task("theirs", "parser"), tenant="other")
    assert await found(store, "parser", workspace="w") == ["mine"]
    assert sorted(await found(store, "parser")) == ["mine", "yours"]


async def test_only_the_kinds_that_are_asked_for_are_searched(store: HubStore) -> None:
    message = Message(id="m", workspace_id="w", agent_id="a", turn=1, role="USER", content="parser", timestamp=NOW)
    await put(store, task("t", "parser"), note("n", "parser", "text"), message)
    assert await found(store, "parser", types=(Task,)) == ["t"]
    assert await found(store, "parser", types=(Note, Message)) in (["n", "m"], ["m", "n"])


async def test_hits_are_paged_without_gap_or_repeat(store: HubStore) -> None:
    await put(store, *(task(f"t{at}", f"parser {at}") for at in range(5)), *(note(f"n{at}", "x", f"parser {at}") for at in range(5)))
    everything = await found(store, "parser")
    assert len(set(everything)) == 10
    pages = [await found(store, "parser", offset=offset, limit=3) for offset in (0, 3, 6, 9, 12)]
    assert [id_ for page in pages for id_ in page] == everything
    assert [len(page) for page in pages] == [3, 3, 3, 1, 0]


async def test_text_that_was_changed_or_removed_is_no_longer_found(store: HubStore) -> None:
    await put(store, task("t", "parser", objective="quick"), task("gone", "parser"))
    await put(store, (await stored(store, "t")).model_copy(update={"title": "lexer"}))
    await remove(store, await stored(store, "gone"))
    assert await found(store, "parser") == []
    assert await found(store, "lexer", "quick") == ["t"]
    await put(store, (await stored(store, "t")).model_copy(update={"status": "COMPLETED"}))
    assert await found(store, "lexer", "quick") == ["t"]


async def test_a_unit_that_lost_leaves_no_trace_in_the_search(store: HubStore) -> None:
    await put(store, task("t"))
    lost = await put_and_fail(store)
    assert lost
    assert await found(store, "zebra") == []


async def put_and_fail(store: HubStore) -> bool:
    try:
        await put(store, task("z", "zebra"), task("t", "zebra"))
    except Exception:
        return True
    return False


@pytest.mark.parametrize(
    "word", ["or", "not", "and", "near", "title", "1", "42", "x", "größe", "日本語", "naïve", "über", "привет", "null"]
)
async def test_odd_words_are_only_words(store: HubStore, word: str) -> None:
    await put(store, task("with", f"about {word} here"), task("without", "about that here"))
    assert await found(store, word) == ["with"]
    assert await found(store, "here", word) == ["with"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("see hub/app.py for it", ("app", "py", "hub")),
        ("version 1.5 of foo.bar", ("1", "5", "foo", "bar")),
        ("mail user@example.com now", ("user", "example", "com")),
        ("https://example.org/path/to?x=yes#end", ("path", "yes", "org", "https")),
        ("a well-known thing, isn't it", ("well", "known", "isn")),
        ("a -5 and +7e3", ("5", "7e3")),
        (
            "<b>bold</b> &amp; `code` *star* \"quoted\" 'single' (round) [square] {curly}",
            ("bold", "code", "star", "quoted", "single", "round"),
        ),
        ("call get_task_by_id() or Foo::bar", ("foo", "bar", "call")),
        ("C:\\Users\\me", ("users", "me")),
    ],
)
async def test_words_are_found_between_any_punctuation(store: HubStore, text: str, words: tuple[str, ...]) -> None:
    await put(store, task("t", "title", objective=text))
    for word in words:
        assert await found(store, word) == ["t"], word
    assert await found(store, *words) == ["t"]


async def test_a_name_with_underscores_is_found_as_it_is_written(store: HubStore) -> None:
    await put(store, task("t", "title", objective="it calls get_task_by_id twice"), task("u", "title", objective="by task and id get"))
    assert (await found(store, "get_task_by_id"))[:1] == ["t"]


@pytest.mark.parametrize(
    "piece", ["word{at} ", "\U00020000{at}-\U00020001{at}-", "{at}.{at}.", "x{at}@y{at}.com/", "漢字{at} ", "a" * 3000 + "{at} "]
)
async def test_a_text_of_any_size_and_sort_can_be_stored_and_its_beginning_found(store: HubStore, piece: str) -> None:
    long = "needle " + "".join(piece.format(at=at) for at in range(1_000_000 // len(piece)))[:999_000]
    await put(store, note("n", "title", long), task("t", "needle"))
    assert sorted(await found(store, "needle")) == ["n", "t"]
