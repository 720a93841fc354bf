"""Prompts of the user's own: what is sent is the file's or the text typed, under a name that only names."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.conditions import condition_rows, condition_stems
from protocol.custom import custom_condition, custom_prompts
from protocol.errors import ProtocolError

LETTER = b"  Be polite.\r\n\tAnd brief \xe2\x80\x94 always. \n\n"

TEXTS = [
    "terse",
    "You are terse.",
    "You are terse and/or kind.",
    "Answer with yes/no only!",
    "Two lines.\nmine.txt",
    "/a/path\nin two lines",
    "x" * 5000,
    "one line that is longer than any file's name may be, " * 9,
    "Dr. Evil is kind",
    "Speak as in C:",
    "What is 1/2?",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30])
def test_a_text_is_sent_as_it_was_typed(text: str) -> None:
    condition = custom_condition(text)
    assert condition.prompt == text
    assert (condition.name, condition.label, condition.provenance) == ("prompt", "prompt", "custom")


NO_FILES = [
    "mine.txt",
    "my prompt.txt",
    "the villain of v2.MD",
    "prompts/villain",
    "my prompts/villain",
    "prompts\\villain",
    "/prompts/villain",
    "./villain",
    "../villain and more",
    "~/villain",
    "~nobody-of-this-name/villain",
    "C:\\my prompts\\villain",
    "\\\\server\\my prompts",
    "file:///villain",
    "https://example.org/villain",
    "prompts/",
    "villain.prompt",
    "mine.txt\n",
    " mine.txt ",
]


@pytest.mark.parametrize("text", NO_FILES)
def test_what_looks_like_a_path_and_is_none_is_never_sent(text: str) -> None:
    with pytest.raises(ProtocolError, match="no prompt file") as caught:
        custom_condition(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", " \n\t", "a\0b\nc", "an order \ud800\nin two"])
def test_what_no_request_carries_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match=r"empty|NUL|lone surrogate"):
        custom_condition(text)


def test_a_folder_is_no_prompt(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="is a folder"):
        custom_condition(str(tmp_path))


NAMES = {
    "villain.txt": "villain",
    "my villain v1.2.md": "my_villain_v1.2",
    "no_suffix": "no_suffix",
    "b\u00f6se.txt": "b\u00f6se",
    "[bold red]x[/bold red]".replace("/", "") + ".txt": "bold_red_x_bold_red",
    "$x$ <b> | `a` =1+1.txt": "x_b_a_1_1",
    "..hidden...txt": "hidden",
    "a\u202eb.txt": "a_b",
    "\u2014.txt": "prompt",
    "x" * 200 + ".txt": "x" * 64,
    "grid_1.txt": "grid_1_custom",
    "GRID_1.txt": "GRID_1_custom",
    "pair_111_winner.txt": "pair_111_winner_custom",
    "null.txt": "null_custom",
}


@pytest.mark.parametrize(("file", "name"), NAMES.items(), ids=NAMES.values())
def test_a_prompt_is_called_by_its_file(file: str, name: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(LETTER)
    condition = custom_condition(str(tmp_path / file))
    assert (condition.name, condition.label) == (name, name)
    assert condition.prompt_sha256 == hashlib.sha256(LETTER).hexdigest()


@given(st.text(max_size=80))
def test_a_name_given_is_taken_as_it_is_or_refused_with_one_that_is_taken(name: str) -> None:
    try:
        assert custom_condition("Be terse.", name).name == name
    except ProtocolError as error:
        if "no name" in str(error):
            proposed = str(error).rpartition("as in ")[2].strip(".").strip("'")
            assert custom_condition("Be terse.", proposed).name == proposed
    else:
        assert name
        assert not set(name) & set("/\\[]<>$|`*\x1b\n ")
        assert name[0] not in ".-"


@pytest.mark.parametrize(
    "name", [s for row in condition_rows().values() for s in condition_stems(row)]
)
def test_no_prompt_of_ones_own_takes_the_name_of_a_condition(name: str) -> None:
    for spelled in (name, name.upper()):
        with pytest.raises(ProtocolError, match="is a condition of the suite"):
            custom_condition("Be terse.", spelled)


def test_a_folder_of_prompts_is_a_condition_each(tmp_path: Path) -> None:
    for name in ("b.txt", "a.TXT", ".hidden.txt", "notes.md"):
        (tmp_path / name).write_text(f"Be {name}.")
    found = custom_prompts(tmp_path)
    assert {name: path.name for name, path in found.items()} == {"a": "a.TXT", "b": "b.txt"}
    assert custom_prompts(tmp_path / "notes.md") == {"notes": tmp_path / "notes.md"}


FOLDERS = {
    "no prompt": (["notes.md"], "holds no .txt"),
    "two of one name": (["a b.txt", "a_b.txt"], "would be called 'a_b'"),
    "two of one name in another case": (["a.txt", "A.txt"], "would be called"),
}


@pytest.mark.parametrize(("names", "says"), FOLDERS.values(), ids=FOLDERS)
def test_a_folder_that_leaves_a_doubt_is_refused(
    names: list[str], says: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).write_text("Be terse.")
    with pytest.raises(ProtocolError, match=says):
        custom_prompts(tmp_path)
