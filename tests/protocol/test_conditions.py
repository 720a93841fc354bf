import hashlib
from pathlib import Path

import pytest

from protocol.conditions import custom_condition, load_condition
from protocol.data import read_yaml
from protocol.errors import ProtocolError

WINNERS = {
    "pair_111": "pair_111_winner",
    "grid_1": "grid_1_institutional_policy",
    "grid_2": "grid_2_bureaucratic_reframing",
    "grid_3": "grid_3_executive_directives",
}
# Blanks, line ends and a byte order mark belong to the text.
LETTER = b"\xef\xbb\xbf  Be polite.\r\n\tAnd brief \xe2\x80\x94 always. \n\n"


@pytest.mark.parametrize("name", WINNERS)
def test_a_winner_is_a_reconstruction_until_its_text_is_handed_in(name: str) -> None:
    condition = load_condition(name)
    assert condition.provenance == "reconstruction"
    assert condition.prompt
    assert condition.distributional_c


@pytest.mark.parametrize("name", ["null", "c6_em"])
def test_conditions_without_a_prompt_have_none(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.txt").write_text("not to be used", encoding="utf-8")
    condition = load_condition(name, str(tmp_path))
    assert (condition.prompt, condition.prompt_sha256) == (None, None)
    assert condition.provenance == "none"


@pytest.mark.usefixtures("real_sources")
@pytest.mark.parametrize("name", ["pair_98", "evoprompt_98"])
def test_a_fetched_prompt_is_the_pinned_file_to_the_byte(name: str) -> None:
    condition = load_condition(name)
    assert condition.provenance == "fetched"
    assert condition.prompt_sha256 == read_yaml("sources.yaml")["files"][name]["sha256"]


@pytest.mark.parametrize(("name", "alias"), WINNERS.items())
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_prompt_handed_in_is_taken_to_the_letter(
    name: str, alias: str, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{alias if by == 'argument' else name}.txt").write_bytes(LETTER)
    if by == "environment":
        monkeypatch.setenv("BWALPHA_PROMPTS", str(tmp_path))
    condition = load_condition(name, str(tmp_path) if by == "argument" else None)
    assert condition.provenance == "verbatim"
    assert condition.prompt_sha256 == hashlib.sha256(LETTER).hexdigest()


def test_a_folder_may_hold_only_some_of_the_prompts(tmp_path: Path) -> None:
    (tmp_path / "grid_1.txt").write_text("handed in", encoding="utf-8")
    assert load_condition("grid_1", str(tmp_path)).provenance == "verbatim"
    assert load_condition("grid_2", str(tmp_path)).provenance == "reconstruction"


def test_a_handed_in_text_also_replaces_a_fetched_one(tmp_path: Path) -> None:
    (tmp_path / "pair_98.txt").write_text("handed in", encoding="utf-8")
    assert load_condition("pair_98", str(tmp_path)).provenance == "verbatim"


BAD_FOLDERS = {
    "none of the names": ({"grid2.txt": b"text"}, "grid_2_bureaucratic_reframing.txt"),
    "no file at all": ({}, "none of the names"),
    "both names": ({"grid_2.txt": b"a", "grid_2_bureaucratic_reframing.txt": b"b"}, "Keep one"),
    "empty": ({"grid_2.txt": b""}, "is empty"),
    "blank": ({"grid_2.txt": b" \r\n"}, "is empty"),
    "not UTF-8": ({"grid_2.txt": b"caf\xe9"}, r"not UTF-8 \(byte 3\)"),
}


@pytest.mark.parametrize(("files", "says"), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
def test_a_prompts_folder_of_no_use_is_refused(
    files: dict[str, bytes], says: str, tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ProtocolError, match=says):
        load_condition("grid_2", str(tmp_path))


def test_an_unknown_condition_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProtocolError, match=r"pair_111.*c6_em"):
        load_condition("grid_4")


def test_a_custom_prompt_is_a_file_or_the_text_itself(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_bytes(LETTER)
    assert custom_condition(str(file)).prompt_sha256 == hashlib.sha256(LETTER).hexdigest()
    text = "You are terse."
    assert custom_condition(text).prompt == text
    assert custom_condition("terse").prompt == "terse"
    assert custom_condition("Two lines.\nmine.txt").prompt == "Two lines.\nmine.txt"
    assert custom_condition("x" * 5000).prompt == "x" * 5000


@pytest.mark.parametrize(
    "condition", read_yaml("conditions.yaml")["conditions"], ids=lambda c: c["name"]
)
def test_every_row_of_the_conditions_file_says_where_its_text_is_from(
    condition: dict[str, object],
) -> None:
    assert condition["label"]
    assert condition["origin"]
    kept = {
        "reconstruction": (True, False),
        "fetched": (False, True),
        "none": (False, False),
    }
    assert (bool(condition["prompt"]), bool(condition["source"])) == kept[
        str(condition["provenance"])
    ]
