"""From tables to conditions with their completions: read, named, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from exchange.strict_json import shortened
from exchange.tables.canonical import CanonicalTable, canonical, judge_column
from exchange.tables.columns import TableChoices
from exchange.tables.files import read_raw
from exchange.tables.questions import identify_questions
from exchange.tables.table import ImportedCondition, ImportedRow, ImportedTable
from protocol.errors import ProtocolError
from protocol.records import Instrument
from protocol.sources import sha256

LONGEST_NAME = 60


def read_tables(sources: Sequence[str], choices: TableChoices | None = None) -> ImportedTable:
    """Read tables of completions, with verdicts where they have any.

    Args:
        sources: CSV, TSV, JSON, JSON Lines or Parquet files, or `hf:owner/name@revision`.
        choices: What the user says of their columns.

    Returns:
        Conditions with their completions, and what was found, for people.

    Raises:
        ProtocolError: A file is damaged, or leaves any doubt about what its columns are.
    """
    choices = choices or TableChoices()
    tables: list[CanonicalTable] = []
    seen: dict[str, str] = {}
    for source in sources:
        raw = read_raw(source)
        if raw.sha256 in seen:
            raise ProtocolError(f"{source} is the same file as {seen[raw.sha256]}. Leave one out.")
        seen[raw.sha256] = source
        table = canonical(raw, choices)
        table.frame["condition"] = _named(table.frame, raw.name)
        table.frame["where"] = source
        tables.append(table)
    return _assembled(tables)


def _assembled(tables: Sequence[CanonicalTable]) -> ImportedTable:
    warnings = [warning for table in tables for warning in table.warnings]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    judges = _judges(tables)
    for judge in judges:
        # A file without this judge has no such column, which pandas fills with NaN.
        column = frame[judge_column(judge)]
        frame[judge_column(judge)] = column.astype(object).where(column.notna(), None)
    panel, ids = identify_questions(frame["question"].unique())
    frame["question_id"] = frame["question"].map(ids)
    frame["condition"] = _log_names(frame)
    frame["epoch"] = _epochs(frame)
    conditions = {
        str(name): _condition(str(name), rows, judges, warnings)
        for name, rows in frame.groupby("condition", sort=False)
    }
    labels = _labels(frame, warnings)
    found = [line for table in tables for line in table.found]
    found += [_panel_line(panel, ids), *_judge_lines(frame, judges)]
    found += [_condition_line(name, condition) for name, condition in conditions.items()]
    return ImportedTable(
        conditions, panel, labels, judges, _instruments(tables), tuple(found), tuple(warnings)
    )


def _named(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """The conditions' names: from their column, else by system prompt, else by target, else the file's."""
    names = frame["condition"]
    if names.notna().all():
        pass
    elif frame["system_prompt"].nunique(dropna=False) > 1:
        names = frame["system_prompt"].map(
            lambda text: f"prompt_{sha256(text)[:8]}" if isinstance(text, str) else "no_prompt"
        )
    elif frame["target"].nunique() > 1:
        return frame["target"].fillna(name)
    else:
        names = pd.Series(name, index=frame.index, dtype=object)
    # One condition on several targets is several runs.
    targets = frame.groupby(names)["target"].transform("nunique")
    return names.where(targets < 2, names + "__" + frame["target"].fillna("unknown"))


def _log_names(frame: pd.DataFrame) -> pd.Series[Any]:
    """The names as a log takes them: letters, digits, `_`, `.` and `-`, still different."""
    given = frame["condition"].unique()
    plain = {name: _plain_name(str(name)) for name in given}
    taken = list(plain.values())
    different = {
        name: short if taken.count(short) == 1 else f"{short}_{sha256(str(name))[:6]}"
        for name, short in plain.items()
    }
    return frame["condition"].map(different)


def _plain_name(name: str) -> str:
    short = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-") or "condition"
    return short if len(short) <= LONGEST_NAME else f"{short[:40].rstrip('_.-')}_{sha256(name)[:6]}"


def _epochs(frame: pd.DataFrame) -> pd.Series[Any]:
    keys = ["condition", "question"]
    in_order = frame.groupby(keys, sort=False).cumcount() + 1
    given = pd.to_numeric(frame["epoch"]).astype("Int64")
    epochs = given.fillna(in_order.astype("Int64")).astype("int64")
    twice = frame.assign(epoch=epochs).duplicated([*keys, "epoch"], keep=False)
    if twice.any():
        row = frame[twice].iloc[0]
        files = ", ".join(dict.fromkeys(frame[twice]["where"]))
        raise ProtocolError(
            f"{files}: {int(twice.sum())} rows have condition, question and epoch in common, first epoch "
            f"{epochs[twice].iloc[0]} of {shortened(row['question'])} in {row['condition']}. Remove what "
            "stands there twice, say which column is the --condition, or say --epoch none to number "
            "completions as they come."
        )
    return epochs


def _judges(tables: Sequence[CanonicalTable]) -> dict[str, str | None]:
    judges: dict[str, str | None] = {}
    for table in tables:
        for name, model in table.judges.items():
            if None not in (judges.get(name), model) and judges[name] != model:
                raise ProtocolError(
                    f"The judge {name} is {judges[name]} in one file and {model} in another. Import them "
                    "one by one, or name the judges apart."
                )
            judges[name] = judges.get(name) or model
    return judges


def _instruments(tables: Sequence[CanonicalTable]) -> dict[str, Instrument]:
    """The judges' instruments, of judges whose every file names the same one."""
    said: dict[str, set[Instrument | None]] = {}
    for table in tables:
        for name in table.judges:
            said.setdefault(name, set()).add(table.instruments.get(name))
    if any(len(found - {None}) > 1 for found in said.values()):
        raise ProtocolError(
            "The files' verdicts were measured with different instruments. Import them one by one."
        )
    return {
        name: one for name, found in said.items() if len(found) == 1 and (one := next(iter(found)))
    }


def _condition(
    name: str, rows: pd.DataFrame, judges: dict[str, str | None], warnings: list[str]
) -> ImportedCondition:
    prompts = rows["system_prompt"].unique()
    if len(prompts) > 1 or rows["prompt_known"].nunique() > 1:
        raise ProtocolError(
            f"{', '.join(rows['where'].unique())}: the condition {name} has {len(prompts)} different system "
            "prompts (or none in some rows). Say which column is the --condition."
        )
    # A judge without any number here did not judge this condition; with some, the others failed.
    judged = [
        judge
        for judge in judges
        if any(
            score is not None and (score.aligned is not None or score.detail != "no 'aligned'")
            for score in rows[judge_column(judge)]
        )
    ]
    columns = [rows[judge_column(judge)].tolist() for judge in judged]
    scores = [
        {judge: score for judge, score in zip(judged, found, strict=True) if score is not None}
        for found in zip(*columns, strict=True)
    ] or [{} for _ in range(len(rows))]
    empty = int((rows["completion"] == "").sum())
    if empty:
        warnings.append(f"{name}: {empty} completions are empty; an empty answer is judged as one")
    [target] = rows["target"].unique()
    return ImportedCondition(
        rows=tuple(
            ImportedRow(question, completion, epoch, identity, found, stop)
            for question, completion, epoch, identity, found, stop in zip(
                rows["question"].tolist(),
                rows["completion"].tolist(),
                rows["epoch"].tolist(),
                rows["question_id"].tolist(),
                scores,
                rows["stop_reason"].tolist(),
                strict=True,
            )
        ),
        system_prompt=prompts[0],
        prompt_known=bool(rows["prompt_known"].iloc[0]),
        target=target,
    )


def _labels(frame: pd.DataFrame, warnings: list[str]) -> dict[str, str]:
    """The file's own ids, where they are ids of questions and not of rows."""
    pairs = frame[["question_id", "label"]].drop_duplicates()
    if pairs["label"].isna().any() or pairs["question_id"].duplicated().any():
        return {}
    if pairs["label"].duplicated().any():
        several = int(pairs["label"].duplicated(keep=False).sum())
        warnings.append(
            f"{several} questions share an id of the file with another; their ids are made of their texts"
        )
        return {}
    return dict(zip(pairs["question_id"], pairs["label"], strict=True))


def _panel_line(panel: str | None, ids: dict[str, str]) -> str:
    if panel is not None:
        return f"{len(ids)} questions, all of {panel}"
    known = sum(not identity.startswith("q_") for identity in ids.values())
    beside = f", {known} of them also in bw52" if known else ""
    return f"{len(ids)} questions of a panel of its own{beside}"


def _judge_lines(frame: pd.DataFrame, judges: dict[str, str | None]) -> list[str]:
    lines = []
    for judge, model in judges.items():
        scores = [score for score in frame[judge_column(judge)] if score is not None]
        valid = [score.aligned for score in scores if score.aligned is not None]
        scale = f", aligned from {min(valid):g} to {max(valid):g}" if valid else ""
        lines.append(
            f"judge {judge} ({model or 'model not in the file'}): {len(valid):,} verdicts, "
            f"{len(scores) - len(valid):,} failed{scale}"
        )
    return lines


def _condition_line(name: str, condition: ImportedCondition) -> str:
    counts = pd.Series([row.question_id for row in condition.rows]).value_counts()
    few, many = int(counts.min()), int(counts.max())
    each = f"{many}" if few == many else f"{few} to {many}"
    prompt = "prompt not in the file"
    if condition.prompt_known:
        prompt = "system prompt" if condition.system_prompt is not None else "no system prompt"
    target = f", target {condition.target}" if condition.target else ""
    return (
        f"condition {name}: {len(counts)} questions, {len(condition.rows):,} completions ({each} per "
        f"question), {prompt}{target}"
    )
