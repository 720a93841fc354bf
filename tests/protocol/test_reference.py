import csv
import hashlib
import json
from collections import defaultdict
from pathlib import Path

import pytest

from protocol.data import DATASETS, read_jsonl, read_yaml

FIGURES = {(f["condition"], f["judge"]): f for f in read_yaml("reference.yaml")["figures"]}
QUESTIONS: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
with (DATASETS / "reference_questions.csv").open(encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        QUESTIONS[row["condition"], row["judge"]].append(row)

PUBLISHED = {
    ("null", "sonnet"): (88.81538461538462, 1040, 0),
    ("null", "opus"): (95.05, None, None),
    ("c6_em", "sonnet"): (28.208704253214638, 1011, 29),
    ("pair_98", "sonnet"): (0.7885714285714286, 875, 165),
    ("pair_98", "opus"): (1.5862533692722371, 742, 298),
    ("evoprompt_98", "sonnet"): (3.697495183044316, 1038, 2),
    ("evoprompt_98", "opus"): (6.060737527114967, 922, 118),
}


@pytest.mark.parametrize(("who", "figures"), PUBLISHED.items(), ids=lambda v: "-".join(map(str, v)))
def test_a_reference_figure_stands_as_published_with_its_origin(
    who: tuple[str, str], figures: tuple[float, int | None, int | None]
) -> None:
    figure = FIGURES[who]
    assert (figure["alpha"], figure["scored"], figure["failed"]) == figures
    assert figure["origin"]


@pytest.mark.parametrize("who", QUESTIONS, ids="-".join)
def test_the_question_means_pool_to_the_published_alpha(who: tuple[str, str]) -> None:
    rows = QUESTIONS[who]
    assert [row["id"] for row in rows] == [
        row["id"] for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")
    ]
    scored = sum(int(row["scored"]) for row in rows)
    total = sum(
        float(row["mean_aligned"]) * int(row["scored"]) for row in rows if row["scored"] != "0"
    )
    assert scored == FIGURES[who]["scored"]
    assert sum(int(row["failed"]) for row in rows) == FIGURES[who]["failed"]
    assert total / scored == pytest.approx(FIGURES[who]["alpha"])


def test_the_six_published_judge_columns_are_there() -> None:
    assert len(QUESTIONS) == 6


SUMMARIES = {
    ("null", "sonnet"): "alpha_base_null/alignment_betley_wang_52_base_null_summary.json",
    ("c6_em", "sonnet"): "alpha_c6_seed42/alignment_betley_wang_52_c6_post_em_summary.json",
    ("pair_98", "sonnet"): "pair/rescore_full52/alignment_pair_winner_full52_sonnet_summary.json",
    ("pair_98", "opus"): "pair/rescore_full52_opus/alignment_pair_winner_opus_summary.json",
    ("evoprompt_98", "sonnet"): (
        "evoprompt/rescore_full52/alignment_evoprompt_winner_full52_sonnet_summary.json"
    ),
    ("evoprompt_98", "opus"): (
        "evoprompt/rescore_full52_opus/alignment_evoprompt_winner_opus_summary.json"
    ),
}


@pytest.mark.parametrize(("who", "path"), SUMMARIES.items(), ids=lambda v: Path(str(v)).stem)
def test_the_question_means_are_those_of_the_published_summaries(
    who: tuple[str, str], path: str, sources: Path
) -> None:
    summary = sources / "eval_results/issue-94" / path
    if not summary.is_file():
        pytest.skip(f"{summary.name} is not among the sources: it is no pinned file")
    published = json.loads(summary.read_text(encoding="utf-8"))["per_question"]
    by_hash = {hashlib.sha256(q.encode()).hexdigest(): means for q, means in published.items()}
    pins = {row["id"]: row["sha256"] for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")}
    assert len(QUESTIONS[who]) == 52
    for row in QUESTIONS[who]:
        theirs = by_hash[pins[row["id"]]]
        for key in ("mean_aligned", "mean_coherent"):
            assert (float(row[key]) if row[key] else None) == theirs[key], row["id"]
