"""Reading the suite's Inspect logs: headers and sample summaries, not the transcripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from inspect_ai.log import (
    EvalLog,
    EvalSampleSummary,
    list_eval_logs,
    read_eval_log,
    read_eval_log_sample_summaries,
)
from pydantic import ValidationError

from protocol.data import read_yaml
from protocol.records import (
    COMPARABILITY,
    DIFFERENCE,
    PROTOCOL_SAMPLING,
    SUITE,
    CompletionRecord,
    RunMetadata,
    SampleRecord,
    Sampling,
)
from protocol.rubrics import load_rubric
from runs.columns import (
    INVALIDATED,
    MISSING,
    SAMPLE_ERROR,
    JudgedCompletion,
    judge_columns,
    judged_completion,
)
from runs.deduplicate import deduplicate
from runs.run import Loaded, QuestionFacts, Run, Skipped

UNREADABLE = "cannot be read"


def load_runs(
    locations: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
    unjudged: bool = False,
) -> Loaded:
    """Read the suite's successful runs from log files and folders.

    Args:
        locations: Log files or folders, local or any path Inspect reads.
        progress: Called with (logs read, logs in all) after each log.
        unjudged: Keep completions without any verdict too, as runs without judges.

    Returns:
        The runs by condition and seed; everything not counted is named with its reason.
    """
    files, skipped = find_logs(locations)
    runs: list[Run] = []
    for number, (file, modified) in enumerate(files.items(), start=1):
        found, passed_over = read_runs(file, modified, unjudged)
        runs += found
        skipped += passed_over
        if progress is not None:
            progress(number, len(files))
    kept, replaced = deduplicate(runs)
    return Loaded(tuple(kept), tuple(skipped), tuple(replaced))


def find_logs(locations: Sequence[str]) -> tuple[dict[str, float], list[Skipped]]:
    """The log files under the locations with the time of their last change, and those without any."""
    files: dict[str, float] = {}
    missing: list[Skipped] = []
    for location in locations:
        if location.endswith((".eval", ".json")):
            path = Path(location.removeprefix("file://"))
            modified = path.stat().st_mtime if path.is_file() else 0.0
            files.setdefault(_shown(location), modified)
            continue
        # A store that is not there fails as its own library likes: no module, no bucket, no key.
        try:
            found = list_eval_logs(location, descending=False)
        except Exception as error:
            missing.append(Skipped(location, f"cannot be listed: {_one_line(error)}"))
            continue
        if not found:
            missing.append(Skipped(location, _why_nothing(location)))
        for info in found:
            files.setdefault(_shown(info.name), float(info.mtime or 0) / 1000)
    return files, missing


def read_runs(
    location: str, modified: float = 0.0, unjudged: bool = False
) -> tuple[list[Run], list[Skipped]]:
    """Read one log, or say why no number may rest on it or on a part of it.

    Args:
        location: The log.
        modified: When it was last written, in seconds since 1970.
        unjudged: Keep completions without any verdict too.

    Returns:
        One run for each thing that ran and each rubric it was judged under.
    """
    # A broken file fails in as many ways as zip, JSON and the schema have errors, and one
    # broken file must not hide the numbers of the others.
    try:
        header = read_eval_log(location, header_only=True)
        refusal = _refusal(header)
        if refusal is not None:
            return [], [Skipped(location, refusal)]
        summaries = read_eval_log_sample_summaries(location)
        invalidated = _invalidated(location) if header.invalidated else set()
        if not summaries:
            return [], [Skipped(location, "no completions")]
        return _runs(location, modified, header, summaries, invalidated, unjudged)
    except FileNotFoundError:
        return [], [Skipped(location, "no such file")]
    except Exception as error:
        reason = f"{UNREADABLE}: {type(error).__name__}: {_one_line(error)}"
        return [], [Skipped(location, reason)]


def _why_nothing(location: str) -> str:
    path = Path(location.removeprefix("file://"))
    if "://" in str(location) or path.is_dir():
        return "no Inspect logs here"
    if path.is_file():
        return "not a log; name a .eval or .json log, or a folder of them"
    return "no such file or folder"


def _refusal(header: EvalLog) -> str | None:
    metadata = header.eval.metadata or {}
    if metadata.get("suite") != SUITE:
        return f"not this suite's log (task {header.eval.task})"
    if header.status != "success":
        return f"unfinished: status {header.status}; inspect eval-retry finishes it"
    found = metadata.get("comparability")
    if found != COMPARABILITY:
        return (
            f"comparability version {found}, this report reads {COMPARABILITY}; bwalpha reread LOGS "
            "--out DIR reads its replies again under today's rules and asks nobody"
        )
    try:
        RunMetadata.model_validate(metadata)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        return f"its metadata do not say what was run ({field}: {error.errors()[0]['msg']})"
    return None


def _invalidated(location: str) -> set[tuple[str, int]]:
    """Samples that were invalidated by hand, which only the whole log says."""
    log = read_eval_log(location)
    return {
        (str(sample.id), sample.epoch)
        for sample in log.samples or []
        if sample.invalidation is not None
    }


def _runs(
    location: str,
    modified: float,
    header: EvalLog,
    summaries: list[EvalSampleSummary],
    invalidated: set[tuple[str, int]],
    unjudged: bool,
) -> tuple[list[Run], list[Skipped]]:
    metadata = RunMetadata.model_validate(header.eval.metadata)
    parts, older = _parts(summaries, header)
    skipped = []
    if older:
        skipped.append(
            Skipped(
                location,
                f"{older:,} of {len(summaries):,} completions were made by another version of the "
                "suite, and no number rests on them",
            )
        )
    results = header.results
    total = results.total_samples if results is not None else len(summaries)
    runs: list[Run] = []
    for (condition, prompt, sampling, answered), samples in parts.items():
        judged = [
            judged_completion(
                sample.scores or {},
                metadata.judges,
                SAMPLE_ERROR if sample.error else MISSING,
            )
            if (str(sample.id), sample.epoch) not in invalidated
            else JudgedCompletion(absent=INVALIDATED)
            for sample, _ in samples
        ]
        questions = {str(s.id): _question(str(s.id), record) for s, record in samples}
        names = sorted(questions)
        index = {name: place for place, name in enumerate(names)}
        done = [record.completion for _, record in samples]
        rubrics = dict.fromkeys(
            used.rubric_sha256 for completion in judged for _, used in completion.verdicts
        )
        if unjudged and not rubrics:
            rubrics = {metadata.rubric_sha256: None}
        columns = {rubric: judge_columns(judged, metadata.judges, rubric) for rubric in rubrics}
        runs += [
            Run(
                locations=(location,),
                eval_id=header.eval.eval_id,
                created=header.eval.created,
                completed=max(str(sample.completed_at or "") for sample, _ in samples),
                score_keys=max(
                    len((sample.scores or {}).keys() - {DIFFERENCE}) for sample, _ in samples
                ),
                modified=modified,
                target=header.eval.model,
                task=header.eval.task,
                metadata=metadata,
                condition=condition,
                prompt_sha256=prompt,
                sampling=sampling,
                rubric=_rubric_name(rubric, metadata),
                rubric_sha256=rubric,
                expected=total if len(parts) == 1 else len(samples),
                questions=tuple(questions[name] for name in names),
                clusters=np.array([index[str(s.id)] for s, _ in samples], dtype=np.int64),
                epochs=np.array([s.epoch for s, _ in samples], dtype=np.int64),
                characters=np.array([_length(c) for c in done], dtype=np.float64),
                judges={n: c for n, c in columns[rubric].items() if not c.instrument.audit},
                target_failures=_failures(samples),
                cut=sum(c is not None and c.cut for c in done),
                empty=sum(c is not None and c.empty for c in done),
                equal=_equal([(str(s.id), c) for (s, _), c in zip(samples, done, strict=True)]),
                answered=(answered,) if answered else (),
                audits={n: c for n, c in columns[rubric].items() if c.instrument.audit},
            )
            for rubric in rubrics
        ]
    if not runs and not skipped:
        skipped.append(Skipped(location, "no judge's verdicts; bwalpha judge LOG adds them"))
    return runs, skipped


Part = tuple[str, str | None, Sampling, str | None]
Key = tuple[str, str | None, tuple[object, ...], str | None]
Samples = list[tuple[EvalSampleSummary, SampleRecord]]


def _parts(
    summaries: Sequence[EvalSampleSummary], header: EvalLog
) -> tuple[dict[Part, Samples], int]:
    """Group a log's samples by what ran, and count those of another version of the suite.

    A completion that never came shows no sampling of its own, and belongs to the others of its prompt.
    """
    parts: dict[Key, Samples] = {}
    named: dict[Key, Part] = {}
    unsampled: Samples = []
    older = 0
    for summary in summaries:
        record = SampleRecord.of(summary.metadata)
        done = record.completion if record else None
        if record is None or (done is not None and done.comparability != COMPARABILITY):
            older += 1
            continue
        if done is None:
            # Another solver than a condition's wrote nothing of what it sent.
            done = CompletionRecord(
                comparability=COMPARABILITY,
                condition=f"solver {header.eval.solver or 'unknown'}",
                prompt_sha256=None,
                seed=None,
                sampling=PROTOCOL_SAMPLING,
            )
        unsolved = record.completion is None and summary.limit is not None
        if done.failure is not None or summary.error or unsolved:
            unsampled.append((summary, record))
            continue
        answered = done.answered_for(header.eval.model)
        key = (done.condition, done.prompt_sha256, done.sampling.settings, answered)
        named.setdefault(key, (done.condition, done.prompt_sha256, done.sampling, answered))
        parts.setdefault(key, []).append((summary, record))
    for summary, record in unsampled:
        done = record.completion
        prompt = (record.condition, record.prompt_sha256)
        own = [key for key in parts if key[:2] == prompt]
        sampling = done.sampling if done is not None else PROTOCOL_SAMPLING
        alone = (*prompt, sampling.settings, None)
        key = max(own, key=lambda k: len(parts[k]), default=alone)
        named.setdefault(key, (*prompt, sampling, None))
        parts.setdefault(key, []).append((summary, record))
    return {named[key]: samples for key, samples in parts.items()}, older


def _question(name: str, record: SampleRecord) -> QuestionFacts:
    return QuestionFacts(
        id=name,
        family=record.family,
        topic=record.topic,
        subpanel=record.subpanel,
        split=record.split,
    )


def _length(done: CompletionRecord | None) -> float:
    known = done is not None and done.failure is None and not done.text_missing
    return float(done.characters) if done is not None and known else float("nan")


def _failures(samples: Samples) -> dict[str, int]:
    kinds: Counter[str] = Counter()
    for summary, record in samples:
        if record.completion is not None and record.completion.failure is not None:
            kinds[record.completion.failure] += 1
        elif record.completion is None and summary.limit is not None:
            kinds["limit"] += 1
    return dict(sorted(kinds.items()))


def _equal(answers: Sequence[tuple[str, CompletionRecord | None]]) -> int:
    """How many answers equal an earlier one to the same question."""
    known = [(name, c) for name, c in answers if c is not None and not c.text_missing]
    texts = [(name, c.text_sha256) for name, c in known if c.failure is None]
    return len(texts) - len(set(texts))


def _rubric_name(sha256: str, metadata: RunMetadata) -> str:
    named: Mapping[str, str] = {
        read_yaml("sources.yaml")["rubric_text_sha256"]: "eps",
        load_rubric("open").sha256: "open",
        metadata.rubric_sha256: metadata.rubric,
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
