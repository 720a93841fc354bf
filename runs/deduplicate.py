"""Which of several like runs counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from protocol.data import read_yaml
from runs.run import Run, Skipped


def deduplicate(runs: Iterable[Run]) -> tuple[list[Run], list[Skipped]]:
    """Of runs with the same identity keep the newest, and name the others.

    A log and its re-judged copy share Inspect's evaluation id and its times: the one to which
    more scores were added counts, or of as many the file written last. A copy that lacks none of
    the other's judges replaces it; one with a judge of its own stays beside it.
    """
    kept: list[Run] = []
    replaced: list[Skipped] = []
    ordered = sorted(runs, key=_age, reverse=True)
    for run in ordered:
        twin = next((k for k in kept if _replaces(k, run)), None)
        if twin is not None:
            reason = f"same evaluation as {twin.location}, which has the scores that count"
            replaced.append(Skipped(run.location, reason))
            continue
        newer = next((k for k in kept if k.identity == run.identity), None)
        if newer is None:
            kept.append(run)
            continue
        reason = (
            f"{run.condition}, seed {run.seed}, target {run.target}: "
            f"a newer run with the same judges counts ({newer.location})"
        )
        if newer.expected != run.expected:
            reason += f", of {newer.expected:,} completions where this one has {run.expected:,}"
        replaced.append(Skipped(run.location, reason))
    names = [row["name"] for row in read_yaml("conditions.yaml")["conditions"]]
    names.sort(key="null".__ne__)  # The base model first, then as they stand.
    place = {name: number for number, name in enumerate(names)}
    last = len(names)
    kept.sort(key=lambda r: (place.get(r.condition, last), r.condition, r.target, r.seed))
    return kept, replaced


def _replaces(kept: Run, run: Run) -> bool:
    same = kept.eval_id == run.eval_id and kept.comparison == run.comparison
    return same and run.judged_by <= kept.judged_by


def _age(run: Run) -> tuple[datetime, str, int, float]:
    # The start is kept to the second, so runs started together are told apart by their end.
    return datetime.fromisoformat(run.created), run.completed, run.score_keys, run.modified
