"""Small runs of the suite, in this process or through the command line."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inspect_ai import eval
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import ChatMessageSystem, Model
from inspect_ai.scorer import Score

from protocol.records import VerdictRecord
from scorers.reading import Failure, Verdict, read_reply

ROOT = Path(__file__).resolve().parents[2]
OPEN = {"panel": "open52", "rubric": "open"}
JUDGES: dict[str, str | Model] = {
    "sonnet": "simulated/judge",
    "opus": "simulated/judge-lenient",
}


def run_all(
    tasks: str,
    logs: Path,
    *,
    model: str | Model | None = "simulated/target",
    roles: Mapping[str, str | Model] | None = None,
    args: Mapping[str, Any] = OPEN,
    epochs: int = 2,
    limit: int | None = 3,
    **options: Any,
) -> list[EvalLog]:
    """Run tasks, `file.py@name` below `tasks/`, on a few questions."""
    return eval(
        f"tasks/{tasks}",
        model=model,
        model_roles=dict(JUDGES if roles is None else roles),
        task_args=dict(args),
        epochs=epochs,
        limit=limit,
        log_dir=str(logs),
        display="none",
        **{"log_realtime": False, **options},
    )


def run(tasks: str, logs: Path, **options: Any) -> EvalLog:
    """Run one task that must succeed."""
    [log] = run_all(tasks, logs, **options)
    failed = [sample.error.message for sample in log.samples or [] if sample.error]
    assert log.status == "success", log.error or failed
    return log


def command(
    *arguments: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Type a command as a user does, in the suite's environment."""
    env = surroundings() | environment
    return subprocess.run(arguments, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def surroundings() -> dict[str, str]:
    """The environment that finds the suite's commands."""
    folder = Path(sys.executable).parent
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def metrics(log: EvalLog, judge: str) -> dict[str, float]:
    """A judge's numbers in the log's results: over its valid verdicts, and over all of them."""
    assert log.results is not None
    rows = [score for score in log.results.scores if score.name == judge]
    assert len(rows) == 2
    return {name: float(metric.value) for row in rows for name, metric in row.metrics.items()}


def samples(log: EvalLog) -> list[EvalSample]:
    assert log.samples
    return log.samples


def scores(log: EvalLog, judge: str) -> list[Score]:
    return [(sample.scores or {})[judge] for sample in samples(log)]


def verdicts(log: EvalLog, judge: str) -> list[Verdict | Failure]:
    """What the judge's raw replies in the log say."""
    return [read_reply(verdict_record(score).reply, "") for score in scores(log, judge)]


def verdict_record(score: Score) -> VerdictRecord:
    """What a judge's score says of itself."""
    record = VerdictRecord.of(score.metadata)
    assert record is not None
    return record


def target_seeds(log: EvalLog) -> dict[tuple[str, int], int | None]:
    """The seed that the target was sent, by question and epoch."""
    return {
        (str(sample.id), sample.epoch): event.config.seed
        for sample in samples(log)
        for event in sample.events
        if event.event == "model" and event.model == log.eval.model
    }


def system_messages(sample: EvalSample) -> list[str]:
    return [message.text for message in sample.messages if isinstance(message, ChatMessageSystem)]
