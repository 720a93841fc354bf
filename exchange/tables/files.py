"""Files and data sets, as frames with the columns they have."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from exchange.strict_json import parse_json, shortened
from exchange.tables.documents import document_rows
from protocol.errors import ProtocolError
from protocol.working_folder import user_path

HUB = "hf:"
LONGEST_HEADER = 2**20
DELIMITED = {".csv": ",;\t", ".tsv": "\t", ".tab": "\t"}
LINES = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
SUFFIXES = (*DELIMITED, *LINES, ".json", *PARQUET)


@dataclass(frozen=True)
class RawTable:
    """A file's own columns.

    Attributes:
        name: The file's name without folders and ending, or the data set's.
        where: The file as the user gave it.
        sha256: Hash of the file's bytes; of a data set, its name and revision.
        frame: One row an object of the file; missing values are None.
        delimited: Whether the file cannot tell an empty text from a missing one.
    """

    name: str
    where: str
    sha256: str
    frame: pd.DataFrame
    delimited: bool = False


def is_table(source: str) -> bool:
    """Tell whether a name is one that `read_raw` reads."""
    return source.startswith(HUB) or Path(source).suffix.lower() in SUFFIXES


def read_raw(source: str) -> RawTable:
    """Read a file, or `hf:owner/name@revision`.

    Raises:
        ProtocolError: It cannot be read, is damaged, or is of no kind that is read.
    """
    if source.startswith(HUB):
        name, table = _hub_table(source)
        return RawTable(name, source, source, _of_arrow(table, source))
    path = user_path(source)
    suffix = path.suffix.lower()
    if path.is_dir():
        raise ProtocolError(f"{source} is a folder. Name its files: {', '.join(SUFFIXES)}.")
    if suffix not in SUFFIXES:
        raise ProtocolError(
            f"{source} is no kind of table that is read: {', '.join(SUFFIXES)}, or hf:OWNER/NAME@REVISION."
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProtocolError(f"{source} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise ProtocolError(f"{source} is empty. Copy it again from where it was written.")
    digest = hashlib.sha256(data).hexdigest()
    if suffix in PARQUET:
        frame = _of_arrow(_parquet_table(data, source), source)
    elif suffix in DELIMITED:
        frame = _of_arrow(_delimited_table(data, DELIMITED[suffix], source), source)
    else:
        frame = _frame(_json_rows(_text(data, source), suffix, source), source)
    return RawTable(path.stem, source, digest, frame, suffix in DELIMITED)


def _text(data: bytes, where: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"{where} is not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error


def _json_rows(text: str, suffix: str, where: str) -> list[dict[str, Any]]:
    if suffix == ".json" and not _is_lines(text):
        return document_rows(parse_json(text, where), where)
    # Only \n ends a line: other line ends may stand inside JSON's strings.
    lines = [
        parse_json(line, f"{where}, line {number},")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    return document_rows(lines, where)


def _is_lines(text: str) -> bool:
    """Whether a .json is JSON Lines: its first line is a whole object and more follow."""
    first, _, rest = text.strip().partition("\n")
    try:
        return bool(rest.strip()) and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _delimited_table(data: bytes, delimiters: str, where: str) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    text = _text(data, where)
    delimiter = max(delimiters, key=lambda mark: len(_header(text, mark)))
    names = _header(text, delimiter)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ProtocolError(f"{where} has the column {shortened(twice)} twice. Rename one of them.")
    encoded = text.encode("utf-8")
    try:
        return arrow_csv.read_csv(
            io.BytesIO(encoded),
            # One block, so that no row is too long for it.
            read_options=arrow_csv.ReadOptions(block_size=min(len(encoded) + 1, 2**31 - 1)),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise ProtocolError(
            f"{where} is damaged: {shortened(str(error).splitlines()[0], 160)}. A cell with a delimiter or "
            "a line end must stand in double quotes."
        ) from error


def _header(text: str, delimiter: str) -> list[str]:
    try:
        start = io.StringIO(text[:LONGEST_HEADER], newline="")
        return next(csv.reader(start, delimiter=delimiter))
    except (csv.Error, StopIteration):
        return []


def _parquet_table(data: bytes, where: str) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise ProtocolError(
            f"{where} is no whole Parquet file ({type(error).__name__}). Copy it again from where it was "
            "written."
        ) from error


def _hub_table(source: str) -> tuple[str, Any]:
    match = re.fullmatch(r"hf:([\w.-]+/([\w.-]+))@([^:\s]+)(?::([\w.-]+))?", source)
    if match is None:
        raise ProtocolError(
            f"The data set {shortened(source)} needs an owner, a name and a revision, and takes a split: "
            "hf:OWNER/NAME@REVISION or hf:OWNER/NAME@REVISION:SPLIT."
        )
    name, short, revision, split = match.groups()
    from datasets import load_dataset  # type: ignore[attr-defined]

    try:
        found = load_dataset(name, revision=revision, split=split)
    except Exception as error:
        raise ProtocolError(
            f"The data set {source} could not be loaded from the Hub ({type(error).__name__}). Check the "
            "name, the revision, the split and the network, or give a file."
        ) from error
    if isinstance(found, dict):
        if len(found) != 1:
            raise ProtocolError(
                f"The data set {source} has the splits {', '.join(found)}. Say which with "
                f"{source}:SPLIT."
            )
        [found] = found.values()
    return short, found.with_format("arrow")[:]


def _of_arrow(table: Any, where: str) -> pd.DataFrame:
    columns = zip(table.column_names, table.columns, strict=True)
    return _checked(
        pd.DataFrame({name: object_column(column.to_pylist()) for name, column in columns}), where
    )


def _frame(rows: Sequence[dict[str, Any]], where: str) -> pd.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return _checked(
        pd.DataFrame({name: object_column([row.get(name) for row in rows]) for name in names}),
        where,
    )


def object_column(values: Sequence[Any]) -> pd.Series[Any]:
    """Return a column of Python objects, which holds lone surrogates and lists; NaN becomes None."""
    return pd.Series(
        [None if isinstance(value, float) and value != value else value for value in values],
        dtype=object,
    )


def _checked(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    if frame.empty:
        raise ProtocolError(f"{where} has no rows: it holds no completion.")
    return frame
