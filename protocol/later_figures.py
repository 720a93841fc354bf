"""Figures that later write-ups of the source publish, on a C scale of their own."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from protocol.data import read_yaml


class LaterFigure(BaseModel):
    """One condition of a later write-up.

    Attributes:
        condition: Its name there.
        kind: A soft prefix is a sequence of vectors and no text.
        c: The classifier score, 0 to 1, on the scale that `LaterFigures.c_scale` names.
        sonnet: α by the primary judge, 0 to 100; None where it is not published there.
        opus: α by the alternate judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    condition: str
    kind: Literal["none", "prompt", "soft prefix"]
    c: float
    sonnet: float | None
    opus: float | None


class LaterFigures(BaseModel):
    """The later write-ups' figures, with what they share.

    Attributes:
        c_scale: The name of their C scale; C of two scales never share an axis or a column.
        origin: Where they are published.
        sampling: How the completions were made.
        judges: The judges' models.
        figures: One a condition.
        notes: What a reader must know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    c_scale: str
    origin: str
    sampling: str
    judges: dict[str, str]
    figures: tuple[LaterFigure, ...]
    notes: tuple[str, ...]


def later_figures() -> LaterFigures:
    """Read them from `datasets/reference.yaml`."""
    return LaterFigures.model_validate(read_yaml("reference.yaml")["later"])
