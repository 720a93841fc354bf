"""α against measured C: the plane, the correlation over conditions, and what it answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from likeness.c_file import CFile, ConditionC, Role
from likeness.confound import correlation
from likeness.published import PUBLISHED_C
from likeness.wording import LENGTH_LIMIT, SIMULATED, code, remarks, scale_lines
from reports.caveats import common
from reports.formatting import number, unique
from reports.headline import Comparison, ConditionRow, Headline
from reports.judge_figures import Estimate, Model, Number

ALL, REST, PROMPTS = "all conditions", "all but the scale's own", "prompts of "
NOTHING, LENGTH, BOTH = "nothing", "log length", "log length and coherence"


class PlanePoint(Model):
    """One condition under one judge.

    ``c`` and ``alpha`` carry their 95 % intervals, clustered by question; a published point has none.
    """

    name: str
    role: Role
    group: str
    target: str
    judge: str
    c: Estimate
    alpha: Estimate
    coherence: Number = None
    log_length: Number = None
    published: bool = False
    invalid: bool = False


class CorrelationFigures(Model):
    """C against α over conditions, ``held_fixed`` taken out of both; negative where α falls as C rises."""

    judge: str
    over: str
    held_fixed: str
    r: Estimate
    conditions: int
    groups: int
    reason: str = ""


class Plane(Model):
    """α of one panel and rubric against C of one scale.

    ``answers`` says of each judge whether C predicts α beyond length and coherence, ``caveats`` what stands
    against taking it further.
    """

    scale: str
    panel: str
    rubric: str
    simulated: bool
    points: list[PlanePoint]
    correlations: list[CorrelationFigures]
    answers: list[str]
    caveats: list[str]


def measured_planes(file: CFile, headline: Headline) -> list[Plane]:
    """One plane for each comparison of the headline that has a condition with a measured C.

    A row is joined to the C of its own log; where it has none, as with C on general questions, to the C of
    another log of the same condition, prompt, target and seed.
    """
    return [
        _plane(file, headline, comparison, points)
        for comparison in headline.comparisons
        if (points := _points(file, comparison))
    ]


def plane_markdown(file: CFile, planes: Sequence[Plane]) -> str:
    """C of every condition, the correlations and the answer, for a write-up."""
    lines = ["# α against measured C", "", *_list(scale_lines(file)), ""]
    lines += _table(
        ["condition", "C", "95 %", "C of length", "texts", "questions", "MMD²", "p"],
        (
            [
                code(row.name),
                *(number(row.c), _interval(row.low, row.high), number(row.length_c)),
                *(f"{row.texts:,}", str(row.questions)),
                *(number(row.mmd2, 3), number(row.p_value, 3)),
            ]
            for row in file.conditions
        ),
    )
    lines += ["", *_list(remarks(file)), ""]
    for plane in planes:
        lines += [f"## Panel {plane.panel}, rubric {plane.rubric}", ""]
        lines += _table(
            ["judge", "over", "held fixed", "r", "95 %", "conditions", "groups"],
            (
                [
                    *(found.judge, found.over, found.held_fixed, number(found.r.value)),
                    found.reason or _interval(found.r.low, found.r.high),
                    *(str(found.conditions), str(found.groups)),
                ]
                for found in plane.correlations
            ),
        )
        lines += ["", *_list([*plane.answers, *plane.caveats]), ""]
    return "\n".join(lines)


def _plane(
    file: CFile, headline: Headline, comparison: Comparison, points: list[PlanePoint]
) -> Plane:
    judges = unique(point.judge for point in points)
    correlations = [found for judge in judges for found in _correlations(file, points, judge)]
    simulated = file.simulated or comparison.simulated
    decides = [ALL if file.scale.kind == "published" else REST]
    decides += [found.over for found in correlations if found.over.startswith(PROMPTS)]
    return Plane(
        scale=file.scale.id,
        panel=comparison.panel,
        rubric=comparison.rubric,
        simulated=simulated,
        points=points + (_published(headline) if file.scale.kind == "published" else []),
        correlations=correlations,
        answers=[
            _answer(found)
            for found in correlations
            if found.over in decides and found.held_fixed == BOTH
        ],
        caveats=_caveats(file, comparison, simulated, points),
    )


def _points(file: CFile, comparison: Comparison) -> list[PlanePoint]:
    found = []
    for row in comparison.rows:
        measured = _measured(file, row)
        if measured is None:
            continue
        found += [
            PlanePoint(
                name=measured.name,
                role=measured.role,
                group=f"{row.condition} {row.prompt_sha256} {row.target}",
                target=row.target,
                judge=judge.judge,
                c=Estimate(value=measured.c, low=measured.low, high=measured.high),
                alpha=judge.alpha,
                coherence=judge.coherence,
                log_length=measured.log_length,
                invalid=judge.invalid,
            )
            for judge in row.judges
        ]
    return found


def _measured(file: CFile, row: ConditionRow) -> ConditionC | None:
    key = (row.condition, row.prompt_sha256, row.target, row.base_seed)
    own = [found for found in file.conditions if found.key == key]
    same = [found for found in own if found.log == row.log]
    return next(iter([*same, *own]), None)


def _published(headline: Headline) -> list[PlanePoint]:
    """Published α over the C that is published on this very scale; other published C are on another."""
    return [
        PlanePoint(
            name=row.condition,
            role="condition",
            group=row.condition,
            target="published",
            judge=judge.judge,
            c=Estimate(value=PUBLISHED_C[row.condition]),
            alpha=judge.alpha,
            published=True,
            invalid=judge.invalid,
        )
        for row in headline.published
        if row.condition in PUBLISHED_C
        for judge in row.judges
    ]


def _correlations(
    file: CFile, points: Sequence[PlanePoint], judge: str
) -> list[CorrelationFigures]:
    own = [p for p in points if p.judge == judge and not p.invalid]
    parts = {ALL: own}
    if file.scale.kind == "own":
        parts[REST] = [p for p in own if p.role == "condition"]
    base = next((p.target for p in own if p.role == "base"), None)
    if base is not None and len({p.target for p in own if p.role == "condition"}) > 1:
        parts[PROMPTS + base] = [p for p in own if p.target == base]
    return [
        _correlation(judge, over, fixed, part)
        for over, part in parts.items()
        for fixed in (NOTHING, LENGTH, BOTH)
    ]


def _correlation(
    judge: str, over: str, fixed: str, points: Sequence[PlanePoint]
) -> CorrelationFigures:
    held: dict[str, list[list[float | None]]] = {NOTHING: []}
    held[LENGTH] = [[p.log_length for p in points]]
    held[BOTH] = [*held[LENGTH], [p.coherence for p in points]]
    several = len({p.target for p in points}) > 1
    found = correlation(
        _array([p.c.value for p in points]),
        _array([p.alpha.value for p in points]),
        [_array(values) for values in held[fixed]],
        [p.target if several else p.group for p in points],
    )
    return CorrelationFigures(
        judge=judge,
        over=over,
        held_fixed=fixed,
        r=Estimate(value=found.r, low=found.low, high=found.high),
        conditions=found.conditions,
        groups=found.groups,
        reason=found.reason,
    )


def _answer(found: CorrelationFigures) -> str:
    asked = f"{found.judge}, {found.over}: does C predict α beyond length and coherence? "
    r, low, high = found.r.value, found.r.low, found.r.high
    if r is None or low is None or high is None:
        return f"{asked}Undecided: {found.reason}."
    said = (
        f"r = {r:.2f} [{low:.2f}, {high:.2f}] over {found.conditions} conditions in {found.groups} "
        "independent groups"
    )
    if high < 0:
        return f"{asked}Yes, as H1 (coupling) has it: α falls as C rises, {said}."
    if low > 0:
        return f"{asked}Yes, and against H1 (coupling): α rises with C, {said}."
    return (
        f"{asked}Not shown: {said} is compatible with none, as H2 (orthogonal axes) has it, and with "
        f"a correlation of up to {low if abs(low) > high else high:.2f}."
    )


def _caveats(
    file: CFile, comparison: Comparison, simulated: bool, points: Sequence[PlanePoint]
) -> list[str]:
    found = [SIMULATED] if simulated else []
    found += [caveat.text for caveat in common(comparison.panel, comparison.rubric)]
    found.append(
        "The conditions were chosen, not drawn: a correlation over them says how these lie, and not that a "
        "further prompt would. It takes out what length and coherence explain linearly, and no more."
    )
    found.append(
        "Coherence comes from the same reply of the judge as α, and is no independent measure."
    )
    length = file.scale.length_fit.auc
    if length is not None and length >= LENGTH_LIMIT:
        found.append(
            f"Length alone tells this finetune from its base (AUC {length:.3f}), so C may be about length."
        )
    unjudged = len(file.conditions) - len({point.name for point in points})
    if unjudged:
        found.append(f"{unjudged} conditions have a C and no α under this panel and rubric.")
    invalid = unique(f"{p.name} ({p.judge})" for p in points if p.invalid)
    if invalid:
        found.append(
            "Left out of the correlations, over the protocol's limit of failed verdicts: "
            f"{', '.join(invalid)}."
        )
    return found


def _array(values: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def _list(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(headings), line(["---"] * len(headings)), *(line(row) for row in rows)]
