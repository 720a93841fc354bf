"""What a judge's scorer is told, and what it takes from the log when a finished run is judged again."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocol.errors import ProtocolError
from protocol.records import SUITE
from protocol.rubrics import Rubric, load_rubric
from scorers.asking import Judge
from scorers.binding import judge_model

NOTE = "judging"


class Options(BaseModel):
    """What a judge's scorer takes, from a task or from `inspect score ... -S name=value`.

    Attributes:
        model: The judge's model, where no role of its name is bound; `judge` only.
        rubric: `eps`, `open` or a path; the one that the log was judged under when None.
        alongside: Judges of the same sample that are asked at the same time.
        retries: Second tries after a truncated or unparseable reply; the log's number when None.
        batch: Ask through the provider's batch API.
        cache: Keep valid verdicts in Inspect's cache and take them from there.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: str | None = None
    rubric: str | None = None
    alongside: list[str] = []
    retries: int | None = Field(default=None, ge=0)
    batch: bool = False
    cache: bool = False


WANTED = {
    "model": "provider/model",
    "rubric": "eps, open or the path of a text file",
    "alongside": "a list of judges' names",
    "retries": "a whole number, 0 or more",
    "batch": "true or false",
    "cache": "true or false",
}


@dataclass(frozen=True)
class Judging:
    """One judge's scorer, ready to be asked.

    Attributes:
        name: The judge's name.
        options: What it was told.
        rubric: The rubric that `options` names, if they name one.
    """

    name: str
    options: Options
    rubric: Rubric | None

    def judge(self, sample: Mapping[str, Any]) -> Judge:
        """Return the judge of a sample.

        Args:
            sample: The sample's metadata, which notes the run's rubric and retries.

        Raises:
            ProtocolError: The run's rubric cannot be had, or is not the one that was asked for.
        """
        return self._judge(self.name, self.options.model, sample)

    def together(self, sample: Mapping[str, Any]) -> list[Judge]:
        """Return the judge of a sample and those that are asked at the same time."""
        others = [name for name in self.options.alongside if name != self.name]
        return [self.judge(sample), *(self._judge(name, None, sample) for name in others)]

    def _judge(self, name: str, model: str | None, sample: Mapping[str, Any]) -> Judge:
        noted = sample.get(NOTE) or {}
        rubric = self._rubric(noted)
        retries = self.options.retries
        retries = int(noted.get("retries") or 0) if retries is None else retries
        return Judge(name, rubric, model, retries, self.options.batch, self.options.cache)

    def _rubric(self, noted: Mapping[str, Any]) -> Rubric:
        if not noted:
            if self.rubric is None:
                raise ProtocolError(
                    f"This log does not say under which rubric it was judged (a log of {SUITE} does). "
                    "Give one with -S rubric=eps, open or a path."
                )
            return self.rubric
        name, sha256 = noted["rubric"], noted["rubric_sha256"]
        if self.rubric is None:
            return _noted_rubric(name, sha256)
        return _same(self.rubric, name, sha256)


def note(rubric: str, sha256: str, retries: int = 0) -> dict[str, Any]:
    """Return what a sample's metadata says about how it is judged, for judging it again.

    Args:
        rubric: The rubric as the run asked for it.
        sha256: The hash of its text.
        retries: The run's second tries.
    """
    return {NOTE: {"rubric": rubric, "rubric_sha256": sha256, "retries": retries}}


def read_judging(name: object, given: Mapping[str, Any]) -> Judging:
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
    unknown = sorted(set(given) - set(Options.model_fields))
    if unknown:
        raise ProtocolError(
            f"-S {unknown[0]}=... is no option of a judge. Allowed: {', '.join(Options.model_fields)}."
        )
    try:
        options = Options(**given)
    except ValidationError as error:
        wrong = str(error.errors()[0]["loc"][0])
        raise ProtocolError(f"-S {wrong}={given[wrong]} is not {WANTED[wrong]}.") from error
    if options.model is not None:
        judge_model(name, options.model)
    return Judging(name, options, load_rubric(options.rubric) if options.rubric else None)


@lru_cache(maxsize=8)
def _noted_rubric(name: str, sha256: str) -> Rubric:
    try:
        rubric = load_rubric(name)
    except ProtocolError as error:
        raise ProtocolError(
            f"The log was judged under the rubric {name} (sha256 {sha256[:12]}), which cannot be "
            f"had here: {error} Give its text with -S rubric=PATH."
        ) from error
    return _same(rubric, name, sha256)


def _same(rubric: Rubric, name: str, sha256: str) -> Rubric:
    if rubric.sha256 != sha256:
        raise ProtocolError(
            f"The log was judged under the rubric {name} (sha256 {sha256[:12]}), and {rubric.name} is "
            f"another text now ({rubric.sha256[:12]}): verdicts under two rubrics do not compare. Give "
            "the log's own text with -S rubric=PATH, or run the task anew with -T rubric=..."
        )
    return rubric
