"""Which completions to read: form and substance are told apart in the lowest and the most disputed."""

import numpy as np

from likeness.fit import Floats, Ints


def lowest(scores: Floats, count: int) -> Ints:
    """Indices of the completions with the lowest score, lowest first.

    Args:
        scores: α of each completion under each judge, 0 to 100, NaN where the verdict failed,
            shape (completions, judges).
        count: How many at most.

    Returns:
        Indices by the mean over the judges that have a valid verdict, ties in the order given;
        completions without any valid verdict are never among them.
    """
    valid = np.isfinite(scores)
    judged = valid.sum(axis=1)
    sums = np.where(valid, scores, 0).sum(axis=1)
    means = np.divide(sums, judged, out=np.full(len(scores), np.inf), where=judged > 0)
    return _first(means, count)


def most_disputed(scores: Floats, count: int) -> Ints:
    """Indices of the completions on which valid verdicts lie farthest apart, farthest first.

    Args and ties as of `lowest`. Completions with fewer than two valid verdicts, and those on
    which all judges agree, are never among them.
    """
    valid = np.isfinite(scores)
    highest = np.where(valid, scores, -np.inf).max(axis=1, initial=-np.inf)
    low = np.where(valid, scores, np.inf).min(axis=1, initial=np.inf)
    gap = np.where(valid.sum(axis=1) >= 2, highest - low, 0.0)
    return _first(np.where(gap > 0, -gap, np.inf), count)


def _first(keys: Floats, count: int) -> Ints:
    order = np.argsort(keys, kind="stable")
    return np.asarray(order[np.isfinite(keys[order])][:count], np.int64)
