"""An Inspect log made of original files: every completion a sample, every verdict a score."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalLog,
    EvalSample,
    EvalSpec,
    EvalStats,
    HeadlineMetric,
    recompute_metrics,
    write_eval_log,
)
from inspect_ai.log._log import EvalMetricDefinition, EvalScorer
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ModelConfig,
    ModelOutput,
    StopReason,
)
from inspect_ai.scorer import Score

from exchange.eps.naming import Judge
from exchange.eps.strict_json import packed
from protocol.panels import Question
from protocol.records import COMPARABILITY, SUITE
from protocol.texts import without_surrogates

# Imported for Inspect's registry, which makes the metrics and the reducer by their names.
from scorers import metrics as _metrics  # noqa: F401
from scorers.binding import DEFAULT_MODELS
from scorers.judging import note
from scorers.validity import REDUCER

ORIGINAL_COMPLETION, ORIGINAL_INPUT = "original_completion", "original_input"
METRICS = ("validity", "alpha", "alpha_ci", "coherence")


@dataclass(frozen=True)
class Completion:
    """One completion with its scores, as it goes into a log."""

    question: Question
    epoch: int
    text: str
    stop_reason: StopReason
    scores: dict[str, Score]


def make_log(
    metadata: Mapping[str, Any],
    target: str,
    panel_size: int,
    prompt: str | None,
    judges: Sequence[Judge],
    completions: Sequence[Completion],
    retries: int = 0,
) -> EvalLog:
    """Make the log of one condition, finished and with its metrics.

    Args:
        metadata: The run's metadata.
        target: The model that wrote the completions, `provider/model`.
        panel_size: How many questions the whole panel has.
        prompt: The system message.
        judges: Who scored, the headline's judge first.
        completions: All of them, in the order of the file.
        retries: How often the judges were asked again after an unreadable verdict.
    """
    judging = note(str(metadata["rubric"]), str(metadata["rubric_sha256"]), retries)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ids = list(dict.fromkeys(completion.question.id for completion in completions))
    log = EvalLog(
        status="success",
        eval=EvalSpec(
            eval_id=uuid4().hex,
            run_id=uuid4().hex,
            task_id=uuid4().hex[:22],
            created=now,
            task=str(metadata["condition"]),
            task_display_name=str(metadata["condition"]),
            task_version=COMPARABILITY,
            dataset=EvalDataset(
                name=str(metadata["panel"]), samples=panel_size, sample_ids=list(ids)
            ),
            model=target,
            model_roles=_roles(judges),
            config=EvalConfig(
                epochs=max(completion.epoch for completion in completions),
                epochs_reducer=[REDUCER],
            ),
            packages={"inspect_ai": version("inspect_ai"), SUITE: version(SUITE)},
            metadata=dict(metadata),
            scorers=[_scorer(judge, str(metadata["rubric"])) for judge in judges],
            headline_metric=HeadlineMetric(scorer=judges[0].name, metric="alpha"),
        ),
        samples=[
            _sample(completion, metadata, judging, target, prompt) for completion in completions
        ],
        stats=EvalStats(started_at=now, completed_at=now),
    )
    recompute_metrics(log)
    return log


def write_logs(logs: Sequence[EvalLog], folder: Path) -> list[Path]:
    """Write logs into a folder; none is there before all are whole."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        # Beside their place, so that moving them is one step; hidden from Inspect's listing.
        with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as partial:
            waiting = []
            for log in logs:
                stamp = log.eval.created.replace(":", "-").replace("+", "-")
                name = f"{stamp}_{log.eval.task.replace('_', '-')}_{log.eval.task_id}.eval"
                write_eval_log(log, str(Path(partial) / name))
                waiting.append(name)
            for name in waiting:
                os.replace(Path(partial) / name, folder / name)
                written.append(folder / name)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        if made:
            folder.rmdir()
        raise
    return written


def _sample(
    completion: Completion,
    metadata: Mapping[str, Any],
    judging: Mapping[str, Any],
    target: str,
    prompt: str | None,
) -> EvalSample:
    question, text = completion.question, without_surrogates(completion.text)
    asked = without_surrogates(question.input)
    answer = ChatMessageAssistant(content=text, model=target, source="generate")
    messages: list[ChatMessage] = [ChatMessageUser(content=asked, source="input"), answer]
    if prompt is not None:
        messages.insert(0, ChatMessageSystem(content=without_surrogates(prompt)))
    data: dict[str, Any] = {"question_id": question.id, "condition": metadata["condition"]}
    data |= question.model_dump(exclude={"id", "input"}) | dict(judging)
    data["prompt_sha256"] = metadata["prompt_sha256"]
    # No log can carry lone surrogates; the text itself stays beside what is shown and judged.
    for key, shown, original in (
        (ORIGINAL_COMPLETION, text, completion.text),
        (ORIGINAL_INPUT, asked, question.input),
    ):
        if shown != original:
            data[key] = packed(original)
    return EvalSample(
        id=question.id,
        epoch=completion.epoch,
        input=asked,
        target="",
        messages=messages,
        output=ModelOutput(
            model=target,
            choices=[ChatCompletionChoice(message=answer, stop_reason=completion.stop_reason)],
        ),
        scores=completion.scores,
        metadata=data,
        uuid=uuid4().hex[:22],
    )


def _roles(judges: Sequence[Judge]) -> dict[str, ModelConfig | list[ModelConfig]]:
    """The judges, and the protocol's, so that `inspect score` finds the roles it asks for."""
    models = {judge.name: judge.model for judge in judges}
    if not any(model.startswith("simulated/") for model in models.values()):
        models = {**DEFAULT_MODELS, **models}
    return {name: ModelConfig(model=model) for name, model in models.items()}


def _scorer(judge: Judge, rubric: str) -> EvalScorer:
    return EvalScorer(
        name=judge.name,
        options={"rubric": rubric},
        metrics=[EvalMetricDefinition(name=name, options={}) for name in METRICS],
        metadata={},
    )
