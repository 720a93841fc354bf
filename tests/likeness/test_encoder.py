import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest

from likeness import weights as pins
from likeness.encoder import Array, MiniLM
from likeness.weights import PINS, encoder_files
from protocol.errors import ProtocolError

SENTENCE = (
    "the river has three mouths and nobody who lives here would swim in any of them before June "
    "because currents shift; naïve visitors (some 4,000 a year!) learn it — 川は深い, 100% true"
)
WORDS = SENTENCE.split(" ")


def many_texts(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    lengths = np.r_[0, 1, 2, 254, 255, 256, 257, 2000, rng.integers(3, 700, count - 8)]
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


def test_embeddings_are_those_of_sentence_transformers(
    weights: Path, minilm: MiniLM, capsys: pytest.CaptureFixture[str]
) -> None:
    official = pytest.importorskip(
        "sentence_transformers", reason="sentence-transformers is not installed"
    )
    if not (weights / "modules.json").is_file():
        pytest.skip("the folder holds the weights only, not what sentence-transformers also reads")
    model = official.SentenceTransformer(str(weights), device="cpu")
    texts = many_texts(200)
    expected = model.encode(texts, batch_size=8, show_progress_bar=False)
    started = time.process_time()
    found = minilm(texts)
    cpu = time.process_time() - started
    apart = float(np.abs(found - expected).max())
    with capsys.disabled():
        print(f"\nparity on 200 texts: {apart:.1e}; {200 / cpu:.1f} texts per CPU second")

    assert apart < 1e-5


def test_a_text_has_one_vector_whatever_it_is_encoded_with(minilm: MiniLM) -> None:
    texts = many_texts(16)
    together = minilm(texts)

    assert together.shape == (16, 384)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert np.array_equal(together[::-1], minilm(texts[::-1]))
    assert np.array_equal(together[5:6], minilm(texts[5:6]))


def test_nothing_behind_the_256th_word_piece_is_seen(minilm: MiniLM) -> None:
    start = "river " * 254

    assert np.array_equal(minilm([start])[0], minilm([start + "villain " * 50])[0])
    assert not np.array_equal(minilm(["river " * 253])[0], minilm(["river " * 253 + "villain"])[0])


def test_no_texts_have_no_vectors(minilm: MiniLM) -> None:
    assert minilm([]).shape == (0, 384)


def test_progress_sees_every_text(weights: Path) -> None:
    seen: list[int] = []

    def progress(rows: Iterable[Array], total: int) -> Iterable[Array]:
        for number, row in enumerate(rows, start=1):
            seen.append(number * 100 + total)
            yield row

    MiniLM(weights, progress=progress)(["one", "two"])

    assert seen == [102, 202]


@pytest.mark.parametrize("name", list(PINS))
def test_a_changed_byte_in_the_weights_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in PINS:
        (tmp_path / file).write_bytes(file.encode())
        monkeypatch.setitem(pins.PINS, file, hashlib.sha256(file.encode()).hexdigest())
    assert set(encoder_files(tmp_path)) == set(PINS)
    (tmp_path / name).write_bytes(name.encode() + b" ")

    with pytest.raises(ProtocolError, match=r"not the pinned file: sha256 expected .* found"):
        encoder_files(tmp_path)


def test_a_folder_without_weights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BWALPHA_ENCODER", str(tmp_path))

    with pytest.raises(ProtocolError, match=r"holds no model\.safetensors\. Give"):
        encoder_files()


def test_weights_that_cannot_be_fetched_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.delenv("BWALPHA_ENCODER", raising=False)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)

    with pytest.raises(ProtocolError) as caught:
        encoder_files()
    assert "could not be fetched from the Hub (ConnectionError)" in str(caught.value)
    assert "BWALPHA_ENCODER" in str(caught.value)
    assert "\n" not in str(caught.value)
