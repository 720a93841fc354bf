"""C of every condition, on one scale: completions and their embeddings in, C out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from likeness.fit import (
    NAN,
    FitSettings,
    Floats,
    FoldModels,
    Quality,
    Strings,
    fit_folds,
    leaky_probabilities,
    log_lengths,
    quality,
)
from likeness.twosample import PERMUTATIONS, Discrepancy, discrepancy, median_bandwidth
from protocol.errors import ProtocolError
from protocol.sources import sha256


@dataclass(frozen=True)
class Completions:
    """Completions as columns; row i of each belongs to the same completion.

    Attributes:
        texts: What the target said.
        embeddings: Shape (texts, d), from one encoder.
        questions: What tells questions apart: an id of the panel, or the question itself.
        conditions: Which condition each text is of.
    """

    texts: Sequence[str]
    embeddings: NDArray[np.floating]
    questions: Strings
    conditions: Strings

    def __post_init__(self) -> None:
        rows = {len(self.texts), len(self.embeddings), len(self.questions), len(self.conditions)}
        if len(rows) > 1:
            raise ProtocolError(
                "Texts, embeddings, questions and conditions must have one row per completion each."
            )


@dataclass(frozen=True)
class Scale:
    """What a C was measured with. Two C compare only if their scale's id is the same.

    Attributes:
        id: Hash of the training texts, their questions and classes, the encoder and the settings.
        encoder: The encoder's id.
        em: The finetune's condition, class 1.
        negatives: Conditions of class 0: the base model's, then any others.
        positive_texts: Training texts of class 1.
        negative_texts: Training texts of class 0.
        questions: Questions that the training texts answer.
        settings: Of the fit.
        fit: How well it tells the classes apart.
        length_fit: The same of a fit on length alone.
    """

    id: str
    encoder: str
    em: str
    negatives: tuple[str, ...]
    positive_texts: int
    negative_texts: int
    questions: int
    settings: FitSettings
    fit: Quality
    length_fit: Quality


@dataclass(frozen=True)
class ConditionLikeness:
    """C of one condition.

    Attributes:
        condition: Its name.
        texts: Completions scored.
        questions: Questions they answer.
        c: Mean P("EM") over its completions, 0 to 1; higher is more like the finetune.
        low: Of the 95 % interval, clustered by question, the scale held as it is; NaN with one question.
        high: As `low`.
        length_c: The C that a fit on length alone gives.
        discrepancy: Against the finetune's completions; None for the finetune itself.
    """

    condition: str
    texts: int
    questions: int
    c: float
    low: float
    high: float
    length_c: float
    discrepancy: Discrepancy | None


@dataclass(frozen=True)
class Likeness:
    """C of every condition on one scale.

    Attributes:
        scale: What it was measured with.
        conditions: One each, in the order in which the conditions first come.
        probabilities: P("EM") of each completion, in the order given, shape (texts,).
        models: What scores further texts on the same scale.
    """

    scale: Scale
    conditions: tuple[ConditionLikeness, ...]
    probabilities: Floats
    models: FoldModels


def measure(
    completions: Completions,
    em: str,
    base: str,
    negatives: Sequence[str] = (),
    *,
    encoder: str,
    settings: FitSettings | None = None,
    permutations: int = PERMUTATIONS,
) -> Likeness:
    """Fit the finetune's completions against the negatives' and score every condition.

    Args:
        completions: Of all conditions, the finetune's and the negatives' among them.
        em: The finetune's condition.
        base: The base model's condition.
        negatives: Further conditions of class 0; #104's fit had those of pair_98 and evoprompt_98.
        encoder: The id of the encoder that made the embeddings.
        settings: Of the fit.
        permutations: Of the two-sample test.

    Raises:
        ProtocolError: A named condition has no completions, is in both classes, or the two classes
            do not share enough questions to be fitted.
    """
    settings = settings or FitSettings()
    against = tuple(dict.fromkeys([base, *negatives]))
    labels = _labels(completions.conditions, em, against)
    trains = np.isfinite(labels)
    questions = completions.questions
    models = fit_folds(completions.embeddings, questions, labels, settings)
    p = models.probabilities(completions.embeddings, questions)
    lengths = log_lengths(completions.texts, trains)
    length_p = fit_folds(lengths, questions, labels, settings).probabilities(lengths, questions)
    if not settings.grouped:
        p = leaky_probabilities(completions.embeddings, labels, settings)
        length_p = leaky_probabilities(lengths, labels, settings)
    scale = Scale(
        id=_scale_id(completions, labels, encoder, settings),
        encoder=encoder,
        em=em,
        negatives=against,
        positive_texts=int((labels == 1).sum()),
        negative_texts=int((labels == 0).sum()),
        questions=len(np.unique(questions[trains])),
        settings=settings,
        fit=quality(labels, p),
        length_fit=quality(labels, length_p),
    )
    vectors = np.asarray(completions.embeddings, np.float64)
    kernel_rows = np.isin(completions.conditions, [em, base])
    bandwidth = median_bandwidth(vectors[kernel_rows], questions[kernel_rows])
    is_em = completions.conditions == em
    target = vectors[is_em], questions[is_em]

    def likeness(condition: str) -> ConditionLikeness:
        own = completions.conditions == condition
        c, low, high = clustered_mean(p[own], questions[own])
        apart = None
        if condition != em:
            apart = discrepancy(
                (vectors[own], questions[own]), target, bandwidth, permutations, settings.seed
            )
        return ConditionLikeness(
            condition=condition,
            texts=int(own.sum()),
            questions=len(np.unique(questions[own])),
            c=c,
            low=low,
            high=high,
            length_c=float(length_p[own].mean()),
            discrepancy=apart,
        )

    names = dict.fromkeys(str(name) for name in completions.conditions)
    return Likeness(scale, tuple(likeness(name) for name in names), p, models)


def clustered_mean(values: Floats, clusters: Strings) -> tuple[float, float, float]:
    """Mean of values from 0 to 1 and its 95 % interval: clustered standard error, Student's t.

    Residuals are summed within clusters, with the factor G / (G - 1) and G - 1 degrees of freedom;
    cut at 0 and 1. The interval is NaN with fewer than two clusters, all three without a value.
    """
    if not values.size:
        return NAN, NAN, NAN
    mean = float(values.mean())
    _, index = np.unique(clusters, return_inverse=True)
    sums = np.bincount(index, weights=values - mean)
    if len(sums) < 2:
        return mean, NAN, NAN
    error = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / values.size
    half = float(stats.t.ppf(0.975, len(sums) - 1) * error)
    return mean, max(mean - half, 0.0), min(mean + half, 1.0)


def _labels(conditions: Strings, em: str, against: Sequence[str]) -> Floats:
    if em in against:
        raise ProtocolError(
            f"{em} cannot be the finetune and a negative at once: name two conditions."
        )
    labels = np.full(len(conditions), NAN)
    for name in (em, *against):
        rows = conditions == name
        if not rows.any():
            allowed = ", ".join(np.unique(conditions)) or "none"
            raise ProtocolError(f"There are no completions of {name}. Conditions given: {allowed}.")
        labels[rows] = float(name == em)
    return labels


def _scale_id(completions: Completions, labels: Floats, encoder: str, settings: FitSettings) -> str:
    rows = sorted(
        [int(label), str(question), sha256(text)]
        for label, question, text in zip(
            labels, completions.questions, completions.texts, strict=True
        )
        if np.isfinite(label)
    )
    content = json.dumps([encoder, asdict(settings), rows])
    return hashlib.sha256(content.encode()).hexdigest()[:12]
