"""From a judge's replies to scores, and into the log: through Inspect's public API, whole or not at all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from filelock import FileLock
from inspect_ai import score
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import get_model
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from judging.calls import JudgeReply, JudgeRequest
from judging.journal import Journal
from judging.logs import Completion, LogJudging, request_id
from judging.step import calls_of
from protocol.answers import TargetFailure
from protocol.errors import ProtocolError
from protocol.records import DIFFERENCE
from scorers.asking import ASKED_AGAIN, judged, not_asked, read_output, verdict_score
from scorers.difference import difference
from scorers.judges import METRICS
from scorers.reading import Failure, Verdict
from scorers.repeats import Judged, mean_verdict, second_try
from scorers.validity import failed_share

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


Part = tuple[LogJudging, Mapping[Completion, Score]]


def add_scores(parts: Sequence[Part]) -> None:
    """Write judges' scores into their log: all at once, or none.

    Scores of the same instrument that are there are kept, under one name with the new ones.

    Args:
        parts: Each judge's part in one log, and its new scores.

    Raises:
        ProtocolError: The log has changed meanwhile, or cannot be written.
    """
    first = parts[0][0]
    first.folder.mkdir(exist_ok=True)
    with FileLock(first.folder / "log.lock"):
        log = read_eval_log(str(first.path))
        there = {(str(sample.id), sample.epoch) for sample in log.samples or []}
        if not all(plan.texts.keys() <= there for plan, _ in parts):
            raise ProtocolError(
                f"{first.path} has lost completions while it was judged. Nothing was written; the verdicts "
                f"are kept in {first.folder}."
            )
        tables = {plan.scorer: _table(plan, asked) for plan, asked in parts}
        replaces = frozenset[str]().union(*(plan.keys for plan, _ in parts))
        _write(scored(log, tables, replaces), first.path, first.folder / "log.tmp")


def _table(plan: LogJudging, asked: Mapping[Completion, Score]) -> dict[Completion, Score]:
    nobody = {
        completion: not_asked(plan.judge, answer)
        for completion, (_, answer) in plan.texts.items()
        if isinstance(answer, TargetFailure)
    }
    return {**nobody, **plan.earlier, **asked}


def scored(
    log: EvalLog, tables: Mapping[str, Mapping[Completion, Score]], replaces: frozenset[str]
) -> EvalLog:
    """Return a log with judges' scores and their metrics, as a run would have given them.

    Args:
        log: The log, which is changed.
        tables: For each name of scores, each completion's; completions without one are passed over.
        replaces: Names of scores that the tables take over.
    """
    planned = {entry.name: entry for entry in log.eval.scorers or []}
    scorers = [_answering(name, table) for name, table in tables.items()]
    if DIFFERENCE in planned:
        scorers.append(difference(**(planned[DIFFERENCE].options or {})))
        replaces |= {DIFFERENCE}
    for sample in log.samples or []:
        sample.scores = {k: v for k, v in (sample.scores or {}).items() if k not in replaces}
    if log.results is not None:
        log.results.scores = [row for row in log.results.scores if row.name not in replaces]
    if log.reductions is not None:
        log.reductions = [row for row in log.reductions if row.scorer not in replaces]
    log.eval.scorers = [entry for key, entry in planned.items() if key not in {*replaces, *tables}]
    # Scoring makes the models of a log's header again, which may need a key, a GPU or a server.
    roles, log.eval.model_roles = log.eval.model_roles, None
    reducer = None if log.eval.config.epochs_reducer else [failed_share()]
    log = score(
        log,
        scorers,
        epochs_reducer=reducer,
        model=get_model("none/none"),
        action="append",
        display="none",
        copy=False,
    )
    log.eval.model_roles = roles
    log.eval.scorers = [planned.get(entry.name, entry) for entry in log.eval.scorers or []]
    return log


def _answering(name: str, table: Mapping[Completion, Score]) -> Scorer:
    """Make a scorer that answers from a table, and asks nobody."""

    def factory() -> Scorer:
        async def given(state: TaskState, target: Target) -> Score | None:
            return table.get((str(state.sample_id), state.epoch))

        return given

    factory.__name__ = name
    return scorer(metrics=METRICS, name=name)(factory)()


def _write(log: EvalLog, path: Path, new: Path) -> None:
    try:
        write_eval_log(log, str(new), format="json" if path.suffix == ".json" else "eval")
        os.replace(new, path)
    except OSError as error:
        raise ProtocolError(
            f"{path} cannot be written: {error.strerror or error}. It is as it was, and the verdicts are "
            f"kept in {new.parent}; start the same command again."
        ) from error


def discard_state(plan: LogJudging, asked: Asked) -> None:
    """Remove the state folder once everything in it stands in the log."""
    if asked.failed or asked.waiting:
        return
    answered = [
        completion
        for completion, (_, answer) in plan.texts.items()
        if not isinstance(answer, TargetFailure)
    ]
    attempts = range(plan.judge.retries + 1)
    requests = [request for number in attempts for request in plan.requests(answered, number)]
    calls = asyncio.run(calls_of(requests, plan.settings))
    with Journal(plan.folder, plan.judge.name) as journal:
        journal.discard(call.id for call in calls)
    left = [path for path in plan.folder.iterdir() if path.suffix != ".lock"]
    if not left:
        for path in plan.folder.iterdir():
            path.unlink()
        plan.folder.rmdir()
