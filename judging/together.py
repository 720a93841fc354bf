"""All judges of all logs in one process: priced, and asked side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judging.calls import JudgeReply, JudgeRequest, JudgingError, Limits
from judging.costs import CostLimit, estimated
from judging.logs import LogJudging
from judging.realtime import Stop
from judging.scores import Ask, Asked, ask_about
from judging.step import calls_of, judge, run, unsent

Say = Callable[[str], None]
Outcome = Asked | JudgingError


@dataclass(frozen=True)
class Rates:
    """Dollars per million tokens, a batch's rebate taken off where batches are used."""

    input: float
    output: float


@dataclass(frozen=True)
class Manner:
    """How judges are asked.

    Attributes:
        batch: Through the providers' batches.
        again: Also what failed in a batch.
        limits: How long and how often.
        prices: By model, for those whose price is known.
        agreed: How many dollars one judge may cost for one log; None where nothing is counted.
    """

    batch: bool
    again: bool
    limits: Limits
    prices: Mapping[str, Rates]
    agreed: float | None = None


def estimate(plan: LogJudging, manner: Manner) -> tuple[int, float | None]:
    """Say how many calls a plan takes and what they cost at most; None where no price is known.

    Raises:
        ProtocolError: The judge cannot be asked.
    """
    requests = plan.requests(plan.open)
    calls = asyncio.run(calls_of(requests, plan.settings, manner.batch))
    calls = unsent(calls, plan.folder, plan.judge.name, manner.again)
    price = manner.prices.get(plan.settings.model)
    if price is None:
        return len(calls), None
    found = estimated(calls, plan.settings, price.input, price.output)
    # Second tries may come to as much again.
    return found.calls, found.dollars * (plan.judge.retries + 1)


def ask_all(
    plans: Sequence[LogJudging],
    manner: Manner,
    say: Say,
    judged: Callable[[list[tuple[LogJudging, Asked]]], None],
) -> list[Outcome]:
    """Ask every judge about every log.

    In real time a judge takes one log after the other, so that its connections stay as many as they
    are; batches are all sent at once, since each may take a day.

    Args:
        plans: Each judge's part in each log.
        manner: How they are asked.
        say: Takes a line about what goes on.
        judged: Told what all judges answered about one log, while others are still asked about.

    Returns:
        For each plan what was answered, or why its judge cannot be asked any further.

    Raises:
        SystemExit: A signal came.
    """
    queues: dict[object, list[int]] = {}
    for number, plan in enumerate(plans):
        queues.setdefault(number if manner.batch else plan.judge.name, []).append(number)
    outcomes: dict[int, Outcome] = {}

    def tell(path: Path) -> None:
        parts = [(plan, outcomes.get(n)) for n, plan in enumerate(plans) if plan.path == path]
        whole = [(plan, asked) for plan, asked in parts if isinstance(asked, Asked)]
        waiting = any(asked.waiting for _, asked in whole)
        if len(whole) == len(parts) and len(outcomes) < len(plans) and not waiting:
            judged(whole)

    def step(queue: Sequence[int]) -> Callable[[Stop], Coroutine[Any, Any, None]]:
        async def work(stop: Stop) -> None:
            for place, number in enumerate(queue):
                plan = plans[number]
                try:
                    outcomes[number] = await ask_about(plan, _asking(plan, manner, stop, say))
                except JudgingError as error:
                    outcomes.update(dict.fromkeys(queue[place:], error))
                    return
                tell(plan.path)

        return work

    run(*map(step, queues.values()))
    return [outcomes[number] for number in range(len(plans))]


def _asking(plan: LogJudging, manner: Manner, stop: Stop, say: Say) -> Ask:
    price = manner.prices.get(plan.settings.model)
    cost = None
    if price is not None and manner.agreed is not None:
        cost = CostLimit(manner.agreed, price.input, price.output)

    async def ask(requests: Sequence[JudgeRequest], attempt: int) -> list[JudgeReply]:
        return await judge(
            requests,
            plan.settings,
            plan.folder,
            batch=manner.batch,
            again=manner.again and not attempt,
            limits=manner.limits,
            cost=cost,
            stop=stop,
            say=say,
        )

    return ask
