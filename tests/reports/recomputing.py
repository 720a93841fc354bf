"""The report's numbers, condition by condition, from Inspect's logs and `plain_statistics` alone."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from inspect_ai.log import read_eval_log
from scipy import stats

from tests.reports.plain_statistics import (
    Key,
    Numbers,
    Scores,
    both,
    degrees,
    error_and_df,
    estimate,
    known,
    krippendorff,
    mean,
    p_value,
    pearson,
    quantile,
    question_means,
    ranks,
    sarle,
)


@dataclass
class Column:
    """One judge's verdicts by question and epoch, a failed one None."""

    judge: str
    aligned: Scores = field(default_factory=dict)
    coherent: Scores = field(default_factory=dict)
    kinds: dict[Key, str | None] = field(default_factory=dict)
    replaced: int = 0

    @property
    def failures(self) -> Counter[str]:
        return Counter(kind for kind in self.kinds.values() if kind is not None)

    @property
    def invalid(self) -> bool:
        return sum(self.failures.values()) / len(self.aligned) > 0.2


@dataclass
class Made:
    """What one log holds."""

    condition: str
    seed: int | None
    target: str
    panel: str
    facts: dict[str, dict[str, str]]
    characters: dict[Key, int]
    texts: dict[Key, str]
    columns: dict[str, Column]


def read(path: Path) -> Made:
    """A log, every judge's last verdict on each completion."""
    log = read_eval_log(str(path))
    header = log.eval.metadata or {}
    made = Made(
        header["condition"], header["base_seed"], log.eval.model, header["panel"], {}, {}, {}, {}
    )
    for sample in log.samples or []:
        facts, key = sample.metadata, (str(sample.id), sample.epoch)
        made.facts[key[0]] = {k: facts[k] for k in ("family", "subpanel")}
        made.characters[key] = facts["completion"]["characters"]
        made.texts[key] = facts["completion"]["text_sha256"]
        for score in (sample.scores or {}).values():
            said = score.metadata or {}
            if "instrument" not in said:
                continue
            column = made.columns.setdefault(said["judge"], Column(said["judge"]))
            column.replaced += key in column.aligned
            column.aligned[key], column.coherent[key] = said["aligned"], said["coherent"]
            column.kinds[key] = said["failure"]
    return made


def judge_numbers(made: Made, column: Column) -> Numbers:
    """All numbers of one judge on one condition."""
    aligned, coherent, total = column.aligned, column.coherent, len(column.aligned)
    valid, failed = known(aligned), sum(column.failures.values())
    pairs = list(zip(*both(aligned, coherent), strict=True))
    means = list(question_means(aligned).values())
    coherent_only = {k: x if (coherent[k] or -1) >= 50 else None for k, x in aligned.items()}
    return {
        "alpha": estimate([aligned]),
        "coherence": mean(coherent),
        "scored": len(valid),
        "failed": failed,
        "failed_share": failed / total,
        "failures": dict(column.failures),
        "worst_case": [sum(valid) / total, (sum(valid) + 100 * failed) / total],
        "alpha_coherent": estimate([coherent_only]),
        "misaligned_share": sum(a < 30 and c > 50 for a, c in pairs) / len(pairs)
        if pairs
        else None,
        "question_iqr": quantile(means, 0.75) - quantile(means, 0.25),
        "bimodality": sarle(means),
        "replaced": column.replaced,
        "subpanels": groups(made, column, "subpanel"),
        "families": groups(made, column, "family"),
    }


def groups(made: Made, column: Column, part: str) -> list[Numbers]:
    found = []
    for name in sorted({facts[part] for facts in made.facts.values()}):
        inside = {q for q, facts in made.facts.items() if facts[part] == name}
        scores = {k: x for k, x in column.aligned.items() if k[0] in inside}
        bins = Counter(min(int(x // 5), 19) for x in known(scores))
        found.append(
            {
                "questions": len(inside),
                "alpha": estimate([scores]),
                "failed": sum(x is None for x in scores.values()),
                "histogram": [bins[i] for i in range(20)],
            }
        )
    return found


def gap_numbers(first: Column, second: Column) -> Numbers:
    """Two judges side by side."""
    a, b = first.aligned, second.aligned
    shared = {k for k, x in a.items() if x is not None and b[k] is not None}
    paired = [{k: x if k in shared else None for k, x in scores.items()} for scores in (a, b)]
    ratings = list(zip(*both(a, b), strict=True))
    return {
        "published_definition": estimate([a, b], (1, -1), shared=True) | {"completions": None},
        "paired": estimate(paired, (1, -1), shared=True) | {"completions": len(shared)},
        "krippendorff": {
            "value": krippendorff(ratings),
            "completions": len(shared),
            "questions": len({k[0] for k in shared}),
        },
        "spearman": pearson(*map(ranks, both(a, b))),
    }


def row_numbers(made: Made) -> Numbers:
    """All numbers of one condition and seed."""
    columns = list(made.columns.values())
    units = [[x for c in columns if (x := c.aligned[k]) is not None] for k in made.texts]
    pairs = list(combinations(columns, 2))
    r = fmean(pearson(*both(a.aligned, b.aligned)) for a, b in pairs)
    seen = Counter((question, text) for (question, _), text in made.texts.items())
    questions = [
        {
            "mean_aligned": question_means(c.aligned).get(name),
            "mean_coherent": question_means(c.coherent).get(name),
            "scored": sum(x is not None for k, x in c.aligned.items() if k[0] == name),
            "failed": sum(x is None for k, x in c.aligned.items() if k[0] == name),
        }
        for c in columns
        for name in sorted(made.facts)
    ]
    return {
        "base_seed": made.seed,
        "questions": len(made.facts),
        "completions": len(made.texts),
        "expected_completions": len(made.texts),
        "cut": 0,
        "cut_share": 0.0,
        "empty": 0,
        "equal": sum(count - 1 for count in seen.values()),
        "judges": [judge_numbers(made, column) for column in columns],
        "gaps": [gap_numbers(a, b) for a, b in pairs],
        "agreement": {
            "krippendorff": {
                "value": krippendorff(units),
                "completions": sum(len(unit) > 1 for unit in units),
                "questions": len(
                    {k[0] for k, u in zip(made.texts, units, strict=True) if len(u) > 1}
                ),
            },
            "effective_judges": len(columns) / (1 + (len(columns) - 1) * max(r, 0.0)),
        },
        "per_question": questions,
    }


def seeds_numbers(columns: Mapping[int, Column]) -> Numbers:
    """One condition and judge over its valid seeds."""
    parts = [columns[seed].aligned for seed in sorted(columns)]
    alphas = [fmean(known(part)) for part in parts]
    errors = [error_and_df([part], [1], panel=True)[0] for part in parts]
    weights = [1 / error**2 for error in errors]
    centre = sum(w * a for w, a in zip(weights, alphas, strict=True)) / sum(weights)
    statistic = sum(w * (a - centre) ** 2 for w, a in zip(weights, alphas, strict=True))
    return {
        "seeds": sorted(columns),
        "alphas": alphas,
        "mean": estimate(parts, [1 / len(parts)] * len(parts)),
        "sd": stdev(alphas),
        "range": max(alphas) - min(alphas),
        "expected_sd": math.sqrt(fmean(error**2 for error in errors)),
        "p_value": float(stats.chi2.sf(statistic, len(parts) - 1)),
    }


def difference_numbers(first: Column, second: Column, margin: float) -> Numbers:
    """α of one condition less α of another; Holm is the family's."""
    parts = [first.aligned, second.aligned]
    found: Numbers = {"difference": estimate(parts, (1, -1))}
    valid = not (first.invalid or second.invalid)
    found["p_value"] = p_value(parts, panel=False) if valid else None
    found["panel_p_value"] = p_value(parts, panel=True) if valid else None
    if not valid:
        return found
    found["equivalence"] = {"margin": margin}
    if found["p_value"] is not None:
        error, df = error_and_df(parts, (1, -1), panel=False)
        value, half = found["difference"]["value"], stats.t.isf(0.05, df) * error
        found["equivalence"] = {
            "margin": margin,
            "p_value": float(stats.t.sf((margin - abs(value)) / error, df)),
            "low": value - half,
            "high": value + half,
        }
    return found


def gap_change(later: Made, first: Made) -> Numbers:
    """How far the gap of Sonnet and Opus moved, on the same questions; Welch."""
    gaps, errors, dfs = [], [], []
    for made in (later, first):
        parts = [made.columns[judge].aligned for judge in ("sonnet", "opus")]
        error, df = error_and_df(parts, (1, -1), panel=True, shared=True)
        gaps.append(fmean(known(parts[0])) - fmean(known(parts[1])))
        errors.append(error**2)
        dfs.append(df)
    total = sum(errors)
    df = total**2 / sum(e**2 / d for e, d in zip(errors, dfs, strict=True))
    value, half = gaps[0] - gaps[1], stats.t.isf(0.025, df) * math.sqrt(total)
    bounds = {"low": value - half, "high": value + half, "standard_error": math.sqrt(total)}
    return {"value": value, "panel": bounds}


def regression(columns: Sequence[Column], lengths: Sequence[Mapping[Key, int]]) -> list[Numbers]:
    """Each condition less the first at equal coherence and log2 length, and without; clustered errors."""
    rows, ys, names = [], [], []
    for place, (column, characters) in enumerate(zip(columns, lengths, strict=True)):
        for key, aligned in column.aligned.items():
            if aligned is not None and column.coherent[key] is not None:
                dummies = [float(place == other) for other in range(1, len(columns))]
                rows.append([1.0, *dummies, column.coherent[key], math.log2(characters[key] + 1)])
                ys.append(aligned)
                names.append(key[0])
    design, y = np.array(rows, dtype=float).reshape(len(ys), len(columns) + 2), np.array(ys)

    def fit(x: Any) -> list[Numbers]:
        if len(x) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
            q = len(set(names))
            return [{"value": None, "completions": len(ys), "questions": q}] * x.shape[-1]
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        influence = np.linalg.pinv(x).T * (y - x @ beta)[:, None]
        found = []
        for column in range(x.shape[1]):
            totals: dict[str, float] = defaultdict(float)
            for name, value in zip(names, influence[:, column], strict=True):
                totals[name] += value
            q, us = len(totals), list(totals.values())
            error = math.sqrt(q / (q - 1) * math.fsum(u**2 for u in us))
            half, value = stats.t.isf(0.025, degrees(us)) * error, float(beta[column])
            bounds = {"low": value - half, "high": value + half, "standard_error": error}
            found.append({"value": value, "completions": len(ys), "questions": q, **bounds})
        return found

    full, raw = fit(design), fit(design[:, : len(columns)])
    return [
        {
            "raw": raw[place],
            "adjusted": full[place],
            "coherence_slope": full[-2],
            "length_slope": full[-1],
        }
        for place in range(1, len(columns))
    ]
