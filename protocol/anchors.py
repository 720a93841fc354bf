"""The published cells: completions and verdicts of the registered instrument that anyone can fetch.

Thirteen cells (the base model and twelve finetunes) of eleven personas, the panel's eight Betley
questions and ten completions each, judged by the registered primary judge under the pinned rubric.
"""

from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict

from protocol.data import DATASETS, read_yaml
from protocol.sources import Pin, pinned_path

File = Literal[
    "alignment_completions.json", "alignment_raw_scores.json", "alignment_per_persona.json"
]


class Cell(BaseModel):
    """One published cell; its files are fetched and checked when they are asked for.

    Attributes:
        name: The cell's name, its folder without the seed.
        folder: Its folder in the source repository.
        pins: Its files' pins by file name.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    folder: str
    pins: dict[str, Pin]

    def path(self, file: File) -> Path:
        """Return a checked local copy of one of the cell's files.

        Raises:
            ProtocolError: The copy's hash differs from the pin, or there is no copy and no network.
        """
        return pinned_path(self.pins[file])

    @property
    def completions(self) -> Path:
        """`{persona: {question: [10 texts]}}`."""
        return self.path("alignment_completions.json")

    @property
    def raw_scores(self) -> Path:
        """`{"scores_by_request": {"persona__CODE__NN": verdict}}`, in the order they were asked for."""
        return self.path("alignment_raw_scores.json")

    @property
    def per_persona(self) -> Path:
        """The published means of each persona."""
        return self.path("alignment_per_persona.json")


def cells() -> tuple[Cell, ...]:
    """Return the published cells in the order of their folders; nothing is read or fetched yet."""
    pins = read_yaml("sources.yaml")["anchors"]
    by_folder: dict[str, dict[str, Pin]] = {}
    for line in (DATASETS / pins["list"]).read_text(encoding="utf-8").splitlines():
        sha256, path = line.split()
        pin = Pin(path=path, sha256=sha256, commit=pins["commit"])
        by_folder.setdefault(str(PurePosixPath(path).parent), {})[PurePosixPath(path).name] = pin
    return tuple(
        Cell(name=PurePosixPath(folder).name.removesuffix("_seed42"), folder=folder, pins=files)
        for folder, files in by_folder.items()
    )
