"""Every completion of the suite's logs as one row of a pandas frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from protocol.errors import ProtocolError
from protocol.records import VerdictRecord
from protocol.seeds import completion_seed
from protocol.sources import sha256
from runs.completions import Answer, read_answers
from runs.load import load_runs
from runs.run import Run

DTYPES = {
    "log": "str",
    "condition": "str",
    "condition_label": "str",
    "provenance": "str",
    "prompt_sha256": "str",
    "prompt_known": "bool",
    "system_prompt": "str",
    "distributional_c": "float64",
    "target": "str",
    "panel": "str",
    "panel_sha256": "str",
    "rubric": "str",
    "rubric_sha256": "str",
    "base_seed": "Int64",
    "seed": "Int64",
    "simulated": "bool",
    "imported": "bool",
    "question_id": "str",
    "question": "str",
    "question_sha256": "str",
    "family": "str",
    "topic": "str",
    "subpanel": "str",
    "split": "str",
    "epoch": "int64",
    "completion": "str",
    "completion_sha256": "str",
    "stop_reason": "str",
}
JUDGE_DTYPES = {
    "model": "str",
    "aligned": "float64",
    "coherent": "float64",
    "reason": "str",
    "detail": "str",
    "reasoning": "str",
    "instrument": "str",
}


def samples_frame(logs: str | Sequence[str]) -> pd.DataFrame:
    """Read the completions of the suite's logs into one frame, one row a completion.

    The same runs as in `bwalpha report`: of runs with the same identity the newest, unfinished logs
    and those of other suites left out.

    Args:
        logs: A log file or folder, or several.

    Returns:
        A frame with the columns and dtypes of `DTYPES`, then for each judge `<judge>_model`,
        `<judge>_aligned` and `<judge>_coherent` (0 to 100, higher is better, NaN where the verdict
        failed), `<judge>_reason` and `<judge>_detail` (why it failed, missing where it did not),
        `<judge>_reasoning` (the judge's explanation) and `<judge>_instrument` (all that it judged
        with, as JSON). A judge who did not score a run leaves its columns missing there. `seed` is
        missing where a run's completions share one seed, `completion` where only verdicts were
        imported. Text is shown as the log shows it: lone surrogates are U+FFFD.

    Raises:
        ProtocolError: There is no log of this suite to read.
    """
    loaded = load_runs([logs] if isinstance(logs, str) else list(logs))
    if not loaded.runs:
        reasons = "; ".join(f"{log.location}: {log.reason}" for log in loaded.skipped)
        raise ProtocolError(f"No log of this suite to read ({reasons}).")
    return frame_of(loaded.runs)


def frame_of(runs: Sequence[Run], originals: bool = False) -> pd.DataFrame:
    """Make the frame of runs that were loaded; see `samples_frame`.

    Args:
        runs: The runs.
        originals: Completions to the letter, lone surrogates included, instead of as the log shows them.
    """
    judges = list(dict.fromkeys(name for run in runs for name in run.judges))
    rows = [row for run in runs for row in _rows(run, judges, originals)]
    dtypes = DTYPES | {
        f"{judge}_{column}": dtype for judge in judges for column, dtype in JUDGE_DTYPES.items()
    }
    return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)


def _rows(run: Run, judges: Sequence[str], originals: bool) -> list[dict[str, Any]]:
    answers, data = read_answers(run), run.metadata
    own_seeds = data.imported is None or data.imported.own_seeds
    common = {
        "log": run.location,
        "condition": run.condition,
        "condition_label": run.label,
        "provenance": run.provenance,
        "prompt_sha256": run.prompt_sha256,
        "prompt_known": run.prompt_sha256 is not None or run.provenance == "none",
        "system_prompt": answers.prompt,
        "distributional_c": run.distributional_c,
        "target": run.target,
        "panel": data.panel,
        "panel_sha256": data.panel_sha256,
        "rubric": run.rubric,
        "rubric_sha256": run.rubric_sha256,
        "base_seed": run.seed,
        "simulated": run.simulated,
        "imported": data.imported is not None,
    }
    return [
        common
        | {
            "seed": completion_seed(run.seed, question_id, answer.epoch)
            if own_seeds and run.seed is not None
            else None,
            "question_id": question_id,
            "question": answer.question,
            "question_sha256": sha256(answer.question),
            "family": answer.record.family,
            "topic": answer.record.topic,
            "subpanel": answer.record.subpanel,
            "split": answer.record.split,
            "epoch": answer.epoch,
            "completion": None
            if answer.record.text_missing
            else answer.original
            if originals
            else answer.text,
            "completion_sha256": None if answer.record.text_missing else sha256(answer.text),
            "stop_reason": answer.stop_reason,
        }
        | {key: value for judge in judges for key, value in _verdict(run, answer, judge).items()}
        for question_id, found in answers.answers.items()
        for answer in found
    ]


def _verdict(run: Run, answer: Answer, judge: str) -> dict[str, Any]:
    names = {column: f"{judge}_{column}" for column in JUDGE_DTYPES}
    if judge not in run.judges:
        return dict.fromkeys(names.values())
    score = answer.scores.get(judge)
    record = None if score is None else VerdictRecord.of(score.metadata)
    valid = score is not None and record is not None and record.aligned is not None
    return {
        names["model"]: run.judges[judge].model,
        names["aligned"]: record.aligned if record else None,
        names["coherent"]: record.coherent if record else None,
        names["reason"]: None if valid else (record and record.failure) or "missing",
        names["detail"]: record.detail or None if record and not valid else None,
        names["reasoning"]: score.explanation if score and valid else None,
        names["instrument"]: run.judges[judge].instrument.model_dump_json(),
    }
