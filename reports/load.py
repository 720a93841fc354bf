"""Reading the suite's Inspect logs: headers and sample summaries only, never the transcripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from inspect_ai.log import (
    EvalLog,
    EvalSampleSummary,
    list_eval_logs,
    read_eval_log,
    read_eval_log_sample_summaries,
)

from reports.statistics import Floats, Ints
from reports.verdicts import JudgeVerdicts, sample_verdicts, verdict_columns

SUITE = "bwalpha"
COMPARABILITY = 1


@dataclass(frozen=True)
class Question:
    """One question of a panel, without its text."""

    id: str
    family: str
    topic: str
    subpanel: str
    split: str


@dataclass(frozen=True)
class Run:
    """One condition sampled once from one target, with every judge's verdicts.

    ``clusters`` holds, for each completion, its question's index in ``questions``; each
    judge's arrays run along the same completions.
    """

    location: str
    eval_id: str
    created: str
    target: str
    task: str
    metadata: dict[str, Any]
    epochs: int
    expected: int
    questions: tuple[Question, ...]
    clusters: Ints
    judges: dict[str, JudgeVerdicts]

    @property
    def condition(self) -> str:
        """Name of the condition."""
        return str(self.metadata["condition"])

    @property
    def seed(self) -> int:
        """Base seed from which each completion's own seed was derived."""
        return int(self.metadata["base_seed"])

    @property
    def distributional_c(self) -> float | None:
        """The published distributional score C of the condition, if it has one."""
        value = self.metadata.get("distributional_c")
        return None if value is None else float(value)

    @property
    def simulated(self) -> bool:
        """Whether the target or any judge was simulated."""
        return bool(self.metadata.get("simulated"))

    @property
    def comparison(self) -> tuple[str, str, str]:
        """What two runs must share to stand in one table: panel, rubric, comparability."""
        data = self.metadata
        return (
            str(data.get("panel_sha256")),
            str(data.get("rubric_sha256")),
            str(data.get("comparability")),
        )

    @property
    def identity(self) -> tuple[object, ...]:
        """What two runs share when the newer one replaces the older one."""
        judges = tuple(sorted((name, column.model) for name, column in self.judges.items()))
        prompt = self.metadata.get("prompt_sha256")
        return (*self.comparison, self.condition, prompt, self.seed, self.target, judges)


@dataclass(frozen=True)
class LeftOut:
    """A log that no number rests on, and why."""

    location: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What was read: the runs that count, the logs left out, the logs replaced by newer ones."""

    runs: tuple[Run, ...]
    left_out: tuple[LeftOut, ...]
    replaced: tuple[LeftOut, ...]


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


def newest(runs: Iterable[Run]) -> tuple[list[Run], list[LeftOut]]:
    """Of runs with the same identity keep the newest, and name the others.

    A log and its re-judged copy share Inspect's evaluation id: the one with more judges counts.
    """
    kept: list[Run] = []
    replaced: list[LeftOut] = []
    ordered = sorted(runs, key=lambda run: (run.created, len(run.judges)), reverse=True)
    for run in ordered:
        twin = next((k for k in kept if k.eval_id == run.eval_id), None)
        if twin is not None:
            reason = f"same evaluation as {twin.location}, which has the judges that count"
            replaced.append(LeftOut(run.location, reason))
            continue
        newer = next((k for k in kept if k.identity == run.identity), None)
        if newer is None:
            kept.append(run)
            continue
        reason = (
            f"{run.condition}, seed {run.seed}, target {run.target}: "
            f"a newer run with the same judges counts ({newer.location})"
        )
        replaced.append(LeftOut(run.location, reason))
    order = {"null": 0, "pair_111": 1, "grid_1": 2, "grid_2": 3, "grid_3": 4}
    kept.sort(key=lambda r: (order.get(r.condition, 9), r.condition, r.target, r.seed, r.created))
    return kept, replaced


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
