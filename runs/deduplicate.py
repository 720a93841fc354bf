"""Which of several like runs counts, and which are parts of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np

from protocol.data import read_yaml
from runs.run import JudgeColumn, Run, Skipped


def deduplicate(runs: Iterable[Run]) -> tuple[list[Run], list[Skipped]]:
    """Join the parts of a run, and of runs with the same identity keep one; name the others.

    - Runs of one identity whose completions do not overlap are parts of one run.
    - A log and its re-judged copy share Inspect's evaluation id and its times: the one to which more
      scores were added counts, or of as many the file written last. A copy that lacks none of the
      other's judges replaces it; one with a judge of its own stays beside it.
    - Else the newer one counts, unless it has fewer completions than the older one.
    """
    kept: list[Run] = []
    replaced: list[Skipped] = []
    for run in sorted(runs, key=_age, reverse=True):
        twin = next((k for k in kept if _replaces(k, run)), None)
        if twin is not None:
            reason = f"same evaluation as {twin.location}, which has the scores that count"
            replaced.append(Skipped(run.location, reason))
            continue
        place = next((n for n, k in enumerate(kept) if k.identity == run.identity), None)
        if place is None:
            kept.append(run)
        elif not kept[place].completions & run.completions:
            kept[place] = _joined(kept[place], run)
        elif len(run.clusters) > len(kept[place].clusters):
            replaced += [Skipped(log, _why(kept[place], run)) for log in kept[place].locations]
            kept[place] = run
        else:
            replaced.append(Skipped(run.location, _why(run, kept[place])))
    return sorted(kept, key=_order), replaced


def _why(run: Run, counts: Run) -> str:
    said = (
        f"{run.condition}, seed {run.seed}, target {run.target}: "
        f"{'a newer' if _age(counts) > _age(run) else 'a larger'} run with the same judges counts "
        f"({counts.location})"
    )
    if len(counts.clusters) != len(run.clusters):
        said += (
            f", of {len(counts.clusters):,} completions where this one has {len(run.clusters):,}"
        )
    return said


def _joined(newer: Run, older: Run) -> Run:
    """Two parts of one run, their questions sorted by id."""
    parts = (newer, older)
    questions = {q.id: q for part in parts for q in part.questions}
    names = sorted(questions)
    index = {name: place for place, name in enumerate(names)}
    clusters = [
        np.array([index[part.questions[c].id] for c in part.clusters.tolist()], dtype=np.int64)
        for part in parts
    ]
    failures = Counter(newer.target_failures) + Counter(older.target_failures)
    return replace(
        newer,
        locations=(*newer.locations, *older.locations),
        expected=newer.expected + older.expected,
        questions=tuple(questions[name] for name in names),
        clusters=np.concatenate(clusters),
        epochs=np.concatenate([part.epochs for part in parts]),
        characters=np.concatenate([part.characters for part in parts]),
        judges={
            name: _joined_column(column, _same_instrument(older, column))
            for name, column in newer.judges.items()
        },
        target_failures=dict(sorted(failures.items())),
        cut=newer.cut + older.cut,
        empty=newer.empty + older.empty,
        equal=newer.equal + older.equal,
        audits={
            name: _joined_column(
                newer.audits.get(name) or _not_audited(older.audits[name], newer),
                older.audits.get(name) or _not_audited(newer.audits[name], older),
            )
            for name in {**newer.audits, **older.audits}
        },
    )


def _not_audited(column: JudgeColumn, part: Run) -> JudgeColumn:
    nothing = np.full(len(part.epochs), np.nan)
    return JudgeColumn(column.name, column.judge, column.instrument, nothing, nothing, {}, 0, 0, 0)


def _same_instrument(run: Run, wanted: JudgeColumn) -> JudgeColumn:
    key = (wanted.judge, wanted.instrument)
    return next(c for c in run.judges.values() if (c.judge, c.instrument) == key)


def _joined_column(newer: JudgeColumn, older: JudgeColumn) -> JudgeColumn:
    def total(first: int | None, second: int | None) -> int | None:
        return None if first is None or second is None else first + second

    return replace(
        newer,
        aligned=np.concatenate([newer.aligned, older.aligned]),
        coherent=np.concatenate([newer.coherent, older.coherent]),
        failures=dict(sorted((Counter(newer.failures) + Counter(older.failures)).items())),
        replaced=newer.replaced + older.replaced,
        input_tokens=total(newer.input_tokens, older.input_tokens),
        output_tokens=total(newer.output_tokens, older.output_tokens),
        batch_input_tokens=newer.batch_input_tokens + older.batch_input_tokens,
        batch_output_tokens=newer.batch_output_tokens + older.batch_output_tokens,
        repeats=newer.repeats + older.repeats,
    )


def _replaces(kept: Run, run: Run) -> bool:
    same = kept.eval_id == run.eval_id and kept.comparison == run.comparison
    alike = kept.identity[:-1] == run.identity[:-1]
    return same and alike and run.judged_by <= kept.judged_by


def _age(run: Run) -> tuple[datetime, str, int, float]:
    # The start is kept to the second, so runs started together are told apart by their end.
    return datetime.fromisoformat(run.created), run.completed, run.score_keys, run.modified


def _order(run: Run) -> tuple[int, str, str, int]:
    names = [str(row["name"]) for row in read_yaml("conditions.yaml")["conditions"]]
    names.sort(key="null".__ne__)  # The base model first, then as they stand.
    place = names.index(run.condition) if run.condition in names else len(names)
    return place, run.condition, run.target, run.seed if run.seed is not None else -1
