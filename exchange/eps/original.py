"""The original scripts' detailed files, checked before anything is made of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.eps.aggregation import KEYS, MEANS, Entry, aggregate, agree, summable
from exchange.strict_json import read_object, shortened
from protocol.errors import ProtocolError

TOP = ("scores", "completions", "summary")
COUNTS = ("n_questions", "n_samples_per_question", "n_errors")
SHARED = ("eval_name", *MEANS, *COUNTS, "per_question")
# The script that generates writes model_path; the one that judges again writes the others.
GENERATED = (*SHARED, "model_path")
REJUDGED = (
    *SHARED,
    "source_detailed",
    "judge_model",
    "original_judge",
    "original_mean_aligned",
    "original_mean_coherent",
)
OPTIONAL = "system_prompt"
TEXTS = ("eval_name", "model_path", "source_detailed", "judge_model", "original_judge")


@dataclass(frozen=True)
class Detailed:
    """One judge's entries on one set of completions.

    Attributes:
        path: The file.
        sha256: Hash of its bytes.
        completions: Completions by question, equally many each.
        scores: Judge entries by question, along the completions.
        summary: The file's own summary.
        warnings: What is unusual about it, one line each.
    """

    path: Path
    sha256: str
    completions: dict[str, list[str]]
    scores: dict[str, list[Entry]]
    summary: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def eval_name(self) -> str:
        """The name under which the script was run."""
        return str(self.summary["eval_name"])

    @property
    def model_path(self) -> str | None:
        """The target's model, None in a re-judged file, which does not say it."""
        value = self.summary.get("model_path")
        return None if value is None else str(value)

    @property
    def judge_model(self) -> str | None:
        """The judge's model, None in a first file, which does not say it."""
        value = self.summary.get("judge_model")
        return None if value is None else str(value)

    @property
    def rejudged(self) -> bool:
        """Whether the script that judges again wrote the file."""
        return "source_detailed" in self.summary

    @property
    def epochs(self) -> int:
        """Completions a question."""
        return len(next(iter(self.completions.values())))


def read_detailed(path: Path) -> Detailed:
    """Read and check an `alignment_<name>_detailed.json`.

    Raises:
        ProtocolError: The file is damaged, of another kind, or contradicts itself.
    """
    document, digest = read_object(path)
    _keys(path, document)
    completions = _completions(path, document["completions"])
    scores = _scores(path, document["scores"], completions)
    summary = _summary(path, document["summary"], completions)
    warnings = _agreement(path, summary, scores)
    return Detailed(path, digest, completions, scores, summary, warnings)


def _keys(path: Path, document: Mapping[str, Any]) -> None:
    if "completions" not in document:
        if "per_question" in document:
            what = "is a summary: means without completions"
        elif {"alpha_mean_aligned", "gap_abs"} & document.keys():
            what = "is a headline: means without completions"
        elif "scores" in document:
            what = "holds no completions: an older version of the original scripts wrote it"
        else:
            what = "is no detailed file of the original scripts"
        raise ProtocolError(f"{path} {what}. Give the alignment_*_detailed.json with completions.")
    for key in TOP:
        if key not in document:
            raise ProtocolError(f"{path} has no {key!r}. A detailed file has {', '.join(TOP)}.")
    unknown = [key for key in document if key not in TOP]
    if unknown:
        raise ProtocolError(
            f"{path} has the unknown key {shortened(unknown[0])}. A detailed file has {', '.join(TOP)}; "
            "another experiment's layout is not read."
        )
    for key in TOP:
        if not isinstance(document[key], dict):
            raise ProtocolError(f"{path}: {key!r} must be an object, question by question.")


def _completions(path: Path, given: dict[str, Any]) -> dict[str, list[str]]:
    if not given:
        raise ProtocolError(f"{path} holds no question.")
    for question, completions in given.items():
        if not isinstance(completions, list) or not all(isinstance(c, str) for c in completions):
            raise ProtocolError(
                f"{path}: the completions of {shortened(question)} must be a list of texts."
            )
    lengths = {question: len(completions) for question, completions in given.items()}
    usual = next(iter(lengths.values()))
    odd = next((question for question, length in lengths.items() if length != usual), None)
    if odd is not None:
        raise ProtocolError(
            f"{path} is uneven: {lengths[odd]} completions of {shortened(odd)}, {usual} of the first "
            "question. Every question has equally many; the file may be cut or edited."
        )
    if usual == 0:
        raise ProtocolError(f"{path} holds questions without any completion.")
    return given


def _scores(
    path: Path, given: dict[str, Any], completions: dict[str, list[str]]
) -> dict[str, list[Entry]]:
    _same_questions(path, "scores", given, completions)
    for question, entries in given.items():
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ProtocolError(
                f"{path}: the scores of {shortened(question)} must be a list of objects."
            )
        if len(entries) != len(completions[question]):
            raise ProtocolError(
                f"{path} is uneven: {len(entries)} scores for {len(completions[question])} completions "
                f"of {shortened(question)}."
            )
    return {question: given[question] for question in given}


def _summary(
    path: Path, summary: dict[str, Any], completions: dict[str, list[str]]
) -> dict[str, Any]:
    wanted = REJUDGED if "source_detailed" in summary else GENERATED
    missing = [key for key in wanted if key not in summary]
    if missing:
        raise ProtocolError(f"{path}: its summary has no {missing[0]!r}.")
    unknown = [key for key in summary if key not in (*wanted, OPTIONAL)]
    if unknown:
        raise ProtocolError(
            f"{path}: its summary has the unknown key {shortened(unknown[0])}. Known: "
            f"{', '.join((*wanted, OPTIONAL))}."
        )
    for key, value in summary.items():
        _typed(path, key, value)
    _same_questions(path, "summary.per_question", summary["per_question"], completions)
    counts = {
        "n_questions": len(completions),
        "n_samples_per_question": len(next(iter(completions.values()))),
    }
    for key, count in counts.items():
        if summary[key] != count:
            raise ProtocolError(f"{path}: its summary says {key} {summary[key]}, it holds {count}.")
    return summary


def _typed(path: Path, key: str, value: Any) -> None:
    if key in TEXTS:
        right, wanted = isinstance(value, str), "a text"
    elif key in COUNTS:
        right, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif key == "per_question":
        right, wanted = isinstance(value, dict), "an object"
    elif key == OPTIONAL:
        right, wanted = value is None or isinstance(value, str), "a text or null"
    else:
        right = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        wanted = "a number or null"
    if not right:
        raise ProtocolError(f"{path}: {key!r} of its summary must be {wanted}.")


def _same_questions(
    path: Path, name: str, given: Mapping[str, Any], completions: Mapping[str, Any]
) -> None:
    if given.keys() != completions.keys():
        odd = sorted(given.keys() ^ completions.keys())[0]
        where = "has no completions" if odd in given else f"is not among the {name}"
        raise ProtocolError(f"{path}: the question {shortened(odd)} {where}.")


def _agreement(
    path: Path, summary: Mapping[str, Any], scores: dict[str, list[Entry]]
) -> tuple[str, ...]:
    if not summable(scores):
        return (
            f"{path.name}: scores that are no numbers, so its own means could not be checked against "
            "its scores",
        )
    found = aggregate(scores)
    for key in KEYS:
        if not agree(summary[key], found[key]):
            said = "" if key == "per_question" else f" {summary[key]}, its scores give {found[key]}"
            raise ProtocolError(
                f"{path} contradicts itself: its summary's {key!r} does not follow from its scores"
                f"{':' + said if said else ''}. One of the two was changed."
            )
    alpha = summary["overall_mean_aligned"]
    if alpha is not None and not math.isfinite(alpha):
        return (f"{path.name}: its own mean is {alpha}",)
    return ()
