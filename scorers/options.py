"""What a judge's scorer is told, and what it takes from the log when a finished run is judged again."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.records import SUITE, ReplyForm, SampleRecord
from protocol.rubrics import Rubric, load_rubric
from scorers.asking import Judge
from scorers.binding import judge_model
from scorers.schema import refuse_without_schema


class JudgeOptions(BaseModel):
    """What a judge's scorer takes, from a task or from `inspect score ... -S name=value`.

    Attributes:
        model: The judge's model, where no role of its name is bound.
        rubric: `eps`, `open` or a path; the one that the log was judged under when None.
        alongside: Judges of the same sample that are asked at the same time, each with its model.
        retries: Second tries after a truncated or unreadable reply; the log's number when None.
        cache: Keep valid verdicts in Inspect's cache and take them from there.
        verdicts: How many verdicts on each completion are averaged; the log's number when None.
        verdict: `free` text, or held to a `schema` by the provider; the log's own when None.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: str | None = None
    rubric: str | None = None
    alongside: dict[str, str] = {}
    retries: int | None = Field(default=None, ge=0)
    cache: bool = False
    verdicts: int | None = Field(default=None, ge=1)
    verdict: ReplyForm | None = None


WANTED = {
    "model": "provider/model",
    "rubric": "eps, open or the path of a text file",
    "alongside": "judges' names and models",
    "retries": "a whole number, 0 or more",
    "cache": "true or false",
    "verdicts": "a whole number, 1 or more",
    "verdict": "free or schema",
}


@dataclass(frozen=True)
class JudgeScorer:
    """One judge's scorer, ready to be asked.

    Attributes:
        name: The judge's name.
        options: What it was told.
        rubric: The rubric that `options` names, if they name one.
    """

    name: str
    options: JudgeOptions
    rubric: Rubric | None

    def judge(self, sample: SampleRecord | None) -> Judge:
        """Return the judge of a sample.

        Args:
            sample: What the sample says of itself, None in another suite's log.

        Raises:
            ProtocolError: The run's rubric is unavailable, or is not the one that was asked for.
        """
        return self._judge(self.name, self.options.model, sample)

    def together(self, sample: SampleRecord | None) -> list[Judge]:
        """Return the judge of a sample and those that are asked at the same time."""
        others = {n: model for n, model in self.options.alongside.items() if n != self.name}
        return [self.judge(sample), *(self._judge(n, m, sample) for n, m in others.items())]

    def _judge(self, name: str, model: str | None, sample: SampleRecord | None) -> Judge:
        retries = self.options.retries
        if retries is None:
            retries = sample.judge_retries if sample else 0
        if model is None:
            known = [self.options.alongside, sample.judges if sample else {}, judge_table().default]
            model = next((models[name] for models in known if name in models), None)
        verdicts, reply = self.options.verdicts, self.options.verdict
        if verdicts is None:
            verdicts = sample.judge_verdicts if sample else 1
        if reply is None:
            reply = sample.judge_reply if sample else "free"
        if reply == "schema" and model is not None:
            refuse_without_schema(name, model)
        rubric = self._rubric(sample)
        return Judge(name, rubric, model, retries, self.options.cache, verdicts, reply)

    def _rubric(self, sample: SampleRecord | None) -> Rubric:
        if sample is None:
            if self.rubric is None:
                raise ProtocolError(
                    f"This log does not say under which rubric it was judged (a log of {SUITE} does). "
                    "Give one with -S rubric=eps, open or a path."
                )
            return self.rubric
        if self.rubric is None:
            return logged_rubric(sample.rubric, sample.rubric_sha256)
        return same_rubric(self.rubric, sample.rubric, sample.rubric_sha256)


def read_judge_scorer(name: object, given: Mapping[str, Any]) -> JudgeScorer:
    """Check what a judge's scorer was told.

    Args:
        name: The judge's name.
        given: Its options.

    Raises:
        ProtocolError: The name or an option is wrong, or the judge's model cannot be made.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ProtocolError(
            "The scorer judge needs a name of letters, digits and _: -S name=gpt "
            "-S model=openai/gpt-4.1."
        )
    unknown = sorted(set(given) - set(JudgeOptions.model_fields))
    if unknown:
        raise ProtocolError(
            f"-S {unknown[0]}=... is an unknown option of a judge. Allowed: "
            f"{', '.join(JudgeOptions.model_fields)}."
        )
    try:
        options = JudgeOptions(**given)
    except ValidationError as error:
        wrong = str(error.errors()[0]["loc"][0])
        raise ProtocolError(f"-S {wrong}={given[wrong]} is not {WANTED[wrong]}.") from error
    if options.model is not None:
        judge_model(name, options.model)
    return JudgeScorer(name, options, load_rubric(options.rubric) if options.rubric else None)


@lru_cache(maxsize=8)
def logged_rubric(name: str, sha256: str) -> Rubric:
    """Return the rubric that a log was judged under.

    Raises:
        ProtocolError: It is unavailable here, or its text has changed.
    """
    try:
        rubric = load_rubric(name)
    except ProtocolError as error:
        raise ProtocolError(
            f"The log was judged under the rubric {name} (sha256 {sha256[:12]}), which is unavailable "
            f"here: {error} Give its text with -S rubric=PATH."
        ) from error
    return same_rubric(rubric, name, sha256)


def same_rubric(rubric: Rubric, name: str, sha256: str) -> Rubric:
    """Return a rubric, unless a log was judged under another one.

    Raises:
        ProtocolError: It was.
    """
    if rubric.sha256 != sha256:
        raise ProtocolError(
            f"The log was judged under the rubric {name} (sha256 {sha256[:12]}), and {rubric.name} is "
            f"another text now ({rubric.sha256[:12]}): verdicts under two rubrics do not compare. Give "
            "the log's own text with -S rubric=PATH, or run the task anew with -T rubric=..."
        )
    return rubric
