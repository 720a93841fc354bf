"""Where the encoder's files lie: a folder, or the Hub at a pinned revision; checked by sha256 either way."""

import hashlib
import os
from pathlib import Path

from protocol.errors import ProtocolError

ENVIRONMENT_VARIABLE = "BWALPHA_ENCODER"
REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
PINS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
WHAT_TO_DO = (
    f"Give a folder that holds {' and '.join(PINS)} of {REPOSITORY} with --encoder DIR "
    f"or {ENVIRONMENT_VARIABLE}"
)


def encoder_files(folder: str | Path | None = None) -> dict[str, Path]:
    """Return the checked local path of each of the encoder's files.

    Args:
        folder: Where they lie. By default the folder that `BWALPHA_ENCODER` names, and without it
            the Hub's cache, filled from the Hub at the pinned revision.

    Raises:
        ProtocolError: A file is missing, differs from its pin, or cannot be fetched.
    """
    folder = folder or os.environ.get(ENVIRONMENT_VARIABLE) or None
    if folder is None:
        return {name: _checked(_from_hub(name), pin) for name, pin in PINS.items()}
    root = Path(folder).expanduser()
    for name in PINS:
        if not (root / name).is_file():
            raise ProtocolError(f"The encoder's folder {root} holds no {name}. {WHAT_TO_DO}.")
    return {name: _checked(root / name, pin) for name, pin in PINS.items()}


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(REPOSITORY, name, revision=REVISION))
    except Exception as error:
        raise ProtocolError(
            f"{name} of {REPOSITORY} at {REVISION[:8]} could not be fetched from the Hub "
            f"({type(error).__name__}). {WHAT_TO_DO}."
        ) from error


def _checked(path: Path, expected: str) -> Path:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ProtocolError(
            f"{path} is not the pinned file: sha256 expected {expected}, found {found}. "
            "Replace it by an unchanged copy."
        )
    return path
