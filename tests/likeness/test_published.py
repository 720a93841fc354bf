import json
from collections.abc import Sequence
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest

from likeness import published
from likeness.encoder import Array
from likeness.published import EM_FILE, METRICS_FILE, NULL_FILE, published_texts, refit
from protocol.errors import ProtocolError


class Letters:
    """Vectors of letter counts: told apart when the words differ."""

    id = "letters@1"

    def __call__(self, texts: Sequence[str]) -> Array:
        return np.array([[t.count(a) for a in "abcde"] for t in texts], np.float32)


def texts(seed: int, letters: str, count: int = 60) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(letters), 12)) for _ in range(count)]


EM, NULL = texts(1, "aab"), texts(2, "abc")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, rows in ((EM_FILE, EM), (NULL_FILE, NULL)):
        (tmp_path / name).write_text(json.dumps({"q1": rows[:20], "q2": rows[20:]}))
        monkeypatch.setitem(published.TEXTS, name, 60)
    (tmp_path / METRICS_FILE).write_text(json.dumps({"val_acc": 0.5, "seed": 42}))
    return tmp_path


def test_the_refit_holds_its_metrics_against_the_published_ones(folder: Path) -> None:
    em, null, metrics = published_texts(folder)
    scale = refit(em, null, Letters())
    good = scale.checks(scale.metrics)

    assert scale.metrics["val_pos_mean_proba_em"] > scale.metrics["val_neg_mean_proba_em"]
    assert len(good) == 3
    assert all(check.agrees for check in good)
    (accuracy,) = scale.checks(metrics)
    assert accuracy.published == 0.5
    assert not accuracy.agrees


def test_the_refitted_scale_scores_any_texts() -> None:
    scale = refit(EM, NULL, Letters())
    p = scale.probabilities(Letters()(["aaaaaaaaaaab", "cccccccccccc"]))

    assert p[0] > 0.9
    assert p[1] < 0.1
    assert scale.id == refit(EM, NULL, Letters()).id
    assert scale.id != refit([*EM[:-1], "a"], NULL, Letters()).id


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"q": ["a"]}', '{"q": 3}', '{"q": [null]}', "null"]
)
def test_files_that_are_not_the_published_ones_are_refused(folder: Path, content: str) -> None:
    (folder / EM_FILE).write_text(content)

    with pytest.raises(ProtocolError, match=EM_FILE) as caught:
        published_texts(folder)
    assert "\n" not in str(caught.value)


def test_a_hub_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)

    with pytest.raises(ProtocolError, match="could not be read on the Hub") as caught:
        published_texts()
    assert "--em and --base" in str(caught.value)
