"""The link file: everything that carrying a successor's α to a retired judge's scale rests on.

Small JSON, to be committed and cited. ``docs/link.schema.json`` is its schema, printed by::

    python -m linking.linkfile > docs/link.schema.json
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from linking.errors import LinkErrors
from linking.methods import Fitted
from protocol.errors import ProtocolError

SCHEMA_VERSION: Literal[1] = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Instrument(_Part):
    """A judge as it was asked: another model, rubric or setting is another instrument.

    Attributes:
        model: The judge model, with its date where it has one.
        words: One sentence on how it is asked.
        rubric_sha256: Hash of the rubric.
        sha256: Hash over model, rubric and settings; see ``describe_instrument``.
    """

    model: str
    words: str
    rubric_sha256: str
    sha256: str


def describe_instrument(
    model: str, rubric_sha256: str, settings: Mapping[str, str | int | float | bool | None]
) -> Instrument:
    """An instrument from what moves its verdicts: model, rubric and every setting that is sent."""
    content = {"model": model, "rubric_sha256": rubric_sha256, "settings": dict(settings)}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    words = ", ".join(f"{name} {value}" for name, value in sorted(settings.items()))
    return Instrument(
        model=model,
        words=f"{model}, {words or 'no settings'}",
        rubric_sha256=rubric_sha256,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


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
        old: The instrument whose scale is reached.
        new: The successor, the only instrument whose scores may be carried over.
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
    old: Instrument
    new: Instrument
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
