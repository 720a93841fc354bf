"""The conditions: which system prompt the target gets, and where its text comes from."""

import functools
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.manifests import check_manifest
from protocol.sources import sha256, source_text
from protocol.texts import read_text
from protocol.working_folder import user_path

Provenance = Literal["verbatim", "fetched", "reconstruction", "none", "custom"]
ENVIRONMENT_VARIABLE = "BWALPHA_PROMPTS"


class Condition(BaseModel):
    """A system prompt, or the absence of one, with its origin.

    Attributes:
        name: The condition's name in tasks, logs and tables.
        label: A short name for people.
        prompt: The system message to the letter; None sends no system message.
        provenance: `verbatim` (handed in), `fetched` (pinned at the source), `reconstruction` (in the
            suite's own words), `custom`, or `none` (no prompt).
        distributional_c: The published classifier score C, 0 to 1; None where there is none, and for
            a prompt of the user's own.
        needs_finetune: The target must be a finetune, not the plain base model.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    prompt: str | None
    provenance: Provenance
    distributional_c: float | None = None
    needs_finetune: bool = False

    @functools.cached_property
    def prompt_sha256(self) -> str | None:
        """Hash of the prompt's UTF-8 bytes, None without a prompt."""
        return None if self.prompt is None else sha256(self.prompt)


def load_condition(name: str, prompts: str | None = None) -> Condition:
    """Load a condition, its text replaced by `<prompts>/<name>.txt` where the user has it.

    Args:
        name: A condition of `datasets/conditions.yaml`.
        prompts: A folder of verbatim prompts, as `bwalpha prompts` makes it; `BWALPHA_PROMPTS` when
            None.

    Raises:
        ProtocolError: The name is unknown, the folder holds none of the names, a file in it is empty,
            not UTF-8 or not the one of the folder's `manifest.json`, or a pinned text is not to be had.
    """
    rows = {row["name"]: row for row in read_yaml("conditions.yaml")["conditions"]}
    if name not in rows:
        raise ProtocolError(f"Unknown condition {name!r}. Allowed: {', '.join(rows)}.")
    row = rows[name]
    text = _handed_in(row, list(rows.values()), prompts)
    provenance: Provenance = "verbatim"
    if text is None:
        provenance = row["provenance"]
        text = source_text(row["source"]) if provenance == "fetched" else row["prompt"]
    return Condition(
        name=name,
        label=row["label"],
        prompt=text,
        provenance=provenance,
        distributional_c=row["distributional_c"],
        needs_finetune=row.get("target") == "finetune",
    )


def custom_condition(prompt: str) -> Condition:
    """Make a condition of a prompt file or of the text itself.

    Raises:
        ProtocolError: The text is empty, or the file is missing, empty or not UTF-8.
    """
    looks_like_file = "\n" not in prompt and len(prompt) < 1024
    if looks_like_file and user_path(prompt).is_file():
        text = read_text(user_path(prompt), "prompt")
    elif looks_like_file and " " not in prompt.strip() and Path(prompt).suffix:
        raise ProtocolError(f"There is no prompt file {user_path(prompt)}. Check -T prompt=FILE.")
    else:
        text = prompt
    if not text.strip():
        raise ProtocolError("The prompt is empty. Give -T prompt=FILE or -T prompt='some text'.")
    return Condition(name="prompt", label="custom prompt", prompt=text, provenance="custom")


def _handed_in(row: dict[str, Any], rows: list[dict[str, Any]], prompts: str | None) -> str | None:
    folder_name = prompts or os.environ.get(ENVIRONMENT_VARIABLE)
    if not folder_name or row["provenance"] == "none":
        return None
    folder = user_path(folder_name)
    if not folder.is_dir():
        raise ProtocolError(f"The prompts folder {folder} is not a folder. Check -T prompts=DIR.")
    known = [f"{stem}.txt" for r in rows if r["provenance"] != "none" for stem in _stems(r)]
    if not any((folder / file).is_file() for file in known):
        raise ProtocolError(
            f"The prompts folder {folder} holds none of the names that are known: {', '.join(known)}."
        )
    found = [f for stem in _stems(row) if (f := folder / f"{stem}.txt").is_file()]
    if len(found) > 1:
        raise ProtocolError(
            f"The prompts folder {folder} holds {' and '.join(f.name for f in found)}, which are the "
            "same condition. Keep one."
        )
    if not found:
        return None
    text = read_text(found[0], "prompt")
    check_manifest(found[0], _stems(row), text)
    return text


def _stems(row: dict[str, Any]) -> list[str]:
    return [row["name"], *(row.get("aliases") or [])]
