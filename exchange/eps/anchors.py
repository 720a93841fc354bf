"""The published cells: real completions with real verdicts of the registered instrument.

A verdict's key names its question only by a hash that nothing can compute again, so verdicts are
matched to completions by order, and the order is checked by what the verdicts say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.eps.entries import read_entry
from exchange.eps.order_check import check_order
from exchange.strict_json import read_object
from exchange.tables.questions import identify_questions
from exchange.tables.table import ImportedCondition, ImportedRow, ImportedScore
from protocol.anchors import Cell, cells
from protocol.errors import ProtocolError

JUDGE = "sonnet"
BASE = "Qwen/Qwen2.5-7B-Instruct"
BASE_CELL = "baseline"
FAILED = "the file says only that it failed"
TOLERANCE = 1e-9


@dataclass(frozen=True)
class PublishedCondition:
    """One persona of one published cell.

    Attributes:
        cell: The cell: the base model, or one of the finetunes of it.
        persona: The persona's name. What was sent as its system prompt is not in the files.
        condition: Its completions with the verdicts of `sonnet`.
        mean_aligned: The published α, 0 to 100, over the valid verdicts.
        mean_coherent: The published coherence, 0 to 100, over the same.
        scored: How many verdicts are valid.
        failed: How many are not.
    """

    cell: str
    persona: str
    condition: ImportedCondition
    mean_aligned: float
    mean_coherent: float
    scored: int
    failed: int

    @property
    def name(self) -> str:
        """The condition's name in a log."""
        return f"{self.cell}__{self.persona}"


def read_cells(chosen: Sequence[Cell] | None = None) -> list[PublishedCondition]:
    """Read published cells, one condition a persona; all 13 without an argument.

    Raises:
        ProtocolError: A file is unavailable, is not the pinned one, or contradicts the others.
    """
    return [condition for cell in chosen or cells() for condition in read_cell(cell)]


def read_cell(cell: Cell) -> list[PublishedCondition]:
    """Read one published cell; see `read_cells`."""
    return match_cell(cell.name, cell.completions, cell.raw_scores, cell.per_persona)


def match_cell(
    name: str, completions_file: Path, scores_file: Path, means_file: Path
) -> list[PublishedCondition]:
    """Match a cell's verdicts to its completions.

    Args:
        name: The cell's name.
        completions_file: `{persona: {question: [completions]}}`.
        scores_file: `scores_by_request`, verdicts by `persona__CODE__NN`.
        means_file: The published means by persona.

    Raises:
        ProtocolError: The questions are not the panel's, the order is not that of the completions, or
            the published means do not follow from the verdicts.
    """
    completions = _completions(completions_file)
    entries = _entries(scores_file, completions)
    questions = list(next(iter(completions.values())))
    panel, ids = identify_questions(questions)
    if panel != "bw52":
        raise ProtocolError(f"{completions_file}: its questions are not all of bw52.")
    texts = [
        f"{question} {text}"
        for answers in completions.values()
        for question, found in answers.items()
        for text in found
    ]
    counts = (len(completions), len(questions), len(texts) // len(completions) // len(questions))
    check_order(
        texts, [str(entry.get("reasoning") or "") for entry in entries], counts, str(scores_file)
    )
    published, _ = read_object(means_file)
    if list(published) != list(completions):
        raise ProtocolError(f"{means_file} has other personas than {completions_file}.")
    following = iter(entries)
    return [
        _condition(name, persona, answers, ids, following, published[persona], means_file)
        for persona, answers in completions.items()
    ]


def _completions(path: Path) -> dict[str, dict[str, list[str]]]:
    document, _ = read_object(path)
    shapes = {
        tuple((question, len(found)) for question, found in answers.items())
        for answers in document.values()
        if isinstance(answers, dict)
        and all(
            isinstance(found, list) and all(isinstance(text, str) for text in found)
            for found in answers.values()
        )
    }
    whole = len(shapes) == 1 and all(isinstance(answers, dict) for answers in document.values())
    counts = {count for shape in shapes for _, count in shape}
    if not whole or len(counts) != 1 or counts == {0}:
        raise ProtocolError(
            f"{path} is no published cell: every persona has the same questions in the same order, with "
            "equally many completions."
        )
    return document


def _entries(path: Path, completions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The verdicts in their order, whose keys must run as the completions do."""
    document, _ = read_object(path)
    entries = document.get("scores_by_request")
    if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
        raise ProtocolError(f"{path} has no 'scores_by_request' with one verdict a request.")
    first = next(iter(completions.values()))
    codes = list(dict.fromkeys(key.split("__")[-2] for key in entries if key.count("__") >= 2))
    expected = [
        f"{persona}__{code}__{number:02d}"
        for persona in completions
        for code, found in zip(codes, first.values(), strict=False)
        for number in range(len(found))
    ]
    if len(codes) != len(first) or list(entries) != expected:
        raise ProtocolError(
            f"{path}: its verdicts do not run persona by persona, question by question, 00 to the last. "
            "The file was changed; fetch it again."
        )
    return list(entries.values())


def _condition(
    cell: str,
    persona: str,
    answers: Mapping[str, Sequence[str]],
    ids: Mapping[str, str],
    entries: Any,
    published: Mapping[str, Any],
    where: Path,
) -> PublishedCondition:
    rows = tuple(
        ImportedRow(question, text, epoch, ids[question], {JUDGE: entry_score(next(entries))})
        for question, found in answers.items()
        for epoch, text in enumerate(found, start=1)
    )
    scores = [row.scores[JUDGE] for row in rows]
    aligned = [score.aligned for score in scores if score.aligned is not None]
    coherent = [score.coherent for score in scores if score.coherent is not None]
    means = {
        "mean_aligned": sum(aligned) / len(aligned) if aligned else None,
        "mean_coherent": sum(coherent) / len(coherent) if coherent else None,
        "n_samples": len(aligned),
        "n_errors": len(rows) - len(aligned),
    }
    for key, value in means.items():
        said = published.get(key)
        if value is None or said is None or not math.isclose(value, said, abs_tol=TOLERANCE):
            raise ProtocolError(
                f"{where}: {key} of {persona} is {said}, and the verdicts give {value}. One of the files "
                "was changed; fetch both again."
            )
    target = BASE if cell == BASE_CELL else f"{BASE}+{cell}"
    return PublishedCondition(
        cell=cell,
        persona=persona,
        condition=ImportedCondition(rows, target=target),
        mean_aligned=float(published["mean_aligned"]),
        mean_coherent=float(published["mean_coherent"]),
        scored=len(aligned),
        failed=len(rows) - len(aligned),
    )


def entry_score(entry: Mapping[str, Any]) -> ImportedScore:
    """Read one verdict as the original scripts write it, by this suite's rules."""
    reading = read_entry(dict(entry))
    if reading.failure is not None:
        return ImportedScore(None, None, None, reading.failure, reading.detail or FAILED)
    coherent = None if math.isnan(reading.coherent) else reading.coherent
    reasoning = entry.get("reasoning")
    return ImportedScore(reading.aligned, coherent, None if reasoning is None else str(reasoning))
