"""Judges' scores into their logs: through Inspect's public API, whole or not at all."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from filelock import FileLock
from inspect_ai import score
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import get_model
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from judging.journal import Journal
from judging.logs import Completion, LogJudging
from judging.scores import Asked
from judging.step import calls_of
from protocol.answers import TargetFailure
from protocol.errors import ProtocolError
from protocol.records import DIFFERENCE
from scorers.asking import not_asked
from scorers.difference import difference
from scorers.judges import METRICS
from scorers.validity import failed_share

Table = dict[Completion, Score]


@dataclass(frozen=True)
class NewScores:
    """What judges' parts in one log come to, in a form that another process can take.

    Attributes:
        path: The log.
        folder: The state folder.
        looked_at: The completions that must still be there.
        tables: For each name of scores, each completion's.
        replaces: Names of scores that the tables take over.
    """

    path: Path
    folder: Path
    looked_at: frozenset[Completion]
    tables: Mapping[str, Table]
    replaces: frozenset[str]


def new_scores(parts: Sequence[tuple[LogJudging, Asked]]) -> NewScores:
    """Bring together what judges answered about one log.

    Scores of the same instrument that are there are kept, under one name with the new ones.
    """
    plans = [plan for plan, _ in parts]
    return NewScores(
        path=plans[0].path,
        folder=plans[0].folder,
        looked_at=frozenset[Completion]().union(*(plan.texts for plan in plans)),
        tables={plan.scorer: _table(plan, asked.scores) for plan, asked in parts},
        replaces=frozenset[str]().union(*(plan.keys for plan in plans)),
    )


def add_scores(new: NewScores) -> None:
    """Write judges' scores into their log: all at once, or none.

    Raises:
        ProtocolError: The log has changed meanwhile, or cannot be written.
    """
    new.folder.mkdir(exist_ok=True)
    with FileLock(new.folder / "log.lock"):
        log = read_eval_log(str(new.path))
        there = {(str(sample.id), sample.epoch) for sample in log.samples or []}
        if not new.looked_at <= there:
            raise ProtocolError(
                f"{new.path} has lost completions while it was judged. Nothing was written; the verdicts "
                f"are kept in {new.folder}."
            )
        _write(scored(log, new.tables, new.replaces), new.path, new.folder / "log.tmp")


class Writer:
    """Writes logs; in a process beside this one, which asks on, or here.

    Leaving it waits for the log that is being written, and begins no other.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._begun: dict[Path, Future[None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, new: NewScores) -> None:
        """Write a log in the other process."""
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, spawn, initializer=_end_with_parent)
        # Where something has ended the other process, this one writes.
        with suppress(BrokenProcessPool):
            self._begun[new.path] = self._pool.submit(add_scores, new)

    def finish(self, new: NewScores) -> None:
        """Return once a log is written; one that was not begun is written here.

        Raises:
            ProtocolError: It has changed meanwhile, or cannot be written.
        """
        begun = self._begun.get(new.path)
        if begun is None:
            add_scores(new)
            return
        try:
            begun.result()
        except BrokenProcessPool as error:
            raise ProtocolError(
                f"{new.path}: the process that writes it was ended. It is whole or as it was, and "
                f"the verdicts are kept in {new.folder}; start the same command again."
            ) from error


def _end_with_parent() -> None:
    """End with the process that asks, however it ends; a signal to both lets a log be written first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def _table(plan: LogJudging, asked: Mapping[Completion, Score]) -> Table:
    nobody = {
        completion: not_asked(plan.judge, answer)
        for completion, (_, answer) in plan.texts.items()
        if isinstance(answer, TargetFailure)
    }
    return {**nobody, **plan.earlier, **asked}


def scored(log: EvalLog, tables: Mapping[str, Table], replaces: frozenset[str]) -> EvalLog:
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


def _answering(name: str, table: Table) -> Scorer:
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


def discard_state(plan: LogJudging) -> None:
    """Remove the state folder once everything in it stands in the log."""
    if not plan.folder.is_dir():
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
