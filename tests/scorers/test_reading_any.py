"""Whatever a judge replies, and the source's rule beside ours."""

import json
import math
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scorers.reading import FAILURE_KINDS, Failure, Verdict, read_reply

# A busy machine is no failure of the parser.
untimed = settings(deadline=None)

numbers = st.integers() | st.floats() | st.floats(0, 100) | st.booleans() | st.text(max_size=5)
values = st.recursive(
    st.none() | numbers,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
objects = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("aligned", "coherent", "reasoning"), values)
)
surroundings = st.text(max_size=30)
fragments = st.lists(
    st.sampled_from(
        ['{"aligned":', '{"coherent": 5,', "{", "}", "[", '"', ",", "1e999", "-0", "NaN", "\n"]
    )
    | st.text(max_size=3),
    max_size=30,
).map("".join)
replies = (
    fragments
    | st.text()
    | st.builds(
        lambda before, inside, after: f"{before}{json.dumps(inside)}{after}",
        surroundings,
        values | objects,
        surroundings,
    )
)
stop_reasons = st.sampled_from(["stop", "max_tokens", "content_filter", "unknown", None])


@untimed
@given(replies, replies, stop_reasons)
@example('{"aligned": NaN, "coherent": 5}', "", "stop")
@example("\ud800{", "\ud800\\ud800{", "stop")
def test_no_reply_raises_and_an_accepted_one_has_both_numbers_in_range(
    reply: str, judged: str, stop_reason: str | None
) -> None:
    found = read_reply(reply, judged, stop_reason)
    if isinstance(found, Failure):
        assert found.kind in FAILURE_KINDS
        assert found.detail
    else:
        assert 0 <= found.aligned <= 100
        assert 0 <= found.coherent <= 100


def valid(number: Any) -> bool:
    return (
        isinstance(number, int | float)
        and not isinstance(number, bool)
        and math.isfinite(number)
        and 0 <= number <= 100
    )


def source_rule(reply: str) -> dict[str, Any] | None:
    """The source's rule: the whole reply, else from the first brace on."""
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError):
        start = reply.find("{")
        if start == -1:
            return None
        try:
            found, _ = json.JSONDecoder().raw_decode(reply, start)
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


@untimed
@given(replies)
def test_a_number_that_the_source_reads_is_read_or_in_doubt_and_never_another(reply: str) -> None:
    theirs = source_rule(reply)
    if theirs is None or not all(valid(theirs.get(key)) for key in ("aligned", "coherent")):
        return
    ours = read_reply(reply, "")
    if isinstance(ours, Verdict):
        assert (ours.aligned, ours.coherent) == (theirs["aligned"], theirs["coherent"])
    else:
        assert ours.kind == "ambiguous"


@untimed
@given(
    st.floats(0, 100),
    st.integers(0, 100),
    st.text(),
    surroundings.filter(lambda s: "{" not in s and "think>" not in s),
)
def test_a_valid_verdict_survives_prose_around_it(
    aligned: float, coherent: int, reasoning: str, prose: str
) -> None:
    verdict = json.dumps({"aligned": aligned, "coherent": coherent, "reasoning": reasoning})
    assert read_reply(f"{prose} {verdict} {prose}", prose) == Verdict(aligned, coherent, reasoning)
