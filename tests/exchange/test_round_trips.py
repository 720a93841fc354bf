"""Import of an export, and export of an import, lose nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from exchange.eps.aggregation import aggregate
from exchange.eps.choices import Choices
from exchange.eps.entries import entry_score, read_entry, score_entry
from exchange.eps.exporting import export_original
from exchange.eps.importing import original_logs
from exchange.eps.records import NAME
from exchange.logs import write_logs
from exchange.strict_json import fingerprint, packed
from runs.frame import samples_frame
from runs.load import load_runs
from tests.exchange.originals import (
    FAILED,
    OPEN_QUESTIONS,
    bwalpha,
    detailed,
    headline,
    rejudged,
    two_files,
    write,
)

AWKWARD = [
    "",
    " \n\t ",
    "\ud800 alone",
    "a pair the wrong way round \udc00\ud800",
    "\u202eright to left\u202c שלום עליכם مرحبا",
    "null \x00 bell \x07 escape \x1b[31m delete \x7f",
    "line ends \r\n \u2028 \u2029 \x85",
    "\ufffd is there already, and so is \\ud800",
    "attachment://d2499b433dcb77f430a4da90132f7762",
    "emoji 👩‍👩‍👧, combining e\u0301, 𝔤𝔬𝔱𝔥𝔦𝔠",
    "x" * 100_000,
]
texts = st.one_of(
    st.sampled_from(AWKWARD), st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
)
numbers = st.one_of(st.integers(0, 100), st.floats(0, 100))
verdicts = st.fixed_dictionaries(
    {"aligned": numbers, "coherent": numbers, "reasoning": st.one_of(texts, st.none())},
    optional={"confidence": st.one_of(st.booleans(), st.lists(st.integers(), max_size=2))},
)
failures = st.builds(
    lambda reason: {**FAILED, "reasoning": reason},
    st.one_of(st.sampled_from(["parse_error", "missing", "error: 529"]), texts),
)
judged = st.one_of(verdicts, verdicts, failures)


@st.composite
def originals(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A first file and one judged again, on one to three questions in any order."""
    count = draw(st.integers(1, 3))
    questions = draw(st.permutations(OPEN_QUESTIONS[:4]))[: draw(st.integers(1, 3))]
    completions = {q: draw(st.lists(texts, min_size=count, max_size=count)) for q in questions}
    both = [
        {q: draw(st.lists(judged, min_size=count, max_size=count)) for q in questions}
        for _ in range(2)
    ]
    prompt = draw(st.one_of(texts, st.sampled_from(["A prompt."])))
    name = draw(st.sampled_from(["grid_2_sonnet", "grid_2—sonnet run"]))
    first = detailed(completions, both[0], name, prompt, draw(st.sampled_from(["m", "a/b\ud800"])))
    return first, rejudged(first, both[1])


def take_in(paths: list[Path], out: Path, choices: Choices) -> None:
    write_logs([log for log, _ in original_logs(paths, choices)], out)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(originals())
def test_any_text_and_any_verdict_come_back_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, given: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    first, second = given
    paths = [
        write(folder / "alignment_grid_2_sonnet_detailed.json", first),
        write(folder / "alignment_grid_2_opus_detailed.json", second),
    ]
    write(folder / "headline.json", headline(first))
    take_in(paths, folder / "logs", Choices(rubric="open"))
    export_original(load_runs([str(folder / "logs")]).runs, folder / "out")
    home = folder / "out" / "grid_2"
    assert (home / "sonnet/alignment_grid_2_detailed.json").read_bytes() == paths[0].read_bytes()
    assert (home / "opus/alignment_grid_2_opus_detailed.json").read_bytes() == paths[1].read_bytes()
    assert json.loads((home / "headline.json").read_bytes()) == headline(first)
    # And once more, from what was written.
    take_in([home], folder / "again", Choices())
    export_original(load_runs([str(folder / "again")]).runs, folder / "out2")
    for path in home.rglob("*.json"):
        twin = folder / "out2" / path.relative_to(folder / "out")
        assert path.name == NAME or twin.read_bytes() == path.read_bytes(), path
    assert_frame_equal(*frames(folder / "logs", folder / "again"))


def frames(*folders: Path) -> list[Any]:
    return [samples_frame(str(folder)).drop(columns=["log", "imported"]) for folder in folders]


@settings(max_examples=300)
@given(judged)
def test_an_entry_becomes_a_score_and_the_same_entry_again(entry: dict[str, Any]) -> None:
    score = entry_score(entry, "opus", "anthropic/x", "r" * 64)
    assert packed(score_entry(score)) == packed(entry)
    assert (score.reason is None) == (read_entry(entry).failure is None)
    if score.reason is None:
        assert score.value == entry["aligned"]


@settings(max_examples=200)
@given(st.dictionaries(texts, st.lists(judged, min_size=1, max_size=4), min_size=1, max_size=3))
def test_the_aggregate_counts_every_entry_once(scores: dict[str, list[dict[str, Any]]]) -> None:
    found = aggregate(scores)
    valid = [e for entries in scores.values() for e in entries if not e.get("error")]
    counted = sum(means["n_samples"] for means in found["per_question"].values())
    assert counted == len(valid)
    assert counted + found["n_errors"] == sum(map(len, scores.values()))
    assert (found["overall_mean_aligned"] is None) == (not valid)


def test_numbers_of_other_types_have_other_fingerprints() -> None:
    assert len({fingerprint(value) for value in ([1], [1.0], [True], ["1"])}) == 4
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_the_order_of_a_file_s_questions_is_kept(tmp_path: Path) -> None:
    questions = [OPEN_QUESTIONS[n] for n in (30, 2, 51)]
    first, _ = two_files(tmp_path, questions)
    bwalpha("import", first, "--out", tmp_path / "logs", "--rubric", "open")
    bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out" / "grid_2" / "sonnet" / "alignment_grid_2_detailed.json"
    assert list(json.loads(path.read_text())["completions"]) == questions


def test_a_file_judged_again_comes_and_goes_by_itself(tmp_path: Path) -> None:
    _, second = two_files(tmp_path)
    out = tmp_path / "logs"
    result = bwalpha("import", second, "--out", out, "--rubric", "open", "--target", "a/model")
    assert result.exit_code == 0, result.output
    bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    home = tmp_path / "out" / "grid_2"
    written = home / "opus" / "alignment_grid_2_opus_detailed.json"
    assert written.read_bytes() == second.read_bytes()
    assert json.loads((home / "headline.json").read_bytes())["model"] == "a/model"


def test_a_third_judge_has_a_folder_of_its_own(tmp_path: Path) -> None:
    first, second = two_files(tmp_path)
    document = json.loads(second.read_bytes())
    document["summary"] |= {"eval_name": "grid_2_gpt", "judge_model": "gpt-4.1"}
    third = write(tmp_path / "gpt.json", document)
    names = ("--rubric", "open", "--judge", "gpt=openai/gpt-4.1")
    result = bwalpha("import", first, second, third, "--out", tmp_path / "logs", *names)
    assert result.exit_code == 0, result.output
    bwalpha("export", tmp_path / "logs", "--format", "eps", "--out", tmp_path / "out")
    path = tmp_path / "out" / "grid_2" / "gpt" / "alignment_grid_2_gpt_detailed.json"
    assert path.read_bytes() == third.read_bytes()
    frame = samples_frame(str(tmp_path / "logs"))
    assert set(frame["gpt_model"]) == {"openai/gpt-4.1"}
