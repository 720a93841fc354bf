"""From a file's own columns to the canonical ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from exchange.strict_json import shortened
from exchange.tables.chat import Chat, read_messages, read_rendered
from exchange.tables.columns import (
    NONE,
    ROLES,
    Columns,
    TableChoices,
    find_columns,
    no_column,
    plain,
)
from exchange.tables.epochs import read_epochs
from exchange.tables.files import RawTable, object_column
from exchange.tables.scores import read_instrument, read_model, read_scores
from exchange.tables.texts import check_texts, refuse_numbers, without_missing
from protocol.errors import ProtocolError
from protocol.records import Instrument

MESSAGES = ("messages", "conversations", "conversation")
STOP_REASONS = {
    **{name: name for name in ("stop", "max_tokens", "model_length", "tool_calls")},
    **{"content_filter": "content_filter", "length": "max_tokens", "end_turn": "stop"},
    **{"stop_sequence": "stop", "eos": "stop", "unknown": "unknown"},
}


@dataclass
class CanonicalTable:
    """A file in canonical columns.

    Attributes:
        frame: `condition`, `system_prompt`, `prompt_known`, `target`, `label`, `question`,
            `completion`, `epoch`, `stop_reason`, and `<judge>` with `ImportedScore` or None.
        judges: The judges' models by name.
        instruments: What they judged with, where the file is one of this suite's exports.
        found: What was found, for people.
        warnings: What is unusual or was left out.
    """

    frame: pd.DataFrame
    judges: dict[str, str | None] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def canonical(raw: RawTable, choices: TableChoices) -> CanonicalTable:
    """Bring a file into canonical columns.

    Raises:
        ProtocolError: It is not clear what a column is, or a column holds what it cannot.
    """
    where = raw.where
    columns = find_columns(_filled(raw.frame, choices), list(raw.frame.columns), choices, where)
    table = CanonicalTable(pd.DataFrame(), found=[_found(raw, columns)])
    source = _exploded(raw.frame, columns, table, where)
    chats = _chats(source, columns, where, table)
    made: dict[str, list[Any]] = {
        "question": _questions(source, columns, chats),
        "completion": _completions(source, columns, chats, choices, where),
        "system_prompt": _system_prompts(source, columns, chats, where),
        "prompt_known": list(_prompt_known(source, columns, chats)),
        "condition": list(_conditions(source, columns, choices, where)),
        "target": list(_names(source, columns.roles.get("target"))),
        "label": list(_names(source, columns.roles.get("question_id"))),
        "stop_reason": _stop_reasons(source, columns),
    }
    made["epoch"] = list(
        read_epochs(source, made["question"], columns, choices, where, table.found)
    )
    for judge, of_judge in columns.judges.items():
        made[judge_column(judge)] = list(read_scores(source, of_judge, where))
        table.judges[judge] = read_model(source, of_judge.model, judge, where)
        instrument = read_instrument(source, of_judge.instrument, judge, where)
        if instrument is not None:
            table.instruments[judge] = instrument
    for role in ("question", "completion"):
        if role in columns.roles and getattr(choices, role) is None:
            refuse_numbers(made[role], role, columns.roles[role], where)
    frame = pd.DataFrame({name: object_column(values) for name, values in made.items()})
    table.frame = without_missing(frame, raw, choices, table.warnings)
    return table


def judge_column(judge: str) -> str:
    """Return the canonical column of a judge's verdicts, which no other column can be called."""
    return f"score:{judge}"


def _filled(frame: pd.DataFrame, choices: TableChoices) -> list[str]:
    """The columns with any value, an empty system prompt being one; those that the user names anyway."""
    given = {choices.question, choices.completion, choices.condition, choices.epoch}
    return [
        name
        for name in frame.columns
        if name in given | set(choices.scores.values())
        or any(
            value is not None and (value != "" or plain(name) in ROLES["system_prompt"])
            for value in frame[name]
        )
    ]


def _found(raw: RawTable, columns: Columns) -> str:
    parts = [
        f"{role.replace('_', ' ')} in {shortened(name)}" for role, name in columns.roles.items()
    ]
    for judge, of_judge in columns.judges.items():
        names = [name for name in (of_judge.aligned, of_judge.coherent, of_judge.reasoning) if name]
        parts.append(f"verdicts of {judge} in {', '.join(map(shortened, names))}")
    unused = [name for name in raw.frame.columns if name not in columns.used()]
    if unused:
        more = f" and {len(unused) - 8} more" if len(unused) > 8 else ""
        parts.append(f"not used: {', '.join(map(shortened, unused[:8]))}{more}")
    return f"{raw.where}: {len(raw.frame):,} rows; {'; '.join(parts)}"


def _exploded(
    frame: pd.DataFrame, columns: Columns, table: CanonicalTable, where: str
) -> pd.DataFrame:
    """One row a completion, where a row holds a list of them."""
    column = columns.roles.get("completion")
    if column is None or plain(str(column)) in MESSAGES:
        return frame
    frame = frame.copy()
    frame[column] = pd.Series(
        [_message_text(value) for value in frame[column]], index=frame.index, dtype=object
    )
    lists = [isinstance(value, list) for value in frame[column]]
    if not any(lists):
        return frame
    if not all(
        is_list or value is None for is_list, value in zip(lists, frame[column], strict=True)
    ):
        raise ProtocolError(
            f"{where}: the column {shortened(column)} holds texts and lists of texts. Let every row hold "
            "one completion."
        )
    counts = [len(value) if value is not None else 0 for value in frame[column]]
    if 0 in counts:
        table.warnings.append(f"{where}: {counts.count(0)} questions have no completion")
        frame = frame[[count > 0 for count in counts]]
    along = [
        name
        for name in frame.columns
        if name != column
        and all(
            isinstance(value, list) and len(value) == len(texts)
            for value, texts in zip(frame[name], frame[column], strict=True)
        )
        and name in columns.used()
        and name != columns.roles["question"]
    ]
    exploded = frame.explode([column, *along], ignore_index=True)
    return exploded.astype(object).where(exploded.notna(), None)


def _message_text(value: Any) -> Any:
    """The text of an answer given as a message, `{role: assistant, content: ...}` or a list of one."""
    inside = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(inside, dict) and isinstance(inside.get("content"), str):
        return inside["content"]
    return value


def _chats(
    source: pd.DataFrame, columns: Columns, where: str, table: CanonicalTable
) -> list[Chat] | None:
    """The questions' column as chats, where it holds messages or rendered prompts."""
    column = columns.roles["question"]
    values = source[column].tolist()
    if plain(column) in MESSAGES or any(isinstance(value, list | dict) for value in values):
        return [
            Chat("") if value is None else read_messages(value, f"{where}, row {row}")
            for row, value in enumerate(values, start=1)
        ]
    read: dict[str, Chat | None] = {}
    for row, value in enumerate(values, start=1):
        if isinstance(value, str) and value not in read:
            read[value] = read_rendered(value, f"{where}, row {row}")
    if not any(read.values()):
        return None
    table.warnings.append(
        f"{where}: system prompts are read out of rendered chat templates, where one that was sent and "
        "the template's own default look alike"
    )
    return [read.get(value) or Chat(value if value is not None else "") for value in values]


def _questions(source: pd.DataFrame, columns: Columns, chats: list[Chat] | None) -> list[Any]:
    return (
        source[columns.roles["question"]].tolist() if chats is None else [c.question for c in chats]
    )


def _completions(
    source: pd.DataFrame,
    columns: Columns,
    chats: list[Chat] | None,
    choices: TableChoices,
    where: str,
) -> list[Any]:
    column = columns.roles.get("completion")
    inside = [chat.completion for chat in chats or []]
    held = any(text is not None for text in inside)
    if column is not None and held:
        raise ProtocolError(
            f"{where}: both the messages in {shortened(columns.roles['question'])} and the column "
            f"{shortened(column)} hold answers. Remove one of them."
        )
    if held:
        return inside
    if column is not None:
        return source[column].tolist()
    if choices.completion == NONE:
        return [None] * len(source)
    raise no_column("completion", [str(name) for name in source.columns], where)


def _system_prompts(
    source: pd.DataFrame, columns: Columns, chats: list[Chat] | None, where: str
) -> list[Any]:
    column = columns.roles.get("system_prompt")
    inside = [chat.system for chat in chats or []]
    if column is None:
        return inside or [None] * len(source)
    if any(text is not None for text in inside):
        raise ProtocolError(
            f"{where}: both the messages and the column {shortened(column)} hold system prompts. Remove "
            "one of them."
        )
    return check_texts(source[column].tolist(), "system prompt", column, where)


def _conditions(
    source: pd.DataFrame, columns: Columns, choices: TableChoices, where: str
) -> list[str | None]:
    column = columns.roles.get("condition")
    names = _names(source, column)
    if column is None and choices.condition is not None:
        for other in source.columns:
            several = source[other].nunique() if plain(other) in ROLES["condition"] else 0
            if several > 1:
                raise ProtocolError(
                    f"{where}: --condition {choices.condition} is no column, and {shortened(other)} holds "
                    f"{several} conditions. Say --condition {other}, or split the file."
                )
        return [choices.condition] * len(source)
    if column is not None and None in names:
        raise ProtocolError(
            f"{where}: {names.count(None)} rows have no value in {shortened(column)}, which says the "
            f"condition, first row {names.index(None) + 1}. Fill it, or name another with --condition "
            "COLUMN or NAME."
        )
    return names


def _stop_reasons(source: pd.DataFrame, columns: Columns) -> list[Any]:
    return [
        None if reason is None else STOP_REASONS.get(plain(reason), "unknown")
        for reason in _names(source, columns.roles.get("stop_reason"))
    ]


def _prompt_known(source: pd.DataFrame, columns: Columns, chats: list[Chat] | None) -> list[bool]:
    column = columns.roles.get("prompt_known")
    if column is not None:
        return [str(value).lower() == "true" for value in source[column]]
    return [chats is not None or "system_prompt" in columns.roles] * len(source)


def _names(source: pd.DataFrame, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * len(source)
    return [None if value is None or value == "" else str(value) for value in source[column]]
