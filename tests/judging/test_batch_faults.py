"""What batches do wrong, as a table: what each costs, and what of it the same command puts right."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from judging.calls import JudgingError
from tests.judging.providing import LIMITS, REQUESTS, FaultServer, ask, good, kinds, once

PROVIDERS = pytest.mark.parametrize("provider", ["anthropic", "openai"])
ALL = len(REQUESTS)


@dataclass(frozen=True)
class Case:
    """A fault, and what comes of it.

    Attributes:
        faults: For each point at the provider, its faults one after the other.
        failed: The failures' kinds after the first command.
        batches: The batches created by the first command.
        later: The failures' kinds after the same command once more.
        again: The batches that `again` adds, after which no failure is left.
    """

    faults: dict[str, list[Any]]
    failed: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=lambda: [ALL])
    later: list[str] = field(default_factory=list)
    again: list[int] = field(default_factory=list)


def thrice(fault: str) -> dict[str, list[Any]]:
    return {"results": [fault] * LIMITS.fetches}


UNAVAILABLE = {"status": 503}
BUSY = {"status": 429, "headers": {"retry-after": "0.01"}}
CASES = {
    "nothing": Case({}),
    "an id missing once": Case({"results": ["missing"]}),
    "an id missing for long, there later": Case(thrice("missing"), ["missing"]),
    "an id missing for ever": Case({"results": ["missing"] * 9}, ["missing"], later=["missing"], again=[1]),
    "cut once": Case({"results": ["cut"]}),
    "cut for ever": Case({"results": ["cut"] * 9}, ["missing"] * 3, later=["missing"] * 3, again=[3]),
    "empty once": Case({"results": ["empty"]}),
    "empty for long": Case(thrice("empty"), ["missing"] * ALL),
    "a broken line once": Case({"results": ["broken_line"]}),
    "a broken line for long": Case(thrice("broken_line"), ["missing"]),
    "lines that are no results": Case({"results": ["not_json"]}),
    "an entry that is none of ours": Case({"results": ["unknown_entry"]}),
    "an entry without an id": Case({"results": ["no_id"]}),
    "an entry of a new type": Case(thrice("unknown_type"), ["missing"]),
    "a reply that is none": Case(thrice("malformed"), ["missing"]),
    "two results for one id": Case({"results": ["twice"]}),
    "a failure and a good result for one id": Case({"results": ["failed_and_good"]}),
    "an entry failed": Case({"results": ["errored"]}, ["api_error"], later=["api_error"], again=[1]),
    "an entry expired": Case({"results": ["expired"]}, ["expired"], later=["expired"], again=[1]),
    "an entry cancelled": Case({"results": ["cancelled"]}, ["cancelled"], later=["cancelled"], again=[1]),
    "results out of reach once": Case({"results": ["drop_before", BUSY]}),
    "looks out of reach for a while": Case({"look": [UNAVAILABLE, "drop_before", "drop_after", BUSY]}),
    "dropped before it was created": Case({"create": ["drop_before"]}),
    "dropped after it was created": Case({"create": ["drop_after"]}),
    "an error after it was not created": Case({"create": [UNAVAILABLE]}),
    "too many batches at first": Case({"create": [BUSY]}),
    "dropped twice, created the second time": Case({"create": ["drop_before", "drop_after"]}),
    "gone at the provider": Case(
        {"look": [{"status": 404}] * 3}, ["missing"] * ALL, later=["missing"] * ALL, again=[ALL]
    ),
}  # fmt: skip
OPENAI_CASES = {
    "the batch expired": Case({"look": ["expired"]}, ["expired"], later=["expired"], again=[1]),
    "the batch was cancelled": Case(
        {"look": ["cancelled"]}, ["cancelled"], later=["cancelled"], again=[1]
    ),
    "upload out of reach": Case({"upload": ["drop_after", UNAVAILABLE]}),
}
TABLE = [(provider, name) for name in CASES for provider in ("anthropic", "openai")]
TABLE += [("openai", name) for name in OPENAI_CASES]


@pytest.mark.parametrize(("provider", "name"), TABLE)
def test_a_fault_costs_what_it_must_and_no_more(
    provider: str, name: str, server: FaultServer, tmp_path: Path
) -> None:
    case = (CASES | OPENAI_CASES)[name]
    server.tell(faults=case.faults)

    replies = ask(server, provider, tmp_path, batch=True)
    assert kinds(replies) == case.failed
    assert sum(good(replies)) == ALL - len(case.failed)
    assert server.batches == case.batches
    assert server.judged == once()
    for reply in replies:
        if reply.failure and reply.failure.kind != "waiting":
            assert "--again" in reply.failure.detail

    replies = ask(server, provider, tmp_path, batch=True)
    assert kinds(replies) == case.later
    assert server.batches == case.batches

    replies = ask(server, provider, tmp_path, batch=True, again=True)
    assert all(good(replies))
    assert server.batches == [*case.batches, *case.again]


@PROVIDERS
def test_what_a_filter_blocks_is_an_answer(
    provider: str, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={"results": ["filtered"]})
    replies = ask(server, provider, tmp_path, batch=True)

    assert [reply.output.stop_reason for reply in replies if reply.output] == [
        *["stop"] * (ALL - 1),
        "content_filter",
    ]


@PROVIDERS
@pytest.mark.parametrize(
    ("point", "status", "says"),
    [
        ("create", 401, "key"),
        ("create", 404, "name"),
        ("look", 401, "key"),
        ("results", 403, "key"),
    ],
)
def test_what_fails_for_every_call_stops_with_what_to_do(
    provider: str, point: str, status: int, says: str, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={point: [{"status": status}]})
    with pytest.raises(JudgingError, match=f"{status}.*{says}"):
        ask(server, provider, tmp_path, batch=True)

    assert all(good(ask(server, provider, tmp_path, batch=True)))
    assert server.judged == once()


@PROVIDERS
@pytest.mark.parametrize("point", ["create", "look"])
def test_a_pause_of_a_day_is_not_waited_for(
    provider: str, point: str, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={point: [{"status": 429, "headers": {"retry-after": "86400"}}]})
    with pytest.raises(JudgingError, match="wait 86400 s"):
        ask(server, provider, tmp_path, batch=True)

    assert all(good(ask(server, provider, tmp_path, batch=True)))
    assert server.judged == once()


@PROVIDERS
def test_a_batch_that_does_not_end_in_25_hours_is_called_so(
    provider: str, server: FaultServer, tmp_path: Path
) -> None:
    server.tell(age_hours=26, looks=1000)
    for _ in range(2):
        replies = ask(server, provider, tmp_path, batch=True)
        assert kinds(replies) == ["waiting"] * ALL
        assert all("25 hours" in r.failure.detail for r in replies if r.failure)

    assert server.batches == [ALL]


def test_a_batch_that_is_refused_whole_is_called_so(server: FaultServer, tmp_path: Path) -> None:
    server.tell(faults={"look": ["failed"]})
    with pytest.raises(JudgingError, match="not to our liking"):
        ask(server, "openai", tmp_path, batch=True)

    assert all(good(ask(server, "openai", tmp_path, batch=True)))


def test_a_batch_of_the_same_size_is_not_taken_for_ours(
    server: FaultServer, tmp_path: Path
) -> None:
    server.tell(faults={"create": ["drop_after"], "list": [None, "stranger"]})
    replies = ask(server, "anthropic", tmp_path, batch=True)

    assert all(good(replies))
    assert server.judged == once()
    assert server.batches == [ALL, ALL]


def test_a_batch_of_the_same_size_where_ours_was_never_made(
    server: FaultServer, tmp_path: Path
) -> None:
    other = [request.__class__(f"o{request.id}", "Other.", request.user) for request in REQUESTS]
    ask(server, "anthropic", tmp_path / "other", batch=True, requests=other)
    server.tell(faults={"create": ["drop_before"], "list": [None, "stranger"]})
    replies = ask(server, "anthropic", tmp_path, batch=True)

    assert all(good(replies))
    assert server.batches == [ALL] * 3


@PROVIDERS
@pytest.mark.parametrize(
    ("limits", "sizes"),
    [({"batch_requests": 4}, [4, 2]), ({"batch_bytes": 1000}, None)],
    ids=["by number", "by size"],
)
def test_what_a_batch_cannot_take_is_split(
    provider: str,
    limits: dict[str, int],
    sizes: list[int] | None,
    server: FaultServer,
    tmp_path: Path,
) -> None:
    from dataclasses import replace

    replies = ask(server, provider, tmp_path, batch=True, limits=replace(LIMITS, **limits))

    assert all(good(replies))
    assert server.judged == once()
    if sizes:
        assert server.batches == sizes
    else:
        assert 1 < len(server.batches) < ALL
