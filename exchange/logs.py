"""An Inspect log made of files: every completion a sample, every verdict a score."""

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
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

from exchange.eps.naming import ImportedJudge
from exchange.strict_json import packed
from protocol.errors import ProtocolError
from protocol.inspect_internals import EvalMetricDefinition, EvalScorer
from protocol.panels import Question
from protocol.records import (
    COMPARABILITY,
    SUITE,
    CompletionRecord,
    RunMetadata,
    SampleRecord,
    Sampling,
    is_simulated,
    text_sha256,
)
from protocol.texts import without_surrogates

# Imported for Inspect's registry, which makes the metrics and the reducer by their names.
from scorers import metrics as _metrics  # noqa: F401
from scorers.validity import REDUCER

METRICS = ("validity", "alpha", "alpha_ci", "coherence")


@dataclass(frozen=True)
class Completion:
    """One completion with its scores, as it goes into a log.

    `text` is None where only its verdicts are known; `record` is what an exported log said that it ran.
    """

    question: Question
    epoch: int
    text: str | None
    stop_reason: StopReason
    scores: dict[str, Score]
    sampling: Sampling
    record: CompletionRecord | None = None


def make_log(
    metadata: RunMetadata,
    target: str,
    panel_size: int,
    prompt: str | None,
    judges: Sequence[ImportedJudge],
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
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ids = list(dict.fromkeys(completion.question.id for completion in completions))
    log = EvalLog(
        status="success",
        eval=EvalSpec(
            eval_id=uuid4().hex,
            run_id=uuid4().hex,
            task_id=uuid4().hex[:22],
            created=now,
            task=metadata.condition,
            task_display_name=metadata.condition,
            task_version=COMPARABILITY,
            dataset=EvalDataset(name=metadata.panel, samples=panel_size, sample_ids=list(ids)),
            model=target,
            model_roles=_roles(judges),
            config=EvalConfig(
                epochs=max(completion.epoch for completion in completions),
                epochs_reducer=[REDUCER],
            ),
            packages={"inspect_ai": version("inspect_ai"), SUITE: version(SUITE)},
            metadata=metadata.model_dump(mode="json"),
            scorers=[_scorer(judge, metadata.rubric) for judge in judges],
            headline_metric=(
                HeadlineMetric(scorer=judges[0].name, metric="alpha") if judges else None
            ),
        ),
        samples=[
            _sample(completion, metadata, target, prompt, retries) for completion in completions
        ],
        stats=EvalStats(started_at=now, completed_at=now),
    )
    if judges:
        recompute_metrics(log)
    return log


def write_logs(
    logs: Iterable[EvalLog], folder: Path, progress: Callable[[int], None] | None = None
) -> list[Path]:
    """Write logs into a folder; none is there before all are whole.

    Args:
        logs: The logs, made while they are written where they come from a generator.
        folder: The folder; it may hold others.
        progress: Called with the number of logs written so far.

    Raises:
        ProtocolError: The folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ProtocolError(f"--out {folder} is a file. Name a folder for the logs.")
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
                if progress is not None:
                    progress(len(waiting))
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
    metadata: RunMetadata,
    target: str,
    prompt: str | None,
    retries: int,
) -> EvalSample:
    question, given = completion.question, completion.text
    text = without_surrogates(given or "")
    asked = without_surrogates(question.input)
    messages: list[ChatMessage] = [ChatMessageUser(content=asked, source="input")]
    output = ModelOutput(model=target)
    if given is not None:
        answer = ChatMessageAssistant(content=text, model=target, source="generate")
        messages.append(answer)
        output.choices = [ChatCompletionChoice(message=answer, stop_reason=completion.stop_reason)]
    if prompt is not None:
        messages.insert(0, ChatMessageSystem(content=without_surrogates(prompt)))
    # No log can carry lone surrogates; the text itself stays beside what is shown and judged.
    record = SampleRecord(
        question_id=question.id,
        **question.model_dump(exclude={"id", "input"}),
        condition=metadata.condition,
        prompt_sha256=metadata.prompt_sha256,
        rubric=metadata.rubric,
        rubric_sha256=metadata.rubric_sha256,
        judge_retries=retries,
        judges=metadata.judges,
        completion=completion.record
        or CompletionRecord(
            comparability=metadata.comparability,
            condition=metadata.condition,
            prompt_sha256=metadata.prompt_sha256,
            seed=None,
            sampling=completion.sampling,
            stop_reason=completion.stop_reason,
            text_sha256="" if given is None else text_sha256(text),
            characters=len(text),
            text_missing=given is None,
        ),
        original_input=packed(question.input) if asked != question.input else None,
        original_completion=(packed(given) if given is not None and text != given else None),
    )
    return EvalSample(
        id=question.id,
        epoch=completion.epoch,
        input=asked,
        target="",
        messages=messages,
        output=output,
        scores=completion.scores,
        metadata=record.model_dump(mode="json"),
        uuid=uuid4().hex[:22],
    )


def _roles(judges: Sequence[ImportedJudge]) -> dict[str, ModelConfig | list[ModelConfig]]:
    """The simulated judges, which no default stands in for when the log is judged again."""
    return {j.name: ModelConfig(model=j.model) for j in judges if is_simulated(j.model)}


def _scorer(judge: ImportedJudge, rubric: str) -> EvalScorer:
    return EvalScorer(
        name=judge.name,
        options={"rubric": rubric},
        metrics=[EvalMetricDefinition(name=name, options={}) for name in METRICS],
        metadata={},
    )
