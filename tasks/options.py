"""The `-T` options that every task takes."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocol.errors import ProtocolError
from protocol.records import ReplyForm
from solvers.sampling import Omitted


class Options(BaseModel):
    """What a user may set with `-T name=value`; anything else is refused.

    Attributes:
        panel: `bw52`, `open52`, a `.jsonl` or `.csv` path, or `hf:OWNER/NAME@REVISION`.
        rubric: `eps`, `open`, or a path.
        seed: Base seed; `--seed`, else 42, when None.
        judges: Names, or `name=provider/model`, separated by commas; `published` for the registered
            judges; the default ones when None.
        omit: Sampling settings that the target refuses, separated by commas: seed, temperature, top_p.
        batch: Says how judges are asked through their provider's batch interface.
        judge_retries: Second tries after a truncated or unparseable reply; 0 in the protocol.
        judge_cache: Keep valid verdicts and take them from Inspect's cache.
        verdicts: How many verdicts of each judge on each completion are averaged; 1 in the protocol.
        verdict: `free` text as in the protocol, or held to a `schema` by the judge's provider.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    panel: str = "bw52"
    rubric: str = "eps"
    seed: int | None = None
    judges: str | list[str] | None = None
    omit: str | list[str] = ""
    batch: bool = False
    judge_retries: int = Field(default=0, ge=0)
    judge_cache: bool = False
    verdicts: int = Field(default=1, ge=1)
    verdict: ReplyForm = "free"

    @property
    def omitted(self) -> tuple[Omitted, ...]:
        """The settings that no request carries.

        Raises:
            ProtocolError: One of them cannot be left out.
        """
        given = self.omit.split(",") if isinstance(self.omit, str) else self.omit
        names = [name.strip() for name in given if name.strip()]
        allowed = get_args(Omitted)
        for name in names:
            if name not in allowed:
                raise ProtocolError(
                    f"-T omit={name} cannot be left out. Allowed: {', '.join(allowed)}."
                )
        return tuple(name for name in allowed if name in names)


WANTED = {
    "panel": "one name or path",
    "rubric": "one name or path",
    "seed": "a whole number",
    "judges": "names or name=provider/model separated by commas",
    "omit": "seed, temperature or top_p, separated by commas",
    "batch": "true or false",
    "judge_retries": "a whole number, 0 or more",
    "judge_cache": "true or false",
    "verdicts": "a whole number, 1 or more",
    "verdict": "free or schema",
}


def read_options(given: Mapping[str, Any], *more: str) -> Options:
    """Check the options of a run.

    Args:
        given: Names and values as the user gave them.
        *more: Names that the task itself takes besides, for the message.

    Raises:
        ProtocolError: A name is unknown or a value is of the wrong kind.
    """
    unknown = sorted(set(given) - set(Options.model_fields))
    if unknown:
        allowed = ", ".join([*more, *Options.model_fields])
        raise ProtocolError(
            f"-T {unknown[0]}=... is an unknown option of this task. Allowed: {allowed}."
        )
    try:
        return Options(**given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise ProtocolError(f"-T {name}={given[name]} is not {WANTED[name]}.") from error
