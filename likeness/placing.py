"""From runs' completions to a C file: on a scale of their own, or on the published one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from likeness.c_file import (
    CFile,
    ConditionC,
    FitQuality,
    FittedModel,
    LeftOut,
    Role,
    Scale,
    ScaleCheck,
)
from likeness.encoder import Encoder
from likeness.fit import NAN, FitSettings, Floats, FoldModels
from likeness.measure import Completions, ConditionLikeness, Likeness, clustered_mean, measure
from likeness.published import Check, PublishedScale
from likeness.texts import Text, Texts, names
from likeness.twosample import PERMUTATIONS
from protocol.errors import ProtocolError


@dataclass(frozen=True)
class Placed:
    """One run on the scale.

    Attributes:
        row: Its numbers.
        texts: Its completions.
        probabilities: P("EM") of each, NaN where the scale does not know the question.
    """

    row: ConditionC
    texts: Texts
    probabilities: Floats


@dataclass(frozen=True)
class Placing:
    """Every run on one scale, as a file and completion by completion."""

    file: CFile
    placed: tuple[Placed, ...]


def place(
    em: Texts,
    base: Texts,
    negatives: Sequence[Texts],
    others: Sequence[Texts],
    encoder: Encoder,
    settings: FitSettings | None = None,
    permutations: int = PERMUTATIONS,
) -> Placing:
    """Fit the finetune's completions against the base model's, and place every run.

    Only answers to the questions of the training texts count: C over other questions is another number.

    Args:
        em: The finetune's completions.
        base: The base model's.
        negatives: Further completions of class 0.
        others: What is placed beside them.
        encoder: Embeds the texts.
        settings: Of the fit.
        permutations: Of the two-sample test.

    Raises:
        ProtocolError: The finetune and the negatives were not asked the same panel, or cannot be fitted.
    """
    settings = settings or FitSettings()
    training = [em, base, *negatives]
    for one in training:
        _check_training(one, em)
    known = {text.key for one in training for text in one.texts}
    own = {text.key for text in em.texts} & {text.key for one in training[1:] for text in one.texts}
    if len(own) < 2:
        raise ProtocolError(
            f"Finetune and base model share answers to {len(own)} "
            f"{'question' if len(own) == 1 else 'questions'}; C takes two at least, because a text is "
            "scored by a model that has not seen its question."
        )
    every = [*training, *others]
    labels = names([one.run for one in every])
    roles: list[Role] = ["em", "base", *["negative"] * len(negatives), *["condition"] * len(others)]  # type: ignore[list-item]
    rows = [
        (label, text)
        for label, one in zip(labels, every, strict=True)
        for text in one.texts
        if text.key in known
    ]
    completions = _columns(rows, encoder)
    result = measure(
        completions,
        labels[0],
        labels[1],
        labels[2 : len(training)],
        encoder=encoder.id,
        settings=settings,
        permutations=permutations,
    )
    found = {row.condition: row for row in result.conditions}
    placed, left_out = [], []
    for label, role, one in zip(labels, roles, every, strict=True):
        if label not in found:
            left_out.append(_left_out(one))
            continue
        p = np.full(len(one.texts), NAN)
        p[[text.key in known for text in one.texts]] = result.probabilities[
            completions.conditions == label
        ]
        placed.append(Placed(_row(label, role, one, found[label], known), one, p))
    return Placing(_file(_scale(result, known), placed, left_out, permutations), tuple(placed))


def place_published(
    runs: Sequence[Texts], scale: PublishedScale, checks: Iterable[Check], encoder: Encoder
) -> Placing:
    """Place runs on the source's refitted scale, every question counted, as the source did.

    There is no two-sample test: the public completions do not answer the runs' panel.
    """
    labels = names([one.run for one in runs])
    placed, left_out = [], []
    for label, one in zip(labels, runs, strict=True):
        if not one.texts:
            left_out.append(_left_out(one))
            continue
        data = _columns([(label, text) for text in one.texts], encoder)
        p = scale.probabilities(data.embeddings)
        lengths = scale.length_probabilities(data.texts)
        c, low, high = clustered_mean(p, data.questions)
        found = ConditionLikeness(
            condition=label,
            texts=len(p),
            questions=len(np.unique(data.questions)),
            c=c,
            low=low,
            high=high,
            length_c=float(lengths.mean()),
            discrepancy=None,
        )
        row = _row(label, "condition", one, found, {text.key for text in one.texts})
        placed.append(Placed(row, one, p))
    record = Scale(
        id=scale.id,
        kind="published",
        encoder=encoder.id,
        em="the source's EM finetune",
        negatives=["the source's null condition"],
        positive_texts=scale.positive_texts,
        negative_texts=scale.negative_texts,
        questions=[],
        regularisation=1.0,
        fit=FitQuality(),
        length_fit=FitQuality(),
        checks=[
            ScaleCheck(
                what=check.what,
                refitted=check.refitted,
                published=check.published,
                agrees=check.agrees,
            )
            for check in checks
        ],
        models=[
            FittedModel(
                unseen_questions=[],
                intercept=scale.intercept,
                coefficients=scale.coefficients.tolist(),
            )
        ],
    )
    return Placing(_file(record, placed, left_out, 0), tuple(placed))


def _check_training(one: Texts, em: Texts) -> None:
    run = one.run
    if not one.texts:
        raise ProtocolError(
            f"{run.location} ({run.condition}) has no completion that is an answer; all {one.failed} failed."
        )
    mine, theirs = run.metadata.panel_sha256, em.run.metadata.panel_sha256
    if mine != theirs:
        raise ProtocolError(
            f"{run.location} was asked the panel {run.metadata.panel} ({mine[:8]}), the finetune's "
            f"{em.run.location} the panel {em.run.metadata.panel} ({theirs[:8]}). Sample both on one panel."
        )


def _columns(rows: Sequence[tuple[str, Text]], encoder: Encoder) -> Completions:
    texts = [text.text for _, text in rows]
    return Completions(
        texts,
        encoder(texts),
        np.array([text.key for _, text in rows], np.str_),
        np.array([label for label, _ in rows], np.str_),
    )


def _row(
    label: str, role: Role, one: Texts, found: ConditionLikeness, known: set[str]
) -> ConditionC:
    run, apart = one.run, found.discrepancy
    mine = [text for text in one.texts if text.key in known]
    return ConditionC(
        name=label,
        role=role,
        condition=run.condition,
        provenance=run.provenance,
        prompt_sha256=run.prompt_sha256,
        target=run.target,
        base_seed=run.seed,
        log=run.location,
        panel=run.metadata.panel,
        simulated=run.simulated,
        texts=found.texts,
        questions=found.questions,
        failed=one.failed,
        other_questions=len(one.texts) - len(mine),
        missing_questions=len(known - {text.key for text in mine}),
        c=found.c,
        low=found.low,
        high=found.high,
        length_c=found.length_c,
        log_length=float(np.log1p([len(text.text) for text in mine]).mean()),
        mmd2=apart.mmd2 if apart else None,
        p_value=apart.p_value if apart else None,
        shared_questions=apart.questions if apart else 0,
    )


def _scale(result: Likeness, known: set[str]) -> Scale:
    scale = result.scale
    return Scale(
        id=scale.id,
        kind="own",
        encoder=scale.encoder,
        em=scale.em,
        negatives=list(scale.negatives),
        positive_texts=scale.positive_texts,
        negative_texts=scale.negative_texts,
        questions=sorted(known),
        regularisation=scale.settings.regularisation,
        fit=FitQuality.of(scale.fit),
        length_fit=FitQuality.of(scale.length_fit),
        models=_models(result.models),
    )


def _models(fitted: FoldModels) -> list[FittedModel]:
    return [
        FittedModel(
            unseen_questions=sorted(q for q, own in fitted.folds.items() if own == fold),
            intercept=model.intercept,
            coefficients=model.coefficients.tolist(),
        )
        for fold, model in fitted.models.items()
    ]


def _file(
    scale: Scale, placed: Sequence[Placed], left_out: Sequence[LeftOut], permutations: int
) -> CFile:
    return CFile(
        simulated=any(one.row.simulated for one in placed),
        permutations=permutations,
        scale=scale,
        conditions=[one.row for one in placed],
        left_out=list(left_out),
    )


def _left_out(one: Texts) -> LeftOut:
    run = one.run
    reason = (
        f"{run.condition}: none of its {len(one.texts)} completions answers a question of the scale "
        f"(panel {run.metadata.panel})"
        if one.texts
        else f"{run.condition}: no completion is an answer; all {one.failed} failed"
    )
    return LeftOut(log=run.location, reason=reason)
