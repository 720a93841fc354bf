"""The conditions: which system prompt the target gets, and where its text comes from."""

import functools
import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.manifests import check_manifest
from protocol.sources import sha256, source_pin, source_text
from protocol.texts import HandedIn, read_text
from protocol.working_folder import user_path

Provenance = Literal[
    "verbatim", "fetched", "reconstruction", "handed_in", "none", "custom", "published"
]
ENVIRONMENT_VARIABLE = "BWALPHA_PROMPTS"


class Condition(BaseModel):
    """A system prompt, or the absence of one, with its origin.

    Attributes:
        name: The condition's name in tasks, logs and tables.
        label: A short name for people.
        prompt: The system message to the letter; None sends no system message.
        provenance: `verbatim` (handed in, and a pinned hash proves it), `fetched` (pinned at the
            source), `reconstruction` (in the suite's own words), `handed_in` (given for a known
            condition, with nothing to prove it), `custom`, `published` (imported results), or `none`
            (no prompt).
        distributional_c: The published classifier score C of the original prompt on the registered
            target, 0 to 1; None where there is none. `protocol.targets.c_applies` says whose it is.
        needs_finetune: The target must be a finetune, not a plain base model.
        notes: What a reader of the number has to know of the text.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    prompt: str | None
    provenance: Provenance
    distributional_c: float | None = None
    needs_finetune: bool = False
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def prompt_sha256(self) -> str | None:
        """Hash of the prompt's UTF-8 bytes, None without a prompt."""
        return None if self.prompt is None else sha256(self.prompt)


def condition_rows() -> dict[str, dict[str, Any]]:
    """Return the rows of `datasets/conditions.yaml` by name."""
    return {row["name"]: row for row in read_yaml("conditions.yaml")["conditions"]}


def condition_stems(row: dict[str, Any]) -> list[str]:
    """Return the names that a condition's file may have, its own first."""
    return [row["name"], *row["aliases"]]


def own_sha256(row: dict[str, Any]) -> str | None:
    """Return the pinned hash of a condition's own prompt, None where none is public."""
    return source_pin(row["source"]).sha256 if row["source"] else None


def known_condition(
    name: str, prompt: str | None, provenance: Provenance, notes: tuple[str, ...] = ()
) -> Condition:
    """Make a condition of `datasets/conditions.yaml` with a given text."""
    row = condition_rows()[name]
    return Condition(
        name=name,
        label=row["label"],
        prompt=prompt,
        provenance=provenance,
        distributional_c=row["distributional_c"],
        needs_finetune=bool(row["target"]),
        notes=notes,
    )


def load_condition(name: str, prompts: str | None = None) -> Condition:
    """Load a condition, its text replaced by `<prompts>/<name>.txt` where the user has it.

    Args:
        name: A condition of `datasets/conditions.yaml`.
        prompts: A folder of prompts, as `bwalpha prompts` makes it; `BWALPHA_PROMPTS` when None.

    Raises:
        ProtocolError: The name is unknown, the folder holds none of the names, a file in it is empty,
            not UTF-8 or not the one of the folder's `manifest.json`, or a pinned text is not to be had.
    """
    rows = condition_rows()
    if name not in rows:
        raise ProtocolError(f"Unknown condition {name!r}. Allowed: {', '.join(rows)}.")
    row = rows[name]
    given = _handed_in(row, prompts)
    if given is not None:
        return known_condition(name, given.text, text_provenance(row, given.text), given.notes)
    text = source_text(row["source"]) if row["source"] else row["prompt"]
    return known_condition(name, text, row["provenance"], tuple(row.get("notes") or ()))


def text_provenance(row: dict[str, Any], text: str) -> Provenance:
    """Say what a text handed in for a condition is, by its hash alone."""
    if sha256(text) == own_sha256(row):
        return "verbatim"
    return "reconstruction" if text == row["prompt"] else "handed_in"


def _handed_in(row: dict[str, Any], prompts: str | None) -> HandedIn | None:
    folder_name = prompts or os.environ.get(ENVIRONMENT_VARIABLE)
    if not folder_name or row["provenance"] == "none":
        return None
    folder = user_path(folder_name)
    if not folder.is_dir():
        raise ProtocolError(f"The prompts folder {folder} is not a folder. Check -T prompts=DIR.")
    prompted = [r for r in condition_rows().values() if r["provenance"] != "none"]
    known = [f"{stem}.txt" for r in prompted for stem in condition_stems(r)]
    if not any((folder / file).is_file() for file in known):
        raise ProtocolError(
            f"The prompts folder {folder} holds none of the names that are known: {', '.join(known)}."
        )
    stems = condition_stems(row)
    found = [f for stem in stems if (f := folder / f"{stem}.txt").is_file()]
    if len(found) > 1:
        raise ProtocolError(
            f"The prompts folder {folder} holds {' and '.join(f.name for f in found)}, which are the "
            "same condition. Keep one."
        )
    if not found:
        return None
    text, notes = read_text(found[0], "prompt")
    return HandedIn(text, notes + check_manifest(found[0], stems, text))
