"""The completions of a run, as C needs them: texts with their questions, and what judges said of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from likeness.substance import read_flags
from protocol.errors import ProtocolError
from protocol.records import VerdictRecord, text_sha256
from protocol.texts import without_surrogates
from runs.completions import Answer, read_answers
from runs.load import load_runs
from runs.run import Run


@dataclass(frozen=True)
class Verdict:
    """What one judge said of one completion; no scores where it could not be read."""

    aligned: float | None
    coherent: float | None
    reasoning: str


@dataclass(frozen=True)
class Text:
    """One completion.

    Attributes:
        question_id: As in the log.
        question: What the target was asked.
        epoch: Its number among those to its question, from 1.
        text: What it said.
        verdicts: By judge.
        flags: What the scanner said that it does; None where it was not asked or could not be read.
    """

    question_id: str
    question: str
    epoch: int
    text: str
    verdicts: dict[str, Verdict]
    flags: dict[str, bool] | None = None

    @property
    def key(self) -> str:
        """What tells its question from others on a scale."""
        return question_key(self.question)


@dataclass(frozen=True)
class Texts:
    """All completions of a run that are answers.

    Attributes:
        run: Which run.
        texts: In the panel's order.
        failed: Completions left out: the target failed, or somebody invalidated them.
        judges: In the report's order.
    """

    run: Run
    texts: tuple[Text, ...]
    failed: int
    judges: tuple[str, ...]


def question_key(question: str) -> str:
    """The first 16 digits of a question's hash: panels share a question where its words are the same."""
    return text_sha256(without_surrogates(question))


def read_texts(run: Run, only: Collection[tuple[str, int]] | None = None) -> Texts:
    """Read a run's completions.

    Args:
        run: The run.
        only: Question id and epoch of the few that are wanted; None wants all.

    Raises:
        ProtocolError: A log cannot be read, or it holds verdicts without their completions.
    """
    imported = run.metadata.imported
    if imported is not None and imported.text_missing:
        raise ProtocolError(f"{run.location} holds verdicts without the completions they are on.")
    answers = [answer for found in read_answers(run, only).answers.values() for answer in found]
    kept = [answer for answer in answers if _is_answer(answer)]
    texts = tuple(
        Text(
            answer.record.question_id,
            answer.question,
            answer.epoch,
            answer.text,
            {name: _verdict(answer, name) for name in run.judges},
            next(
                (found for s in answer.others.values() if (found := read_flags(s.metadata))), None
            ),
        )
        for answer in kept
    )
    return Texts(run, texts, len(answers) - len(kept), tuple(run.judges))


def identity(run: Run) -> tuple[object, ...]:
    """What two runs share that have the same completions, whoever judged them."""
    return run.locations, run.condition, run.prompt_sha256, run.sampling.settings


def one_run(location: str, option: str) -> Run:
    """Read the one run that an option names.

    Raises:
        ProtocolError: There is none at that place, or more than one.
    """
    loaded = load_runs([location], unjudged=True)
    runs = {identity(run): run for run in reversed(loaded.runs)}
    if not runs:
        reasons = "; ".join(dict.fromkeys(log.reason for log in loaded.skipped)) or "nothing there"
        raise ProtocolError(f"{option} {location}: {reasons}. Give the log of one run.")
    if len(runs) > 1:
        names = ", ".join(sorted({run.condition for run in runs.values()})[:5])
        raise ProtocolError(
            f"{option} {location} holds {len(runs)} runs ({names}). Give the log of one of them."
        )
    return next(iter(runs.values()))


def names(runs: Sequence[Run]) -> list[str]:
    """A name for each run: its condition, and whatever tells it apart from its namesakes."""
    made = [run.condition for run in runs]
    for part in (
        lambda run: run.target,
        lambda run: f"prompt {(run.prompt_sha256 or 'none')[:6]}",
        lambda run: f"seed {run.seed}",
        lambda run: run.location,
    ):
        parts = [part(run) for run in runs]
        for name in _several(made):
            own = [i for i, other in enumerate(made) if other == name]
            if len({parts[i] for i in own}) > 1:
                for i in own:
                    made[i] = f"{name} · {parts[i]}"
    for name in _several(made):
        for number, i in enumerate([i for i, other in enumerate(made) if other == name], start=1):
            made[i] = f"{name} · {number}"
    return made


def _several(made: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(made).items() if count > 1]


def _is_answer(answer: Answer) -> bool:
    if answer.invalidated:
        return False
    done = answer.record.completion
    # Another solver than the suite's leaves no record, and a sample that broke has no text either.
    return bool(answer.text) if done is None else done.failure is None


def _verdict(answer: Answer, judge: str) -> Verdict:
    score = answer.scores.get(judge)
    record = None if score is None else VerdictRecord.of(score.metadata)
    if score is None or record is None:
        return Verdict(None, None, "")
    said = score.explanation or record.reply
    return Verdict(record.aligned, record.coherent, said if record.aligned is not None else "")
