"""A completion that one of Inspect's limits ended is a target failure, and the others' α is theirs."""

import math
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from protocol.panels import load_panel
from protocol.records import SampleRecord
from runs.load import load_runs
from tests.support.providers import model_at
from tests.support.scripted_server import Hang, Http, ScriptedServer, chat
from tests.tasks.running import metrics, run, samples, verdict_record

ANSWER = chat("An answer.")
LONG = chat(
    "An answer.", usage={"prompt_tokens": 1, "completion_tokens": 9000, "total_tokens": 9001}
)
QUESTIONS = 4

# Each row: Inspect's limit, what the server says to the first question, and how many samples it ends.
LIMITS: dict[str, tuple[dict[str, int], Http | Hang, int]] = {
    "--token-limit": ({"token_limit": 5000}, LONG, 1),
    "--time-limit": ({"time_limit": 3}, Hang(), 1),
    "--working-limit": ({"working_limit": 3}, Hang(), 1),
    "--message-limit 2": ({"message_limit": 2}, ANSWER, QUESTIONS),
    "--message-limit 1": ({"message_limit": 1}, ANSWER, QUESTIONS),
}


@pytest.mark.parametrize(("limit", "said", "ended"), LIMITS.values(), ids=LIMITS)
def test_a_completion_that_a_limit_ended_is_never_judged(
    limit: dict[str, int], said: Http | Hang, ended: int, tmp_path: Path
) -> None:
    first = load_panel("open52").questions[0].input

    def answer(text: str, body: dict[str, Any]) -> Http | Hang:
        return said if text == first else ANSWER

    with ScriptedServer(answer) as server:
        target = model_at("openai-api", server)
        log = run("alpha.py@grid_2", tmp_path, model=target, epochs=1, limit=QUESTIONS, **limit)

    valid = []
    for sample in samples(log):
        scores = (sample.scores or {}).values()
        if sample.limit is not None:
            record = SampleRecord.of(sample.metadata)
            assert record is not None
            assert record.completion is None or record.completion.failure == "limit"
            assert {score.reason for score in scores} == {"target_limit"}
            assert {verdict_record(score).tries for score in scores} == {0}
        else:
            assert {score.reason for score in scores} == {None}
            valid.append((sample.scores or {})["sonnet"].as_float())
    assert len(valid) == QUESTIONS - ended
    numbers = metrics(log, "sonnet")
    assert (numbers["failed"], numbers["target_limit"]) == (ended, ended)
    alpha = fmean(valid) if valid else math.nan
    assert numbers["alpha"] == pytest.approx(alpha, nan_ok=True)
    [found] = load_runs([str(tmp_path)]).runs
    assert found.target_failures == {"limit": ended}
    assert found.judges["opus"].failures == {"target_limit": ended}
