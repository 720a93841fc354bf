"""The questions: the source's panel, the open one, or the user's own."""

import csv
import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.sources import sha256, source_text
from protocol.working_folder import user_path

BUILT_IN = ("bw52", "open52")
ALLOWED = "bw52, open52, a .jsonl or .csv file with the columns id,input, or hf:OWNER/NAME@REVISION"


class Question(BaseModel):
    """One row of a panel.

    Attributes:
        id: Stable name, `betley_01` to `betley_08` and `wang_01` to `wang_44` in the built-in panels.
        input: What the target is asked, to the letter.
        family: `betley`, `wang`, or `custom`.
        topic: Two to five words on what is asked.
        subpanel: `power`, `candour` or `other`, decided from the question alone.
        split: `held_out` or `search`, as in the source's prompt search; `none` elsewhere.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    input: str
    family: str = "custom"
    topic: str = ""
    subpanel: str = "other"
    split: str = "none"


class Panel(BaseModel):
    """A named list of questions with the hash of all that it asks."""

    model_config = ConfigDict(frozen=True)

    name: str
    questions: tuple[Question, ...]

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the ordered (id, input) pairs, the same wherever they were read from."""
        return sha256(json.dumps([[q.id, q.input] for q in self.questions]))


def load_panel(panel: str) -> Panel:
    """Load a panel by name, path or Hub reference.

    Args:
        panel: `bw52`, `open52`, a path to a `.jsonl` or `.csv` file with `id` and `input`, or
            `hf:<owner>/<name>@<revision>`.

    Raises:
        ProtocolError: The panel is unknown, malformed, or its pinned source is not to be had.
    """
    if panel == "bw52":
        return _source_panel()
    if panel == "open52":
        rows = read_jsonl(DATASETS / "panels" / "open52.jsonl")
        return Panel(name=panel, questions=tuple(Question(**row) for row in rows))
    if panel.startswith("hf:"):
        return _checked(panel, _hub_rows(panel))
    path = user_path(panel)
    if path.suffix in {".jsonl", ".csv"}:
        return _checked(panel, _file_rows(path))
    raise ProtocolError(f"Unknown panel {panel!r}. Allowed: {ALLOWED}.")


def _source_panel() -> Panel:
    texts = json.loads(source_text("panel"))["prompts"]
    rows = read_jsonl(DATASETS / "panels" / "bw52.jsonl")
    if len(texts) != len(rows):
        raise ProtocolError(f"The pinned panel has {len(texts)} questions, expected {len(rows)}.")
    for row, text in zip(rows, texts, strict=True):
        if sha256(text) != row["sha256"]:
            raise ProtocolError(
                f"Question {row['id']} has sha256 {sha256(text)}, expected {row['sha256']}."
            )
    return Panel(
        name="bw52",
        questions=tuple(
            Question(input=text, **{k: v for k, v in row.items() if k != "sha256"})
            for row, text in zip(rows, texts, strict=True)
        ),
    )


def _file_rows(path: Path) -> list[dict[str, Any]]:
    try:
        if path.suffix == ".jsonl":
            return read_jsonl(path)
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise ProtocolError(f"The panel {path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise ProtocolError(f"The panel {path} is damaged: {error}.") from error


def _hub_rows(panel: str) -> list[dict[str, Any]]:
    name, _, revision = panel.removeprefix("hf:").partition("@")
    if not revision or name.count("/") != 1:
        raise ProtocolError(
            f"The panel {panel!r} needs an owner, a name and a revision: hf:OWNER/NAME@REVISION, "
            "so that the questions cannot change under the result."
        )
    from datasets import load_dataset  # type: ignore[attr-defined]

    try:
        rows = load_dataset(name, revision=revision, split="train")
    except Exception as error:
        raise ProtocolError(
            f"The panel {panel} could not be loaded from the Hub ({type(error).__name__}). "
            "Check the name, the revision and the network, or give a file."
        ) from error
    return [dict(row) for row in rows]


def _checked(name: str, rows: Sequence[dict[str, Any]]) -> Panel:
    questions = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ProtocolError(f"Row {number} of {name} is not an object with id and input.")
        for key in ("id", "input"):
            if not str(row.get(key) or "").strip():
                raise ProtocolError(
                    f"Row {number} of {name} has no {key}: each row needs id and input."
                )
        known = {k: str(v) for k, v in row.items() if k in Question.model_fields and v is not None}
        questions.append(Question(**known))
    if not questions:
        raise ProtocolError(
            f"The panel {name} has no rows: it needs at least one with id and input."
        )
    ids = [question.id for question in questions]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise ProtocolError(f"The panel {name} uses an id twice: {', '.join(twice[:5])}.")
    return Panel(name=name, questions=tuple(questions))
