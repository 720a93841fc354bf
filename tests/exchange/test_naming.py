import json
from pathlib import Path
from typing import Any

import pytest

from exchange.eps.naming import infer_condition, infer_judge, name_judges, read_condition
from exchange.eps.original import Detailed, read_detailed
from protocol.conditions import load_condition
from protocol.errors import ProtocolError
from tests.exchange.originals import OPEN_QUESTIONS, answers, detailed, entries, rejudged, write

QUESTIONS = OPEN_QUESTIONS[:1]
PUBLISHED = {
    "betley_wang_52_base_null": "null",
    "betley_wang_52_c6_post_em": "c6_em",
    "pair_winner_full52_sonnet": "pair_98",
    "evoprompt_winner_full52_sonnet": "evoprompt_98",
    "grid_1_institutional_policy": "grid_1",
    "pair_111_winner": "pair_111",
    "grid_3_opus": "grid_3",
}


def file(folder: Path, name: str, prompt: str | None = None, path: str = "a.json") -> Detailed:
    document = detailed(answers(QUESTIONS, 1), entries("sonnet", QUESTIONS, 1), name, prompt)
    return read_detailed(write(folder / "in" / path, document))


def judged_by(folder: Path, model: str, name: str = "x") -> Detailed:
    first = detailed(answers(QUESTIONS, 1), entries("sonnet", QUESTIONS, 1), "x")
    second = rejudged(first, entries("opus", QUESTIONS, 1), name, model)
    return read_detailed(write(folder / "in" / "b.json", second))


@pytest.mark.parametrize(("name", "condition"), PUBLISHED.items())
def test_the_names_of_the_published_runs_are_understood(
    name: str, condition: str, tmp_path: Path
) -> None:
    assert infer_condition(file(tmp_path, name, "Some prompt.")) == condition


@pytest.mark.parametrize(
    "path", ["alignment_grid_2_detailed.json", "grid_2/a.json", "grid_2/s/a.json"]
)
def test_file_and_folders_name_the_condition_where_the_run_s_name_does_not(
    path: str, tmp_path: Path
) -> None:
    assert infer_condition(file(tmp_path, "betley_wang_52", "Some prompt.", path)) == "grid_2"


@pytest.mark.parametrize("name", ["betley_wang_52", "grid_10", "annulled", "pair_winners"])
def test_a_name_that_only_looks_like_a_condition_is_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="does not say its condition"):
        infer_condition(file(tmp_path, name))


@pytest.mark.parametrize("name", ["pair_98", "evoprompt_98"])
def test_a_pinned_prompt_names_its_condition_and_contradicts_another_name(
    name: str, tmp_path: Path, real_sources: Path
) -> None:
    prompt = load_condition(name).prompt
    assert infer_condition(file(tmp_path, "run_7", prompt)) == name
    with pytest.raises(ProtocolError, match=f"its system prompt is that of {name}"):
        infer_condition(file(tmp_path, "grid_1", prompt))
    condition, warnings = read_condition(name, file(tmp_path, name, prompt))
    assert (condition.provenance, warnings) == ("fetched", [])
    other, warnings = read_condition(name, file(tmp_path, name, "Another text."))
    assert (other.provenance, len(warnings)) == ("handed_in", 1)
    _, warnings = read_condition("grid_1", file(tmp_path, name, prompt))
    assert f"is that of {name}, not of grid_1" in warnings[0]


PROVENANCE = {
    "the suite's own text": ("grid_1", "ours", "reconstruction"),
    "the searched text": ("grid_1", "Some searched prompt.", "handed_in"),
    "no prompt": ("null", None, "none"),
    "a condition of the user's": ("my_prompt", "Mine.", "custom"),
    "a bare model of the user's": ("my_model", None, "none"),
}


@pytest.mark.parametrize(("name", "prompt", "provenance"), PROVENANCE.values(), ids=PROVENANCE)
def test_provenance_follows_from_the_prompt(
    name: str, prompt: str | None, provenance: str, tmp_path: Path
) -> None:
    text = load_condition(name).prompt if prompt == "ours" else prompt
    condition, _ = read_condition(name, file(tmp_path, "x", text))
    assert (condition.name, condition.prompt, condition.provenance) == (name, text, provenance)


def test_an_older_file_that_does_not_say_its_prompt_is_taken_as_without_and_says_so(
    tmp_path: Path,
) -> None:
    document = detailed(answers(QUESTIONS, 1), entries("sonnet", QUESTIONS, 1), "null")
    del document["summary"]["system_prompt"]
    older = read_detailed(write(tmp_path / "a.json", document))
    condition, warnings = read_condition("null", older)
    assert condition.prompt is None
    assert "does not say its system prompt" in warnings[0]
    with pytest.raises(ProtocolError, match="grid_1 sends one"):
        read_condition("grid_1", older)


JUDGES: dict[str, tuple[str, str | None]] = {
    "claude-opus-4-7": ("x", "opus"),
    "claude-sonnet-4-5-20250929": ("opus_rejudge", "sonnet"),
    "gpt-4.1": ("x", None),
    "some-model": ("grid_1_opus", "opus"),
}


@pytest.mark.parametrize(("model", "given"), JUDGES.items())
def test_a_judge_is_named_by_its_model_before_any_file_name(
    model: str, given: tuple[str, str | None], tmp_path: Path
) -> None:
    name, judge = given
    assert infer_judge(judged_by(tmp_path, model, name)) == judge


@pytest.mark.parametrize(
    ("name", "path", "judge"),
    [
        ("grid_1_sonnet", "a.json", "sonnet"),
        ("grid_1", "opus/a.json", "opus"),
        ("grid_1", "alignment_sonnet_detailed.json", "sonnet"),
        ("grid_1", "a.json", None),
        ("sonnet_or_opus", "sonnet/a.json", None),
    ],
)
def test_a_first_file_s_judge_is_read_from_names_or_not_at_all(
    name: str, path: str, judge: str | None, tmp_path: Path
) -> None:
    assert infer_judge(file(tmp_path, name, "P.", path)) == judge


MODELS = {
    "claude-opus-4-7": "anthropic/claude-opus-4-7",
    "gpt-4.1": "openai/gpt-4.1",
    "openrouter/x/y": "openrouter/x/y",
    "local-judge": "none/local-judge",
}


@pytest.mark.parametrize(("model", "full"), MODELS.items())
def test_a_judge_s_model_gets_the_provider_that_inspect_needs(
    model: str, full: str, tmp_path: Path
) -> None:
    [judge] = name_judges([judged_by(tmp_path, model)], ["mine"])
    assert (judge.name, judge.model) == ("mine", full)


def test_options_are_given_by_name_first_and_then_in_order(tmp_path: Path) -> None:
    named = file(tmp_path, "grid_1_opus", "P.", "1.json")
    unnamed = [file(tmp_path, "grid_1", "P.", f"{n}.json") for n in (2, 3)]
    judges = name_judges([unnamed[0], named, unnamed[1]], ["opus=a/b", "gpt=c/d", "haiku=e/f"])
    assert [(j.name, j.model) for j in judges] == [
        ("gpt", "c/d"),
        ("opus", "a/b"),
        ("haiku", "e/f"),
    ]


def test_a_summary_s_text_fields_never_leak_into_an_error(tmp_path: Path) -> None:
    secret: dict[str, Any] = detailed(
        answers(QUESTIONS, 1), entries("sonnet", QUESTIONS, 1), "x", "A secret prompt."
    )
    path = write(tmp_path / "a.json", secret)
    with pytest.raises(ProtocolError) as caught:
        infer_condition(read_detailed(path))
    assert "secret" not in str(caught.value)
    assert "secret" in json.dumps(secret)
