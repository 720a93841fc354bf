"""Runs as a Hugging Face data set: Parquet with a card, on disk and, when asked, on the Hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from exchange.dataset.card import card
from exchange.folders import new_folder
from protocol.errors import ProtocolError
from runs.frame import frame_of
from runs.run import Run

PARQUET = "data/train-00000-of-00001.parquet"
# Texts that are ours and stand in the repository.
OPEN_PANEL = "open52"
OPEN_PROMPTS = ("reconstruction", "custom", "none")


def export_dataset(runs: Sequence[Run], out: Path, with_questions: bool = False) -> list[Path]:
    """Write runs as a data set that `datasets.load_dataset` reads from the folder.

    Args:
        runs: The runs, one row a completion.
        out: A new folder.
        with_questions: Keep the questions' texts of panels other than `open52`, which belong to
            others; without it only their ids and hashes are kept.

    Returns:
        The files, below `out`.

    Raises:
        ProtocolError: `out` is taken.
    """
    from datasets import Dataset, disable_progress_bars  # type: ignore[attr-defined]

    frame = published(frame_of(runs), with_questions)
    disable_progress_bars()
    with new_folder(out) as folder:
        (folder / PARQUET).parent.mkdir(parents=True)
        Dataset.from_pandas(frame, preserve_index=False).to_parquet(folder / PARQUET)
        (folder / "README.md").write_text(card(frame), encoding="utf-8")
    return [out / PARQUET, out / "README.md"]


def published(frame: pd.DataFrame, with_questions: bool) -> pd.DataFrame:
    """Return the frame as it is handed out: no paths of this machine, no texts of others."""
    frame = frame.copy()
    frame["log"] = [Path(log).name for log in frame["log"]]
    if not with_questions:
        frame["question"] = frame["question"].where(frame["panel"] == OPEN_PANEL, None)
    ours = frame["provenance"].isin(OPEN_PROMPTS)
    frame["system_prompt"] = frame["system_prompt"].where(ours, None)
    return frame


def push(folder: Path, name: str) -> str:
    """Upload an exported folder to the Hub as a data set; a new one is made private.

    Args:
        folder: What `export_dataset` wrote.
        name: `owner/name`.

    Returns:
        The data set's address.

    Raises:
        ProtocolError: The name is malformed or the Hub refused.
    """
    if not is_hub_name(name):
        raise ProtocolError(f"--push {name!r} is not owner/name.")
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        api.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
        api.upload_folder(repo_id=name, repo_type="dataset", folder_path=folder)
    except Exception as error:
        said = (str(error).strip().splitlines() or ["no details"])[0]
        raise ProtocolError(
            f"{folder} was written, and pushing it to {name} failed ({type(error).__name__}: {said}). Log "
            "in with hf auth login, or set HF_TOKEN, and push again."
        ) from error
    return f"https://huggingface.co/datasets/{name}"


def is_hub_name(name: str) -> bool:
    """Tell whether a name is `owner/name`."""
    return name.count("/") == 1 and all(name.split("/")) and not any(c.isspace() for c in name)
