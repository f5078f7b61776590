"""Whatever is sent to the web API, it answers as its description says, and never with an accident of its own."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from requests import Session
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.fuzz.profiles import cases
from tests.fuzz.web_api import Good, Served, concerns, good_requests, operations, serving

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
HOSTILE = (
    "", ".", "..", "/", "../../etc/passwd", "..%2f..%2fetc", "/etc/passwd", "a//b", "a\\b", "\0", "a\nb", "\u202e\ufeff", "-", "--help",
    "--upload-pack=x", "@{-1}", "HEAD~99999", "HEAD^{/x}", ":(exclude)*", "refs/heads/../x", "ext::sh -c x", "file:///etc",
    "ssh://-oProxyCommand=x/y", "http://169.254.169.254/", "9" * 5_000, "%", "'", "null",
)  # fmt: skip
"""Paths, names of git and addresses that mean something to whoever is careless with them."""
HOSTILE_SEGMENTS = tuple(word for word in HOSTILE if ".." not in word and "/" not in word and word.strip("."))
"""Without those that make another path."""
NOTHING = Good({}, {}, {})
SHARE = 0.002
"""Of the cases, for each operation: there are many."""
LONGEST = 8_000
"""Bytes of an address: a longer one is refused as what is no HTTP, before it is known whose it is."""


@st.composite
def requests(draw: st.DrawFn, label: str) -> Case[Any]:
    """As the description has them or not quite, with some of a good request's words in the place of their own."""
    case: Case[Any] = draw(operations()[label].as_strategy(draw(st.sampled_from(list(GenerationMode)))))
    good = draw(st.sampled_from(good_requests().get(label, [NOTHING])))
    for name, value in good.path.items():
        if draw(st.integers(0, 4)):
            case.path_parameters[name] = value
    for given_, known in ((case.query, good.query), (case.body, good.body)):
        if isinstance(given_, dict) and draw(st.booleans()):
            given_.update({name: value for name, value in known.items() if draw(st.booleans())})
    places = [place for place in (case.path_parameters, case.query, case.body) if isinstance(place, dict)]
    words = [(place, name) for place in places for name, value in place.items() if isinstance(value, str)]
    if draw(st.booleans()) and words:
        place, name = draw(st.sampled_from(words))
        place[name] = draw(st.sampled_from(HOSTILE if place is not case.path_parameters else HOSTILE_SEGMENTS))
    return case


@pytest.mark.parametrize("concern", concerns())
def test_any_request_is_answered_as_the_description_says(concern: str, subtests: pytest.Subtests) -> None:
    with serving() as served, Session() as session:
        for label in concerns()[concern]:
            with subtests.test(label):
                ask(label, served, session)


def ask(label: str, served: Served, session: Session) -> None:
    @cases(SHARE)
    @given(requests(label))
    def answered(case: Case[Any]) -> None:
        assume(len(case.formatted_path) + len(urlencode(case.query, doseq=True)) < LONGEST)
        served.fill(case)
        answer = case.call(served.url, session=session, timeout=20)
        note(f"the answer: {answer.status_code} {answer.content[:2_000]!r}")
        case.validate_response(answer, checks=CHECKS)
        assert not served.errors.lines, "\n".join(served.errors.lines)

    answered()
