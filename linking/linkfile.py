"""The link file: everything that carrying a successor's α to a retired judge's scale rests on.

Small JSON, to be committed and cited. ``docs/link.schema.json`` is its schema, printed by::

    python -m linking.linkfile > docs/link.schema.json
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from linking.errors import LinkErrors
from linking.methods import Fitted
from protocol.errors import ProtocolError
from protocol.records import Instrument

SCHEMA_VERSION: Literal[1] = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LinkedJudge(_Part):
    """One of the two judges: another model, rubric or setting is another instrument.

    Attributes:
        name: The judge's name, the verdicts' column in a report.
        sha256: The instrument's hash on the day of the link, for citing. What may be carried over is
            decided on the instrument itself.
        instrument: What the verdicts were measured with.
    """

    name: str
    sha256: str
    instrument: Instrument

    @classmethod
    def of(cls, name: str, instrument: Instrument) -> Self:
        """Name an instrument."""
        return cls(name=name, sha256=instrument.sha256, instrument=instrument)


def instrument_words(instrument: Instrument) -> str:
    """Say an instrument in words, without its texts."""
    said = {
        "answered by": instrument.answered,
        "max_tokens": instrument.max_tokens,
        "temperature": instrument.temperature,
        "top_p": instrument.top_p,
        "reasoning": instrument.reasoning,
        "rubric": instrument.rubric_sha256[:12],
    }
    settings = [f"{name} {value}" for name, value in said.items() if value is not None]
    return ", ".join([instrument.asked, *settings])


def instrument_differences(linked: Instrument, given: Instrument) -> str:
    """Say what tells a given instrument from the linked one."""
    then, now = linked.model_dump(), given.model_dump()
    return ", ".join(f"{n} {now[n]} instead of {then[n]}" for n in then if now[n] != then[n])


class Anchors(_Part):
    """The completions that both judges scored.

    Attributes:
        sha256: Hash over what was judged and the old judge's verdicts.
        source: Where they come from, in words.
        panel_sha256: Hash of the panel that their questions belong to.
        questions: Share of the completions that each question has, by the question's id (no texts).
        groups: How many groups of each kind the conditions fall into.
        conditions: How many conditions.
        completions: How many completions both judges scored.
        missing: How many were left out because one judge has no valid score of them.
    """

    sha256: str
    source: str
    panel_sha256: str
    questions: dict[str, float]
    groups: dict[str, int]
    conditions: int
    completions: int
    missing: int


class Uncertainty(_Part):
    """What the interval of a linked α is made of, in points of α.

    Attributes:
        condition_sd: Spread between conditions that remains after the link (condition × judge).
        condition_df: Its degrees of freedom.
        question_sd: Spread of the judges' difference between questions; None with one question.
        question_df: Its degrees of freedom.
        fit: (linked α, standard error of the fitted function there), rising in α.
    """

    condition_sd: float
    condition_df: float
    question_sd: float | None
    question_df: int
    fit: tuple[tuple[float, float], ...]


class Link(_Part):
    """One fitted method with its errors."""

    function: Fitted
    errors: LinkErrors
    uncertainty: Uncertainty


class FixedPart(_Part):
    """Anchor completions to be asked again, with the successor's scores when it was linked.

    One entry a completion in each list: ``completion``, ``condition`` and ``question`` are ids, no
    texts; ``old`` is the old judge's score and ``score`` the successor's.
    """

    asked: date
    completion: tuple[str, ...]
    condition: tuple[str, ...]
    question: tuple[str, ...]
    old: tuple[float, ...]
    score: tuple[float, ...]


class LinkFile(_Part):
    """A link from a successor's scores to the scale of the judge that it succeeds.

    Attributes:
        schema_version: Raised when a reader of the earlier version would be misled.
        suite_version: Version of the suite that made the link.
        made: Date of the fit.
        old: The judge whose scale is reached.
        new: The successor; only its instrument's scores may be carried over.
        anchors: What both judged.
        support: Lowest and highest α of the successor over the anchors' conditions; no α outside
            is linked.
        link: The method with the smallest error; it needs the successor's scores.
        link_of_alpha: The best of those that need nothing but the successor's α.
        compared: Errors of every method that was tried.
        retest_sd: Standard deviation of the successor's score of the same completion between two
            askings, in points; None where it was asked once.
        fixed_part: What `bwalpha link check` asks again.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    suite_version: str
    made: date
    old: LinkedJudge
    new: LinkedJudge
    anchors: Anchors
    support: tuple[float, float]
    link: Link
    link_of_alpha: Link
    compared: dict[str, LinkErrors]
    retest_sd: float | None
    fixed_part: FixedPart


def write_link(link: LinkFile, path: Path) -> None:
    """Write a link file; what is read back is equal to it."""
    path.write_text(link.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_link(path: Path) -> LinkFile:
    """Read a link file.

    Raises:
        ProtocolError: It cannot be read, is no link file, or is of another schema version.
    """
    try:
        return LinkFile.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(f"The link file {path} cannot be read: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ProtocolError(
            f"{path} is not a link file of schema version {SCHEMA_VERSION}: {where}: {first['msg']} "
            f"({error.error_count()} in all). Make it with bwalpha link make."
        ) from error


def schema_text() -> str:
    """The JSON schema of a link file, as committed."""
    schema = LinkFile.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
