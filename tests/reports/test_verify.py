"""A write-up is checked against the report, number by number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.main import main
from reports.build import build_headline
from reports.headline import Headline
from reports.markdown import markdown
from reports.verify import FIXED, verify
from reports.verify_reading import CLOSE, NO_FIGURE, NUMBER, OPEN, agrees
from reports.writers import write_headline
from tests.reports.made_runs import loaded, made_run

PLACES = 20
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def headline() -> Headline:
    means = {"null": (89, 95), "pair_111": (67, 86), "grid_2": (46, 74)}
    runs = [
        made_run(name, {"sonnet": a, "opus": b}, questions=31, completions=3)
        for name, (a, b) in means.items()
    ]
    return build_headline(loaded(*runs))


def test_the_suites_own_write_up_passes(headline: Headline) -> None:
    found, missing = verify(markdown(headline), headline)
    assert missing == []
    assert found > 200


def alphas(headline: Headline) -> list[tuple[str, str, float]]:
    return [
        (row.condition, judge.judge, judge.alpha.value or 0.0)
        for row in headline.comparisons[0].rows
        for judge in row.judges
    ]


def test_a_wrong_digit_is_found_in_each_of_twenty_places(headline: Headline) -> None:
    lines = markdown(headline).splitlines()
    places = [
        (number, match)
        for number, line in enumerate(lines)
        for match in NUMBER.finditer(NO_FIGURE.sub(lambda m: " " * len(m.group()), line))
        if len(match.group().partition(".")[2]) > 1
        and match.group().strip("+-%− ") not in FIXED
        # p < 0.006 is as true as p < 0.001.
        and not line[: match.start()].endswith("<")
        and "\\[" in line
    ]
    chosen = places[:: len(places) // PLACES][:PLACES]
    assert len(chosen) == PLACES
    for number, match in chosen:
        wrong = with_a_slip(lines[number], match)
        assert verify(lines[number], headline)[1] == []
        assert len(verify(wrong, headline)[1]) == 1, (match.group(), wrong)


def test_a_wrong_digit_is_found_in_short_numbers_of_tables(headline: Headline) -> None:
    """One decimal or none: what a column's heading means is all that such a number can be."""
    lines = markdown(headline).splitlines()
    places = []
    for heads, rule, *rows in tables(lines):
        for row in rows:
            blank = re.sub(r"\b\w+_\d+\b", lambda m: "x" * len(m.group()), row)
            places += [
                (heads, rule, row, match)
                for match in re.finditer(r"(?<![\w.#])\d+(?:\.\d)?(?![\w.])", blank)
                if match.group() not in FIXED
            ]
    assert len(places) > 100
    for heads, rule, row, match in places[::4]:
        assert verify("\n".join((heads, rule, row)), headline)[1] == []
        wrong = with_a_slip(row, match)
        assert len(verify("\n".join((heads, rule, wrong)), headline)[1]) == 1, (match, wrong)


def tables(lines: list[str]) -> list[list[str]]:
    """Each table's lines."""
    marked = "\n".join(line if line.startswith("|") else "" for line in lines)
    return [block.splitlines() for block in re.split(r"\n{2,}", marked.strip())]


def test_a_cell_is_read_by_its_heading_and_its_row(headline: Headline) -> None:
    [row] = [r for r in headline.comparisons[0].rows if r.condition == "grid_2"]
    sonnet, opus = row.judges
    heads = "| | α, sonnet | α, opus | coherence |\n| --- | --- | --- | --- |\n"
    right = f"| grid_2 | {sonnet.alpha.value:.0f} | {opus.alpha.value:.0f} | {opus.coherence:.0f} |"
    assert verify(heads + right, headline)[1] == []
    crossed = (
        f"| grid_2 | {opus.alpha.value:.0f} | {sonnet.alpha.value:.0f} | {opus.coherence:.0f} |"
    )
    assert [one.text for one in verify(heads + crossed, headline)[1]] == [
        f"{opus.alpha.value:.0f}",
        f"{sonnet.alpha.value:.0f}",
    ]


def with_a_slip(line: str, match: re.Match[str]) -> str:
    """The line with another last digit: five more is no rounding, whatever the digit."""
    digit = match.end() - 1 - match.group().endswith("%")
    return line[:digit] + str((int(line[digit]) + 5) % 10) + line[digit + 1 :]


def sentences(headline: Headline) -> list[str]:
    """Prose as people write it, a number each, with digits of its own."""
    said = []
    for row in headline.comparisons[0].rows:
        for judge in row.judges:
            low = judge.worst_case[0]
            about = f"{row.condition}, judged by {judge.judge},"
            said += [
                f"Told by {judge.judge}, {row.condition} has an α of {judge.alpha.value:.1f}.",
                f"The coherence of {about} is {judge.coherence:.2f} points.",
                f"An α of {about} with all failures at their worst is {low:.2f}.",
                f"Half of the question means of {about} lie within {judge.question_iqr:.2f}.",
            ]
        [gap] = row.gaps
        said.append(
            f"{row.condition} is judged apart: it has a gap of {gap.published_definition.value:.2f}."
        )
    return said


def test_a_wrong_digit_is_found_in_each_of_twenty_places_of_prose(headline: Headline) -> None:
    said = [*sentences(headline), *carried_on(headline)]
    assert len(said) >= PLACES
    for text in said:
        assert verify(text, headline) == (1, []), text
        blank = re.sub(r"\b\w+_\d+\b", lambda m: "x" * len(m.group()), text)
        [match] = NUMBER.finditer(blank)
        wrong = with_a_slip(text, match)
        assert len(verify(wrong, headline)[1]) == 1, wrong


def carried_on(headline: Headline) -> list[str]:
    """A sentence that says "it" speaks of what the one before named."""
    return [
        f"We also ran {row.condition}. By {judge.judge} it has an α of {judge.alpha.value:.2f}."
        for row in headline.comparisons[0].rows
        for judge in row.judges
    ]


def test_a_number_of_the_protocol_is_no_result_of_a_condition(headline: Headline) -> None:
    assert verify("The panel has 52 questions; intervals are 95 %.", headline)[1] == []
    [one] = verify("By sonnet, grid_2 has an α of 95.", headline)[1]
    assert one.text == "95"


def test_only_marked_blocks_are_read_where_there_are_any(headline: Headline) -> None:
    [one] = alphas(headline)[:1]
    inside = f"By {one[1]}, {one[0]} has an α of {one[2]:.2f}."
    text = f"It cost $12.34.\n\n{OPEN}\n{inside}\n{CLOSE}\n\nAnd 777 more."
    assert verify(text, headline) == (1, [])
    assert len(verify(text.replace(inside, "It is 777."), headline)[1]) == 1


DOCUMENTS = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if any(line.strip() == OPEN for line in path.read_text(encoding="utf-8").splitlines())
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_suites_own_documents_pass(path: Path, headline: Headline) -> None:
    """Their marked blocks hold published figures, which every headline has."""
    found, missing = verify(path.read_text(encoding="utf-8"), headline)
    assert missing == []
    assert found > 2


def test_the_readme_is_among_them() -> None:
    assert ROOT / "README.md" in DOCUMENTS


def test_prose_is_read_by_the_names_in_its_sentence(headline: Headline) -> None:
    for condition, judge, value in alphas(headline):
        right = f"Under {judge}, {condition} reached an α of {value:.2f}. Nothing else."
        assert verify(right, headline) == (1, [])
        wrong = right.replace(f"{value:.2f}", f"{value - 3.37:.2f}")
        [one] = verify(wrong, headline)[1]
        assert one.text == f"{value - 3.37:.2f}"
    first, second = alphas(headline)[0], alphas(headline)[2]
    crossed = f"{first[0]} by {first[1]}: {second[2]:.4f}"
    assert len(verify(crossed, headline)[1]) == 1
    [nowhere] = verify("An α of 123456.7 was reached.", headline)[1]
    assert nowhere.nearest is None


@pytest.mark.parametrize(
    ("written", "value", "same"),
    [
        ("45.84", 45.84257, True),
        ("45.85", 45.84257, False),
        ("45.8", 45.84257, True),
        ("46", 45.84257, True),
        ("-3.2", -3.21, True),
        ("−3.2", -3.21, True),
        ("3.2", -3.21, True),
        ("+3.2", -3.21, False),
        ("15.9%", 0.15865, True),
        ("15.9 %", 0.15865, True),
        ("1,040", 1040, True),
        ("1,041", 1040, False),
    ],
)
def test_a_number_agrees_to_the_digits_that_are_written(
    written: str, value: float, same: bool
) -> None:
    assert agrees(written, value) is same


def test_code_links_dates_and_versions_are_passed_over(headline: Headline) -> None:
    text = "`98765.4` [x](http://a/98765.4) 2026-11-25 0.3.285\n\n```\n98765.4\n```\n"
    assert verify(text, headline) == (0, [])


def test_the_command_exits_by_what_it_found(headline: Headline, tmp_path: Path) -> None:
    write_headline(headline, tmp_path)
    run = CliRunner().invoke
    files = [str(tmp_path / "headline.md"), str(tmp_path / "headline.json")]
    assert run(main, ["verify", *files]).exit_code == 0
    text = (tmp_path / "headline.md").read_text(encoding="utf-8")
    alpha = re.search(r"grid_2.*?(\d\d\.\d\d)", text)
    assert alpha is not None
    (tmp_path / "wrong.md").write_text(f"grid_2, sonnet: {float(alpha[1]) + 0.07:.2f}", "utf-8")
    result = run(main, ["verify", str(tmp_path / "wrong.md"), files[1]])
    assert result.exit_code == 1
    assert result.output.startswith("wrong.md:1: ")
    (tmp_path / "other.json").write_text("{}")
    assert run(main, ["verify", files[0], str(tmp_path / "other.json")]).exit_code == 1


def test_a_judge_of_any_name_is_no_condition() -> None:
    models = {"gpt": "openai/gpt-4.1"}
    means = {"grid_2": 60.0, "null": 90.0}
    runs = [made_run(name, {"gpt": mean}, models=models) for name, mean in means.items()]
    headline = build_headline(loaded(*runs))
    alphas = {r.condition: r.judges[0].alpha.value for r in headline.comparisons[0].rows}
    here, elsewhere = alphas["grid_2"], alphas["null"]
    found, missing = verify(f"Under gpt, grid_2 has an α of {here:.2f}.", headline)
    assert (found, missing) == (1, [])
    found, missing = verify(f"Under gpt, grid_2 has an α of {elsewhere:.2f}.", headline)
    assert (found, [number.text for number in missing]) == (0, [f"{elsewhere:.2f}"])
