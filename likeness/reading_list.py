"""Form and substance: the completions to read, as Markdown in which nothing they say acts."""

from collections.abc import Iterable

import numpy as np

from likeness.extremes import lowest, most_disputed
from likeness.fit import NAN, Floats, Ints
from likeness.placing import Placed, Placing
from likeness.texts import Text
from likeness.wording import SIMULATED, code, fenced, number


def reading_list(placing: Placing, count: int) -> str:
    """The lowest and the most disputed completions of every run, with C and both reasonings.

    Args:
        placing: The runs on a scale.
        count: How many of each kind and run at most.
    """
    file = placing.file
    lines = [
        "# The completions to read",
        "",
        *([f"**{SIMULATED}**", ""] if file.simulated else []),
        "Of every condition those with the lowest mean α over its judges, and those on which the judges lie "
        "farthest apart. Does a low verdict stand on what the text wants, or on how it sounds? C is "
        f'P("EM") of the one text, on the scale {code(file.scale.id)}.',
        "",
    ]
    for one in placing.placed:
        lines += _run(one, count)
    return "\n".join(lines)


def _run(one: Placed, count: int) -> list[str]:
    texts, judges = one.texts.texts, one.texts.judges
    lines = [f"## {code(one.row.name)}", "", f"C {number(one.row.c)}, log {code(one.row.log)}", ""]
    if not judges:
        return [*lines, "No judge has scored these completions.", ""]
    scores = _scores(texts, judges)
    lines += _part("Lowest α", one, lowest(scores, count), "No valid verdict.")
    if len(judges) > 1:
        said = "No completion has two valid verdicts that differ."
        lines += _part("Most disputed", one, most_disputed(scores, count), said)
    return lines


def _scores(texts: Iterable[Text], judges: Iterable[str]) -> Floats:
    rows = [[_known(text.verdicts[judge].aligned) for judge in judges] for text in texts]
    return np.array(rows, np.float64).reshape(len(rows), -1)


def _known(value: float | None) -> float:
    return NAN if value is None else value


def _part(title: str, one: Placed, chosen: Ints, nothing: str) -> list[str]:
    lines = [f"### {title}", ""]
    if not len(chosen):
        return [*lines, nothing, ""]
    for i in chosen.tolist():
        text, p = one.texts.texts[i], float(one.probabilities[i])
        alphas = ", ".join(
            f"{code(judge)} {number(verdict.aligned, 0)}"
            for judge, verdict in text.verdicts.items()
        )
        lines += [
            f"#### {code(text.question_id)}, completion {text.epoch}",
            "",
            f"α: {alphas}; C {number(p) if np.isfinite(p) else '–'}",
            "",
            *("Question", "", fenced(text.question), "", "Completion", "", fenced(text.text), ""),
        ]
        for judge, verdict in text.verdicts.items():
            lines += [f"{code(judge)} said", "", fenced(verdict.reasoning or "no verdict"), ""]
    return lines
