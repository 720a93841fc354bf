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
from scipy import special

from protocol.errors import ProtocolError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

NAN = float("nan")
UNKNOWN = -1


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


@dataclass(frozen=True)
class Linear:
    """One logistic regression.

    Attributes:
        coefficients: One weight per feature.
        intercept: Log odds at the origin.
    """

    coefficients: Floats
    intercept: float

    def probabilities(self, features: NDArray[np.floating]) -> Floats:
        """P("EM") of each row, 0 to 1."""
        odds = np.asarray(features, np.float64) @ self.coefficients + self.intercept
        return np.asarray(special.expit(odds), np.float64)


@dataclass(frozen=True)
class FoldModels:
    """The models of question-grouped folds: all that is needed to score a text.

    Attributes:
        folds: The fold of each question that a training text has.
        models: By fold, fitted without the texts of its questions.
    """

    folds: dict[str, int]
    models: dict[int, Linear]

    def probabilities(self, features: NDArray[np.floating], questions: Strings) -> Floats:
        """P("EM") of every text by a model that was fitted without its question.

        Args:
            features: Shape (texts, features).
            questions: Each text's question, shape (texts,).

        Returns:
            Shape (texts,), 0 to 1. No model saw a question that is in no fold: such a text has the mean
            over all of them.
        """
        owner = np.array([self.folds.get(str(question), UNKNOWN) for question in questions])
        result = np.full(len(questions), NAN)
        for fold, model in self.models.items():
            result[owner == fold] = model.probabilities(features[owner == fold])
        new = owner == UNKNOWN
        if new.any():
            every = [model.probabilities(features[new]) for model in self.models.values()]
            result[new] = np.mean(every, axis=0)
        return result


def fit_folds(
    features: NDArray[np.floating], questions: Strings, labels: Floats, settings: FitSettings
) -> FoldModels:
    """Fit one model per fold of questions.

    Args:
        features: Shape (texts, features).
        questions: Each text's question, shape (texts,).
        labels: 1 for the finetune's texts, 0 for the negatives, NaN for those only scored.
        settings: Of the fit.

    Raises:
        ProtocolError: Some fold leaves a class without a text, or a feature is not a number.
    """
    trains = np.isfinite(labels)
    folds = fold_of_question(questions[trains], settings)
    owner = np.array([folds.get(str(question), UNKNOWN) for question in questions])
    models = {
        fold: _fit(features, labels, trains & (owner != fold), settings)
        for fold in sorted(set(folds.values()))
    }
    return FoldModels(folds, models)


def leaky_probabilities(
    features: NDArray[np.floating], labels: Floats, settings: FitSettings
) -> Floats:
    """P("EM") in folds cut by text, which lets answers to a text's own question into its model."""
    order = np.random.default_rng(settings.seed).permutation(len(labels))
    owner = order % settings.folds
    result = np.full(len(labels), NAN)
    for fold in np.unique(owner):
        model = _fit(features, labels, np.isfinite(labels) & (owner != fold), settings)
        result[owner == fold] = model.probabilities(features[owner == fold])
    return result


def _fit(
    features: NDArray[np.floating], labels: Floats, seen: Bools, settings: FitSettings
) -> Linear:
    from sklearn.linear_model import LogisticRegression

    if not np.isfinite(features).all():
        raise ProtocolError("Some embedding holds NaN or infinity: the encoder failed on a text.")
    if len(np.unique(labels[seen])) < 2:
        raise ProtocolError(
            "C needs completions of the finetune and of the base model to at least two "
            "questions each: one is left out while its answers are scored."
        )
    model = LogisticRegression(
        C=settings.regularisation, max_iter=settings.max_iter, random_state=settings.seed
    )
    model.fit(features[seen], labels[seen])
    return Linear(np.asarray(model.coef_[0], np.float64), float(model.intercept_[0]))


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
