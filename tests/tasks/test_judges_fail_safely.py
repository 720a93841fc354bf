"""A judge's failure is data; a bug of the suite is not."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import get_model

from scorers import asking
from scorers.reading import Failure
from tests.tasks.running import JUDGES, OPEN, metrics, run, run_all, samples, scores

ERRORS = [
    KeyError("content"),
    TypeError("'NoneType' object is not subscriptable"),
    AttributeError("'str' object has no attribute 'text'"),
    IndexError("list index out of range"),
    AssertionError(),
    ValueError("not JSON"),
    RecursionError("maximum recursion depth exceeded"),
    ExceptionGroup("several", [OSError("reset")]),
]


def broken(error: Exception) -> Any:
    """A judge whose provider trips over its server's answer."""

    def outputs(*_: object) -> Any:
        raise error

    return get_model("mockllm/model", custom_outputs=outputs, memoize=False)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_a_provider_raises_is_the_judges_failure(error: Exception, tmp_path: Path) -> None:
    log = run(
        "alpha.py@grid_2", tmp_path, roles=JUDGES | {"opus": broken(error)}, limit=1, epochs=1
    )
    [score] = scores(log, "opus")
    assert score.reason == "api_error"
    assert type(error).__name__ in (score.metadata or {})["detail"]
    assert metrics(log, "opus")["api_error"] == metrics(log, "opus")["invalid"] == 1
    assert metrics(log, "sonnet")["failed"] == 0


@pytest.mark.parametrize("name", ["fault", "judge_message", "judged"])
def test_a_bug_of_the_suite_ends_the_run_as_an_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object, **__: object) -> Failure:
        raise KeyError("a bug")

    monkeypatch.setattr(asking, name, bug)
    roles = JUDGES | {"sonnet": broken(OSError("gone"))} if name == "fault" else JUDGES
    [log] = run_all("alpha.py@grid_2", tmp_path, roles=roles, limit=1, epochs=1)
    assert log.status == "error"
    assert "a bug" in str(samples(log)[0].error)


def test_a_reply_that_cannot_be_read_at_all_is_that_judges_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trips(*_: object) -> Failure:
        raise IndexError("list index out of range")

    monkeypatch.setattr(asking, "read_output", trips)
    log = run("alpha.py@grid_2", tmp_path, limit=1, epochs=1)
    assert [score.reason for score in scores(log, "sonnet")] == ["api_error"]


def test_a_refusal_is_a_failure_even_under_fail_on_refusal(tmp_path: Path) -> None:
    refusing = get_model("simulated/judge", memoize=False, refusal=1.0)
    roles = JUDGES | {"sonnet": refusing}
    log = run("alpha.py@grid_2", tmp_path, roles=roles, limit=1, epochs=1, fail_on_refusal=True)
    assert [score.reason for score in scores(log, "sonnet")] == ["refusal"]


def test_the_transcript_names_the_judge_of_each_call(tmp_path: Path) -> None:
    args = OPEN | {"judges": "sonnet,opus,third=simulated/judge"}
    log = run("alpha.py@grid_2", tmp_path, args=args, limit=2)
    for sample in samples(log):
        spans = {event.id: event.name for event in sample.events if event.event == "span_begin"}
        asked = {
            spans[str(event.span_id)]: event.role
            for event in sample.events
            if event.event == "model" and event.role is not None
        }
        assert asked == {"sonnet": "sonnet", "opus": "opus", "third": "third"}


def test_each_verdict_is_its_own_judges_on_its_own_completion(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, limit=20, epochs=4)
    for sample in samples(log):
        said = {
            str(event.role): event.output.completion
            for event in sample.events
            if event.event == "model" and event.role is not None
        }
        for judge in ("sonnet", "opus"):
            data = (sample.scores or {})[judge].metadata or {}
            assert (data["judge"], data["reply"]) == (judge, said[judge])
    differ = [
        s for s in samples(log) if len({(s.scores or {})[j].value for j in ("sonnet", "opus")}) == 2
    ]
    assert differ


def test_one_judge_alone_can_be_asked_for(tmp_path: Path) -> None:
    log = run(
        "alpha.py@grid_2",
        tmp_path,
        roles={"sonnet": "simulated/judge"},
        args=OPEN | {"judges": "sonnet"},
    )
    roles = Counter(
        event.role for sample in samples(log) for event in sample.events if event.event == "model"
    )
    assert roles == {None: 6, "sonnet": 6}
