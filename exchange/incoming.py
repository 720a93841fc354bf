"""`bwalpha import`: what kind of file each one is, and the logs that all of them make."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from inspect_ai.log import EvalLog

from exchange.eps.choices import Choices
from exchange.eps.importing import original_logs
from exchange.eps.naming import judge_option, with_provider
from exchange.eps.verdicts import has_verdicts_only, read_verdicts
from exchange.imported import LogChoices, table_logs
from exchange.inspect_logs import read_inspect_logs
from exchange.strict_json import read_json
from exchange.tables.columns import TableChoices
from exchange.tables.files import HUB, SUFFIXES, is_table
from exchange.tables.reading import read_tables
from exchange.tables.table import ImportedTable
from protocol.errors import ProtocolError
from protocol.judges import judge_table
from protocol.records import ImportedFile

Kind = Literal["original", "verdicts", "table", "log"]
KINDS: dict[Kind, str] = {
    "original": "the original scripts' completions and verdicts",
    "verdicts": "the original scripts' verdicts without completions",
    "table": "a table of completions",
    "log": "another eval's Inspect log",
}
# The original scripts' reply budget.
REPLY_TOKENS = 256


@dataclass(frozen=True)
class Said:
    """What the user said on the command line.

    Attributes:
        choices: For the original scripts' files, and what all kinds share.
        table: For tables.
    """

    choices: Choices = field(default_factory=Choices)
    table: TableChoices = field(default_factory=TableChoices)


@dataclass(frozen=True)
class Incoming:
    """The logs of some files, not yet written.

    Attributes:
        logs: One a condition.
        found: What was found, one line each.
        warnings: What is unusual or was left out, one line each.
    """

    logs: list[EvalLog]
    found: list[str]
    warnings: list[str]


def read_incoming(sources: Sequence[str], said: Said) -> Incoming:
    """Read files of any kind that is known and make their logs; nothing is written.

    Args:
        sources: Files, folders of the original scripts' files, or `hf:OWNER/NAME@REVISION`.
        said: What the user says of them.

    Raises:
        ProtocolError: A file is damaged or of no known kind, leaves doubt, or an option does not
            belong to any of them.
    """
    kinds: dict[Kind, list[str]] = {}
    for source in sources:
        for path in _inside(source.removeprefix("file://")):
            kinds.setdefault(_kind(path), []).append(path)
    _check_options(kinds, said)
    incoming = Incoming([], [], [])
    for kind, paths in kinds.items():
        made = _original(paths, said) if kind == "original" else _read_table(kind, paths, said)
        incoming.logs.extend(made.logs)
        incoming.found.extend(made.found)
        incoming.warnings.extend(made.warnings)
    _check_names(incoming.logs)
    return incoming


def _inside(source: str) -> list[str]:
    path = Path(source)
    if source.startswith(HUB) or not path.is_dir():
        return [source]
    found = sorted(str(file) for file in path.rglob("*_detailed.json"))
    if not found:
        raise ProtocolError(
            f"The folder {source} holds no *_detailed.json. Other files are named one by one."
        )
    return found


def _kind(source: str) -> Kind:
    if source.startswith(HUB):
        return "table"
    suffix = Path(source).suffix.lower()
    if suffix == ".eval":
        return "log"
    if suffix == ".json":
        return _json_kind(Path(source))
    if is_table(source):
        return "table"
    raise ProtocolError(
        f"{source} is no kind of file that is read: {', '.join(SUFFIXES)}, an Inspect log (.eval), a folder "
        f"of the original scripts' files, or {HUB}OWNER/NAME@REVISION."
    )


def _json_kind(path: Path) -> Kind:
    # A detailed file that lacks its parts is damaged, and no table.
    other: Kind = "original" if path.stem.endswith("_detailed") else "table"
    try:
        document, _ = read_json(path)
    except ProtocolError:
        # Its own reader says what is wrong, if anything is: JSON Lines may be called .json.
        return other
    if not isinstance(document, dict):
        return other
    if {"version", "status", "eval"} <= document.keys():
        return "log"
    if has_verdicts_only(document):
        return "verdicts"
    whole = "scores" in document and {"summary", "completions"} & document.keys()
    return "original" if whole else other


def _check_options(kinds: dict[Kind, list[str]], said: Said) -> None:
    """Refuse options that no file takes: silently unused, they would pass for heeded."""
    own: dict[str, Any] = {
        "--question": said.table.question,
        "--completion": said.table.completion,
        "--epoch": said.table.epoch,
        "--score": said.table.scores,
        "--no-scores": said.table.ignore_scores,
    }
    given = [name for name, value in own.items() if value]
    if given and "table" not in kinds:
        raise ProtocolError(f"{given[0]} is for tables, and none of the files is one.")
    originals = {"--seed": said.choices.seed, "--panel": said.choices.panel}
    given = [name for name, value in originals.items() if value is not None]
    if given and "original" not in kinds:
        raise ProtocolError(
            f"{given[0]} is for the original scripts' files, and none of the files is one. A table's "
            "questions make a panel of their own, and its seed is not known."
        )


def _original(paths: Sequence[str], said: Said) -> Incoming:
    made = original_logs([Path(path) for path in paths], said.choices)
    found = [f"{path}: {KINDS['original']}" for path in paths]
    warnings = list(dict.fromkeys(line for _, lines in made for line in lines))
    return Incoming([log for log, _ in made], found, warnings)


def _read_table(kind: Kind, paths: Sequence[str], said: Said) -> Incoming:
    given = [judge_option(text) for text in said.choices.judges]
    files = tuple(ImportedFile(name=_name(path), sha256=_digest(path)) for path in paths)
    choices = LogChoices(
        files=files,
        panel=Path(_name(paths[0])).stem,
        target=said.choices.target,
        judges={name: model for name, model in given if model},
        rubric=said.choices.rubric,
    )
    table: ImportedTable
    if kind == "table":
        names = [name for name, _ in given]
        columns = replace(
            said.table,
            condition=said.choices.condition,
            judge=names[0] if names else None,
        )
        table = read_tables(paths, columns)
    elif kind == "log":
        table = read_inspect_logs(paths, said.choices.condition)
    else:
        judge = given[0][0] if given else None
        table = _with_models(
            read_verdicts([Path(path) for path in paths], said.choices.condition, judge),
            choices.judges,
        )
        choices = replace(choices, reply_tokens=REPLY_TOKENS)
        if choices.rubric is None and table.panel == "bw52":
            # The original scripts judge this panel under no other.
            choices = replace(choices, rubric="eps")
    logs, warnings = table_logs(table, choices)
    return Incoming(logs, list(table.found), [*table.warnings, *warnings])


def _with_models(table: ImportedTable, given: dict[str, str] | Any) -> ImportedTable:
    """The models of the original scripts' judges, who do not always say them."""
    historical = judge_table().historical
    models = {
        name: with_provider(model) if model else given.get(name) or historical.get(name)
        for name, model in table.judges.items()
    }
    return replace(table, judges=models)


def _check_names(logs: Sequence[EvalLog]) -> None:
    """Refuse two logs that a report could not tell apart."""
    keys = [(log.eval.task, log.eval.model) for log in logs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ProtocolError(
            f"Two kinds of files hold the condition {twice[0]} of {twice[1]}. Import them one by one, "
            "with --condition NAME."
        )


def _name(source: str) -> str:
    return source if source.startswith(HUB) else Path(source).name


def _digest(source: str) -> str:
    if source.startswith(HUB):
        return hashlib.sha256(source.encode()).hexdigest()
    try:
        return hashlib.sha256(Path(source).read_bytes()).hexdigest()
    except OSError as error:
        raise ProtocolError(f"{source} cannot be read: {error.strerror}.") from error
