"""What must be said beside every C, in words, and texts of others made harmless in Markdown."""

import re

from likeness.c_file import CFile

# Control and direction characters, which a terminal or a browser would follow rather than show.
ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)
LENGTH_LIMIT = 0.9
ROLES = {"em": "EM", "base": "base", "negative": "negative", "condition": ""}
NONE = "–"
SIMULATED = "SIMULATED: these numbers describe no real model."


def scale_lines(file: CFile) -> list[str]:
    """The scale, how well its fit does, and what length alone does."""
    scale = file.scale
    lines = [SIMULATED] if file.simulated else []
    lines.append(
        f'C scale {scale.id} ({scale.kind}): mean P("EM"), 0 to 1, higher is more like the finetune.'
    )
    lines.append(
        f"{scale.positive_texts:,} completions of {scale.em} against {scale.negative_texts:,} of "
        f"{', '.join(scale.negatives)}, regularisation {scale.regularisation:g}."
    )
    if scale.kind == "own":
        lines.append(
            f"On {len(scale.questions)} questions held out in turn: AUC {number(scale.fit.auc, 3)}, Brier "
            f"score {number(scale.fit.brier, 3)}, calibration slope {number(scale.fit.calibration_slope, 1)}."
            f" Length alone: AUC {number(scale.length_fit.auc, 3)}."
        )
    lines += [
        f"{check.what}: refitted {number(check.refitted, 4)}, published {number(check.published, 4)}"
        f"{'' if check.agrees else ' - DOES NOT AGREE, so this is not the published scale'}."
        for check in scale.checks
    ]
    return lines


def remarks(file: CFile) -> list[str]:
    """What stands between these C and what they seem to say, and what has none."""
    scale = file.scale
    found = []
    if scale.length_fit.auc is not None and scale.length_fit.auc >= LENGTH_LIMIT:
        found.append(
            f"Length alone tells finetune and base model apart (AUC {scale.length_fit.auc:.3f}): "
            "read every C beside the C of length."
        )
    if scale.kind == "published":
        found.append(
            "The source held out no questions and drew its intervals, where it has any, otherwise; there is "
            "no two-sample test on this scale."
        )
    for row in file.conditions:
        said = [
            f"{row.failed:,} completions are no answer" if row.failed else "",
            f"{row.other_questions:,} answer other questions" if row.other_questions else "",
            f"{row.missing_questions} of the scale's questions have no answer"
            if row.missing_questions
            else "",
            "one question, so no interval" if row.questions == 1 else "",
            "reconstructed prompt" if row.provenance == "reconstruction" else "",
        ]
        if any(said):
            found.append(f"{row.name}: {'; '.join(text for text in said if text)}.")
    found += [f"left out: {log.log}: {log.reason}" for log in file.left_out]
    return found


def number(value: float | None, digits: int = 2) -> str:
    """A number for reading, a dash where it is not defined."""
    return NONE if value is None else f"{value:.{digits}f}"


def code(text: str) -> str:
    """One line of any text as inline code."""
    shown = " ".join(_harmless(text).split())
    ticks = _longer_than_any(shown, 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str) -> str:
    """Any text as a code block that it cannot end."""
    shown = _harmless(text)
    fence = _longer_than_any(shown, 3)
    return f"{fence}text\n{shown}\n{fence}"


def _harmless(text: str) -> str:
    shown = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = shown.encode("utf-8", "replace").decode("utf-8")
    return ACTING.sub("\ufffd", shown)


def _longer_than_any(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
