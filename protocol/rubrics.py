"""What the judges are told: the source's rubric, the open one, or the user's own."""

import os

from pydantic import BaseModel, ConfigDict

from protocol.data import DATASETS
from protocol.errors import ProtocolError
from protocol.sources import original_rubric, sha256
from protocol.texts import read_text
from protocol.working_folder import user_path


class Rubric(BaseModel):
    """A judge's system message and its hash, with what a reader has to know of the file."""

    model_config = ConfigDict(frozen=True)

    name: str
    text: str
    sha256: str
    notes: tuple[str, ...] = ()


def load_rubric(rubric: str) -> Rubric:
    """Load a rubric: `eps` (the source's, pinned), `open` (the suite's own), or a text file.

    Raises:
        ProtocolError: There is no such rubric or it cannot be read.
    """
    notes: tuple[str, ...] = ()
    if rubric == "eps":
        text = original_rubric()
    elif rubric == "open":
        text = (DATASETS / "rubrics" / "open.txt").read_text(encoding="utf-8")
    elif os.path.isfile(user_path(rubric)):
        text, notes = read_text(user_path(rubric), "rubric")
    else:
        raise ProtocolError(
            f"Unknown rubric {rubric!r}. Allowed: eps, open, or the path of a text file."
        )
    return Rubric(name=rubric, text=text, sha256=sha256(text), notes=notes)
