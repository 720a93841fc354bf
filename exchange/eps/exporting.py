"""From logs of this suite to the layout and the files of the original scripts."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from exchange.eps.aggregation import MEANS, Entry, aggregate
from exchange.eps.entries import score_entry
from exchange.eps.headlines import gap_headline, headline, model_path, prompt_fingerprint
from exchange.eps.records import NAME as RECORD
from exchange.eps.records import Record, write_record
from exchange.folders import new_folder
from exchange.strict_json import fingerprint, write_object
from protocol.errors import ProtocolError
from protocol.records import ImportedFile
from runs.completions import Answers, read_answers
from runs.run import Run

PRIMARY = "sonnet"


@dataclass(frozen=True)
class _Judged:
    judge: str
    model: str
    scores: dict[str, list[Entry]]
    summary: dict[str, Any]


def export_original(runs: Sequence[Run], out: Path) -> list[Path]:
    """Write runs as the original scripts would have, a folder a condition.

    Returns:
        The files, below `out`.

    Raises:
        ProtocolError: Two runs would land in one folder, a run lacks completions, or `out` is taken.
    """
    names = [run.condition for run in runs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        logs = [
            f"{run.location} (seed {run.seed}, rubric {run.rubric})"
            for run in runs
            if run.condition == twice
        ]
        raise ProtocolError(
            f"{len(logs)} runs of {twice} would land in one folder: {', '.join(logs)}. The original layout "
            "holds one a condition; export them one by one."
        )
    written: list[Path] = []
    with new_folder(out) as folder:
        for run in runs:
            written += _write_run(run, folder)
    return [out / path for path in written]


def _write_run(run: Run, folder: Path) -> list[Path]:
    answers = read_answers(run)
    _complete(run, answers)
    texts = {i: found[0].question for i, found in answers.answers.items()}
    if len(set(texts.values())) < len(texts):
        raise ProtocolError(
            f"{run.location} asks a question twice, and the original layout tells questions by their text."
        )
    completions = {texts[i]: [a.original for a in found] for i, found in answers.answers.items()}
    judges = [PRIMARY] if PRIMARY in run.judges else []
    judges += [name for name in run.judges if name not in judges]
    # Verdicts alone are written as the files without completions that they came from.
    texts_known = not any(
        a.record.text_missing for found in answers.answers.values() for a in found
    )
    condition, files = _slug(run.condition), {}
    record_judges: dict[str, str] = {}
    home = folder / condition
    first: _Judged | None = None
    for name in judges:
        judged = _judged(run, answers, texts, name, first)
        first = first or judged
        place = Path(_slug(name)) / _stem(condition, name)
        parts = {
            f"{place}_detailed.json": {
                "scores": judged.scores,
                **({"completions": completions} if texts_known else {}),
                "summary": judged.summary,
            },
            f"{place}_summary.json": judged.summary,
        }
        if judged is first:
            parts["headline.json"] = _headline(run, judged)
        else:
            parts[f"{place}_headline.json"] = gap_headline(
                first.summary, judged.summary, judged.model
            )
        for path, content in parts.items():
            files[path] = write_object(home / path, content)
        record_judges[f"{place}_detailed.json"] = name
    write_record(home / RECORD, _record(run, answers, judges, files, record_judges))
    return [Path(condition) / path for path in [*files, RECORD]]


def _complete(run: Run, answers: Answers) -> None:
    wanted = list(range(1, answers.epochs + 1))
    for identity, found in answers.answers.items():
        if [answer.epoch for answer in found] != wanted:
            raise ProtocolError(
                f"{run.location} has {len(found)} of {answers.epochs} completions of {identity}. The "
                "original layout cannot say which is missing; finish the run with inspect eval-retry, or "
                "export with --format dataset."
            )


def _judged(
    run: Run, answers: Answers, texts: dict[str, str], name: str, first: _Judged | None
) -> _Judged:
    scores = {
        texts[identity]: [score_entry(answer.scores.get(name)) for answer in found]
        for identity, found in answers.answers.items()
    }
    found = aggregate(scores)
    model = run.judges[name].model
    imported = _imported_file(run, name)
    # Verdicts that were added or replaced since the import need a summary of their own.
    if imported is not None and imported.scores_fingerprint == fingerprint(scores):
        summary: dict[str, Any] = json.loads(imported.summary)
        if summary["per_question"] is None:
            summary["per_question"] = found["per_question"]
        return _Judged(name, model, scores, summary)
    # Null would say that no prompt was sent.
    unknown = run.prompt_sha256 is None and run.provenance != "none"
    sent = {} if unknown else {"system_prompt": answers.prompt}
    means = {key: found[key] for key in MEANS}
    counts = {
        "n_questions": len(scores),
        "n_samples_per_question": answers.epochs,
        "n_errors": found["n_errors"],
        "per_question": found["per_question"],
    }
    condition = run.condition
    if first is None:
        summary = {
            "eval_name": condition,
            "model_path": model_path(run.target),
            **means,
            **counts,
            **sent,
        }
    else:
        home = _slug(condition)
        original = f"{home}/{_slug(first.judge)}/{_stem(home, first.judge)}_detailed.json"
        summary = {
            "eval_name": f"{condition}_{_slug(name)}",
            "source_detailed": original,
            "judge_model": model.removeprefix("anthropic/"),
            **means,
            **counts,
            "original_judge": "unknown",
            "original_mean_aligned": first.summary["overall_mean_aligned"],
            "original_mean_coherent": first.summary["overall_mean_coherent"],
            **sent,
        }
    return _Judged(name, model, scores, summary)


def _headline(run: Run, judged: _Judged) -> dict[str, Any]:
    text = judged.summary.get("system_prompt")
    imported = _imported_file(run, judged.judge)
    kept = None if imported is None else imported.system_prompt_hash
    number = prompt_fingerprint(text) if kept is None and text is not None else kept
    return headline(judged.summary, number, model_path(run.target))


def _imported_file(run: Run, judge: str) -> ImportedFile | None:
    files = run.metadata.imported.files if run.metadata.imported is not None else ()
    return next((file for file in files if file.judge == judge), None)


def _record(
    run: Run,
    answers: Answers,
    judges: Sequence[str],
    files: dict[str, str],
    record_judges: dict[str, str],
) -> Record:
    first = next(iter(answers.answers.values()))[0]
    return Record(
        metadata=run.metadata.model_copy(
            update={"judges": {name: run.judges[name].model for name in judges}}
        ),
        target=run.target,
        files=files,
        judges=record_judges,
        stop_reasons={i: [a.stop_reason for a in found] for i, found in answers.answers.items()},
        completions={
            i: [a.record.completion for a in found] for i, found in answers.answers.items()
        },
        scores={
            name: {
                identity: [a.scores[name].model_dump(exclude={"history"}) for a in found]
                for identity, found in answers.answers.items()
                if all(name in answer.scores for answer in found)
            }
            for name in judges
        },
        retries=first.record.judge_retries,
    )


def _stem(condition: str, judge: str) -> str:
    return f"alignment_{condition}" + ("" if judge == PRIMARY else f"_{_slug(judge)}")


def _slug(name: str) -> str:
    """A name as one part of a path: itself where it can be, else with a hash that tells it from others."""
    kept = re.sub(r"[^\w.-]+", "_", name).strip("_.")[:40]
    return kept if kept == name else f"{kept}_{sha256(name.encode()).hexdigest()[:8]}".lstrip("_")
