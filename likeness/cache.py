"""Embeddings kept in the user's cache, so that no text is encoded twice.

One SQLite file: a row per text and encoder, written in pieces, so that an interrupted run keeps what
it has, and shared safely by runs at the same time. It holds hashes and vectors, no text.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from likeness.encoder import Array, Encoder
from protocol.sources import cache_folder, sha256

FILE = "embeddings.sqlite"
PIECE = 256
WAIT_S = 60

logger = logging.getLogger(__name__)


class Cached:
    """An encoder that remembers.

    Args:
        encoder: Encodes what is not there yet.
        file: The cache; by default in the user's cache folder. One that cannot be read or written is
            a warning, and everything is encoded.
        progress: Called with (texts done, texts in all), distinct ones counted.
    """

    def __init__(
        self,
        encoder: Encoder,
        file: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._encoder = encoder
        self._progress = progress or (lambda done, total: None)
        self._file = file or cache_folder() / FILE
        self.id = encoder.id

    def __call__(self, texts: Sequence[str]) -> Array:
        """Return one row per text, each distinct text encoded at most once."""
        if not texts:
            return self._encoder(texts)
        keys = [sha256(text) for text in texts]
        distinct = dict(zip(keys, texts, strict=True))
        known = self._load(distinct)
        missing = [key for key in distinct if key not in known]
        self._progress(len(known), len(distinct))
        for start in range(0, len(missing), PIECE):
            piece = missing[start : start + PIECE]
            rows = self._encoder([distinct[key] for key in piece])
            fresh = dict(zip(piece, rows, strict=True))
            self._store(fresh)
            known |= fresh
            self._progress(len(known), len(distinct))
        return np.stack([known[key] for key in keys])

    def _load(self, keys: Iterable[str]) -> dict[str, Array]:
        query = "SELECT vector FROM embeddings WHERE encoder = ? AND text = ?"
        found: dict[str, Array] = {}
        with self._warned(), self._open() as database:
            for key in keys:
                row = database.execute(query, (self.id, key)).fetchone()
                if row:
                    found[key] = np.frombuffer(row[0], "<f4")
        return found

    def _store(self, rows: dict[str, Array]) -> None:
        values = [(self.id, key, row.astype("<f4").tobytes()) for key, row in rows.items()]
        with self._warned(), self._open() as database, database:
            database.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?)", values)

    def _open(self) -> contextlib.closing[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._file, timeout=WAIT_S)
        database.execute(
            "CREATE TABLE IF NOT EXISTS embeddings (encoder TEXT, text TEXT, vector BLOB, "
            "PRIMARY KEY (encoder, text)) WITHOUT ROWID"
        )
        return contextlib.closing(database)

    @contextlib.contextmanager
    def _warned(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            logger.warning("Embeddings are not cached in %s: %s.", self._file, error)
