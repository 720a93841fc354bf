"""Pinned files of the source repository: found, checked, handed out.

The texts belong to their authors. They are looked for in `BWALPHA_SOURCES`, then in the user's cache,
then downloaded; a file whose sha256 differs from its pin is refused.
"""

import ast
import functools
import hashlib
import os
from pathlib import Path

from protocol.data import read_yaml
from protocol.errors import ProtocolError

ENVIRONMENT_VARIABLE = "BWALPHA_SOURCES"
RUBRIC_LITERAL = "JUDGE_SYSTEM_PROMPT"


def sha256(text: str) -> str:
    """Hash a text's UTF-8 bytes; lone surrogates, which UTF-8 refuses, are hashed as they stand."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def source_url(name: str) -> str:
    """Return the address of a pinned file at its pinned commit."""
    pins = read_yaml("sources.yaml")
    return f"{pins['base_url'].rstrip('/')}/{pins['files'][name]['path']}"


def source_path(name: str) -> Path:
    """Return a checked local copy of a pinned file, downloading it when there is none.

    Args:
        name: The pin's name in `datasets/sources.yaml`.

    Raises:
        ProtocolError: The copy's hash differs from the pin, or there is no copy and no network.
    """
    pin = read_yaml("sources.yaml")["files"][name]
    local = _local_copy(pin["path"])
    if local is not None:
        return _checked(local, pin["sha256"])
    cached = cache_folder() / pin["path"]
    if cached.is_file():
        return _checked(cached, pin["sha256"])
    return _download(name, cached)


def cache_folder() -> Path:
    """Return the folder in the user's cache where the suite keeps what it need not fetch or pay for twice."""
    # A run whose texts are at hand downloads nothing and need not import what does.
    import pooch

    return Path(pooch.os_cache("bwalpha"))


def source_text(name: str) -> str:
    """Return a pinned file's text, taken to the letter."""
    return source_path(name).read_bytes().decode("utf-8")


@functools.cache
def original_rubric() -> str:
    """Return the judges' system prompt of the source, checked by the text's own hash.

    It is a string literal of a Python file, which is parsed and never run; a folder in
    `BWALPHA_SOURCES` may hold the bare text instead.

    Raises:
        ProtocolError: The text is not to be had, or is not the pinned one.
    """
    pin = read_yaml("sources.yaml")["files"]["rubric_text"]
    bare = _local_copy(pin["path"])
    if bare is not None:
        return _checked(bare, pin["sha256"]).read_bytes().decode("utf-8")
    text = string_literal(source_text("rubric_module"), RUBRIC_LITERAL)
    if sha256(text) != pin["sha256"]:
        raise ProtocolError(
            f"The literal {RUBRIC_LITERAL} in the pinned rubric module has sha256 {sha256(text)}, "
            f"expected {pin['sha256']}."
        )
    return text


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
    raise ProtocolError(f"The pinned rubric module holds no string literal {name}.")


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


def _download(name: str, target: Path) -> Path:
    import pooch
    import requests

    pin = read_yaml("sources.yaml")["files"][name]
    url = source_url(name)
    try:
        pooch.retrieve(url, f"sha256:{pin['sha256']}", fname=target.name, path=target.parent)
    except (requests.exceptions.RequestException, OSError) as error:
        raise ProtocolError(
            f"{pin['path']} is neither in {ENVIRONMENT_VARIABLE} nor in the cache, and could not be "
            f"downloaded from {url} (sha256 {pin['sha256']}): {type(error).__name__}. Set "
            f"{ENVIRONMENT_VARIABLE} to a folder that holds it at that path, or run the suite's own "
            "panel and rubric with -T panel=open52 -T rubric=open."
        ) from error
    except ValueError as error:
        raise ProtocolError(f"The download of {url} was refused: {error}") from error
    return _checked(target, pin["sha256"])
