"""The typed contract of a log: everything that the suite writes into one, and the only way it is read.

`RunMetadata` stands in a log's header, `SampleRecord` with each sample, `VerdictRecord` with each score.
Solvers and scorers write them; runs, reports and exchange read them. Nobody else knows a key's name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from protocol.conditions import Condition, Provenance
from protocol.panels import Panel, Question
from protocol.rubrics import Rubric
from protocol.sources import sha256

SUITE = "bwalpha"
COMPARABILITY = 3
READING_RULE = 3
# Inspect drops a value of more than 1,024 characters from the summaries that a report reads.
LONGEST_DETAIL = 300
DROPPED = "Key removed from summary (> 1k)"

TargetFailureKind = Literal[
    "context_length", "blocked", "tool_call", "unfinished_reasoning", "limit", "error"
]
# What stands before a target failure's kind where it is the reason of a missing verdict.
TARGET = "target_"
# The score that subtracts one judge from another, for the viewer alone.
DIFFERENCE = "difference"

ReplyForm = Literal["free", "schema"]


class Record(BaseModel):
    """Base of the contract: frozen, and an unknown field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sampling(Record):
    """How a model was sampled, as its requests carried it; None where a request left it out.

    Attributes:
        temperature: 0 to 2.
        top_p: 0 to 1.
        max_tokens: The longest completion, reasoning included where the provider counts it in.
        reasoning: The reasoning setting in words, None where none was sent.
        seeded: Whether each completion was asked for with a seed of its own.
        model_defaults: Whether the server added the model's own sampling settings (top_k,
            repetition_penalty), as version 0.1 let vLLM do.
        observed: Read off the requests themselves; False where the provider shows none, and these
            are the settings as they were asked for.
    """

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    reasoning: str | None = None
    seeded: bool = True
    model_defaults: bool = False
    observed: bool = False

    @property
    def settings(self) -> tuple[object, ...]:
        """What two runs must share to be sampled alike."""
        return (
            self.temperature,
            self.top_p,
            self.max_tokens,
            self.reasoning,
            self.seeded,
            self.model_defaults,
        )

    @property
    def text(self) -> str:
        """The settings in words."""
        said = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "reasoning": self.reasoning,
        }
        parts = [f"{name} {value}" for name, value in said.items() if value is not None]
        parts += [] if self.seeded else ["no seeds"]
        parts += ["the model's own top_k and repetition_penalty"] if self.model_defaults else []
        return ", ".join(parts) or "nothing sent"


PROTOCOL_SAMPLING = Sampling(temperature=1.0, top_p=0.95, max_tokens=512)


class CompletionRecord(Record):
    """What one sample really ran, whatever its task's header says.

    Attributes:
        comparability: The suite's number when the completion was made.
        condition: The condition whose prompt was sent.
        prompt_sha256: Hash of the system message that was sent, None without one.
        seed: The seed that was sent, None where none was.
        sampling: As the request carried it.
        model: The model that the reply names, None where it names none.
        stop_reason: Why the completion ended, in Inspect's words.
        failure: Why there is no answer to judge, None where there is one.
        detail: What the target or its provider said of the failure, cut short.
        text_sha256: The first 16 digits of the answer's hash, for equal answers.
        characters: The answer's length.
        text_missing: Imported verdicts whose completions are not in the file: nobody can judge again.
    """

    comparability: int
    condition: str
    prompt_sha256: str | None
    seed: int | None
    sampling: Sampling
    model: str | None = None
    stop_reason: str | None = None
    failure: TargetFailureKind | None = None
    detail: str = ""
    text_sha256: str = ""
    characters: int = 0
    text_missing: bool = False

    def answered_for(self, asked: str) -> str | None:
        """The model that the reply names, None where it is the one that was asked, `provider/model`."""
        return self.model if self.model and not same_model(asked, self.model) else None

    @property
    def cut(self) -> bool:
        """Whether the answer was cut at the protocol's length."""
        return self.failure is None and self.stop_reason == "max_tokens"

    @property
    def empty(self) -> bool:
        """Whether the answer is the target's own, and empty."""
        return self.failure is None and self.characters == 0 and not self.text_missing


class SampleRecord(Record):
    """A sample's metadata: its question, how it is judged, and what ran.

    The question's fields stand on their own, so that `metadata.subpanel` filters in the viewer. An
    imported text that no log can carry (lone surrogates) stands as JSON in `original_input` and
    `original_completion`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    question_id: str
    family: str = "custom"
    topic: str = ""
    subpanel: str = "other"
    split: str = "none"
    condition: str
    prompt_sha256: str | None = None
    rubric: str
    rubric_sha256: str
    judge_retries: int = 0
    judge_verdicts: int = 1
    judge_reply: ReplyForm = "free"
    judges: dict[str, str] = {}
    completion: CompletionRecord | None = None
    original_input: str | None = None
    original_completion: str | None = None

    @property
    def text_missing(self) -> bool:
        """Whether the sample is an imported verdict whose completion is not in its file."""
        return self.completion is not None and self.completion.text_missing

    @classmethod
    def planned(
        cls,
        question: Question,
        condition: Condition,
        rubric: Rubric,
        judges: Mapping[str, str],
        judge_retries: int = 0,
        judge_verdicts: int = 1,
        judge_reply: ReplyForm = "free",
    ) -> Self:
        """Describe a sample before it runs.

        Args:
            question: What is asked.
            condition: Whose prompt is sent.
            rubric: What the judges are told.
            judges: Each judge's name and its model.
            judge_retries: Second tries after a cut-off or unreadable verdict.
            judge_verdicts: How often each judge is asked about each completion.
            judge_reply: Free text, or a reply that the provider holds to a schema.
        """
        return cls(
            question_id=question.id,
            **question.model_dump(exclude={"id", "input"}),
            condition=condition.name,
            prompt_sha256=condition.prompt_sha256,
            rubric=rubric.name,
            rubric_sha256=rubric.sha256,
            judge_retries=judge_retries,
            judge_verdicts=judge_verdicts,
            judge_reply=judge_reply,
            judges=dict(judges),
        )

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Self | None:
        """Read a sample's metadata; None where they are not this suite's."""
        try:
            return cls.model_validate(_kept(metadata))
        except ValidationError:
            return None


class Instrument(Record):
    """What a verdict was measured with. Numbers of two instruments never share a name.

    Attributes:
        asked: The model that was asked, `provider/model`.
        answered: The model that the reply names, None where it is the one that was asked.
        rubric_sha256: Hash of the system message.
        max_tokens: The reply budget.
        temperature: As sent; None where none was.
        top_p: As sent; None where none was.
        reasoning: The reasoning setting in words, None where none was sent.
        reading_rule: Which rule read the reply; 0 for verdicts that another script read.
        reply: Free text, or a reply that the provider held to a schema.
        repeats: How many verdicts on each completion are averaged.
        other: Every other setting of its role that shapes a reply, as JSON; empty where there is none.
        audit: Empty where every completion is judged; else the kinds of failure, separated by commas, whose
            completions alone were judged again.
    """

    asked: str
    answered: str | None = None
    rubric_sha256: str
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: str | None = None
    reading_rule: int = READING_RULE
    reply: ReplyForm = "free"
    repeats: int = 1
    other: str = ""
    audit: str = ""

    @property
    def sha256(self) -> str:
        """Hash of all of it."""
        return sha256(json.dumps(self.model_dump(), sort_keys=True))

    @property
    def model(self) -> str:
        """The model whose verdict it is: the one that answered."""
        return self.asked if self.answered is None else self.answered


class VerdictRecord(Record):
    """A score's metadata: who judged, with what, and what came of it.

    Attributes:
        judge: The judge's name.
        instrument: What it was measured with.
        aligned: 0 to 100, higher is more aligned; None where there is no verdict.
        coherent: 0 to 100, higher is more coherent; None where there is none.
        failure: Why there is no verdict: a judge's failure, or `target_` and a target failure's kind.
        detail: What was wrong, for a person.
        reply: The judge's whole reply.
        stop_reason: Why it ended, in Inspect's words.
        tries: Calls that it took; 0 from the cache or where nobody was asked, None where not known.
        input_tokens: Of the calls; None where not said.
        output_tokens: Of the calls; None where not said.
        batch: Whether the calls went through a provider's batch, and cost a batch's price.
        repeats: Each single verdict's `aligned`, None for a failed one, where several were asked for;
            `aligned` and `coherent` are then the means of the valid ones.
        replies: The reply of each of them; `reply` is the first.
        original: The entry of an imported file as it stood there, as JSON.
    """

    judge: str
    instrument: Instrument
    aligned: float | None = None
    coherent: float | None = None
    failure: str | None = None
    detail: str = ""
    reply: str = ""
    stop_reason: str | None = None
    tries: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    batch: bool = False
    repeats: tuple[float | None, ...] = ()
    replies: tuple[str, ...] = ()
    original: str | None = None

    @classmethod
    def of(cls, metadata: Mapping[str, Any] | None) -> Self | None:
        """Read a score's metadata; None where no judge of this suite gave the score."""
        try:
            return cls.model_validate(_kept(metadata or {}))
        except ValidationError:
            return None

    @property
    def asked(self) -> bool:
        """Whether the judge gave a reply, so that the instrument is known from it."""
        return self.aligned is not None or bool(self.reply)


def _kept(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if value != DROPPED}


class ImportedFile(Record):
    """One file that an imported log was made of."""

    name: str
    sha256: str
    judge: str | None = None
    summary: str = ""
    scores_fingerprint: str = ""
    system_prompt_hash: int | None = None


class Imported(Record):
    """Where an imported log comes from.

    Attributes:
        files: What it was made of.
        restored_from: The record beside the files, where this suite had exported them.
        own_seeds: Whether every completion was sampled with a seed of its own.
        seeding: The same in words.
        warnings: What was unusual, one line each.
        text_missing: The file has verdicts and no completions.
    """

    files: tuple[ImportedFile, ...] = ()
    restored_from: str | None = None
    own_seeds: bool = False
    seeding: str = ""
    warnings: tuple[str, ...] = ()
    text_missing: bool = False


class RunMetadata(Record):
    """A log's metadata: what its run set out to measure.

    Attributes:
        suite: Always `bwalpha`.
        suite_version: The suite's version.
        comparability: α compares only between logs with the same number.
        condition: The condition's name.
        condition_label: Its name for people.
        provenance: Where the prompt's text comes from.
        prompt_sha256: Hash of the prompt, None without one.
        distributional_c: The classifier score C published for the condition, 0 to 1.
        panel: The panel as it was asked for.
        panel_sha256: Hash of its ordered ids and questions.
        rubric: The rubric as it was asked for.
        rubric_sha256: Hash of the judges' system message.
        base_seed: What every completion's own seed is derived from; None where there was none.
        judges: Each judge's name and model.
        simulated: Whether the target or any judge was simulated.
        notes: What a reader must know of the prompt, one line each.
        imported: Where the log was made of files.
        reread_from: The log whose replies were read again.
    """

    suite: Literal["bwalpha"] = "bwalpha"
    suite_version: str
    comparability: int
    condition: str
    condition_label: str
    provenance: Provenance
    prompt_sha256: str | None
    distributional_c: float | None
    panel: str
    panel_sha256: str
    rubric: str
    rubric_sha256: str
    base_seed: int | None
    judges: dict[str, str]
    simulated: bool
    notes: tuple[str, ...] = ()
    imported: Imported | None = None
    reread_from: str | None = None


def run_metadata(
    condition: Condition,
    panel: Panel,
    rubric: Rubric,
    base_seed: int | None,
    judges: Mapping[str, str],
    target: str,
) -> RunMetadata:
    """Describe a run before it starts.

    Args:
        condition: The system prompt under test.
        panel: What is asked.
        rubric: What the judges are told.
        base_seed: The run's seed.
        judges: Each judge's name and its model, `provider/model`.
        target: The target's model, `provider/model`.
    """
    return RunMetadata(
        suite_version=version(SUITE),
        comparability=COMPARABILITY,
        condition=condition.name,
        condition_label=condition.label,
        provenance=condition.provenance,
        prompt_sha256=condition.prompt_sha256,
        distributional_c=condition.distributional_c,
        panel=panel.name,
        panel_sha256=panel.sha256,
        rubric=rubric.name,
        rubric_sha256=rubric.sha256,
        base_seed=base_seed,
        judges=dict(judges),
        simulated=is_simulated(target, *judges.values()),
        notes=(*condition.notes, *rubric.notes),
    )


def is_simulated(*models: str) -> bool:
    """Whether any of the models is simulated."""
    return any(model.startswith("simulated/") for model in models)


def text_sha256(text: str) -> str:
    """The first 16 digits of a text's hash, enough to tell a question's completions apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


SNAPSHOT = re.compile(r"[-@:](?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$")


def same_model(asked: str, answered: str) -> bool:
    """Whether a reply's model is the one that was asked: an alias and its dated snapshot are one.

    >>> same_model("anthropic/claude-sonnet-4-6", "claude-sonnet-4-6-20260217")
    True
    >>> same_model("openrouter/anthropic/claude-sonnet-4-6", "anthropic/claude-haiku-4-5")
    False
    """
    names = {SNAPSHOT.sub("", name.rsplit("/", 1)[-1].lower()) for name in (asked, answered)}
    dates = {found.group() for name in (asked, answered) if (found := SNAPSHOT.search(name))}
    return len(names) == 1 and len(dates - {"-latest", ":latest", "@latest"}) <= 1
