"""Who judges: the registered judges, today's defaults, and how each known model is asked."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from protocol.data import read_yaml

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class JudgePrice(BaseModel):
    """What a model costs.

    Attributes:
        input: Dollars per million input tokens.
        output: Dollars per million output tokens.
        tokenizer_factor: How many more tokens its tokenizer makes of the same text than the common one.
        date: When it was so.
        source: Who says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float
    output: float
    tokenizer_factor: float = 1.0
    date: str
    source: str


class JudgeProfile(BaseModel):
    """How a model is asked as a judge.

    Attributes:
        max_tokens: The reply budget, thinking included where the model thinks.
        effort: The reasoning effort that is sent; None sends none.
        thinks: The model thinks whatever is sent.
        sampling: It takes temperature, top_p and top_k.
        ends: The last day on which its provider serves it, None where none is announced.
        price: What it costs, None where nothing is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_tokens: int
    effort: Effort | None = None
    thinks: bool = False
    sampling: bool = True
    ends: date | None = None
    price: JudgePrice | None = None


class JudgeTable(BaseModel):
    """The content of `datasets/judges.yaml`.

    Attributes:
        registered: Each judge that the published figures rest on, and its model.
        default: Each judge of a run that names no other, and its model.
        historical: Who judged an old file that does not say it.
        least: The smallest reply budget that a server's context may leave, the protocol's.
        unknown: How a model without a row is asked.
        models: How each known model or family is asked; the first name or pattern that fits counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    registered: dict[str, str]
    default: dict[str, str]
    historical: dict[str, str]
    least: int
    unknown: JudgeProfile
    models: dict[str, JudgeProfile]

    def profile(self, model: str) -> JudgeProfile:
        """Return how a model, `provider/model`, is asked."""
        fitting = (found for name, found in self.models.items() if fnmatchcase(model, name))
        return self.models.get(model) or next(fitting, self.unknown)


@cache
def judge_table() -> JudgeTable:
    """Read the table of judges, once a process."""
    return JudgeTable.model_validate(read_yaml("judges.yaml"))


def today() -> date:
    """Return the day on which a judge is asked; a function of its own so that a test can set it."""
    return date.today()
