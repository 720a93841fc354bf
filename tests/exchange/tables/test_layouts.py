"""One small file a layout: read to the right completions."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange.tables.reading import read_tables
from protocol.errors import ProtocolError
from tests.exchange.tables.layouts import HOW, READ, ROWS, SAME, held, read


@pytest.mark.parametrize("layout", READ)
def test_every_layout_gives_the_same_completions(layout: str, tmp_path: Path) -> None:
    name, content, condition = READ[layout]
    assert held(read(tmp_path, name, content)) == {condition: SAME}


def test_there_are_at_least_25_layouts() -> None:
    assert len(READ) >= 25


def hub(splits: Any) -> Callable[..., Any]:
    def load_dataset(name: str, revision: str, split: str | None) -> Any:
        assert (name, revision) == ("owner/answers", "abc123")
        return splits if split is None else splits[split]

    return load_dataset


def test_a_data_set_of_the_hub_is_read_at_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = importlib.import_module("datasets")
    rows = datasets.Dataset.from_list(ROWS)
    monkeypatch.setattr(datasets, "load_dataset", hub(datasets.DatasetDict({"train": rows})))
    assert held(read_tables(["hf:owner/answers@abc123"])) == {"answers": SAME}


def test_of_several_splits_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = importlib.import_module("datasets")
    rows = datasets.Dataset.from_list(ROWS)
    both = datasets.DatasetDict({"train": rows, "test": rows.select([2])})
    monkeypatch.setattr(datasets, "load_dataset", hub(both))
    with pytest.raises(ProtocolError, match="splits train, test"):
        read_tables(["hf:owner/answers@abc123"])
    assert held(read_tables(["hf:owner/answers@abc123:test"])) == {"answers": [(HOW, "Fine.", 1)]}


def test_a_data_set_without_a_revision_is_refused() -> None:
    with pytest.raises(ProtocolError, match="hf:OWNER/NAME@REVISION"):
        read_tables(["hf:owner/answers"])
