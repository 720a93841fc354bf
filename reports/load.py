"""Reading the suite's Inspect logs: headers and sample summaries only, never the transcripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from inspect_ai.log import (
    EvalLog,
    EvalSampleSummary,
    list_eval_logs,
    read_eval_log,
    read_eval_log_sample_summaries,
)

from reports.runs import LeftOut, Loaded, Question, Run, newest
from reports.statistics import Floats
from reports.verdicts import sample_verdicts, verdict_columns

SUITE = "bwalpha"
COMPARABILITY = 1


def load_runs(
    locations: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> Loaded:
    """Read the suite's successful runs from log files and folders.

    Args:
        locations: Log files or folders, local or any path Inspect reads.
        progress: Called with (logs read, logs in all) after each log.

    Returns:
        The runs by condition and seed; everything not counted is named with its reason.
    """
    files, left_out = find_logs(locations)
    runs: list[Run] = []
    for number, file in enumerate(files, start=1):
        result = read_run(file)
        if isinstance(result, Run):
            runs.append(result)
        else:
            left_out.append(result)
        if progress is not None:
            progress(number, len(files))
    kept, replaced = newest(runs)
    return Loaded(tuple(kept), tuple(left_out), tuple(replaced))


def find_logs(locations: Sequence[str]) -> tuple[list[str], list[LeftOut]]:
    """The log files under the locations, each once, and the locations without any."""
    files: dict[str, None] = {}
    missing: list[LeftOut] = []
    for location in locations:
        if location.endswith((".eval", ".json")):
            files.setdefault(_shown(location))
            continue
        try:
            found = list_eval_logs(location, descending=False)
        except (OSError, ValueError) as error:
            missing.append(LeftOut(location, f"cannot be listed: {_one_line(error)}"))
            continue
        if not found:
            missing.append(LeftOut(location, "no Inspect logs here"))
        files.update(dict.fromkeys(_shown(info.name) for info in found))
    return list(files), missing


def read_run(location: str) -> Run | LeftOut:
    """Read one log, or say why no number may rest on it."""
    # A broken file fails in as many ways as zip, JSON and the schema have errors, and one
    # broken file must not hide the numbers of the others.
    try:
        header = read_eval_log(location, header_only=True)
        refusal = _refusal(header)
        if refusal is not None:
            return LeftOut(location, refusal)
        summaries = read_eval_log_sample_summaries(location)
        return _run(location, header, summaries)
    except FileNotFoundError:
        return LeftOut(location, "no such file")
    except Exception as error:
        return LeftOut(location, f"cannot be read: {type(error).__name__}: {_one_line(error)}")


def _refusal(header: EvalLog) -> str | None:
    metadata = header.eval.metadata or {}
    if metadata.get("suite") != SUITE:
        return f"not this suite's log (task {header.eval.task})"
    if header.status != "success":
        return f"unfinished: status {header.status}"
    if metadata.get("comparability") != COMPARABILITY:
        found = metadata.get("comparability")
        return f"comparability version {found}, this report reads {COMPARABILITY}"
    return None


def _run(location: str, header: EvalLog, summaries: list[EvalSampleSummary]) -> Run | LeftOut:
    if not summaries:
        return LeftOut(location, "no completions")
    metadata = dict(header.eval.metadata or {})
    questions: dict[str, Question] = {}
    for sample in summaries:
        fields = {
            name: str(sample.metadata.get(name) or "other")
            for name in ("family", "topic", "subpanel", "split")
        }
        questions.setdefault(str(sample.id), Question(id=str(sample.id), **fields))
    names = sorted(questions)
    index = {name: position for position, name in enumerate(names)}
    clusters: Floats = np.array([index[str(sample.id)] for sample in summaries], dtype=float)
    judges = verdict_columns(
        [sample_verdicts(sample.scores or {}) for sample in summaries],
        dict(metadata.get("judges") or {}),
    )
    if not judges:
        return LeftOut(location, "no judge's verdicts (not scored yet?)")
    results = header.results
    return Run(
        location=location,
        eval_id=header.eval.eval_id,
        created=header.eval.created,
        completed=max(str(sample.completed_at or "") for sample in summaries),
        score_keys=max(len(sample.scores or {}) for sample in summaries),
        target=header.eval.model,
        task=header.eval.task,
        metadata=metadata,
        epochs=header.eval.config.epochs or 1,
        expected=results.total_samples if results is not None else len(summaries),
        questions=tuple(questions[name] for name in names),
        clusters=clusters.astype(np.int64),
        judges=judges,
    )


def _shown(location: str) -> str:
    """The location as a plain path, without the ``file://`` that Inspect's listing adds."""
    path = location.removeprefix("file://")
    if "://" in path:
        return path
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return path


def _one_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no details"])[0][:160]
