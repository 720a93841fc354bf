"""From a judge's replies to scores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from inspect_ai.scorer import Score

from judging.calls import JudgeReply, JudgeRequest
from judging.logs import Completion, LogJudging, request_id
from scorers.asking import ASKED_AGAIN, judged, read_output, verdict_score
from scorers.reading import Failure, Verdict
from scorers.repeats import Judged, mean_verdict, second_try

Ask = Callable[[Sequence[JudgeRequest], int], Awaitable[list[JudgeReply]]]


class Asked:
    """What one judge answered about one log.

    Attributes:
        scores: By completion.
        waiting: Verdicts that a batch still owes.
        failed: Completions without a reply, which the same command asks about again.
    """

    def __init__(self) -> None:
        self.scores: dict[Completion, Score] = {}
        self.waiting = 0
        self.failed = 0


async def ask_about(plan: LogJudging, ask: Ask) -> Asked:
    """Ask one judge about all that is open in a log, with the second tries that its rules allow.

    Args:
        plan: Whom to ask, about what.
        ask: Gives a reply for each request, told the number of second tries before.

    Raises:
        JudgingError: The judge cannot be asked any further.
    """
    found = Asked()
    singles: dict[Completion, list[Judged]] = {}
    left = plan.open
    for attempt in range(plan.judge.retries + 1):
        replies = {reply.id: reply for reply in await ask(plan.requests(left, attempt), attempt)}
        again: list[Completion] = []
        for completion in left:
            own = [
                replies[request_id(completion, number, attempt)]
                for number in range(plan.judge.verdicts)
            ]
            if any(reply.failure and reply.failure.kind == "waiting" for reply in own):
                found.waiting += 1
                continue
            new = [_judged(plan, completion, reply, attempt) for reply in own]
            old = singles.get(completion)
            singles[completion] = list(map(second_try, old, new)) if old else new
            if any(single.record.failure in ASKED_AGAIN for single in singles[completion]):
                again.append(completion)
        left = again
        if not left or found.waiting:
            break
    for completion, verdicts in singles.items():
        mean = mean_verdict(verdicts)
        found.failed += not mean.record.asked
        found.scores[completion] = verdict_score(mean, str(plan.texts[completion][1]))
    return found


def _judged(plan: LogJudging, completion: Completion, reply: JudgeReply, attempt: int) -> Judged:
    answer = plan.texts[completion][1]
    outcome: Verdict | Failure
    if reply.output is not None:
        outcome = read_output(reply.output, str(answer), plan.model)
    else:
        said = reply.failure.detail if reply.failure else "no reply"
        kind = reply.failure.kind if reply.failure else "missing"
        outcome = Failure("api_error", said if kind == "api_error" else f"{kind}: {said}")
    single = judged(plan.judge, plan.model, outcome, reply.output, attempt + 1, reply.body)
    used = single.record.instrument.model_copy(update={"audit": plan.audit})
    told = {"instrument": used, "batch": reply.batch}
    return single._replace(record=single.record.model_copy(update=told))
