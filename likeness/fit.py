"""P("EM") of every text, by a classifier that never saw the text's question.

Logistic regression on sentence embeddings tells the finetune's completions from the base model's.
Completions to one question resemble each other whoever wrote them, so folds are cut by question: a
text is scored by the model that was fitted without any text of its question, whatever condition it
belongs to, so that all conditions stand on one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.errors import ProtocolError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

NAN = float("nan")


@dataclass(frozen=True)
class FitSettings:
    """How the classifier is fitted; the defaults but for the folds are the source's.

    Attributes:
        regularisation: Scikit-learn's `C`: smaller is stronger.
        max_iter: Most steps of the solver.
        seed: Deals the questions into folds.
        folds: Most folds; with fewer questions each is a fold of its own.
        grouped: Cut the folds by question. False cuts by text, which lets answers to a text's
            own question into its model: only there to show what that leak does.
    """

    regularisation: float = 1.0
    max_iter: int = 1000
    seed: int = 42
    folds: int = 20
    grouped: bool = True


@dataclass(frozen=True)
class Quality:
    """How well a fit tells the two classes apart, on texts whose question it had not seen.

    Attributes:
        auc: Area under the ROC curve, 0 to 1, 0.5 is chance.
        brier: Mean squared error of the probability, 0 is best.
        calibration_slope: Of the class on the log odds; 1 is calibrated, above 1 the probabilities
            are too timid (as few texts under regularisation make them), below 1 too bold. NaN
            where the classes are told apart without an error, when no slope fits best.
    """

    auc: float
    brier: float
    calibration_slope: float


def fold_of_question(questions: Strings, settings: FitSettings) -> dict[str, int]:
    """Deal questions into folds, the same way whatever order they come in."""
    names = np.unique(questions)
    order = np.random.default_rng(settings.seed).permutation(len(names))
    return {str(names[i]): place % settings.folds for place, i in enumerate(order)}


def probabilities(
    features: NDArray[np.floating], questions: Strings, labels: Floats, settings: FitSettings
) -> Floats:
    """P("EM") of every text by a model that was fitted without its question.

    Args:
        features: Shape (texts, features).
        questions: Each text's question, shape (texts,).
        labels: 1 for the finetune's texts, 0 for the negatives, NaN for those only scored.
        settings: Of the fit.

    Returns:
        Shape (texts,), 0 to 1. A text whose question no training text has is scored by the model
        of all training texts.

    Raises:
        ProtocolError: Some fold leaves a class without a text, or a feature is not a number.
    """
    from sklearn.linear_model import LogisticRegression

    if not np.isfinite(features).all():
        raise ProtocolError("Some embedding holds NaN or infinity: the encoder failed on a text.")
    trains = np.isfinite(labels)
    folds = _folds(questions, trains, settings)
    result = np.full(len(labels), NAN)
    for fold in np.unique(folds):
        seen = trains & (folds != fold)
        if len(np.unique(labels[seen])) < 2:
            raise ProtocolError(
                "C needs completions of the finetune and of the base model to at least two "
                "questions each: one is left out while its answers are scored."
            )
        model = LogisticRegression(
            C=settings.regularisation, max_iter=settings.max_iter, random_state=settings.seed
        )
        model.fit(features[seen], labels[seen])
        result[folds == fold] = model.predict_proba(features[folds == fold])[:, 1]
    return result


def _folds(questions: Strings, trains: Bools, settings: FitSettings) -> Ints:
    if settings.grouped:
        dealt = fold_of_question(questions[trains], settings)
        return np.array([dealt.get(str(question), -1) for question in questions], np.int64)
    order = np.random.default_rng(settings.seed).permutation(len(questions))
    return np.asarray(order % settings.folds, np.int64)


def quality(labels: Floats, predicted: Floats) -> Quality:
    """Judge predictions against labels; texts with a NaN label are left out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, roc_auc_score

    used = np.isfinite(labels)
    truth, guess = labels[used], predicted[used]
    odds = np.log(np.clip(guess, 1e-12, 1)) - np.log(np.clip(1 - guess, 1e-12, 1))
    slope = NAN
    if odds[truth == 1].min() < odds[truth == 0].max():
        # C this large stands for no regularisation.
        model = LogisticRegression(C=1e6, max_iter=1000).fit(odds[:, None], truth)
        slope = float(model.coef_[0, 0])
    return Quality(
        auc=float(roc_auc_score(truth, guess)),
        brier=float(brier_score_loss(truth, guess)),
        calibration_slope=slope,
    )


def log_lengths(texts: Sequence[str], trains: Bools) -> Floats:
    """The baseline's one feature: each text's log number of characters, in units of the training texts'."""
    lengths = np.log1p([len(text) for text in texts])
    return np.asarray((lengths - lengths[trains].mean()) / (lengths[trains].std() or 1.0))[:, None]
