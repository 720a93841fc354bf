"""Batch mode: all completions of a run wait for their judges at once, so that a run is one round of batches.

A provider's batch takes minutes to hours whatever is in it. Calls that trickled in as the target
finished would become dozens of batches, in as many rounds where the samples in flight are limited.
"""

from dataclasses import dataclass, field
from functools import cache
from logging import getLogger

import anyio
from inspect_ai.hooks import Hooks, RunStart, TaskStart, hooks
from inspect_ai.log import EvalSpec
from inspect_ai.log._samples import active_samples, sample_active
from inspect_ai.model import BatchConfig
from inspect_ai.util._concurrency import ResizableLimiter, task_sample_semaphore

from protocol.records import SUITE
from scorers.batcher import outlive_failed_batches

# As many calls as a provider takes, sent once they have all come in.
WHOLE_RUN = 100_000
BATCH = BatchConfig(size=WHOLE_RUN, send_delay=1)
QUIET_SECONDS = 1.0

log = getLogger(__name__)
outlive_failed_batches()


@dataclass
class Round:
    """The samples of one task that wait, by their id in this process, and those already let through."""

    waiting: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    opened: anyio.Event = field(default_factory=anyio.Event)


_rounds: dict[str, Round] = {}


async def every_sample_waits() -> None:
    """Return once every sample in flight of this one's task waits for its judges.

    A sample that ends otherwise is no longer waited for; one that comes back for a second try is not
    held up. `inspect score` asks for all samples together, and nothing waits there.
    """
    sample = sample_active()
    if sample is None:
        return
    task = sample.eval_id
    round_ = _rounds.setdefault(task, Round())
    if sample.id in round_.passed:
        return
    first = not round_.waiting
    round_.waiting.add(sample.id)
    opened = round_.opened
    if not first:
        await opened.wait()
        return
    try:
        await _quiet(task, round_)
    finally:
        # Also when this sample is cancelled: an early batch is better than none.
        _open(round_)


async def _quiet(task: str, round_: Round) -> None:
    """Wait until all have come, and none came since the last look."""
    seen = 0
    while True:
        await anyio.sleep(QUIET_SECONDS)
        here = round_.waiting | round_.passed
        on_their_way = [s for s in active_samples() if s.eval_id == task and s.id not in here]
        if not on_their_way and seen == len(round_.waiting):
            return
        seen = len(round_.waiting)


def _open(round_: Round) -> None:
    round_.passed |= round_.waiting
    round_.waiting = set()
    opened, round_.opened = round_.opened, anyio.Event()
    opened.set()


def batched(spec: EvalSpec) -> bool:
    """Whether any judge of a task is asked through a batch API: by `-T batch=true` or by its role."""
    told = any((scorer.options or {}).get("batch") for scorer in spec.scorers or [])
    roles = [spec.model_roles] if spec.model_roles else []
    configs = [
        model.config
        for role in roles
        for bound in role.values()
        for model in (bound if isinstance(bound, list) else [bound])
    ]
    return told or any(config.batch for config in configs)


class BatchRounds(Hooks):
    """Lets every sample of a batched task start, whatever the target's connections."""

    tasks = 1
    said = False

    async def on_run_start(self, data: RunStart) -> None:
        """Note how many tasks the run has."""
        self.tasks, self.said = len(data.task_names), False

    async def on_task_start(self, data: TaskStart) -> None:
        """Set the task's limit of samples in flight to all of them, unless the user set one."""
        spec = data.spec
        if (spec.metadata or {}).get("suite") != SUITE or not batched(spec):
            return
        _rounds.pop(data.eval_id, None)
        if self.tasks > (spec.config.max_tasks or 1):
            self._say_once(
                f"batch: {self.tasks} tasks one after the other are as many rounds of batches; "
                f"with --max-tasks {self.tasks} they share one."
            )
        samples = (spec.dataset.samples or 0) * (spec.config.epochs or 1)
        if spec.config.max_samples is not None:
            if spec.config.max_samples < samples:
                self._say_once(
                    f"batch: --max-samples {spec.config.max_samples} makes every "
                    f"{spec.config.max_samples} completions a round of batches of their own."
                )
            return
        limiter = task_sample_semaphore(spec.task_id)
        if isinstance(limiter, ResizableLimiter):
            limiter.limit = max(limiter.limit, samples)
        elif limiter is not None:
            limiter.set_override(samples)

    def _say_once(self, line: str) -> None:
        if not self.said:
            log.warning(line)
        self.said = True


@cache
def let_all_in() -> None:
    """Let every sample of this process's batched tasks start at once.

    Called once a task is batched: a hook costs every event of every run, so others do without.
    """
    hooks(name="bwalpha_batches", description="Lets all samples of batched tasks start at once")(
        BatchRounds
    )
