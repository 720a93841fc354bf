"""Rows of any table file, read strictly: what does not fit is refused, never dropped."""

import csv
import gc
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from protocol.errors import ProtocolError

DELIMITERS = (",", ";", "\t")
Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Read a table's rows, each a dictionary by column.

    CSV and TSV (all values are strings; separated by comma, semicolon or tab), JSONL, JSON and YAML
    lists of objects, and Parquet, by the file's suffix in any case. A byte order mark is dropped.

    Raises:
        ProtocolError: The file has another suffix, cannot be read, or is damaged: not UTF-8, an
            unclosed quote, a row with more or fewer cells than columns, a column or key twice, or a
            row that is not an object.
    """
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise ProtocolError(f"{path} is no table. Allowed: a file named {', '.join(READERS)}.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProtocolError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        with _no_gc():
            rows = read(data)
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"{path} is damaged: not UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error
    except (ValueError, RecursionError, OSError, NotImplementedError, yaml.YAMLError) as error:
        raise ProtocolError(
            f"{path} is damaged: {' '.join(str(error).split())}. Repair it, or export it again."
        ) from error
    if not isinstance(rows, list):
        raise ProtocolError(f"{path} holds one {kind(rows)}, not a list of rows.")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise ProtocolError(f"Row {number} of {path} is not an object but a {kind(row)}.")
    return rows


def columns(rows: Iterable[Row]) -> list[str]:
    """Return the names of all columns, in the order in which they come first."""
    return list(dict.fromkeys(str(name) for row in rows for name in row))


def kind(value: object) -> str:
    """Name a value's kind as JSON does, for a message."""
    names = {dict: "object", list: "list", str: "string", bool: "true/false", type(None): "null"}
    return names.get(type(value), "number" if isinstance(value, int | float) else "value")


@contextmanager
def _no_gc() -> Iterator[None]:
    """Spare thousands of new rows the collector's looks, three quarters of the time on a YAML file."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _csv(data: bytes, delimiters: Sequence[str] = DELIMITERS) -> list[Row]:
    text = data.decode("utf-8-sig")
    heads = [next(_lenient(text, delimiter), []) for delimiter in delimiters]
    widest = max(range(len(heads)), key=lambda number: len(heads[number]))
    records = _records(text, delimiters[widest])
    _, head = next(records, (0, []))
    names = [name.strip() for name in head]
    _refuse_blanks_before_quotes(text, delimiters[widest])
    _refuse_twice(name.lower() for name in names if name)
    rows = []
    for line, cells in records:
        if len(cells) != len(names):
            raise ValueError(
                f"line {line} has {len(cells)} cells, the header {len(names)} ({', '.join(names)}); "
                "a cell that holds a separator needs quotes"
            )
        # A data frame's index stands first and has no name; any other nameless cell is half a text.
        if any(cell for name, cell in zip(names[1:], cells[1:], strict=True) if not name):
            raise ValueError(f"line {line} has a cell under no name; the header is {head}")
        rows.append(dict(zip(names, cells, strict=True)))
    return rows


def _lenient(text: str, delimiter: str) -> Iterator[list[str]]:
    """A header's cells; with the wrong delimiter a strict reader would refuse the quotes."""
    return (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of a record's first line and its cells, without blank records."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(
                f"the row that begins in line {line} has a quote out of place or never closed ({error})"
            ) from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def _refuse_blanks_before_quotes(text: str, delimiter: str) -> None:
    """Refuse `q1, "Why, oh?"`, where the quotes are meant and are none to a CSV reader."""
    if not re.search(f'{delimiter} +"', text):
        return
    letter, meant = (
        csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=skip)
        for skip in (False, True)
    )
    nothing: list[str] = []
    for cells, others in zip_longest(letter, meant, fillvalue=nothing):
        if [cell.strip() for cell in cells] != [cell.strip() for cell in others]:
            raise ValueError(
                f"line {letter.line_num} has blanks between a separator and a quote; remove them"
            )


def _json(data: bytes) -> Any:
    text = data.decode("utf-8-sig")
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise ValueError(f"{error}; a file of one object a line is named .jsonl") from error
        raise


def _jsonl(data: bytes) -> list[Any]:
    rows = []
    # Not splitlines: a string may hold U+2028, which ends no line of JSON.
    for number, line in enumerate(data.decode("utf-8-sig").split("\n"), start=1):
        if line.strip():
            try:
                rows.append(json.loads(line, object_pairs_hook=_object))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return rows


def _parquet(data: bytes) -> list[Row]:
    # It takes half a second to import, and few panels are Parquet.
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
    _refuse_twice(name.lower() for name in table.column_names)
    rows: list[Row] = table.to_pylist()
    return rows


class _Yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without tags, with every key of a mapping once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        _refuse_twice(str(key.value) for key, _ in node.value)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made


def _yaml(data: bytes) -> Any:
    return yaml.load(data.decode("utf-8-sig"), Loader=_Yaml)


def _object(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        _refuse_twice(name for name, _ in pairs)
    return row


def _refuse_twice(names: Iterable[str]) -> None:
    names = list(names)
    if len(set(names)) < len(names):
        [(name, _)] = Counter(names).most_common(1)
        raise ValueError(f"the column {name!r} stands in it twice")


READERS: dict[str, Callable[[bytes], Any]] = {
    ".csv": _csv,
    ".tsv": lambda data: _csv(data, "\t"),
    ".jsonl": _jsonl,
    ".json": _json,
    ".parquet": _parquet,
    ".yaml": _yaml,
    ".yml": _yaml,
}
