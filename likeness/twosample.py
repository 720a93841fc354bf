"""Can a condition's completions be told from the finetune's at all? A kernel two-sample test.

C asks on which side of one boundary the completions lie; two conditions with the same C may still
be nothing alike. The maximum mean discrepancy (MMD) asks for any difference (Gretton et al., 2012,
JMLR 13:723). As in the source it is taken within each question and averaged; unlike there it is the
unbiased estimate, which is 0 on average for two samples of one distribution, however few the texts.
"""

from dataclasses import dataclass

import numpy as np

from likeness.fit import NAN, Floats, Strings

PERMUTATIONS = 999


@dataclass(frozen=True)
class Discrepancy:
    """How far two sets of completions lie apart.

    Attributes:
        mmd2: Mean over questions of the unbiased squared MMD: 0 on average for one distribution
            (and then often below 0), at most 2. NaN where no question has two texts of each.
        p_value: Share of relabellings within questions that lie as far apart, the observed one
            counted in: at least 1 / (permutations + 1). NaN as above.
        questions: How many questions have at least two texts of each.
    """

    mmd2: float
    p_value: float
    questions: int


def median_bandwidth(embeddings: Floats, questions: Strings) -> float:
    """The median heuristic, half the median squared distance of two answers to one question.

    Taken once, over finetune and base, and used for every condition: discrepancies then share a kernel.
    NaN where no question has two texts.
    """
    pairs = []
    for question in np.unique(questions):
        squared = _squared_distances(embeddings[questions == question])
        pairs.append(squared[np.triu_indices(len(squared), 1)])
    every = np.concatenate(pairs) if pairs else np.array([])
    return max(float(np.median(every)) / 2, 1e-12) if every.size else NAN


def discrepancy(
    one: tuple[Floats, Strings],
    other: tuple[Floats, Strings],
    bandwidth: float,
    permutations: int = PERMUTATIONS,
    seed: int = 42,
) -> Discrepancy:
    """Compare two sets of completions, each given as embeddings (texts, d) and questions (texts,).

    The kernel is exp(-|x - y|² / (2 bandwidth)). Completions of two conditions that ran on common
    random numbers are alike rather than independent, which makes the test conservative.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(permutations + 1)
    shared = [q for q in np.unique(one[1]) if min((one[1] == q).sum(), (other[1] == q).sum()) >= 2]
    for question in shared:
        first, second = one[0][one[1] == question], other[0][other[1] == question]
        kernel = np.exp(-_squared_distances(np.concatenate([first, second])) / (2 * bandwidth))
        np.fill_diagonal(kernel, 0)
        labels = np.zeros((permutations + 1, len(kernel)))
        labels[:, : len(first)] = 1
        labels[1:] = rng.permuted(labels[1:], axis=1)
        total += _unbiased(kernel, labels, len(first), len(second))
    if not shared:
        return Discrepancy(NAN, NAN, 0)
    # Relabellings that give the observed split again may differ from it in the last digit.
    as_far = int((total[1:] >= total[0] - 1e-12).sum())
    return Discrepancy(
        float(total[0]) / len(shared), (1 + as_far) / (permutations + 1), len(shared)
    )


def _unbiased(kernel: Floats, labels: Floats, n: int, m: int) -> Floats:
    rows = labels @ kernel
    within = (rows * labels).sum(axis=1)
    across = rows.sum(axis=1) - within
    rest = kernel.sum() - within - 2 * across
    result: Floats = within / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * across / (n * m)
    return result


def _squared_distances(x: Floats) -> Floats:
    x = np.asarray(x, np.float64)
    squares = (x * x).sum(axis=1)
    distances: Floats = np.maximum(squares[:, None] + squares[None, :] - 2 * (x @ x.T), 0)
    return distances
