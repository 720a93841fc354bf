import hashlib
from pathlib import Path

import pooch
import pytest
import requests

from protocol.anchors import cells
from protocol.data import read_yaml
from protocol.errors import ProtocolError
from protocol.panels import load_panel
from protocol.rubrics import load_rubric
from protocol.sources import source_path, source_pin, source_text, string_literal

FILES = read_yaml("sources.yaml")["files"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise requests.exceptions.ConnectionError("no network")

    monkeypatch.setattr(requests.Session, "request", refuse)


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith("_module")])
def test_a_changed_byte_in_a_pinned_file_is_refused_with_expected_and_found(
    name: str, sources_copy: Path
) -> None:
    file = sources_copy / FILES[name]["path"]
    good = file.read_bytes()
    assert sha256(good) == FILES[name]["sha256"]
    changed = bytes([good[0] ^ 1]) + good[1:]
    file.write_bytes(changed)

    with pytest.raises(ProtocolError) as caught:
        source_path(name)
    message = str(caught.value)
    assert f"expected {sha256(good)}" in message
    assert f"found {sha256(changed)}" in message
    assert str(file) in message


@pytest.mark.usefixtures("no_network")
def test_a_changed_rubric_module_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / FILES["rubric_module"]["path"]
    module.parent.mkdir(parents=True)
    module.write_text('JUDGE_SYSTEM_PROMPT = "another"\n', encoding="utf-8")
    monkeypatch.setenv("BWALPHA_SOURCES", str(tmp_path))
    with pytest.raises(ProtocolError, match="expected e797488e"):
        load_rubric("eps")


@pytest.mark.usefixtures("real_sources")
def test_the_real_rubric_is_the_pinned_text() -> None:
    rubric = load_rubric("eps")
    assert sha256(rubric.text.encode()) == read_yaml("sources.yaml")["rubric_text_sha256"]
    assert len(rubric.text) == 720


def test_a_changed_rubric_text_is_refused_by_the_rubric_itself(sources_copy: Path) -> None:
    file = sources_copy / FILES["rubric_text"]["path"]
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    with pytest.raises(ProtocolError, match="expected 0215d3b4"):
        load_rubric("eps")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("given", [True, False], ids=["folder without the file", "no folder"])
def test_without_copy_and_network_one_message_says_what_can_be_done(
    given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if given:
        monkeypatch.setenv("BWALPHA_SOURCES", str(tmp_path))
    with pytest.raises(ProtocolError) as caught:
        load_panel("bw52")
    message = str(caught.value)
    pin = FILES["panel"]
    for needed in (
        pin["path"],
        source_pin("panel").url,
        pin["sha256"],
        "BWALPHA_SOURCES",
        "-T panel=open52",
    ):
        assert needed in message
    assert "\n" not in message


def test_a_file_in_the_cache_is_used_and_checked(
    sources: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path)
    cached = tmp_path / FILES["panel"]["path"]
    cached.parent.mkdir(parents=True)
    cached.write_bytes((sources / FILES["panel"]["path"]).read_bytes())
    assert source_path("panel") == cached

    cached.write_bytes(cached.read_bytes() + b"\n")
    with pytest.raises(ProtocolError, match="expected 25369dd7"):
        source_path("panel")


def test_the_users_folder_comes_before_the_cache(
    real_sources: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path)
    cached = tmp_path / FILES["pair_98"]["path"]
    cached.parent.mkdir(parents=True)
    cached.write_text("damaged", encoding="utf-8")
    assert sha256(source_text("pair_98").encode()) == FILES["pair_98"]["sha256"]
    assert source_path("pair_98").is_relative_to(real_sources)


def test_a_sources_folder_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BWALPHA_SOURCES", str(tmp_path / "nowhere"))
    with pytest.raises(ProtocolError, match="not a folder"):
        load_panel("bw52")


def test_a_download_of_other_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_bytes(url: str, output_file: str, _: object, check_only: bool = False) -> None:
        Path(output_file).write_bytes(b"something else")

    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path)
    monkeypatch.setattr(pooch.core, "choose_downloader", lambda *_, **__: other_bytes)
    with pytest.raises(ProtocolError, match=FILES["panel"]["sha256"]):
        source_path("panel")
    assert not (tmp_path / FILES["panel"]["path"]).exists()


def test_the_address_names_the_pinned_commit() -> None:
    pins = read_yaml("sources.yaml")
    assert source_pin("panel").url == (
        f"https://raw.githubusercontent.com/{pins['repository']}/{pins['commit']}/"
        f"{FILES['panel']['path']}"
    )


LITERALS = {
    "plain": 'X = "text"',
    "annotated": 'X: str = "text"',
    "joined": 'X = ("te"\n     "xt")',
    "after code that must not run": 'raise SystemExit(1)\nX = """text"""',
}


@pytest.mark.parametrize("module", LITERALS.values(), ids=LITERALS)
def test_a_string_literal_is_read_without_running_the_file(module: str) -> None:
    assert string_literal(module, "X") == "text"


@pytest.mark.parametrize(
    "module", ["", "Y = 'text'", "X = 5", "X: str", "def f():\n    X = 'text'"]
)
def test_a_missing_literal_is_an_error(module: str) -> None:
    with pytest.raises(ProtocolError, match="X"):
        string_literal(module, "X")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("text", "module"), [("rubric_text", "rubric_module"), ("joint_111", "joint_111_module")]
)
def test_a_text_comes_out_of_its_module_and_is_held_to_its_own_hash(
    text: str, module: str, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BWALPHA_SOURCES", str(tmp_path))
    bare = (sources / FILES[text]["path"]).read_text(encoding="utf-8")
    source = f"raise SystemExit(1)\n{FILES[text]['literal']} = {bare!r}\n"
    file = tmp_path / FILES[module]["path"]
    file.parent.mkdir(parents=True)
    for written in (source, source[:-2] + " '\n"):
        file.write_text(written, encoding="utf-8")
        monkeypatch.setitem(FILES[module], "sha256", sha256(written.encode()))
        if written is source:
            assert source_text(text) == bare
    with pytest.raises(ProtocolError, match=f"expected {FILES[text]['sha256']}"):
        source_text(text)


def test_a_file_of_another_commit_has_that_commits_address() -> None:
    commit = FILES["joint_111_module"]["commit"]
    assert commit != read_yaml("sources.yaml")["commit"]
    assert f"/{commit}/scripts/" in source_pin("joint_111_module").url


def test_thirteen_published_cells_lie_at_their_pins(real_sources: Path) -> None:
    found = cells()
    assert len({cell.name for cell in found}) == 13
    assert found[0].name == "baseline"
    for cell in found:
        assert len(cell.pins) == 3
        for path in (cell.completions, cell.raw_scores, cell.per_persona):
            assert path.is_relative_to(real_sources / cell.folder)
    url = found[0].pins["alignment_completions.json"].url
    assert (
        "/80d5a5b6e60af163ecd2b8a698ecb498a91cf098/eval_results/a3_leakage/baseline_seed42/" in url
    )


def test_a_changed_cell_is_refused_when_it_is_asked_for(sources_copy: Path) -> None:
    cell = cells()[-1]
    file = sources_copy / cell.pins["alignment_raw_scores.json"].path
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")
    assert cells()[-1].completions.is_file()
    with pytest.raises(ProtocolError, match="is not the pinned file"):
        _ = cell.raw_scores
