"""What a run would take: calls, tokens and dollars, from assumptions and a dated price table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from protocol.data import read_yaml
from protocol.judges import JudgePrice, judge_table

MILLION = 1_000_000
TARGET = "target"


class Assumptions(BaseModel):
    """Lengths in tokens of what is sent and answered."""

    characters_per_token: float
    rubric_tokens: int
    question_tokens: int
    prompt_tokens: int
    label_tokens: int
    completion_tokens: int
    completion_cap: int
    verdict_tokens: int
    thinking_tokens: int

    def tokens(self, texts: Iterable[str], default: int) -> int:
        """Mean length of the texts in tokens, the default when there are none to count."""
        lengths = [len(text) / self.characters_per_token for text in texts]
        return round(sum(lengths) / len(lengths)) if lengths else default


class PriceTable(BaseModel):
    """The content of ``datasets/prices.yaml``."""

    batch_factor: float
    batch_providers: list[str]
    free_providers: list[str]
    assumptions: Assumptions

    def price(self, model: str) -> JudgePrice | None:
        """The model's price, zero on own hardware, None where the table does not know it."""
        if model.partition("/")[0] in self.free_providers:
            return JudgePrice(input=0, output=0, date="always", source="own hardware")
        return judge_table().profile(model).price


class Plan(BaseModel):
    """The size of a run and the lengths of its texts in tokens.

    Attributes:
        generations: Completions of the target; each judge is called once for each.
        prompt_tokens: The system prompt, mean over the conditions.
        question_tokens: A question, mean over the panel.
        rubric_tokens: The judges' system message.
    """

    model_config = ConfigDict(frozen=True)

    generations: int
    prompt_tokens: int
    question_tokens: int
    rubric_tokens: int


class Cost(BaseModel):
    """One model's part of a run; dollars are None where the price is not known.

    Attributes:
        role: `target`, or the judge's name.
        model: `provider/model`.
        calls: Requests.
        input_tokens: Over all calls, by the model's own tokenizer.
        output_tokens: The same of what it answers.
        realtime: Dollars, every call in realtime.
        batch: Dollars, the judges through their provider's batch interface.
        at_most: Dollars in realtime with every completion and every verdict at its cap.
    """

    role: str
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    realtime: float | None
    batch: float | None
    at_most: float | None


def read_prices() -> PriceTable:
    """The price table that ships with the suite."""
    return PriceTable(**read_yaml("prices.yaml"))


def estimate_costs(
    plan: Plan, target: str | None, judges: Mapping[str, str], table: PriceTable
) -> list[Cost]:
    """Estimate the target's and every judge's part; only judges are ever batched."""
    a = table.assumptions
    asked = plan.prompt_tokens + plan.question_tokens
    verdict_input = plan.rubric_tokens + plan.question_tokens + a.label_tokens
    costs = []
    if target:
        costs.append(
            _cost(
                TARGET,
                target,
                plan.generations,
                usual=(asked, a.completion_tokens),
                longest=(asked, a.completion_cap),
                table=table,
            )
        )
    for name, model in judges.items():
        profile = judge_table().profile(model)
        thinking = a.thinking_tokens if profile.thinks else 0
        costs.append(
            _cost(
                name,
                model,
                plan.generations,
                usual=(verdict_input + a.completion_tokens, thinking + a.verdict_tokens),
                longest=(verdict_input + a.completion_cap, profile.max_tokens),
                table=table,
                batched=model.partition("/")[0] in table.batch_providers,
            )
        )
    return costs


def total(amounts: Iterable[float | None]) -> float | None:
    """The sum, None when any part of it is not known."""
    parts = list(amounts)
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def print_costs(
    plan: Plan | None, costs: Sequence[Cost], batch: bool, prices: PriceTable, console: Console
) -> None:
    """Print calls, tokens and dollars a model, and what this run would cost."""
    console.print()
    if plan is None:
        console.print("The panel cannot be read, so calls and cost are unknown.")
        return
    calls = sum(cost.calls for cost in costs if cost.role != TARGET)
    console.print(f"{plan.generations:,} generations, {calls:,} judge calls", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("role", "model"):
        table.add_column(heading, overflow="fold")
    for heading in ("calls", "input tokens", "output tokens", "realtime", "batch", "at most"):
        table.add_column(heading, justify="right", no_wrap=True)
    for cost in costs:
        counts = (f"{n:,}" for n in (cost.calls, cost.input_tokens, cost.output_tokens))
        amounts = (_money(n) for n in (cost.realtime, cost.batch, cost.at_most))
        table.add_row(escape(cost.role), escape(cost.model), *counts, *amounts)
    totals = [total(getattr(c, f) for c in costs) for f in ("realtime", "batch", "at_most")]
    table.add_row("all", "", "", "", "", *(_money(amount) for amount in totals), style="bold")
    console.print(table)
    chosen = "batch" if batch else "realtime"
    known = [price for cost in costs if (price := prices.price(cost.model)) and price.output]
    sources = ", ".join(sorted({f"{price.date}, {price.source}" for price in known}))
    console.print(
        f"An estimate: prices as of {sources or 'nowhere'} (datasets/judges.yaml), token counts assumed "
        "(datasets/prices.yaml). "
        f"This run, judges in {chosen}: {_money(totals[1 if batch else 0])}. Batch is the judges' only; "
        "at most is realtime with every answer at its cap; own hardware counts as 0.",
        highlight=False,
    )


def _cost(
    role: str,
    model: str,
    calls: int,
    *,
    usual: tuple[int, int],
    longest: tuple[int, int],
    table: PriceTable,
    batched: bool = False,
) -> Cost:
    price = table.price(model)
    factor = price.tokenizer_factor if price else 1.0
    sent = round(calls * usual[0] * factor)
    # A cap counts the model's own tokens, so no tokenizer lifts an answer above it.
    answered = round(calls * min(usual[1] * factor, longest[1]))
    realtime = _dollars(price, sent, answered)
    return Cost(
        role=role,
        model=model,
        calls=calls,
        input_tokens=sent,
        output_tokens=answered,
        realtime=realtime,
        batch=realtime * table.batch_factor if batched and realtime is not None else realtime,
        at_most=_dollars(price, round(calls * longest[0] * factor), calls * longest[1]),
    )


def _dollars(price: JudgePrice | None, sent: int, answered: int) -> float | None:
    if price is None:
        return None
    return (sent * price.input + answered * price.output) / MILLION


def _money(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:,.2f}"
