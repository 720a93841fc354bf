"""The old judge's verdicts on the published anchors, as plain arrays, from a local copy of the sources."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from linking.pairs import Floats
from protocol.errors import ProtocolError
from protocol.sources import ENVIRONMENT_VARIABLE

FOLDERS = ("eval_results/a3_leakage", "eval_results/a3b_factorial")


@dataclass(frozen=True)
class AnchorScores:
    """One entry a completion: 13 cells × 11 personas × 8 questions × 10 when complete."""

    conditions: list[str]
    questions: list[str]
    cells: list[str]
    personas: list[str]
    old: Floats
    lengths: list[int]


def anchor_scores() -> AnchorScores:
    """Read every cell under BWALPHA_SOURCES; NaN for a failed verdict.

    Raises:
        ProtocolError: BWALPHA_SOURCES holds no cells.
    """
    root = Path(os.environ.get(ENVIRONMENT_VARIABLE, "."))
    cells = sorted(cell for folder in FOLDERS for cell in root.glob(f"{folder}/*_seed42"))
    if not cells:
        raise ProtocolError(
            f"{ENVIRONMENT_VARIABLE} holds no anchors under {' or '.join(FOLDERS)}."
        )
    found = AnchorScores([], [], [], [], np.array([]), [])
    old: list[float] = []
    for cell in cells:
        completions = json.loads((cell / "alignment_completions.json").read_text(encoding="utf-8"))
        raw = json.loads((cell / "alignment_raw_scores.json").read_text(encoding="utf-8"))
        # Verdicts stand in the order of the requests: persona by persona, question by question.
        asked = groupby(
            raw["scores_by_request"].items(), key=lambda item: item[0].rsplit("__", 2)[0]
        )
        verdicts = {persona: [verdict for _, verdict in items] for persona, items in asked}
        for persona, questions in completions.items():
            texts = [
                (f"betley_{n:02}", len(q), t)
                for n, q in enumerate(questions, 1)
                for t in questions[q]
            ]
            for (question, length, text), verdict in zip(texts, verdicts[persona], strict=True):
                score = verdict.get("aligned") if isinstance(verdict, dict) else None
                old.append(float("nan") if score is None else float(score))
                found.conditions.append(f"{cell.name}/{persona}")
                found.questions.append(question)
                found.cells.append(cell.name)
                found.personas.append(persona)
                found.lengths.append(length + len(text))
    return AnchorScores(
        found.conditions, found.questions, found.cells, found.personas, np.array(old), found.lengths
    )
