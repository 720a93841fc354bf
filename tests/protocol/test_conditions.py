import hashlib
import json
from pathlib import Path

import pytest

from protocol.conditions import load_condition
from protocol.custom import custom_condition
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.rubrics import load_rubric

WINNERS = {
    "pair_111": "pair_111_winner",
    "grid_1": "grid_1_institutional_policy",
    "grid_2": "grid_2_bureaucratic_reframing",
    "grid_3": "grid_3_executive_directives",
}
FETCHED = ("pair_98", "evoprompt_98", "joint_111")
PINS = read_yaml("sources.yaml")["files"]
# Blanks and line ends belong to the text.
LETTER = b"  Be polite.\r\n\tAnd brief \xe2\x80\x94 always. \n\n"


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
@pytest.mark.parametrize("name", FETCHED)
def test_a_fetched_prompt_is_the_pinned_file_to_the_byte(name: str) -> None:
    condition = load_condition(name)
    assert condition.provenance == "fetched"
    assert condition.prompt_sha256 == PINS[name]["sha256"]


@pytest.mark.parametrize(("name", "alias"), WINNERS.items())
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_prompt_handed_in_is_taken_to_the_letter(
    name: str, alias: str, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{alias if by == 'argument' else name}.txt").write_bytes(LETTER)
    if by == "environment":
        monkeypatch.setenv("BWALPHA_PROMPTS", str(tmp_path))
    condition = load_condition(name, str(tmp_path) if by == "argument" else None)
    assert (condition.provenance, condition.notes) == ("handed_in", ())
    assert condition.prompt_sha256 == hashlib.sha256(LETTER).hexdigest()


def test_a_byte_order_mark_is_dropped_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "grid_1.txt").write_bytes(b"\xef\xbb\xbf" + LETTER)
    for condition in (
        load_condition("grid_1", str(tmp_path)),
        custom_condition(str(tmp_path / "grid_1.txt")),
    ):
        assert condition.prompt == LETTER.decode()
        assert condition.notes == ("a byte order mark was dropped from grid_1.txt",)
    rubric = load_rubric(str(tmp_path / "grid_1.txt"))
    assert (rubric.text, len(rubric.notes)) == (LETTER.decode(), 1)


def test_a_folder_may_hold_only_some_of_the_prompts(tmp_path: Path) -> None:
    (tmp_path / "grid_1.txt").write_text("handed in", encoding="utf-8")
    assert load_condition("grid_1", str(tmp_path)).provenance == "handed_in"
    assert load_condition("grid_2", str(tmp_path)).provenance == "reconstruction"


@pytest.mark.parametrize("name", FETCHED)
def test_only_a_pinned_hash_proves_a_handed_in_text(
    name: str, real_sources: Path, tmp_path: Path
) -> None:
    own = (real_sources / PINS[name]["path"]).read_bytes()
    for text, provenance in ((own, "verbatim"), (own + b"\n", "handed_in")):
        (tmp_path / f"{name}.txt").write_bytes(text)
        condition = load_condition(name, str(tmp_path))
        assert (condition.provenance, condition.prompt) == (provenance, text.decode())


def test_the_suites_own_text_handed_back_is_still_a_reconstruction(tmp_path: Path) -> None:
    ours = load_condition("grid_3")
    (tmp_path / "grid_3.txt").write_bytes((ours.prompt or "").encode())
    assert load_condition("grid_3", str(tmp_path)) == ours


def test_a_manifest_is_a_claim_and_named_as_one(tmp_path: Path) -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "grid_1.txt").write_bytes(mark + LETTER)
        digest = hashlib.sha256(mark + LETTER).hexdigest()
        (tmp_path / "manifest.json").write_text(json.dumps({"grid_1": {"sha256": digest}}))
        condition = load_condition("grid_1", str(tmp_path))
        assert condition.provenance == "handed_in"
        *others, claim = condition.notes
        assert claim == "manifest.json claims this text for grid_1"
        assert len(others) == bool(mark)


@pytest.mark.usefixtures("real_sources")
def test_the_public_winner_names_its_doubts() -> None:
    condition = load_condition("joint_111")
    assert len(condition.prompt or "") == 2045
    assert condition.distributional_c is None
    for doubt in ("31.61", "judge not stated", "0.629", "1,917 characters"):
        assert any(doubt in note for note in condition.notes), doubt


BAD_FOLDERS = {
    "none of the names": ({"grid2.txt": b"text"}, "grid_2_bureaucratic_reframing.txt"),
    "no file at all": ({}, "none of the names"),
    "both names": ({"grid_2.txt": b"a", "grid_2_bureaucratic_reframing.txt": b"b"}, "Keep one"),
    "empty": ({"grid_2.txt": b""}, "is empty"),
    "blank": ({"grid_2.txt": b" \r\n"}, "is empty"),
    "NUL": ({"grid_2.txt": b"a\0b"}, "NUL"),
    "UTF-16": ({"grid_2.txt": "text".encode("utf-16")}, "not UTF-8"),
    "only a byte order mark": ({"grid_2.txt": b"\xef\xbb\xbf\n"}, "is empty"),
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
