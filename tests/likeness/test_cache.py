import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from likeness import cache
from likeness.cache import Cached
from likeness.encoder import Array


class Counting:
    """Encodes a text as its length and counts what it is asked."""

    def __init__(self, name: str = "counting@1") -> None:
        self.id = name
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Array:
        self.asked += texts
        return np.array([[len(text), 1.5] for text in texts], np.float32).reshape(-1, 2)


def test_a_text_is_encoded_once_by_each_encoder(tmp_path: Path) -> None:
    file, first, later, other = tmp_path / "e.sqlite", Counting(), Counting(), Counting("other@1")
    rows = Cached(first, file)(["a", "bb", "a", ""])
    again = Cached(later, file)(["bb", "ccc", "a"])
    Cached(other, file)(["a"])

    assert rows.tolist() == [[1, 1.5], [2, 1.5], [1, 1.5], [0, 1.5]]
    assert again.tolist() == [[2, 1.5], [3, 1.5], [1, 1.5]]
    assert (first.asked, later.asked, other.asked) == (["a", "bb", ""], ["ccc"], ["a"])


def test_an_interrupted_run_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "PIECE", 2)

    class Failing(Counting):
        def __call__(self, texts: Sequence[str]) -> Array:
            if "e" in texts:
                raise KeyboardInterrupt
            return super().__call__(texts)

    with pytest.raises(KeyboardInterrupt):
        Cached(Failing(), tmp_path / "e.sqlite")(["a", "b", "c", "d", "e", "f"])
    later = Counting()
    Cached(later, tmp_path / "e.sqlite")(["a", "b", "c", "d", "e", "f"])

    assert later.asked == ["e", "f"]


@pytest.mark.parametrize("what", ["damaged", "a folder", "under a file"])
def test_a_cache_that_cannot_be_used_is_a_warning(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "e.sqlite"
    if what == "damaged":
        file.write_bytes(b"no database" * 100)
    elif what == "a folder":
        file.mkdir()
    else:
        file.write_text("")
        file = file / "e.sqlite"
    with caplog.at_level(logging.WARNING):
        rows = Cached(Counting(), file)(["a", "bb"])

    assert rows.tolist() == [[1, 1.5], [2, 1.5]]
    assert "are not cached in" in caplog.text


def test_no_texts_have_no_rows(tmp_path: Path) -> None:
    assert Cached(Counting(), tmp_path / "e.sqlite")([]).shape == (0, 2)
