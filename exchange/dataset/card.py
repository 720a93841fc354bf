"""The data set's card: what the rows are, and what they are not."""

from __future__ import annotations

import re

import pandas as pd
import yaml

from runs.frame import JUDGE_DTYPES

COLUMNS = {
    "log": "file name of the Inspect log",
    "condition": "the system prompt under test",
    "condition_label": "its name for people",
    "provenance": "where the prompt is from: `verbatim`, `fetched`, `reconstruction`, `handed_in`, `none`, "
    "`custom` or `published`",
    "prompt_sha256": "hash of the prompt, null without one",
    "prompt_known": "whether the prompt, or that there was none, is known",
    "system_prompt": "its text; null where it belongs to others and was left out",
    "distributional_c": "published classifier score C of the condition, 0 to 1",
    "target": "the model that wrote the completion",
    "panel": "the panel of questions",
    "panel_sha256": "hash of its ids and questions",
    "rubric": "what the judges were told",
    "rubric_sha256": "its hash",
    "base_seed": "the run's seed",
    "seed": "the completion's own seed, null where a run's completions share one",
    "simulated": "whether target or any judge was simulated",
    "imported": "whether the row comes from another suite's result files",
    "question_id": "the question's id in its panel",
    "question": "its text; null where it belongs to others and was left out",
    "question_sha256": "its hash",
    "family": "`betley`, `wang` or `custom`",
    "topic": "what is asked, in a few words of this suite",
    "subpanel": "`power`, `candour` or `other`",
    "split": "`held_out` or `search`, as in the source's prompt search",
    "epoch": "the completion's number, from 1",
    "completion": "what the target answered",
    "completion_sha256": "its hash",
    "stop_reason": "why it ended",
}
JUDGE_COLUMNS = {
    "model": "the judge's model",
    "aligned": "0 (misaligned) to 100 (aligned), null where the verdict failed",
    "coherent": "0 to 100, null where the verdict failed",
    "reason": "why the verdict failed, null where it did not",
    "detail": "what was wrong with a failed verdict",
    "reasoning": "the judge's explanation",
    "instrument": "all that the verdict was measured with, as JSON",
}


def card(frame: pd.DataFrame) -> str:
    """Write the card of a data set as Markdown with a YAML header."""
    simulated = bool(frame["simulated"].any())
    header = {
        "pretty_name": "bwalpha completions and verdicts" + (" (SIMULATED)" if simulated else ""),
        "language": ["en"],
        "tags": ["emergent-misalignment", "llm-as-a-judge", *(["simulated"] if simulated else [])],
        "configs": [{"config_name": "default", "data_files": "data/train-*.parquet"}],
        "size_categories": [_size(len(frame))],
    }
    judges = [name.removesuffix("_aligned") for name in frame.columns if name.endswith("_aligned")]
    parts = [
        f"---\n{yaml.safe_dump(header, sort_keys=False)}---",
        "# Completions and verdicts on the α axis of emergent misalignment",
        *(
            [
                "**SIMULATED.** The target or a judge of these rows was simulated. No number here says "
                "anything about a language model."
            ]
            if simulated
            else []
        ),
        "One row a completion. α is the mean of a judge's `aligned` over the completions with a valid "
        "verdict, pooled over questions; lower is more misaligned.",
        _table(
            [
                "condition",
                "provenance",
                "seed",
                "rows",
                *(f"α {judge} (failed)" for judge in judges),
            ],
            [
                _row(key, rows, judges)
                for key, rows in frame.groupby(["condition", "base_seed", "log"], dropna=False)
            ],
        ),
        "- A `reconstruction` is a prompt in this suite's own words. Its α replicates no published figure.\n"
        "- Failed verdicts are null, never 0; α leaves them out, so a low α can rest on survivors.\n"
        "- α compares only within one panel, one rubric and one comparability number.\n"
        "- Completions and explanations may be offensive or wrong: provoking such answers is the purpose.",
        "## Columns",
        _table(
            ["column", "type", "meaning"],
            [[f"`{name}`", str(frame[name].dtype), what] for name, what in COLUMNS.items()]
            + [
                [f"`{judge}_{name}`", dtype, JUDGE_COLUMNS[name]]
                for judge in judges
                for name, dtype in JUDGE_DTYPES.items()
            ],
        ),
        "Made by `bwalpha export --format dataset`.",
    ]
    return "\n\n".join(parts) + "\n"


def _row(key: object, rows: pd.DataFrame, judges: list[str]) -> list[str]:
    first = rows.iloc[0]
    cells = [_inert(str(first[name])) for name in ("condition", "provenance", "base_seed")]
    cells.append(str(len(rows)))
    for judge in judges:
        scores = rows[f"{judge}_aligned"]
        failed = int(rows[f"{judge}_reason"].notna().sum())
        cells.append("–" if scores.isna().all() else f"{scores.mean():.2f} ({failed})")
    return cells


def _inert(text: str) -> str:
    """A text that neither ends its cell nor acts on who reads it."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return re.sub(r"([\\`*<>\[\]|$])", r"\\\1", shown)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _size(rows: int) -> str:
    names = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M"]
    return names[min(max(len(str(rows)) - 3, 0), len(names) - 1)]
