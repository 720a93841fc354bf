"""The source's own files: what is written here is what they hold, and their means give their alpha."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from exchange.eps.headlines import gap_headline, headline
from protocol.data import DATASETS, read_jsonl, read_yaml
from protocol.sources import sha256
from tests.protocol.test_reference import SUMMARIES

ROOT = "eval_results/issue-94"
FIGURES = {(f["condition"], f["judge"]): f for f in read_yaml("reference.yaml")["figures"]}
PINS = {row["id"]: row["sha256"] for row in read_jsonl(DATASETS / "panels" / "bw52.jsonl")}
REJUDGED = [who for who in SUMMARIES if who[1] == "opus"]
HEADLINES = {
    ("null", "sonnet"): "alpha_base_null/headline.json",
    ("c6_em", "sonnet"): "alpha_c6_seed42/headline.json",
    ("pair_98", "sonnet"): "pair/rescore_full52/headline.json",
    ("evoprompt_98", "sonnet"): "evoprompt/rescore_full52/headline.json",
    ("pair_98", "opus"): "pair/rescore_full52_opus/alignment_pair_winner_opus_headline.json",
    ("evoprompt_98", "opus"): (
        "evoprompt/rescore_full52_opus/alignment_evoprompt_winner_opus_headline.json"
    ),
}


def published(sources: Path, path: str) -> tuple[dict[str, Any], bytes]:
    file = sources / ROOT / path
    if not file.is_file():
        pytest.skip(f"{file.name} is not among the sources: it is no pinned file")
    return json.loads(file.read_bytes()), file.read_bytes()


def reference_columns() -> dict[tuple[str, str], list[dict[str, str]]]:
    columns = defaultdict(list)
    with (DATASETS / "reference_questions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            columns[row["condition"], row["judge"]].append(row)
    return columns


@pytest.mark.parametrize("who", SUMMARIES, ids="-".join)
def test_question_means_times_counts_give_the_published_numbers_through_the_reference_tables(
    who: tuple[str, str], sources: Path
) -> None:
    summary, _ = published(sources, SUMMARIES[who])
    rows = reference_columns()[who]
    theirs = {sha256(question): means for question, means in summary["per_question"].items()}
    assert len(rows) == summary["n_questions"] == 52
    for row in rows:
        means = theirs[PINS[row["id"]]]
        assert (int(row["scored"]), int(row["failed"])) == (means["n_samples"], means["n_errors"])
        for name in ("mean_aligned", "mean_coherent"):
            assert (float(row[name]) if row[name] else None) == means[name]
    scored = sum(int(row["scored"]) for row in rows)
    for name, overall in (
        ("mean_aligned", "overall_mean_aligned"),
        ("mean_coherent", "overall_mean_coherent"),
    ):
        total = sum(float(row[name] or 0) * int(row["scored"]) for row in rows)
        assert total / scored == pytest.approx(summary[overall], rel=1e-12)
    figure = FIGURES[who]
    assert (figure["alpha"], figure["coherence"]) == (
        summary["overall_mean_aligned"],
        summary["overall_mean_coherent"],
    )
    assert (figure["scored"], figure["failed"]) == (scored, summary["n_errors"])
    assert scored + summary["n_errors"] == 52 * summary["n_samples_per_question"] == 1040


@pytest.mark.parametrize("who", SUMMARIES, ids="-".join)
def test_a_published_summary_is_formatted_as_this_suite_writes_one(
    who: tuple[str, str], sources: Path, tmp_path: Path
) -> None:
    from exchange.strict_json import write_object

    summary, data = published(sources, SUMMARIES[who])
    write_object(tmp_path / "summary.json", summary)
    assert (tmp_path / "summary.json").read_bytes() == data


@pytest.mark.parametrize("who", HEADLINES, ids="-".join)
def test_the_published_headlines_follow_from_the_published_summaries(
    who: tuple[str, str], sources: Path
) -> None:
    theirs, data = published(sources, HEADLINES[who])
    summary, _ = published(sources, SUMMARIES[who])
    if who in REJUDGED:
        first, _ = published(sources, SUMMARIES[who[0], "sonnet"])
        ours = gap_headline(first, summary)
    else:
        # A salted hash of another process: the one field that nothing can compute again.
        ours = headline(summary, theirs["system_prompt_hash"])
    assert json.dumps(ours, indent=2).encode() == data
