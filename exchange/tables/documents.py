"""JSON documents of the usual layouts, as rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from exchange.strict_json import shortened
from exchange.tables.columns import ROLES, plain
from protocol.errors import ProtocolError

Row = dict[str, Any]
WRAPPERS = (
    *("completions", "responses", "answers", "generations", "outputs"),
    *("results", "rows", "data", "samples"),
)
READ = (
    "an array of objects, {question: [completions]}, {condition: {question: [completions]}}, "
    'columns as lists, vLLM outputs, or one of these under a key such as "completions"'
)


def document_rows(document: Any, where: str) -> list[Row]:
    """Turn a JSON document into rows, one an object or a completion.

    Args:
        document: The parsed JSON.
        where: The file, for messages.

    Raises:
        ProtocolError: It is of no layout that is read.
    """
    if isinstance(document, list):
        return _objects(document, where)
    if not isinstance(document, dict):
        raise ProtocolError(f"{where} is not a table. Read are {READ}.")
    if {"scores", "summary"} <= document.keys():
        raise ProtocolError(
            f"{where} is a detailed file of the original scripts, not a table. Give it without the "
            "options for tables."
        )
    if _has(document, "question") and _has(document, "completion"):
        return _columns(document, where)
    wrapped = any(plain(key) in WRAPPERS for key in document)
    rows = None if wrapped else _keyed(document)
    return rows if rows is not None else _unwrapped(document, where)


def _objects(items: Sequence[Any], where: str) -> list[Row]:
    if not items:
        raise ProtocolError(f"{where} is an empty array: it holds no completion.")
    strange = next((n for n, item in enumerate(items, start=1) if not isinstance(item, dict)), None)
    if strange is not None:
        raise ProtocolError(f"{where}: entry {strange} is no object. Read are {READ}.")
    if all(_is_request(item) for item in items):
        return [
            row for n, item in enumerate(items, 1) for row in _request(item, f"{where}: entry {n}")
        ]
    return list(items)


def _is_request(item: Row) -> bool:
    """Whether an object is a `RequestOutput` of vLLM."""
    outputs = item.get("outputs")
    return (
        isinstance(outputs, list)
        and bool(outputs)
        and all(isinstance(output, dict) and "text" in output for output in outputs)
    )


def _request(item: Row, where: str) -> Iterable[Row]:
    asked = {key: item[key] for key in ("messages", "prompt") if item.get(key) is not None}
    if "messages" in asked:
        asked.pop("prompt", None)
    if not asked and not _has(item, "question"):
        raise ProtocolError(
            f"{where} has its prompt as token ids only. Write the prompt's text, or messages, beside "
            "the outputs."
        )
    common = {
        key: value
        for key, value in item.items()
        if value is None or isinstance(value, str | int | float)
    } | asked
    for output in item["outputs"]:
        yield common | {"text": output["text"], "finish_reason": output.get("finish_reason")}


def _columns(document: Row, where: str) -> list[Row]:
    """Columns as lists of one length, values beside them for every row; or a single row."""
    [question] = [document[key] for key in document if plain(key) in ROLES["question"]][:1]
    if not isinstance(question, list) or (question and isinstance(question[0], dict)):
        return [document]
    lists = {key: value for key, value in document.items() if isinstance(value, list)}
    lengths = {len(value) for value in lists.values()}
    if len(lengths) != 1:
        said = ", ".join(f"{shortened(key)} {len(value)}" for key, value in lists.items())
        raise ProtocolError(f"{where} holds columns of different lengths: {said}.")
    common = {key: value for key, value in document.items() if key not in lists}
    return [
        common | dict(zip(lists, values, strict=True))
        for values in zip(*lists.values(), strict=True)
    ]


def _keyed(document: Row) -> list[Row] | None:
    """`{question: [...]}` or `{condition: {question: [...]}}`; None for anything else."""
    if not document:
        return None
    if all(isinstance(value, dict) and value for value in document.values()):
        rows = []
        for condition, inside in document.items():
            found = _keyed_lists(inside, "question")
            if found is None:
                return None
            rows += [{"condition": condition} | row for row in found]
        return rows
    own = any(_has(item, "question") for item in _items(document) if isinstance(item, dict))
    return _keyed_lists(document, "condition" if own else "question")


def _keyed_lists(document: Row, key_is: str) -> list[Row] | None:
    if not all(isinstance(value, list) for value in document.values()):
        return None
    items = _items(document)
    if items and all(isinstance(item, dict) for item in items):
        return [{key_is: key} | item for key, found in document.items() for item in found]
    if key_is == "question" and all(item is None or isinstance(item, str) for item in items):
        return [
            {key_is: key, "completion": item} for key, found in document.items() for item in found
        ]
    return None


def _unwrapped(document: Row, where: str) -> list[Row]:
    nested = {
        key: value for key, value in document.items() if isinstance(value, dict | list) and value
    }
    inside = [key for key in nested if plain(key) in WRAPPERS]
    tables = [key for key in nested if key in inside or _tabular(nested[key])]
    if len(inside) != 1 or tables != inside:
        keys = ", ".join(shortened(key, 30) for key in list(document)[:8])
        raise ProtocolError(
            f"{where} is of no layout that is read: {READ}. It has the keys {keys}."
        )
    named = {"condition", "system_prompt", "target", "question"}
    wanted = {name for role in named for name in ROLES[role]}
    common = {
        key: value
        for key, value in document.items()
        if plain(key) in wanted and (value is None or isinstance(value, str))
    }
    return [common | row for row in document_rows(document[inside[0]], f"{where}: {inside[0]}")]


def _tabular(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and _keyed(value) is not None


def _items(document: Row) -> list[Any]:
    return [item for found in document.values() if isinstance(found, list) for item in found]


def _has(document: Row, role: str) -> bool:
    return any(plain(key) in ROLES[role] for key, value in document.items() if value is not None)
