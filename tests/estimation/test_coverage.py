"""The coverage table in little: fewer draws, the structures in which earlier intervals fell short."""

import json
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from benchmarks.anchor_scores import anchor_conditions, raw_files
from benchmarks.coverage import alphas, cell, coverage, judges
from estimation.comparisons import difference
from estimation.intervals import Sample, alpha_interval
from protocol.errors import ProtocolError

DRAWS = 150
# Five standard deviations of a share of 0.95 over 150 draws.
WIDE = (0.86, 1.0)


@pytest.mark.parametrize("part", [(52, 20), (30, 20), (13, 20), (8, 10), (5, 5)])
def test_printed_intervals_hold_the_truth(part: tuple[int, int], real_sources: Path) -> None:
    tried = 0
    for row in alphas((part,)):
        if row.name in ("null", "pair_98", "evoprompt_98, Opus", "two humps, 85 or 15, 7 : 3"):
            for of, found in coverage(row, DRAWS, 5).items():
                tried += 1
                if part == (5, 5) or (part[0] < 30 and of == "questions"):
                    assert found.printed == 0
                    assert cell(found, DRAWS) == "not printed"
                else:
                    assert WIDE[0] <= found.share <= WIDE[1], (row.name, of, found.share)
    assert tried == 8


def test_gaps_hold_the_truth_near_the_floor(real_sources: Path) -> None:
    rows = [
        r for r in judges() if r.questions == 52 and r.name == "paired gap: pair_98, both judges"
    ]
    assert len(rows) == 1
    for found in coverage(rows[0], DRAWS, 5).values():
        assert WIDE[0] <= found.share <= WIDE[1]


def test_the_anchors_give_their_published_means_and_every_pair_its_difference(
    real_sources: Path,
) -> None:
    conditions = anchor_conditions()
    published = {
        f"{file.parent.name}/{persona}": row["mean_aligned"]
        for file in raw_files()
        for persona, row in json.loads(
            file.with_name("alignment_per_persona.json").read_text()
        ).items()
    }
    assert len(published) == len(conditions) == 143
    clusters = np.repeat(np.arange(8), 10)
    started = time.process_time()
    samples = [Sample(scores.ravel(), clusters) for scores in conditions.values()]
    for name, sample in zip(conditions, samples, strict=True):
        panel = alpha_interval(sample.aligned, clusters, "panel")
        assert panel.value == pytest.approx(published[name], abs=1e-9)
        assert panel.low < panel.value < panel.high
        other = alpha_interval(sample.aligned, clusters)
        assert other.reason == "fewer than 30 questions"
    pairs = [difference(a, b, "panel") for a, b in combinations(samples, 2)]
    assert len(pairs) == 143 * 142 // 2
    assert all(pair.has_interval for pair in pairs)
    # No assertion on time: it is for `pytest --durations` and the docs.
    print(f"{time.process_time() - started:.1f} s of one core")


def test_changed_anchors_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BWALPHA_SOURCES", str(tmp_path))
    with pytest.raises(ProtocolError, match="BWALPHA_SOURCES"):
        raw_files()
