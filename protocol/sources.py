"""Pinned files of the source repository: found, checked, handed out.

The texts belong to their authors. They are looked for in `BWALPHA_SOURCES`, then in the user's cache,
then downloaded; a file whose sha256 differs from its pin is refused.
"""

import ast
import functools
import hashlib
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from protocol.data import read_yaml
from protocol.errors import ProtocolError

ENVIRONMENT_VARIABLE = "BWALPHA_SOURCES"
RAW = "https://raw.githubusercontent.com"


class Pin(BaseModel):
    """One text of the source repository, held to its hash.

    Attributes:
        path: Where the file lies in the repository, in a folder of sources and in the cache.
        sha256: Hash of its bytes.
        commit: The repository's commit that holds it.
        instead: The option that runs without it, for the message; empty where there is none.
        module: The pin of the Python file whose literal the text is; None for a file of its own.
        literal: The literal's name in that file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    sha256: str
    commit: str
    instead: str = ""
    module: str | None = None
    literal: str = ""

    @property
    def url(self) -> str:
        """The file's address at its commit."""
        return f"{RAW}/{read_yaml('sources.yaml')['repository']}/{self.commit}/{self.path}"


def sha256(text: str) -> str:
    """Hash a text's UTF-8 bytes; lone surrogates, which UTF-8 refuses, are hashed as they stand."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def source_pin(name: str) -> Pin:
    """Return a pin of `datasets/sources.yaml` by name."""
    pins = read_yaml("sources.yaml")
    return Pin(**{"commit": pins["commit"], **pins["files"][name]})


def source_path(name: str) -> Path:
    """Return a checked local copy of a file pinned by name in `datasets/sources.yaml`.

    Raises:
        ProtocolError: The copy's hash differs from the pin, or there is no copy and no network.
    """
    return pinned_path(source_pin(name))


def pinned_path(pin: Pin) -> Path:
    """Return a checked local copy of a pinned file, downloading it when there is none.

    Raises:
        ProtocolError: The copy's hash differs from the pin, or there is no copy and no network.
    """
    for copy in (_local_copy(pin.path), cache_folder() / pin.path):
        if copy is not None and copy.is_file():
            return _checked(copy, pin.sha256)
    return _download(pin, cache_folder() / pin.path)


def cache_folder() -> Path:
    """Return the folder in the user's cache where the suite keeps what it need not fetch or pay for twice."""
    # A run whose texts are at hand downloads nothing and need not import what does.
    import pooch

    return Path(pooch.os_cache("bwalpha"))


def source_text(name: str) -> str:
    """Return a pinned text, taken to the letter.

    A text that is a string literal of a Python file is read out of it, which is parsed and never run; a
    folder in `BWALPHA_SOURCES` may hold the bare text instead.

    Raises:
        ProtocolError: The text is not to be had, or is not the pinned one.
    """
    pin = source_pin(name)
    if pin.module is None:
        return source_path(name).read_bytes().decode("utf-8")
    bare = _local_copy(pin.path)
    if bare is not None:
        return _checked(bare, pin.sha256).read_bytes().decode("utf-8")
    text = string_literal(source_text(pin.module), pin.literal)
    if sha256(text) != pin.sha256:
        raise ProtocolError(
            f"The literal {pin.literal} in the pinned module has sha256 {sha256(text)}, expected "
            f"{pin.sha256}."
        )
    return text


@functools.cache
def original_rubric() -> str:
    """Return the judges' system prompt of the source, checked by the text's own hash."""
    return source_text("rubric_text")


def string_literal(module: str, name: str) -> str:
    """Read one top-level string literal out of Python source without running it.

    Raises:
        ProtocolError: The source holds no such literal.
    """
    for node in ast.parse(module).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = ast.literal_eval(node.value) if node.value is not None else None  # type: ignore[attr-defined]
            if isinstance(value, str):
                return value
    raise ProtocolError(f"The pinned module holds no string literal {name}.")


def _local_copy(path: str) -> Path | None:
    folder = os.environ.get(ENVIRONMENT_VARIABLE)
    if not folder:
        return None
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise ProtocolError(
            f"{ENVIRONMENT_VARIABLE}={folder} is not a folder. Give the folder that holds the "
            "source repository's files at their own paths, or unset it to download them."
        )
    copy = root / path
    return copy if copy.is_file() else None


def _checked(path: Path, expected: str) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ProtocolError(
            f"{path} is not the pinned file: sha256 expected {expected}, found {found}. "
            "Replace it by an unchanged copy, or remove it so that it is fetched again."
        )
    return path


def _download(pin: Pin, target: Path) -> Path:
    import pooch
    import requests

    try:
        pooch.retrieve(pin.url, f"sha256:{pin.sha256}", fname=target.name, path=target.parent)
    except (requests.exceptions.RequestException, OSError) as error:
        instead = f", or run the suite's own with {pin.instead}" if pin.instead else ""
        raise ProtocolError(
            f"{pin.path} is neither in {ENVIRONMENT_VARIABLE} nor in the cache, and could not be "
            f"downloaded from {pin.url} (sha256 {pin.sha256}): {type(error).__name__}. Set "
            f"{ENVIRONMENT_VARIABLE} to a folder that holds it at that path{instead}."
        ) from error
    except ValueError as error:
        raise ProtocolError(f"The download of {pin.url} was refused: {error}") from error
    return _checked(target, pin.sha256)
