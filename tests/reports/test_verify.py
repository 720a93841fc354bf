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
from reports.verify import FIXED, NO_FIGURE, NUMBER, agrees, verify
from reports.writers import write_headline
from tests.reports.made_runs import loaded, made_run

PLACES = 20


@pytest.fixture(scope="module")
def headline() -> Headline:
    means = {"null": (89, 95), "pair_111": (67, 86), "grid_2": (46, 74)}
    runs = [made_run(name, {"sonnet": a, "opus": b}) for name, (a, b) in means.items()]
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
        if "." in match.group()
        and match.group().strip("+-%− ") not in FIXED
        # p < 0.006 is as true as p < 0.001.
        and not line[: match.start()].endswith("<")
        and "\\[" in line
    ]
    chosen = places[:: len(places) // PLACES][:PLACES]
    assert len(chosen) == PLACES
    for number, match in chosen:
        digit = match.end() - 1 - (match.group().endswith("%"))
        line = lines[number]
        # Five more is no rounding, whatever the digit.
        wrong = line[:digit] + str((int(line[digit]) + 5) % 10) + line[digit + 1 :]
        text = "\n".join([*lines[:number], wrong, *lines[number + 1 :]])
        missing = verify(text, headline)[1]
        assert [one.line for one in missing] == [number + 1], (match.group(), wrong)


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
