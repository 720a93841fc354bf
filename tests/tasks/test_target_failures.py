from collections.abc import Iterator
from pathlib import Path

import pytest
from inspect_ai import eval_retry
from inspect_ai.log import EvalLog

from tests.support.judge_server import JudgeServer
from tests.support.messages_api import BAD_REQUEST, Answer, Reply, Request
from tests.tasks.running import run_all, samples

EPOCHS, QUESTIONS = 2, 4


class Target:
    """A target that refuses one question's requests until it is mended."""

    def __init__(self) -> None:
        self.broken = True
        self.asked: list[str] = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request.user)
        if self.broken and request.user == self.asked[0]:
            return BAD_REQUEST
        return Reply(f"An answer to: {request.user}")


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def server(target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    with JudgeServer(target.answer) as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield running


def finished(log: EvalLog) -> int:
    return sum(sample.error is None for sample in samples(log))


def test_a_target_that_fails_on_one_question_costs_no_other_completion(
    target: Target, server: JudgeServer, tmp_path: Path
) -> None:
    [log] = run_all(
        "alpha.py@grid_2",
        tmp_path,
        model="anthropic/claude-target",
        epochs=EPOCHS,
        limit=QUESTIONS,
    )
    assert log.status == "error"
    assert finished(log) == EPOCHS * (QUESTIONS - 1)

    target.broken, before = False, len(target.asked)
    [again] = eval_retry(log, log_dir=str(tmp_path), display="none", log_realtime=False)

    assert again.status == "success"
    assert finished(again) == EPOCHS * QUESTIONS
    assert target.asked[before:] == [target.asked[0]] * EPOCHS
