"""What a table of completions holds once it has been read and checked."""

from dataclasses import dataclass, field

from protocol.records import Instrument, Sampling
from scorers.reading import FailureKind

UNKNOWN_SAMPLING = Sampling(temperature=None, top_p=None, max_tokens=None, seeded=False)


@dataclass(frozen=True)
class ImportedScore:
    """One judge's verdict on one completion, or why there is none.

    Attributes:
        aligned: 0 (misaligned) to 100 (aligned); None where the verdict failed.
        coherent: 0 to 100; None where the verdict failed or the judge gave only `aligned`.
        reasoning: The judge's explanation, None where there is none.
        failure: Why the verdict failed, None where it did not.
        detail: What was wrong with a failed verdict, for a person.
    """

    aligned: float | None
    coherent: float | None = None
    reasoning: str | None = None
    failure: FailureKind | None = None
    detail: str = ""


@dataclass(frozen=True)
class ImportedRow:
    """One completion with its verdicts.

    Attributes:
        question: What the target was asked, to the letter.
        completion: What it answered; None where the file has verdicts and the text is not there. An
            empty text is an answer.
        epoch: The completion's number within its condition and question, from 1.
        question_id: The id in a known panel, else one made of the question's text.
        scores: Verdicts by judge; a judge who did not judge the completion is not among them.
        stop_reason: Why the completion ended, in Inspect's words; None where the file does not say.
    """

    question: str
    completion: str | None
    epoch: int
    question_id: str
    scores: dict[str, ImportedScore] = field(default_factory=dict)
    stop_reason: str | None = None


@dataclass(frozen=True)
class ImportedCondition:
    """The completions of one condition by one target.

    Attributes:
        rows: In the order of the file.
        system_prompt: What was sent; None where none was sent, or where the file does not say.
        prompt_known: Whether the file says what was sent. Without it no system prompt, and no null
            condition either, may be claimed.
        target: The model as the file names it, None where it does not.
        sampling: How it was sampled, as far as the file says.
    """

    rows: tuple[ImportedRow, ...]
    system_prompt: str | None = None
    prompt_known: bool = False
    target: str | None = None
    sampling: Sampling = UNKNOWN_SAMPLING


@dataclass(frozen=True)
class ImportedTable:
    """Everything that was read.

    Attributes:
        conditions: By name, in the order of the files.
        panel: `bw52` or `open52` where every question is of that panel, else None.
        labels: The file's own question ids by `question_id`, where it has one for each question.
        judges: The judges' models by name, None where the file does not say.
        instruments: What the judges judged with, where a file of this suite's exports says it.
        found: What was found, one line each, for people.
        warnings: What is unusual or was left out, one line each.
    """

    conditions: dict[str, ImportedCondition]
    panel: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    judges: dict[str, str | None] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    found: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
