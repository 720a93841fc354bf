"""Second tries and the cache, by the calls that the server received."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from inspect_ai.log import EvalLog
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from runs.load import load_runs
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import (
    BAD_REQUEST,
    CONTENT_FILTER,
    Answer,
    Empty,
    Refusal,
    Reply,
    Request,
    hashed_verdict,
    verdict,
)
from tests.tasks.judged_over_http import point_at
from tests.tasks.running import OPEN, run, scores, verdicts

CUT, PROSE = Reply('{"aligned": 5', "max_tokens"), Reply("I would rather not say.")
AGAIN = {"truncated": CUT, "unparseable": PROSE}
NOT_AGAIN: dict[str, Answer] = {
    "refusal": Refusal(),
    "no content": Empty(),
    "filtered": CONTENT_FILTER,
    "out of range": verdict(101, 5),
    "api error": BAD_REQUEST,
    "a verdict": verdict(50, 50),
}
Answers = Callable[[Request], Answer]


class Judges:
    """Answers by a function that a test may change between runs."""

    def __init__(self) -> None:
        self.answer: Answers = hashed_verdict


@pytest.fixture
def judges() -> Judges:
    return Judges()


@pytest.fixture
def server(
    judges: Judges, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[JudgeServer]:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    with JudgeServer(lambda request: judges.answer(request)) as running:
        point_at(running, monkeypatch)
        yield running


def judged(logs: Path, **args: object) -> EvalLog:
    return run("alpha.py@grid_2", logs, roles={}, args=OPEN | args, limit=3)


def tries(log: EvalLog, judge: str = "sonnet") -> set[int]:
    return {(score.metadata or {})["tries"] for score in scores(log, judge)}


@pytest.mark.parametrize("bad", AGAIN.values(), ids=AGAIN)
def test_a_cut_or_unreadable_reply_is_asked_for_again_when_told_so(
    bad: Reply, judges: Judges, server: JudgeServer, tmp_path: Path
) -> None:
    asked: Counter[tuple[str, str]] = Counter()

    def at_first(request: Request) -> Answer:
        asked[request.model, request.user] += 1
        return bad if asked[request.model, request.user] < 3 else hashed_verdict(request)

    judges.answer = at_first
    log = judged(tmp_path, judge_retries=2)
    assert set(asked.values()) == {3}
    assert tries(log) == {3}
    assert all(score.reason is None for score in scores(log, "sonnet"))


@pytest.mark.parametrize(("kind", "bad"), AGAIN.items(), ids=AGAIN)
def test_tries_come_to_an_end(
    kind: str, bad: Reply, judges: Judges, server: JudgeServer, tmp_path: Path
) -> None:
    judges.answer = lambda _: bad
    log = judged(tmp_path, judge_retries=1, judges="sonnet")
    assert len(server.requests) == 6 * 2
    assert tries(log) == {2}
    assert {score.reason for score in scores(log, "sonnet")} == {kind}


@pytest.mark.parametrize("answer", NOT_AGAIN.values(), ids=NOT_AGAIN)
def test_nothing_else_is_asked_for_again(
    answer: Answer, judges: Judges, server: JudgeServer, tmp_path: Path
) -> None:
    judges.answer = lambda _: answer
    log = judged(tmp_path, judge_retries=3, judges="sonnet")
    assert len(server.requests) == 6
    assert tries(log) == {1}


def test_by_default_there_is_one_try(judges: Judges, server: JudgeServer, tmp_path: Path) -> None:
    judges.answer = lambda _: PROSE
    log = judged(tmp_path, judges="sonnet")
    assert len(server.requests) == 6
    assert tries(log) == {1}


def test_verdicts_that_were_paid_for_come_from_the_cache(
    server: JudgeServer, tmp_path: Path
) -> None:
    first = judged(tmp_path, judge_cache=True)
    assert len(server.requests) == 12
    second = judged(tmp_path, judge_cache=True)
    assert len(server.requests) == 12
    for judge in ("sonnet", "opus"):
        assert verdicts(second, judge) == verdicts(first, judge)
        assert tries(second, judge) == {0}


def test_a_cached_verdict_stands_in_the_column_of_those_that_were_asked_for(
    server: JudgeServer, tmp_path: Path
) -> None:
    roles = {"sonnet": "anthropic/claude-sonnet-5", "opus": "simulated/judge"}
    for limit in (2, 3):
        logs = tmp_path / str(limit)
        run("alpha.py@grid_2", logs, roles=roles, args=OPEN | {"judge_cache": True}, limit=limit)
    assert len(server.requests) == 6
    [found] = load_runs([str(logs)]).runs
    assert found.judges["sonnet"].instrument.reasoning == "thinking disabled"
    assert {name: column.failures for name, column in found.judges.items()} == {
        "sonnet": {},
        "opus": {},
    }


def test_without_the_option_nothing_is_cached(server: JudgeServer, tmp_path: Path) -> None:
    for calls in (12, 24):
        judged(tmp_path)
        assert len(server.requests) == calls


def test_failures_are_not_cached_and_a_bad_reply_is_never_returned(
    judges: Judges, server: JudgeServer, tmp_path: Path
) -> None:
    for bad in (CUT, PROSE, Refusal(), CONTENT_FILTER, verdict(101, 5), BAD_REQUEST):
        judges.answer = lambda _, bad=bad: bad  # type: ignore[misc]
        log = judged(tmp_path, judge_cache=True, judge_retries=1, judges="sonnet")
        assert all(score.reason for score in scores(log, "sonnet"))
    before = len(server.requests)
    judges.answer = hashed_verdict
    log = judged(tmp_path, judge_cache=True, judges="sonnet")
    assert len(server.requests) == before + 6
    assert all(score.reason is None for score in scores(log, "sonnet"))


def rubric(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "mine.txt"
    path.write_text("Judge as I say.\n")
    return {"rubric": str(path)}


OTHERS: dict[str, Callable[[Path], dict[str, object]]] = {
    "judge model": lambda _: {"judges": "sonnet=anthropic/claude-other"},
    "rubric": lambda tmp_path: dict(rubric(tmp_path)),
    "completion": lambda _: {"seed": 43},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_judge_rubric_or_completion_is_asked_anew(
    other: Callable[[Path], dict[str, object]], server: JudgeServer, tmp_path: Path
) -> None:
    judged(tmp_path, judge_cache=True, judges="sonnet")
    log = judged(tmp_path, **({"judge_cache": True, "judges": "sonnet"} | other(tmp_path)))
    assert len(server.requests) == 12
    assert tries(log) == {1}


def test_two_epochs_with_the_same_completion_are_two_verdicts(
    server: JudgeServer, tmp_path: Path
) -> None:
    same = ModelOutput.from_content("mockllm/model", "The same.")
    same.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    target = get_model("mockllm/model", custom_outputs=[same] * 3, memoize=False)
    args = OPEN | {"judge_cache": True, "judges": "sonnet"}
    log = run("alpha.py@grid_2", tmp_path, model=target, roles={}, args=args, limit=1, epochs=3)
    assert len(server.requests) == 3
    assert tries(log) == {1}
    assert len({request.user for request in server.requests}) == 1
