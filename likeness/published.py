"""The source's own C scale, refitted from its public completions.

The classifier itself is public only as a pickle, which may run anything when it is loaded and never
is. Its recipe is public (`scripts/train_classifier_c.py` of the source): the finetune's 4,425
completions against the null condition's 3,540, a random split over completions that holds back a
tenth, logistic regression. This is the scale of #170 and #215. That of #111 also had the
completions of pair_98 and evoprompt_98 as negatives, which are not public, so its C (0.6945 for
pair_111) cannot be measured again by anyone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from likeness.encoder import Encoder
from likeness.fit import Floats, Linear
from protocol.errors import ProtocolError
from protocol.sources import sha256

REPOSITORY = "superkaiba1/explore-persona-space-data"
FOLDER = "issue_111_artifacts"
EM_FILE, NULL_FILE = "em_reference_completions.json", "null_baseline_completions.json"
METRICS_FILE = "classifier_c_metrics.json"
TEXTS = {EM_FILE: 4425, NULL_FILE: 3540}
HELD_BACK, SEED, MAX_ITER = 0.1, 42, 1000
# What the source's later write-up (#170) gives for prompts on this scale; on #111's they differ.
PUBLISHED_C = {"null": 0.048, "pair_111": 0.856, "grid_1": 0.899, "grid_2": 0.763, "grid_3": 0.81}
# The same texts, split and fit leave only rounding between two encoders' vectors.
TOLERANCE = 0.005


@dataclass(frozen=True)
class Check:
    """One figure of the refit beside the published one."""

    what: str
    refitted: float
    published: float

    @property
    def agrees(self) -> bool:
        """Whether they differ by at most 0.005."""
        return abs(self.refitted - self.published) <= TOLERANCE


@dataclass(frozen=True)
class PublishedScale:
    """The refitted classifier.

    Attributes:
        id: Hash of the texts, the encoder and the recipe.
        coefficients: One weight per dimension of the embedding.
        intercept: Log odds at the origin.
        metrics: Accuracy on the texts held back (`val_acc`), and the mean P("EM") there of the
            finetune's (`val_pos_mean_proba_em`) and of the null's (`val_neg_mean_proba_em`).
        length: The same fit on length alone, which the source does not have.
        positive_texts: The finetune's completions, those held back included.
        negative_texts: The null condition's, likewise.
    """

    id: str
    coefficients: Floats
    intercept: float
    metrics: dict[str, float]
    length: Linear
    positive_texts: int
    negative_texts: int

    def length_probabilities(self, texts: Sequence[str]) -> Floats:
        """The P("EM") that a fit on the log number of characters alone gives."""
        return self.length.probabilities(_log_lengths(texts))

    def probabilities(self, embeddings: NDArray[np.floating]) -> Floats:
        """P("EM") of each row. Questions are not held out: neither did the source."""
        odds = embeddings @ self.coefficients + self.intercept
        return np.asarray(1 / (1 + np.exp(-odds)), np.float64)

    def checks(self, published: dict[str, Any]) -> tuple[Check, ...]:
        """The refit's metrics beside those of the source's own file."""
        return tuple(
            Check(name, value, float(published[name]))
            for name, value in self.metrics.items()
            if name in published
        )


def refit(em: Sequence[str], null: Sequence[str], encoder: Encoder) -> PublishedScale:
    """Fit by the source's recipe.

    Args:
        em: The finetune's completions in the order of the file.
        null: The null condition's.
        encoder: Embeds them.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    labels = np.repeat([1, 0], [len(em), len(null)])
    rows = np.arange(len(labels))
    first, rest = train_test_split(rows, test_size=HELD_BACK, random_state=SEED, stratify=labels)
    vectors, lengths = encoder([*em, *null]), _log_lengths([*em, *null])
    held, held_labels = vectors[rest], labels[rest]

    def fit(features: NDArray[np.floating]) -> Any:
        model = LogisticRegression(max_iter=MAX_ITER, random_state=SEED)
        return model.fit(features[first], labels[first])

    model, length = fit(vectors), fit(lengths)
    predicted = model.predict_proba(held)[:, 1]
    hashes = [[sha256(text) for text in texts] for texts in (em, null)]
    return PublishedScale(
        id="published-" + sha256(json.dumps([encoder.id, hashes, HELD_BACK, SEED]))[:12],
        coefficients=np.asarray(model.coef_[0], np.float64),
        intercept=float(model.intercept_[0]),
        metrics={
            "val_acc": float(model.score(held, held_labels)),
            "val_pos_mean_proba_em": float(predicted[held_labels == 1].mean()),
            "val_neg_mean_proba_em": float(predicted[held_labels == 0].mean()),
        },
        length=Linear(np.asarray(length.coef_[0], np.float64), float(length.intercept_[0])),
        positive_texts=len(em),
        negative_texts=len(null),
    )


def _log_lengths(texts: Sequence[str]) -> Floats:
    return np.asarray(np.log1p([len(text) for text in texts]), np.float64)[:, None]


def published_texts(folder: Path | None = None) -> tuple[list[str], list[str], dict[str, Any]]:
    """The finetune's completions, the null's, and the source's metrics.

    Args:
        folder: Holds the three files; by default they are fetched from the Hub.

    Raises:
        ProtocolError: They cannot be fetched, or are not what the recipe was run on.
    """
    em, null, metrics = (_read(name, folder) for name in (EM_FILE, NULL_FILE, METRICS_FILE))
    return _completions(em, EM_FILE), _completions(null, NULL_FILE), dict(metrics)


def _read(name: str, folder: Path | None) -> Any:
    from huggingface_hub import hf_hub_download

    try:
        path = (
            folder / name
            if folder
            else hf_hub_download(REPOSITORY, f"{FOLDER}/{name}", repo_type="dataset")
        )
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except Exception as error:
        where = f"in {folder}" if folder else f"on the Hub in {REPOSITORY}/{FOLDER}"
        raise ProtocolError(
            f"The published C scale needs {name}, which could not be read {where} "
            f"({type(error).__name__}). Measure on a scale of your own with --em and --base."
        ) from error


def _completions(content: Any, name: str) -> list[str]:
    texts: list[Any] = []
    if isinstance(content, dict) and all(isinstance(rows, list) for rows in content.values()):
        texts = [text for rows in content.values() for text in rows]
    if len(texts) != TEXTS[name] or not all(isinstance(text, str) for text in texts):
        raise ProtocolError(
            f"{name} holds {len(texts)} completions by question, expected {TEXTS[name]}: "
            "it is not what the published C was fitted on."
        )
    return texts
