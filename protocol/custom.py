"""System prompts of the user's own: a file, a folder of them, or the text itself."""

import os
import re
import unicodedata
from pathlib import Path

from protocol.conditions import Condition, condition_rows, condition_stems
from protocol.errors import ProtocolError
from protocol.texts import HandedIn, check_sendable, read_text
from protocol.working_folder import user_path

SUFFIX = re.compile(
    r"\.(txt|md|markdown|text|prompt|json|jsonl|ya?ml|csv|tsv|rst|html?|j2|jinja2?)$", re.I
)
PATH_START = re.compile(r"/|\.{1,2}[/\\]|~|\\\\|[A-Za-z]:[/\\]|file:")
LONGEST_NAME = 64


def custom_condition(prompt: str, name: str | None = None) -> Condition:
    """Make a condition of a prompt file or of the text itself.

    Args:
        prompt: A path, or the text. One line that looks like a path and is no file is refused rather
            than sent.
        name: The condition's name; the file's stem, or `prompt` for a text, when None.

    Raises:
        ProtocolError: The text is empty or cannot be sent, the file is missing, a folder, empty or not
            UTF-8, or the name is no name or that of a condition of the suite.
    """
    path = user_path(prompt)
    if os.path.isfile(path):
        text, notes = read_text(path, "prompt")
        stem = path.stem
    else:
        text, notes = _typed(prompt, path)
        stem = "prompt"
    called = _name_of(stem) if name is None else _checked(name)
    return Condition(name=called, label=called, prompt=text, provenance="custom", notes=notes)


def custom_prompts(path: Path) -> dict[str, Path]:
    """Find a prompt file, or every `.txt` file of a folder in order of their names, by condition.

    Raises:
        ProtocolError: See `custom_condition`; the folder holds no prompt, or two of one name.
    """
    if not path.is_dir():
        return {custom_condition(str(path)).name: path}
    files = sorted(f for f in path.iterdir() if f.suffix.lower() == ".txt" and f.name[0] != ".")
    if not files:
        raise ProtocolError(f"The folder {path} holds no .txt file, each a system prompt.")
    made: dict[str, Path] = {}
    for file in files:
        name = custom_condition(str(file)).name
        if name.lower() in map(str.lower, made):
            raise ProtocolError(
                f"Two prompts of {path} would be called {name!r}. Rename {file.name}."
            )
        made[name] = file
    return made


def looks_like_path(text: str) -> bool:
    """Whether one line reads as the path of a file or folder rather than as a sentence."""
    line = text.strip()
    if "\n" in line or "\r" in line:
        return False
    if PATH_START.match(line) or SUFFIX.search(line):
        return True
    if not re.search(r"\s", line):
        return re.search(r"[/\\]|\.\w+$", line) is not None
    return re.search(r"[/\\]", line) is not None and line[-1] not in ".!?…:;\"')"


def _typed(prompt: str, path: Path) -> HandedIn:
    if not prompt.strip():
        raise ProtocolError("The prompt is empty. Give -T prompt=FILE or -T prompt='some text'.")
    if os.path.isdir(path):
        raise ProtocolError(f"The prompt {path} is a folder. Give one of its files.")
    if looks_like_path(prompt):
        raise ProtocolError(
            f"There is no prompt file {str(path)!r}. Check -T prompt=FILE; a text that looks like a path is "
            "sent only from a file."
        )
    check_sendable(prompt, "The prompt")
    return HandedIn(prompt, ())


def _checked(name: str) -> str:
    if _slug(name) != name:
        raise ProtocolError(
            f"-T name={name!r} is no name. Use at most {LONGEST_NAME} letters, digits, _, - and ., as in "
            f"{_slug(name)!r}."
        )
    if name.lower() in _taken():
        raise ProtocolError(
            f"-T name={name} is a condition of the suite, and this is another prompt. Give another name."
        )
    return name


def _name_of(stem: str) -> str:
    slug = _slug(stem)
    return f"{slug}_custom" if slug.lower() in _taken() else slug


def _taken() -> set[str]:
    return {stem for row in condition_rows().values() for stem in condition_stems(row)}


def _slug(text: str) -> str:
    """Reduce a name to what no path, terminal, table or figure reads as more than a name."""
    slug = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", text))
    slug = re.sub(r"\.{2,}", ".", slug).strip("._-")[:LONGEST_NAME].rstrip("._-")
    return slug or "prompt"
