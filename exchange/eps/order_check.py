"""Whether verdicts stand in the order of the texts that they judge, told from their words alone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from protocol.errors import ProtocolError

Array = npt.NDArray[np.float64]
WORD = re.compile(r"[a-z]{3,}")
# The one-sided 5 % point of the normal distribution: a random order passes for one question in twenty,
# and for the eight questions of a persona once in 10^10.
LEAST_Z = 1.645


def check_order(
    texts: Sequence[str], reasonings: Sequence[str], shape: tuple[int, int, int], where: str
) -> None:
    """Refuse verdicts that are not along the texts.

    A reasoning repeats words of the text that it judges, rare ones above all. By that overlap the
    order as it stands must be the best of all assignments of personas to personas and, within each
    persona, of questions to questions; and within each question the order of completions must be
    better than random ones, by a permutation test.

    Args:
        texts: Question and completion, persona by persona, question by question.
        reasonings: The verdicts' reasonings in their order, empty where there is none.
        shape: Numbers of personas, questions and completions.
        where: The file, for messages.

    Raises:
        ProtocolError: Another order fits better.
    """
    personas, questions, _ = shape
    overlap = word_overlap(reasonings, texts).reshape(*shape, *shape)
    if not _in_place(np.einsum("pinqin->pq", overlap)):
        raise _shuffled(where, "personas")
    for persona in range(personas):
        own = overlap[persona, :, :, persona]
        if not _in_place(np.einsum("injn->ij", own)):
            raise _shuffled(where, f"questions of persona {persona + 1}")
        for question in range(questions):
            if order_z(own[question, :, question]) < LEAST_Z:
                raise _shuffled(
                    where, f"completions of persona {persona + 1}, question {question + 1}"
                )


def word_overlap(reasonings: Sequence[str], texts: Sequence[str]) -> Array:
    """Return how much each reasoning repeats of each text, shape (reasonings, texts), 0 or more.

    A word that stands in d of the n texts counts log(n / d), once.
    """
    from scipy import sparse

    vocabulary: dict[str, int] = {}
    words = [set(WORD.findall(text.lower())) for text in texts]
    for found in words:
        for word in found:
            vocabulary.setdefault(word, len(vocabulary))

    def incidence(documents: Sequence[set[str]]) -> sparse.csr_array:
        known = [[vocabulary[word] for word in found if word in vocabulary] for found in documents]
        ends = np.cumsum([0, *map(len, known)])
        columns = np.concatenate([np.asarray(row, dtype=np.int64) for row in known])
        return sparse.csr_array(
            (np.ones(len(columns)), columns, ends), shape=(len(documents), len(vocabulary))
        )

    of_texts = incidence(words)
    weights = np.log(len(texts) / of_texts.sum(axis=0))
    of_reasonings = incidence([set(WORD.findall(text.lower())) for text in reasonings])
    product: Array = (of_reasonings.multiply(weights) @ of_texts.T).toarray()
    return product


def order_z(overlap: Array) -> float:
    """Return how many standard deviations the diagonal's sum lies above that of a random permutation.

    Mean and variance over all permutations are exact (Hoeffding 1951); infinite where nothing varies,
    as a single completion has no order to get wrong.

    Args:
        overlap: Shape (n, n).
    """
    size = len(overlap)
    centred = overlap - overlap.mean(0) - overlap.mean(1, keepdims=True) + overlap.mean()
    spread = math.sqrt(float((centred**2).sum()) / max(size - 1, 1))
    return float(np.trace(centred)) / spread if spread > 0 else math.inf


def _in_place(overlap: Array) -> bool:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-overlap)
    return bool((rows == columns).all())


def _shuffled(where: str, what: str) -> ProtocolError:
    return ProtocolError(
        f"{where}: the verdicts do not stand in the order of the completions ({what}): their reasonings "
        "fit another order better. The file was changed or shuffled; fetch it again."
    )
