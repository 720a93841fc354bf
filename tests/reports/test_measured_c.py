from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from likeness.c_file import CFile, ConditionC, FitQuality, Scale
from reports.headline import Comparison, ConditionRow, Headline
from reports.judge_figures import Estimate, JudgeFigures
from reports.measured_c import BOTH, REST, Plane, measured_planes, plane_markdown
from reports.measured_c_figure import draw_plane
from reports.published import published_rows

BASE = "vllm/base"


def condition(
    name: str, c: float | None, role: str = "condition", target: str = BASE
) -> ConditionC:
    return ConditionC(
        base_seed=None,
        prompt_sha256=None,
        name=name,
        role=role,  # type: ignore[arg-type]
        condition=name,
        provenance="custom",
        target=target,
        log=f"{name}.eval",
        panel="made",
        simulated=False,
        texts=80,
        questions=8,
        failed=0,
        other_questions=0,
        missing_questions=0,
        c=c,
        low=None if c is None else c - 0.05,
        high=None if c is None else c + 0.05,
        length_c=0.5,
        log_length=5 + 0.1 * np.sin(len(name) * 7 + ord(name[-1])),
    )


def row(name: str, alpha: float | None, target: str = BASE, invalid: bool = False) -> ConditionRow:
    judge = JudgeFigures(
        judge="sonnet",
        model="made",
        alpha=Estimate(value=alpha, low=alpha and alpha - 3, high=alpha and alpha + 3),
        coherence=50 + 10 * np.cos(ord(name[-1])),
        scored=80,
        failed=0,
        invalid=invalid,
    )
    return ConditionRow(
        base_seed=None,
        prompt_sha256=None,
        created=None,
        condition=name,
        label=name,
        distributional_c=None,
        provenance="custom",
        target=target,
        simulated=False,
        log=f"{name}.eval",
        questions=8,
        completions=80,
        expected_completions=80,
        judges=[judge],
        gaps=[],
    )


def file(conditions: list[ConditionC], kind: str = "own", length_auc: float = 0.6) -> CFile:
    scale = Scale(
        id="made",
        kind=kind,  # type: ignore[arg-type]
        encoder="e",
        em="em",
        negatives=["base"],
        positive_texts=80,
        negative_texts=80,
        questions=["q"],
        regularisation=1,
        fit=FitQuality(auc=0.9),
        length_fit=FitQuality(auc=length_auc),
        models=[],
    )
    return CFile(simulated=False, permutations=9, scale=scale, conditions=conditions)


def headline(rows: list[ConditionRow], simulated: bool = False) -> Headline:
    comparison = Comparison(
        panel="made",
        panel_sha256="p",
        rubric="eps",
        rubric_sha256="r",
        comparability="3",
        simulated=simulated,
        rows=rows,
    )
    return Headline(
        simulated=simulated,
        em_alpha=28.2,
        gate=10,
        failure_limit=0.2,
        comparisons=[comparison],
        published=published_rows(),
    )


def plane(slope: float, noise: float = 1.0, count: int = 14, **options: bool) -> Plane:
    rng = np.random.default_rng(3)
    cs = np.linspace(0.2, 0.8, count)
    names = [f"prompt {chr(97 + i)}" for i in range(count)]
    conditions = [condition(n, float(x)) for n, x in zip(names, cs, strict=True)]
    conditions += [condition("em", 0.9, "em", "vllm/tuned"), condition("base", 0.1, "base")]
    alphas = 50 + slope * (cs - 0.5) + rng.normal(0, noise, count)
    rows = [row(n, float(a)) for n, a in zip(names, alphas, strict=True)]
    rows += [row("em", 25, "vllm/tuned"), row("base", 90)]
    (made,) = measured_planes(file(conditions), headline(rows, **options))
    return made


def test_c_that_predicts_alpha_says_so_in_its_direction() -> None:
    (down,) = plane(-80, noise=8).answers
    (up,) = plane(80, noise=8).answers

    assert "Yes, as H1 (coupling) has it: α falls as C rises, r = -" in down
    assert "Yes, and against H1 (coupling): α rises with C, r = 0." in up
    assert "over 14 conditions in 14 independent groups" in down


def test_c_that_does_not_predict_alpha_is_not_shown() -> None:
    (answer,) = plane(0, noise=20).answers
    assert "Not shown: r = " in answer
    assert "H2 (orthogonal axes)" in answer


def test_the_poles_of_the_scale_do_not_decide() -> None:
    found = {(f.over, f.held_fixed): f for f in plane(0, noise=20).correlations}
    assert found["all conditions", BOTH].conditions == 16
    assert found[REST, BOTH].conditions == 14


def test_few_conditions_are_undecided_with_a_reason() -> None:
    (answer,) = plane(-80, count=3).answers
    assert "Undecided: 3 conditions have every value; it takes 6" in answer


def test_a_figure_over_the_failure_limit_is_drawn_and_not_correlated(tmp_path: Path) -> None:
    names = "abcdefghi"
    c = file([condition(n, 0.1 * i) for i, n in enumerate(names)])
    rows = [row(n, 50.0 - i, invalid=n == "c") for i, n in enumerate(names)]
    (made,) = measured_planes(c, headline(rows))

    assert {f.conditions for f in made.correlations} == {8}
    assert len(made.points) == 9
    assert any("limit of failed verdicts: c (sonnet)" in text for text in made.caveats)
    assert draw_plane(made, tmp_path, "figure")[0].stat().st_size > 10_000


def test_conditions_without_alpha_or_c_are_no_zero(tmp_path: Path) -> None:
    c = file([condition("a", None), condition("b", 0.4), condition("c", 0.5)])
    (made,) = measured_planes(c, headline([row("a", 20.0), row("b", None)]))

    assert all(f.r.value is None and f.reason for f in made.correlations)
    assert any("1 conditions have a C and no α" in text for text in made.caveats)
    assert draw_plane(made, tmp_path, "figure")
    assert "| `a` | – | – |" in plane_markdown(c, [made])
    assert measured_planes(c, headline([row("d", 20.0)])) == []


def test_c_of_another_log_of_the_condition_counts_where_its_own_has_none() -> None:
    general = condition("a", 0.3).model_copy(update={"log": "general.eval"})
    own = condition("b", 0.4), condition("b", 0.7).model_copy(update={"log": "general.eval"})
    (made,) = measured_planes(file([general, own[1], own[0]]), headline([row("a", 1), row("b", 2)]))
    assert [point.c.value for point in made.points] == [0.3, 0.4]


@pytest.mark.parametrize(("kind", "shown"), [("own", False), ("published", True)])
def test_published_points_stand_on_the_published_scale_alone(kind: str, shown: bool) -> None:
    (made,) = measured_planes(file([condition("a", 0.3)], kind), headline([row("a", 60.0)]))
    published = {(p.name, p.c.value) for p in made.points if p.published}

    assert bool(published) == shown
    if shown:
        # The C of #111's own scale, 0.6945, is on another.
        assert ("pair_111", 0.856) in published


def test_length_and_simulation_are_said() -> None:
    (made,) = measured_planes(
        file([condition("a", 0.3)], length_auc=0.97), headline([row("a", 60.0)], simulated=True)
    )
    assert made.simulated
    assert any("SIMULATED" in text for text in made.caveats)
    assert any("AUC 0.970" in text for text in made.caveats)
