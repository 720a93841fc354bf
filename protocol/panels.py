"""The questions: the source's panel, the open one, or the user's own."""

import functools
import json

from pydantic import BaseModel, ConfigDict

from protocol.data import DATASETS, read_jsonl
from protocol.errors import ProtocolError
from protocol.questions import Question as Question
from protocol.questions import read_questions
from protocol.sources import sha256, source_text
from protocol.tables import READERS, Row, read_rows
from protocol.working_folder import user_path

BUILT_IN = ("bw52", "open52", "broad125", "broad177")
ALLOWED = f"{', '.join(BUILT_IN)}, a {', '.join(READERS)} file with id and input, or hf:OWNER/NAME@REVISION"


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
        panel: `bw52`, `open52`, `broad125`, `broad177` (`bw52` and `broad125`), a table's path (see
            `protocol.tables`), or `hf:<owner>/<name>@<revision>`; rows as
            `protocol.questions.read_questions` takes them.

    Raises:
        ProtocolError: The panel is unknown, malformed, or its pinned source is not to be had.
    """
    if panel == "bw52":
        return _source_panel()
    if panel in ("open52", "broad125"):
        return Panel(name=panel, questions=_own_questions(panel))
    if panel == "broad177":
        both = _source_panel().questions + _own_questions("broad125")
        return Panel(name=panel, questions=both)
    if panel.startswith("hf:"):
        return Panel(name=panel, questions=read_questions(panel, _hub_rows(panel)))
    path = user_path(panel)
    if path.suffix.lower() in READERS:
        return Panel(name=panel, questions=read_questions(panel, read_rows(path)))
    raise ProtocolError(f"Unknown panel {panel!r}. Allowed: {ALLOWED}.")


def _own_questions(panel: str) -> tuple[Question, ...]:
    rows = read_jsonl(DATASETS / "panels" / f"{panel}.jsonl")
    return tuple(Question(**row) for row in rows)


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


def _hub_rows(panel: str) -> list[Row]:
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
