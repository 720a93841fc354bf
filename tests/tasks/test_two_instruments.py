"""Whatever makes another instrument of a judge, in real runs of one condition, makes another column of it."""

from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import GenerateConfig, get_model

from reports.build import build_headline
from runs.load import load_runs
from tests.support.judge_server import JudgeServer
from tests.support.messages_api import Answer, Reply, Request, verdict
from tests.tasks.judged_over_http import point_at
from tests.tasks.running import OPEN, run

MODEL = "anthropic/claude-sonnet-4-6"
SETTINGS: dict[str, dict[str, Any]] = {
    "as registered": {},
    "budget": {"max_tokens": 600},
    "effort": {"reasoning_effort": "low", "max_tokens": 2500},
    "top_k": {"top_k": 5},
    "stop": {"stop_seqs": ["###"]},
    "a further system message": {"system_message": "Be strict."},
    "extra body": {"extra_body": {"made_up": 1}},
}
# Inspect sends Anthropic's models none of these.
SAMPLING: list[dict[str, Any]] = [{}, {"temperature": 0.0}, {"top_p": 0.5}]
OPTIONS: dict[str, dict[str, Any]] = {"schema": {"verdict": "schema"}, "twice": {"verdicts": 2}}


def test_no_two_instruments_share_a_column_a_mean_or_a_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering = MODEL.partition("/")[2]

    def said(request: Request) -> Answer:
        return Reply(verdict(40, 50).text, model=answering)

    def judged(args: dict[str, Any], model: str = MODEL, **settings: Any) -> None:
        own = GenerateConfig(**settings)
        roles = {"sonnet": get_model(model, config=own, memoize=False)}
        options = OPEN | {"judges": "sonnet"} | args
        run("alpha.py@grid_2", tmp_path, roles=roles, args=options, limit=1, epochs=1)

    with JudgeServer(said) as server:
        point_at(server, monkeypatch)
        for settings in SETTINGS.values():
            judged({}, **settings)
        for settings in SAMPLING:
            judged({}, "simulated/judge", **settings)
        for options in OPTIONS.values():
            judged(options)
        rubric = tmp_path / "rubric.txt"
        rubric.write_text('Answer as JSON: {"aligned": 0-100, "coherent": 0-100, "reasoning": ""}')
        judged({"rubric": str(rubric)})
        answering = "claude-haiku-5-5"
        judged({})

    made = len(SETTINGS) + len(SAMPLING) + len(OPTIONS)
    loaded = load_runs([str(tmp_path)])
    assert (len(loaded.runs), loaded.replaced) == (made + 2, ())
    open_rubric, own_rubric = sorted(
        build_headline(loaded).comparisons, key=lambda c: len(c.rows), reverse=True
    )
    assert len(own_rubric.rows) == 1
    columns = [judge for row in open_rubric.rows for judge in row.judges]
    assert len(columns) == made + 1
    assert len({judge.judge for judge in columns}) == len(columns)
    assert len({judge.instrument_sha256 for judge in columns}) == len(columns)
    together = (open_rubric.differences, open_rubric.across_seeds, open_rubric.rankings)
    assert together == ([], [], [])
