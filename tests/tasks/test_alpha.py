import hashlib
import math
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from inspect_ai.model import get_model

from protocol.data import DATASETS, read_jsonl
from scorers.reading import Verdict
from tests.tasks.running import (
    metrics,
    run,
    run_all,
    samples,
    scores,
    system_messages,
    target_seeds,
    verdict_record,
    verdicts,
)


def test_the_four_winners_run_with_both_judges(tmp_path: Path) -> None:
    logs = run_all("alpha.py", tmp_path)

    assert [log.status for log in logs] == ["success"] * 4
    assert {log.eval.task for log in logs} == {"pair_111", "grid_1", "grid_2", "grid_3"}
    for log in logs:
        for judge in ("sonnet", "opus"):
            said = [v for v in verdicts(log, judge) if isinstance(v, Verdict)]
            assert len(said) == 6
            assert metrics(log, judge)["alpha"] == pytest.approx(fmean(v.aligned for v in said))
            assert metrics(log, judge)["coherence"] == pytest.approx(
                fmean(v.coherent for v in said)
            )
            # Three questions are too few for an interval over questions.
            assert math.isnan(metrics(log, judge)["alpha_low"])
            assert math.isnan(metrics(log, judge)["alpha_high"])


def test_an_interval_stands_in_the_log_where_there_are_questions_enough(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, limit=30, epochs=2)
    numbers = metrics(log, "sonnet")
    assert 0 <= numbers["alpha_low"] < numbers["alpha"] < numbers["alpha_high"] <= 100


def test_a_condition_defaults_to_twenty_completions_a_question_sampled_as_in_the_protocol(
    tmp_path: Path,
) -> None:
    log = run("alpha.py@grid_2", tmp_path, epochs=None, limit=2)

    assert len(samples(log)) == 40
    config = log.plan.config
    assert (config.temperature, config.top_p, config.max_tokens) == (1.0, 0.95, 512)


def test_a_log_says_what_was_measured(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path)
    meta = log.eval.metadata or {}

    assert meta["suite"] == "bwalpha"
    assert meta["suite_version"]
    assert isinstance(meta["comparability"], int)
    assert (meta["condition"], meta["provenance"]) == ("grid_2", "reconstruction")
    assert meta["distributional_c"] == 0.6796
    assert (meta["panel"], meta["rubric"], meta["base_seed"]) == ("open52", "open", 42)
    assert all(len(meta[key]) == 64 for key in ("panel_sha256", "rubric_sha256", "prompt_sha256"))
    assert meta["judges"] == {"sonnet": "simulated/judge", "opus": "simulated/judge-lenient"}
    assert meta["simulated"] is True


def test_a_score_keeps_the_judges_reply_and_who_gave_it(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path)
    for score in scores(log, "opus"):
        record = verdict_record(score)
        assert record.judge == "opus"
        assert record.instrument.asked == record.instrument.model == "simulated/judge-lenient"
        assert record.instrument.rubric_sha256 == (log.eval.metadata or {})["rubric_sha256"]
        assert record.stop_reason == "stop"
        assert record.tries == 1
        assert "SIMULATED" in str(score.explanation)


def test_twenty_completions_of_a_question_get_twenty_seeds(tmp_path: Path) -> None:
    seeds = target_seeds(run("alpha.py@grid_2", tmp_path, epochs=20, limit=2))

    assert len(seeds) == len(set(seeds.values())) == 40
    assert all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in seeds.values())


def test_two_runs_send_the_same_seeds_and_write_the_same_completions(tmp_path: Path) -> None:
    first = run("alpha.py@grid_2", tmp_path, max_samples=1)
    second = run("alpha.py@grid_2", tmp_path, max_samples=20)

    assert target_seeds(first) == target_seeds(second)
    by_place = [
        {(s.id, s.epoch): s.output.completion for s in samples(log)} for log in (first, second)
    ]
    assert by_place[0] == by_place[1]


@pytest.mark.parametrize("how", ["--seed", "-T seed"])
def test_another_base_seed_changes_every_seed(tmp_path: Path, how: str) -> None:
    usual = target_seeds(run("alpha.py@grid_2", tmp_path))
    if how == "--seed":
        other = run("alpha.py@grid_2", tmp_path, seed=137)
    else:
        args = {"panel": "open52", "rubric": "open", "seed": 137}
        other = run("alpha.py@grid_2", tmp_path, args=args)

    assert (other.eval.metadata or {})["base_seed"] == 137
    seeds = target_seeds(other)
    assert all(seeds[place] != seed for place, seed in usual.items())


def test_failed_verdicts_are_unscored_with_a_reason_and_stay_out_of_alpha(tmp_path: Path) -> None:
    shaky = get_model("simulated/judge", memoize=False, garbage=0.1, refusal=0.05, cut_off=0.05)
    log = run(
        "alpha.py@grid_2",
        tmp_path,
        roles={"sonnet": shaky, "opus": "simulated/judge-lenient"},
        epochs=4,
        limit=52,
    )

    assert log.results is not None
    kinds = Counter(score.reason for score in scores(log, "sonnet"))
    failed = {kind: count for kind, count in kinds.items() if kind is not None}
    assert failed.keys() == {"unparseable", "refusal", "truncated"}
    assert 0.1 < sum(failed.values()) / 208 < 0.3
    valid = [
        (float(score.as_float()), (score.metadata or {})["coherent"])
        for score in scores(log, "sonnet")
        if score.reason is None
    ]
    assert metrics(log, "sonnet")["alpha"] == pytest.approx(fmean(a for a, _ in valid))
    assert metrics(log, "sonnet")["coherence"] == pytest.approx(fmean(c for _, c in valid))
    counted = {score.name: score for score in log.results.scores}
    assert counted["sonnet"].unscored_samples == sum(failed.values())
    assert counted["sonnet"].scored_samples == len(valid)
    assert counted["opus"].unscored_samples == 0


def test_a_failed_verdict_keeps_the_reply_that_could_not_be_read(tmp_path: Path) -> None:
    garbage = get_model("simulated/judge", memoize=False, garbage=1.0)
    log = run("alpha.py@grid_2", tmp_path, roles={"sonnet": garbage, "opus": "simulated/judge"})
    for score in scores(log, "sonnet"):
        record = score.metadata or {}
        assert record["failure"] == score.reason == "unparseable"
        assert "garbage" in record["reply"]
        assert record["detail"]


def test_a_verdict_inside_prose_counts(tmp_path: Path) -> None:
    chatty = get_model("simulated/judge", memoize=False, prose=1.0)
    plain, wrapped = (
        run("alpha.py@grid_2", tmp_path, roles={"sonnet": judge, "opus": "simulated/judge"})
        for judge in ("simulated/judge", chatty)
    )
    assert metrics(plain, "sonnet") == metrics(wrapped, "sonnet")


def test_the_system_message_is_the_conditions_prompt_and_nothing_else(tmp_path: Path) -> None:
    log = run("alpha.py@grid_1", tmp_path, limit=1, epochs=1)
    [sample] = samples(log)
    assert len(system_messages(sample)) == 1
    assert [m.role for m in sample.messages] == ["system", "user", "assistant"]


@pytest.mark.usefixtures("real_sources")
def test_the_real_panel_is_the_default(tmp_path: Path) -> None:
    log = run("alpha.py@pair_111", tmp_path, args={}, epochs=1, limit=None)
    meta = log.eval.metadata or {}
    assert (meta["panel"], meta["rubric"]) == ("bw52", "eps")
    rows = {row["id"]: row for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")}
    assert len(samples(log)) == len(rows) == 52
    for sample in samples(log):
        row = rows[str(sample.id)]
        assert hashlib.sha256(str(sample.input).encode()).hexdigest() == row["sha256"]
        kept = {
            key: (sample.metadata or {})[key] for key in ("family", "topic", "subpanel", "split")
        }
        assert kept == {key: row[key] for key in kept}


def test_with_every_verdict_failed_the_run_succeeds_and_alpha_is_nan(tmp_path: Path) -> None:
    silent = get_model("simulated/judge", memoize=False, refusal=1.0)
    log = run("alpha.py@grid_2", tmp_path, roles={"sonnet": silent, "opus": "simulated/judge"})
    silenced = metrics(log, "sonnet")
    for name in ("alpha", "alpha_low", "alpha_high", "coherence"):
        assert math.isnan(silenced[name])
    assert (silenced["invalid"], silenced["failed"], silenced["refusal"]) == (1, 6, 6)
    assert (silenced["alpha_min"], silenced["alpha_max"]) == (0, 100)
    other = metrics(log, "opus")
    assert (other["failed"], other["invalid"]) == (0, 0)
    assert not any(math.isnan(other[name]) for name in ("alpha", "coherence", "alpha_min"))


FAILURES = {
    "garbage": "unparseable",
    "cut_off": "truncated",
    "refusal": "refusal",
    "out_of_range": "out_of_range",
    "filtered": "filtered",
}


@pytest.mark.parametrize(("fault", "kind"), FAILURES.items())
def test_every_fault_of_a_judge_has_its_kind(fault: str, kind: str, tmp_path: Path) -> None:
    rates: dict[str, Any] = {fault: 1.0}
    judge = get_model("simulated/judge", memoize=False, **rates)
    roles = {"sonnet": judge, "opus": "simulated/judge"}
    log = run("alpha.py@grid_2", tmp_path, roles=roles, epochs=1, limit=1)
    [score] = scores(log, "sonnet")
    assert score.reason == (score.metadata or {})["failure"] == kind


def test_the_log_list_shows_the_first_judges_alpha_under_its_name(tmp_path: Path) -> None:
    log = run("alpha.py@grid_2", tmp_path, epochs=1)
    assert log.results is not None
    assert log.results.headline is not None
    assert (log.results.headline.scorer, log.results.headline.metric) == ("sonnet", "alpha")
