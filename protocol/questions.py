"""Questions from a table's rows: exactly the file's, or one line that says why not."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from protocol.errors import ProtocolError
from protocol.tables import Row, columns, kind

# A message that Inspect wrote may carry these; anything else of it would not be asked.
MESSAGE_KEYS = {"role", "content", "id", "source"}
MESSAGES_AS_TEXT = re.compile(r"""\s*\[\s*\{\s*["'](role|content)["']\s*:""")


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


LABELS = tuple(name for name in Question.model_fields if name not in ("id", "input"))


def read_questions(name: str, rows: Sequence[Row]) -> tuple[Question, ...]:
    """Make a panel's questions of a table's rows.

    Columns are found in any case. `id` is a string or a number; `input` a string, or Inspect's list of a
    single user message. Instead of `input` a row may have `paraphrases`, a list of strings, each a
    question of its own: the first is called `<id>`, the second `<id>_2`, and so on.

    Args:
        name: The panel as the user gave it, for messages.
        rows: The table's rows.

    Raises:
        ProtocolError: A row lacks id or input, one of them is of another kind or holds what no request
            can carry, a row brings its own system prompt, or two rows have one id or one question.
    """
    found = columns(rows)
    spelled = {column: column.strip().lower() for column in found}
    for field in ("id", "input", "paraphrases", *LABELS):
        if sum(spelling == field for spelling in spelled.values()) > 1:
            raise ProtocolError(f"The panel {name} has two columns {field!r}: {_listed(found)}.")
    if not rows:
        raise ProtocolError(
            f"The panel {name} has no rows: it needs at least one with id and input."
        )
    questions: list[Question] = []
    for number, row in enumerate(rows, start=1):
        fields = {spelled[str(column)]: value for column, value in row.items()}
        try:
            questions.extend(_questions(fields))
        except ValueError as error:
            raise ProtocolError(
                f"Row {number} of {name} {error}. Each row needs an id and an input; its columns are "
                f"{_listed(found)}."
            ) from error
    _refuse_twice(name, questions)
    return tuple(questions)


def _questions(row: Row) -> Iterator[Question]:
    """Yield a row's questions; a ValueError says what is wrong, as the end of a sentence."""
    name = _id(row.get("id"))
    if not _absent(row.get("system")):
        raise ValueError("has a system prompt of its own, which a condition's would replace")
    labels = {label: _label(label, row[label]) for label in LABELS if not _absent(row.get(label))}
    texts = [row.get("input")]
    if not _absent(row.get("paraphrases")):
        texts = row["paraphrases"]
        if not isinstance(texts, list):
            raise ValueError(f"has paraphrases that are a {kind(texts)}, not a list")
        if not _absent(row.get("input")):
            raise ValueError("has both input and paraphrases")
    for number, text in enumerate(texts, start=1):
        one = name if number == 1 else f"{name}_{number}"
        yield Question(id=one, input=_input(text), **labels)


def _id(value: Any) -> str:
    if _absent(value):
        raise ValueError("has no id")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"has an id that is a {kind(value)}")
    text = _sendable("id", str(value))
    if not text.isprintable():
        raise ValueError("has an id with a control character")
    return text


def _input(value: Any) -> str:
    if _absent(value):
        raise ValueError("has no input")
    if isinstance(value, list):
        value = _single_message(value)
    if not isinstance(value, str):
        raise ValueError(f"has an input that is a {kind(value)}, not a text")
    if MESSAGES_AS_TEXT.match(value):
        raise ValueError("has an input that is a list of messages written as text; give JSON")
    return _sendable("input", value)


def _single_message(messages: list[Any]) -> str:
    [message] = messages if len(messages) == 1 else [None]
    if not isinstance(message, dict) or message.get("role") != "user":
        raise ValueError(
            f"has an input of {len(messages)} messages; only a single user message is a question"
        )
    more = {key for key, value in message.items() if not _absent(value)} - MESSAGE_KEYS
    content = message.get("content")
    if more or not isinstance(content, str) or not content.strip():
        raise ValueError("has a user message that is more or less than a text")
    return content


def _sendable(what: str, text: str) -> str:
    if "\0" in text:
        raise ValueError(f"has an {what} with a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"has an {what} with a lone surrogate, which no request carries"
        ) from error
    return text


def _label(name: str, value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise ValueError(f"has a {name} that is a {kind(value)}")
    return _sendable(name, str(value))


def _absent(value: Any) -> bool:
    """Whether a cell is empty: nothing, blanks, or the NaN that a data frame writes for nothing."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == [] or (isinstance(value, float) and math.isnan(value))


def _refuse_twice(name: str, questions: Sequence[Question]) -> None:
    ids: set[str] = set()
    texts: dict[str, str] = {}
    for question in questions:
        if question.id in ids:
            raise ProtocolError(f"The panel {name} uses the id {question.id!r} twice. Rename one.")
        ids.add(question.id)
        text = question.input.strip()
        if text in texts:
            raise ProtocolError(
                f"The panel {name} asks one question twice, as {texts[text]!r} and as {question.id!r}. "
                "Leave one out: it would count double."
            )
        texts[text] = question.id


def _listed(found: Sequence[str]) -> str:
    return ", ".join(found[:20]) + (", …" if len(found) > 20 else "")
