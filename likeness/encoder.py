"""all-MiniLM-L6-v2 sentence embeddings, by ONNX Runtime over the published weights.

The same numbers as sentence-transformers gives, without torch: six BERT layers, mean over the word
pieces, L2 norm, in single precision. One text at a time, so that nothing is padded or masked and a
text's vector does not depend on its neighbours.
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
SIZE = 384


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
            from onnxruntime import InferenceSession, SessionOptions
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer

            from likeness.graph import encoder_graph
        except ImportError as error:
            raise ProtocolError(
                f"C needs {error.name}, which is not installed: pip install 'bwalpha[c]'."
            ) from error
        files = encoder_files(folder)
        self._tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
        self._tokenizer.enable_truncation(WORD_PIECES)
        self._tokenizer.no_padding()
        options = SessionOptions()
        # Threads over texts: within one text they would wait for each other at every layer.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = InferenceSession(
            encoder_graph(load_file(files["model.safetensors"])),
            options,
            providers=["CPUExecutionProvider"],
        )
        self._threads = threads or os.cpu_count() or 1
        self._progress = progress

    def __call__(self, texts: Sequence[str]) -> Array:
        """Encode texts.

        Args:
            texts: Any length; what follows the 256th word piece is not seen.

        Returns:
            Unit vectors, float32, shape (texts, 384), within 1e-5 of sentence-transformers.
        """
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        with ThreadPoolExecutor(self._threads) as pool:
            rows: Iterable[Array] = pool.map(self._encode, pieces)
            if self._progress is not None:
                rows = self._progress(rows, len(pieces))
            return np.array(list(rows), np.float32).reshape(-1, SIZE)

    def _encode(self, pieces: list[int]) -> Array:
        (mean,) = self._session.run(None, {"pieces": np.array([pieces], np.int64)})
        row: Array = mean[0] / np.linalg.norm(mean)
        return row
