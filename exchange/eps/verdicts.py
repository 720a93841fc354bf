"""Files of the original scripts that hold verdicts and no completions."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.eps.aggregation import aggregate, agree, summable
from exchange.eps.anchors import entry_score
from exchange.strict_json import read_object, shortened
from exchange.tables.questions import identify_questions
from exchange.tables.table import ImportedCondition, ImportedRow, ImportedScore, ImportedTable
from protocol.errors import ProtocolError

JUDGES = ("sonnet", "opus")
CHECKED = ("overall_mean_aligned", "overall_mean_coherent", "n_errors")
NO_TEXT = (
    "the completions are not in the files: their verdicts count, and no judge can be asked again"
)


@dataclass(frozen=True)
class VerdictFile:
    """One judge's verdicts on some questions of one condition.

    Attributes:
        path: The file.
        scores: Verdicts by question, in order.
        target: The model as the file names it, None where it does not.
        judge_model: The judge's model, None where the file does not say.
        prompt: The system prompt, None where none was sent or the file does not say.
        prompt_known: Whether the file says what was sent.
        warnings: What is unusual about it.
    """

    path: Path
    scores: dict[str, list[ImportedScore]]
    target: str | None
    judge_model: str | None
    prompt: str | None
    prompt_known: bool
    warnings: tuple[str, ...] = ()


def has_verdicts_only(document: Mapping[str, Any]) -> bool:
    """Tell whether a detailed file holds verdicts and no completions."""
    return {"scores", "summary"} <= document.keys() and "completions" not in document


def read_verdicts(
    paths: Sequence[Path], condition: str | None = None, judge: str | None = None
) -> ImportedTable:
    """Read verdicts without completions; files of one folder are parts of one condition.

    A condition is called after its folder, which a folder named after the judge lies in:
    `<condition>/sonnet/alignment_betley_detailed.json`, `<condition>/sonnet/alignment_wang_detailed.json`.

    Args:
        paths: Detailed files.
        condition: The condition of all files, instead of their folders' names.
        judge: The judge of all files, where they do not say it.

    Returns:
        The conditions, every completion None.

    Raises:
        ProtocolError: A file is damaged or contradicts itself, does not say its judge, or judges what
            another one does.
    """
    names = [condition] * len(paths) if condition is not None else _conditions(paths)
    groups: dict[str, dict[str, list[VerdictFile]]] = {}
    for path, name in zip(paths, names, strict=True):
        file = read_verdict_file(path)
        found = _judge(file, judge)
        groups.setdefault(name, {}).setdefault(found, []).append(file)
    files = [file for group in groups.values() for own in group.values() for file in own]
    panel, ids = identify_questions(dict.fromkeys(q for file in files for q in file.scores))
    conditions = {name: _condition(name, group, ids) for name, group in groups.items()}
    judges: dict[str, str | None] = {}
    for group in groups.values():
        for name, own in group.items():
            judges[name] = _one({file.judge_model for file in own}, own, "judges") or judges.get(
                name
            )
    found_lines = [
        f"{file.path}: {sum(map(len, file.scores.values()))} verdicts on {len(file.scores)} questions"
        for file in files
    ]
    found_lines += [
        f"condition {name}: {len({row.question for row in one.rows})} questions, {len(one.rows)} "
        f"verdicts a judge by {', '.join(groups[name])}; the text is not there"
        for name, one in conditions.items()
    ]
    warnings = [*(warning for file in files for warning in file.warnings), NO_TEXT]
    return ImportedTable(
        conditions, panel, {}, judges, found=tuple(found_lines), warnings=tuple(warnings)
    )


def read_verdict_file(path: Path) -> VerdictFile:
    """Read and check one file.

    Raises:
        ProtocolError: It is of another kind, damaged, or its summary does not follow from its scores.
    """
    document, _ = read_object(path)
    if not has_verdicts_only(document):
        what = "holds completions too" if "completions" in document else "has no scores and summary"
        raise ProtocolError(f"{path} {what}: it is no file of verdicts alone.")
    scores, summary = document["scores"], document["summary"]
    if not isinstance(summary, dict) or not isinstance(scores, dict) or not scores:
        raise ProtocolError(f"{path}: 'scores' and 'summary' must be objects, and not empty.")
    for question, entries in scores.items():
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ProtocolError(
                f"{path}: the scores of {shortened(question)} must be a list of objects."
            )
    found = aggregate(scores)
    for key in CHECKED:
        if summable(scores) and key in summary and not agree(summary[key], found[key]):
            raise ProtocolError(
                f"{path} contradicts itself: its summary's {key!r} is {summary[key]}, its scores give "
                f"{found[key]}. One of the two was changed."
            )
    warnings = []
    if "completions_sample" in document:
        warnings.append(
            f"{path}: 'completions_sample' was left out; nothing says which verdicts are about it"
        )
    if "suffix_ids" in summary:
        warnings.append(f"{path}: its prompt is {len(summary['suffix_ids'])} token ids and no text")
    prompt = summary.get("system_prompt")
    return VerdictFile(
        path=path,
        scores={
            question: [entry_score(entry) for entry in scores[question]] for question in scores
        },
        target=_text(summary, "model_path") or _text(summary, "base_model_path"),
        judge_model=_text(summary, "judge_model"),
        prompt=prompt if isinstance(prompt, str) else None,
        prompt_known="system_prompt" in summary,
        warnings=tuple(warnings),
    )


def _conditions(paths: Sequence[Path]) -> list[str]:
    folders = []
    for path in paths:
        folder = path.absolute().parent
        folders.append(folder.parent if folder.name in JUDGES else folder)
    common = Path(os.path.commonpath(folders))
    names = [
        "__".join(folder.relative_to(common).parts) if folder != common else folder.name
        for folder in folders
    ]
    return [re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-") or "condition" for name in names]


def _judge(file: VerdictFile, given: str | None) -> str:
    places = (file.judge_model or "", file.path.absolute().parent.name, file.path.stem)
    for place in places:
        found = [name for name in JUDGES if name in place.lower()]
        if len(found) == 1:
            return found[0]
    if given is None:
        raise ProtocolError(
            f"{file.path} does not say its judge. Give --judge NAME=MODEL, or put it into a folder of "
            f"the judge's name ({', '.join(JUDGES)})."
        )
    return given


def _condition(
    name: str, group: Mapping[str, Sequence[VerdictFile]], ids: Mapping[str, str]
) -> ImportedCondition:
    files = [file for own in group.values() for file in own]
    cells: dict[tuple[str, int], dict[str, ImportedScore]] = {}
    counts: dict[str, dict[str, int]] = {}
    for judge, own in group.items():
        for file in own:
            for question, scores in file.scores.items():
                if judge in counts.setdefault(question, {}):
                    raise ProtocolError(
                        f"{file.path}: {judge} judged {shortened(question)} of {name} in another file "
                        "already. Leave one out, or import them as --condition by themselves."
                    )
                counts[question][judge] = len(scores)
                for epoch, score in enumerate(scores, start=1):
                    cells.setdefault((question, epoch), {})[judge] = score
    for question, by_judge in counts.items():
        if len(set(by_judge.values())) > 1:
            said = ", ".join(f"{judge} {count}" for judge, count in by_judge.items())
            raise ProtocolError(
                f"{name}: the judges gave different numbers of verdicts on {shortened(question)}: {said}. "
                "They judge the same completions, or belong to different conditions."
            )
    order = list(counts)
    rows = sorted(cells, key=lambda cell: (order.index(cell[0]), cell[1]))
    return ImportedCondition(
        rows=tuple(ImportedRow(q, None, epoch, ids[q], cells[q, epoch]) for q, epoch in rows),
        system_prompt=_one({file.prompt for file in files}, files, "system prompts"),
        prompt_known=all(file.prompt_known for file in files),
        target=_one({file.target for file in files}, files, "targets"),
    )


def _one(values: set[str | None], files: Sequence[VerdictFile], what: str) -> str | None:
    said = values - {None}
    if len(said) > 1:
        paths = ", ".join(str(file.path) for file in files[:4])
        raise ProtocolError(
            f"{paths} name different {what}. Import them as conditions by themselves."
        )
    return said.pop() if said else None


def _text(summary: Mapping[str, Any], key: str) -> str | None:
    value = summary.get(key)
    return value if isinstance(value, str) else None
