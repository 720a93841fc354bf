"""all-MiniLM-L6-v2 sentence embeddings, in NumPy over the published weights.

The same numbers as sentence-transformers gives, without torch: six BERT layers, mean over the word
pieces, L2 norm. One text at a time, so that nothing is padded or masked; a text's intermediate
arrays then fit the processor's cache, which is faster than larger batches.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from likeness.weights import REPOSITORY, REVISION, encoder_files
from protocol.errors import ProtocolError

Array = NDArray[np.float32]

WORD_PIECES = 256
LAYERS, HEADS, SIZE = 6, 12, 384
EPSILON = np.float32(1e-12)


class Encoder(Protocol):
    """Anything that turns texts into vectors.

    Attributes:
        id: Names the encoder and its version: vectors of two ids are never compared.
    """

    @property
    def id(self) -> str:
        """Name and version."""
        ...

    def __call__(self, texts: Sequence[str]) -> Array:
        """Return one row per text, float32."""
        ...


class MiniLM:
    """The sentence encoder that C is defined on.

    Args:
        folder: Where the weights lie; by default `BWALPHA_ENCODER`, then the Hub.
        threads: How many texts are encoded at once; by default one per core.
        progress: Wraps the stream of encoded texts, as `rich.progress.track` does.

    Raises:
        ProtocolError: The weights are unavailable or changed, or the extra `[c]` is not installed.
    """

    id = f"{REPOSITORY}@{REVISION[:8]}/{WORD_PIECES}"

    def __init__(
        self,
        folder: str | Path | None = None,
        threads: int | None = None,
        progress: Callable[[Iterable[Array], int], Iterable[Array]] | None = None,
    ) -> None:
        try:
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ProtocolError(
                f"C needs {error.name}, which is not installed: pip install 'bwalpha[c]'."
            ) from error
        files = encoder_files(folder)
        self._tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
        self._tokenizer.enable_truncation(WORD_PIECES)
        self._tokenizer.no_padding()
        weights = load_file(files["model.safetensors"])
        self._embeddings = _Embeddings(weights)
        self._layers = [_Layer(weights, f"encoder.layer.{i}.") for i in range(LAYERS)]
        self._threads = threads or os.cpu_count() or 1
        self._progress = progress

    def __call__(self, texts: Sequence[str]) -> Array:
        """Encode texts.

        Args:
            texts: Any length; what follows the 256th word piece is not seen.

        Returns:
            Unit vectors, float32, shape (texts, 384), within 1e-5 of sentence-transformers.
        """
        from threadpoolctl import threadpool_limits

        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        # Threads over texts also share out what BLAS does not do, so BLAS itself gets one.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(self._threads) as pool:
            rows: Iterable[Array] = pool.map(self._encode, pieces)
            if self._progress is not None:
                rows = self._progress(rows, len(pieces))
            return np.array(list(rows), np.float32).reshape(-1, SIZE)

    def _encode(self, pieces: list[int]) -> Array:
        x = self._embeddings(pieces)
        for layer in self._layers:
            x = layer(x)
        mean: Array = x.mean(axis=0)
        return mean / np.linalg.norm(mean)


class _Embeddings:
    def __init__(self, weights: dict[str, Array]) -> None:
        self.words = weights["embeddings.word_embeddings.weight"]
        self.positions = (
            weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self.norm = _norm(weights, "embeddings.LayerNorm")

    def __call__(self, pieces: list[int]) -> Array:
        return self.norm(self.words[pieces] + self.positions[: len(pieces)])


class _Layer:
    def __init__(self, weights: dict[str, Array], name: str) -> None:
        own = [
            _linear(weights, f"{name}attention.self.{part}") for part in ("query", "key", "value")
        ]
        self.qkv = np.concatenate([w for w, _ in own], axis=1), np.concatenate([b for _, b in own])
        # The attention's scale, taken into the queries once instead of into every product.
        for part in self.qkv:
            part[..., :SIZE] *= np.float32((SIZE / HEADS) ** -0.5)
        self.out = _linear(weights, f"{name}attention.output.dense")
        self.out_norm = _norm(weights, f"{name}attention.output.LayerNorm")
        self.wide = _linear(weights, f"{name}intermediate.dense")
        self.narrow = _linear(weights, f"{name}output.dense")
        self.narrow_norm = _norm(weights, f"{name}output.LayerNorm")

    def __call__(self, x: Array) -> Array:
        q, k, v = _affine(x, self.qkv).reshape(len(x), 3, HEADS, -1).transpose(1, 2, 0, 3)
        attention = np.ascontiguousarray(q) @ np.ascontiguousarray(k).transpose(0, 2, 1)
        attention -= attention.max(axis=-1, keepdims=True)
        np.exp(attention, out=attention)
        mixed = attention @ np.ascontiguousarray(v)
        mixed /= attention.sum(axis=-1, keepdims=True)
        x = self.out_norm(x + _affine(mixed.transpose(1, 0, 2).reshape(len(x), SIZE), self.out))
        return self.narrow_norm(x + _affine(gelu(_affine(x, self.wide)), self.narrow))


def gelu(x: Array) -> Array:
    """X Φ(x), Φ by formula 7.1.26 of Abramowitz and Stegun (error of erf at most 1.5e-7).

    SciPy's erf takes twice as long as the layer's largest matrix product.
    """
    z = np.abs(x)
    z *= np.float32(0.5**0.5)
    t = np.float32(0.3275911) * z
    t += np.float32(1)
    np.reciprocal(t, out=t)
    tail = np.float32(1.061405429) * t
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    np.multiply(z, z, out=t)
    np.negative(t, out=t)
    np.exp(t, out=t)
    tail *= t
    # x Φ(x) = max(x, 0) - |x| erfc(|x| / √2) / 2, and z is |x| / √2.
    tail *= z
    tail *= np.float32(0.5**0.5)
    result = np.maximum(x, 0)
    result -= tail
    return result


def _linear(weights: dict[str, Array], name: str) -> tuple[Array, Array]:
    return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]


def _affine(x: Array, linear: tuple[Array, Array]) -> Array:
    y: Array = x @ linear[0]
    y += linear[1]
    return y


def _norm(weights: dict[str, Array], name: str) -> Callable[[Array], Array]:
    scale, shift = weights[f"{name}.weight"], weights[f"{name}.bias"]

    def norm(x: Array) -> Array:
        x = x - x.mean(axis=-1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[-1])
        x *= (1 / np.sqrt(variance + EPSILON))[:, None]
        x *= scale
        x += shift
        return x

    return norm
