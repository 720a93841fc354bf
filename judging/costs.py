"""What the judging step may spend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judging.calls import Answer, Call, JudgeSettings, JudgingError
from judging.replies import read_answer
from protocol.errors import ProtocolError

BYTES_PER_TOKEN = 3


@dataclass(frozen=True)
class Estimate:
    """What is about to be asked.

    Attributes:
        calls: How many calls have no answer yet and are in no batch.
        dollars: What they cost at most: every reply as long as it may be, and a token for every three bytes.
    """

    calls: int
    dollars: float


@dataclass(frozen=True)
class CostLimit:
    """How much may be spent.

    Attributes:
        dollars: The limit for what one command asks of one judge.
        input_price: Dollars per million input tokens, batches' rebate taken off where batches are used.
        output_price: Dollars per million output tokens.
        confirm: Asked before more may be spent; without it the step refuses.
    """

    dollars: float
    input_price: float
    output_price: float
    confirm: Callable[[Estimate], bool] | None = None


def estimated(
    calls: Sequence[Call], settings: JudgeSettings, input_price: float, output_price: float
) -> Estimate:
    """Say what calls cost at most, at dollars per million tokens."""
    texts = [call.request.system + call.request.user for call in calls]
    asked = sum(len(text.encode("utf-8", "replace")) for text in texts) / BYTES_PER_TOKEN
    answered = (settings.config.max_tokens or 0) * len(calls)
    return Estimate(len(calls), (asked * input_price + answered * output_price) / 1e6)


class Budget:
    """What one command has spent on one judge, and may.

    Args:
        settings: The judge.
        limit: How much may be spent; as much as it takes without one.
        calls: What is about to be asked.

    Raises:
        ProtocolError: It may cost more than the limit, and nobody agreed.
    """

    def __init__(
        self, settings: JudgeSettings, limit: CostLimit | None, calls: Sequence[Call]
    ) -> None:
        self._settings, self._limit = settings, limit
        self._spent = 0.0
        if limit is None:
            return
        estimate = estimated(calls, settings, limit.input_price, limit.output_price)
        self._most = max(limit.dollars, estimate.dollars)
        if estimate.dollars > limit.dollars and not (limit.confirm and limit.confirm(estimate)):
            raise ProtocolError(
                f"The judge {settings.judge}: {estimate.calls} calls may cost ${estimate.dollars:.2f}, more "
                f"than the limit of ${limit.dollars:.2f}. Nothing was asked; raise --max-cost to go on."
            )

    def spend(self, answer: Answer) -> None:
        """Count an answer.

        Raises:
            JudgingError: All that may be spent is spent.
        """
        if self._limit is None:
            return
        usage = read_answer(answer, "").usage
        if usage is not None:
            asked = usage.input_tokens + (usage.input_tokens_cache_write or 0)
            limit = self._limit
            self._spent += (
                asked * limit.input_price + usage.output_tokens * limit.output_price
            ) / 1e6
        if self._spent > self._most:
            raise JudgingError(
                f"The judge {self._settings.judge} has cost ${self._spent:.2f}, more than the limit of "
                f"${self._most:.2f}. What was answered is kept; start the same command with a higher "
                "--max-cost for the rest."
            )
