"""Which anchor completions a successor is asked to judge, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linking.pairs import Floats, Ints, means_by
from protocol.errors import ProtocolError

BANDS = 10
# A verdict of the retired judge: its reasoning has a median of 710 characters, and JSON round it.
VERDICT_CHARACTERS = 760
CHARACTERS_PER_TOKEN = 4


def sample_anchors(
    conditions: Sequence[str],
    questions: Sequence[str],
    old: ArrayLike,
    completions: int,
    *,
    spread_over: int | None = None,
    seed: int = 42,
) -> Ints:
    """Choose anchor completions over the whole range of α, evenly over conditions and questions.

    Conditions come in turn from equal bands of the old judge's α, so that few conditions at an end
    are not drowned by many in the middle; each condition then gives as many completions, in turn
    from each question.

    Args:
        conditions: The condition of each anchor completion.
        questions: Its question.
        old: The old judge's score of it, NaN where that verdict failed; such a completion is never chosen.
        completions: How many to choose; fewer where the anchors have no more.
        spread_over: Over how many conditions; as many as there are when None.
        seed: Of the choice.

    Returns:
        Rising indices into the arguments.

    Raises:
        ProtocolError: There are no valid anchors, or fewer completions are asked for than conditions.
    """
    scores = np.asarray(old, dtype=float)
    valid = np.flatnonzero(np.isfinite(scores))
    if valid.size == 0:
        raise ProtocolError("No anchor has a valid score of the old judge.")
    names, condition = np.unique(np.asarray(conditions, dtype=str)[valid], return_inverse=True)
    _, question = np.unique(np.asarray(questions, dtype=str)[valid], return_inverse=True)
    count = min(names.size if spread_over is None else spread_over, names.size)
    if completions < count or count < 1:
        raise ProtocolError(
            f"{completions} completions cannot be spread over {count} conditions: ask for at least {count}."
        )
    rng = np.random.default_rng(seed)
    chosen = _over_bands(means_by(scores[valid], condition, names.size), count, rng)
    queues = [_over_questions(np.flatnonzero(condition == c), question, rng) for c in chosen]
    rounds = [
        queue[turn]
        for turn in range(max(map(len, queues)))
        for queue in queues
        if turn < len(queue)
    ]
    taken: Ints = np.sort(valid[rounds[:completions]])
    return taken


def _over_bands(alpha: Floats, count: int, rng: np.random.Generator) -> list[int]:
    """Conditions in turn from equal bands of α, until there are enough."""
    edges = np.linspace(alpha.min(), alpha.max(), BANDS + 1)[1:-1]
    band = np.digitize(alpha, edges)
    queues = [list(rng.permutation(np.flatnonzero(band == b))) for b in range(BANDS)]
    # Both ends first: the range of a link ends where its anchors do.
    chosen = [int(alpha.argmin()), int(alpha.argmax())][:count]
    while len(chosen) < count:
        for queue in queues:
            while queue and queue[0] in chosen:
                queue.pop(0)
            if queue and len(chosen) < count:
                chosen.append(int(queue.pop(0)))
    return chosen


def _over_questions(of_condition: Ints, question: Ints, rng: np.random.Generator) -> list[int]:
    """A condition's completions in an order that takes the questions in turn, starting anywhere."""
    shuffled = rng.permutation(of_condition)
    asked = question[shuffled]
    turn = np.empty(shuffled.size, dtype=np.int64)
    for q in np.unique(asked):
        turn[asked == q] = np.arange((asked == q).sum())
    start = rng.permutation(int(question.max()) + 1)
    return [int(i) for i in shuffled[np.lexsort((start[asked], turn))]]


@dataclass(frozen=True)
class Cost:
    """What judging a sample costs, estimated before anything is sent.

    Attributes:
        calls: Judge calls.
        input_tokens: Tokens sent, all calls together.
        output_tokens: Tokens received, all calls together.
        dollars: At the prices given.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    dollars: float


def estimate_cost(
    prompt_characters: ArrayLike,
    rubric_characters: int,
    *,
    input_price: float,
    output_price: float,
    price_factor: float = 1.0,
    verdict_characters: int = VERDICT_CHARACTERS,
) -> Cost:
    """Estimate what a successor's verdicts cost.

    Args:
        prompt_characters: Length of each judge message (question, completion and labels).
        rubric_characters: Length of the rubric, sent with each.
        input_price: Dollars per million tokens sent.
        output_price: Dollars per million tokens received.
        price_factor: Share of the price that is paid, such as 0.5 for batches.
        verdict_characters: Length of a reply; a successor that thinks needs more.
    """
    lengths = np.asarray(prompt_characters, dtype=float)
    sent = float((lengths + rubric_characters).sum()) / CHARACTERS_PER_TOKEN
    received = lengths.size * verdict_characters / CHARACTERS_PER_TOKEN
    dollars = (sent * input_price + received * output_price) / 1e6 * price_factor
    return Cost(lengths.size, round(sent), round(received), dollars)
