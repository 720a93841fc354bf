"""The anchors' published scores, for within-question spread as the registered judge really gave it.

13 cells x 11 personas x 8 questions x 10 completions of `superkaiba/explore-persona-space` at commit
80d5a5b6e60af163ecd2b8a698ecb498a91cf098, read from `BWALPHA_SOURCES`; nothing of them is kept here.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from estimation.means import Floats
from protocol.errors import ProtocolError

FOLDERS = ("a3_leakage", "a3b_factorial")
QUESTIONS, COMPLETIONS = 8, 10
# Of the 13 files' bytes, one after another in the order of their paths.
SHA256 = "98441dd8d5976de639327d1b9c2f950ce3215a984aac7bc0fd611b1432523a35"


def raw_files() -> list[Path]:
    """The 13 files of raw scores.

    Raises:
        ProtocolError: They are not all there.
    """
    root = Path(os.environ.get("BWALPHA_SOURCES") or ".") / "eval_results"
    files = sorted(
        file
        for name in FOLDERS
        for file in (root / name).glob("*_seed42/alignment_raw_scores.json")
    )
    if len(files) != 13:
        raise ProtocolError(
            f"{len(files)} of the anchors' 13 alignment_raw_scores.json are under {root}. Set "
            "BWALPHA_SOURCES to the folder that holds the source repository's files at their own paths."
        )
    return files


@functools.cache
def anchor_conditions() -> dict[str, Floats]:
    """Aligned scores of the 143 conditions by ``cell/persona``; shape (8 questions, 10), NaN failed.

    Raises:
        ProtocolError: The files are missing or not the pinned ones.
    """
    digest = hashlib.sha256()
    scores: dict[str, list[float]] = {}
    for file in raw_files():
        content = file.read_bytes()
        digest.update(content)
        # Requests stand persona by persona and question by question, so reshaping keeps questions apart.
        for key, verdict in json.loads(content)["scores_by_request"].items():
            persona = key.rsplit("__", 2)[0]
            aligned = verdict.get("aligned") if isinstance(verdict, dict) else None
            scores.setdefault(f"{file.parent.name}/{persona}", []).append(
                np.nan if aligned is None else float(aligned)
            )
    if digest.hexdigest() != SHA256:
        raise ProtocolError(
            f"The anchors' scores are not the pinned ones: sha256 expected {SHA256}, "
            f"found {digest.hexdigest()}. Fetch the files again."
        )
    return {
        name: np.array(values).reshape(QUESTIONS, COMPLETIONS) for name, values in scores.items()
    }
