"""Reading the suite's Inspect logs: headers and sample summaries only, never the transcripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from inspect_ai._util.file import filesystem
from inspect_ai.log import (
    EvalLog,
    EvalSampleSummary,
    list_eval_logs,
    read_eval_log,
    read_eval_log_sample_summaries,
)
from pydantic import ValidationError

from protocol.data import read_yaml
from protocol.records import COMPARABILITY, SUITE, RunMetadata
from protocol.rubrics import load_rubric
from runs.columns import MISSING, SAMPLE_ERROR, sample_verdicts, verdict_columns
from runs.deduplicate import deduplicate
from runs.run import Loaded, Question, Run, Skipped

UNREADABLE = "cannot be read"


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
    files, skipped = find_logs(locations)
    runs: list[Run] = []
    for number, file in enumerate(files, start=1):
        result = read_runs(file)
        if isinstance(result, Skipped):
            skipped.append(result)
        else:
            runs += result
        if progress is not None:
            progress(number, len(files))
    kept, replaced = deduplicate(runs)
    return Loaded(tuple(kept), tuple(skipped), tuple(replaced))


def find_logs(locations: Sequence[str]) -> tuple[list[str], list[Skipped]]:
    """The log files under the locations, each once, and the locations without any."""
    files: dict[str, None] = {}
    missing: list[Skipped] = []
    for location in locations:
        if location.endswith((".eval", ".json")):
            files.setdefault(_shown(location))
            continue
        # A store that is not there fails as its own library likes: no module, no bucket, no key.
        try:
            found = list_eval_logs(location, descending=False)
        except Exception as error:
            missing.append(Skipped(location, f"cannot be listed: {_one_line(error)}"))
            continue
        if not found:
            missing.append(Skipped(location, _why_nothing(location)))
        files.update(dict.fromkeys(_shown(info.name) for info in found))
    return list(files), missing


def _why_nothing(location: str) -> str:
    path = Path(location.removeprefix("file://"))
    if "://" in str(location) or path.is_dir():
        return "no Inspect logs here"
    if path.is_file():
        return "not a log; name a .eval or .json log, or a folder of them"
    return "no such file or folder"


def read_runs(location: str) -> list[Run] | Skipped:
    """Read one log, or say why no number may rest on it.

    Returns:
        One run a rubric: completions judged again under another rubric stand apart from the
        verdicts that the run itself asked for.
    """
    # A broken file fails in as many ways as zip, JSON and the schema have errors, and one
    # broken file must not hide the numbers of the others.
    try:
        header = read_eval_log(location, header_only=True)
        refusal = _refusal(header)
        if refusal is not None:
            return Skipped(location, refusal)
        summaries = read_eval_log_sample_summaries(location)
        runs = _runs(location, header, summaries)
    except FileNotFoundError:
        return Skipped(location, "no such file")
    except Exception as error:
        return Skipped(location, f"{UNREADABLE}: {type(error).__name__}: {_one_line(error)}")
    if not summaries:
        return Skipped(location, "no completions")
    return runs or Skipped(location, "no judge's verdicts (not scored yet?)")


def _refusal(header: EvalLog) -> str | None:
    metadata = header.eval.metadata or {}
    if metadata.get("suite") != SUITE:
        return f"not this suite's log (task {header.eval.task})"
    if header.status != "success":
        return f"unfinished: status {header.status}; inspect eval-retry finishes it"
    if metadata.get("comparability") != COMPARABILITY:
        found = metadata.get("comparability")
        return f"comparability version {found}, this report reads {COMPARABILITY}"
    try:
        RunMetadata.model_validate(metadata)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        return f"its metadata do not say what was run ({field}: {error.errors()[0]['msg']})"
    return None


def _runs(location: str, header: EvalLog, summaries: list[EvalSampleSummary]) -> list[Run]:
    metadata = dict(header.eval.metadata or {})
    own = str(metadata["rubric_sha256"])
    questions = _questions(summaries)
    names = sorted(questions)
    index = {name: position for position, name in enumerate(names)}
    verdicts = [sample_verdicts(sample.scores or {}, own) for sample in summaries]
    absent = [SAMPLE_ERROR if sample.error else MISSING for sample in summaries]
    results = header.results
    runs = []
    for rubric in dict.fromkeys(sha for found in verdicts for sha in found):
        said = {} if rubric == own else {"rubric": _rubric_name(rubric), "rubric_sha256": rubric}
        runs.append(
            Run(
                location=location,
                eval_id=header.eval.eval_id,
                created=header.eval.created,
                completed=max(str(sample.completed_at or "") for sample in summaries),
                score_keys=max(len(sample.scores or {}) for sample in summaries),
                modified=float(filesystem(location).info(location).mtime or 0),
                target=header.eval.model,
                task=header.eval.task,
                metadata={**metadata, **said},
                expected=results.total_samples if results is not None else len(summaries),
                questions=tuple(questions[name] for name in names),
                clusters=np.array([index[str(sample.id)] for sample in summaries], dtype=np.int64),
                judges=verdict_columns(
                    [found.get(rubric, {}) for found in verdicts],
                    absent,
                    dict(metadata["judges"]),
                ),
            )
        )
    return runs


def _questions(summaries: list[EvalSampleSummary]) -> dict[str, Question]:
    questions: dict[str, Question] = {}
    for sample in summaries:
        fields = {
            name: str(sample.metadata.get(name) or "other")
            for name in ("family", "topic", "subpanel", "split")
        }
        questions.setdefault(str(sample.id), Question(id=str(sample.id), **fields))
    return questions


def _rubric_name(sha256: str) -> str:
    named = {
        read_yaml("sources.yaml")["rubric_text_sha256"]: "eps",
        load_rubric("open").sha256: "open",
    }
    return named.get(sha256, sha256[:12])


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
